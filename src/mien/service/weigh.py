"""How strong the candidates of one search are: each measured against nobody, then judged.

Cosines find the candidates; the order is that of their normalised scores, where the model has
a cohort, since the same cosine means less for a face that is like many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.errors import ModelError
from mien.evidence.cohort import find_levels, normalise
from mien.evidence.strength import Strength, judge
from mien.service.gallery import Gallery
from mien.types import Calibration, EmbeddingModel, FaceId, Vectors


@dataclass(frozen=True, slots=True)
class Weighed:
    """A face with its cosine and, where the model was calibrated, what that is worth."""

    face_id: FaceId
    score: float
    strength: Strength | None


def weigh(
    gallery: Gallery,
    scored: Sequence[tuple[FaceId, float]],
    *,
    probe: Vectors,
    calibration: Calibration | None,
    limit: int,
) -> list[Weighed]:
    """The strongest of the faces, in that order; those erased meanwhile are left out.

    `probe` is turned as the gallery is, shape (1, dimension).
    """
    if gallery.cohort is None or calibration is None or not scored:
        return [Weighed(face_id, score, None) for face_id, score in scored[:limit]]
    known = dict(scored)
    ids, templates = gallery.index.find_templates(np.array(sorted(known), np.int64))
    cosines = np.array([[known[FaceId(face_id)] for face_id in ids.tolist()]])
    levels = find_levels(gallery.cohort, np.concatenate([probe, templates]))
    normalised = normalise(cosines, probes=levels[:1], candidates=levels[1:])[0]
    order = np.argsort(-normalised, kind="stable")[:limit]
    strengths = judge(normalised[order], calibration, faces=len(gallery.index))
    return [
        Weighed(FaceId(int(face_id)), float(score), strength)
        for face_id, score, strength in zip(ids[order], cosines[0, order], strengths, strict=True)
    ]


def check_can_tell(model: EmbeddingModel, *, fmr: float) -> None:
    """Raises `ModelError` where what was measured of the model does not reach that rate."""
    least = 10 ** float(get_calibration(model).log10_fmr[-1])
    if fmr < least:
        raise ModelError(
            f"False match rates of {model.model_id} are known down to {least:.1g}, so no candidate "
            f"can be held to {fmr:g}. Ask for a higher rate."
        )


def get_calibration(model: EmbeddingModel) -> Calibration:
    """What the model's normalised scores are worth. Raises `ModelError` if nobody measured it."""
    if model.cohort is None or model.calibration is None:
        raise ModelError(
            f"What scores of {model.model_id} are worth was never measured, so that no false match "
            "rate and no similarity can be asked for. Use a model that comes measured, such as "
            "the pack open."
        )
    return model.calibration
