"""What is known of a face beside how it looks: where it was found, by whose leave, under what name.

It is told as far as somebody may see it: who looks with an access key sees what a search of the
key's would show, and others what they may look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mien.catalog.browse import VisiblePlace, find_collection_of_face, find_places
from mien.catalog.connect import Connection
from mien.catalog.image_names import find_faces_named, find_names
from mien.catalog.photos import find_photo_id
from mien.errors import NotFoundError
from mien.permission.access_key import AccessTerms
from mien.permission.consent import Consent, may_rely_on
from mien.permission.grant import Grant
from mien.permission.verdict import ALLOWED, Verdict
from mien.service.bound import look_bound
from mien.service.browsing import BookFace, Look, look_at
from mien.service.consents import find_consents
from mien.service.face_list import FaceList
from mien.service.parts import Parts
from mien.service.standing import find_grant
from mien.types import FaceId


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceRecord:
    """A face, the places of its photo with their grants, and consents in force of who it is of.

    `name` is what a client calls the photo; it is empty where none has named it.
    """

    face: BookFace
    places: tuple[VisiblePlace, ...]
    grants: tuple[Grant, ...]
    consents: tuple[Consent, ...]
    name: str


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Some faces of a list, none where the verdict is a no; the next page begins after `last`."""

    verdict: Verdict = ALLOWED
    records: tuple[FaceRecord, ...] = ()
    last: int = 0


class FaceRecords:
    """What may be known of faces; of these collections alone, where `bounds` are set.

    With the `terms` of an access key, what came in under its grant.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        bounds: frozenset[str] | None = None,
        terms: AccessTerms | None = None,
    ) -> None:
        self._parts = parts
        self._bounds = bounds
        self._terms = terms

    def get(self, face_id: str) -> FaceRecord:
        """Raises `NotFoundError` where there is none that may be seen."""
        with self._parts.deployment.database.reading() as connection:
            place = find_collection_of_face(connection, face_id.lower())
        if place is not None and self._is_within(place[0]):
            look = self._look(place[0])
            for record in _tell(look, [place[1]]) if isinstance(look, Look) else ():
                return record
        raise NotFoundError(f"There is no face {face_id} here that may be seen.")

    def find_named(self, name: str, *, collection: str, after: int, limit: int) -> RecordPage:
        """The faces of photos that a client gave this name, a page of them.

        Raises `NotFoundError` for an unknown collection.
        """
        if not self._is_within(collection):
            raise NotFoundError(f"There is no collection {collection} here.")
        look = self._look(collection)
        if isinstance(look, Verdict):
            return RecordPage(look)
        with look.deployment.database.reading() as connection:
            named = find_faces_named(connection, look.leave.scope, name=name)
        faces = FaceList(look.deployment, look.leave, chosen=named)
        page = faces.read_page(after=after, limit=limit)
        records = _tell(look, [face.stored.id for face in page.faces])
        return RecordPage(ALLOWED, tuple(records), page.last)

    def _is_within(self, collection: str) -> bool:
        return self._bounds is None or collection in self._bounds

    def _look(self, collection: str) -> Look | Verdict:
        if self._terms is None:
            return look_at(self._parts, collection)
        return look_bound(self._parts, self._terms, collection=collection)


def _tell(look: Look, face_ids: Sequence[FaceId]) -> list[FaceRecord]:
    """Those of the faces that may be seen."""
    deployment, scope = look.deployment, look.leave.scope
    with deployment.database.reading() as connection:
        seen = look.find_faces(connection, face_ids)
        names = find_names(connection, scope, face_ids=seen)
        records = []
        for face_id, face in seen.items():
            photo_id = find_photo_id(connection, face.face.sha256)
            places = (
                ()
                if photo_id is None
                else find_places(connection, scope, photo_ids=[photo_id]).get(photo_id, ())
            )
            records.append(
                FaceRecord(
                    face=face,
                    places=tuple(places),
                    grants=_find_grants(look, connection, places=places),
                    consents=_find_consents(look, connection, face=face),
                    name=names.get(face_id, ""),
                )
            )
    return records


def _find_grants(
    look: Look, connection: Connection, *, places: Iterable[VisiblePlace]
) -> tuple[Grant, ...]:
    """Each once, in the order of the places."""
    found = (
        find_grant(look.deployment, connection, grant_id=grant_id)
        for grant_id in dict.fromkeys(place.grant_id for place in places)
    )
    return tuple(stored.grant for stored in found if stored is not None)


def _find_consents(look: Look, connection: Connection, *, face: BookFace) -> tuple[Consent, ...]:
    person_id = face.face.person_id
    if person_id is None:
        return ()
    found = find_consents(look.deployment, connection, person_ids=[person_id])
    return tuple(
        consent
        for consent in found.get(person_id, ())
        if may_rely_on(consent, at=look.leave.at).is_allowed
    )
