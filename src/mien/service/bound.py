"""What an access key may see of a collection: what came in under its grant, for its purpose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mien.catalog.collections import Collection
from mien.permission.access_key import AccessTerms
from mien.permission.charter import Charter, make_charter, may_serve
from mien.permission.grant import Grant, may_search
from mien.permission.verdict import Verdict, combine
from mien.service import audit
from mien.service.browsing import Look, leave_out_suppressed
from mien.service.collections import tell_made
from mien.service.deployment import Deployment
from mien.service.ingest import find_standing
from mien.service.leave import Filters, Leave, ask_leave
from mien.service.parts import Parts
from mien.service.standing import make_collection
from mien.service.tags import Tags


def ask_bound_leave(
    deployment: Deployment, terms: AccessTerms, *, collection: str
) -> Leave | Verdict:
    """As a search of the key's would have it; nothing where nothing came in yet.

    No other grant gives it leave: where its own has ended, it is refused. Raises
    `NotFoundError` for an unknown collection.
    """
    return ask_leave(
        deployment,
        purpose=terms.purpose,
        collection=collection,
        at=deployment.clock(),
        filters=filter_for(terms),
    )


def look_bound(parts: Parts, terms: AccessTerms, *, collection: str) -> Look | Verdict:
    """A look at the collection as a search of the key's would have it, or why there is none.

    Faces like those of people who opted out are left out. Raises `NotFoundError`.
    """
    deployment = parts.session.prepare_to_search(collection)
    leave = ask_bound_leave(deployment, terms, collection=collection)
    if isinstance(leave, Verdict):
        return leave
    return Look(deployment, leave_out_suppressed(parts, deployment, leave=leave))


def make_bound_collection(
    deployment: Deployment, terms: AccessTerms, *, name: str, tags: Mapping[str, str]
) -> Collection | Verdict:
    """A collection for what comes in under the key's grant, or why there can be none.

    It is what a first upload under the grant would make. Raises `ConflictError` where the name
    is taken or the tags are too many.
    """
    stored = find_standing(deployment, terms.grant_id)
    if isinstance(stored, Verdict):
        return stored
    charter = _make_charter(stored.grant, purpose=terms.purpose)
    at, basis = deployment.clock(), charter.basis
    verdict = combine(
        [
            may_search(stored.grant, purpose=terms.purpose, basis=basis, at=at),
            may_serve(charter, purpose=terms.purpose),
        ]
    )
    if not verdict.is_allowed:
        return verdict
    with deployment.database.writing_durably() as connection:
        made = make_collection(deployment, connection, name=name, charter=charter)
        audit.append(deployment, connection, event=tell_made(deployment, made))
        Tags(deployment, made).write(connection, tags)
    return made


def _make_charter(grant: Grant, *, purpose: str) -> Charter:
    """Where a charter names purposes, only the key's: it is made for nothing else."""
    charter = make_charter(grant)
    return replace(charter, purposes=charter.purposes & {purpose}) if charter.purposes else charter


def filter_for(terms: AccessTerms) -> Filters:
    """What keeps a search to what the key may see."""
    return Filters(grant_id=terms.grant_id, is_bound=True)
