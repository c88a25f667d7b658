"""Erase faces of one collection, as far as leave reaches: all of them in one erasure.

A face that is in a group stays until it is taken out of it. A photo that loses the last of its
faces goes from the collection; in other collections nothing changes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from mien.catalog.connect import Connection
from mien.catalog.dropping import select_held_faces
from mien.catalog.face_groups import find_group_ids
from mien.catalog.face_lists import find_ids
from mien.catalog.selection import Selection
from mien.errors import NotFoundError
from mien.service.deployment import Deployment
from mien.service.erase import erase
from mien.service.face_groups import FaceGroups
from mien.service.gallery import Galleries
from mien.service.leave import Leave
from mien.service.reach import find_reached
from mien.types import FaceId


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedFaces:
    """What became of each face, by outside ids in the order they were named, each once.

    `grouped` are those that are in a group, with its name where that may be told; `unknown` are
    not there, or may not be seen. Where nothing was erased there is no certificate.
    """

    erased: tuple[str, ...]
    grouped: Mapping[str, str]
    unknown: tuple[str, ...]
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class _HeldFaces:
    """Faces that are in no group when the erasure begins."""

    face_ids: Collection[FaceId]
    kind: ClassVar = "face"

    def select(self, connection: Connection) -> Selection:
        grouped = find_group_ids(connection, self.face_ids)
        return select_held_faces(connection, set(self.face_ids) - grouped.keys())


def erase_faces(
    deployment: Deployment, leave: Leave, *, face_ids: Sequence[str], galleries: Galleries
) -> ErasedFaces:
    """Templates, crops and rows go, from memory and snapshots too. Raises as `erase`."""
    named = list(dict.fromkeys(face_ids))
    with deployment.database.reading() as connection:
        ids = find_ids(connection, leave.collection.id, uuids=named)
        reached = find_reached(deployment, connection, leave=leave, face_ids=sorted(ids.values()))
    seen = {uuid: ids[uuid] for uuid in named if ids.get(uuid) in reached}
    certificate = _erase(deployment, seen.values(), galleries=galleries)
    with deployment.database.reading() as connection:
        left = find_ids(connection, leave.collection.id, uuids=seen)
        names = FaceGroups(deployment, leave).find_names(connection, left.values())
    return ErasedFaces(
        erased=tuple(uuid for uuid in seen if uuid not in left),
        grouped={uuid: names.get(left[uuid], "") for uuid in seen if uuid in left},
        unknown=tuple(uuid for uuid in named if uuid not in seen),
        certificate=certificate,
    )


def _erase(deployment: Deployment, face_ids: Collection[FaceId], *, galleries: Galleries) -> str:
    """The certificate; empty where there was nothing to erase."""
    try:
        report = erase(deployment, _HeldFaces(tuple(face_ids)), galleries=galleries)
    except NotFoundError:  # all of them are in groups, or were erased just now
        return ""
    return report.certificate
