"""Delete a collection, with all of it that came in under one grant.

The rows go in the transaction that begins the erasure, so that a killed one is finished by
whoever comes next. What others brought in stays, and the collection with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from mien.catalog import dropping as rows
from mien.catalog.collections import is_there
from mien.catalog.connect import Connection
from mien.catalog.erasures import LedgerEntry
from mien.catalog.grants import get_grant
from mien.catalog.removal import Plan, plan_removal
from mien.catalog.tags import name_tags
from mien.errors import NotFoundError
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.deployment import Deployment, erasing
from mien.service.erase import ErasureReport, conclude_erasure
from mien.service.erasing import begin_erasure
from mien.service.gallery import Galleries
from mien.service.leave import Leave
from mien.service.snapshots import forget_snapshot
from mien.service.standing import disown_collection
from mien.types import GrantId

KIND = "collection"
"""What ledger and certificate call such an erasure."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What became of a collection: whether it is gone, and what was erased of it."""

    is_gone: bool
    erasure: ErasureReport


def drop_collection(
    deployment: Deployment, leave: Leave, *, grant_id: str, galleries: Galleries
) -> Dropped:
    """Erases what came in under the grant, and deletes the collection where that was all of it.

    A photo that came in under other grants as well goes too. Where there are links for guests,
    the collection stays. Raises `NotFoundError` where it is gone, and as `erase`.
    """
    collection = leave.collection
    with erasing(deployment.home):
        with deployment.database.writing_durably() as connection:
            if not is_there(connection, collection.id):
                raise NotFoundError(f"The collection {collection.name} was deleted meanwhile.")
            own = get_grant(connection, grant_id).id
            is_going = not rows.is_shared(connection, collection.id, grant_id=own)
            plan = _plan(connection, leave, grant_id=own, is_going=is_going)
            entry = begin_erasure(deployment, connection, plan=plan, kind=KIND)
            if is_going:
                _delete(deployment, connection, leave=leave, plan=plan, entry=entry)
        if is_going:
            galleries.forget(collection.uuid)
        return Dropped(is_going, conclude_erasure(deployment, galleries, plan=plan, entry=entry))


def _plan(connection: Connection, leave: Leave, *, grant_id: GrantId, is_going: bool) -> Plan:
    collection = leave.collection
    selection = rows.select_added(connection, collection.id, grant_id=grant_id)
    plan = plan_removal(connection, selection)
    if is_going:
        plan.removal.stray_subjects = [name_tags(collection.uuid)]
    return plan


def _delete(
    deployment: Deployment,
    connection: Connection,
    *,
    leave: Leave,
    plan: Plan,
    entry: LedgerEntry,
) -> None:
    """The snapshot's key goes first: once the row is gone, nobody would look for it."""
    collection = leave.collection
    forget_snapshot(deployment, collection, model_digest=collection.model_digest)
    rows.delete_collection(connection, collection.id)
    event = Event(
        action=Action.COLLECTION_DELETED,
        facts={
            "collection": audit.refer_collection(deployment, collection.uuid),
            "faces": len(plan.removal.faces),
            "erasure": entry.uuid,
        },
        note=Note({"collection": collection.name}),
    )
    audit.append(deployment, connection, event=event)
    disown_collection(deployment, collection)
