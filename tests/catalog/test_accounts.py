"""Users, keys, sessions and tries as rows: what was written is read, and what was not is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from catalog.samples import NOW, make_uuid
from catalog.statements import KEY, LINK, SESSION, TRIES, USER
from mien.catalog import accounts, api_keys, reviews, sign_in
from mien.catalog.schema import EPOCH
from mien.errors import NotFoundError
from mien.permission.caller import Operation, Role

FULL = replace(
    USER,
    name=b"sealed",
    role=Role.ADMIN,
    is_active=False,
    collections=frozenset({"b", "a"}),
    purposes=frozenset({"press"}),
    password="a hash",  # noqa: S106
    second_factor=b"sealed too",
)


def test_a_user_is_read_as_written(connection: Connection) -> None:
    stored = accounts.add_user(connection, USER)
    assert stored.row == USER
    assert accounts.update_user(connection, FULL).row == FULL
    assert accounts.find_user_by_name(connection, "1") == accounts.StoredUser(stored.id, FULL)
    assert accounts.find_user_by_name(connection, "2") is None
    with pytest.raises(NotFoundError, match="mien users list"):
        accounts.get_user(connection, make_uuid(9))


def test_users_come_in_the_order_they_were_made(connection: Connection) -> None:
    made = [replace(USER, uuid=make_uuid(n), reference=str(n)) for n in (3, 1, 2)]
    for row in made:
        accounts.add_user(connection, row)
    assert [stored.row for stored in accounts.iter_users(connection)] == made


@pytest.mark.parametrize(
    "change",
    ["role = 'queen'", "collections = '{'", "purposes = '[1]'", "created_at = 'x'", "name = 'x'"],
)
def test_a_user_of_no_sense_may_nothing(connection: Connection, change: str) -> None:
    accounts.add_user(connection, FULL)
    connection.execute(text(f"UPDATE users SET {change}"))  # noqa: S608  (changes above)
    (stored,) = accounts.iter_users(connection)
    assert stored.row == accounts.UserRow(
        uuid=FULL.uuid,
        reference=FULL.reference,
        name=b"",
        role=Role.VIEWER,
        is_active=False,
        collections=frozenset(),
        purposes=frozenset(),
        created_at=EPOCH,
    )


def test_a_key_is_read_as_written(connection: Connection) -> None:
    accounts.add_user(connection, USER)
    full = replace(KEY, collections=frozenset({"a"}), purposes=frozenset({"press"}))
    assert api_keys.add_key(connection, full).row == full
    api_keys.note_use(connection, full.uuid, day=NOW)
    api_keys.revoke_key(connection, full.uuid, at=NOW)
    again = api_keys.revoke_key(connection, full.uuid, at=NOW + timedelta(1))
    assert again.row == replace(full, last_used_on=NOW, revoked_at=NOW)
    assert api_keys.find_key(connection, "1") == again
    assert list(api_keys.iter_keys(connection)) == [again]
    with pytest.raises(NotFoundError, match="mien keys list"):
        api_keys.get_key(connection, make_uuid(9))


@pytest.mark.parametrize(
    "change",
    ["operations = '[\"fly\"]'", "calls_a_minute = 0", "expires_at = 'x'", "collections = '1'"],
)
def test_a_key_of_no_sense_has_ended(connection: Connection, change: str) -> None:
    accounts.add_user(connection, USER)
    api_keys.add_key(connection, KEY)
    connection.execute(text(f"UPDATE api_keys SET {change}"))  # noqa: S608  (changes above)
    (stored,) = api_keys.iter_keys(connection)
    assert stored.row.operations == frozenset[Operation]()
    assert stored.row.expires_at == EPOCH


def test_sessions_and_links_are_read_as_written(connection: Connection) -> None:
    accounts.add_user(connection, USER)
    sign_in.add_session(connection, SESSION)
    sign_in.add_link(connection, LINK)
    assert sign_in.find_session(connection, "1") == SESSION
    assert sign_in.find_link(connection, "1") == LINK
    later = NOW + timedelta(minutes=1)
    sign_in.note_seen(connection, SESSION.uuid, at=later)
    assert sign_in.find_sessions_of(connection, USER.uuid) == [replace(SESSION, seen_at=later)]
    assert sign_in.find_expired_sessions(connection, at=NOW - timedelta(1)) == []
    assert len(sign_in.find_expired_sessions(connection, at=NOW)) == 1
    assert sign_in.find_links_of(connection, make_uuid(2)) == []
    sign_in.delete_sessions(connection, [SESSION.uuid])
    sign_in.delete_links(connection, ["1"])
    assert sign_in.find_session(connection, "1") is None
    assert sign_in.find_link(connection, "1") is None


@pytest.mark.parametrize("table", ["sessions", "one_time_links"])
def test_a_moment_of_no_sense_is_long_ago(connection: Connection, table: str) -> None:
    accounts.add_user(connection, USER)
    sign_in.add_session(connection, SESSION)
    sign_in.add_link(connection, LINK)
    connection.execute(text(f"UPDATE {table} SET expires_at = 'x'"))  # noqa: S608  (tables above)
    found = sign_in.find_session if table == "sessions" else sign_in.find_link
    row = found(connection, "1")
    assert row is not None
    assert row.expires_at == EPOCH


def test_a_code_is_used_once_by_each(connection: Connection) -> None:
    accounts.add_user(connection, USER)
    accounts.add_user(connection, replace(USER, uuid=make_uuid(2), reference="2"))
    used = [
        sign_in.use_code(connection, make_uuid(user), step=step)
        for user, step in ((1, 5), (1, 5), (2, 5), (1, 6), (1, 6), (1, 5))
    ]
    assert used == [True, False, True, True, False, False]
    sign_in.use_code(connection, make_uuid(1), step=1000)
    left = connection.execute(text("SELECT step FROM used_codes ORDER BY step")).scalars()
    assert list(left) == [5, 1000]


def test_tries_are_kept_until_they_are_forgotten(connection: Connection) -> None:
    def seen(at: datetime) -> sign_in.Tries:
        return replace(TRIES, last_at=at)

    sign_in.put_tries(connection, "old", tries=seen(NOW))
    sign_in.put_tries(connection, "new", tries=seen(NOW))
    sign_in.put_tries(connection, "new", tries=replace(seen(NOW + timedelta(1)), failures=2))
    sign_in.forget_tries(connection, until=NOW + timedelta(hours=1))
    assert sign_in.find_tries(connection, "old") is None
    found = sign_in.find_tries(connection, "new")
    assert found is not None
    assert found.failures == 2
    sign_in.delete_tries(connection, "new")
    assert sign_in.find_tries(connection, "new") is None


def test_the_newest_review_of_a_search_counts(connection: Connection) -> None:
    reviews.put_review(connection, 3, review_seq=7)
    reviews.put_review(connection, 3, review_seq=9)
    reviews.put_review(connection, 5, review_seq=8)
    assert list(reviews.iter_reviews(connection, [3])) == [(3, 9)]
    assert list(reviews.iter_reviews(connection, [4])) == []
