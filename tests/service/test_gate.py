"""Which faces are kept is decided in memory, by likeness alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from mien.permission.quality import QualityFilter
from mien.permission.verdict import Reason
from mien.service.gate import Gate
from mien.service.likeness import Likeness, know_nobody
from mien.testing import DIMENSION, GOOD, POOR, FakeModels, draw_photo
from mien.types import EmbeddedFace

NOBODY = know_nobody(DIMENSION)


def faces_of(*people: int, seed: int = 0, blurred: Sequence[int] = ()) -> tuple[EmbeddedFace, ...]:
    return (
        FakeModels().open(threads=1).analyse(draw_photo(*people, seed=seed, blurred=blurred)).faces
    )


def know(*people: int, seed: int = 7, least_score: float = 0.75) -> Likeness:
    templates = np.stack([face.embedding for face in faces_of(*people, seed=seed)])
    return Likeness(templates, people, np.full(len(people), least_score, np.float32))


def test_everybody_enters_where_nobody_opted_out() -> None:
    admissions = Gate(suppressed=NOBODY).admit(faces_of(1, 2))
    assert [one.person_id for one in admissions.kept] == [None, None]
    assert not admissions.dropped


def test_a_face_like_a_suppressed_one_is_dropped_and_counted() -> None:
    admissions = Gate(suppressed=know(2)).admit(faces_of(1, 2, 3))
    assert len(admissions.kept) == 2
    assert admissions.dropped == {Reason.FACE_SUPPRESSED: 1}


def test_only_enrolled_people_enter_each_under_their_own_id() -> None:
    admissions = Gate(suppressed=NOBODY, enrolled=know(5, 3)).admit(faces_of(1, 3, 5))
    assert [one.person_id for one in admissions.kept] == [3, 5]
    assert admissions.dropped == {Reason.NOT_ENROLLED: 1}


def test_opting_out_weighs_more_than_being_enrolled() -> None:
    admissions = Gate(suppressed=know(3), enrolled=know(3)).admit(faces_of(3))
    assert admissions.kept == []
    assert admissions.dropped == {Reason.FACE_SUPPRESSED: 1}


def test_where_nobody_is_enrolled_nobody_enters() -> None:
    admissions = Gate(suppressed=NOBODY, enrolled=NOBODY).admit(faces_of(1, 2))
    assert admissions.dropped == {Reason.NOT_ENROLLED: 2}


def test_the_most_alike_of_several_templates_tells_whose_a_face_is() -> None:
    (face,) = faces_of(4)
    assert know(4, 5, seed=1).find_owner(face.embedding) == 4
    assert know(6, 7, seed=1).find_owner(face.embedding) is None


@pytest.mark.parametrize(("least_score", "owner"), [(0.5, 4), (0.999, None)])
def test_each_template_has_its_own_least_score(least_score: float, owner: int | None) -> None:
    (face,) = faces_of(4)
    assert know(4, least_score=least_score).find_owner(face.embedding) == owner


def test_faces_that_fall_short_of_the_filter_are_dropped_and_counted() -> None:
    faces = faces_of(1, 2, 3, blurred=[2])
    admissions = Gate(suppressed=NOBODY).admit(faces, quality=QualityFilter.LOW)
    assert [one.face for one in admissions.kept] == [faces[0], faces[2]]
    assert admissions.dropped == {Reason.POOR_QUALITY: 1}
    assert (admissions.unfit, admissions.hides_somebody) == (1, False)
    assert Gate(suppressed=NOBODY).admit(faces).dropped == {}


def test_permission_is_asked_before_quality() -> None:
    gate = Gate(suppressed=know(2), enrolled=know(1, 2))
    admissions = gate.admit(faces_of(1, 2, 3, blurred=[1, 2, 3]), quality=QualityFilter.HIGH)
    assert admissions.dropped == {
        Reason.FACE_SUPPRESSED: 1,
        Reason.NOT_ENROLLED: 1,
        Reason.POOR_QUALITY: 1,
    }
    assert admissions.hides_somebody


def test_a_face_is_kept_with_its_quality_under_an_id_of_its_own() -> None:
    faces = faces_of(1, 2, blurred=[2])
    kept = [one.to_keep() for one in Gate(suppressed=NOBODY).admit(faces).kept]
    assert [one.quality for one in kept] == [GOOD, POOR]
    assert [one.face for one in kept] == [face.face for face in faces]
    assert len({one.uuid for one in kept}) == 2


def test_of_too_many_the_worst_go_first_and_then_the_smallest() -> None:
    admissions = Gate(suppressed=NOBODY).admit(faces_of(1, 2, 3, blurred=[2]))
    whole = [one.face for one in admissions.kept]
    admissions.keep_most(2)
    assert [one.face for one in admissions.kept] == [whole[0], whole[2]]
    assert admissions.beyond == [whole[1]]
    assert admissions.left_out == 1
    assert not admissions.hides_somebody
    box = replace(whole[2].face.box, x2=whole[2].face.box.x2 + 9)
    larger = replace(whole[2], face=replace(whole[2].face, box=box))
    again = Gate(suppressed=NOBODY).admit([whole[0], larger])
    again.keep_most(1)
    assert [one.face for one in again.kept] == [larger]


def test_those_who_fall_short_are_told_apart_from_those_who_may_not_come_in() -> None:
    admissions = Gate(suppressed=know(1)).admit(
        faces_of(1, 2, 3, blurred=[1, 2]), quality=QualityFilter.LOW
    )
    assert len(admissions.unfit_faces) == admissions.unfit == 1
    assert admissions.left_out == 2
    assert admissions.hides_somebody
