"""Which image of Amazon's is which photo here, and which face which: by where the faces are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mien.catalog.landed import LandedFace, LandedPhoto
from mien.service.migration_match import measure_overlap
from mien.sources.amazon_listing import ListedFace
from mien.types import Box

LEAST_OVERLAP = 0.5
"""Of two boxes of one face, intersection over union."""


@dataclass(frozen=True, slots=True)
class MatchedFace:
    """A face of Amazon's, the one here, and by how much their boxes overlap."""

    listed: ListedFace
    landed: LandedFace
    overlap: float


def match_faces(listed: Sequence[ListedFace], photo: LandedPhoto) -> Sequence[MatchedFace]:
    """Pairs of one face each, those that overlap most first; no face is in two of them."""
    size = photo.width_px, photo.height_px
    measured = [
        MatchedFace(one, other, overlap)
        for one in listed
        for other in photo.faces
        if (overlap := measure_overlap(_scale(one.box, size), other.box)) >= LEAST_OVERLAP
    ]
    measured.sort(key=lambda match: -match.overlap)
    met_listed, met_landed, kept = set[str](), set[str](), []
    for match in measured:
        if match.listed.face_id not in met_listed and match.landed.uuid not in met_landed:
            met_listed.add(match.listed.face_id)
            met_landed.add(match.landed.uuid)
            kept.append(match)
    return kept


def pair_images(
    images: Mapping[str, Sequence[ListedFace]], photos: Iterable[LandedPhoto]
) -> dict[str, tuple[LandedPhoto, Sequence[MatchedFace]]]:
    """For each image the photo in which most of its faces were found; none is for two images.

    An image whose faces are in no photo has the first that is left, so that it can be told what
    is amiss with it; a single photo is any image's.
    """
    ordered = list({photo.sha256: photo for photo in photos}.values())
    matches = {
        (image_id, number): match_faces(faces, photo)
        for image_id, faces in images.items()
        for number, photo in enumerate(ordered)
    }
    ranked = sorted(matches, key=lambda key: (-_weigh(matches[key]), key))
    paired: dict[str, tuple[LandedPhoto, Sequence[MatchedFace]]] = {}
    taken = set[int]()
    for image_id, number in ranked:
        if image_id not in paired and number not in taken:
            paired[image_id] = ordered[number], matches[image_id, number]
            taken.add(number)
    return paired


def _weigh(matches: Sequence[MatchedFace]) -> float:
    return sum(match.overlap for match in matches)


def is_listed(box: Box, listed: Iterable[ListedFace], *, size: tuple[int, int]) -> bool:
    """Whether Amazon lists a face where this one is, in a photo of that size in pixels."""
    return any(measure_overlap(_scale(one.box, size), box) >= LEAST_OVERLAP for one in listed)


def _scale(box: Box, size: tuple[int, int]) -> Box:
    """Shares of an image as pixels of a photo."""
    width, height = size
    return Box(box.x1 * width, box.y1 * height, box.x2 * width, box.y2 * height)
