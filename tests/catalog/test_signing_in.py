"""Users, keys, sessions and tries at their edges: unknown ids, malformed rows, two at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from catalog.samples import NOW, make_uuid, open_catalog, undone
from catalog.statements import KEY, LINK, SESSION, TRIES, USER
from mien.catalog import accounts, api_keys, reviews, sign_in
from mien.catalog.connect import Database
from mien.catalog.schema import EPOCH
from mien.errors import NotFoundError
from mien.permission.caller import Operation, Role

SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)


def user(number: int, **changes: Any) -> accounts.UserRow:
    own: dict[str, Any] = {"uuid": make_uuid(number), "reference": str(number)}
    return replace(USER, **(own | changes))


def key(number: int, **changes: Any) -> api_keys.KeyRow:
    own: dict[str, Any] = {"uuid": make_uuid(number), "reference": str(number)}
    return replace(KEY, **(own | changes))


def session(number: int, **changes: Any) -> sign_in.SessionRow:
    own: dict[str, Any] = {"uuid": make_uuid(number), "reference": str(number)}
    return replace(SESSION, **(own | changes))


@pytest.fixture
def connection(trial: Connection) -> Connection:
    """Two users."""
    for number in (1, 2):
        accounts.add_user(trial, user(number))
    return trial


NAMES = st.none() | st.frozensets(st.text(st.characters(exclude_categories=["Cs"]), max_size=5))
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2900, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=NOW.tzinfo)
)


@settings(max_examples=25)
@given(
    role=st.sampled_from(list(Role)),
    collections=NAMES,
    purposes=NAMES,
    created_at=MOMENTS,
    sealed=st.binary(max_size=9),
)
def test_whatever_a_user_is_comes_back_as_it_was(
    standing: Database,
    role: Role,
    collections: frozenset[str] | None,
    purposes: frozenset[str] | None,
    created_at: datetime,
    sealed: bytes,
) -> None:
    bounds = {"collections": collections, "purposes": purposes}
    row = user(7, role=role, created_at=created_at, name=sealed, second_factor=sealed, **bounds)
    with undone(standing) as connection:
        accounts.add_user(connection, user(7))
        assert accounts.update_user(connection, row).row == row
        made = key(1, owner_uuid=row.uuid, expires_at=created_at, name=sealed, **bounds)
        assert api_keys.add_key(connection, made).row == made


@settings(max_examples=60)
@given(bound=NAMES)
def test_a_bound_is_parsed_from_what_was_kept(bound: frozenset[str] | None) -> None:
    kept = accounts.format_bound(bound)
    assert accounts.parse_bound(None if kept is None else json.dumps(kept)) == bound


@pytest.mark.parametrize(
    "kept", ["", "{}", "null", '"a"', "[1]", '[["a"]]', "[", b"[]", 3, '["\\ud800"]', "[" * 5000]
)
def test_what_is_no_bound_is_an_error_and_never_no_bound(kept: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        accounts.parse_bound(kept)


@pytest.mark.parametrize("same", ["uuid", "reference"])
def test_no_two_users_share_an_id_or_a_name(connection: Connection, same: str) -> None:
    with pytest.raises(IntegrityError):
        accounts.add_user(connection, user(3, **{same: getattr(user(1), same)}))


def test_a_user_who_is_not_there_is_not_written(connection: Connection) -> None:
    with pytest.raises(NotFoundError, match=make_uuid(9)):
        accounts.update_user(connection, user(9))
    assert len(list(accounts.iter_users(connection))) == 2


def test_writing_one_user_leaves_the_others(connection: Connection) -> None:
    before = accounts.get_user(connection, make_uuid(2))
    accounts.update_user(connection, user(1, role=Role.ADMIN, is_active=False))
    assert accounts.get_user(connection, make_uuid(2)) == before


def test_a_name_is_free_once_its_user_has_another(connection: Connection) -> None:
    accounts.update_user(connection, user(1, reference="elsewhere"))
    assert accounts.find_user_by_name(connection, "1") is None
    accounts.add_user(connection, user(3, reference="1"))
    found = accounts.find_user_by_name(connection, "1")
    assert found is not None
    assert found.row.uuid == make_uuid(3)


@pytest.mark.parametrize(
    "change",
    [
        *("created_at = 9e18", "created_at = 9223372036854775807", "created_at = -9e18"),
        *("second_factor = 'text'", "second_factor = 7", "password = x'00'", "role = ''"),
        *("collections = '[\"a\", 1]'", "collections = x'5b5d'", "purposes = 'null'"),
        *("role = 'ADMIN'", "role = x'61646d696e'", "name = 1.5"),
    ],
)
def test_one_malformed_user_may_nothing_and_hides_nobody(
    connection: Connection, change: str
) -> None:
    accounts.update_user(connection, user(1, role=Role.ADMIN, password="kept"))  # noqa: S106
    connection.execute(text(f"UPDATE users SET {change} WHERE reference = '1'"))  # noqa: S608
    spoilt, sound = (stored.row for stored in accounts.iter_users(connection))
    assert (spoilt.role, spoilt.is_active, spoilt.password) == (Role.VIEWER, False, "")
    assert (spoilt.collections, spoilt.purposes) == (frozenset(), frozenset())
    assert sound == user(2)


@pytest.mark.parametrize("state", ["Active", "", "disabled", "active ", "1"])
def test_only_the_very_word_makes_a_user_active(connection: Connection, state: str) -> None:
    connection.execute(text("UPDATE users SET state = :state"), {"state": state})
    assert not any(stored.row.is_active for stored in accounts.iter_users(connection))


def test_keys_come_in_the_order_they_were_made(connection: Connection) -> None:
    made = [key(number, owner_uuid=make_uuid(1 + number % 2)) for number in (3, 1, 2)]
    for row in made:
        api_keys.add_key(connection, row)
    assert [stored.row for stored in api_keys.iter_keys(connection)] == made


@pytest.mark.parametrize(
    "change", [{"owner_uuid": make_uuid(9)}, {"uuid": make_uuid(1)}, {"reference": "1"}]
)
def test_no_key_without_an_owner_or_with_anothers_id(
    connection: Connection, change: dict[str, str]
) -> None:
    api_keys.add_key(connection, key(1))
    with pytest.raises(IntegrityError):
        api_keys.add_key(connection, key(2, **change))


@pytest.mark.parametrize("reference", ["", "2", "%", "01"])
def test_no_other_reference_finds_a_key(connection: Connection, reference: str) -> None:
    api_keys.add_key(connection, key(1))
    assert api_keys.find_key(connection, reference) is None


def test_an_unknown_key_is_neither_revoked_nor_used(connection: Connection) -> None:
    api_keys.add_key(connection, key(1))
    with pytest.raises(NotFoundError):
        api_keys.revoke_key(connection, make_uuid(9), at=NOW)
    api_keys.note_use(connection, make_uuid(9), day=NOW)
    assert [stored.row for stored in api_keys.iter_keys(connection)] == [key(1)]


def test_revoking_one_key_leaves_the_others(connection: Connection) -> None:
    for number in (1, 2):
        api_keys.add_key(connection, key(number))
    api_keys.revoke_key(connection, make_uuid(1), at=NOW)
    ends = [stored.row.revoked_at for stored in api_keys.iter_keys(connection)]
    assert ends == [NOW, None]


@pytest.mark.parametrize("operations", [frozenset(), frozenset(Operation), {Operation.ACCOUNT}])
def test_a_key_keeps_its_operations(
    connection: Connection, operations: frozenset[Operation]
) -> None:
    stored = api_keys.add_key(connection, key(1, operations=frozenset(operations)))
    assert stored.row.operations == operations


@pytest.mark.parametrize(
    "change",
    [
        *("operations = '{}'", "operations = '[1]'", "operations = '[\"VIEW\"]'"),
        *("calls_a_minute = -1", "calls_a_minute = 'many'", "calls_a_minute = 1.5"),
        *("revoked_at = 'x'", "revoked_at = 9e18", "last_used_on = 'x'", "made_at = 'x'"),
        *("purposes = '{}'", "name = 'text'"),
    ],
)
def test_one_malformed_key_has_ended_and_hides_no_other(
    connection: Connection, change: str
) -> None:
    later = NOW + timedelta(days=1)
    for number in (1, 2):
        api_keys.add_key(connection, key(number, expires_at=later))
    connection.execute(text(f"UPDATE api_keys SET {change} WHERE reference = '1'"))  # noqa: S608
    spoilt, sound = (stored.row for stored in api_keys.iter_keys(connection))
    assert (spoilt.expires_at, spoilt.operations) == (EPOCH, frozenset[Operation]())
    assert sound == key(2, expires_at=later)


def test_nobody_signs_in_who_is_not_a_user(connection: Connection) -> None:
    nobody = make_uuid(9)
    assert not sign_in.use_code(connection, nobody, step=1)
    with connection.begin_nested(), pytest.raises(IntegrityError):
        sign_in.add_session(connection, session(1, user_uuid=nobody))
    with pytest.raises(IntegrityError):
        sign_in.add_link(connection, replace(LINK, user_uuid=nobody))


def test_sessions_are_each_users_own_in_the_order_they_began(connection: Connection) -> None:
    for number, of in ((3, 1), (1, 2), (2, 1)):
        sign_in.add_session(connection, session(number, user_uuid=make_uuid(of)))
    assert [one.reference for one in sign_in.find_sessions_of(connection, make_uuid(1))] == [
        "3",
        "2",
    ]
    assert [one.reference for one in sign_in.find_sessions_of(connection, make_uuid(2))] == ["1"]
    assert sign_in.find_sessions_of(connection, make_uuid(9)) == []
    assert sign_in.find_session(connection, "9") is None


@pytest.mark.parametrize(("later", "count"), [(-TICK, 0), (timedelta(0), 1), (TICK, 1)])
def test_a_session_and_a_link_are_over_at_their_very_end(
    connection: Connection, later: timedelta, count: int
) -> None:
    sign_in.add_session(connection, session(1, expires_at=NOW))
    sign_in.add_session(connection, session(2, expires_at=NOW + timedelta(days=1)))
    sign_in.add_link(connection, replace(LINK, expires_at=NOW))
    at = NOW + later
    assert len(sign_in.find_expired_sessions(connection, at=at)) == count
    assert len(sign_in.find_expired_links(connection, at=at)) == count


def test_only_the_named_sessions_and_links_go(connection: Connection) -> None:
    for number in (1, 2, 3):
        sign_in.add_session(connection, session(number))
        sign_in.add_link(connection, replace(LINK, reference=str(number)))
    sign_in.delete_sessions(connection, [])
    sign_in.delete_links(connection, [])
    sign_in.delete_sessions(connection, [make_uuid(1), make_uuid(3), make_uuid(9)])
    sign_in.delete_links(connection, ["2", "9"])
    assert [one.reference for one in sign_in.find_sessions_of(connection, USER.uuid)] == ["2"]
    assert [one.reference for one in sign_in.find_links_of(connection, USER.uuid)] == ["1", "3"]


def test_being_seen_is_noted_for_one_session(connection: Connection) -> None:
    for number in (1, 2):
        sign_in.add_session(connection, session(number))
    sign_in.note_seen(connection, make_uuid(2), at=NOW + SECOND)
    sign_in.note_seen(connection, make_uuid(9), at=NOW + SECOND)
    seen = [one.seen_at for one in sign_in.find_sessions_of(connection, USER.uuid)]
    assert seen == [NOW, NOW + SECOND]


@pytest.mark.parametrize("column", ["made_at", "seen_at", "expires_at"])
@pytest.mark.parametrize("value", ["'x'", "9e18", "x'00'", "1.5"])
def test_a_session_of_no_sense_hides_no_other(
    connection: Connection, column: str, value: str
) -> None:
    for number in (1, 2):
        sign_in.add_session(connection, session(number))
    connection.execute(text(f"UPDATE sessions SET {column} = {value} WHERE id = 1"))  # noqa: S608
    spoilt, sound = sign_in.find_sessions_of(connection, USER.uuid)
    assert getattr(spoilt, column) == EPOCH
    assert sound == session(2)


@settings(max_examples=25)
@given(steps=st.lists(st.tuples(st.sampled_from([1, 2]), st.integers(0, 30)), max_size=12))
def test_of_the_codes_that_still_count_none_is_taken_twice(
    standing: Database, steps: list[tuple[int, int]]
) -> None:
    """A code counts for three steps; time does not go back by more."""
    latest = 0
    taken: set[tuple[int, int]] = set()
    with undone(standing) as connection:
        for number in (1, 2):
            accounts.add_user(connection, user(number))
        for who, step in steps:
            latest = max(latest, step)
            if step < latest - 10:
                continue
            is_first = sign_in.use_code(connection, make_uuid(who), step=step)
            assert is_first == ((who, step) not in taken)
            taken.add((who, step))


def test_of_two_who_use_a_code_one_gets_in(database: Database) -> None:
    with database.writing() as connection:
        accounts.add_user(connection, USER)
    used = []
    for _ in range(2):
        with database.writing() as connection:
            used.append(sign_in.use_code(connection, USER.uuid, step=5))
    assert used == [True, False]


def test_a_refused_code_leaves_the_rest_of_the_transaction(database: Database) -> None:
    with database.writing() as connection:
        accounts.add_user(connection, USER)
        assert sign_in.use_code(connection, USER.uuid, step=5)
        assert not sign_in.use_code(connection, USER.uuid, step=5)
        sign_in.put_tries(connection, "who", tries=TRIES)
    with database.reading() as connection:
        assert sign_in.find_tries(connection, "who") == TRIES


@pytest.mark.parametrize(("later", "is_kept"), [(-TICK, True), (timedelta(0), True), (TICK, False)])
def test_tries_are_forgotten_only_if_the_last_was_before(
    connection: Connection, later: timedelta, *, is_kept: bool
) -> None:
    sign_in.put_tries(connection, "who", tries=replace(TRIES, last_at=NOW))
    sign_in.forget_tries(connection, until=NOW + later)
    assert (sign_in.find_tries(connection, "who") is not None) == is_kept


def test_tries_of_one_are_not_those_of_another(connection: Connection) -> None:
    sign_in.put_tries(connection, "who", tries=TRIES)
    sign_in.put_tries(connection, "where", tries=replace(TRIES, failures=9))
    sign_in.delete_tries(connection, "who")
    sign_in.delete_tries(connection, "nobody")
    assert sign_in.find_tries(connection, "who") is None
    assert sign_in.find_tries(connection, "where") == replace(TRIES, failures=9)


@given(said=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 99)), max_size=8))
@settings(max_examples=25)
def test_of_each_search_the_last_review_is_kept(
    standing: Database, said: list[tuple[int, int]]
) -> None:
    with undone(standing) as connection:
        for search_seq, review_seq in said:
            reviews.put_review(connection, search_seq, review_seq=review_seq)
        assert dict(reviews.iter_reviews(connection, range(5))) == dict(said)
        assert list(reviews.iter_reviews(connection, [])) == []


WRITES: list[Callable[[Connection], object]] = [
    lambda c: accounts.update_user(c, user(1, role=Role.ADMIN)),
    lambda c: accounts.add_user(c, user(3)),
    lambda c: api_keys.revoke_key(c, make_uuid(1), at=NOW),
    lambda c: api_keys.note_use(c, make_uuid(1), day=NOW),
    lambda c: sign_in.delete_sessions(c, [make_uuid(1)]),
    lambda c: sign_in.note_seen(c, make_uuid(1), at=NOW + SECOND),
    lambda c: sign_in.delete_links(c, ["1"]),
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with open_catalog(tmp_path_factory.mktemp("filled")) as database:
        with database.writing() as connection:
            accounts.add_user(connection, user(1))
            api_keys.add_key(connection, key(1))
            sign_in.add_session(connection, session(1))
            sign_in.add_link(connection, LINK)
        yield database


def read_all(connection: Connection) -> list[object]:
    return [
        list(accounts.iter_users(connection)),
        list(api_keys.iter_keys(connection)),
        sign_in.find_sessions_of(connection, make_uuid(1)),
        sign_in.find_links_of(connection, make_uuid(1)),
    ]


@pytest.mark.parametrize("number", range(len(WRITES)))
def test_a_write_that_breaks_off_leaves_all_as_it_was(filled: Database, number: int) -> None:
    with filled.reading() as connection:
        before = read_all(connection)
    with undone(filled) as connection:
        WRITES[number](connection)
        assert read_all(connection) != before
        with filled.reading() as reader:
            assert read_all(reader) == before
    with filled.reading() as connection:
        assert read_all(connection) == before
