"""Groups of faces, made as a key of a grant makes them, for tests of what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence

from mien.library import Library
from mien.permission.access_key import AccessTerms
from mien.permission.verdict import Verdict
from mien.service.collections import DEFAULT_COLLECTION
from mien.service.face_groups import FaceGroups, open_groups
from mien.service.group_faces import Grouped, GroupFaces, Grouping
from service.stage import PURPOSE


def terms_of(
    grant: str, *, collection: str = DEFAULT_COLLECTION, purpose: str = PURPOSE
) -> AccessTerms:
    return AccessTerms(grant_id=grant, collections=frozenset({collection}), purpose=purpose)


def groups_of(library: Library, grant: str, *, collection: str = DEFAULT_COLLECTION) -> FaceGroups:
    terms = terms_of(grant, collection=collection)
    opened = open_groups(library.parts, terms, collection=collection)
    assert not isinstance(opened, Verdict)
    return opened


def make_group(
    library: Library, groups: FaceGroups, name: str, *, face_ids: Sequence[str] = ()
) -> Grouped | None:
    """A group, with faces where some are named."""
    groups.make(name)
    if not face_ids:
        return None
    faces = GroupFaces(groups, library.parts.galleries)
    return faces.add(Grouping(name=name, face_ids=face_ids), min_similarity=75.0)
