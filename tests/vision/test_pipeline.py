"""The pipeline with its parts replaced: what it hands on, in what order, and from which pixels."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mien.errors import PhotoError
from mien.testing import FakeModels
from mien.types import Box, Face, Landmarks, Look, PhotoAnalysis, Point, Rgb
from mien.vision.align import Aligner
from mien.vision.cards import get_pack
from mien.vision.decode import DecodeLimits, Photo
from mien.vision.embed import Embedder
from mien.vision.pipeline import Pipeline
from vision.doubles import FakeSession

DIMENSION = 3
MEAN_FACE = ((0.29, 0.42), (0.71, 0.42), (0.5, 0.63), (0.32, 0.83), (0.68, 0.83))


def face_at(left: float, top: float, side: float, *, confidence: float = 0.9) -> Face:
    points = (Point(left + x * side, top + y * side) for x, y in MEAN_FACE)
    return Face(Box(left, top, left + side, top + side), Landmarks(*points), confidence)


class FixedDetector:
    """Finds what it was told, and notes what it was shown and how closely it was to look."""

    def __init__(self, *faces: Face) -> None:
        self.faces = faces
        self.shown: list[tuple[int, int]] = []
        self.looks: list[Look] = []

    def detect(self, photo: Photo, *, look: Look = Look.PHOTO) -> tuple[Face, ...]:
        self.shown.append(photo.picture.size)
        self.looks.append(look)
        return self.faces


def tell_colours(images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The mean colour of each image, for an embedding."""
    return [images.mean(axis=(2, 3)) + 1]


class NotingAligner(Aligner):
    """Notes the picture that chips are cut from."""

    def __init__(self) -> None:
        recogniser = get_pack("open").recogniser
        assert recogniser.alignment is not None
        super().__init__(recogniser.alignment, side_px=recogniser.input.side_px)
        self.cut_from: list[tuple[int, int]] = []

    def cut_chips(
        self, picture: Image.Image, landmarks: Landmarks, *, scale: float = 1.0
    ) -> list[Rgb]:
        self.cut_from.append(picture.size)
        return super().cut_chips(picture, landmarks, scale=scale)


class Bench:
    """A pipeline and all that its parts noted."""

    def __init__(self, *faces: Face, limits: DecodeLimits | None = None) -> None:
        self.detector = FixedDetector(*faces)
        self.aligner = NotingAligner()
        self.session = FakeSession(tell_colours)
        self.pipeline = Pipeline(
            model=FakeModels().model,
            detector=self.detector,
            aligner=self.aligner,
            embedder=Embedder(self.session, dimension=DIMENSION, mirrored=False),
            limits=limits,
        )

    def analyse(self, content: bytes, *, look: Look = Look.PHOTO) -> PhotoAnalysis:
        return self.pipeline.analyse(content, look=look)


def draw(size: tuple[int, int], *, form: str = "JPEG") -> bytes:
    """Reddish on the left, bluish on the right."""
    picture = Image.new("RGB", size, (200, 40, 40))
    picture.paste((40, 40, 200), (size[0] // 2, 0, *size))
    buffer = io.BytesIO()
    picture.save(buffer, form)
    return buffer.getvalue()


@pytest.mark.parametrize("look", [Look.PHOTO, Look.PROBE])
def test_the_look_is_handed_to_the_detector_and_to_nothing_else(look: Look) -> None:
    bench = Bench(face_at(100, 100, 200))
    found = bench.analyse(draw((640, 480)), look=look)
    assert bench.detector.looks == [look]
    again = Bench(face_at(100, 100, 200)).analyse(draw((640, 480)))
    np.testing.assert_array_equal(found.faces[0].embedding, again.faces[0].embedding)
    assert found.thumbnail_jpeg == again.thumbnail_jpeg


def test_a_glance_makes_nothing_that_anybody_could_be_known_by() -> None:
    small, large = face_at(20, 100, 120), face_at(300, 100, 200)
    bench = Bench(small, large)
    found = bench.analyse(draw((640, 480)), look=Look.GLANCE)
    assert bench.detector.looks == [Look.GLANCE]
    assert bench.session.seen == []
    assert [one.face for one in found.faces] == [large, small]
    assert all(one.embedding.size == 0 and one.crop_jpeg == b"" for one in found.faces)
    assert found.thumbnail_jpeg == b""


def test_a_glance_sees_pose_and_light_as_a_look_does() -> None:
    face = face_at(100, 100, 200)
    glanced = Bench(face).analyse(draw((640, 480)), look=Look.GLANCE).faces[0].quality
    looked = Bench(face).analyse(draw((640, 480))).faces[0].quality
    assert (glanced.value, glanced.consistency) == (0.0, 0.0)
    assert glanced == replace(looked, value=0.0, consistency=0.0)


def test_a_photo_is_looked_at_as_a_photo_unless_said_otherwise() -> None:
    bench = Bench()
    bench.analyse(draw((64, 64)))
    assert bench.detector.looks == [Look.PHOTO]


@pytest.mark.parametrize("look", [Look.PHOTO, Look.PROBE])
def test_a_photo_that_shows_nobody_is_described_all_the_same(look: Look) -> None:
    bench = Bench()
    found = bench.analyse(draw((64, 48), form="PNG"), look=look)
    assert found.faces == ()
    assert (found.width_px, found.height_px, found.media_type) == (64, 48, "image/png")
    assert Image.open(io.BytesIO(found.thumbnail_jpeg)).size == (64, 48)
    assert bench.session.seen == []


def test_the_largest_face_comes_first_however_they_were_found() -> None:
    faces = [face_at(10, 10, side, confidence=1 - side / 500) for side in (80, 200, 120)]
    found = Bench(*faces).analyse(draw((640, 480)))
    assert [one.face.box.width for one in found.faces] == [200, 120, 80]


def test_each_face_has_the_template_and_the_crop_of_its_own_place() -> None:
    left, right = face_at(20, 100, 200), face_at(400, 100, 201)
    found = Bench(left, right).analyse(draw((640, 480)))
    on_right, on_left = found.faces
    assert (on_left.face, on_right.face) == (left, right)
    assert on_left.embedding[0] > on_left.embedding[2]
    assert on_right.embedding[2] > on_right.embedding[0]
    for one, brightest in ((on_left, 0), (on_right, 2)):
        crop = Image.open(io.BytesIO(one.crop_jpeg)).resize((1, 1)).getpixel((0, 0))
        assert isinstance(crop, tuple)
        assert max(range(3), key=crop.__getitem__) == brightest
        assert np.linalg.norm(one.embedding) == pytest.approx(1, abs=1e-6)
        assert 0 <= one.quality.value <= 100


@pytest.mark.parametrize("number", [1, 2, 17, 40])
def test_of_however_many_faces_none_is_left_out(number: int) -> None:
    faces = [face_at(12 * place, 50, 100 + place) for place in range(number)]
    found = Bench(*faces).analyse(draw((640, 480)))
    assert [one.face for one in found.faces] == faces[::-1]


@pytest.mark.parametrize(
    ("side_px", "is_sharpened"), [(2000, False), (600, False), (100, True), (24, True)]
)
@pytest.mark.parametrize("look", [Look.PHOTO, Look.PROBE])
def test_small_faces_are_cut_from_all_the_pixels_that_the_file_holds(
    side_px: int, look: Look, *, is_sharpened: bool
) -> None:
    """At either look: what a template is made of does not hang on it."""
    bench = Bench(face_at(300, 300, side_px))
    found = bench.analyse(draw((5200, 2600)), look=look)
    assert bench.detector.shown == [(1300, 650)]
    assert (bench.aligner.cut_from[0][0] > 1300) == is_sharpened
    assert (found.width_px, found.height_px) == (5200, 2600)
    assert len(found.faces) == 1


def test_one_small_face_among_large_ones_is_enough_to_look_at_all_pixels() -> None:
    bench = Bench(face_at(100, 100, 1500), face_at(3000, 1000, 50))
    bench.analyse(draw((5200, 2600)))
    assert {size[0] for size in bench.aligner.cut_from} == {5200}


def test_a_photo_that_is_shown_whole_is_decoded_once() -> None:
    bench = Bench(face_at(10, 10, 24))
    bench.analyse(draw((1280, 960)))
    assert bench.aligner.cut_from == [(1280, 960)]


@pytest.mark.parametrize("look", Look)
@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (DecodeLimits(pixels=64 * 48 - 1), "too-many-pixels"),
        (DecodeLimits(side_px=63), "too-many-pixels"),
        (DecodeLimits(size_bytes=100), "too-many-bytes"),
    ],
)
def test_what_is_beyond_a_limit_is_shown_to_nobody(
    limits: DecodeLimits, code: str, look: Look
) -> None:
    bench = Bench(face_at(0, 0, 40), limits=limits)
    with pytest.raises(PhotoError) as told:
        bench.analyse(draw((64, 48)), look=look)
    assert told.value.reason == code
    assert bench.detector.shown == []


def test_at_the_very_limit_a_photo_is_looked_at() -> None:
    content = draw((64, 48))
    limits = DecodeLimits(pixels=64 * 48, side_px=64, size_bytes=len(content))
    assert len(Bench(face_at(0, 0, 40), limits=limits).analyse(content).faces) == 1


def boxes_of(found: Sequence[PhotoAnalysis]) -> list[list[Box]]:
    return [[one.face.box for one in analysis.faces] for analysis in found]


def test_a_pipeline_keeps_nothing_of_a_photo() -> None:
    bench = Bench(face_at(100, 100, 200))
    first, other = draw((640, 480)), draw((480, 640), form="PNG")
    before = bench.analyse(first)
    bench.analyse(other)
    after = bench.analyse(first)
    assert boxes_of([before]) == boxes_of([after])
    np.testing.assert_array_equal(before.faces[0].embedding, after.faces[0].embedding)
    assert before.faces[0].crop_jpeg == after.faces[0].crop_jpeg
