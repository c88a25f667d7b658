"""Access keys as rows: what was written is read, and what makes no sense has ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from catalog.samples import NOW
from catalog.statements import ACCESS_KEY, OTHER_ACCESS_KEY, USER
from mien.catalog import access_keys, accounts
from mien.catalog.access_keys import AccessRow, StoredAccess
from mien.catalog.schema import EPOCH
from mien.errors import NotFoundError
from mien.permission.access_key import AccessTerms
from mien.permission.caller import Operation

FULL = replace(
    ACCESS_KEY,
    name=b"sealed",
    operations=frozenset({Operation.VIEW, Operation.ADD}),
    terms=replace(ACCESS_KEY.terms, collections=frozenset({"b", "a"})),
    calls_a_minute=60,
)


def add(connection: Connection, row: AccessRow = FULL) -> StoredAccess:
    accounts.add_user(connection, USER)
    return access_keys.add_key(connection, row)


def test_a_key_is_read_as_written(connection: Connection) -> None:
    stored = add(connection)
    assert stored.row == FULL
    assert access_keys.find_key(connection, FULL.key_id) == stored
    assert access_keys.find_key(connection, FULL.key_id.lower()) is None
    with pytest.raises(NotFoundError, match="mien access-keys list"):
        access_keys.get_key(connection, OTHER_ACCESS_KEY.key_id)


def test_keys_come_in_the_order_they_were_made(connection: Connection) -> None:
    add(connection, OTHER_ACCESS_KEY)
    access_keys.add_key(connection, ACCESS_KEY)
    found = [stored.row for stored in access_keys.iter_keys(connection)]
    assert found == [OTHER_ACCESS_KEY, ACCESS_KEY]


def test_the_first_revocation_stays(connection: Connection) -> None:
    add(connection)
    first = access_keys.revoke_key(connection, FULL.key_id, at=NOW)
    assert first.row == replace(FULL, revoked_at=NOW)
    later = access_keys.revoke_key(connection, FULL.key_id, at=NOW + timedelta(days=1))
    assert later == first


def test_the_day_of_the_last_use_is_kept(connection: Connection) -> None:
    add(connection)
    access_keys.note_use(connection, FULL.key_id, day=NOW)
    access_keys.note_use(connection, "another", day=EPOCH)
    assert access_keys.get_key(connection, FULL.key_id).row == replace(FULL, last_used_on=NOW)


@pytest.mark.parametrize(
    "change",
    [
        *("operations = '[\"fly\"]'", "operations = '{'", "collections = '[1]'"),
        *("calls_a_minute = 0", "calls_a_minute = 'many'", "made_at = 'x'", "expires_at = 1e300"),
        *("name = 'x'", "purpose = x'00'", "revoked_at = 'x'"),
    ],
)
def test_a_key_of_no_sense_has_ended(connection: Connection, change: str) -> None:
    add(connection)
    connection.execute(text(f"UPDATE access_keys SET {change}"))  # noqa: S608  (changes above)
    (stored,) = access_keys.iter_keys(connection)
    assert stored.row == AccessRow(
        key_id=FULL.key_id,
        name=b"",
        owner_uuid=USER.uuid,
        operations=frozenset(),
        terms=AccessTerms(grant_id="", collections=frozenset(), purpose=""),
        calls_a_minute=1,
        made_at=EPOCH,
        expires_at=EPOCH,
    )
