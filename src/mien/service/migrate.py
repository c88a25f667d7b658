"""Migrate: describe the faces of a collection anew, with another model, while the old one answers.

The photos are read once more where they lie, permission is asked anew for each, and a face keeps
its id where the other detector finds it again. New templates are sealed beside the old ones,
under the same keys, so that whatever is erased meanwhile takes both. Which faces are done is told
by the vault alone: killed anywhere, the same command goes on where it stopped. The switch comes
last (mien.service.migration_end), and not before every face is done or its loss was accepted.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from mien.catalog import reembed as rows
from mien.catalog.collections import Collection, set_next_model
from mien.catalog.reembed import HeldPhoto
from mien.errors import ConflictError
from mien.permission.charter import may_rely_on
from mien.service import audit
from mien.service.audit import Action, Event
from mien.service.clearing import clear_up
from mien.service.deployment import Deployment, adding, erasing
from mien.service.gallery import Galleries
from mien.service.migration import (
    MigrationProgress,
    MigrationReport,
    MigrationRequest,
    MigrationState,
)
from mien.service.migration_end import (
    abandon,
    conclude,
    drop_other_templates,
    find_made,
    name_loss,
)
from mien.service.migration_run import MigrationRun
from mien.service.standing import get_collection, vouch_for_collection
from mien.service.suppression_replay import keep_up

_PHOTOS_A_STEP = 32


def migrate_collection(
    deployment: Deployment,
    request: MigrationRequest,
    *,
    galleries: Galleries,
    progress: MigrationProgress = lambda _: None,
) -> MigrationReport:
    """Brings a collection to another model, as far as it can be done now.

    Raises `NotFoundError`, `ModelError` for a pack that cannot be used, and `ConflictError`
    where the loss that is accepted is another than there is, where a migration to a third model
    is under way, or while photos are being added.
    """
    began = time.monotonic()
    view = deployment.seen_with(request.pack)
    with deployment.database.reading() as connection:
        collection = get_collection(deployment, connection, name=request.collection)
    report = MigrationReport(may_rely_on(collection.charter), model=view.model.model_id)
    if not report.verdict.is_allowed:
        return report
    if collection.model_digest == view.model.digest:
        report.state = MigrationState.SWITCHED
        return report
    if request.is_dry:
        _examine(view, request, collection=collection, report=report)
    else:
        collection = _begin(view, collection, galleries=galleries)
        with adding(view.home, clear_up=lambda: clear_up(view)):
            run = MigrationRun(view, request, collection=collection, report=report)
            run.work(_iter_waiting(view, collection, report=report), progress=progress)
        if name_loss(report, accepted=request.accepted_loss):
            conclude(view, collection, galleries=galleries, accepted=report.lost.total())
            report.state = MigrationState.SWITCHED
    report.seconds = time.monotonic() - began
    return report


def abandon_migration(deployment: Deployment, name: str) -> int:
    """Gives a migration up: what was made for it is removed. How many faces that was.

    Raises `ConflictError` where none is under way, it is done but for tidying up, or the
    collection is not what was recorded here.
    """
    with deployment.database.reading() as connection:
        collection = get_collection(deployment, connection, name=name)
    if not may_rely_on(collection.charter).is_allowed:
        raise ConflictError(f"The record of {name} is not what was last recorded here.")
    if collection.next_digest in {"", collection.model_digest}:
        raise ConflictError(f"No migration of {name} is under way.")
    return abandon(deployment, collection)


def _begin(view: Deployment, collection: Collection, *, galleries: Galleries) -> Collection:
    """Says that a migration is under way, once; from then on what is in the slot is of it."""
    if collection.next_digest not in {"", view.model.digest}:
        raise ConflictError(
            f"A migration of {collection.name} to another model is under way. Finish it, or give "
            f"it up with: mien models migrate {collection.name} --abandon"
        )
    keep_up(view, galleries)
    with erasing(view.home):
        with view.database.reading() as connection:
            collection = get_collection(view, connection, name=collection.name)
        if collection.next_digest == view.model.digest:
            return collection
        drop_other_templates(view, collection)  # of a migration that was given up half way
        with view.database.writing_durably() as connection:
            set_next_model(connection, collection.id, digest=view.model.digest)
            event = Event(
                action=Action.MIGRATION_BEGAN,
                facts={
                    "collection": audit.refer_collection(view, collection.uuid),
                    "model": view.model.model_id,
                    "model_digest": view.model.digest,
                },
            )
            audit.append(view, connection, event=event)
            return vouch_for_collection(view, connection, name=collection.name)


def _examine(
    view: Deployment,
    request: MigrationRequest,
    *,
    collection: Collection,
    report: MigrationReport,
) -> None:
    """A dry run: asks for permission and reads every file, and shows the new model a few."""
    run = MigrationRun(view, request, collection=collection, report=report)
    run.examine(_iter_waiting(view, collection, report=report))
    report.state = MigrationState.EXAMINED


def _iter_waiting(
    view: Deployment, collection: Collection, *, report: MigrationReport
) -> Iterator[HeldPhoto]:
    """Photos with faces that have no template of the new model, with those faces alone."""
    after = 0
    while True:
        with view.database.reading() as connection:
            some = rows.find_held(connection, collection.id, after=after, limit=_PHOTOS_A_STEP)
        if not some:
            return
        made = find_made(view, collection, photos=some) if collection.next_digest else {}
        for photo in some:
            missing = tuple(
                one for one in photo.faces if one.uuid not in made.get(photo.blob_id, ())
            )
            report.photos += 1
            report.faces += len(photo.faces)
            report.made += len(photo.faces) - len(missing)
            if missing:
                yield replace(photo, faces=missing)
        after = some[-1].indexed_photo_id
