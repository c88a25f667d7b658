"""People: who is enrolled here, what became of their consent, and until when anything is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mien.catalog import people as rows
from mien.catalog.audit import Json
from mien.catalog.connect import Connection
from mien.catalog.consents import StoredConsent
from mien.catalog.consents import find_consents as find_stored
from mien.catalog.people import StoredPerson
from mien.permission.consent import (
    Consent,
    ConsentEvent,
    ConsentState,
    keep_until,
    may_rely_on,
    state_at,
)
from mien.permission.verdict import Verdict
from mien.service.consents import believe, open_statement
from mien.service.deployment import Deployment

RECORD_KEPT = timedelta(days=3 * 365)
"""How long anything of a person is kept after they last had to do with it, at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody, as things stand at a moment; the newest consent comes last.

    Templates and faces are erased at `templates_until`, and all that is recorded, the consent
    included, at `record_until`. `consent` and `verdict` are about the newest consent.
    """

    stored: StoredPerson
    state: ConsentState
    verdict: Verdict
    consents: tuple[Consent, ...]
    templates: int
    templates_until: datetime
    record_until: datetime

    @property
    def consent(self) -> Consent | None:
        return self.consents[-1] if self.consents else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One event of a consent, with who said so and what shows it."""

    consent_id: str
    event: ConsentEvent
    guardian: str
    evidence: Json


def list_people(deployment: Deployment, *, grace: timedelta) -> list[Person]:
    """Everybody, in the order they were enrolled."""
    with deployment.database.reading() as connection:
        people = list(rows.iter_people(connection))
        return describe_people(deployment, connection, people=people, grace=grace)


def get_person(deployment: Deployment, name: str, *, grace: timedelta) -> Person:
    """By id, or by a name that one person has. Raises `NotFoundError`, `ConflictError`."""
    with deployment.database.reading() as connection:
        stored = rows.get_person(connection, name)
        (person,) = describe_people(deployment, connection, people=[stored], grace=grace)
    return person


def list_events(deployment: Deployment, name: str) -> list[Spoken]:
    """What was said of a person's consents, in order. Raises as `get_person`, `VaultError`."""
    with deployment.database.reading() as connection:
        person = rows.get_person(connection, name)
        consents = find_stored(connection, [person.id]).get(person.id, [])
    return [spoken for stored in consents for spoken in _open_events(deployment, stored)]


def describe_people(
    deployment: Deployment,
    connection: Connection,
    *,
    people: Sequence[StoredPerson],
    grace: timedelta,
) -> list[Person]:
    """How these people stand now."""
    at, digest = deployment.clock(), deployment.model.digest
    stored = find_stored(connection, [person.id for person in people])
    templates = rows.count_enrolments(connection, model_digest=digest)
    described = []
    for person in people:
        consents = tuple(believe(deployment, one) for one in stored.get(person.id, []))
        newest = consents[-1] if consents else None
        described.append(
            Person(
                stored=person,
                state=ConsentState.UNKNOWN if newest is None else state_at(newest, at=at),
                verdict=may_rely_on(newest, at=at),
                consents=consents,
                templates=templates.get(person.id, 0),
                templates_until=templates_until(person, consents, grace=grace),
                record_until=person.touched_at + RECORD_KEPT,
            )
        )
    return described


def templates_until(
    person: StoredPerson, consents: Sequence[Consent], *, grace: timedelta
) -> datetime:
    """When a person's templates, and the faces kept for them, are to be erased."""
    until = keep_until(consents, grace=grace)
    return min(until or person.enrolled_at + grace, person.touched_at + RECORD_KEPT)


def _open_events(deployment: Deployment, stored: StoredConsent) -> list[Spoken]:
    consent, spoken = believe(deployment, stored), []
    for event, stored_event in zip(consent.events, stored.events, strict=True):
        details = open_statement(deployment, stored, event=stored_event)
        spoken.append(
            Spoken(
                consent_id=stored.uuid,
                event=event,
                guardian=str(details.get("guardian", "")),
                evidence=details.get("evidence"),
            )
        )
    return spoken
