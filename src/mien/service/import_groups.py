"""Users of Amazon's as face groups, with those of their faces that came along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from mien.errors import ConflictError, GroupFullError
from mien.permission.access_key import AccessTerms
from mien.permission.grant import Grant
from mien.permission.verdict import Reason, Verdict, refuse
from mien.service.face_groups import FaceGroups, open_groups
from mien.service.group_faces import Fault, GroupFaces, Grouping
from mien.service.import_report import ImportReport, Loss, Missing, MovedUser
from mien.service.parts import Parts
from mien.sources.amazon_listing import ListedCollection, ListedUser


def import_users(
    parts: Parts,
    listed: ListedCollection,
    *,
    grant: Grant | None,
    moved: Mapping[str, str],
    report: ImportReport,
) -> None:
    """Makes the groups that are not here yet; `moved` says which face of Amazon's is which here."""
    if not listed.users:
        return
    groups = None if grant is None else _open(parts, listed.collection_id, grant=grant)
    for user in listed.users:
        work = _UserImport(parts, listed.collection_id, user=user, report=report)
        face_ids = [moved[face_id] for face_id in user.face_ids if face_id in moved]
        if groups is None or (user.face_ids and not face_ids):
            work.lose(Loss.USER_WITHOUT_FACES)
        elif isinstance(groups, Verdict):
            work.lose(Loss.USER_REFUSED, *map(str, groups.reasons))
        else:
            work.group(groups, face_ids)


def _open(parts: Parts, name: str, *, grant: Grant) -> FaceGroups | Verdict:
    """The groups of the grant, which are the same for any purpose of it that is allowed here."""
    found: FaceGroups | Verdict = refuse(Reason.PURPOSE_NOT_GRANTED)
    for purpose in sorted(grant.purposes):
        terms = AccessTerms(grant_id=grant.grant_id, collections=frozenset({name}), purpose=purpose)
        found = open_groups(parts, terms, collection=name)
        if not isinstance(found, Verdict):
            break
    return found


class _UserImport:
    """One user on their way in."""

    def __init__(
        self, parts: Parts, collection: str, *, user: ListedUser, report: ImportReport
    ) -> None:
        self._parts = parts
        self._collection = collection
        self._user = user
        self._report = report

    def group(self, groups: FaceGroups, face_ids: Sequence[str]) -> None:
        """Whose faces they are was decided at Amazon, so that none is turned away as unlike."""
        name = self._user.user_id
        with suppress(ConflictError):  # there is one of that name since the last time
            groups.make(name)
        faces = GroupFaces(groups, self._parts.galleries)
        try:
            grouped = faces.add(Grouping(name=name, face_ids=face_ids), min_similarity=0.0)
        except GroupFullError:
            self.lose(Loss.USER_FULL)
            return
        for left in grouped.left:
            if left.fault is Fault.IN_ANOTHER:
                self.lose(Loss.FACE_OF_ANOTHER, face_id=left.face_id)
        self._report.users.append(
            MovedUser(
                collection=self._collection,
                user_id=name,
                faces_there=len(self._user.face_ids),
                faces_here=grouped.group.faces,
            )
        )

    def lose(self, reason: Loss, *codes: str, face_id: str = "") -> None:
        self._report.missing.append(
            Missing(
                collection=self._collection,
                what="face" if face_id else "user",
                id=face_id or self._user.user_id,
                reason=reason,
                codes=codes,
            )
        )
