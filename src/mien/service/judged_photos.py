"""Photos on their way to an evaluation: read, looked at, and one face of each kept in memory.

Nothing is written. A photo that gives no face is counted, and a face like that of somebody
who opted out is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.errors import PhotoError
from mien.service.handed_in import read_photo
from mien.service.likeness import Likeness
from mien.service.ports import Vision
from mien.sources.labels import LabelledPhoto
from mien.types import Box, EmbeddedFace, PhotoAnalysis

Seen = Callable[[int, int], None]
"""Called with how many photos were looked at, and of how many."""

_FACELESS, _UNREADABLE, _OPTED_OUT = "faceless", "unreadable", "opted out"


@dataclass(frozen=True, slots=True, eq=False)
class SeenPhoto:
    """What was seen in a photo: the face that counts, and where any face is.

    `missing` says why no face counts.
    """

    labelled: LabelledPhoto
    face: EmbeddedFace | None
    boxes: tuple[Box, ...] = ()
    missing: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class SeenPhotos:
    """All photos that were looked at."""

    all: tuple[SeenPhoto, ...]
    with_face: tuple[SeenPhoto, ...] = field(init=False)

    def __post_init__(self) -> None:
        with_face = tuple(seen for seen in self.all if seen.face is not None)
        object.__setattr__(self, "with_face", with_face)

    @property
    def unreadable(self) -> int:
        return self._count(_UNREADABLE)

    @property
    def faceless(self) -> int:
        """Photos that give no face, those that cannot be read among them."""
        return self._count(_FACELESS) + self._count(_UNREADABLE)

    @property
    def opted_out(self) -> int:
        return self._count(_OPTED_OUT)

    @property
    def templates(self) -> NDArray[np.float32]:
        vectors = [seen.face.embedding for seen in self.with_face if seen.face is not None]
        return np.stack(vectors) if vectors else np.empty((0, 0), np.float32)

    @property
    def qualities(self) -> Mapping[str, Sequence[float]]:
        """What might tell how well a face will be known again, of each photo with a face."""
        faces = [seen.face for seen in self.with_face if seen.face is not None]
        return {
            "quality": [found.quality.value for found in faces],
            "detector confidence": [found.face.confidence for found in faces],
            "pixels between the eyes": [found.quality.inter_eye_px for found in faces],
        }

    def _count(self, missing: str) -> int:
        return sum(seen.missing == missing for seen in self.all)


def look_at(
    photos: Sequence[LabelledPhoto],
    *,
    vision: Vision,
    opted_out: Likeness,
    threads: int,
    max_bytes: int,
    seen: Seen,
) -> SeenPhotos:
    """Looks at every photo, several at a time, each on one thread."""

    def look(labelled: LabelledPhoto) -> SeenPhoto:
        try:
            analysis = vision.analyse(read_photo(labelled.path, max_bytes=max_bytes))
        except PhotoError:
            return SeenPhoto(labelled, None, missing=_UNREADABLE)
        boxes = tuple(found.face.box for found in analysis.faces)
        face = choose_face(analysis, labelled.box)
        if face is None:
            return SeenPhoto(labelled, None, boxes, _FACELESS)
        is_usable = bool(np.isfinite(face.embedding).all())
        if is_usable and opted_out.find_owner(face.embedding) is not None:
            return SeenPhoto(labelled, None, boxes, _OPTED_OUT)
        return SeenPhoto(labelled, face, boxes)

    looked: list[SeenPhoto] = []
    with ThreadPoolExecutor(threads) as pool:
        for one in pool.map(look, photos):
            looked.append(one)
            seen(len(looked), len(photos))
    return SeenPhotos(tuple(looked))


def choose_face(analysis: PhotoAnalysis, box: Box | None) -> EmbeddedFace | None:
    """The face whose centre is nearest that of the box, or of the photo; it lies in the box."""
    middle = box or Box(0, 0, analysis.width_px, analysis.height_px)
    across, down = _centre(middle)

    def distance(found: EmbeddedFace) -> float:
        x, y = _centre(found.face.box)
        return (x - across) ** 2 + (y - down) ** 2

    inside = [found for found in analysis.faces if _holds(middle, found.face.box)]
    return min(inside if box else analysis.faces, key=distance, default=None)


def _centre(box: Box) -> tuple[float, float]:
    return (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2


def _holds(outer: Box, box: Box) -> bool:
    x, y = _centre(box)
    return outer.x1 <= x <= outer.x2 and outer.y1 <= y <= outer.y2


def find_boxes(seen: SeenPhotos, truth: Mapping[str, Sequence[Box]]) -> dict[str, tuple[Box, ...]]:
    """The boxes found in the photos that a list of true boxes names."""
    by_name = {one.labelled.name: one.boxes for one in seen.all}
    by_file = {Path(name).name: boxes for name, boxes in by_name.items()}
    return {name: by_name.get(name, by_file.get(name, ())) for name in truth}
