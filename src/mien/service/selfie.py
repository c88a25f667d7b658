"""Selfies: exactly one face, seen well enough, or a word about what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from mien.errors import PhotoError
from mien.service.deployment import Deployment
from mien.types import Flaw, PhotoAnalysis
from mien.vision.shrink import shrink_photo

_TOLD = {
    Flaw.TOO_SMALL: "your face is too small in it: come closer",
    Flaw.BLURRED: "it is blurred: hold still, and wipe the lens",
    Flaw.NOISY: "it is grainy: find more light",
    Flaw.EXTREME_POSE: "your face is turned away: look into the camera",
    Flaw.TOO_DARK: "it is too dark: turn towards the light",
    Flaw.TOO_BRIGHT: "it is too bright: turn away from the light",
    Flaw.CUT_OFF: "your face is cut off: hold the camera further away",
    Flaw.LOW_CONFIDENCE: "a face can hardly be made out in it",
}


@dataclass(frozen=True, slots=True)
class CheckedSelfie:
    """The photo made small, and a cut of its one face for somebody to look at; JPEGs both."""

    photo_jpeg: bytes
    crop_jpeg: bytes


def check_selfie(deployment: Deployment, content: bytes, *, max_bytes: int) -> CheckedSelfie:
    """Raises `PhotoError`, in words for whoever took it."""
    if len(content) > max_bytes:
        raise PhotoError("too-many-bytes", f"It is larger than {max_bytes:,} bytes.")
    try:
        analysis = deployment.vision(threads=1).analyse(content)
    except PhotoError as error:
        raise PhotoError(error.reason, f"This photo cannot be used: {error}.") from error
    _check_faces(analysis)
    return CheckedSelfie(shrink_photo(content), analysis.faces[0].crop_jpeg)


def _check_faces(analysis: PhotoAnalysis) -> None:
    if not analysis.faces:
        raise PhotoError("no-face", "No face was found in it. Look into the camera, in good light.")
    if len(analysis.faces) > 1:
        raise PhotoError(
            "several-faces",
            f"It shows {len(analysis.faces)} faces, and nobody can tell which is yours. Take one "
            "with you alone.",
        )
    flaws = analysis.faces[0].quality.flaws
    if flaws:
        told = "; ".join(_TOLD[flaw] for flaw in flaws)
        raise PhotoError("poor-selfie", f"It will not find you reliably: {told}.")
