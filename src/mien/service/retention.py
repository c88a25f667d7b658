"""Retention: what may not be kept any longer is erased, by time and not by an operator.

It ends at the retention that a grant states, counted from when a photo was taken in, or that
of a collection, counted from when it was indexed there, or a grace period after the grant's
own end, whichever comes first. Templates of people, and faces kept for them, go a grace
period after their consent ends, and at once where they withdrew it; all that is recorded of
somebody goes three years after they last had to do with it. Long before, nothing of it
answers: searches ask grants, collections and consents.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from mien.catalog.cases import find_closed
from mien.catalog.collections import iter_collections
from mien.catalog.connect import Connection
from mien.catalog.consents import StoredConsent, find_consents
from mien.catalog.grants import find_first_additions, iter_grants
from mien.catalog.indexed import find_first_indexings
from mien.catalog.people import StoredPerson, find_perhaps_overdue
from mien.catalog.selection import Deadlines, Selection, select_enrolled, select_overdue
from mien.permission.grant import Grant, ends_at, keep_until
from mien.service import standing
from mien.service.consents import read_consent
from mien.service.deployment import Deployment
from mien.service.erase import ErasureReport, erase, withdraw
from mien.service.erasing import RETENTION
from mien.service.gallery import Galleries
from mien.service.people import RECORD_KEPT, templates_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long is kept what no grant covers any more, and a case that was closed."""

    grace: timedelta
    cases: timedelta


@dataclass(frozen=True, slots=True)
class OverdueTarget:
    """Everything whose time is over at a moment."""

    at: datetime
    terms: Terms
    kind: ClassVar = RETENTION

    def select(self, connection: Connection) -> Selection:
        closed = Selection(case_ids=find_closed(connection, until=self.at - self.terms.cases))
        of_grants, of_people = self._select_granted(connection), self._select_people(connection)
        return closed.with_more(of_grants).with_more(of_people)

    def _select_granted(self, connection: Connection) -> Selection:
        """What grants cover no more."""
        grace = self.terms.grace
        stored = list(iter_grants(connection))
        ended = {s.id for s in stored if ends_at(s.grant) <= self.at - grace}
        return select_overdue(
            connection,
            Deadlines(
                ended=ended,
                kept_until={
                    s.id: self.at - s.grant.retention
                    for s in stored
                    if s.grant.retention is not None and s.id not in ended
                },
                indexed_until={
                    c.id: self.at - c.charter.retention
                    for c in iter_collections(connection)
                    if c.charter.retention is not None
                },
                quarantined_until=self.at - grace,
            ),
        )

    def _select_people(self, connection: Connection) -> Selection:
        perhaps = find_perhaps_overdue(
            connection,
            ended_until=self.at - self.terms.grace,
            untouched_since=self.at - RECORD_KEPT,
        )
        if not perhaps:
            return Selection()
        consents = find_consents(connection, [person.id for person in perhaps])
        gone = {p.id for p in perhaps if p.touched_at + RECORD_KEPT <= self.at}
        lapsed = {
            person.id
            for person in perhaps
            if self.at
            >= templates_until(
                person,
                [read_consent(c) for c in consents.get(person.id, [])],
                grace=self.terms.grace,
            )
        }
        enrolled = select_enrolled(connection, lapsed)
        return enrolled.with_more(Selection(person_ids=gone))

    def _templates_until(self, person: StoredPerson, consents: list[StoredConsent]) -> datetime:
        said = [read_consent(consent) for consent in consents]
        return templates_until(person, said, grace=self.terms.grace)


@dataclass(frozen=True, slots=True)
class Deadline:
    """When the first of what was found under a grant is to be erased."""

    grant: Grant
    erase_at: datetime


@dataclass(frozen=True, slots=True)
class CollectionDeadline:
    """When the first of what a collection holds is to be erased from it."""

    name: str
    erase_at: datetime


def enforce_retention(
    deployment: Deployment, galleries: Galleries, *, terms: Terms
) -> ErasureReport | None:
    """Erases what is overdue; nothing to tell where nothing is. Cheap where nothing is."""
    target = OverdueTarget(deployment.clock(), terms)
    with deployment.database.reading() as connection:
        if target.select(connection).is_empty:
            return None
    return erase(deployment, target, galleries=galleries)


def withdraw_overdue(deployment: Deployment, galleries: Galleries, *, terms: Terms) -> bool:
    """Takes what is overdue out of every answer, and no more; whether there was anything."""
    target = OverdueTarget(deployment.clock(), terms)
    with deployment.database.reading() as connection:
        if target.select(connection).is_empty:
            return False
    return withdraw(deployment, target, galleries=galleries)


def list_deadlines(deployment: Deployment, *, grace: timedelta) -> list[Deadline]:
    """Of every grant under which anything is held, the soonest first."""
    with deployment.database.reading() as connection:
        first = find_first_additions(connection)
        deadlines = [
            Deadline(stored.grant, keep_until(stored.grant, since=first[stored.id], grace=grace))
            for stored in standing.iter_grants(deployment, connection)
            if stored.id in first
        ]
    return sorted(deadlines, key=lambda deadline: deadline.erase_at)


def list_collection_deadlines(deployment: Deployment) -> list[CollectionDeadline]:
    """Of every collection with a retention that holds anything, the soonest first."""
    with deployment.database.reading() as connection:
        first = find_first_indexings(connection)
        deadlines = [
            CollectionDeadline(found.name, first[found.id] + found.charter.retention)
            for found in iter_collections(connection)
            if found.id in first and found.charter.retention is not None
        ]
    return sorted(deadlines, key=lambda deadline: deadline.erase_at)
