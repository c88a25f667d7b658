"""Links and guests as rows: read as written, ended once, counted, and closed with nothing left."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from catalog.samples import NOW, add_collection, make_sha256, make_uuid, undone
from catalog.statements import GUEST, GUEST_LINK, NEW_CASE
from mien.catalog import cases, guests, links
from mien.catalog.connect import Database
from mien.catalog.schema import EPOCH
from mien.permission.link import OPEN, GuestState, LinkTerms, LinkUse

SECOND = timedelta(seconds=1)
TERMS = LinkTerms(
    expires_at=NOW + timedelta(days=7),
    approves=False,
    searches_each=2,
    searches_hourly=30,
    searches_total=40,
)


def link(number: int, **changes: Any) -> links.NewLink:
    own: dict[str, Any] = {"uuid": make_uuid(number), "token_hash": make_sha256(number)}
    return replace(GUEST_LINK, terms=TERMS, **(own | changes))


def guest(number: int, **changes: Any) -> guests.NewGuestRequest:
    own: dict[str, Any] = {
        "uuid": make_uuid(number),
        "token_hash": make_sha256(number),
        "asked_at": NOW + number * SECOND,
        "ends_at": NOW + timedelta(hours=24),
    }
    return replace(GUEST, **(own | changes))


@pytest.fixture
def connection(trial: Connection) -> Connection:
    """A collection, and the first link to it."""
    add_collection(trial, "party")
    links.add_link(trial, link(1))
    return trial


def ask(connection: Connection, *numbers: int, **changes: Any) -> None:
    for number in numbers:
        guests.add_guest_request(connection, guest(number, **changes))


def get(connection: Connection, number: int) -> guests.StoredGuestRequest:
    found = guests.find_guest_request(connection, make_uuid(number))
    assert found is not None
    return found


def test_a_link_is_read_as_written(connection: Connection) -> None:
    wanted = links.StoredLink(
        id=1,
        uuid=make_uuid(1),
        token_hash=make_sha256(1),
        collection_id=1,
        collection="party",
        purpose="find-my-photos",
        made_at=NOW,
        revoked_at=None,
        terms=TERMS,
        sealed=b"sealed",
    )
    assert links.find_link(connection, make_uuid(1)) == wanted
    assert links.find_link_by_token(connection, make_sha256(1)) == wanted
    assert list(links.iter_links(connection)) == [wanted]


@pytest.mark.parametrize("uuid", ["", make_uuid(2), make_uuid(1).upper() + " ", "%"])
def test_no_other_id_finds_it(connection: Connection, uuid: str) -> None:
    assert links.find_link(connection, uuid) is None


@pytest.mark.parametrize("token", ["", make_sha256(2), make_sha256(1)[:-1], make_sha256(1).upper()])
def test_no_other_token_finds_it(connection: Connection, token: str) -> None:
    assert links.find_link_by_token(connection, token) is None


def test_links_come_newest_first(connection: Connection) -> None:
    for number in (3, 2, 5):
        links.add_link(connection, link(number))
    assert [one.uuid for one in links.iter_links(connection)] == [
        make_uuid(number) for number in (5, 2, 3, 1)
    ]


@pytest.mark.parametrize("same", ["uuid", "token_hash"])
def test_no_two_links_share_an_id_or_a_token(connection: Connection, same: str) -> None:
    with pytest.raises(IntegrityError):
        links.add_link(connection, link(2, **{same: getattr(link(1), same)}))


@pytest.mark.parametrize(
    "change",
    [
        *("expires_at = 'x'", "expires_at = 9e18", "expires_at = 9223372036854775807"),
        *("made_at = x'00'", "revoked_at = 'never'", "revoked_at = 1.5", "sealed = 'text'"),
    ],
)
def test_a_link_of_no_sense_has_ended_and_hides_no_other(
    connection: Connection, change: str
) -> None:
    links.add_link(connection, link(2))
    connection.execute(text(f"UPDATE links SET {change} WHERE id = 1"))  # noqa: S608
    sound, spoilt = links.iter_links(connection)
    assert sound == replace(sound, uuid=make_uuid(2), terms=TERMS, revoked_at=None)
    assert (spoilt.revoked_at, spoilt.terms.expires_at, spoilt.sealed) == (EPOCH, EPOCH, b"")
    assert links.find_link(connection, make_uuid(1)) == spoilt
    assert links.find_link_by_token(connection, make_sha256(1)) == spoilt


def test_no_link_opens_a_collection_that_is_not_there(connection: Connection) -> None:
    with pytest.raises(IntegrityError):
        links.add_link(connection, link(2, collection_id=9))


def test_the_first_end_of_a_link_counts(connection: Connection) -> None:
    links.add_link(connection, link(2))
    links.revoke_link(connection, make_uuid(1), at=NOW)
    links.revoke_link(connection, make_uuid(1), at=NOW + SECOND)
    links.revoke_link(connection, make_uuid(9), at=NOW)
    ends = {one.uuid: one.revoked_at for one in links.iter_links(connection)}
    assert ends == {make_uuid(1): NOW, make_uuid(2): None}


def test_an_answer_is_found_by_its_token_alone(connection: Connection) -> None:
    cases.add_case(connection, NEW_CASE)
    links.add_case_link(connection, 1, token_hash=make_sha256(1), sealed=b"hash")
    assert links.find_linked_case(connection, make_sha256(1)) == (NEW_CASE.uuid, b"hash")
    assert links.find_linked_case(connection, make_sha256(2)) is None
    with pytest.raises(IntegrityError):
        links.add_case_link(connection, 1, token_hash=make_sha256(1), sealed=b"another")


def test_no_answer_is_linked_to_a_case_that_is_not_there(connection: Connection) -> None:
    with pytest.raises(IntegrityError):
        links.add_case_link(connection, 7, token_hash=make_sha256(1), sealed=b"hash")


def test_a_request_is_read_as_written(connection: Connection) -> None:
    ask(connection, 1, crop=b"a face", guest_hash="g")
    stored = guests.StoredGuestRequest(
        id=1,
        uuid=make_uuid(1),
        link_id=1,
        link_uuid=make_uuid(1),
        state=GuestState.WAITING,
        consent_version="1",
        asked_at=NOW + SECOND,
        decided_at=None,
        answered_at=None,
        ends_at=NOW + timedelta(hours=24),
        run_uuid="",
        shown=0,
        downloads=0,
        selfie=b"sealed",
        crop=b"a face",
        found=None,
        person=None,
    )
    assert get(connection, 1) == stored
    assert guests.find_guest_request_by_token(connection, make_sha256(1)) == stored
    assert guests.find_guest_requests(connection, 1) == [stored]


def test_requests_of_nobody_are_none(connection: Connection) -> None:
    assert guests.find_guest_request(connection, make_uuid(1)) is None
    assert guests.find_guest_request_by_token(connection, make_sha256(1)) is None
    assert guests.find_guest_requests(connection, 1) == []
    assert guests.find_guest_requests(connection, 9) == []
    assert guests.find_ended(connection, at=NOW) == []


def test_requests_come_newest_first_and_by_link(connection: Connection) -> None:
    links.add_link(connection, link(2))
    ask(connection, 1, 3, 2)
    ask(connection, 4, link_id=2)
    found = guests.find_guest_requests(connection, 1)
    assert [one.uuid for one in found] == [make_uuid(number) for number in (2, 3, 1)]
    assert {one.link_uuid for one in guests.find_guest_requests(connection, 2)} == {make_uuid(2)}


@pytest.mark.parametrize("same", ["uuid", "token_hash"])
def test_no_two_requests_share_an_id_or_a_token(connection: Connection, same: str) -> None:
    ask(connection, 1)
    with pytest.raises(IntegrityError):
        ask(connection, 2, **{same: getattr(guest(1), same)})


def test_nobody_asks_at_a_link_that_is_not_there(connection: Connection) -> None:
    with pytest.raises(IntegrityError):
        ask(connection, 1, link_id=9)


@settings(max_examples=20)
@given(
    asked=st.lists(
        st.tuples(st.sampled_from([1, 2]), st.sampled_from(["", "g", "h"]), st.integers(-5, 5)),
        max_size=10,
    ),
    who=st.sampled_from(["", "g", "h"]),
)
def test_use_is_counted_by_link_hour_and_guest(
    standing: Database, asked: list[tuple[int, str, int]], who: str
) -> None:
    with undone(standing) as connection:
        add_collection(connection)
        for number in (1, 2):
            links.add_link(connection, link(number))
        for number, (link_id, guest_hash, later_s) in enumerate(asked):
            at = NOW + later_s * SECOND
            ask(connection, number, link_id=link_id, guest_hash=guest_hash, asked_at=at)
        mine = [(guest_hash, later_s) for link_id, guest_hash, later_s in asked if link_id == 1]
        wanted = LinkUse(
            total=len(mine),
            hourly=sum(later_s > 0 for _, later_s in mine),
            own=sum(bool(who) and guest_hash == who for guest_hash, _ in mine),
        )
        assert guests.count_use(connection, 1, guest_hash=who, since=NOW) == wanted
        assert guests.count_use(connection, 3, guest_hash=who, since=NOW) == LinkUse()


@pytest.mark.parametrize("state", GuestState)
@pytest.mark.parametrize("later", [-SECOND, timedelta(0), SECOND])
def test_what_is_kept_beyond_its_time_is_found(
    connection: Connection, state: GuestState, later: timedelta
) -> None:
    ask(connection, 1, state=state, ends_at=NOW)
    is_over = state in OPEN and later >= timedelta(0)
    wanted = [(1, make_uuid(1))] if is_over else []
    assert guests.find_ended(connection, at=NOW + later) == wanted


@pytest.mark.parametrize("state", GuestState)
def test_a_request_ends_with_its_link(connection: Connection, state: GuestState) -> None:
    links.add_link(connection, link(2))
    ask(connection, 1, state=state)
    ask(connection, 2, state=state, link_id=2)
    links.revoke_link(connection, make_uuid(1), at=NOW)
    wanted = [(1, make_uuid(1))] if state in OPEN else []
    assert guests.find_ended(connection, at=NOW) == wanted


@pytest.mark.parametrize("now_in", GuestState)
@pytest.mark.parametrize("of", [GuestState.WAITING, GuestState.APPROVED])
def test_a_request_moves_only_from_where_it_is(
    connection: Connection, now_in: GuestState, of: GuestState
) -> None:
    ask(connection, 1, state=now_in)
    ask(connection, 2, state=now_in)
    has_moved = guests.move_guest_request(connection, 1, of=of, to=GuestState.DENIED)
    assert has_moved == (now_in is of)
    assert get(connection, 1).state is (GuestState.DENIED if has_moved else now_in)
    assert get(connection, 2).state is now_in


def test_one_that_is_not_there_does_not_move(connection: Connection) -> None:
    assert not guests.move_guest_request(
        connection, 9, of=GuestState.WAITING, to=GuestState.APPROVED
    )


def test_of_two_who_decide_one_is_heard(database: Database) -> None:
    with database.writing() as connection:
        add_collection(connection)
        links.add_link(connection, link(1))
        ask(connection, 1)
    decisions = []
    for to in (GuestState.APPROVED, GuestState.DENIED):
        with database.writing() as connection:
            decisions.append(guests.move_guest_request(connection, 1, of=GuestState.WAITING, to=to))
    assert decisions == [True, False]
    with database.reading() as connection:
        assert get(connection, 1).state is GuestState.APPROVED


def test_downloads_are_counted_one_by_one(connection: Connection) -> None:
    ask(connection, 1, 2)
    for _ in range(3):
        guests.count_download(connection, 1)
    assert (get(connection, 1).downloads, get(connection, 2).downloads) == (3, 0)


def test_a_change_is_of_one_request_and_what_it_names(connection: Connection) -> None:
    ask(connection, 1, 2)
    before = get(connection, 1)
    guests.change_guest_request(connection, 1, shown=4, found=b"faces", answered_at=NOW)
    assert get(connection, 1) == replace(before, shown=4, found=b"faces", answered_at=NOW)
    assert get(connection, 2).shown == 0


def test_what_is_over_keeps_its_place_in_the_log_and_nothing_sealed(
    connection: Connection,
) -> None:
    ask(connection, 1, 2, 3, crop=b"a face")
    for request_id in (1, 2, 3):
        guests.change_guest_request(connection, request_id, found=b"faces", shown=4)
    guests.change_guest_request(connection, 1, person=b"who enrolled")
    guests.close_guest_requests(connection, [1, 3, 9])
    for number in (1, 3):
        closed = get(connection, number)
        assert closed.state is GuestState.OVER
        assert (closed.selfie, closed.crop, closed.found) == (None, None, None)
        assert (closed.shown, closed.asked_at) == (4, NOW + number * SECOND)
    assert get(connection, 1).person == b"who enrolled"
    assert get(connection, 2).found == b"faces"


def test_whoever_is_closed_is_not_found_as_ended_again(connection: Connection) -> None:
    ask(connection, 1, 2, ends_at=NOW)
    ended = guests.find_ended(connection, at=NOW)
    guests.close_guest_requests(connection, [request_id for request_id, _ in ended])
    assert guests.find_ended(connection, at=datetime.max.replace(tzinfo=NOW.tzinfo)) == []


def test_ids_are_never_used_twice(connection: Connection) -> None:
    """Whoever holds an old one must not reach somebody else's request with it."""
    ask(connection, 1, 2)
    connection.execute(text("DELETE FROM guest_requests"))
    ask(connection, 3)
    assert get(connection, 3).id == 3
