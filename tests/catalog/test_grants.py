"""Grants as rows: kept word for word, revoked once and for all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Connection

from catalog.samples import NOW, add_collection, add_grant, make_uuid
from mien.catalog.grants import (
    StoredGrant,
    find_grant,
    find_latest_runs,
    get_grant,
    iter_grants,
    iter_grants_of,
    record_grant,
    revoke_grant,
)
from mien.catalog.runs import end_run, start_run
from mien.errors import NotFoundError
from mien.permission.basis import Basis
from mien.permission.grant import Evidence, Grant, GrantKind, make_unreadable
from mien.permission.use import Use
from mien.types import GrantId
from permission.samples import make_grant

FULL = make_grant(
    grant_id=make_uuid(1),
    kind=GrantKind.CONTRACT,
    grantor="Ada «Lovelace»'; DROP TABLE grants; --\n",
    scope=("file:///a/", "https://archive.example/%FF/"),
    uses=frozenset(Use),
    purposes=frozenset({"press", "yearbook"}),
    bases=frozenset({Basis.DOCUMENTED_BASIS, Basis.ENROLLED_ONLY}),
    contact="ada@analytical.example",
    verified_by="Charles «Babbage»",
    jurisdiction="US-IL",
    evidence=(
        Evidence(
            name="letter of Ada.pdf",
            sha256="ab" * 32,
            media_type="application/pdf",
            obtained_at=datetime(2025, 12, 31, 0, 0, 0, 1, tzinfo=UTC),
        ),
        Evidence(name="https://a.example/b", sha256="cd" * 32, media_type="", obtained_at=NOW),
    ),
    assessment="DPIA-7",
    retention=timedelta(days=400),
    terms="Name the photographer.",
    valid_from=datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    valid_until=datetime.max.replace(tzinfo=UTC),
)


@pytest.mark.parametrize("grant", [FULL, make_grant(grant_id=make_uuid(1))])
def test_a_grant_comes_back_as_it_was_recorded(connection: Connection, grant: Grant) -> None:
    record_grant(connection, grant, at=NOW)
    row = replace(grant, is_vouched=False)
    assert get_grant(connection, grant.grant_id).grant == row
    assert [stored.grant for stored in iter_grants(connection)] == [row]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "hearsay"),
        ("grantor", b"\xff"),
        ("contact", b"x"),
        ("scope", "null"),
        ("scope", "{"),
        ("scope", '["file:///\\udcff"]'),
        ("uses", '["everything"]'),
        ("uses", "[[]]"),
        ("purposes", '{"a": 1}'),
        ("bases", '["because"]'),
        ("bases", "[" * 100_000),
        ("evidence", "[7]"),
        ("evidence", '[{"name": "letter", "sha256": "", "media_type": ""}]'),
        ("evidence", '[{"name": 7, "sha256": "", "media_type": "", "obtained_us": 0}]'),
        ("retention_days", 0),
        ("retention_days", 36_501),
        ("retention_days", 10**15),
        ("retention_days", "long"),
        ("valid_from", "x"),
        ("valid_until", 2**62),
        ("valid_until", -(2**62)),
        ("valid_until", 1.5),
        ("revoked_at", "no"),
    ],
)
def test_a_malformed_row_stands_for_a_grant_that_allows_nothing_and_hides_no_other(
    connection: Connection, column: str, value: object
) -> None:
    for number in (1, 2):
        record_grant(connection, replace(FULL, grant_id=make_uuid(number)), at=NOW)
    change = f"UPDATE grants SET {column} = ? WHERE uuid = ?"  # noqa: S608  (columns above)
    connection.exec_driver_sql(change, (value, make_uuid(1)))
    changed, other = (stored.grant for stored in iter_grants(connection))
    assert changed == make_unreadable(make_uuid(1), revoked_at=None)
    assert other == replace(FULL, grant_id=make_uuid(2), is_vouched=False)
    assert find_grant(connection, make_uuid(1)) == StoredGrant(GrantId(1), changed)
    assert revoke_grant(connection, make_uuid(1), at=NOW).grant.revoked_at == NOW


def test_moments_are_kept_to_the_microsecond_in_any_zone(connection: Connection) -> None:
    tokyo = timezone(timedelta(hours=9))
    until = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=tokyo)
    add_grant(connection, valid_until=until)
    kept = get_grant(connection, make_uuid(1)).grant.valid_until
    assert kept == until
    assert kept.utcoffset() == timedelta(0)


def test_an_unknown_grant_is_told(connection: Connection) -> None:
    assert find_grant(connection, make_uuid(9)) is None
    for ask in (get_grant, find_and_revoke):
        with pytest.raises(NotFoundError, match=f"no grant {make_uuid(9)}"):
            ask(connection, make_uuid(9))


def find_and_revoke(connection: Connection, grant_id: str) -> None:
    revoke_grant(connection, grant_id, at=NOW)


def test_revoking_keeps_the_moment_of_the_first_time(connection: Connection) -> None:
    add_grant(connection, 1)
    add_grant(connection, 2)
    revoke_grant(connection, make_uuid(1), at=NOW)
    revoke_grant(connection, make_uuid(1), at=NOW + timedelta(days=1))
    assert get_grant(connection, make_uuid(1)).grant.revoked_at == NOW
    assert get_grant(connection, make_uuid(2)).grant.revoked_at is None


def test_the_grants_of_a_collection_are_those_its_runs_added_photos_under(
    connection: Connection,
) -> None:
    ours, theirs = add_collection(connection, "ours"), add_collection(connection, "theirs")
    first, second, third, _ = (add_grant(connection, number) for number in (1, 2, 3, 4))
    for collection, grant_id in ((ours, first), (ours, second), (ours, second), (theirs, third)):
        start_run(connection, collection_id=collection.id, grant_id=grant_id, at=NOW)
    assert [stored.id for stored in iter_grants_of(connection, ours.id)] == [first, second]
    assert [stored.id for stored in iter_grants_of(connection, theirs.id)] == [third]


def test_the_latest_run_of_a_grant_is_when_it_ended_or_now(connection: Connection) -> None:
    collection = add_collection(connection)
    ended, under_way = add_grant(connection, 1), add_grant(connection, 2)
    for grant_id in (ended, ended, under_way):
        start_run(connection, collection_id=collection.id, grant_id=grant_id, at=NOW)
    for run_id, hours in ((1, 2), (2, 1)):
        end_run(connection, run_id, counts={}, at=NOW + timedelta(hours=hours))
    later = NOW + timedelta(days=9)
    assert find_latest_runs(connection, collection.id, at=later) == {
        ended: NOW + timedelta(hours=2),
        under_way: later,
    }
