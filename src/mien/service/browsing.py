"""One look at a collection: what of its photos and faces somebody may see without searching.

A photo with a face like that of somebody who opted out is not seen at all, and where only
enrolled people are kept, so are the faces of those alone who consent now.
"""

from __future__ import annotations

from collections.abc import Collection as Many
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mien.catalog import browse as rows
from mien.catalog import people as people_rows
from mien.catalog.browse import VisiblePhoto
from mien.catalog.connect import Connection
from mien.catalog.faces import VisibleFace, find_visible_faces
from mien.permission.basis import Basis
from mien.permission.verdict import Verdict
from mien.service.collections import check_model
from mien.service.deployment import Deployment
from mien.service.enrolled import find_consenting
from mien.service.leave import NO_FILTERS, Filters, Leave, ask_to_browse
from mien.service.left_out import find_left_out
from mien.service.parts import Parts
from mien.types import FaceId, PersonId


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody a face is kept for, by outside id and name."""

    person_id: str
    name: str


@dataclass(frozen=True, slots=True)
class BookFace:
    """A face as somebody may see it, in which collection, and who it is kept for, if anybody."""

    face: VisibleFace
    collection: str
    person: Known | None

    @property
    def face_id(self) -> str:
        return self.face.stored.uuid


@dataclass(frozen=True, slots=True)
class BookPhoto:
    """A photo as somebody may see it in a collection, its faces in the order they were found.

    `shows_others` says that it shows somebody whose face may not be seen here, so that no picture
    of the whole is handed out.
    """

    photo: VisiblePhoto
    collection: str
    faces: tuple[BookFace, ...]
    shows_others: bool


class Look:
    """One look at a collection, as far as leave reaches. Made by `look_at`."""

    def __init__(self, deployment: Deployment, leave: Leave) -> None:
        self.deployment = deployment
        self.leave = leave

    def find_consenting(self, connection: Connection) -> set[PersonId] | None:
        """Whose faces may be seen, where only those of enrolled people are kept."""
        if self.leave.collection.basis is not Basis.ENROLLED_ONLY:
            return None
        everybody = [person.id for person in people_rows.iter_people(connection)]
        return find_consenting(
            self.deployment,
            connection,
            person_ids=everybody,
            purpose=self.leave.purpose,
            at=self.leave.at,
        )

    def see(
        self,
        connection: Connection,
        photos: Sequence[VisiblePhoto],
        *,
        consenting: Many[PersonId] | None,
    ) -> list[BookPhoto]:
        """Those of the photos that may be looked at, with what of their faces may be."""
        face_ids = rows.find_face_ids(connection, [photo.id for photo in photos])
        allowed = [
            photo for photo in photos if self.leave.left_out.isdisjoint(face_ids.get(photo.id, ()))
        ]
        wanted = [face_id for photo in allowed for face_id in face_ids.get(photo.id, ())]
        faces = self._find_faces(connection, wanted, consenting=consenting)
        return [self._describe(photo, face_ids.get(photo.id, ()), faces=faces) for photo in allowed]

    def find_face(self, connection: Connection, face_id: FaceId) -> BookFace | None:
        """The face, if it may be seen."""
        return self.find_faces(connection, [face_id]).get(face_id)

    def find_faces(
        self, connection: Connection, face_ids: Sequence[FaceId]
    ) -> dict[FaceId, BookFace]:
        """Those of the faces that may be seen."""
        wanted = [face_id for face_id in face_ids if face_id not in self.leave.left_out]
        consenting = self.find_consenting(connection)
        return self._find_faces(connection, wanted, consenting=consenting)

    def _find_faces(
        self,
        connection: Connection,
        face_ids: Sequence[FaceId],
        *,
        consenting: Many[PersonId] | None,
    ) -> dict[FaceId, BookFace]:
        visible = {
            face_id: face
            for face_id, face in find_visible_faces(
                connection, self.leave.scope, face_ids=face_ids
            ).items()
            if consenting is None or face.person_id in consenting
        }
        known = _find_known(connection, visible.values())
        name = self.leave.collection.name
        return {
            face_id: BookFace(
                face, name, None if face.person_id is None else known.get(face.person_id)
            )
            for face_id, face in visible.items()
        }

    def _describe(
        self,
        photo: VisiblePhoto,
        face_ids: Sequence[FaceId],
        *,
        faces: Mapping[FaceId, BookFace],
    ) -> BookPhoto:
        seen = tuple(faces[face_id] for face_id in face_ids if face_id in faces)
        return BookPhoto(
            photo,
            self.leave.collection.name,
            seen,
            shows_others=len(seen) < len(face_ids),
        )


def look_at(parts: Parts, collection: str, *, filters: Filters = NO_FILTERS) -> Look | Verdict:
    """Leave to look at a collection, or why there is none. Raises `NotFoundError`."""
    deployment = parts.session.prepare_to_search(collection)
    leave = ask_to_browse(deployment, collection=collection, at=deployment.clock(), filters=filters)
    if isinstance(leave, Verdict):
        return leave
    return Look(deployment, leave_out_suppressed(parts, deployment, leave=leave))


def leave_out_suppressed(parts: Parts, deployment: Deployment, *, leave: Leave) -> Leave:
    """Leave without the faces that are like those of people who opted out."""
    suppressed = deployment.suppressed.load(deployment.model)
    if not len(suppressed.faces.templates):
        return leave  # and no index needs to be in memory to look at photos
    check_model(leave.collection, deployment.model)
    gallery = parts.galleries.load(leave.collection, gaussian=deployment.model.gaussian)
    rotation = deployment.vault.rotation_of(leave.collection.dimension)
    left_out = find_left_out(gallery, suppressed, rotation=rotation)
    return replace(leave, left_out=frozenset(left_out.tolist()))


def _find_known(connection: Connection, faces: Iterable[VisibleFace]) -> dict[PersonId, Known]:
    ids = {face.person_id for face in faces if face.person_id is not None}
    people = people_rows.find_people(connection, ids)
    return {person.id: Known(person.uuid, person.name) for person in people}
