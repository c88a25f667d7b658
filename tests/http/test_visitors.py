"""What is known of visitors without an account: how they are counted, what lies ready for them."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from mien.http.problem import ProblemError
from mien.http.shelf import Shelf
from mien.http.throttle import Throttle
from mien.http.ticket import Ticket, read_ticket, write_ticket
from mien.http.visitor import name_visitor
from server.door import make_site
from service.stage import Stage


def coming_from(host: str) -> Request:
    return Request({"type": "http", "client": (host, 1), "headers": []})


def test_visitors_are_told_apart_by_address_and_in_ipv6_by_network() -> None:
    assert name_visitor(coming_from("192.0.2.1")) != name_visitor(coming_from("192.0.2.2"))
    near, far = (name_visitor(coming_from(f"2001:db8:0:1::{end}")) for end in ("1", "ffff"))
    assert near == far
    assert near != name_visitor(coming_from("2001:db8:0:2::1"))
    assert name_visitor(coming_from("somewhere")) == "visitor:somewhere"


def test_an_hours_worth_is_refilled_evenly() -> None:
    now = [0.0]
    throttle = Throttle(clock=lambda: now[0])
    for _ in range(4):
        throttle.check_hour("ann", an_hour=4)
    with pytest.raises(ProblemError, match="more than 4 requests an hour") as raised:
        throttle.check_hour("ann", an_hour=4)
    assert raised.value.headers == {"Retry-After": "900"}
    now[0] = 900.0
    throttle.check_hour("ann", an_hour=4)


def test_what_was_made_is_kept_until_the_record_changes_or_a_minute_is_over() -> None:
    now, made = [0.0], []
    shelf: Shelf[int] = Shelf(clock=lambda: now[0])

    def make() -> int:
        made.append(1)
        return len(made)

    assert [shelf.get(make, revision=7) for _ in range(3)] == [1, 1, 1]
    assert shelf.get(make, revision=8) == 2
    now[0] = 59.9
    assert shelf.get(make, revision=8) == 2
    now[0] = 60.0
    assert shelf.get(make, revision=8) == 3


def test_a_ticket_is_read_as_it_was_written_and_only_until_its_time(stage: Stage) -> None:
    until_s = int(stage.now.timestamp()) + 60
    ticket = Ticket(link_id="one", request_id="two", number=3, is_whole=True, until_s=until_s)
    with stage.open() as library:
        site = make_site(library)
        text = write_ticket(site, ticket)
        assert read_ticket(site, text, link_id="one") == ticket
        assert read_ticket(site, text, link_id="another") is None
        stage.now = stage.now.fromtimestamp(until_s, stage.now.tzinfo)
        assert read_ticket(site, text, link_id="one") is None
