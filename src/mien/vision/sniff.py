"""Tells what kind of photo a file is from its first bytes; names and endings are not asked."""

from __future__ import annotations

__all__ = ["HEAD_BYTES", "sniff_media_type"]

HEAD_BYTES = 64
"""As many bytes as are needed."""

_PREFIXES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
)
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"})


def sniff_media_type(head: bytes) -> str | None:
    """The media type of a photo that can be decoded; None for anything else."""
    for prefix, media_type in _PREFIXES:
        if head.startswith(prefix):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _sniff_brands(head)
    return None


def _sniff_brands(head: bytes) -> str | None:
    """ISO 14496-12: the major brand, a version, then compatible brands, four bytes each."""
    end = min(int.from_bytes(head[:4], "big"), len(head) - len(head) % 4, HEAD_BYTES)
    brands = {head[8:12], *(head[start : start + 4] for start in range(16, end, 4))}
    if brands & _AVIF_BRANDS:
        return "image/avif"
    if brands & _HEIC_BRANDS:
        return "image/heic"
    return None
