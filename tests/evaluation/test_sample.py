from __future__ import annotations

import re

import numpy as np
import pytest

from evaluation.drawn import draw_people, draw_templates
from mien.errors import EvaluationError
from mien.evaluation.sample import make_sample

WHOSE = np.array([0, 0, 1, 1, 2])
PHOTOS = ["a1.jpg", "a2.jpg", "b1.jpg", "b2.jpg", "c1.jpg"]
PEOPLE = ["Ann", "Ann", "Ben", "Ben", "Cy"]


def test_people_are_numbered_by_name() -> None:
    sample = make_sample(draw_templates(WHOSE), PEOPLE, photos=PHOTOS)
    assert sample.names == ("Ann", "Ben", "Cy")
    assert sample.people.tolist() == [0, 0, 1, 1, 2]
    assert sample.photos_per_person.tolist() == [2, 2, 1]
    assert len(sample) == 5


def test_scores_are_cosines() -> None:
    templates = draw_templates(WHOSE)
    sample = make_sample(templates, PEOPLE, photos=PHOTOS)
    everything = np.arange(5)
    assert np.allclose(sample.score(everything, everything), templates @ templates.T, atol=1e-6)
    pairs = sample.score_pairs(np.array([0, 3]), np.array([1, 4]))
    assert np.allclose(pairs, [templates[0] @ templates[1], templates[3] @ templates[4]], atol=1e-6)


def test_a_normalised_score_is_measured_from_both_sides() -> None:
    templates = draw_templates(WHOSE)
    means, deviations = np.linspace(0.1, 0.5, 5), np.linspace(0.2, 0.3, 5)
    sample = make_sample(templates, PEOPLE, photos=PHOTOS).with_levels(
        means.astype(np.float32), deviations.astype(np.float32)
    )
    cosine = float(templates[1] @ templates[4])
    expected = ((cosine - means[1]) / deviations[1] + (cosine - means[4]) / deviations[4]) / 2
    assert sample.score_pairs(np.array([1]), np.array([4]))[0] == pytest.approx(expected, abs=1e-4)
    table = sample.score(np.arange(5), np.arange(5))
    assert table[1, 4] == pytest.approx(expected, abs=1e-4)
    assert table[1, 4] == pytest.approx(float(table[4, 1]), abs=1e-5)


def test_some_of_the_people_are_numbered_anew() -> None:
    sample = make_sample(
        draw_templates(WHOSE),
        PEOPLE,
        photos=PHOTOS,
        groups={"team": ["x", "x", "y", "y", "x"]},
        qualities={"size": [1, 2, 3, 4, 5]},
    ).with_levels(np.arange(5, dtype=np.float32), np.ones(5, np.float32))
    some = sample.only(np.array([False, True, True]))
    assert some.names == ("Ben", "Cy")
    assert some.people.tolist() == [0, 0, 1]
    assert some.photos == ("b1.jpg", "b2.jpg", "c1.jpg")
    assert some.groups == {"team": ("y", "x")}
    assert some.qualities["size"].tolist() == [3, 4, 5]
    assert some.levels is not None
    assert some.levels.means.tolist() == [2, 3, 4]


def test_a_person_in_two_groups_is_in_none() -> None:
    groups = {"team": ["x", "y", "y", "y", "x"]}
    sample = make_sample(draw_templates(WHOSE), PEOPLE, photos=PHOTOS, groups=groups)
    assert sample.groups == {"team": ("", "y", "x")}


@pytest.mark.parametrize("labels", [["x"] * 5, ["x", "y", "x", "y", ""], [""] * 5])
def test_what_parts_nobody_is_no_attribute(labels: list[str]) -> None:
    sample = make_sample(draw_templates(WHOSE), PEOPLE, photos=PHOTOS, groups={"smile": labels})
    assert sample.groups == {}


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_a_broken_model_is_told_by_its_photos(broken: float) -> None:
    templates = draw_templates(WHOSE)
    templates[3, 2] = broken
    with pytest.raises(EvaluationError, match=r"The embedding of b2\.jpg is not made of finite"):
        make_sample(templates, PEOPLE, photos=PHOTOS)


def test_embeddings_without_length_are_no_embeddings() -> None:
    templates = draw_templates(WHOSE)
    templates[[0, 2]] = 0
    with pytest.raises(EvaluationError, match=r"a1\.jpg, b1\.jpg is not of unit length"):
        make_sample(templates, PEOPLE, photos=PHOTOS)


def test_of_many_broken_ones_three_are_named() -> None:
    templates = draw_templates(WHOSE) * 2
    named = re.escape("a1.jpg, a2.jpg, b1.jpg (and 2 more)")
    with pytest.raises(EvaluationError, match=named):
        make_sample(templates, PEOPLE, photos=PHOTOS)


def test_a_model_that_says_the_same_of_everybody_is_refused() -> None:
    templates = np.repeat(draw_templates(WHOSE)[:1], 5, axis=0)
    with pytest.raises(EvaluationError, match="the same embedding for every photo"):
        make_sample(templates, PEOPLE, photos=PHOTOS)


def test_one_photo_each_can_tell_nobody_again() -> None:
    with pytest.raises(EvaluationError, match="Each of the 5 people has one photo"):
        make_sample(draw_templates(WHOSE), list("abcde"), photos=PHOTOS)


def test_one_person_has_nobody_to_be_told_from() -> None:
    with pytest.raises(EvaluationError, match="All 5 faces are of one person, Ann"):
        make_sample(draw_templates(WHOSE), ["Ann"] * 5, photos=PHOTOS)


def test_no_face_is_nothing_to_evaluate() -> None:
    with pytest.raises(EvaluationError, match="There is no face to evaluate"):
        make_sample(np.empty((0, 16), np.float32), [], photos=[])


def test_drawn_people_look_like_themselves() -> None:
    sample = draw_people(20, 3)
    table = sample.score(np.arange(60), np.arange(60))
    is_mated = sample.people[:, None] == sample.people[None, :]
    assert table[is_mated].mean() > table[~is_mated].mean() + 0.4


def test_levels_may_depend_on_the_fold_of_the_other_side() -> None:
    """Whoever meets people of a fold is measured by a cohort without that fold."""
    templates = draw_people(3, 2).templates
    folds = np.array([0, 0, 1, 1, 2, 2])
    generator = np.random.default_rng(5)
    means = generator.random((6, 3)).astype(np.float32)
    deviations = (generator.random((6, 3)) + 0.5).astype(np.float32)
    sample = draw_people(3, 2).with_levels(means, deviations, folds=folds)
    everybody = np.arange(6)
    found = sample.score(everybody, everybody)
    for a in range(6):
        for b in range(6):
            cosine = float(templates[a] @ templates[b])
            one = (cosine - means[a, folds[b]]) / deviations[a, folds[b]]
            other = (cosine - means[b, folds[a]]) / deviations[b, folds[a]]
            assert found[a, b] == pytest.approx((one + other) / 2, abs=1e-4)
    assert found == pytest.approx(found.T, abs=1e-4)
    pairs = np.array([0, 1, 4]), np.array([3, 5, 2])
    np.testing.assert_allclose(sample.score_pairs(*pairs), found[pairs], atol=1e-4)
    some = sample.only(np.array([True, False, True]))
    kept = found[np.ix_([0, 1, 4, 5], [0, 1, 4, 5])]
    np.testing.assert_allclose(some.score(np.arange(4), np.arange(4)), kept, atol=1e-4)
