"""A portrait shows one face with some of its surroundings, and tells where in it the face is."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.errors import PhotoError
from mien.testing import GOOD, FakeVision, draw_photo
from mien.types import Box, Credit, EmbeddedFace, Face, Landmarks, PhotoAnalysis, Point
from mien.vision.pipeline import open_pipeline
from mien.vision.portrait import find_pictured, iter_portraits
from mien.vision.render import render_portrait
from mien.vision.weights import WeightStore


def open_jpeg(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    assert picture.format == "JPEG"
    return picture


def find(*boxes: Box, size: tuple[int, int] = (100, 100)) -> PhotoAnalysis:
    points = Landmarks(*[Point(0, 0)] * 5)
    faces = [
        EmbeddedFace(Face(box, points, 1.0), np.full(4, number, np.float32), b"", GOOD)
        for number, box in enumerate(boxes)
    ]
    return PhotoAnalysis(*size, "image/jpeg", b"", Credit(), tuple(faces))


def test_a_portrait_has_a_margin_around_the_face_which_is_in_its_middle() -> None:
    jpeg, middle = render_portrait(Image.new("RGB", (1000, 800)), Box(400, 300, 500, 400), margin=1)
    assert open_jpeg(jpeg).size == (300, 300)
    assert (middle.x, middle.y) == (0.5, 0.5)


def test_a_face_at_the_edge_is_not_in_the_middle_and_is_found_where_it_is() -> None:
    jpeg, middle = render_portrait(Image.new("RGB", (1000, 800)), Box(0, 0, 100, 100), margin=1)
    assert open_jpeg(jpeg).size == (200, 200)
    assert (middle.x, middle.y) == (0.25, 0.25)


def test_a_portrait_is_small() -> None:
    picture = Image.new("RGB", (4000, 4000))
    jpeg, _ = render_portrait(picture, Box(1000, 1000, 3000, 3000), margin=0.5)
    assert open_jpeg(jpeg).size == (320, 320)


def test_nothing_of_the_photo_but_pixels_is_in_a_portrait() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (200, 200)).save(buffer, "JPEG", comment=b"by Ann Ek")
    for jpeg, _ in iter_portraits(buffer.getvalue(), Box(50, 50, 100, 100)):
        assert b"Ann Ek" not in jpeg


def test_a_portrait_shows_the_same_person() -> None:
    photo = draw_photo(7, seed=3)
    (seen,) = FakeVision().analyse(photo).faces
    jpeg, middle = next(iter_portraits(photo, seen.face.box))
    found = find_pictured(FakeVision().analyse(jpeg), middle)
    assert found is not None
    assert found.embedding @ seen.embedding > 0.9


def test_one_of_several_is_pictured_and_not_another() -> None:
    photo = draw_photo(7, 70, 170, seed=3)
    for seen in FakeVision().analyse(photo).faces:
        scores = [
            0.0 if found is None else float(found.embedding @ seen.embedding)
            for jpeg, middle in iter_portraits(photo, seen.face.box)
            for found in [find_pictured(FakeVision().analyse(jpeg), middle)]
        ]
        assert max(scores) > 0.9


def test_the_face_at_the_place_is_meant_and_not_the_largest() -> None:
    analysis = find(Box(0, 0, 60, 60), Box(70, 70, 90, 90))
    found = find_pictured(analysis, Point(0.8, 0.8))
    assert found is analysis.faces[1]


def test_of_two_faces_over_the_place_the_nearer_one_is_meant() -> None:
    analysis = find(Box(0, 0, 90, 90), Box(20, 20, 80, 80))
    assert find_pictured(analysis, Point(0.5, 0.5)) is analysis.faces[1]


@pytest.mark.parametrize("boxes", [(), (Box(0, 0, 40, 40),), (Box(60, 60, 99, 99),)])
def test_where_no_face_is_at_the_place_none_is_meant(boxes: tuple[Box, ...]) -> None:
    assert find_pictured(find(*boxes), Point(0.5, 0.5)) is None


def test_no_portrait_is_made_of_what_is_no_photo() -> None:
    with pytest.raises(PhotoError):
        next(iter_portraits(b"no photo", Box(0, 0, 1, 1)))


@pytest.mark.real
def test_real_faces_are_found_again_in_their_portraits(
    data_folder: Path, cache_folder: Path
) -> None:
    """By the model that found them, which is what can be tested; another one has more to go by."""
    pipeline = open_pipeline(store=WeightStore(cache_folder / "models"), threads=2)
    least = pipeline.model.score_at(1e-4)
    count = 0
    for path in sorted((data_folder / "families").glob("identification*.jpg")):
        photo = path.read_bytes()
        for seen in pipeline.analyse(photo).faces:
            jpeg, middle = next(iter_portraits(photo, seen.face.box))
            found = find_pictured(pipeline.analyse(jpeg), middle)
            assert found is not None
            assert found.embedding @ seen.embedding >= least
            count += 1
    assert count >= 4
