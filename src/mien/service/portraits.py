"""Photos that somebody hands in to be known by: one face in each, all of one person.

They are read, and an embedding of each face is made in memory; nothing else of them is kept.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from mien.errors import PhotoError, SettingsError
from mien.service.deployment import Deployment
from mien.service.enrolled import Embedding
from mien.service.handed_in import HandedIn, read_photo
from mien.sources.address import show_path
from mien.types import EmbeddedFace

SAME_PERSON_FMR = 1e-2
"""Photos of one person must be as alike as strangers' are once in so many times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portraits:
    """Photos of one person; `faces` chooses one in each, where any shows several."""

    photos: Sequence[HandedIn] = ()
    faces: Sequence[int] = ()
    max_bytes: int
    threads: int = 1


def read_portraits(
    deployment: Deployment, portraits: Portraits, *, known: Sequence[Embedding] = ()
) -> list[Embedding]:
    """One embedding of each photo; all are of one person, as what is `known` of them.

    Raises `PhotoError` where they are not, `SettingsError` for faces that do not fit the photos.
    """
    if portraits.faces and len(portraits.faces) != len(portraits.photos):
        raise SettingsError("Choose one face for each photo, in the order of the photos.")
    vision = deployment.vision(threads=portraits.threads)
    chosen: Sequence[int | None] = portraits.faces or [None] * len(portraits.photos)
    named = []
    for number, (photo, face) in enumerate(zip(portraits.photos, chosen, strict=True), 1):
        name = f"photo {number}" if isinstance(photo, bytes) else show_path(os.fsencode(photo))
        try:
            content = read_photo(photo, max_bytes=portraits.max_bytes)
            faces = vision.analyse(content).faces
        except PhotoError as error:
            raise PhotoError(error.reason, f"{name}: {error}") from error
        named.append((name, _choose(faces, name, face=face)))
    before = [("what was enrolled before", embedding) for embedding in known]
    least = deployment.model.score_at(SAME_PERSON_FMR)
    for (name, one), (other_name, other) in combinations([*named, *before], 2):
        if float(one @ other) < least:
            raise PhotoError(
                "unlike-faces",
                f"{name} does not look like the same person as {other_name}. "
                "Hand in clear photos of one person only.",
            )
    return [embedding for _, embedding in named]


def _choose(faces: Sequence[EmbeddedFace], name: str, *, face: int | None) -> Embedding:
    if not faces:
        raise PhotoError("no-face", f"{name} shows no face. Choose another photo.")
    if face is None and len(faces) > 1:
        raise PhotoError(
            "several-faces",
            f"{name} shows {len(faces)} faces. Choose one with --face, counted from 0, "
            "the largest first; or hand in a photo of one person.",
        )
    if face is not None and not 0 <= face < len(faces):
        raise PhotoError(
            "no-face",
            f"There is no face {face} in {name}: it shows {len(faces)}, counted from 0.",
        )
    return faces[face or 0].embedding
