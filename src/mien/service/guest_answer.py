"""What is found for a guest: looked for once, shown for a quarter of an hour, and forgotten.

Each time a photo is shown or handed out it is asked again whether it may be: a grant may have
been revoked meanwhile, a consent withdrawn, a case opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mien.catalog import guests as rows
from mien.catalog.faces import VisibleFace, find_faces_by_uuid, find_visible_faces
from mien.catalog.guests import StoredGuestRequest
from mien.catalog.people import find_person
from mien.errors import NotFoundError, VaultError
from mien.permission.basis import Basis
from mien.permission.link import MAX_FMR, SHOWN_FOR, GuestState
from mien.permission.verdict import Verdict
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.enrolled import find_consenting
from mien.service.guest_record import destroy_selfies, find_selfie, open_found, seal_found
from mien.service.leave import ask_leave
from mien.service.link import Link
from mien.service.link_record import hash_token
from mien.service.links import refer_request
from mien.service.originals import Whereabouts, find_original
from mien.service.parts import Parts
from mien.service.pictures import read_crop, read_thumbnail
from mien.service.search import SearchRequest, SearchResult, search_photos
from mien.types import PersonId
from mien.vault.notary import Owner
from mien.vision.sniff import HEAD_BYTES, sniff_media_type

_MOST_PHOTOS = 500


@dataclass(frozen=True, slots=True, eq=False)
class FoundPhoto:
    """A photo with the guest's own face in it; `number` counts from 0."""

    number: int
    face: VisibleFace


@dataclass(frozen=True, slots=True, eq=False)
class FoundFile:
    """A whole photo, to be taken along."""

    content: bytes
    media_type: str


class GuestAnswer:
    """The answers that guests of one link get; `parts` are the link's."""

    def __init__(self, parts: Parts, link: Link) -> None:
        self._parts = parts
        self._deployment = parts.deployment
        self._link = link

    def find(self, stored: StoredGuestRequest, *, person_id: str | None = None) -> None:
        """Looks for the guest, once. What they handed in can be read by nobody any more then.

        Of a collection of enrolled people only what was kept for this person counts: nothing,
        where they are nobody any more.
        """
        selfie = self._claim(stored)
        if selfie is None:
            return
        link = self._link
        seen = self._parts.session.prepare_to_search(link.collection)
        request = SearchRequest(
            purpose=link.purpose,
            collection=link.collection,
            limit=_MOST_PHOTOS,
            max_fmr=MAX_FMR,
            max_file_bytes=self._parts.max_file_bytes,
        )
        galleries = self._parts.galleries
        result = search_photos(seen, request, galleries=galleries, photos=[selfie])
        self._parts.session.keep_signed()
        chosen = _choose(result)
        if person_id is not None:
            person = self._find_person(person_id)
            chosen = [one for one in chosen if person is not None and one.person_id == person]
        self._keep(stored, _name_each(chosen))

    def photos(self, token: str) -> list[FoundPhoto]:
        """The photos of an answer that may still be seen."""
        stored = self._find(token)
        return [] if stored is None else self._see(stored)

    def shows_all(self, found: FoundPhoto) -> bool:
        """Whether its small picture is the whole photo, and not the face alone."""
        try:
            return read_thumbnail(self._deployment, found.face) is not None
        except VaultError:
            return False

    def small(self, request_id: str, number: int) -> bytes:
        """A JPEG of the photo, or of the face alone where the photo shows others who are not kept.

        Raises `NotFoundError`.
        """
        found = self._get(request_id, number)
        try:
            picture = read_thumbnail(self._deployment, found.face)
            picture = picture or read_crop(self._deployment, found.face)
        except VaultError:
            picture = None
        if picture is None:
            raise NotFoundError(_GONE)
        return picture

    def whole(self, request_id: str, number: int) -> FoundFile:
        """The photo as it is, read where it lies and known by its hash. Raises `NotFoundError`."""
        found = self._get(request_id, number)
        shown = tuple(place.uri for place in found.face.locations if place.is_for_display)
        photo = Whereabouts(found.face.sha256, self._parts.max_file_bytes, shown)
        content = find_original(self._deployment, photo)
        if content is not None:
            self._enter_taken(request_id, found)
            return FoundFile(content, _media_type(content))
        raise NotFoundError(_GONE)

    def _claim(self, stored: StoredGuestRequest) -> bytes | None:
        """The selfie, for whoever comes first; its key is gone before it is searched with."""
        handed = find_selfie(self._deployment, stored)
        if handed is None:
            return None
        now = self._deployment.clock()
        with self._deployment.database.writing_durably() as connection:
            is_first = rows.move_guest_request(
                connection, stored.id, of=stored.state, to=GuestState.ANSWERED
            )
            if is_first:
                rows.change_guest_request(
                    connection,
                    stored.id,
                    answered_at=now,
                    ends_at=now + SHOWN_FOR,
                    selfie=None,
                    crop=None,
                )
        if not is_first:
            return None
        destroy_selfies(self._deployment, [stored.uuid])
        return handed.jpeg

    def _keep(self, stored: StoredGuestRequest, faces: Sequence[str]) -> None:
        deployment = self._deployment
        found = seal_found(deployment, faces, uuid=stored.uuid)
        event = Event(
            action=Action.GUEST_ANSWERED,
            purpose=self._link.purpose,
            facts={"request": refer_request(deployment, stored.uuid), "photos": len(faces)},
        )
        with deployment.database.writing() as connection:
            rows.change_guest_request(connection, stored.id, found=found, shown=len(faces))
            audit.append(deployment, connection, event=event)

    def _find_person(self, person_id: str) -> PersonId | None:
        """Nobody where they were erased meanwhile."""
        with self._deployment.database.reading() as connection:
            found = find_person(connection, person_id) if person_id else None
        return None if found is None else found.id

    def _find(self, token: str) -> StoredGuestRequest | None:
        with self._deployment.database.reading() as connection:
            stored = rows.find_guest_request_by_token(connection, hash_token(token))
        return stored if stored is not None and self._is_open(stored) else None

    def _is_open(self, stored: StoredGuestRequest) -> bool:
        is_ours = stored.link_uuid == self._link.link_id
        return is_ours and stored.found is not None and self._deployment.clock() < stored.ends_at

    def _get(self, request_id: str, number: int) -> FoundPhoto:
        """Raises `NotFoundError`."""
        with self._deployment.database.reading() as connection:
            stored = rows.find_guest_request(connection, request_id)
        if stored is not None and self._is_open(stored):
            for found in self._see(stored):
                if found.number == number:
                    return found
        raise NotFoundError(_GONE)

    def _see(self, stored: StoredGuestRequest) -> list[FoundPhoto]:
        """Those that may be shown now, under the numbers they had from the beginning."""
        link, now = self._link, self._deployment.clock()
        if not link.is_vouched:
            return []
        leave = ask_leave(
            self._deployment, purpose=link.purpose, collection=link.collection, at=now
        )
        if isinstance(leave, Verdict):
            return []
        faces = open_found(self._deployment, stored)
        with self._deployment.database.reading() as connection:
            ids = [one.id for one in find_faces_by_uuid(connection, faces)]
            seen = find_visible_faces(connection, leave.scope, face_ids=ids)
            by_uuid = {one.stored.uuid: one for one in seen.values() if one.is_for_display}
            if leave.collection.basis is Basis.ENROLLED_ONLY:
                people = {one.person_id for one in by_uuid.values() if one.person_id is not None}
                consenting = find_consenting(
                    self._deployment, connection, person_ids=people, purpose=link.purpose, at=now
                )
                by_uuid = {u: one for u, one in by_uuid.items() if one.person_id in consenting}
        return [
            FoundPhoto(number, by_uuid[uuid])
            for number, uuid in enumerate(faces)
            if uuid in by_uuid
        ]

    def _enter_taken(self, request_id: str, found: FoundPhoto) -> None:
        deployment, stored = self._deployment, found.face.stored
        owner = Owner(photo_id=stored.photo_uuid, face_id=stored.uuid)
        event = Event(
            action=Action.PHOTO_HANDED_OUT,
            purpose=self._link.purpose,
            facts={"request": refer_request(deployment, request_id)},
            shown=[Note({"face": stored.uuid}, owner)],
        )
        with deployment.database.writing() as connection:
            known = rows.find_guest_request(connection, request_id)
            if known is not None:
                rows.count_download(connection, known.id)
            audit.append(deployment, connection, event=event)


_GONE = "This photo cannot be had here, or not any more."


def _choose(result: SearchResult) -> list[VisibleFace]:
    """Those that may be shown, the strongest first."""
    return [one.face for one in result.candidates if one.face.is_for_display]


def _name_each(faces: Sequence[VisibleFace]) -> list[str]:
    """The first of these faces in each photo, by its outside id."""
    chosen: dict[str, str] = {}
    for face in faces:
        chosen.setdefault(face.sha256, face.stored.uuid)
    return list(chosen.values())


def _media_type(content: bytes) -> str:
    return sniff_media_type(content[:HEAD_BYTES]) or "application/octet-stream"
