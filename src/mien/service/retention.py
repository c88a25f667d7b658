"""Retention: what may not be kept any longer is erased, by time and not by an operator.

It ends at the retention that a grant states, counted from when a photo was taken in, or a
grace period after the grant's own end, whichever comes first. Long before, nothing of it
answers: searches ask the grants.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

from mien.catalog.cases import find_closed
from mien.catalog.connect import Connection
from mien.catalog.grants import find_first_additions, iter_grants
from mien.catalog.selection import Deadlines, Selection, select_overdue
from mien.permission.grant import Grant, ends_at, keep_until
from mien.service.deployment import Deployment
from mien.service.erase import ErasureReport, erase
from mien.service.erasing import RETENTION
from mien.service.gallery import Galleries


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
        closed = find_closed(connection, until=self.at - self.terms.cases)
        return replace(self._select_granted(connection), case_ids=closed)

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
                quarantined_until=self.at - grace,
            ),
        )


@dataclass(frozen=True, slots=True)
class Deadline:
    """When the first of what was found under a grant is to be erased."""

    grant: Grant
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


def list_deadlines(deployment: Deployment, *, grace: timedelta) -> list[Deadline]:
    """Of every grant under which anything is held, the soonest first."""
    with deployment.database.reading() as connection:
        first = find_first_additions(connection)
        deadlines = [
            Deadline(stored.grant, keep_until(stored.grant, since=first[stored.id], grace=grace))
            for stored in iter_grants(connection)
            if stored.id in first
        ]
    return sorted(deadlines, key=lambda deadline: deadline.erase_at)
