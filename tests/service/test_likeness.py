"""Whose a face is: by single templates, and by one template fused of all photos of a person."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.errors import ModelError
from mien.evidence.cohort import find_levels, normalise
from mien.evidence.strength import find_score
from mien.service.likeness import PersonLikeness, fuse
from mien.testing import FakeModels, FakeVision, draw_photo
from mien.types import Calibration, Cohort, Vectors

MODEL = FakeModels().model


def get_measures() -> tuple[Cohort, Calibration]:
    assert MODEL.cohort is not None
    assert MODEL.calibration is not None
    return MODEL.cohort, MODEL.calibration


COHORT, CALIBRATION = get_measures()


def embed(person: int, *seeds: int) -> Vectors:
    faces = [FakeVision().analyse(draw_photo(person, seed=seed)).faces[0] for seed in seeds]
    return np.stack([face.embedding for face in faces])


def know(*people: int, photos: int = 4, fmr: float = 1e-3) -> PersonLikeness:
    templates = np.concatenate([embed(person, *range(photos)) for person in people])
    owners = np.repeat(people, photos).tolist()
    least_score = find_score(CALIBRATION, fmr=fmr)
    return fuse(templates, owners, cohort=COHORT, least_score=least_score, least_cosine=-1.0)


def test_all_photos_of_a_person_make_one_template_of_unit_length() -> None:
    likeness = know(9, 4)
    assert likeness.owners == [4, 9]
    np.testing.assert_allclose(np.linalg.norm(likeness.templates, axis=1), 1, atol=1e-6)
    mean = embed(4, 0, 1, 2, 3).mean(axis=0)
    np.testing.assert_allclose(likeness.templates[0], mean / np.linalg.norm(mean), atol=1e-6)


def test_a_person_is_known_by_another_photo_and_a_stranger_is_not() -> None:
    likeness = know(3, 5, 7)
    assert likeness.find_owner(embed(5, 77)[0]) == 5
    assert likeness.find_owner(embed(8, 77)[0]) is None


def test_one_photo_is_enough_to_be_known() -> None:
    assert know(3, photos=1).find_owner(embed(3, 50)[0]) == 3


def test_what_decides_is_the_normalised_score_from_both_sides() -> None:
    likeness = know(3)
    probe = embed(8, 1)
    levels = find_levels(COHORT, np.concatenate([probe, likeness.templates]))
    cosine = (probe @ likeness.templates.T).astype(float)
    (score,) = normalise(cosine, probes=levels[:1], candidates=levels[1:])[0]
    for least, owner in ((score - 1e-3, 3), (score + 1e-3, None)):
        at = PersonLikeness(likeness.templates, [3], COHORT, likeness.levels, least, -1.0)
        assert at.find_owner(probe[0]) == owner


def test_the_cosine_must_be_high_enough_too() -> None:
    likeness = know(3)
    (probe,) = embed(3, 77)
    cosine = float((likeness.templates @ probe)[0])
    for least, owner in ((cosine - 1e-3, 3), (cosine + 1e-3, None)):
        assert replace(likeness, least_cosine=least).find_owner(probe) == owner


def test_strangers_match_a_fused_template_about_as_often_as_was_asked() -> None:
    # Directions without end instead of the few drawn people: 20 people known by 5 photos each.
    generator = np.random.default_rng(0)
    likeness = know(*range(20), photos=5, fmr=1e-2)
    strangers = generator.standard_normal((3000, MODEL.dimension)).astype(np.float32)
    strangers /= np.linalg.norm(strangers, axis=1, keepdims=True)
    accepted = np.mean([likeness.find_owner(one) is not None for one in strangers])
    assert accepted == pytest.approx(1 - 0.99**20, rel=0.35)


def test_a_score_is_found_for_every_rate_the_calibration_reaches() -> None:
    for fmr in (0.5, 1e-2, 1e-4, 1e-7):
        score = find_score(CALIBRATION, fmr=fmr)
        log10 = np.interp(score, CALIBRATION.scores, CALIBRATION.log10_fmr)
        assert 10**log10 == pytest.approx(fmr, rel=1e-6)


@pytest.mark.parametrize("fmr", [1e-12, 1.0])
def test_a_rate_beyond_the_calibration_is_an_error(fmr: float) -> None:
    with pytest.raises(ModelError, match="does not reach"):
        find_score(CALIBRATION, fmr=fmr)
