"""May this be searched, and what of it may be seen: asked once, of the same grants.

The grants of a collection are judged one by one, as pure decisions. Those that cover the
search become its scope, which every query for faces takes; where there are none, it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mien.catalog import grants as grant_rows
from mien.catalog.collections import Collection
from mien.catalog.faces import CoveringGrant, SearchScope
from mien.catalog.grants import StoredGrant
from mien.permission.charter import kept_after, may_serve
from mien.permission.grant import may_keep, may_search
from mien.permission.purpose import check_purpose
from mien.permission.use import Use
from mien.permission.verdict import Reason, Verdict, refuse
from mien.service.deployment import Deployment
from mien.service.standing import get_collection, iter_grants_of


@dataclass(frozen=True, slots=True)
class Leave:
    """A search is allowed, this far, for this purpose at this moment.

    Faces like those of people who opted out are left out.
    """

    collection: Collection
    scope: SearchScope
    purpose: str
    at: datetime
    left_out: frozenset[int] = frozenset()


def ask_leave(
    deployment: Deployment, *, purpose: str, collection: str, at: datetime
) -> Leave | Verdict:
    """Leave to search, or why there is none. Raises `NotFoundError`."""
    verdict = check_purpose(purpose)
    if not verdict.is_allowed:
        return verdict
    with deployment.database.reading() as connection:
        found = get_collection(deployment, connection, name=collection)
        verdict = may_serve(found.charter, purpose=purpose)
        if not verdict.is_allowed:
            return verdict
        grants = list(iter_grants_of(deployment, connection, collection_id=found.id))
        latest = grant_rows.find_latest_runs(connection, found.id, at=at)
    granted = [
        stored
        for stored in grants
        if may_search(stored.grant, purpose=purpose, basis=found.basis, at=at).is_allowed
    ]
    if not granted:
        return refuse(Reason.PURPOSE_NOT_GRANTED)
    kept = [
        stored
        for stored in granted
        if may_keep(stored.grant, since=latest[stored.id], at=at).is_allowed
    ]
    if not kept:
        return refuse(Reason.RETENTION_ENDED)
    covering = tuple(_cover(one, at=at) for one in kept)
    scope = SearchScope(found.id, covering, kept_after(found.charter, at=at))
    return Leave(found, scope, purpose, at)


def _cover(stored: StoredGrant, *, at: datetime) -> CoveringGrant:
    retention = stored.grant.retention
    return CoveringGrant(
        stored.id,
        kept_after=None if retention is None else at - retention,
        is_for_display=Use.DISPLAY in stored.grant.uses,
    )
