"""Photos and faces as answers tell them: what several resources have in common.

No answer has a template. A score never stands alone: what it is worth stands beside it.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from pydantic import BaseModel, Field

from mien.evidence.strength import Strength
from mien.permission.verdict import Verdict
from mien.service.browsing import BookFace, BookPhoto
from mien.service.opinion import Opinion
from mien.service.probe import Probe
from mien.service.strength_words import show_strangers
from mien.types import Box, Credit, Quality


class BoxOut(BaseModel):
    """A rectangle in pixels of the upright photo: left, top, right and bottom edge."""

    x1: float
    y1: float
    x2: float
    y2: float


class QualityOut(BaseModel):
    """How well a face can be recognised, 0 to 100, and what makes that hard."""

    value: float
    flaws: list[str]


class CreditOut(BaseModel):
    """What a file says of its origin; empty where it says nothing."""

    caption: str
    credit: str
    copyright: str


class KnownOut(BaseModel):
    """Somebody enrolled, for whom a face is kept."""

    person_id: str
    name: str


class FaceOut(BaseModel):
    """A face of a photo in a collection."""

    face_id: str
    photo_id: str
    collection: str
    box: BoxOut
    quality: QualityOut
    person: KnownOut | None


class PlaceOut(BaseModel):
    """Where a photo lies, and the grant that it is under there."""

    uri: str
    grant_id: str
    added_at: datetime


class PhotoOut(BaseModel):
    """A photo of a collection; no picture of the whole is shown where it `shows_others`."""

    photo_id: str
    sha256: str
    collection: str
    width_px: int
    height_px: int
    size_bytes: int
    media_type: str
    added_at: datetime
    credit: CreditOut
    places: list[PlaceOut]
    faces: list[FaceOut]
    faces_not_kept: int
    shows_others: bool


class StrengthOut(BaseModel):
    """What a score is worth.

    `fmr` is the share of strangers' pairs that score as high, with its 95 % interval;
    `expected_strangers`, how many of those who were searched are expected to. `words` say both.
    """

    band: str
    normalised_score: float
    fmr: float
    fmr_low: float
    fmr_high: float
    is_extrapolated: bool
    is_bound: bool
    expected_strangers: float
    likelihood_ratio: float
    words: str


class OpinionOut(BaseModel):
    """What people said of a candidate; `needed` of them have to confirm it, and nobody reject."""

    confirmed_by: int
    rejected_by: int
    needed: int
    is_confirmed: bool
    mine: str | None = Field(description="What you said of it last, under this id.")
    judgement_id: str | None


class ProbeFaceOut(BaseModel):
    """A face that was found in a photo handed in; `number` chooses it."""

    number: int
    box: BoxOut
    quality: QualityOut


class ProbeOut(BaseModel):
    """A photo that was handed in: its faces, the largest first, and which one was searched with."""

    width_px: int
    height_px: int
    faces: list[ProbeFaceOut]
    searched: int | None


class ReasonOut(BaseModel):
    """Why permission refuses something, with the code that is used everywhere."""

    code: str
    explanation: str


def describe_photo(found: BookPhoto) -> PhotoOut:
    photo = found.photo
    return PhotoOut(
        photo_id=photo.uuid,
        sha256=photo.sha256,
        collection=found.collection,
        width_px=photo.width_px,
        height_px=photo.height_px,
        size_bytes=photo.size_bytes,
        media_type=photo.media_type,
        added_at=photo.added_at,
        credit=describe_credit(photo.credit),
        places=[PlaceOut(**asdict(place)) for place in photo.places],
        faces=[describe_face(face) for face in found.faces],
        faces_not_kept=photo.dropped,
        shows_others=found.shows_others,
    )


def describe_face(found: BookFace) -> FaceOut:
    known = found.person
    return FaceOut(
        face_id=found.face_id,
        photo_id=found.face.stored.photo_uuid,
        collection=found.collection,
        box=describe_box(found.face.box),
        quality=describe_quality(found.face.quality),
        person=None if known is None else KnownOut(person_id=known.person_id, name=known.name),
    )


def describe_box(box: Box) -> BoxOut:
    return BoxOut(**{edge: round(value, 1) for edge, value in asdict(box).items()})


def describe_quality(quality: Quality) -> QualityOut:
    return QualityOut(value=round(quality.value, 1), flaws=[str(flaw) for flaw in quality.flaws])


def describe_credit(credit: Credit) -> CreditOut:
    return CreditOut(**asdict(credit))


def describe_strength(strength: Strength | None) -> StrengthOut | None:
    """No more digits than are known; nothing where the model was never calibrated."""
    if strength is None:
        return None
    known = {
        name: float(f"{value:.3g}") if type(value) is float else value
        for name, value in asdict(strength).items()
    }
    return StrengthOut.model_validate({**known, "words": show_strangers(strength)})


def describe_opinion(opinion: Opinion) -> OpinionOut:
    return OpinionOut(
        confirmed_by=opinion.confirmed_by,
        rejected_by=opinion.rejected_by,
        needed=opinion.needed,
        is_confirmed=opinion.is_confirmed,
        mine=opinion.mine,
        judgement_id=opinion.judgement_id or None,
    )


def describe_probe(probe: Probe) -> ProbeOut:
    analysis = probe.analysis
    faces = [
        ProbeFaceOut(
            number=number,
            box=describe_box(found.face.box),
            quality=describe_quality(found.quality),
        )
        for number, found in enumerate(analysis.faces)
    ]
    return ProbeOut(
        width_px=analysis.width_px,
        height_px=analysis.height_px,
        faces=faces,
        searched=probe.searched,
    )


def describe_reasons(verdict: Verdict) -> list[ReasonOut]:
    return [ReasonOut(code=one, explanation=one.explanation) for one in verdict.reasons]
