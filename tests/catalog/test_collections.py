"""Collections: one name each, one model, one charter, and a revision that rises."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection

from catalog.samples import MODEL, NOW, add_collection
from mien.catalog.collections import (
    Collection,
    create_collection,
    find_collection,
    get_collection,
    iter_collections,
    raise_revision,
)
from mien.errors import ConflictError, NotFoundError
from mien.permission.basis import Basis
from mien.permission.charter import UNREADABLE, Charter

CHARTER = Charter(
    basis=Basis.DOCUMENTED_BASIS,
    purposes=frozenset({"press-archive", "yearbook"}),
    assessment="DPIA «7»",
    retention=timedelta(days=400),
    confirmations=2,
)


@pytest.mark.parametrize("charter", [CHARTER, Charter(basis=Basis.HOUSEHOLD, confirmations=1)])
def test_a_collection_is_kept_as_it_was_made(connection: Connection, charter: Charter) -> None:
    made = create_collection(connection, "press", charter=charter, model=MODEL, at=NOW)
    assert made == Collection(
        id=made.id,
        uuid=str(UUID(made.uuid)),
        name="press",
        charter=charter,
        model_id="fake",
        model_digest="fa" * 32,
        dimension=4,
        revision=0,
        created_at=NOW,
    )
    assert made.basis is charter.basis
    assert find_collection(connection, "press") == get_collection(connection, "press") == made


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("basis", "because"),
        ("purposes", "null"),
        ("purposes", "[7]"),
        ("purposes", "[" * 100_000),
        ("purposes", '["\\ud800"]'),
        ("retention_days", 0),
        ("retention_days", "long"),
        ("assessment", b"x"),
        ("confirmations", "few"),
        ("created_at", "long ago"),
        ("created_at", 2**62),
    ],
)
def test_a_malformed_charter_is_read_as_the_strictest_and_hides_no_other(
    connection: Connection, column: str, value: object
) -> None:
    add_collection(connection, "press")
    add_collection(connection, "club")
    change = f"UPDATE collections SET {column} = ? WHERE name = 'press'"  # noqa: S608  (above)
    connection.exec_driver_sql(change, (value,))
    press, club = iter_collections(connection)
    assert press.charter == UNREADABLE
    assert (press.basis, press.charter.is_vouched) == (Basis.ENROLLED_ONLY, False)
    assert club.charter == Charter(basis=Basis.HOUSEHOLD)


def test_a_name_is_given_once(connection: Connection) -> None:
    add_collection(connection, "press")
    with pytest.raises(ConflictError, match="a collection press already"):
        add_collection(connection, "press")


def test_names_differ_by_case_and_by_any_letter(connection: Connection) -> None:
    for name in ("press", "Press", "press ", "présse"):
        add_collection(connection, name)
    assert [found.name for found in iter_collections(connection)] == [
        "press",
        "Press",
        "press ",
        "présse",
    ]


def test_a_collection_that_is_not_there_is_told(connection: Connection) -> None:
    assert find_collection(connection, "press") is None
    with pytest.raises(NotFoundError, match="no collection press"):
        get_collection(connection, "press")


def test_the_revision_of_one_collection_rises_alone(connection: Connection) -> None:
    one, two = add_collection(connection, "one"), add_collection(connection, "two")
    for _ in range(3):
        raise_revision(connection, one.id)
    assert get_collection(connection, "one") == dataclasses.replace(one, revision=3)
    assert get_collection(connection, "two") == two
