"""The end of a migration: the loss that is accepted, the switch, and the old templates' removal.

loss       faces without a new template are erased, as any erasure, if that was accepted
switch     one transaction of the catalog: the collection is of the new model, whose templates
           are in the other slot of the vault; the mark beside the keys says so too
removal    sealed files written anew without the old templates; then the collection says that
           no migration is under way

Whoever is killed before the switch has a collection of the old model and goes on by the same
command; after it, one of the new model, and whoever opens the home next removes the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from mien.catalog import reembed as rows
from mien.catalog.collections import Collection, set_next_model, switch_model
from mien.catalog.connect import Connection
from mien.catalog.reembed import HeldPhoto
from mien.catalog.selection import Selection, select_faces
from mien.errors import ConflictError
from mien.permission.charter import may_rely_on
from mien.service import audit
from mien.service.audit import Action, Event
from mien.service.deployment import Deployment, adding_alone, erasing
from mien.service.erase import erase
from mien.service.gallery import Galleries
from mien.service.migration import MigrationReport
from mien.service.snapshots import forget_snapshot
from mien.service.standing import get_collection, iter_collections, vouch_for_collection
from mien.vault.vault import SealedPhoto

_PHOTOS_A_STEP = 256


@dataclass(frozen=True, slots=True)
class _LossTarget:
    """Faces that another model cannot describe."""

    face_ids: tuple[str, ...]
    kind: ClassVar = "migration"

    def select(self, connection: Connection) -> Selection:
        return select_faces(connection, self.face_ids)


def name_loss(report: MigrationReport, *, accepted: int | None) -> bool:
    """Whether all that is left to do is to switch. Raises `ConflictError` for another loss."""
    if report.waiting:
        return False
    lost = report.lost.total()
    if accepted is not None and accepted != lost:
        raise ConflictError(
            f"{lost} templates would be lost, not {accepted}. Look at what and why, then accept "
            f"exactly that many, or none: what was made so far stays."
        )
    return lost in {0, accepted}


def conclude(
    view: Deployment, collection: Collection, *, galleries: Galleries, accepted: int
) -> None:
    """Erases what is lost, switches, and removes what is left of the old model.

    The vault is asked once more for every face, while nobody may add. Raises `ConflictError`
    where other faces lack a new template than were accepted as lost.
    """
    with adding_alone(view.home):
        _check_unchanged(view, collection)
        missing = _find_missing(view, collection)
        if len(missing) != accepted:
            raise ConflictError(
                f"{len(missing)} faces of {collection.name} have no template of "
                f"{view.model.model_id}, and {accepted} were accepted as lost: the collection "
                "changed meanwhile. Run the same command again."
            )
        if missing:
            erase(view, _LossTarget(tuple(missing)), galleries=galleries)
        with erasing(view.home):
            forget_snapshot(view, collection, model_digest=collection.model_digest)
            switched = _switch(view, collection, lost=len(missing))
            _tidy(view, switched)


def abandon(deployment: Deployment, collection: Collection) -> int:
    """Removes what was made for a migration; how many faces that was."""
    with adding_alone(deployment.home), erasing(deployment.home):
        _check_unchanged(deployment, collection)
        made = sum(len(uuids) for uuids in _iter_made(deployment, collection))
        _end(deployment, collection, action=Action.MIGRATION_ABANDONED, faces=made)
        drop_other_templates(deployment, collection)
    return made


def settle_migrations(deployment: Deployment) -> None:
    """Removes what a switch left, where somebody was killed after it. Cheap where nothing is.

    Only where the collection is what was recorded here: nobody's edit makes templates go.
    """
    with deployment.database.reading() as connection:
        found = list(iter_collections(deployment, connection))
    for collection in found:
        is_switched = collection.next_digest == collection.model_digest
        if is_switched and may_rely_on(collection.charter).is_allowed:
            with erasing(deployment.home):
                _tidy(deployment, collection)


def find_made(
    deployment: Deployment, collection: Collection, *, photos: Sequence[HeldPhoto]
) -> Mapping[str, set[str]]:
    """The faces, by their photo's blob, of which the vault opens a template of the new model."""
    places = [
        SealedPhoto(photo.blob_id, photo.photo_uuid, collection.other_slot)
        for photo in photos
        if photo.faces
    ]
    return {at.blob_id: set(templates) for at, templates in deployment.vault.iter_templates(places)}


def drop_other_templates(deployment: Deployment, collection: Collection) -> None:
    """Nothing is left in the slot that the collection does not use."""
    for photos in _iter_photos(deployment, collection):
        blob_ids = [photo.blob_id for photo in photos]
        deployment.vault.drop_templates(blob_ids, slot=collection.other_slot)


def _check_unchanged(deployment: Deployment, collection: Collection) -> None:
    """Raises `ConflictError` where somebody else ended it, or edited the record, meanwhile."""
    with deployment.database.reading() as connection:
        now = get_collection(deployment, connection, name=collection.name)
    is_same = (now.slot, now.next_digest) == (collection.slot, collection.next_digest)
    if not is_same or not may_rely_on(now.charter).is_allowed:
        raise ConflictError(
            f"The migration of {collection.name} was ended by somebody else meanwhile. Look at it "
            "with: mien collection list"
        )


def _switch(view: Deployment, collection: Collection, *, lost: int) -> Collection:
    with view.database.writing_durably() as connection:
        switch_model(connection, collection, model=view.model)
        event = Event(
            action=Action.MODEL_SWITCHED,
            facts={
                "collection": audit.refer_collection(view, collection.uuid),
                "model": view.model.model_id,
                "model_digest": view.model.digest,
                "from_digest": collection.model_digest,
                "lost": lost,
            },
        )
        audit.append(view, connection, event=event)
        return vouch_for_collection(view, connection, name=collection.name)


def _tidy(deployment: Deployment, switched: Collection) -> None:
    drop_other_templates(deployment, switched)
    _end(deployment, switched, action=Action.MIGRATION_ENDED)


def _end(deployment: Deployment, collection: Collection, *, action: Action, **facts: int) -> None:
    """No migration is under way any more."""
    with deployment.database.writing_durably() as connection:
        set_next_model(connection, collection.id, digest="")
        reference = audit.refer_collection(deployment, collection.uuid)
        event = Event(action=action, facts={"collection": reference, **facts})
        audit.append(deployment, connection, event=event)
        vouch_for_collection(deployment, connection, name=collection.name)


def _find_missing(deployment: Deployment, collection: Collection) -> list[str]:
    """The faces of a collection that have no template of the new model."""
    missing = []
    for photos in _iter_photos(deployment, collection):
        made = find_made(deployment, collection, photos=photos)
        for photo in photos:
            had = made.get(photo.blob_id, set())
            missing += [one.uuid for one in photo.faces if one.uuid not in had]
    return missing


def _iter_made(deployment: Deployment, collection: Collection) -> Iterator[set[str]]:
    for photos in _iter_photos(deployment, collection):
        yield from find_made(deployment, collection, photos=photos).values()


def _iter_photos(deployment: Deployment, collection: Collection) -> Iterator[list[HeldPhoto]]:
    after = 0
    while True:
        with deployment.database.reading() as connection:
            some = rows.find_held(connection, collection.id, after=after, limit=_PHOTOS_A_STEP)
        if not some:
            return
        yield some
        after = some[-1].indexed_photo_id
