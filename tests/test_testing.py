"""The stand-ins for the models: they find who was drawn, and tell people apart as models do."""

from __future__ import annotations

import struct
import zlib
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.errors import ModelError, PhotoError
from mien.testing import DIMENSION, GOOD, PEOPLE, POOR, FakeModels, draw_photo
from mien.types import PhotoAnalysis


def analyse(content: bytes) -> PhotoAnalysis:
    return FakeModels().open(threads=1).analyse(content)


def embed(person: int, seed: int = 0) -> NDArray[np.float32]:
    (face,) = analyse(draw_photo(person, seed=seed)).faces
    return face.embedding


def test_the_faces_found_are_the_people_drawn() -> None:
    analysis = analyse(draw_photo(3, 1, 4, 1, 5))
    boxes = [found.face.box for found in analysis.faces]
    assert [(box.x1, box.x2) for box in boxes] == [(80 * n + 16, 80 * n + 64) for n in range(5)]
    for found, person in zip(analysis.faces, (3, 1, 4, 1, 5), strict=True):
        np.testing.assert_array_equal(found.embedding, embed(person))


def test_everybody_can_be_drawn_and_told_apart() -> None:
    analysis = analyse(draw_photo(*range(PEOPLE)))
    embeddings = np.stack([found.embedding for found in analysis.faces])
    assert embeddings.shape == (PEOPLE, DIMENSION)
    cosines = embeddings @ embeddings.T - 2 * np.eye(PEOPLE)
    assert cosines.max() < 0.8


@pytest.mark.parametrize("person", [-1, PEOPLE, 10_000])
def test_nobody_else_can_be_drawn(person: int) -> None:
    with pytest.raises(ValueError, match=f"{PEOPLE} people to draw, and {person} is none"):
        draw_photo(person)


def test_a_photo_of_nobody_shows_nobody() -> None:
    analysis = analyse(draw_photo())
    assert analysis.faces == ()
    assert (analysis.width_px, analysis.height_px) == (80, 80)


def test_photos_of_one_person_are_near_and_of_two_are_far() -> None:
    photos = {person: [embed(person, seed) for seed in range(6)] for person in range(12)}
    near = [a @ b for photos_of_one in photos.values() for a, b in combinations(photos_of_one, 2)]
    far = [
        a @ b for one, other in combinations(photos, 2) for a in photos[one] for b in photos[other]
    ]
    assert min(near) > 0.8
    assert max(far) < 0.7


def test_embeddings_are_float32_of_unit_length() -> None:
    embedding = embed(7)
    assert embedding.dtype == np.float32
    assert embedding.shape == (DIMENSION,) == (FakeModels().model.dimension,)
    assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-6)


def test_the_same_arguments_give_the_same_bytes_and_the_same_faces() -> None:
    assert draw_photo(1, 2, seed=3) == draw_photo(1, 2, seed=3)
    first, second = analyse(draw_photo(1, 2, seed=3)), analyse(draw_photo(1, 2, seed=3))
    for one, two in zip(first.faces, second.faces, strict=True):
        assert one.face == two.face
        assert one.crop_jpeg == two.crop_jpeg
        np.testing.assert_array_equal(one.embedding, two.embedding)


def test_another_seed_is_another_photo_of_the_same_people() -> None:
    photos = {draw_photo(1, seed=seed) for seed in range(600)}
    assert len(photos) == 600
    assert not np.array_equal(embed(1, 0), embed(1, 599))
    assert embed(1, 0) @ embed(1, 599) > 0.8


def test_landmarks_lie_in_their_box_as_a_face_has_them() -> None:
    (found,) = analyse(draw_photo(9)).faces
    box, marks = found.face.box, found.face.landmarks
    for x, y in marks.as_array():
        assert box.x1 < x < box.x2
        assert box.y1 < y < box.y2
    assert marks.left_eye.x < marks.nose.x < marks.right_eye.x
    assert marks.left_eye.y < marks.nose.y < marks.left_mouth.y
    assert marks.left_mouth.x < marks.right_mouth.x


def test_crops_and_thumbnail_are_jpegs() -> None:
    analysis = analyse(draw_photo(9))
    for jpeg in (analysis.thumbnail_jpeg, analysis.faces[0].crop_jpeg):
        assert jpeg[:3] == b"\xff\xd8\xff"
    assert analysis.media_type == "image/png"


def test_a_drawn_photo_is_a_png_whose_checksums_hold() -> None:
    content = draw_photo(1)
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    at, kinds = 8, []
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        kinds.append(content[at + 4 : at + 8])
        (checksum,) = struct.unpack_from(">I", content, at + 8 + length)
        assert checksum == zlib.crc32(content[at + 4 : at + 8 + length])
        at += 12 + length
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]


@pytest.mark.parametrize("content", [b"", b"no photo", draw_photo(1)[:60]])
def test_what_is_no_photo_is_refused_as_real_models_do(content: bytes) -> None:
    with pytest.raises(PhotoError) as refused:
        analyse(content)
    assert refused.value.reason in {"empty-file", "not-a-photo", "truncated"}


def test_the_model_says_what_its_embeddings_are_comparable_with() -> None:
    model = FakeModels().model
    assert (model.model_id, model.digest) == ("fake", "fa" * 32)
    assert model.gaussian.mean.shape == (DIMENSION,)
    assert model.gaussian.covariance.shape == (DIMENSION, DIMENSION)
    # Unit vectors spread evenly: the trace is the mean squared length.
    assert np.trace(model.gaussian.covariance) == pytest.approx(1)


def test_scores_at_measured_rates_are_known_and_no_others() -> None:
    model = FakeModels().model
    assert model.score_at(1e-3) < model.score_at(1e-4)
    with pytest.raises(ModelError, match=r"0\.0001, 0\.001, 0\.01"):
        model.score_at(0.5)


def test_drawn_strangers_score_below_what_counts_as_one_person() -> None:
    vision, model = FakeModels().open(threads=1), FakeModels().model
    faces = [vision.analyse(draw_photo(person)).faces[0] for person in range(60)]
    templates = np.stack([face.embedding for face in faces])
    scores = (templates @ templates.T)[np.triu_indices(60, 1)]
    assert np.mean(scores > model.score_at(1e-2)) < 0.01
    again = [vision.analyse(draw_photo(person, seed=9)).faces[0] for person in range(60)]
    assert all(
        a.embedding @ b.embedding > model.score_at(1e-4) for a, b in zip(faces, again, strict=True)
    )


def test_a_person_may_be_drawn_blurred_and_is_still_the_same() -> None:
    clear, blurred = analyse(draw_photo(3, 5, seed=9, blurred=[5])).faces
    assert (clear.quality, blurred.quality) == (GOOD, POOR)
    np.testing.assert_array_equal(blurred.embedding, embed(5, seed=9))
    assert analyse(draw_photo(3, 5, seed=9)).faces[1].quality == GOOD
