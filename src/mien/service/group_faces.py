"""Puts faces under the name of a person, and takes them out; what is unlike the others stays out.

A new face is compared with what the group looked like before. Where it has no face yet, the best
seen of the new ones begins it. Which faces are of one person is somebody's word alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from mien.catalog import face_groups as rows
from mien.catalog.connect import Connection
from mien.catalog.face_groups import StoredFaceGroup
from mien.catalog.faces import StoredFace, VisibleFace, find_faces_by_uuid, find_stored_faces
from mien.errors import GroupFullError
from mien.evidence.similarity import tell_similarity
from mien.service.audit import Action, Note
from mien.service.collections import check_model
from mien.service.face_groups import FaceGroup, FaceGroups
from mien.service.gallery import Galleries
from mien.service.group_vectors import make_vectors, weigh_vectors
from mien.service.reach import find_reached
from mien.service.weigh import get_calibration
from mien.types import FaceId
from mien.vault.notary import Owner

MOST_FACES = 100
"""So many faces a group has at the most."""


class Fault(Enum):
    """Why a face was not put into a group, or not taken out."""

    NOT_FOUND = auto()
    IN_ANOTHER = auto()
    UNLIKE = auto()


@dataclass(frozen=True, slots=True)
class Left:
    """A face that was left as it is; how similar it is to the group, where that is too little."""

    face_id: str
    fault: Fault
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class Grouped:
    """What became of the faces, in the order they were named; the group as it is now.

    Of a face that was in the group already there is nothing to tell.
    """

    done: tuple[str, ...]
    left: tuple[Left, ...]
    group: FaceGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """A group, and the faces that are to be put into it or taken out, by their outside ids."""

    name: str
    face_ids: Sequence[str]


class GroupFaces:
    """The faces of the groups of a collection."""

    def __init__(self, groups: FaceGroups, galleries: Galleries) -> None:
        self._deployment = groups.deployment
        self._groups = groups
        self._galleries = galleries

    def add(self, grouping: Grouping, *, min_similarity: float) -> Grouped:
        """Puts faces into a group. Raises `NotFoundError` for an unknown one.

        Raises `GroupFullError` where they are too many, and then none is put into it; `ModelError`
        where they cannot be compared.
        """
        with self._deployment.database.reading() as connection:
            group = self._groups.get(connection, grouping.name)
            seen = self._find_seen(connection, grouping.face_ids)
            known = self._find_known(connection, group)
            ties = rows.find_group_ids(connection, [face.stored.id for face in seen.values()])
        free = [face for face in seen.values() if face.stored.id not in ties]
        # With 0 nobody is too unlike, whatever the model can tell.
        similarities = self._compare(free, known=known) if min_similarity > 0 else {}
        with self._deployment.database.writing() as connection:
            group = self._groups.get(connection, grouping.name)
            sorting = _Sorting(connection, group=group, faces=_stored(seen))
            new, left = [], []
            for face_id in dict.fromkeys(grouping.face_ids):
                similarity = similarities.get(face_id, min_similarity)
                if (fault := sorting.find_fault(face_id)) is not None:
                    left.append(fault)
                elif sorting.is_in_group(face_id):
                    continue
                elif similarity < min_similarity:
                    left.append(Left(face_id, Fault.UNLIKE, similarity=similarity))
                else:
                    new.append(seen[face_id].stored)
            self._check_room(connection, group, new=len(new))
            rows.tie_faces(connection, group.id, face_ids=[face.id for face in new])
            return self._conclude(
                connection, group, action=Action.FACES_GROUPED, done=new, left=left
            )

    def remove(self, grouping: Grouping) -> Grouped:
        """Takes faces out of a group; they stay. Raises `NotFoundError` for an unknown one."""
        with self._deployment.database.writing() as connection:
            group = self._groups.get(connection, grouping.name)
            # Whatever is in the group may leave it, even where a search may not show it now.
            own = rows.find_faces_of(connection, [group.id]).get(group.id, [])
            faces = _stored(self._find_seen(connection, grouping.face_ids))
            faces |= {one.uuid: one for one in find_stored_faces(connection, own)}
            sorting = _Sorting(connection, group=group, faces=faces)
            done, left = [], []
            for face_id in dict.fromkeys(grouping.face_ids):
                if sorting.is_in_group(face_id):
                    done.append(faces[face_id])
                else:
                    fault = sorting.find_fault(face_id)
                    left.append(fault or Left(face_id, Fault.NOT_FOUND))
            rows.untie_faces(connection, group.id, face_ids=[face.id for face in done])
            return self._conclude(
                connection, group, action=Action.FACES_UNGROUPED, done=done, left=left
            )

    def _find_seen(self, connection: Connection, face_ids: Iterable[str]) -> dict[str, VisibleFace]:
        """Those of these faces that may be seen, by their outside ids."""
        named = find_faces_by_uuid(connection, set(face_ids))
        found = find_reached(
            self._deployment,
            connection,
            leave=self._groups.leave,
            face_ids=[face.id for face in named],
        )
        return {face.stored.uuid: face for face in found.values()}

    def _find_known(self, connection: Connection, group: StoredFaceGroup) -> list[FaceId]:
        own = rows.find_faces_of(connection, [group.id]).get(group.id, [])
        leave = self._groups.leave
        return list(find_reached(self._deployment, connection, leave=leave, face_ids=own))

    def _compare(
        self, new: Sequence[VisibleFace], *, known: Sequence[FaceId]
    ) -> Mapping[str, float]:
        """How similar each new face is to those known, or else to the best of the new ones.

        Of that one nothing is told: it has nothing to be unlike.
        """
        if not known and new:
            best = max(new, key=lambda face: face.quality.value)
            known = [best.stored.id]
            new = [face for face in new if face is not best]
        if not new:
            return {}
        deployment, collection = self._deployment, self._groups.leave.collection
        calibration = get_calibration(deployment.model)
        check_model(collection, deployment.model)
        gallery = self._galleries.load(collection, gaussian=deployment.model.gaussian)
        group = make_vectors(gallery, [(0, face_id) for face_id in known]).find(0)
        single = make_vectors(gallery, [(face.stored.id, face.stored.id) for face in new])
        if group is None:
            return {face.stored.uuid: 0.0 for face in new}
        scores = weigh_vectors(gallery, probe=group, vectors=single.vectors).tolist()
        score_by_id = dict(zip(single.group_ids.tolist(), scores, strict=True))
        return {
            face.stored.uuid: tell_similarity(
                score_by_id.get(face.stored.id, -math.inf), calibration
            )
            for face in new
        }

    def _check_room(self, connection: Connection, group: StoredFaceGroup, *, new: int) -> None:
        own = rows.find_faces_of(connection, [group.id]).get(group.id, [])
        if len(own) + new > MOST_FACES:
            raise GroupFullError(
                f"{MOST_FACES} faces are the most that a user can have. This one has {len(own)}, "
                f"and {new} more were to be associated with it."
            )

    def _conclude(
        self,
        connection: Connection,
        group: StoredFaceGroup,
        *,
        action: Action,
        done: Sequence[StoredFace],
        left: Sequence[Left],
    ) -> Grouped:
        notes = [
            Note(
                {"face": face.uuid, "face_group": group.uuid},
                Owner(photo_id=face.photo_uuid, face_id=face.uuid),
            )
            for face in done
        ]
        self._groups.enter(connection, group, action=action, faces=notes)
        told = self._groups.tell(connection, group)
        return Grouped(tuple(face.uuid for face in done), tuple(left), told)


class _Sorting:
    """Where faces stand as a transaction sees it: in this group, in another, or gone."""

    def __init__(
        self,
        connection: Connection,
        *,
        group: StoredFaceGroup,
        faces: Mapping[str, StoredFace],
    ) -> None:
        self._faces = {one.uuid: one for one in find_faces_by_uuid(connection, faces.keys())}
        ids = [face.id for face in self._faces.values()]
        self._group_id = group.id
        self._ties = rows.find_group_ids(connection, ids)

    def is_in_group(self, face_id: str) -> bool:
        face = self._faces.get(face_id)
        return face is not None and self._ties.get(face.id) == self._group_id

    def find_fault(self, face_id: str) -> Left | None:
        """That it is gone, or in another group; nothing where it is in this one, or in none."""
        face = self._faces.get(face_id)
        if face is None:
            return Left(face_id, Fault.NOT_FOUND)
        if self._ties.get(face.id, self._group_id) == self._group_id:
            return None
        return Left(face_id, Fault.IN_ANOTHER)


def _stored(faces: Mapping[str, VisibleFace]) -> dict[str, StoredFace]:
    return {face_id: face.stored for face_id, face in faces.items()}
