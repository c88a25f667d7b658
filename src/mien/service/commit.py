"""Makes a batch of photos part of the record: keys and sealed files first, then rows.

The rows of a batch are one transaction. Whoever is killed before it ends leaves sealed
files and keys that no row names; the next run clears them away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import uuid4

from mien.catalog import photos as photo_rows
from mien.catalog.collections import Collection, is_there, raise_revision
from mien.catalog.connect import Connection
from mien.catalog.erasures import has_lapsed
from mien.catalog.holds import is_held
from mien.catalog.indexed import (
    NEVER_AGAIN,
    KeptFace,
    NewIndexedPhoto,
    index_photo,
    is_indexed,
    reopen,
)
from mien.catalog.references import refer_to_sighting
from mien.errors import ConflictError, KeyDestroyedError, MienError
from mien.permission.case import may_take_in
from mien.permission.charter import may_rely_on
from mien.permission.grant import may_add
from mien.permission.quality import QualityFilter
from mien.permission.suppression import may_take
from mien.permission.verdict import Reason, Verdict, combine
from mien.service import audit
from mien.service.audit import Action, Event
from mien.service.case_matters import open_matters
from mien.service.deployment import Deployment, recording
from mien.service.gate import Admissions, Gate, open_gate
from mien.service.intake import ReadPhoto
from mien.service.originals import FreshOriginals, sealing_originals
from mien.service.standing import get_grant
from mien.types import Box, GrantId, PhotoAnalysis, PhotoId
from mien.vault.vault import FaceSecrets, SealedPhoto


@dataclass(frozen=True, slots=True, eq=False)
class Sealed:
    """A photo whose secrets lie in the vault, and whose rows are still to be written."""

    photo: ReadPhoto
    blob_id: str = ""
    faces: Sequence[KeptFace] = ()
    admissions: Admissions = field(default_factory=Admissions)
    scanned_to: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """A photo of a batch whose rows are written, and whether it is new to the collection."""

    photo_id: PhotoId
    sealed: Sealed
    is_new: bool


def _say_nothing(connection: Connection, recorded: Recorded) -> None:
    """Nothing else is recorded with a photo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """Where a batch goes, under which grant, and which faces of a photo are kept at the most.

    Of a photo those alone are that are wanted, by where they are, if it is said which.
    What else is recorded with each photo, `note` writes in the same transaction.
    """

    collection: Collection
    grant_id: str
    quality: QualityFilter = QualityFilter.NONE
    most_faces: int | None = None
    is_wanted: Callable[[ReadPhoto, Box], bool] | None = None
    note: Callable[[Connection, Recorded], None] = _say_nothing


@dataclass(slots=True)
class BatchCounts:
    """What became of a batch."""

    new: int = 0
    known: int = 0
    reopened: int = 0
    faces: int = 0
    dropped: Counter[Reason] = field(default_factory=Counter)
    refused: Counter[Reason] = field(default_factory=Counter)

    def add(self, other: BatchCounts) -> None:
        """What became of another batch, too."""
        self.new += other.new
        self.known += other.known
        self.reopened += other.reopened
        self.faces += other.faces
        self.dropped.update(other.dropped)
        self.refused.update(other.refused)

    def count(self, item: Sealed, *, is_new: bool) -> None:
        if is_new:
            self.new += 1
            self.faces += len(item.faces)
            self.dropped += item.admissions.dropped
        else:
            self.known += 1


def commit_batch(
    deployment: Deployment, batch: Sequence[ReadPhoto], *, entrance: Entrance
) -> BatchCounts:
    """Seals and records a batch. All of it stays, or an exception tells why nothing did."""
    with recording(deployment.home):
        uuids = (entrance.grant_id, entrance.collection.uuid)
        fresh = _find_fresh(deployment, batch, uuids=uuids)
        allowed = _find_allowed(deployment, fresh)
        counts = _commit(deployment, allowed, entrance=entrance)
    if len(fresh) < len(batch):
        counts.refused[Reason.RETENTION_ENDED] += len(batch) - len(fresh)
    if len(allowed) < len(fresh):
        counts.refused[Reason.ITEM_SUPPRESSED] += len(fresh) - len(allowed)
    return counts


def _find_fresh(
    deployment: Deployment, batch: Sequence[ReadPhoto], *, uuids: Sequence[str]
) -> list[ReadPhoto]:
    """Those whose time under grant and collection is not over: what was erased by it stays out."""
    with deployment.database.reading() as connection:
        return [
            photo
            for photo in batch
            if not any(
                has_lapsed(connection, deployment.vault.mark(refer_to_sighting(photo.sha256, uuid)))
                for uuid in uuids
            )
        ]


def _find_allowed(deployment: Deployment, batch: Sequence[ReadPhoto]) -> list[ReadPhoto]:
    """Those that nobody opted out, themselves or as what they look like."""
    suppressed = deployment.suppressed.load(deployment.model)
    return [
        photo
        for photo in batch
        if suppressed.may_read(photo.sha256).is_allowed
        and (
            photo.analysis is None or suppressed.may_keep(photo.analysis.thumbnail_jpeg).is_allowed
        )
    ]


def _commit(
    deployment: Deployment, batch: Sequence[ReadPhoto], *, entrance: Entrance
) -> BatchCounts:
    gate = open_gate(deployment, entrance.collection)
    sealed: list[Sealed] = []
    try:
        with sealing_originals(deployment, batch) as originals:
            with deployment.vault.writing():
                for photo in batch:
                    one = _seal(deployment, photo, gate=gate, entrance=entrance)
                    sealed.append(one)  # kept up to an error
                    originals.keep(photo)
            counts, unused = _record(deployment, sealed, entrance=entrance, originals=originals)
    except MienError:
        _discard(deployment, sealed)
        raise
    _discard(deployment, unused)
    return counts


def _seal(deployment: Deployment, photo: ReadPhoto, *, gate: Gate, entrance: Entrance) -> Sealed:
    photo_id = photo_rows.photo_uuid_of(photo.sha256)
    if photo.analysis is None:
        try:
            deployment.vault.add_grant(photo_id, grant_id=entrance.grant_id)
        except KeyDestroyedError as error:
            raise _erased_meanwhile(photo) from error
        return Sealed(photo)
    admissions = gate.admit(photo.analysis.faces, quality=entrance.quality)
    if entrance.is_wanted is not None:
        admissions.keep_wanted(partial(entrance.is_wanted, photo))
    if entrance.most_faces is not None:
        admissions.keep_most(entrance.most_faces)
    kept = [one.to_keep() for one in admissions.kept]
    blob_id = str(uuid4())
    deployment.vault.write_photo(
        SealedPhoto(blob_id, photo_id, entrance.collection.slot),
        grant_id=entrance.grant_id,
        # A thumbnail would show the faces that are not kept.
        thumbnail_jpeg=None if admissions.hides_somebody else photo.analysis.thumbnail_jpeg,
        faces=[
            FaceSecrets(face.uuid, one.face.embedding, one.face.crop_jpeg)
            for face, one in zip(kept, admissions.kept, strict=True)
        ],
    )
    # Whoever wanted no more faces of a photo does not get them by a later look either.
    scanned_to = NEVER_AGAIN if admissions.beyond else gate.scanned_to
    return Sealed(photo, blob_id, kept, admissions, scanned_to)


def _record(
    deployment: Deployment,
    sealed: Sequence[Sealed],
    *,
    entrance: Entrance,
    originals: FreshOriginals,
) -> tuple[BatchCounts, list[Sealed]]:
    """Writes the rows of a batch; returns also what was sealed for nothing."""
    counts, unused, collection = BatchCounts(), [], entrance.collection
    with deployment.database.writing() as connection:
        if not is_there(connection, collection.id):
            raise ConflictError(
                f"The collection {collection.name} was deleted while photos were being added to "
                "it. Add them again, and it is made anew."
            )
        # Read again inside the transaction: it may have been revoked since the run began.
        stored = get_grant(deployment, connection, grant_id=entrance.grant_id)
        suppressed = deployment.suppressed.load(deployment.model)
        matters = open_matters(deployment, connection)
        now = deployment.clock()
        for item in sealed:
            uri = item.photo.found.uri
            may_enter = may_add(stored.grant, uri=uri, basis=collection.basis, at=now)
            wanted = suppressed.may_take(uri)
            undisputed = _dispute(connection, item, grant_id=stored.id, matters=matters)
            verdict = combine([may_rely_on(collection.charter), may_enter, wanted, undisputed])
            if not verdict.is_allowed:
                counts.refused[verdict.reasons[0]] += 1
                unused.append(item)
                continue
            photo_id, is_new = _record_photo(connection, item, entrance=entrance, at=now)
            sighting = photo_rows.Sighting(
                uri=uri, fingerprint=item.photo.found.fingerprint, grant_id=stored.id, at=now
            )
            photo_rows.add_location(connection, photo_id, sighting=sighting)
            originals.record(connection, photo_id, sha256=item.photo.sha256)
            entrance.note(connection, Recorded(photo_id, item, is_new))
            counts.count(item, is_new=is_new)
            if not is_new:
                counts.reopened += reopen(
                    connection, photo_id, collection_id=collection.id, to=entrance.quality
                )
                unused.append(item)
        if counts.new:
            raise_revision(connection, collection.id)
        audit.append(
            deployment, connection, event=_tell_added(deployment, counts, entrance=entrance)
        )
    return counts, unused


def _dispute(
    connection: Connection, item: Sealed, *, grant_id: GrantId, matters: frozenset[str]
) -> Verdict:
    """A no where a case about the photo, its place or its grant is open."""
    photo = item.photo
    is_meant = photo.sha256 in matters or not may_take(photo.found.uri, blocked=matters).is_allowed
    return may_take_in(
        is_under_case=is_meant or is_held(connection, sha256=photo.sha256, grant_id=grant_id)
    )


def _tell_added(deployment: Deployment, counts: BatchCounts, *, entrance: Entrance) -> Event:
    return Event(
        action=Action.PHOTOS_ADDED,
        grant_id=entrance.grant_id,
        facts={
            "collection": audit.refer_collection(deployment, entrance.collection.uuid),
            "photos_new": counts.new,
            "photos_known": counts.known,
            "faces": counts.faces,
            "dropped": {str(reason): n for reason, n in counts.dropped.items()},
            "refused": {str(reason): n for reason, n in counts.refused.items()},
        },
    )


def _record_photo(
    connection: Connection, item: Sealed, *, entrance: Entrance, at: datetime
) -> tuple[PhotoId, bool]:
    """The photo's id, and whether it is new to the collection."""
    photo, analysis, collection = item.photo, item.photo.analysis, entrance.collection
    if is_indexed(connection, photo.sha256, collection_id=collection.id):
        known = photo_rows.find_photo_id(connection, photo.sha256)
        if known is not None:
            return known, False
    if analysis is None:
        raise _erased_meanwhile(photo)
    photo_id = photo_rows.add_photo(connection, _describe(photo, analysis), at=at)
    new = NewIndexedPhoto(
        photo_id=photo_id,
        collection_id=collection.id,
        blob_id=item.blob_id,
        faces=item.faces,
        dropped=item.admissions.left_out,
        unfit=item.admissions.unfit,
        quality=entrance.quality,
        scanned_to=item.scanned_to,
    )
    index_photo(connection, new, at=at)
    return photo_id, True


def _describe(photo: ReadPhoto, analysis: PhotoAnalysis) -> photo_rows.NewPhoto:
    return photo_rows.NewPhoto(
        sha256=photo.sha256,
        size_bytes=photo.size_bytes,
        width_px=analysis.width_px,
        height_px=analysis.height_px,
        media_type=analysis.media_type,
        credit=analysis.credit,
    )


def _erased_meanwhile(photo: ReadPhoto) -> ConflictError:
    return ConflictError(
        f"{photo.found.shown} was erased while it was being added. Run the command again; if that "
        f"says the same, its key is lost: mien erase --photo {photo.sha256}, then add it again."
    )


def _discard(deployment: Deployment, unused: Sequence[Sealed]) -> None:
    with_blob = [item for item in unused if item.blob_id]
    if with_blob:
        deployment.vault.discard(
            blob_ids=[item.blob_id for item in with_blob],
            face_ids=[face.uuid for item in with_blob for face in item.faces],
        )
