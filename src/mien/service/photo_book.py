"""Photos to look at: page by page, one by one, and as pictures, as far as grants allow it.

What somebody may not see is not there: the answer is the same as for what never was. Whoever
opens a photo in full is entered into the audit log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from mien.catalog import browse as rows
from mien.catalog import people as people_rows
from mien.catalog.connect import Connection
from mien.catalog.photos import photo_uuid_of
from mien.errors import NotFoundError, SettingsError, VaultError
from mien.permission.verdict import ALLOWED, Verdict
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.browsing import BookFace, BookPhoto, Known, Look, look_at
from mien.service.collections import DEFAULT_COLLECTION
from mien.service.leave import NO_FILTERS, Filters
from mien.service.originals import Whereabouts, find_original
from mien.service.pages import open_position, seal_position
from mien.service.parts import Parts
from mien.service.pictures import read_crop
from mien.types import PersonId
from mien.vault.notary import Owner
from mien.vault.vault import SealedPhoto
from mien.vision.decode import DecodeLimits, decode_photo
from mien.vision.render import render_photo

__all__ = ["BookFace", "BookPhoto", "Known", "Order", "PhotoBook", "PhotoPage", "PhotoQuery"]

MOST_A_PAGE = 200
LONGEST_PX = 4096
_SHA256_CHARACTERS = 64


class Order(StrEnum):
    """What a list of photos is sorted by."""

    NEWEST = "newest"
    PLACE = "place"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoQuery:
    """Which photos are wanted: all of a collection, or as filters say, or of one person.

    `after` is the `next` of the page before, with all else the same.
    """

    collection: str = DEFAULT_COLLECTION
    filters: Filters = NO_FILTERS
    person_id: str = ""
    order: Order = Order.NEWEST
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class PhotoPage:
    """Some photos of a list, none where the verdict is a no; `next` is empty on the last page."""

    verdict: Verdict
    photos: tuple[BookPhoto, ...] = ()
    next: str = ""


@dataclass(frozen=True, slots=True)
class PersonShown:
    """Somebody enrolled, and the collections with faces of theirs that may be seen."""

    known: Known
    collections: tuple[str, ...]


class PhotoBook:
    """What may be looked at of a library; of these collections alone, where `bounds` are set."""

    def __init__(self, parts: Parts, *, bounds: frozenset[str] | None = None) -> None:
        self._parts = parts
        self._bounds = bounds

    def list_photos(self, query: PhotoQuery) -> PhotoPage:
        """A page of a collection's photos.

        Raises `NotFoundError` for an unknown collection or person, `SettingsError` for a limit
        out of range or a page that is not of this list.
        """
        if not 1 <= query.limit <= MOST_A_PAGE:
            raise SettingsError(f"A page has 1 to {MOST_A_PAGE} photos.")
        self._check_reach(query.collection)
        look = look_at(self._parts, query.collection, filters=query.filters)
        if isinstance(look, Verdict):
            return PhotoPage(look)
        with look.deployment.database.reading() as connection:
            return self._read_page(connection, look, query=query)

    def get_photo(self, photo_id: str, *, collection: str = "") -> BookPhoto:
        """A photo by its id or its SHA-256; in the first collection that shows it, or in one.

        Raises `NotFoundError` where there is none that may be looked at.
        """
        wanted = parse_photo_id(photo_id)
        with self._parts.deployment.database.reading() as connection:
            names = rows.find_collections_of_photo(connection, wanted)
        for look in self._iter_looks(names, collection):
            with look.deployment.database.reading() as connection:
                found = rows.find_visible_photo(connection, look.leave.scope, photo_uuid=wanted)
                if found is None:
                    continue
                consenting = look.find_consenting(connection)
                for photo in look.see(connection, [found], consenting=consenting):
                    if consenting is None or photo.faces:
                        return photo
        raise NotFoundError(f"There is no photo {photo_id} here that may be looked at.")

    def get_face(self, face_id: str) -> BookFace:
        """A face by its id. Raises `NotFoundError` where there is none that may be seen."""
        with self._parts.deployment.database.reading() as connection:
            place = rows.find_collection_of_face(connection, face_id.lower())
        for look in self._iter_looks([] if place is None else [place[0]], ""):
            with look.deployment.database.reading() as connection:
                found = None if place is None else look.find_face(connection, place[1])
            if found is not None:
                return found
        raise NotFoundError(f"There is no face {face_id} here that may be seen.")

    def get_person(self, person_id: str) -> PersonShown:
        """Somebody of whom a face may be seen. Raises `NotFoundError`."""
        with self._parts.deployment.database.reading() as connection:
            stored = people_rows.find_person(connection, person_id.lower())
            names = [] if stored is None else rows.find_collections_of_person(connection, stored.id)
        seen = []
        for look in self._iter_looks(names, ""):
            with look.deployment.database.reading() as connection:
                consenting = look.find_consenting(connection)
            if stored is not None and (consenting is None or stored.id in consenting):
                seen.append(look.leave.collection.name)
        if stored is None or not seen:
            raise NotFoundError(f"There is nobody {person_id} here of whom a face may be seen.")
        return PersonShown(Known(stored.uuid, stored.name), tuple(seen))

    def read_crop(self, face: BookFace) -> bytes:
        """A small JPEG of a face. Raises `NotFoundError` where it is gone."""
        return _get(lambda: read_crop(self._parts.deployment, face.face), what="face")

    def read_thumbnail(self, photo: BookPhoto) -> bytes:
        """A small JPEG of a photo. Raises `NotFoundError` where it would show others."""
        place = SealedPhoto(photo.photo.blob_id, photo.photo.uuid)
        find = self._parts.deployment.vault.find_thumbnail
        return _get(lambda: None if photo.shows_others else find(place), what="photo")

    def open_photo(self, photo: BookPhoto, *, longest_px: int) -> bytes:
        """A JPEG of the photo from where it lies, its longer side at most so long; logged.

        Raises `NotFoundError` where it is not there any more as it was, or would show others;
        `SettingsError` for a length out of range.
        """
        if not 1 <= longest_px <= LONGEST_PX:
            raise SettingsError(f"A picture's longer side is 1 to {LONGEST_PX} px.")
        self.read_thumbnail(photo)  # which went with whoever the photo may not show any more
        deployment, row = self._parts.deployment, photo.photo
        uris = tuple(place.uri for place in row.places)
        content = find_original(deployment, Whereabouts(row.sha256, row.size_bytes, uris))
        if content is None:
            raise NotFoundError(
                "The photo is not where it was found, or is another one now. Add its folder "
                "again; until then there is the thumbnail."
            )
        longest = max(row.width_px, row.height_px)
        limits = DecodeLimits(row.size_bytes, row.width_px * row.height_px, longest)
        picture = decode_photo(content, limits=limits, enough_px=longest_px).picture
        jpeg = render_photo(picture, longest_px=longest_px)
        self._enter_viewed(photo)
        return jpeg

    def _read_page(self, connection: Connection, look: Look, *, query: PhotoQuery) -> PhotoPage:
        consenting = look.find_consenting(connection)
        of_people = self._choose_people(connection, query.person_id, consenting=consenting)
        find = rows.find_newest if query.order is Order.NEWEST else rows.find_by_place
        context = f"photos:{query.order}:{look.leave.collection.uuid}"
        after = open_position(look.deployment, query.after, context=context)
        photos: list[BookPhoto] = []
        while True:
            page = find(
                connection,
                look.leave.scope,
                of_people=of_people,
                after=after,
                limit=query.limit + 1,
            )
            # Some may be left out: whoever asks for a page gets a full one.
            photos += look.see(connection, page, consenting=consenting)
            if len(photos) > query.limit or len(page) <= query.limit:
                break
            after = page[-1].position
        shown = photos[: query.limit]
        following = ""
        if len(photos) > query.limit:
            following = seal_position(look.deployment, shown[-1].photo.position, context=context)
        return PhotoPage(ALLOWED, tuple(shown), following)

    def _choose_people(
        self, connection: Connection, person_id: str, *, consenting: set[PersonId] | None
    ) -> set[PersonId] | None:
        """Whose photos are listed; where everybody's are, none."""
        if not person_id:
            return consenting
        stored = people_rows.find_person(connection, person_id.lower())
        if stored is None or (consenting is not None and stored.id not in consenting):
            raise NotFoundError(f"There is nobody {person_id} here of whom a face may be seen.")
        return {stored.id}

    def _check_reach(self, collection: str) -> None:
        if self._bounds is not None and collection not in self._bounds:
            raise NotFoundError(f"There is no collection {collection} here.")

    def _iter_looks(self, names: list[str], wanted: str) -> Iterator[Look]:
        """At those of the collections that may be looked at, or at the one that is wanted."""
        for name in names:
            is_within = self._bounds is None or name in self._bounds
            if is_within and wanted in {"", name}:
                look = look_at(self._parts, name)
                if isinstance(look, Look):
                    yield look

    def _enter_viewed(self, photo: BookPhoto) -> None:
        deployment = self._parts.deployment
        with deployment.database.writing() as connection:
            event = Event(
                action=Action.VIEWED,
                note=Note({"collection": photo.collection}),
                shown=[_tell_viewed(face) for face in photo.faces],
            )
            audit.append(deployment, connection, event=event)


def parse_photo_id(text: str) -> str:
    """A photo's id, of its id or its SHA-256. Raises `NotFoundError` for what is neither."""
    try:
        if len(text) == _SHA256_CHARACTERS:
            return photo_uuid_of(f"{int(text, 16):064x}")
        return str(UUID(text))
    except ValueError as error:
        raise NotFoundError(f"There is no photo {text} here that may be looked at.") from error


def _get(read: Callable[[], bytes | None], *, what: str) -> bytes:
    """The picture. Raises `NotFoundError` where it was erased, before or just now."""
    try:
        picture = read()
    except VaultError:
        picture = None
    if picture is None:
        raise NotFoundError(f"There is no picture of this {what} that may be seen.")
    return picture


def _tell_viewed(face: BookFace) -> Note:
    """What the audit log keeps of a face that was seen, as long as the face is kept."""
    stored = face.face.stored
    return Note({"face": stored.uuid}, Owner(photo_id=stored.photo_uuid, face_id=stored.uuid))
