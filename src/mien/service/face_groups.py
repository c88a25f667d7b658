"""Face groups: faces of a collection that somebody says are of one person, under a name.

A group came in under the grant of whoever made it: they see the groups of that grant, and no
others. Its name is personal, and sealed under a key of its own, with all that the audit log says
of it. It goes with the last of its faces when that is erased; taking faces out leaves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from mien.catalog import face_groups as rows
from mien.catalog.audit import Json
from mien.catalog.collections import is_there
from mien.catalog.connect import Connection
from mien.catalog.face_groups import NewFaceGroup, StoredFaceGroup, name_group
from mien.catalog.faces import find_faces_by_uuid
from mien.errors import ConflictError, KeyDestroyedError, NotFoundError, TamperedError
from mien.permission.access_key import AccessTerms
from mien.permission.verdict import Verdict
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.bound import ask_bound_leave
from mien.service.browsing import leave_out_suppressed
from mien.service.deployment import Deployment
from mien.service.erase import FaceGroupTarget
from mien.service.leave import Leave
from mien.service.parts import Parts
from mien.service.standing import get_collection
from mien.types import FaceId
from mien.vault.notary import Owner
from mien.vault.shreds import Shreds


@dataclass(frozen=True, slots=True)
class FaceGroup:
    """A group as its own people see it; `position` is its place in the order they were made in."""

    group_id: str
    name: str
    faces: int
    position: int


class FaceGroups:
    """The groups of a collection, as far as leave reaches. Made by `open_groups`."""

    def __init__(self, deployment: Deployment, leave: Leave) -> None:
        self._deployment = deployment
        self._leave = leave

    @property
    def deployment(self) -> Deployment:
        """As the collection's model sees it."""
        return self._deployment

    @property
    def leave(self) -> Leave:
        return self._leave

    def make(self, name: str) -> None:
        """A group without faces. Raises `ConflictError` where there is one of that name.

        Raises `NotFoundError` where the collection is gone, and then no key is left of the group.
        """
        scope = self._leave.scope
        uuid, reference = str(uuid4()), refer_name(self._deployment, name)
        with self._deployment.database.writing() as connection:
            if not is_there(connection, scope.collection_id):
                gone = self._leave.collection.name
                raise NotFoundError(f"The collection {gone} was deleted meanwhile.")
            if rows.find_group(connection, scope, reference=reference) is not None:
                raise ConflictError(f"There is a user {name} in this collection already.")
            new = NewFaceGroup(
                uuid=uuid,
                collection_id=scope.collection_id,
                grant_id=scope.grants[0].grant_id,
                reference=reference,
                name=_seal_name(self._deployment, name, uuid=uuid, reference=reference),
            )
            stored = rows.add_group(connection, new, at=self._deployment.clock())
            self.enter(connection, stored, action=Action.FACE_GROUP_MADE, name=name)

    def delete(self, name: str) -> None:
        """The name goes; its faces stay, in no group. Raises `NotFoundError`."""
        with self._deployment.database.writing() as connection:
            stored = self.get(connection, name)
            rows.delete_groups(connection, [stored.id])
            owner = Owner(subject=name_group(stored.uuid))
            audit.forget(self._deployment, connection, owners=[owner])
            self.enter(connection, stored, action=Action.FACE_GROUP_DELETED)
        self._deployment.vault.shred(Shreds(subjects=[name_group(stored.uuid)]))

    def list_page(self, *, after: int = 0, limit: int) -> tuple[list[FaceGroup], int | None]:
        """So many groups, in the order they were made in, beginning after that position.

        With the position after which the next page begins, where there is one.
        """
        with self._deployment.database.reading() as connection:
            found = rows.find_groups(connection, self._leave.scope, after=after, limit=limit + 1)
            page = found[:limit]
            faces = rows.find_faces_of(connection, [one.id for one in page])
        told = [
            FaceGroup(one.uuid, name, len(faces.get(one.id, ())), one.id)
            for one in page
            if (name := open_name(self._deployment, one)) is not None
        ]
        return told, page[-1].id if len(found) > limit else None

    def count(self) -> int:
        with self._deployment.database.reading() as connection:
            return rows.count_groups(connection, self._leave.scope)

    def find_names(self, connection: Connection, face_ids: Iterable[FaceId]) -> dict[FaceId, str]:
        """Under which name each of these faces is grouped, where it is, as far as leave reaches."""
        group_by_face = rows.find_group_ids(connection, face_ids)
        groups = rows.find_groups_by_id(
            connection, self._leave.scope, group_ids=sorted(set(group_by_face.values()))
        )
        names = {one.id: open_name(self._deployment, one) for one in groups.values()}
        found = {face_id: names.get(group_id) for face_id, group_id in group_by_face.items()}
        return {face_id: name for face_id, name in found.items() if name is not None}

    def find_names_of(self, face_ids: Iterable[str]) -> dict[str, str]:
        """The same, of faces by their outside ids."""
        with self._deployment.database.reading() as connection:
            faces = find_faces_by_uuid(connection, set(face_ids))
            names = self.find_names(connection, [face.id for face in faces])
        return {face.uuid: names[face.id] for face in faces if face.id in names}

    def get(self, connection: Connection, name: str) -> StoredFaceGroup:
        """Raises `NotFoundError`."""
        reference = refer_name(self._deployment, name)
        found = rows.find_group(connection, self._leave.scope, reference=reference)
        if found is None or open_name(self._deployment, found) is None:
            raise NotFoundError(f"There is no user {name} in this collection.")
        return found

    def tell(self, connection: Connection, stored: StoredFaceGroup) -> FaceGroup:
        """The group as it is in this transaction."""
        faces = rows.find_faces_of(connection, [stored.id]).get(stored.id, [])
        name = open_name(self._deployment, stored) or ""
        return FaceGroup(stored.uuid, name, len(faces), stored.id)

    def enter(
        self,
        connection: Connection,
        stored: StoredFaceGroup,
        *,
        action: Action,
        name: str = "",
        faces: Sequence[Note] | None = None,
    ) -> None:
        """Into the audit log; who it is about, under the group's own key alone."""
        facts: dict[str, Json] = {
            "collection": audit.refer_collection(self._deployment, self._leave.collection.uuid),
            "faces": len(faces or ()),
        }
        owner = Owner(subject=name_group(stored.uuid))
        event = Event(
            action=action,
            purpose=self._leave.purpose or "",
            subject_id=name_group(stored.uuid),
            facts=facts,
            note=Note({"name": name}, owner) if name else Note(),
            shown=faces,
        )
        audit.append(self._deployment, connection, event=event)


def open_groups(parts: Parts, terms: AccessTerms, *, collection: str) -> FaceGroups | Verdict:
    """The groups that a key may know of, or why it may not. Raises `NotFoundError`."""
    deployment = parts.session.prepare_to_search(collection)
    leave = ask_bound_leave(deployment, terms, collection=collection)
    if isinstance(leave, Verdict):
        return leave
    return FaceGroups(deployment, leave_out_suppressed(parts, deployment, leave=leave))


def find_target(deployment: Deployment, name: str, *, collection: str) -> FaceGroupTarget:
    """All that is held under a name in a collection, whoever gave it. Raises `NotFoundError`."""
    reference = refer_name(deployment, name)
    with deployment.database.reading() as connection:
        place = get_collection(deployment, connection, name=collection)
        found = rows.find_groups_of(connection, collection_id=place.id, reference=reference)
    if not found:
        raise NotFoundError(f"There is no face group {name} in the collection {collection}.")
    return FaceGroupTarget(tuple(one.id for one in found))


def refer_name(deployment: Deployment, name: str) -> str:
    """What a group is looked up by."""
    return deployment.vault.notary.refer("face group", name)


def open_name(deployment: Deployment, stored: StoredFaceGroup) -> str | None:
    """Nothing where its key is gone, or the row is not what was written."""
    try:
        return deployment.vault.subjects.unseal(
            stored.name, subject=name_group(stored.uuid), context=f"name:{stored.reference}"
        ).decode()
    except (KeyDestroyedError, TamperedError):
        return None


def _seal_name(deployment: Deployment, name: str, *, uuid: str, reference: str) -> bytes:
    return deployment.vault.subjects.seal(
        name.encode(), subject=name_group(uuid), context=f"name:{reference}"
    )
