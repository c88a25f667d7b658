"""What a search showed its asker, read again from the audit log: nothing else remembers it.

The note about a shown face is sealed under that face's key, so that whoever erases the face has
erased this too. Nobody finds a search that somebody else made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mien.catalog import audit as entries
from mien.catalog.audit import StoredEntry, StoredNote
from mien.catalog.connect import Connection
from mien.catalog.faces import StoredFace, find_faces_by_uuid
from mien.errors import NotFoundError
from mien.evidence.strength import Strength
from mien.service.audit import DEPLOYMENT, Action
from mien.service.audit_check import open_note
from mien.service.deployment import Deployment
from mien.service.opinion import ProbeKey, refer_to_actor
from mien.service.searched import parse_strength
from mien.types import FaceId
from mien.vault.notary import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A candidate as a search showed it, and what was asked."""

    face: StoredFace
    search_id: str
    collection: str
    purpose: str
    probe: ProbeKey
    rank: int
    score: float
    strength: Strength | None


def get_shown(deployment: Deployment, *, search_id: str, face_ids: Sequence[str]) -> list[Shown]:
    """The candidates of a search of the asker's, in the order of the face ids.

    Raises `NotFoundError` where it showed one of them not, or somebody else made it.
    """
    wanted = [face_id.lower() for face_id in face_ids]
    with deployment.database.reading() as connection:
        faces = {face.uuid: face for face in find_faces_by_uuid(connection, wanted)}
        found = [
            _find_shown(deployment, connection, search_id=search_id, face=faces.get(face_id))
            for face_id in wanted
        ]
    shown = [one for one in found if one is not None]
    if len(shown) < len(wanted):
        raise NotFoundError(
            f"There is no search {search_id} of yours that showed all of these faces. Search "
            "again: what was erased since is not shown any more."
        )
    return shown


def _find_shown(
    deployment: Deployment, connection: Connection, *, search_id: str, face: StoredFace | None
) -> Shown | None:
    if face is None:
        return None
    notary = deployment.vault.notary
    owner = Owner(photo_id=face.photo_uuid, face_id=face.uuid)
    for note in reversed(entries.find_notes_of(connection, notary.refer_owner(owner))):
        entry = entries.find_entry(connection, note.seq)
        if entry is None or not _is_of(deployment, entry, search_id=search_id):
            continue
        match = open_note(notary, entry, note=note, owner=owner)
        asked = _open_own(deployment, connection, entry=entry)
        if match is not None and asked is not None:
            return _describe(match, asked, face=face)
    return None


def _is_of(deployment: Deployment, entry: StoredEntry, *, search_id: str) -> bool:
    """Before anything is opened: is it the entry of that search, and was it the asker's?"""
    described = json.loads(entry.content)
    is_search = described["action"] == Action.SEARCH and search_id != ""
    is_own = described["actor"] == refer_to_actor(deployment)
    return is_search and is_own and described["facts"].get("search") == search_id


def _open_own(
    deployment: Deployment, connection: Connection, *, entry: StoredEntry
) -> dict[str, Any] | None:
    """What was asked, as the deployment's own key seals it."""
    notes: list[StoredNote] = entries.find_notes(connection, entry.seq)[:1]
    for note in notes:
        return open_note(deployment.vault.notary, entry, note=note, owner=DEPLOYMENT)
    return None


def _describe(match: Mapping[str, Any], asked: Mapping[str, Any], *, face: StoredFace) -> Shown:
    number, face_id = match["probe"], asked["probe_face"]
    return Shown(
        face=face,
        search_id=match["search"],
        collection=asked["collection"],
        purpose=asked["purpose"],
        probe=ProbeKey(asked["probes"][number], None if face_id is None else FaceId(face_id)),
        rank=match["rank"],
        score=match["score"],
        strength=parse_strength(match["strength"]),
    )
