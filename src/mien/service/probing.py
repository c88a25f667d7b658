"""The faces of a photo that somebody is about to search with, so that they can choose one.

Asked for like a search: where that is refused, nothing is decoded. Nothing is kept, and nothing
of a collection is told, so that the log hears of the search alone.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from mien.permission.verdict import ALLOWED, Verdict
from mien.service.handed_in import HandedIn, naming, read_photo
from mien.service.leave import ask_leave
from mien.service.parts import Parts
from mien.types import Box, Look, Quality


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face in a photo that was handed in: its place in pixels, and how well it is seen."""

    box: Box
    quality: Quality


@dataclass(frozen=True, slots=True)
class FoundFaces:
    """The faces of a photo, in the order in which a search counts them; none where it is a no.

    The boxes lie in a photo of this size, turned as it is meant to be seen.
    """

    verdict: Verdict
    width_px: int = 0
    height_px: int = 0
    faces: tuple[FoundFace, ...] = ()


def find_faces(parts: Parts, photo: HandedIn, *, purpose: str, collection: str) -> FoundFaces:
    """Raises `PhotoError` for what gives no picture, `NotFoundError` for an unknown collection."""
    deployment = parts.session.prepare_to_search(collection)
    leave = ask_leave(deployment, purpose=purpose, collection=collection, at=deployment.clock())
    if isinstance(leave, Verdict):
        return FoundFaces(leave)
    with naming(photo):
        content = read_photo(photo, max_bytes=parts.max_file_bytes)
        vision = deployment.vision(threads=os.cpu_count() or 1)
        analysis = vision.analyse(content, look=Look.PROBE)
    faces = tuple(FoundFace(one.face.box, one.quality) for one in analysis.faces)
    return FoundFaces(ALLOWED, analysis.width_px, analysis.height_px, faces)
