"""The format on disk, byte by byte, as the module's head describes it."""

from __future__ import annotations

import struct
from hashlib import sha256

import numpy as np
import pytest

from mien.errors import IndexStateError
from mien.index.exact import ExactIndex
from mien.index.snapshot import parse_header

TEMPLATES = np.array([[1, 0], [0.6, 0.8], [0, -1]], np.float32)


def seal(body: bytes) -> bytes:
    return body + sha256(body).digest()


def write_header(*, dimension: int = 2, segments: int = 1, retired: tuple[int, ...] = ()) -> bytes:
    fields = struct.pack("<8sIIQ", b"MIENIDX1", dimension, segments, len(retired))
    return seal(fields + struct.pack(f"<{len(retired)}q", *retired))


def write_segment(
    header: bytes, *, number: int = 0, ids: tuple[int, ...] = (5, 9), answers: bytes = b"\1\1"
) -> bytes:
    fields = struct.pack("<8s32sIIQ", b"MIENSEG1", header[-32:], number, 2, len(ids))
    halves = TEMPLATES[: len(ids)].astype("<f2").tobytes()
    return seal(fields + struct.pack(f"<{len(ids)}q", *ids) + answers + halves)


def test_an_index_writes_the_bytes_that_are_described() -> None:
    index = ExactIndex(2)
    index.add(np.array([5, 9, 7]), TEMPLATES)
    index.hide(np.array([9]))
    index.erase(np.array([7]))
    header = write_header(retired=(7,))
    assert list(index.snapshot()) == [header, write_segment(header, answers=b"\1\0")]


def test_an_index_reads_the_bytes_that_are_described() -> None:
    header = write_header(segments=2, retired=(1, 2))
    second = write_segment(header, number=1, ids=(3,), answers=b"\0")
    index = ExactIndex(2)
    index.restore([header, write_segment(header), second])
    assert index.ids().tolist() == [5, 9]
    assert index.erase(np.array([3])) == 1
    assert index.search(TEMPLATES[1:2], limit=1).ids.tolist() == [[9]]
    with pytest.raises(IndexStateError, match="Face 2 was erased"):
        index.add(np.array([2]), TEMPLATES[:1])


def test_an_empty_index_is_a_header_alone() -> None:
    assert list(ExactIndex(2).snapshot()) == [write_header(segments=0)]


def test_a_header_says_what_it_says() -> None:
    header = parse_header(write_header(dimension=77, segments=3, retired=(4, 6)))
    assert (header.dimension, header.segments, header.retired.tolist()) == (77, 3, [4, 6])


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        (seal(b"MIENIDX1"), "cut short"),
        (seal(struct.pack("<8sIIQ", b"MIENIDX2", 2, 1, 0)), "no header of this format"),
        (seal(struct.pack("<8sIIQ", b"MIENIDX1", 2, 1, 5)), "wrong size"),
        (seal(struct.pack("<8sIIQ", b"MIENIDX1", 2, 1, 2**63)), "wrong size"),
        (write_header()[:-1], "damaged"),
    ],
)
def test_a_wrong_header_is_refused(header: bytes, complaint: str) -> None:
    with pytest.raises(IndexStateError, match=complaint):
        parse_header(header)


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ([], "0 of 1 segments"),
        ([write_segment(write_header(), number=1)], "wrong place"),
        ([write_segment(write_header(retired=(1,)))], "another snapshot"),
        ([write_segment(write_header(), ids=(), answers=b"")], "wrong size"),
        ([write_segment(write_header(), answers=b"\1\1\1")], "wrong size"),
        ([write_segment(write_header(), ids=(5, 5))], "twice"),
        ([write_segment(write_header(), ids=(5, -9))], "not negative"),
        ([write_segment(write_header())] * 2, "wrong place"),
    ],
)
def test_wrong_segments_are_refused(parts: list[bytes], complaint: str) -> None:
    with pytest.raises(IndexStateError, match=complaint):
        ExactIndex(2).restore([write_header(), *parts])


def test_a_snapshot_of_another_dimension_is_refused() -> None:
    with pytest.raises(IndexStateError, match="dimension 2, the index of 3"):
        ExactIndex(3).restore([write_header(segments=0)])


def test_a_snapshot_that_holds_an_erased_face_is_refused() -> None:
    header = write_header(retired=(5,))
    with pytest.raises(IndexStateError, match="Face 5"):
        ExactIndex(2).restore([header, write_segment(header)])


def test_no_flipped_bit_of_a_snapshot_passes() -> None:
    header = write_header(retired=(1,))
    parts = [header, write_segment(header)]
    for number, part in enumerate(parts):
        for place in range(len(part)):
            damaged = bytearray(part)
            damaged[place] ^= 0x10
            with pytest.raises(IndexStateError):
                ExactIndex(2).restore([*parts[:number], bytes(damaged), *parts[number + 1 :]])
