"""The faces of a collection that somebody may see, as a list: page by page, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mien.catalog import face_lists as rows
from mien.catalog.connect import Connection
from mien.catalog.faces import VisibleFace, find_kept_for, iter_visible_ids
from mien.permission.basis import Basis
from mien.service.deployment import Deployment
from mien.service.enrolled import find_consenting
from mien.service.leave import Leave
from mien.service.reach import find_reached
from mien.types import FaceId


@dataclass(frozen=True, slots=True)
class FacePage:
    """Some faces of a list; the next page begins after `last`, which is 0 where there is none."""

    faces: tuple[VisibleFace, ...]
    last: int = 0


class FaceList:
    """The faces of a collection, as far as leave reaches, in the order they came in."""

    def __init__(
        self, deployment: Deployment, leave: Leave, *, chosen: Sequence[FaceId] | None = None
    ) -> None:
        """Of the `chosen` ones alone, where there are any."""
        self._deployment = deployment
        self._leave = leave
        self._chosen = None if chosen is None else sorted(set(chosen))

    def read_page(self, *, after: int, limit: int) -> FacePage:
        """So many faces at the most, the first of them above that id."""
        found: list[VisibleFace] = []
        with self._deployment.database.reading() as connection:
            while True:
                ids = self._find_ids(connection, after=after, limit=limit + 1)
                reached = find_reached(
                    self._deployment, connection, leave=self._leave, face_ids=ids
                )
                # Some may not be shown: whoever asks for a page gets a full one.
                found += [reached[face_id] for face_id in ids if face_id in reached]
                if len(found) > limit or len(ids) <= limit:
                    break
                after = ids[-1]
        page = tuple(found[:limit])
        return FacePage(page, page[-1].stored.id if len(found) > limit else 0)

    def count(self) -> int:
        """How many there are."""
        leave = self._leave
        with self._deployment.database.reading() as connection:
            if not leave.left_out and leave.collection.basis is not Basis.ENROLLED_ONLY:
                return rows.count_visible(connection, leave.scope)
            ids = set(iter_visible_ids(connection, leave.scope)) - leave.left_out
            if leave.collection.basis is not Basis.ENROLLED_ONLY:
                return len(ids)
            owners = find_kept_for(connection, sorted(ids)).values()
            consenting = find_consenting(
                self._deployment,
                connection,
                person_ids={owner for owner in owners if owner is not None},
                purpose=leave.purpose,
                at=leave.at,
            )
            return sum(owner in consenting for owner in owners)

    def _find_ids(self, connection: Connection, *, after: int, limit: int) -> list[FaceId]:
        if self._chosen is None:
            return rows.find_page(connection, self._leave.scope, after=after, limit=limit)
        return [face_id for face_id in self._chosen if face_id > after][:limit]
