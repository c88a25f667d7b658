"""What is to be destroyed of a vault, and what a ledger of erasures calls each of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mien.vault.blobs import PartKind


@dataclass(slots=True, kw_only=True)
class Shreds:
    """What is to be destroyed, by outside ids.

    `covers` are pairs of a photo that stays and a grant that must not open it any more.
    `kept_blobs` are pairs of a blob and its photo, which stay, but for the thumbnail and faces.
    `vouchers` are marks of records that go.
    """

    face_ids: list[str] = field(default_factory=list)
    photo_ids: list[str] = field(default_factory=list)
    covers: list[tuple[str, str]] = field(default_factory=list)
    grant_ids: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    vouchers: list[str] = field(default_factory=list)
    blob_ids: list[str] = field(default_factory=list)
    kept_blobs: list[tuple[str, str]] = field(default_factory=list)


def references_of(shreds: Shreds) -> Iterator[str]:
    """What a ledger calls each of these."""
    yield from (f"face:{face_id}" for face_id in shreds.face_ids)
    yield from (f"photo key:{photo_id}" for photo_id in shreds.photo_ids)
    yield from (f"cover:{photo_id}:{grant_id}" for photo_id, grant_id in shreds.covers)
    yield from (f"grant key:{grant_id}" for grant_id in shreds.grant_ids)
    yield from (f"subject key:{subject}" for subject in shreds.subjects)
    yield from (f"voucher:{name}" for name in shreds.vouchers)
    yield from (f"blob:{blob_id}" for blob_id in shreds.blob_ids)
    yield from (f"kept blob:{blob_id}" for blob_id, _ in shreds.kept_blobs)


def stays(part: tuple[PartKind, str], *, gone: set[str]) -> bool:
    """A thumbnail shows every face of its photo, so it goes with any of them."""
    kind, owner_id = part
    return kind is not PartKind.THUMBNAIL and owner_id not in gone
