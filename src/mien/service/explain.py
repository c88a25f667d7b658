"""Why a photo is here: where it was found, by whose permission, and what was done with it.

Answered from what is recorded, for any photo that is held; nothing has to be remembered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mien.catalog import audit as entries
from mien.catalog import provenance as rows
from mien.catalog.connect import Connection
from mien.catalog.provenance import StoredIndexing, StoredPhoto, StoredPlace
from mien.errors import NotFoundError
from mien.permission.grant import Grant, may_use
from mien.permission.use import Use
from mien.permission.verdict import Verdict
from mien.service import audit
from mien.service.audit import Action
from mien.service.audit_read import Document
from mien.service.deployment import Deployment
from mien.service.erase import parse_sha256
from mien.service.standing import get_grant
from mien.vault.notary import Owner

_OF_GRANTS = frozenset({Action.GRANT_RECORDED, Action.GRANT_NARROWED, Action.GRANT_REVOKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedPlace:
    """A place, the grant that it was found under, and what may be done with it now.

    `entered_with` is the number of the audit entry of the batch that it entered with.
    """

    place: StoredPlace
    grant: Grant
    verdicts: Mapping[Use, Verdict]
    entered_with: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that is recorded of a photo. `entries` are those of its grants, and its searches."""

    photo: StoredPhoto
    places: tuple[ExplainedPlace, ...]
    indexings: tuple[StoredIndexing, ...]
    entries: tuple[Document, ...]


def explain_photo(deployment: Deployment, sha256: str) -> Explanation:
    """Raises `NotFoundError`, and `SettingsError` for what is no SHA-256."""
    with deployment.database.reading() as connection:
        photo = rows.find_photo(connection, parse_sha256(sha256))
        if photo is None:
            raise NotFoundError(f"There is no photo {sha256} here.")
        places = list(rows.iter_places(connection, photo.id))
        indexings = tuple(rows.iter_indexings(connection, photo.id))
        grants = {
            place.grant_id: get_grant(deployment, connection, grant_id=place.grant_id).grant
            for place in places
        }
        log = list(_iter_entries_of(deployment, connection, grant_ids=list(grants)))
        searches = _find_searches(deployment, connection, photo=photo, indexings=indexings)
    return Explanation(
        photo=photo,
        places=tuple(
            _explain_place(deployment, place, grant=grants[place.grant_id], log=log)
            for place in places
        ),
        indexings=indexings,
        entries=(*(entry for entry in log if entry["action"] in _OF_GRANTS), *searches),
    )


def _explain_place(
    deployment: Deployment, place: StoredPlace, *, grant: Grant, log: Sequence[Document]
) -> ExplainedPlace:
    now = deployment.clock()
    verdicts = {
        use: may_use(grant, use=use, uri=place.uri, since=place.added_at, at=now) for use in Use
    }
    return ExplainedPlace(
        place=place,
        grant=grant,
        verdicts=verdicts,
        entered_with=_find_entry(deployment, place, log=log),
    )


def _find_entry(
    deployment: Deployment, place: StoredPlace, *, log: Sequence[Document]
) -> int | None:
    """The first batch under its grant that was entered when the place was recorded, or after."""
    reference = audit.refer_grant(deployment, place.grant_id)
    added_at = audit.format_time(place.added_at)
    for entry in log:
        is_batch = entry["action"] == Action.PHOTOS_ADDED and entry["grant"] == reference
        if is_batch and str(entry["time"]) >= added_at:
            return int(str(entry["seq"]))
    return None


def _iter_entries_of(
    deployment: Deployment, connection: Connection, *, grant_ids: Sequence[str]
) -> Iterator[Document]:
    references = [audit.refer_grant(deployment, grant_id) for grant_id in grant_ids]
    for entry in entries.iter_entries(connection):
        if any(reference.encode() in entry.content for reference in references):
            yield json.loads(entry.content)


def _find_searches(
    deployment: Deployment,
    connection: Connection,
    *,
    photo: StoredPhoto,
    indexings: Sequence[StoredIndexing],
) -> list[Document]:
    """Searches that showed any face of the photo."""
    owners = [
        Owner(photo_id=photo.uuid, face_id=face_id)
        for indexing in indexings
        for face_id in indexing.face_ids
    ]
    numbers = {
        note.seq
        for owner in owners
        for note in entries.find_notes_of(connection, deployment.vault.notary.refer_owner(owner))
    }
    found = (entries.find_entry(connection, number) for number in sorted(numbers))
    return [json.loads(entry.content) for entry in found if entry is not None]
