"""Tickets, shelves, cursors, ETags and visitors, whatever they are made of."""

from __future__ import annotations

import string
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Scope

from mien.http.etag import answer, answer_unchanged, check_unchanged, is_known, make_etag
from mien.http.paging import LONGEST, USUAL, Paging, decode_cursor, encode_cursor
from mien.http.problem import ProblemError
from mien.http.shelf import Shelf
from mien.http.site import Site
from mien.http.ticket import Ticket, read_ticket, write_ticket
from mien.http.visitor import check_public, name_visitor, not_found
from server.door import make_site
from service.stage import Stage

WORDS = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=40)
PARTS = st.lists(st.text(max_size=8) | st.binary(max_size=8), max_size=4)
few = settings(max_examples=30)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def site(stage: Stage) -> Iterator[Site]:
    """One home for all: nothing here changes it."""
    with stage.open() as library:
        yield make_site(library)


@pytest.fixture(scope="module")
def ticket(stage: Stage) -> Ticket:
    until_s = int(stage.now.timestamp()) + 600
    return Ticket(link_id="link", request_id="asked", number=3, is_whole=True, until_s=until_s)


@given(link_id=WORDS, request_id=WORDS, number=st.integers(0, 10_000), is_whole=st.booleans())
@few
def test_a_ticket_says_what_was_written_on_it(
    site: Site, link_id: str, *, request_id: str, number: int, is_whole: bool
) -> None:
    until_s = int(site.library.parts.deployment.clock().timestamp()) + 1
    one = Ticket(
        link_id=link_id, request_id=request_id, number=number, is_whole=is_whole, until_s=until_s
    )
    text = write_ticket(site, one)
    assert read_ticket(site, text, link_id=link_id) == one
    assert read_ticket(site, text, link_id=f"{link_id}x") is None
    assert set(text) <= set(string.ascii_letters + string.digits + "-_")


@given(at=st.integers(0, 200), other=st.sampled_from(string.ascii_letters + string.digits + "_-~"))
@few
def test_a_ticket_that_was_changed_anywhere_is_none(
    site: Site, ticket: Ticket, *, at: int, other: str
) -> None:
    text = write_ticket(site, ticket)
    changed = f"{text[: at % len(text)]}{other}{text[at % len(text) + 1 :]}"
    assert (read_ticket(site, changed, link_id="link") is None) is (changed != text)


@given(st.text(max_size=80))
@few
def test_a_ticket_that_was_made_up_is_none(site: Site, text: str) -> None:
    assert read_ticket(site, text, link_id="link") is None


@pytest.mark.parametrize(
    "change",
    [{"link_id": "other"}, {"request_id": "other"}, {"number": 4}, {"is_whole": False}],
)
def test_the_mark_of_one_ticket_fits_no_other(
    site: Site, ticket: Ticket, change: dict[str, object]
) -> None:
    mark = write_ticket(site, ticket).rpartition("_")[2]
    other = replace(ticket, **change)  # type: ignore[arg-type]
    said = write_ticket(site, other).rpartition("_")[0]
    assert read_ticket(site, f"{said}_{mark}", link_id=other.link_id) is None


def test_a_ticket_cannot_be_made_to_last_longer(site: Site, ticket: Ticket) -> None:
    text = write_ticket(site, ticket)
    longer = text.replace(str(ticket.until_s), str(ticket.until_s + 9_999))
    assert longer != text
    assert read_ticket(site, longer, link_id="link") is None


@pytest.mark.parametrize(("early_s", "is_read"), [(1, True), (0, False), (-1, False)])
def test_a_ticket_ends_to_the_second(
    site: Site, ticket: Ticket, *, early_s: int, is_read: bool
) -> None:
    now_s = int(site.library.parts.deployment.clock().timestamp())
    text = write_ticket(site, replace(ticket, until_s=now_s + early_s))
    assert (read_ticket(site, text, link_id="link") is not None) is is_read


def test_a_ticket_of_another_home_is_none(tmp_path: object, site: Site, ticket: Ticket) -> None:
    text = write_ticket(site, ticket)
    with Stage(tmp_path / "other").open() as library:  # type: ignore[operator]
        assert read_ticket(make_site(library), text, link_id="link") is None


@given(value=st.text(st.characters(codec="utf-8"), max_size=60), path=WORDS)
@few
def test_a_cursor_is_read_where_it_was_given_out_and_nowhere_else(
    site: Site, value: str, *, path: str
) -> None:
    text = encode_cursor(site, value, path=f"/v1/{path}")
    assert decode_cursor(site, text, path=f"/v1/{path}") == value
    for other in ("", "/v1/", f"/v1/{path}/", f"/V1/{path}"):
        with pytest.raises(ProblemError):
            decode_cursor(site, text, path=other)


@given(st.text(max_size=100))
@few
def test_a_cursor_that_was_made_up_is_a_problem_and_no_crash(site: Site, text: str) -> None:
    with pytest.raises(ProblemError) as raised:
        decode_cursor(site, text, path="/v1/photos")
    assert (raised.value.status, raised.value.code) == (400, "malformed-cursor")


@given(items=st.sets(WORDS, max_size=30), limit=st.integers(1, 12))
@few
def test_page_by_page_everything_comes_once_and_in_order(
    site: Site, items: set[str], *, limit: int
) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        after = decode_cursor(site, cursor, path="/x") if cursor else ""
        page, cursor = Paging(site, limit, after, "/x").cut(items, key=str)
        assert len(page) <= limit
        assert page or not items
        seen += page
    assert seen == sorted(items)


@given(items=st.sets(WORDS, min_size=4, max_size=20), data=st.data())
@few
def test_what_goes_away_between_two_pages_hides_nothing_else(
    site: Site, items: set[str], *, data: st.DataObject
) -> None:
    first, cursor = Paging(site, 2, "", "/x").cut(items, key=str)
    assert cursor is not None
    gone = data.draw(st.sets(st.sampled_from(sorted(items))))
    after = decode_cursor(site, cursor, path="/x")
    second, _ = Paging(site, LONGEST, after, "/x").cut(items - gone, key=str)
    assert list(second) == sorted(items - gone - set(first))


def test_a_page_is_of_a_bounded_length() -> None:
    assert 1 <= USUAL <= LONGEST <= 1_000


@given(PARTS, PARTS)
def test_tags_are_equal_where_all_parts_are(
    one: list[str | bytes], other: list[str | bytes]
) -> None:
    def as_bytes(parts: list[str | bytes]) -> list[bytes]:
        return [part.encode() if isinstance(part, str) else part for part in parts]

    is_same = as_bytes(one) == as_bytes(other)
    assert (make_etag(*one) == make_etag(*other)) is is_same


@given(names=st.lists(st.sampled_from(["a", "b", "c"]), max_size=4), is_weak=st.booleans())
def test_a_reader_who_names_several_has_one_of_them(names: list[str], *, is_weak: bool) -> None:
    prefix = "W/" if is_weak else ""
    header = " , ".join(f'{prefix}"{name}"' for name in names)
    assert is_known(asking("If-None-Match", header), '"a"') is ("a" in names)


def asking(name: str = "", value: str = "") -> Request:
    headers = [(name.lower().encode(), value.encode())] if name else []
    return Request({"type": "http", "method": "GET", "path": "/", "headers": headers})


def test_who_has_it_gets_no_content_and_no_kind_of_it() -> None:
    told = answer_unchanged('"a"')
    assert (told.status_code, told.body, told.headers["ETag"]) == (304, b"", '"a"')
    assert "content-type" not in told.headers
    assert told.headers["Cache-Control"] == "private, no-cache"


def test_an_answer_may_say_more_and_say_it_otherwise() -> None:
    more = {"Content-Disposition": "attachment", "Cache-Control": "no-store"}
    told = answer(asking(), b"{}", headers=more)
    assert told.headers["Content-Disposition"] == "attachment"
    assert told.headers["Cache-Control"] == "no-store"
    assert told.headers["Content-Type"] == "application/json"


def test_a_refusal_to_overwrite_tells_the_tag_of_now() -> None:
    with pytest.raises(ProblemError) as raised:
        check_unchanged(asking("If-Match", '"older"'), '"newer"')
    assert raised.value.headers == {"ETag": '"newer"'}


def test_a_thing_is_made_once_though_many_want_it_at_once() -> None:
    shelf: Shelf[object] = Shelf(clock=lambda: 0.0)
    made: list[object] = []
    together = threading.Barrier(6)

    def make() -> object:
        made.append(object())
        return made[-1]

    def get(_: int) -> object:
        together.wait(5)
        return shelf.get(make, revision=1)

    with ThreadPoolExecutor(6) as pool:
        got = list(pool.map(get, range(6)))
    assert len(made) == 1
    assert all(one is made[0] for one in got)


def test_a_thing_that_could_not_be_made_is_tried_again() -> None:
    shelf: Shelf[str] = Shelf(clock=lambda: 0.0)

    def fail() -> str:
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            shelf.get(fail, revision=1)
    assert shelf.get(lambda: "made", revision=1) == "made"
    assert shelf.get(fail, revision=1) == "made"


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 50)), min_size=2, max_size=12))
def test_nothing_older_than_a_minute_or_the_record_is_handed_out(
    steps: list[tuple[int, float]],
) -> None:
    now = [0.0]
    shelf: Shelf[tuple[int, float]] = Shelf(clock=lambda: now[0])
    for revision, wait_s in steps:
        now[0] += wait_s
        made_of, made_at_s = shelf.get(partial(make_at, revision, now), revision=revision)
        assert made_of == revision
        assert now[0] - made_at_s < 60


def make_at(revision: int, now: list[float]) -> tuple[int, float]:
    return revision, now[0]


def coming_from(host: str | None) -> Request:
    client = None if host is None else (host, 5_000)
    return Request({"type": "http", "client": client, "headers": []})


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
@few
def test_all_of_an_ipv6_network_is_one_visitor(address: object, host: int) -> None:
    whole = int(address)  # type: ignore[call-overload]
    near = type(address)((whole >> 64 << 64) + host)  # type: ignore[call-arg]
    assert name_visitor(coming_from(str(address))) == name_visitor(coming_from(str(near)))
    far = type(address)(whole ^ (1 << 64))  # type: ignore[call-arg]
    assert name_visitor(coming_from(str(address))) != name_visitor(coming_from(str(far)))


@given(st.lists(st.ip_addresses(v=4), min_size=2, max_size=5, unique=True))
@few
def test_each_ipv4_address_is_a_visitor_of_its_own(addresses: list[object]) -> None:
    names = sorted(name_visitor(coming_from(str(one))) for one in addresses)
    assert all(one != other for one, other in pairwise(names))


@pytest.mark.parametrize(
    ("host", "name"),
    [
        (None, "visitor:"),
        ("", "visitor:"),
        ("testclient", "visitor:testclient"),
        ("192.0.2.1", "visitor:192.0.2.1"),
        ("2001:db8::5", "visitor:2001:db8::"),
        ("2001:0DB8:0:0:0:0:0:5", "visitor:2001:db8::"),
    ],
)
def test_a_visitor_is_named_by_where_they_come_from(host: str | None, name: str) -> None:
    assert name_visitor(coming_from(host)) == name


@pytest.mark.parametrize("page", ["policy", "requests", "find", "", "audit"])
def test_a_page_that_was_not_opened_is_as_if_it_were_not_there(site: Site, page: str) -> None:
    class App:
        state = type("State", (), {"site": site})

    scope: Scope = {"type": "http", "headers": [], "app": App()}
    with pytest.raises(ProblemError) as raised:
        check_public(Request(scope), page)
    said, never = raised.value, not_found()
    assert (said.status, said.code, said.detail) == (never.status, never.code, never.detail)


def test_the_clock_of_a_ticket_is_that_of_the_home(
    stage: Stage, site: Site, ticket: Ticket
) -> None:
    text = write_ticket(site, ticket)
    before = stage.now
    try:
        stage.now = before + timedelta(seconds=601)
        assert read_ticket(site, text, link_id="link") is None
    finally:
        stage.now = before
    assert read_ticket(site, text, link_id="link") == ticket
