"""Index one photo that is handed in, and answer when it is done.

It is the same as handing it in and waiting: leave is asked before the photo is read, the same
gate decides about its faces, and it is sealed and recorded in the same way. What is done leaves
no run behind; what a sudden end leaves is cleared up by the next that is added.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256

from mien.catalog import runs as run_rows
from mien.catalog.collections import is_there
from mien.catalog.connect import Connection
from mien.catalog.faces import VisibleFace
from mien.catalog.image_names import Named, add_name
from mien.catalog.indexed import is_indexed
from mien.catalog.landmarks import find_ids_of_photo, find_landmarks
from mien.errors import MienError, NotFoundError, PhotoError
from mien.permission.access_key import AccessTerms
from mien.permission.quality import QualityFilter
from mien.permission.verdict import Verdict, refuse
from mien.service.bound import ask_bound_leave
from mien.service.clearing import clear_up
from mien.service.collections import check_model
from mien.service.commit import BatchCounts, Entrance, Recorded, commit_batch
from mien.service.deployment import Deployment, adding
from mien.service.gate import Admissions
from mien.service.intake import FailedFile, ReadPhoto, RefusedFile, take_in
from mien.service.leave import Leave
from mien.service.parts import Parts
from mien.service.reach import find_reached
from mien.service.rescan import RescanRequest, rescan
from mien.service.uploads import UploadDraft, judge_upload
from mien.sources.address import safe_name, upload_uri
from mien.sources.base import FoundFile
from mien.types import EmbeddedFace, Face, GrantId, Landmarks, Quality

MOST_FACES = 100
"""Of the largest faces of a photo; the others are not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRequest:
    """Where a photo is to be indexed, under which terms, and which of its faces at the most.

    `name` is the client's own for the photo, `file_name` that of its place on the shelf.
    """

    terms: AccessTerms
    collection: str
    file_name: str
    name: str = ""
    quality: QualityFilter = QualityFilter.AUTO
    most_faces: int = MOST_FACES


@dataclass(frozen=True, slots=True)
class IndexedFace:
    """A face that is kept, as whoever indexed it may see it."""

    visible: VisibleFace
    landmarks: Landmarks

    @property
    def face(self) -> Face:
        return Face(self.visible.box, self.landmarks, self.visible.confidence)

    @property
    def quality(self) -> Quality:
        return self.visible.quality


@dataclass(frozen=True, slots=True)
class LeftOutFace:
    """A face that was found just now and not kept; nothing that it could be known by is left."""

    face: Face
    quality: Quality


@dataclass(frozen=True, slots=True)
class IndexedPhoto:
    """A photo that is in a collection, with its faces, the largest first.

    `unfit` and `beyond` faces were found just now and not kept: they fell short of the filter,
    or others came first. Those that permission keeps out are not among them.
    """

    model_digest: str
    width_px: int
    height_px: int
    faces: Sequence[IndexedFace] = ()
    unfit: Sequence[LeftOutFace] = ()
    beyond: Sequence[LeftOutFace] = ()


def index_photo(
    parts: Parts, request: IndexRequest, *, read: Callable[[], bytes]
) -> IndexedPhoto | Verdict:
    """Indexes what is read, once leave was given; or why it may not be.

    Raises `NotFoundError` for an unknown collection, `PhotoError` for what gives no picture,
    `SettingsError` where no shelf can be told, and whatever reading does.
    """
    # As for a search: what is overdue answers no more, and is destroyed by who has the time.
    deployment = parts.session.prepare_to_search(request.collection)
    leave = ask_bound_leave(deployment, request.terms, collection=request.collection)
    if isinstance(leave, Verdict):
        return leave
    draft = UploadDraft(
        grant_id=request.terms.grant_id, collection=request.collection, quality=request.quality
    )
    place = judge_upload(deployment, draft)
    if not place.verdict.is_allowed:
        return place.verdict
    check_model(leave.collection, deployment.model)
    indexing = _Indexing(parts, deployment, request=request, leave=leave)
    result = indexing.work(_as_file(read(), shelf=place.shelf, name=request.file_name))
    parts.session.keep_signed()
    return result


class _Indexing:
    """One photo on its way in, under a leave."""

    def __init__(
        self, parts: Parts, deployment: Deployment, *, request: IndexRequest, leave: Leave
    ) -> None:
        self._parts = parts
        self._deployment = deployment
        self._request = request
        self._leave = leave
        self._recorded: Recorded | None = None
        self._uri = ""

    def work(self, file: FoundFile) -> IndexedPhoto | Verdict:
        self._uri = file.uri
        photo = self._take_in(file)
        if isinstance(photo, Verdict):
            return photo
        counts = self._commit(photo)
        if counts.refused:
            return refuse(next(iter(counts.refused)))
        if counts.reopened:
            terms = RescanRequest(
                workers=self._parts.workers, max_file_bytes=self._parts.max_file_bytes
            )
            rescan(self._deployment, terms)
        return self._tell(photo)

    def _take_in(self, file: FoundFile) -> ReadPhoto | Verdict:
        """Raises `PhotoError`."""
        deployment = self._deployment
        suppressed = deployment.suppressed.load(deployment.model)
        with deployment.cores.take(most=os.cpu_count() or 1) as threads:
            taken = take_in(
                file,
                vision=lambda: deployment.vision(threads=threads),
                may_read=suppressed.may_read,
                is_indexed=self._is_indexed,
                max_bytes=self._parts.max_file_bytes,
            )
        if isinstance(taken, RefusedFile):
            return refuse(taken.reason)
        if isinstance(taken, FailedFile):
            raise PhotoError(taken.reason, f"The photo cannot be read: {taken.reason}.")
        if not isinstance(taken, ReadPhoto):
            raise PhotoError("not-a-photo", "This is no photo of a kind that can be read.")
        return _cut(taken)

    def _is_indexed(self, digest: str) -> bool:
        with self._deployment.database.reading() as connection:
            return is_indexed(connection, digest, collection_id=self._leave.collection.id)

    def _commit(self, photo: ReadPhoto) -> BatchCounts:
        deployment = self._deployment
        with (
            adding(deployment.home, clear_up=lambda: clear_up(deployment)),
            _running(deployment, self._leave) as counts,
        ):
            entrance = Entrance(
                collection=self._leave.collection,
                grant_id=self._request.terms.grant_id,
                quality=self._request.quality,
                most_faces=self._request.most_faces,
                note=self._note,
            )
            counts.add(commit_batch(deployment, [photo], entrance=entrance))
        return counts

    def _note(self, connection: Connection, recorded: Recorded) -> None:
        """In the transaction that records the photo."""
        self._recorded = recorded
        if not self._request.name:
            return
        named = Named(
            photo_id=recorded.photo_id,
            collection_id=self._leave.collection.id,
            grant_id=_grant_of(self._leave),
            uri=self._uri,
            name=self._request.name,
        )
        add_name(connection, named, at=self._deployment.clock())

    def _tell(self, photo: ReadPhoto) -> IndexedPhoto:
        faces = self._find_faces(photo.sha256)
        recorded, analysis = self._recorded, photo.analysis
        if recorded is None or analysis is None or not recorded.is_new:
            size = (faces[0].visible.width_px, faces[0].visible.height_px) if faces else (0, 0)
            return IndexedPhoto(self._leave.collection.model_digest, *size, faces)
        admissions: Admissions = recorded.sealed.admissions
        return IndexedPhoto(
            self._leave.collection.model_digest,
            analysis.width_px,
            analysis.height_px,
            faces,
            _describe(admissions.unfit_faces),
            _describe(admissions.beyond),
        )

    def _find_faces(self, digest: str) -> list[IndexedFace]:
        """As the key may see them, the largest first."""
        leave = self._leave
        with self._deployment.database.reading() as connection:
            ids = find_ids_of_photo(connection, digest, collection_id=leave.collection.id)
            visible = find_reached(self._deployment, connection, leave=leave, face_ids=ids)
            landmarks = find_landmarks(connection, visible)
        faces = [IndexedFace(face, landmarks[face_id]) for face_id, face in visible.items()]
        return sorted(faces, key=lambda one: (-one.visible.box.area, one.visible.stored.id))


def _as_file(content: bytes, *, shelf: str, name: str) -> FoundFile:
    digest, shown = sha256(content).hexdigest(), safe_name(name)
    return FoundFile(
        os.fsencode(shown),
        upload_uri(shelf, digest, name=shown),
        shown,
        f"upload.{digest}",
        is_named=True,
        open_sealed=lambda: io.BytesIO(content),
    )


def _cut(photo: ReadPhoto) -> ReadPhoto:
    """With its largest faces alone."""
    if photo.analysis is None:
        return photo
    faces = photo.analysis.faces[:MOST_FACES]
    return replace(photo, analysis=replace(photo.analysis, faces=faces))


def _describe(faces: Sequence[EmbeddedFace]) -> list[LeftOutFace]:
    return [LeftOutFace(one.face, one.quality) for one in faces]


def _grant_of(leave: Leave) -> GrantId:
    """The one grant that a bound leave is of."""
    (covering,) = leave.scope.grants
    return covering.grant_id


@contextmanager
def _running(deployment: Deployment, leave: Leave) -> Iterator[BatchCounts]:
    """A run, so that what a sudden end leaves is cleared up; its counts are those it is left with.

    Nothing is to be told of one in which nothing came in. Raises `NotFoundError` where the
    collection is deleted meanwhile, and with it what came in.
    """
    counts = BatchCounts()
    with deployment.database.writing() as connection:
        _check_there(connection, leave)
        run_id = run_rows.start_run(
            connection,
            collection_id=leave.collection.id,
            grant_id=_grant_of(leave),
            at=deployment.clock(),
        )
    try:
        yield counts
    except MienError:  # what was sealed in vain is destroyed already
        with deployment.database.writing() as connection:
            run_rows.drop_run(connection, run_id)
            _check_there(connection, leave)
        raise
    with deployment.database.writing() as connection:
        _check_there(connection, leave)
        if counts.refused:
            run_rows.drop_run(connection, run_id)
            return
        told = {"photos_new": counts.new, "photos_known": counts.known, "faces": counts.faces}
        run_rows.end_small_run(connection, run_id, counts=told, at=deployment.clock())


def _check_there(connection: Connection, leave: Leave) -> None:
    if not is_there(connection, leave.collection.id):
        raise NotFoundError(f"The collection {leave.collection.name} was deleted meanwhile.")
