"""May this be searched or browsed, and what of it may be seen: asked once, of the same grants.

The grants of a collection are judged one by one, as pure decisions. Those that cover what is
asked become its scope, which every query for faces takes; where there are none, it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mien.catalog import grants as grant_rows
from mien.catalog.collections import Collection
from mien.catalog.connect import Connection
from mien.catalog.faces import EVERYTHING, CoveringGrant, SearchScope, Wanted
from mien.catalog.grants import StoredGrant
from mien.permission.basis import Basis
from mien.permission.charter import Charter, kept_after, may_rely_on, may_serve
from mien.permission.grant import Grant, may_browse, may_keep, may_search
from mien.permission.purpose import check_purpose
from mien.permission.use import Use
from mien.permission.verdict import Reason, Verdict, refuse
from mien.service.deployment import Deployment
from mien.service.standing import find_grant, get_collection, iter_grants_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What somebody wants to see of what they may; with `grant_id`, what came in under it alone.

    Whoever `is_bound` to that grant has leave by no other one: it is refused where this is.
    """

    grant_id: str = ""
    is_bound: bool = False
    wanted: Wanted = EVERYTHING


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Leave:
    """A search is allowed, this far, for this purpose at this moment; to browse, without one.

    `reach` is all that it covers, and `scope` what of it is wanted. Faces like those of people
    who opted out are left out.
    """

    collection: Collection
    reach: SearchScope
    scope: SearchScope
    purpose: str | None
    at: datetime
    left_out: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of the collection and of each grant, and why not where no grant covers it."""

    serves: Callable[[Charter], Verdict]
    covers: Callable[[Grant, Basis], Verdict]
    otherwise: Reason
    purpose: str | None


def ask_leave(
    deployment: Deployment,
    *,
    purpose: str,
    collection: str,
    at: datetime,
    filters: Filters = NO_FILTERS,
) -> Leave | Verdict:
    """Leave to search, or why there is none. Raises `NotFoundError`."""
    verdict = check_purpose(purpose)
    if not verdict.is_allowed:
        return verdict
    question = _Question(
        serves=lambda charter: may_serve(charter, purpose=purpose),
        covers=lambda grant, basis: may_search(grant, purpose=purpose, basis=basis, at=at),
        otherwise=Reason.PURPOSE_NOT_GRANTED,
        purpose=purpose,
    )
    return _ask(deployment, question, collection=collection, at=at, filters=filters)


def ask_to_browse(
    deployment: Deployment, *, collection: str, at: datetime, filters: Filters = NO_FILTERS
) -> Leave | Verdict:
    """Leave to look at photos without searching, or why there is none. Raises `NotFoundError`."""
    question = _Question(
        serves=may_rely_on,
        covers=lambda grant, basis: may_browse(grant, basis=basis, at=at),
        otherwise=Reason.DISPLAY_NOT_GRANTED,
        purpose=None,
    )
    return _ask(deployment, question, collection=collection, at=at, filters=filters)


def _ask(
    deployment: Deployment,
    question: _Question,
    *,
    collection: str,
    at: datetime,
    filters: Filters,
) -> Leave | Verdict:
    with deployment.database.reading() as connection:
        found = get_collection(deployment, connection, name=collection)
        verdict = question.serves(found.charter)
        if not verdict.is_allowed:
            return verdict
        grants = list(iter_grants_of(deployment, connection, collection_id=found.id))
        grants += _find_named(deployment, connection, filters=filters, known=grants)
        latest = grant_rows.find_latest_runs(connection, found.id, at=at)
    if filters.is_bound:
        grants = [stored for stored in grants if stored.grant.grant_id == filters.grant_id]
    granted = [stored for stored in grants if question.covers(stored.grant, found.basis).is_allowed]
    if not granted:
        return refuse(question.otherwise)
    kept = [
        stored
        for stored in granted
        if may_keep(stored.grant, since=latest.get(stored.id, at), at=at).is_allowed
    ]
    if not kept:
        return refuse(Reason.RETENTION_ENDED)
    covering = tuple(_cover(one, at=at) for one in kept)
    reach = SearchScope(found.id, covering, kept_after(found.charter, at=at))
    return Leave(found, reach, _narrow(reach, filters, grants=kept), question.purpose, at)


def _find_named(
    deployment: Deployment,
    connection: Connection,
    *,
    filters: Filters,
    known: Sequence[StoredGrant],
) -> Sequence[StoredGrant]:
    """The grant that is asked for by name, where nothing came in under it yet: it may be asked.

    Whoever searches a collection that is still empty finds nothing, and is not refused.
    """
    name = filters.grant_id
    if not name or any(one.grant.grant_id == name for one in known):
        return ()
    stored = find_grant(deployment, connection, grant_id=name)
    return () if stored is None else (stored,)


def _narrow(reach: SearchScope, filters: Filters, *, grants: Sequence[StoredGrant]) -> SearchScope:
    """What is wanted: nothing is seen under a grant that does not cover what is asked."""
    wanted = {one.id for one in grants if filters.grant_id in {"", one.grant.grant_id}}
    chosen = tuple(grant for grant in reach.grants if grant.grant_id in wanted)
    return replace(reach, grants=chosen, wanted=filters.wanted)


def _cover(stored: StoredGrant, *, at: datetime) -> CoveringGrant:
    retention = stored.grant.retention
    return CoveringGrant(
        stored.id,
        kept_after=None if retention is None else at - retention,
        is_for_display=Use.DISPLAY in stored.grant.uses,
    )
