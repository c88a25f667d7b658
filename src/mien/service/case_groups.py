"""The names that somebody's faces were put under, and the searches that told them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mien.catalog.audit import Json
from mien.catalog.face_groups import StoredFaceGroup, find_groups_with, name_group
from mien.service import audit
from mien.service.audit import Action
from mien.service.audit_read import find_entries_about
from mien.service.deployment import Deployment
from mien.service.face_groups import open_name
from mien.types import FaceId
from mien.vault.notary import Owner


def describe_groups(deployment: Deployment, own: Mapping[FaceId, str]) -> list[Json]:
    """Every face group with one of these faces; the other faces of it are not told."""
    with deployment.database.reading() as connection:
        found = find_groups_with(connection, sorted(own))
    return [
        {
            "name": name,
            "made_at": audit.format_time(group.created_at),
            "faces": [own[face_id] for face_id in faces],
            "searches": list(_iter_searches(deployment, group)),
        }
        for group, faces in found
        if (name := open_name(deployment, group)) is not None
    ]


def _iter_searches(deployment: Deployment, group: StoredFaceGroup) -> Iterator[dict[str, Json]]:
    """When and why, but not who searched."""
    for shown in find_entries_about(deployment, Owner(subject=name_group(group.uuid))):
        for match in shown.matches:
            if shown.entry["action"] == Action.SEARCH:
                rank, similarity = match.get("rank"), match.get("similarity")
                yield {
                    "time": str(shown.entry["time"]),
                    "purpose": str(shown.entry["purpose"]),
                    "rank": rank if isinstance(rank, int) else None,
                    "similarity": similarity if isinstance(similarity, float) else None,
                }
