"""An index on disk: a sequence of parts, to be sealed and stored by whoever asks for them.

Numbers are little-endian; `x[n]` is an array of n. Every part ends in the SHA-256 of the bytes
before it. Shorthand codes are not stored: they follow from the templates, and so any kind of
index reads any snapshot. Nothing here is encrypted: templates stand in the clear.
"""

# header    byte[8]        b"MIENIDX1"
#           uint32         dimension d
#           uint32         number of segments
#           uint64         number r of retired ids
#           int64[r]       ids of erased faces, ascending: numbers that may not come again
#           byte[32]       SHA-256
#
# segment   byte[8]        b"MIENSEG1"
#           byte[32]       the header's SHA-256, so that parts of two snapshots do not mix
#           uint32         number of the segment, from 0
#           uint32         dimension d
#           uint64         number n of rows, at least 1
#           int64[n]       face ids
#           uint8[n]       1 where the face answers searches, 0 where it is hidden
#           float16[n, d]  templates
#           byte[32]       SHA-256

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct
from typing import Any, NoReturn

import numpy as np

from mien.errors import IndexStateError
from mien.index.segment import Entries, Segment
from mien.types import Ids

__all__ = ["Header", "parse_header", "parse_segments", "split_parts", "write_parts"]

_HEADER = Struct("<8sIIQ")
_SEGMENT = Struct("<8s32sIIQ")
_HEADER_MAGIC = b"MIENIDX1"
_SEGMENT_MAGIC = b"MIENSEG1"
_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True, eq=False)
class Header:
    """What the first part says; `digest` is its own."""

    dimension: int
    segments: int
    retired: Ids
    digest: bytes


def write_parts(dimension: int, segments: Sequence[Segment], *, retired: Ids) -> Iterator[bytes]:
    filled = [segment for segment in segments if segment.count]
    fields = _HEADER.pack(_HEADER_MAGIC, dimension, len(filled), len(retired))
    header = _sealed(fields, retired.astype("<i8").tobytes())
    digest = header[-_DIGEST_BYTES:]
    yield header
    for number, segment in enumerate(filled):
        yield _sealed(
            _SEGMENT.pack(_SEGMENT_MAGIC, digest, number, dimension, segment.count),
            segment.ids.astype("<i8").tobytes(),
            segment.answers.astype(np.uint8).tobytes(),
            segment.templates.astype("<f2").tobytes(),
        )


def parse_header(part: bytes) -> Header:
    """Raises `IndexStateError` for what is no header of this format."""
    body = _opened(part, "header")
    magic, dimension, segments, retired = _unpack(_HEADER, body, name="header")
    if magic != _HEADER_MAGIC:
        _refuse("its first part is no header of this format")
    if len(body) != _HEADER.size + 8 * retired:
        _refuse("its header has the wrong size")
    ids = np.frombuffer(body, "<i8", offset=_HEADER.size).astype(np.int64)
    return Header(dimension, segments, ids, part[-_DIGEST_BYTES:])


def parse_segments(header: Header, parts: Iterable[bytes]) -> Iterator[Entries]:
    """The segments after the header. Raises `IndexStateError` unless all are there and whole."""
    count = 0
    for part in parts:
        yield _parse_segment(part, header, number=count)
        count += 1
    if count != header.segments:
        _refuse(f"it has {count} of {header.segments} segments")


def split_parts(parts: Iterable[bytes]) -> tuple[Header, Iterator[Entries]]:
    """The header, and the segments as they are asked for."""
    remaining = iter(parts)
    header = parse_header(next(remaining, b""))
    return header, parse_segments(header, remaining)


def _parse_segment(part: bytes, header: Header, *, number: int) -> Entries:
    name = f"segment {number}"
    body = _opened(part, name)
    magic, digest, own_number, dimension, rows = _unpack(_SEGMENT, body, name=name)
    expected = (_SEGMENT_MAGIC, header.digest, number, header.dimension)
    if (magic, digest, own_number, dimension) != expected:
        _refuse(f"{name} belongs to another snapshot or stands in the wrong place")
    if rows == 0 or len(body) != _SEGMENT.size + rows * (8 + 1 + 2 * dimension):
        _refuse(f"{name} has the wrong size")
    ids_end = _SEGMENT.size + 8 * rows
    answers_end = ids_end + rows
    templates = np.frombuffer(body, "<f2", offset=answers_end)
    return Entries(
        ids=np.frombuffer(body[_SEGMENT.size : ids_end], "<i8").astype(np.int64),
        answers=np.frombuffer(body[ids_end:answers_end], np.uint8).astype(np.bool_),
        templates=templates.reshape(rows, dimension).astype(np.float16, copy=False),
    )


def _sealed(*pieces: bytes) -> bytes:
    body = b"".join(pieces)
    return body + sha256(body).digest()


def _opened(part: bytes, name: str) -> memoryview:
    """The part without its digest, which is checked."""
    body = memoryview(part)[:-_DIGEST_BYTES]
    if sha256(body).digest() != part[-_DIGEST_BYTES:]:
        _refuse(f"{name} is damaged or cut short")
    return body


def _unpack(layout: Struct, body: memoryview, *, name: str) -> tuple[Any, ...]:
    if len(body) < layout.size:
        _refuse(f"{name} is cut short")
    return layout.unpack_from(body)


def _refuse(reason: str) -> NoReturn:
    raise IndexStateError(
        f"This is no usable snapshot of an index: {reason}. Rebuild the index from the vault."
    )
