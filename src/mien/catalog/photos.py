"""Photos, known by the SHA-256 of their bytes, and the places where they were found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, exists, insert, select, update

from mien.catalog.schema import indexed_photos, locations, photos
from mien.types import CollectionId, Credit, GrantId, PhotoId

CREDIT_FIELDS = ("caption", "credit", "copyright")
"""What a file says of itself, and somebody may put right."""


class LocationState(StrEnum):
    """Whether the photo is still where it was found."""

    PRESENT = "present"
    VANISHED = "vanished"
    REPLACED = "replaced"
    QUARANTINED = "quarantined"
    """No grant covers it any more; it waits for its erasure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPhoto:
    """What is recorded of a photo when its bytes are first met."""

    sha256: str
    size_bytes: int
    width_px: int
    height_px: int
    media_type: str
    credit: Credit


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A photo was found here, under this grant; the fingerprint tells how the file looked."""

    uri: str
    fingerprint: str
    grant_id: GrantId
    at: datetime


def photo_uuid_of(sha256: str) -> str:
    """The id that a photo's keys go by; two processes that meet the same bytes agree on it."""
    return "-".join((sha256[:8], sha256[8:12], sha256[12:16], sha256[16:20], sha256[20:32]))


def find_photo_id(connection: Connection, sha256: str) -> PhotoId | None:
    found = connection.execute(select(photos.c.id).where(photos.c.sha256 == sha256))
    photo_id = found.scalar_one_or_none()
    return None if photo_id is None else PhotoId(photo_id)


def add_photo(connection: Connection, new: NewPhoto, *, at: datetime) -> PhotoId:
    """The photo of these bytes, recorded first if they were never met."""
    known = find_photo_id(connection, new.sha256)
    if known is not None:
        return known
    row = insert(photos).values(
        sha256=new.sha256,
        size_bytes=new.size_bytes,
        width_px=new.width_px,
        height_px=new.height_px,
        media_type=new.media_type,
        caption=new.credit.caption,
        credit=new.credit.credit,
        copyright=new.credit.copyright,
        first_seen_at=at,
    )
    return PhotoId(connection.execute(row.returning(photos.c.id)).scalar_one())


def correct_credit(connection: Connection, sha256: str, *, values: Mapping[str, str]) -> int:
    """Writes caption, credit or copyright of a photo anew; how many photos that were."""
    known = {name: value for name, value in values.items() if name in CREDIT_FIELDS}
    changed = update(photos).where(photos.c.sha256 == sha256).values(known)
    return connection.execute(changed).rowcount


def add_location(connection: Connection, photo_id: PhotoId, *, sighting: Sighting) -> None:
    """Records where a photo is; another photo that was there has been replaced."""
    here = locations.c.uri == sighting.uri
    connection.execute(
        update(locations)
        .where(here, locations.c.photo_id != photo_id)
        .where(locations.c.state == LocationState.PRESENT)
        .values(state=LocationState.REPLACED)
    )
    seen = {
        "state": LocationState.PRESENT,
        "fingerprint": sighting.fingerprint,
        "seen_at": sighting.at,
        "quarantined_at": None,
    }
    mine = (locations.c.photo_id == photo_id) & (locations.c.grant_id == sighting.grant_id)
    if connection.execute(update(locations).where(here, mine).values(seen)).rowcount == 0:
        connection.execute(
            insert(locations).values(
                uri=sighting.uri,
                photo_id=photo_id,
                grant_id=sighting.grant_id,
                added_at=sighting.at,
                **seen,
            )
        )


def is_known(
    connection: Connection,
    *,
    uri: str,
    fingerprint: str,
    grant_id: GrantId,
    collection_id: CollectionId,
) -> bool:
    """Was this very file, looking as it does, already indexed here under this grant?"""
    indexed = exists().where(
        indexed_photos.c.photo_id == locations.c.photo_id,
        indexed_photos.c.collection_id == collection_id,
    )
    found = select(locations.c.id).where(
        locations.c.uri == uri,
        locations.c.fingerprint == fingerprint,
        locations.c.grant_id == grant_id,
        locations.c.state == LocationState.PRESENT,
        indexed,
    )
    return connection.execute(found.limit(1)).one_or_none() is not None


def find_photos_at(connection: Connection, uri: str, *, grant_id: GrantId) -> list[PhotoId]:
    """What is present at a place, by this grant."""
    found = select(locations.c.photo_id).where(
        locations.c.uri == uri,
        locations.c.grant_id == grant_id,
        locations.c.state == LocationState.PRESENT,
    )
    return [PhotoId(photo_id) for photo_id in connection.execute(found).scalars()]


def iter_present_uris(
    connection: Connection, *, prefix: str, grant_id: GrantId
) -> Iterator[tuple[int, str]]:
    """Ids and URIs of present locations whose URI starts with the prefix."""
    rows = connection.execute(
        select(locations.c.id, locations.c.uri).where(
            locations.c.grant_id == grant_id,
            locations.c.state == LocationState.PRESENT,
            locations.c.uri.startswith(prefix, autoescape=True),
        )
    )
    for row in rows:
        # LIKE ignores case on some databases; paths do not.
        if row.uri.startswith(prefix):
            yield row.id, row.uri


def mark_vanished(connection: Connection, location_ids: Iterable[int]) -> None:
    for location_id in location_ids:
        connection.execute(
            update(locations)
            .where(locations.c.id == location_id)
            .values(state=LocationState.VANISHED)
        )


def iter_uris(connection: Connection, grant_id: GrantId) -> Iterator[tuple[int, str]]:
    """Ids and URIs of all locations under a grant, but for those in quarantine."""
    found = select(locations.c.id, locations.c.uri).where(
        locations.c.grant_id == grant_id, locations.c.state != LocationState.QUARANTINED
    )
    for row in connection.execute(found):
        yield row.id, row.uri


def quarantine(connection: Connection, location_ids: Iterable[int], *, at: datetime) -> None:
    """Takes locations out of every answer, to be erased later."""
    held = {"state": LocationState.QUARANTINED, "quarantined_at": at}
    for location_id in location_ids:
        connection.execute(update(locations).where(locations.c.id == location_id).values(held))


def iter_photo_uuids(connection: Connection) -> Iterator[str]:
    for sha256 in connection.execute(select(photos.c.sha256)).scalars():
        yield photo_uuid_of(sha256)
