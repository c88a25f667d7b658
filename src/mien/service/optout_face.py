"""The face of somebody who opts out: chosen, and pictured so that any model finds it again."""

from __future__ import annotations

from dataclasses import dataclass

from mien.errors import PhotoError, SettingsError
from mien.permission.suppression import STRICTEST_FMR, USUAL_FMR
from mien.service.deployment import Deployment
from mien.service.evidence import ShownBy, describe_evidence
from mien.service.handed_in import naming
from mien.service.suppression_records import Facts, encode_template
from mien.types import Box, EmbeddedFace, PhotoAnalysis, Point
from mien.vision.portrait import find_pictured, iter_portraits

_SAME_FMR = 1e-4
"""The face in the portrait must be like that in the photo as strangers are this seldom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceDraft:
    """A photo of somebody who wants to be kept out, which of its faces, and what shows it."""

    content: bytes
    evidence: ShownBy
    face: int | None = None
    fmr: float = USUAL_FMR
    max_bytes: int
    threads: int = 1


def find_boxes(deployment: Deployment, content: bytes, *, threads: int) -> list[Box]:
    """Where the faces in a photo are, by the number that chooses one, as shares of its sides.

    Raises `PhotoError`.
    """
    with naming(content):
        analysis = deployment.vision(threads=threads).analyse(content)
    width, height = analysis.width_px, analysis.height_px
    boxes = (one.face.box for one in analysis.faces)
    return [Box(b.x1 / width, b.y1 / height, b.x2 / width, b.y2 / height) for b in boxes]


def describe_face(deployment: Deployment, draft: FaceDraft) -> tuple[Facts, bytes]:
    """What is recorded of the face, and its portrait as a JPEG.

    Raises `PhotoError` for a photo that will not do, `SettingsError` for a face or a rate that
    cannot be chosen, and for no evidence.
    """
    if draft.fmr not in {USUAL_FMR, STRICTEST_FMR}:
        raise SettingsError(
            f"Faces are kept out at a false match rate of {USUAL_FMR:g}, or of {STRICTEST_FMR:g}, "
            "which misses fewer; there is no other choice."
        )
    evidence = describe_evidence(draft.evidence, max_bytes=draft.max_bytes)
    vision = deployment.vision(threads=draft.threads)
    face = _choose_face(vision.analyse(draft.content), draft.face)
    for portrait, middle in iter_portraits(draft.content, face.face.box):
        if _shows(deployment, face, portrait=portrait, middle=middle, threads=draft.threads):
            templates = {deployment.model.digest: encode_template(face.embedding)}
            place = (middle.x, middle.y)
            facts = Facts(fmr=draft.fmr, evidence=evidence, middle=place, templates=templates)
            return facts, portrait
    raise PhotoError(
        "unclear-face",
        "the face is not found again in a cut of the photo: hand in one that shows it larger",
    )


def _choose_face(analysis: PhotoAnalysis, chosen: int | None) -> EmbeddedFace:
    """No guessing: the wrong face would keep somebody else out."""
    count = len(analysis.faces)
    if count == 0:
        raise PhotoError("no-face", "it shows no face: hand in another photo")
    if chosen is None and count > 1:
        raise SettingsError(
            f"The photo shows {count} faces. Say which one with --face N, counted from 0, the "
            "largest first, or hand in a photo of that person alone."
        )
    if chosen is not None and not 0 <= chosen < count:
        raise SettingsError(
            f"There is no face {chosen} in the photo: it shows {count}, counted from 0, the "
            "largest first."
        )
    return analysis.faces[chosen or 0]


def _shows(
    deployment: Deployment, face: EmbeddedFace, *, portrait: bytes, middle: Point, threads: int
) -> bool:
    found = find_pictured(deployment.vision(threads=threads).analyse(portrait), middle)
    if found is None:
        return False
    return float(found.embedding @ face.embedding) >= deployment.model.score_at(_SAME_FMR)
