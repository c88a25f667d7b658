"""What a search starts from: photos of one person, read when permission was given, kept nowhere.

Of several photos the embeddings are averaged: what is by chance in one of them counts less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mien.errors import SettingsError
from mien.permission.quality import QualityFilter, may_keep
from mien.service.handed_in import HandedIn, naming, read_photo
from mien.service.ports import Vision
from mien.types import EmbeddingModel, Look, PhotoAnalysis, Quality, Vectors

_SAME_PERSON_FMR = 1e-2
_NOTHING = np.empty(0, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A photo handed in, and the number of the face that was searched, if it shows one.

    The embeddings of its faces were only needed on the way, and are not handed out.
    """

    analysis: PhotoAnalysis
    searched: int | None

    @property
    def quality(self) -> Quality | None:
        """That of the face that was searched. A poor one is searched too: its scores mean less."""
        return None if self.searched is None else self.analysis.faces[self.searched].quality


@dataclass(frozen=True, slots=True, eq=False)
class Sought:
    """The probes, and the embeddings of the faces that are searched for, (faces, dimension)."""

    probes: tuple[Probe, ...]
    embeddings: Vectors

    def fuse(self) -> Vectors:
        """One embedding of unit length for all of them, shape (1, dimension)."""
        mean = self.embeddings.mean(axis=0, keepdims=True)
        fused: Vectors = (mean / np.linalg.norm(mean)).astype(np.float32)
        return fused

    def may_be_several(self, model: EmbeddingModel) -> bool:
        """Whether two of the faces are so unlike that they may be of two people."""
        if _SAME_PERSON_FMR not in model.score_by_fmr:
            return False
        cosines = self.embeddings @ self.embeddings.T
        return bool(cosines.min(initial=1.0) < model.score_at(_SAME_PERSON_FMR))


def read_probes(photos: Sequence[HandedIn], *, max_bytes: int) -> Iterator[tuple[HandedIn, bytes]]:
    """Each photo with its bytes. Raises `PhotoError` naming the one that cannot be read."""
    for photo in photos:
        with naming(photo):
            yield photo, read_photo(photo, max_bytes=max_bytes)


def look_for_faces(
    contents: Sequence[tuple[HandedIn, bytes]],
    *,
    vision: Vision,
    chosen: int | None,
    quality: QualityFilter = QualityFilter.NONE,
) -> Sought:
    """The face in each photo that is meant: the largest that is good enough, or the one chosen.

    Raises `PhotoError` for a photo that gives no picture, `SettingsError` for a face number out
    of range.
    """
    probes: list[Probe] = []
    embeddings: list[NDArray[np.float32]] = []
    for photo, content in contents:
        with naming(photo):
            analysis = vision.analyse(content, look=Look.PROBE)
        probe = _choose_face(analysis, chosen, quality=quality)
        probes.append(probe)
        if probe.searched is not None:
            embeddings.append(analysis.faces[probe.searched].embedding)
    return Sought(tuple(probes), np.array(embeddings, np.float32))


def show_probe(analysis: PhotoAnalysis, searched: int | None) -> Probe:
    """What is handed out of a photo that was searched with."""
    faces = tuple(replace(face, embedding=_NOTHING) for face in analysis.faces)
    return Probe(replace(analysis, faces=faces), searched)


def find_fit(analysis: PhotoAnalysis, quality: QualityFilter) -> list[int]:
    """The numbers of the faces that are good enough, the largest first."""
    numbered = enumerate(analysis.faces)
    return [n for n, face in numbered if may_keep(face.quality, chosen=quality).is_allowed]


def _choose_face(analysis: PhotoAnalysis, chosen: int | None, *, quality: QualityFilter) -> Probe:
    """The largest face comes first."""
    if chosen is not None and analysis.faces and not 0 <= chosen < len(analysis.faces):
        raise SettingsError(
            f"There is no face {chosen} in the probe: it shows {len(analysis.faces)}, "
            "counted from 0, the largest first."
        )
    fit = find_fit(analysis, quality)
    if chosen is not None:
        return show_probe(analysis, chosen if chosen in fit else None)
    return show_probe(analysis, next(iter(fit), None))
