"""Bytes of a photo in, faces with embeddings out.

One pipeline may be used from several threads. It knows nobody, keeps nothing of a photo
and reads no other file than its weights. Two pipelines give comparable templates if, and
only if, their `model` has the same digest.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np

from mien.errors import ModelError
from mien.types import EmbeddedFace, EmbeddingModel, Face, Look, PhotoAnalysis
from mien.vision.align import Aligner
from mien.vision.cards import (
    Alignment,
    Card,
    Embedding,
    Pack,
    get_pack,
    load_calibration,
    load_cohort,
    load_gaussian,
)
from mien.vision.decode import DecodeLimits, Photo, decode_photo
from mien.vision.detect import Detector
from mien.vision.detector import FaceDetector
from mien.vision.embed import Embedder
from mien.vision.prepared import open_network
from mien.vision.quality import Assessor
from mien.vision.render import render_crop, render_thumbnail
from mien.vision.session import Device, Session
from mien.vision.weights import WeightStore, converter_version
from mien.vision.yunet import YuNet

__all__ = ["Pipeline", "open_pipeline"]

_ENOUGH_PX = 1280
_PIPELINE_VERSION = 2
"""Rises with every change of alignment or embedding that makes templates incomparable."""


class Pipeline:
    def __init__(
        self,
        *,
        model: EmbeddingModel,
        detector: FaceDetector,
        aligner: Aligner,
        embedder: Embedder,
        limits: DecodeLimits | None = None,
    ) -> None:
        self.model = model
        self._detector = detector
        self._aligner = aligner
        self._embedder = embedder
        self._assessor = Assessor()
        self._limits = limits or DecodeLimits()

    def analyse(self, content: bytes, *, look: Look = Look.PHOTO) -> PhotoAnalysis:
        """Everything vision finds in one photo at that look. Raises `PhotoError`."""
        photo = decode_photo(content, limits=self._limits, enough_px=_ENOUGH_PX)
        found = self._detector.detect(photo, look=look)
        is_glance = look is Look.GLANCE
        thumbnail_jpeg = b"" if is_glance else render_thumbnail(photo.picture)
        photo = self._sharpened(photo, found, content=content)
        faces = sorted(found, key=lambda face: -face.box.area)
        return PhotoAnalysis(
            width_px=photo.width_px,
            height_px=photo.height_px,
            media_type=photo.media_type,
            thumbnail_jpeg=thumbnail_jpeg,
            credit=photo.credit,
            faces=self._glance(photo, faces) if is_glance else self._embed(photo, faces),
        )

    def _sharpened(self, photo: Photo, faces: tuple[Face, ...], *, content: bytes) -> Photo:
        """The photo with more pixels, where a chip would enlarge what the file holds larger."""
        needed = max((self._aligner.enlargement(face.landmarks) for face in faces), default=0.0)
        if photo.scale >= min(1.0, needed):
            return photo
        enough_px = int(min(1.0, needed) * max(photo.width_px, photo.height_px))
        return decode_photo(content, limits=self._limits, enough_px=enough_px)

    def _glance(self, photo: Photo, faces: list[Face]) -> tuple[EmbeddedFace, ...]:
        seen = [self._assessor.assess(photo, face, consistency=0.0) for face in faces]
        nothing = np.empty(0, np.float32)
        return tuple(
            EmbeddedFace(face, nothing, b"", replace(quality, value=0.0))
            for face, quality in zip(faces, seen, strict=True)
        )

    def _embed(self, photo: Photo, faces: list[Face]) -> tuple[EmbeddedFace, ...]:
        cut = self._aligner.cut_chips
        picture, scale = photo.picture, photo.scale
        chips = [cut(picture, face.landmarks, scale=scale) for face in faces]
        vectors, consistencies = self._embedder.embed(chips)
        return tuple(
            EmbeddedFace(
                face,
                vector,
                render_crop(picture, face.box, scale=scale),
                self._assessor.assess(photo, face, consistency=float(consistency)),
            )
            for face, vector, consistency in zip(faces, vectors, consistencies, strict=True)
        )


def open_pipeline(
    *,
    store: WeightStore,
    threads: int,
    pack: Pack | None = None,
    device: Device = "cpu",
    limits: DecodeLimits | None = None,
) -> Pipeline:
    """A pipeline on weights that are pulled where they are not here yet.

    Without a pack, those of `open`. Raises `ModelError` where a file is not what its card says
    and `WeightsError` where weights cannot be had.
    """
    cards = pack or get_pack("open")
    recogniser = cards.recogniser
    alignment, embedding = _get_recognition(recogniser)
    detection, recognition = (
        open_network(store.pull(card), card, threads=threads, device=device)
        for card in (cards.detector, recogniser)
    )
    return Pipeline(
        model=describe_model(cards),
        detector=_make_detector(cards.detector, detection),
        aligner=Aligner(alignment, side_px=recogniser.input.side_px),
        embedder=Embedder(recognition, dimension=embedding.dimension, mirrored=alignment.mirrored),
        limits=limits,
    )


def _make_detector(card: Card, session: Session) -> FaceDetector:
    """What reads the network's outputs."""
    if card.id == "yunet":
        return YuNet(session, side_px=card.input.side_px)
    if card.id == "centerface":
        return Detector(session)
    raise ModelError(f"Nothing here reads what the detector {card.id} gives.")


def describe_model(pack: Pack) -> EmbeddingModel:
    """The pack's model; its digest covers all that makes two templates comparable."""
    alignment, embedding = _get_recognition(pack.recogniser)
    form = pack.recogniser.input
    parts = {
        "pipeline": _PIPELINE_VERSION,
        "weights": [
            (card.source.sha256, converter_version(card))
            for card in (pack.detector, pack.recogniser)
        ],
        "templates": np.round(alignment.templates(), 6).tolist(),
        "mirrored": alignment.mirrored,
        "input": [form.side_px, form.colour_order, list(form.mean), form.divisor],
    }
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return EmbeddingModel(
        model_id=pack.recogniser.id,
        digest=hashlib.sha256(canonical.encode()).hexdigest(),
        dimension=embedding.dimension,
        gaussian=load_gaussian(pack.recogniser),
        score_by_fmr=embedding.score_by_fmr,
        missed_by_fmr=embedding.missed_by_fmr,
        measured_on=embedding.measured_on,
        cohort=load_cohort(pack.recogniser),
        calibration=load_calibration(pack.recogniser),
    )


def _get_recognition(card: Card) -> tuple[Alignment, Embedding]:
    if card.alignment is None or card.embedding is None:
        raise ModelError(f"the card of {card.id} lacks its alignment or its embedding")
    return card.alignment, card.embedding
