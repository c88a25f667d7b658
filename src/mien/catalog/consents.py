"""Consents as rows, and what became of each: events that are only ever appended.

Rows are handed out as they stand, to be believed only when they were checked: what makes
them a consent is decided by whoever holds the vault.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, LargeBinary, Row, Select, String, cast, insert, select

from mien.catalog.audit import Json
from mien.catalog.parts import in_parts
from mien.catalog.schema import consent_events, consents, people
from mien.errors import CatalogError, NotFoundError
from mien.types import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredConsentEvent:
    """What was said of a consent; events of one are counted from 0."""

    number: int
    state: str
    at: datetime
    valid_until: datetime | None
    party: str
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConsent:
    """A consent under its outside id; `sealed` holds parties, notice and language."""

    uuid: str
    person_id: PersonId
    purposes: list[str]
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredConsent:
    """A consent with its events in order, and what else its meaning hangs on."""

    id: int
    uuid: str
    person_id: PersonId
    person_uuid: str
    of_age_at: datetime | None
    purposes: Json
    sealed: bytes
    events: tuple[StoredConsentEvent, ...]


def add_consent(connection: Connection, new: NewConsent) -> int:
    row = insert(consents).values(
        uuid=new.uuid, person_id=new.person_id, purposes=new.purposes, sealed=new.sealed
    )
    return int(connection.execute(row.returning(consents.c.id)).scalar_one())


def add_event(connection: Connection, *, consent_id: int, event: StoredConsentEvent) -> None:
    connection.execute(
        insert(consent_events).values(
            consent_id=consent_id,
            number=event.number,
            state=event.state,
            at=event.at,
            valid_until=event.valid_until,
            party=event.party,
            sealed=event.sealed,
        )
    )


def get_consent(connection: Connection, uuid: str) -> StoredConsent:
    """Raises `NotFoundError`, `CatalogError`."""
    found = next(_iter_some(connection, _FOUND.where(consents.c.uuid == uuid)), None)
    if found is None:
        raise NotFoundError(f"There is no consent {uuid}. List people with: mien people list")
    return found


def find_consents(
    connection: Connection, person_ids: Iterable[PersonId]
) -> dict[PersonId, list[StoredConsent]]:
    """The consents of these people, in the order they were recorded. Raises `CatalogError`."""
    found = defaultdict[PersonId, list[StoredConsent]](list)
    for some in in_parts(sorted(set(person_ids))):
        for consent in _iter_some(connection, _FOUND.where(consents.c.person_id.in_(some))):
            found[consent.person_id].append(consent)
    return dict(found)


def iter_consents(connection: Connection) -> Iterator[StoredConsent]:
    """All consents, in the order they were recorded. Raises `CatalogError`."""
    yield from _iter_some(connection, _FOUND)


# Whatever somebody else wrote into a column is read as what it should be, and then checked.
_FOUND = (
    select(
        *(consents.c[name] for name in ("id", "uuid", "person_id", "purposes")),
        cast(consents.c.sealed, LargeBinary).label("sealed"),
        people.c.uuid.label("person_uuid"),
        people.c.of_age_at,
        *(consent_events.c[name] for name in ("number", "at", "valid_until")),
        *(cast(consent_events.c[name], String).label(name) for name in ("state", "party")),
        cast(consent_events.c.sealed, LargeBinary).label("event_sealed"),
    )
    .join_from(consents, people)
    .outerjoin(consent_events)
    .order_by(consents.c.id, consent_events.c.number)
)


def _iter_some(connection: Connection, found: Select[*tuple[Any, ...]]) -> Iterator[StoredConsent]:
    by_consent: dict[int, list[Row[*tuple[Any, ...]]]] = {}
    try:
        for row in connection.execute(found):
            by_consent.setdefault(row.id, []).append(row)
    except (TypeError, ValueError, OverflowError) as error:
        raise CatalogError(
            f"A consent in the catalog is malformed ({error}), and nobody is recognised while it "
            "is. Restore the catalog from a backup."
        ) from error
    for rows in by_consent.values():
        yield _parse_rows(rows)


def _parse_rows(rows: list[Row[*tuple[Any, ...]]]) -> StoredConsent:
    first = rows[0]
    return StoredConsent(
        id=first.id,
        uuid=first.uuid,
        person_id=PersonId(first.person_id),
        person_uuid=first.person_uuid,
        of_age_at=first.of_age_at,
        purposes=first.purposes,
        sealed=first.sealed,
        events=tuple(
            StoredConsentEvent(
                number=row.number,
                state=row.state,
                at=row.at,
                valid_until=row.valid_until,
                party=row.party,
                sealed=row.event_sealed,
            )
            for row in rows
            if row.number is not None
        ),
    )
