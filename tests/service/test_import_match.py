"""Which face of Amazon's is which here: the best overlap first, and none in two pairs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.catalog.landed import LandedFace, LandedPhoto
from mien.service.import_match import LEAST_OVERLAP, is_listed, match_faces, pair_images
from mien.sources.amazon_listing import ListedFace
from mien.types import Box, FaceId, PhotoId

SIZE = (200, 100)


def listed(name: str, *edges: float) -> ListedFace:
    """Edges in shares of the image."""
    return ListedFace(face_id=name, image_id="i", external_image_id="", box=Box(*edges))


def photo(*boxes: Sequence[float], name: str = "a") -> LandedPhoto:
    """Boxes in pixels of a photo of 200 x 100."""
    return LandedPhoto(
        id=PhotoId(1),
        sha256=name * 64,
        width_px=SIZE[0],
        height_px=SIZE[1],
        hidden=0,
        faces=tuple(
            LandedFace(FaceId(number), f"face {number}", Box(*box))
            for number, box in enumerate(boxes)
        ),
    )


def pairs(faces: Sequence[ListedFace], there: LandedPhoto) -> dict[str, str]:
    return {match.listed.face_id: match.landed.uuid for match in match_faces(faces, there)}


def test_shares_are_of_the_width_and_of_the_height() -> None:
    there = photo((100, 0, 200, 50))
    assert pairs([listed("right", 0.5, 0.0, 1.0, 0.5)], there) == {"right": "face 0"}
    assert pairs([listed("left", 0.0, 0.0, 0.5, 0.5)], there) == {}


@pytest.mark.parametrize(("width", "is_met"), [(100, True), (50.01, True), (49.9, False)])
def test_half_of_both_together_is_enough(width: float, *, is_met: bool) -> None:
    """A box within another has as much of it as its share."""
    there = photo((0, 0, width, 100))
    face = listed("one", 0.0, 0.0, 0.5, 1.0)
    assert bool(pairs([face], there)) is is_met
    assert is_listed(there.faces[0].box, [face], size=SIZE) is is_met


def test_the_best_pair_comes_first_and_nobody_is_in_two() -> None:
    there = photo((0, 0, 100, 100), (30, 0, 130, 100))
    far, near = listed("far", 0.1, 0.0, 0.6, 1.0), listed("near", 0.01, 0.0, 0.51, 1.0)
    assert pairs([far, near], there) == {"near": "face 0", "far": "face 1"}
    assert pairs([near, far], there) == {"near": "face 0", "far": "face 1"}
    assert pairs([near, far], photo((0, 0, 100, 100))) == {"near": "face 0"}


def test_an_image_has_the_photo_with_most_of_its_faces() -> None:
    left, right = listed("1", 0.0, 0.0, 0.5, 1.0), listed("2", 0.5, 0.0, 1.0, 1.0)
    both = photo((0, 0, 100, 100), (100, 0, 200, 100), name="b")
    single = photo((0, 0, 100, 100), name="c")
    found = pair_images({"one": [left], "two": [left, right]}, [single, both])
    assert {image: there.sha256[0] for image, (there, _) in found.items()} == {
        "one": "c",
        "two": "b",
    }
    assert pair_images({"one": [left]}, []) == {}


def test_the_same_bytes_at_two_places_are_one_photo() -> None:
    face = listed("1", 0.0, 0.0, 0.5, 1.0)
    twice = [photo((0, 0, 100, 100)), photo((0, 0, 100, 100))]
    found = pair_images({"one": [face], "two": [face]}, twice)
    assert len(found) == 1


_EDGE = st.floats(0, 1)
_BOXES = st.lists(st.tuples(_EDGE, _EDGE, _EDGE, _EDGE), max_size=5)
Edges = list[tuple[float, float, float, float]]


@given(_BOXES, _BOXES)
def test_pairs_are_one_to_one_and_overlap(ours: Edges, theirs: Edges) -> None:
    faces = [listed(str(n), x, y, x + w, y + h) for n, (x, y, w, h) in enumerate(theirs)]
    there = photo(*((x * 200, y * 100, (x + w) * 200, (y + h) * 100) for x, y, w, h in ours))
    found = match_faces(faces, there)
    assert len({match.landed.uuid for match in found}) == len(found)
    assert len({match.listed.face_id for match in found}) == len(found)
    assert all(match.overlap >= LEAST_OVERLAP for match in found)
