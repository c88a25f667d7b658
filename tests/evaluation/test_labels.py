from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluation.drawn import draw_people, draw_templates
from mien.errors import EvaluationError
from mien.evaluation.labels import suspect_labels
from mien.evaluation.sample import Sample, make_sample

PEOPLE, PHOTOS = 60, 4


def relabel(sample: Sample, **people: int) -> Sample:
    """The sample with the label of some photos, by number, as another person."""
    changed = sample.people.copy()
    for photo, person in people.items():
        changed[int(photo.removeprefix("photo"))] = person
    return replace(sample, people=changed)


def test_right_labels_are_not_suspected() -> None:
    found = suspect_labels(draw_people(PEOPLE, PHOTOS, noise=0.4))
    assert (found.photo_count, found.double_count) == (0, 0)
    assert found.photos == ()
    assert found.doubles == ()


def test_a_photo_in_the_wrong_folder_is_suspected_with_the_right_one() -> None:
    sample = relabel(draw_people(PEOPLE, PHOTOS, noise=0.4), photo8=9)  # of person 2
    found = suspect_labels(sample)
    (suspect,) = found.photos
    assert suspect.photo == sample.photos[8]
    assert suspect.person == sample.names[9]
    assert suspect.other == sample.names[2]
    assert suspect.own_score < suspect.other_score


def test_a_photo_of_nobody_known_is_suspected_of_nobody() -> None:
    sample = draw_people(PEOPLE, PHOTOS, noise=0.4)
    templates = sample.templates.copy()
    stranger = draw_templates(np.arange(500), seed=77)
    far = int(np.argmin((stranger @ templates.T).max(axis=1)))
    templates[20] = stranger[far]
    (suspect,) = suspect_labels(replace(sample, templates=templates)).photos
    assert (suspect.photo, suspect.other) == (sample.photos[20], "")


def test_one_person_under_two_names_is_suspected() -> None:
    sample = draw_people(PEOPLE, PHOTOS, noise=0.4)
    names = [sample.names[person] for person in sample.people]
    names[0] = names[1] = "somebody else"  # two of the four photos of person 0
    doubled = make_sample(sample.templates, names, photos=sample.photos)
    found = suspect_labels(doubled)
    assert found.double_count == len(found.doubles) >= 1
    double = found.doubles[0]
    assert {double.one, double.other} == {"p00000", "somebody else"}
    assert set(double.photos) == set(sample.photos[:4])
    assert double.score > 0.7


def test_nothing_is_corrected() -> None:
    sample = relabel(draw_people(PEOPLE, PHOTOS, noise=0.4), photo8=9)
    before = sample.people.copy()
    suspect_labels(sample)
    assert np.array_equal(sample.people, before)


def test_of_many_suspects_the_clearest_are_listed() -> None:
    moved = {f"photo{4 * person}": person + 7 for person in range(40)}
    found = suspect_labels(relabel(draw_people(100, PHOTOS, noise=0.3), **moved))
    assert found.photo_count > 20
    assert len(found.photos) == 20
    gaps = [suspect.own_score - suspect.other_score for suspect in found.photos]
    assert gaps == sorted(gaps)


def test_labels_at_random_are_refused_with_names() -> None:
    sample = draw_people(PEOPLE, PHOTOS, noise=0.4)
    mixed = replace(sample, people=np.random.default_rng(0).permutation(sample.people))
    with pytest.raises(EvaluationError, match=r"look no more like the others.*\.jpg \(p0"):
        suspect_labels(mixed)


def test_a_model_that_tells_nobody_apart_is_refused_too() -> None:
    with pytest.raises(EvaluationError, match="The labels are wrong, or the model is"):
        suspect_labels(draw_people(PEOPLE, PHOTOS, noise=60.0))


def test_a_weak_model_is_judged_and_not_refused() -> None:
    found = suspect_labels(draw_people(PEOPLE, PHOTOS, noise=0.9))
    assert found.photo_count < PEOPLE * PHOTOS / 10


def test_people_with_one_photo_have_nothing_to_agree_with() -> None:
    whose = np.array([0, 0, *range(1, 40)])
    sample = make_sample(
        draw_templates(whose, noise=0.3),
        [str(one) for one in whose],
        photos=[f"{i}.jpg" for i in range(41)],
    )
    assert suspect_labels(sample).photo_count == 0
