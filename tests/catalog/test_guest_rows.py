"""Links and requests of guests as rows: counted, moved once, closed, and found when over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from catalog.samples import NOW, add_collection, make_uuid
from catalog.statements import GUEST, GUEST_LINK, OTHER_GUEST, OTHER_GUEST_LINK
from mien.catalog import guests, links
from mien.permission.link import OPEN, GuestState, LinkUse

HOUR = timedelta(hours=1)


@pytest.fixture
def connection(connection: Connection) -> Connection:
    """With a collection and two links to it."""
    add_collection(connection)
    links.add_link(connection, GUEST_LINK)
    links.add_link(connection, OTHER_GUEST_LINK)
    return connection


def get(connection: Connection, number: int = 1) -> guests.StoredGuestRequest:
    found = guests.find_guest_request(connection, make_uuid(number))
    assert found is not None
    return found


def ask(connection: Connection, *numbers: int, **changes: object) -> None:
    for number in numbers:
        new = replace(GUEST, uuid=make_uuid(number), token_hash=f"{number:064}")
        guests.add_guest_request(connection, replace(new, **changes))  # type: ignore[arg-type]


def test_a_link_is_read_as_written(connection: Connection) -> None:
    stored = links.find_link(connection, GUEST_LINK.uuid)
    assert stored is not None
    assert (stored.collection, stored.purpose, stored.terms) == (
        "default",
        GUEST_LINK.purpose,
        GUEST_LINK.terms,
    )
    assert stored.revoked_at is None
    assert links.find_link_by_token(connection, GUEST_LINK.token_hash) == stored
    assert links.find_link(connection, make_uuid(9)) is None
    assert links.find_link_by_token(connection, "") is None


def test_the_newest_link_comes_first(connection: Connection) -> None:
    assert [one.uuid for one in links.iter_links(connection)] == [make_uuid(2), make_uuid(1)]


def test_a_link_ends_once(connection: Connection) -> None:
    links.revoke_link(connection, GUEST_LINK.uuid, at=NOW)
    links.revoke_link(connection, GUEST_LINK.uuid, at=NOW + HOUR)
    ended = {one.uuid: one.revoked_at for one in links.iter_links(connection)}
    assert ended == {make_uuid(1): NOW, make_uuid(2): None}


@pytest.mark.parametrize("column", ["uuid", "token_hash"])
def test_no_two_links_are_the_same(connection: Connection, column: str) -> None:
    twin = replace(
        GUEST_LINK,
        **{"uuid": make_uuid(5), "token_hash": "ef" * 32, column: getattr(GUEST_LINK, column)},
    )
    with pytest.raises(IntegrityError):
        links.add_link(connection, twin)


def test_a_request_is_read_as_written(connection: Connection) -> None:
    guests.add_guest_request(connection, GUEST)
    stored = get(connection)
    assert (stored.state, stored.selfie, stored.crop) == (GuestState.WAITING, b"sealed", None)
    assert (stored.shown, stored.downloads, stored.run_uuid) == (0, 0, "")
    assert stored.link_uuid == GUEST_LINK.uuid
    assert guests.find_guest_request_by_token(connection, GUEST.token_hash) == stored
    assert guests.find_guest_request_by_token(connection, OTHER_GUEST.token_hash) is None


def test_use_is_counted_in_all_by_the_hour_and_by_guest(connection: Connection) -> None:
    ask(connection, 1, guest_hash="a")
    ask(connection, 2, guest_hash="b", asked_at=NOW - HOUR)
    ask(connection, 3, guest_hash="a", asked_at=NOW - HOUR / 2)
    ask(connection, 4, guest_hash="a", link_id=2)
    since = NOW - HOUR
    use = guests.count_use(connection, 1, guest_hash="a", since=since)
    assert use == LinkUse(total=3, hourly=2, own=2)
    unknown = guests.count_use(connection, 1, guest_hash="", since=since)
    assert unknown == LinkUse(total=3, hourly=2, own=0)
    assert guests.count_use(connection, 3, guest_hash="a", since=since) == LinkUse()


def test_a_request_moves_from_the_state_that_it_is_in(connection: Connection) -> None:
    ask(connection, 1, 2)
    row = get(connection).id
    waiting, approved = GuestState.WAITING, GuestState.APPROVED
    assert guests.move_guest_request(connection, row, of=waiting, to=approved)
    assert not guests.move_guest_request(connection, row, of=waiting, to=GuestState.DENIED)
    assert get(connection).state is approved
    assert get(connection, 2).state is waiting


def test_what_is_over_is_found(connection: Connection) -> None:
    ask(connection, 1, ends_at=NOW)
    ask(connection, 2, ends_at=NOW + HOUR)
    ask(connection, 3, ends_at=NOW + HOUR, link_id=2)
    assert guests.find_ended(connection, at=NOW - HOUR) == []
    assert [uuid for _, uuid in guests.find_ended(connection, at=NOW)] == [make_uuid(1)]
    links.revoke_link(connection, OTHER_GUEST_LINK.uuid, at=NOW)
    ended = [uuid for _, uuid in guests.find_ended(connection, at=NOW)]
    assert ended == [make_uuid(1), make_uuid(3)]


@pytest.mark.parametrize("state", list(GuestState))
def test_only_what_is_open_can_be_over(connection: Connection, state: GuestState) -> None:
    ask(connection, 1, state=state, ends_at=NOW)
    assert bool(guests.find_ended(connection, at=NOW)) is (state in OPEN)


def test_a_closed_request_keeps_nothing_but_who_enrolled(connection: Connection) -> None:
    ask(connection, 1, 2, crop=b"crop")
    row = get(connection).id
    guests.change_guest_request(connection, row, found=b"found", person=b"person", shown=4)
    guests.close_guest_requests(connection, [row])
    closed = get(connection)
    assert closed.state is GuestState.OVER
    assert (closed.selfie, closed.crop, closed.found) == (None, None, None)
    assert (closed.person, closed.shown) == (b"person", 4)
    assert get(connection, 2).crop == b"crop"


def test_downloads_are_counted_one_by_one(connection: Connection) -> None:
    ask(connection, 1, 2)
    row = get(connection).id
    for _ in range(3):
        guests.count_download(connection, row)
    assert (get(connection).downloads, get(connection, 2).downloads) == (3, 0)


def test_the_log_of_a_link_has_its_own_requests_the_newest_first(connection: Connection) -> None:
    ask(connection, 1, 2)
    ask(connection, 3, link_id=2)
    found = guests.find_guest_requests(connection, 1)
    assert [one.uuid for one in found] == [make_uuid(2), make_uuid(1)]
    assert [one.uuid for one in guests.find_guest_requests(connection, 2)] == [make_uuid(3)]
