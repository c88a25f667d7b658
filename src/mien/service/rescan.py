"""Another look at photos: for people who were enrolled later, or under a weaker filter.

What a gate dropped cannot be found again, so the photos are read once more where they lie.
Faces that are kept stay as they are. Interrupted anywhere, it goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from mien.catalog import indexed as rows
from mien.catalog.collections import Collection, raise_revision
from mien.catalog.connect import Connection
from mien.catalog.indexed import KeptFace, StalePhoto
from mien.catalog.photos import photo_uuid_of
from mien.catalog.runs import end_run, start_run
from mien.errors import MienError
from mien.permission.charter import may_rely_on
from mien.permission.grant import may_add
from mien.permission.verdict import combine
from mien.service import audit
from mien.service.ahead import iter_ahead
from mien.service.audit import Action, Event
from mien.service.clearing import clear_up
from mien.service.deployment import Deployment, adding, recording
from mien.service.gate import Admission, Gate, open_gate
from mien.service.intake import FailedFile, ReadPhoto, take_in
from mien.service.originals import find_file
from mien.service.standing import get_grant, iter_collections
from mien.types import Box
from mien.vault.vault import FaceSecrets, SealedPhoto

_BATCH_PHOTOS = 32
_AHEAD_A_WORKER = 2
_SAME_PX = 2.0
_GONE, _CHANGED, _NOT_COVERED = "not-found", "changed", "not-covered"


@dataclass(slots=True)
class RescanReport:
    """Photos looked at again, faces kept of them, and files that could not be read or changed.

    `waiting` is how many photos there were to look at when it began.
    """

    waiting: int = 0
    photos: int = 0
    faces: int = 0
    failed: list[FailedFile] = field(default_factory=list)


RescanProgress = Callable[[RescanReport], None]
"""Called with the report so far, often; it must not keep it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RescanRequest:
    """How to read."""

    workers: int
    max_file_bytes: int


def rescan(
    deployment: Deployment,
    request: RescanRequest,
    *,
    progress: RescanProgress = lambda _: None,
) -> RescanReport:
    """Looks again at every photo that was last compared with older enrolments, or reopened."""
    report = RescanReport()
    report.waiting = sum(count_waiting(*found) for found in _find_comparable(deployment))
    if report.waiting:
        with adding(deployment.home, clear_up=lambda: clear_up(deployment)):
            for view, collection in _find_comparable(deployment):
                if count_waiting(view, collection):
                    _Rescan(view, request, collection=collection, report=report).work(progress)
    return report


def count_waiting(deployment: Deployment, collection: Collection) -> int:
    """How many photos of a collection wait for another look.

    None where the collection is of another model than the present one.
    """
    if collection.model_digest != deployment.model.digest:
        return 0
    scanned_to = open_gate(deployment, collection).scanned_to
    with deployment.database.reading() as connection:
        return rows.count_stale(connection, collection.id, scanned_to=scanned_to)


def _find_comparable(deployment: Deployment) -> list[tuple[Deployment, Collection]]:
    """Each with the deployment as its own model sees it; without those whose model is not here."""
    with deployment.database.reading() as connection:
        found = list(iter_collections(deployment, connection))
    return [
        (view, collection)
        for collection in found
        if (view := deployment.find_view(collection.model_digest)) is not None
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """A photo, and what was found in it now."""

    stale: StalePhoto
    grant_id: str
    found: ReadPhoto


class _Rescan:
    """One pass over a collection."""

    def __init__(
        self,
        deployment: Deployment,
        request: RescanRequest,
        *,
        collection: Collection,
        report: RescanReport,
    ) -> None:
        self._deployment = deployment
        self._request = request
        self._collection = collection
        self._report = report
        self._scanned_to = open_gate(deployment, collection).scanned_to
        self._suppressed = deployment.suppressed.load(deployment.model)
        self._run_by_grant: dict[str, int] = {}

    def work(self, progress: RescanProgress) -> None:
        with ThreadPoolExecutor(self._request.workers, "rescan") as pool:
            ahead = self._request.workers * _AHEAD_A_WORKER
            looks = iter_ahead(self._look, self._iter_stale(), pool=pool, ahead=ahead)
            batch: list[_Look] = []
            try:
                for look in looks:
                    if isinstance(look, FailedFile):
                        self._report.failed.append(look)
                    else:
                        batch.append(look)
                    if len(batch) >= _BATCH_PHOTOS:
                        done, batch = batch, []
                        self._commit(done)
                    progress(self._report)
            finally:
                looks.close()
                self._commit(batch)
        self._end_runs()
        progress(self._report)

    def _iter_stale(self) -> Iterator[StalePhoto]:
        after = 0
        while True:
            with self._deployment.database.reading() as connection:
                some = rows.find_stale(
                    connection,
                    self._collection.id,
                    scanned_to=self._scanned_to,
                    after=after,
                    limit=_BATCH_PHOTOS,
                )
            if not some:
                return
            yield from some
            after = some[-1].indexed_photo_id

    def _look(self, stale: StalePhoto) -> _Look | FailedFile:
        """Reads the photo at the first of its places where it may be taken from, and still is."""
        failed = FailedFile(stale.places[0][0], _NOT_COVERED)
        for uri, grant_id in self._find_allowed(stale):
            found = self._read(uri, sha256=stale.sha256)
            if isinstance(found, ReadPhoto) and found.sha256 == stale.sha256:
                return _Look(stale, grant_id, found)
            failed = found if isinstance(found, FailedFile) else FailedFile(uri, _CHANGED)
        return failed

    def _find_allowed(self, stale: StalePhoto) -> list[tuple[str, str]]:
        """The same photo may lie under grants of other bases, too."""
        deployment, collection = self._deployment, self._collection
        with deployment.database.reading() as connection:
            return [
                (uri, grant_id)
                for uri, grant_id in stale.places
                if _may_enter(
                    deployment, connection, uri=uri, grant_id=grant_id, collection=collection
                )
            ]

    def _read(self, uri: str, *, sha256: str) -> ReadPhoto | FailedFile:
        file = find_file(self._deployment, uri, sha256=sha256)
        if file is None:
            return FailedFile(uri, _GONE)
        found = take_in(
            file,
            vision=lambda: self._deployment.vision(threads=1),
            may_read=self._suppressed.may_read,
            is_indexed=lambda _: False,
            max_bytes=self._request.max_file_bytes,
        )
        return found if isinstance(found, ReadPhoto | FailedFile) else FailedFile(uri, _CHANGED)

    def _commit(self, batch: Sequence[_Look]) -> None:
        if not batch:
            return
        self._start_runs({look.grant_id for look in batch})
        with recording(self._deployment.home):
            gate = open_gate(self._deployment, self._collection)
            faces = _record(self._deployment, batch, collection=self._collection, gate=gate)
        self._suppressed = self._deployment.suppressed.load(self._deployment.model)
        self._report.photos += len(batch)
        self._report.faces += faces

    def _start_runs(self, grant_ids: set[str]) -> None:
        """A run for each grant: where one never ends, what it left is cleared up."""
        deployment, collection_id = self._deployment, self._collection.id
        with deployment.database.writing() as connection:
            for grant_id in sorted(grant_ids - self._run_by_grant.keys()):
                self._run_by_grant[grant_id] = start_run(
                    connection,
                    collection_id=collection_id,
                    grant_id=get_grant(deployment, connection, grant_id=grant_id).id,
                    at=deployment.clock(),
                )

    def _end_runs(self) -> None:
        with self._deployment.database.writing() as connection:
            for run_id in self._run_by_grant.values():
                end_run(connection, run_id, counts={}, at=self._deployment.clock())


def _record(
    deployment: Deployment, batch: Sequence[_Look], *, collection: Collection, gate: Gate
) -> int:
    """Seals and records what is new in a batch; how many faces that was."""
    sealed: list[KeptFace] = []
    try:
        with deployment.database.writing() as connection:
            allowed = [
                look
                for look in batch
                if _may_look(deployment, connection, look=look, collection=collection)
            ]
            # Only now: whoever asks for opt-outs must not hold the vault, which they wait for.
            with deployment.vault.writing():
                for look in allowed:
                    sealed += _keep(
                        deployment, connection, look=look, collection=collection, gate=gate
                    )
            if sealed:
                raise_revision(connection, collection.id)
            event = Event(
                action=Action.RESCANNED,
                facts={
                    "collection": audit.refer_collection(deployment, collection.uuid),
                    "photos": len(batch),
                    "faces": len(sealed),
                },
            )
            audit.append(deployment, connection, event=event)
    except MienError:
        deployment.vault.discard(blob_ids=[], face_ids=[face.uuid for face in sealed])
        raise
    return len(sealed)


def _may_look(
    deployment: Deployment, connection: Connection, *, look: _Look, collection: Collection
) -> bool:
    """Asked again inside the transaction: it may have been erased or revoked meanwhile."""
    if not rows.is_there(connection, look.stale.indexed_photo_id):
        return False
    return _may_enter(
        deployment,
        connection,
        uri=look.found.found.uri,
        grant_id=look.grant_id,
        collection=collection,
    )


def _may_enter(
    deployment: Deployment,
    connection: Connection,
    *,
    uri: str,
    grant_id: str,
    collection: Collection,
) -> bool:
    grant = get_grant(deployment, connection, grant_id=grant_id).grant
    leave = may_add(grant, uri=uri, basis=collection.basis, at=deployment.clock())
    wanted = deployment.suppressed.load(deployment.model).may_take(uri)
    return combine([may_rely_on(collection.charter), leave, wanted]).is_allowed


def _keep(
    deployment: Deployment,
    connection: Connection,
    *,
    look: _Look,
    collection: Collection,
    gate: Gate,
) -> list[KeptFace]:
    photo_id, analysis = look.stale.indexed_photo_id, look.found.analysis
    faces = analysis.faces if analysis else ()
    admissions = gate.admit(faces, quality=look.stale.quality)
    known = rows.find_boxes(connection, photo_id)
    fresh = [one for one in admissions.kept if not _is_among(known, one)]
    kept = [one.to_keep() for one in fresh]
    if kept:
        deployment.vault.add_faces(
            SealedPhoto(look.stale.blob_id, photo_uuid_of(look.stale.sha256), collection.slot),
            [
                FaceSecrets(face.uuid, one.face.embedding, one.face.crop_jpeg)
                for face, one in zip(kept, fresh, strict=True)
            ],
        )
        rows.add_faces(connection, kept, indexed_photo_id=photo_id, collection_id=collection.id)
    rows.mark_scanned(
        connection,
        photo_id,
        scanned_to=gate.scanned_to,
        dropped=admissions.dropped.total(),
        unfit=admissions.unfit,
    )
    return kept


def _is_among(known: Sequence[Box], one: Admission) -> bool:
    """The same face of the same photo, found twice, lies no further apart."""
    box = one.face.face.box
    edges = ("x1", "y1", "x2", "y2")
    return any(
        all(abs(getattr(box, edge) - getattr(other, edge)) <= _SAME_PX for edge in edges)
        for other in known
    )
