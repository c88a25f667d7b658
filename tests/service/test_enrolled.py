"""Who may be recognised: those whose consent is in force, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest

from mien.library import Library
from mien.service.enrolled import find_consenting, load_enrolled
from mien.testing import draw_photo
from mien.types import PersonId
from service.enrolling import enrol
from service.stage import PURPOSE, Stage, query


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as opened:
        yield opened


def load(stage: Stage, library: Library) -> tuple[list[int], int]:
    """Whose templates are loaded, and the newest enrolment."""
    deployment = library._deployment
    with deployment.database.reading() as connection:
        likeness, newest = load_enrolled(deployment, connection, at=stage.now)
    return list(likeness.owners), newest


def consenting(
    stage: Stage, library: Library, *person_ids: int, purpose: str = PURPOSE
) -> set[PersonId]:
    deployment = library._deployment
    with deployment.database.reading() as connection:
        return find_consenting(
            deployment,
            connection,
            person_ids=[PersonId(i) for i in person_ids],
            purpose=purpose,
            at=stage.now,
        )


def test_nobody_is_known_before_anybody_is_enrolled(stage: Stage, library: Library) -> None:
    assert load(stage, library) == ([], 0)
    assert consenting(stage, library, 1, 2) == set()


def test_those_who_consent_are_known_by_all_their_photos_together(
    stage: Stage, library: Library
) -> None:
    ada, ben = enrol(stage, library, 1, "Ada"), enrol(stage, library, 2, "Ben", photos=1)
    assert load(stage, library) == ([ada.id, ben.id], 3)


def test_a_face_is_told_from_others(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ada")
    ben = enrol(stage, library, 2, "Ben")
    deployment = library._deployment
    with deployment.database.reading() as connection:
        likeness, _ = load_enrolled(deployment, connection, at=stage.now)
    vision = deployment.vision(threads=1)
    seen = vision.analyse(draw_photo(2, 7, seed=99)).faces
    assert [likeness.find_owner(face.embedding) for face in seen] == [ben.id, None]
    assert len(likeness.templates) == 2
    assert np.linalg.norm(likeness.templates, axis=1) == pytest.approx(1.0)


def test_a_consent_covers_the_purposes_it_names_and_no_others(
    stage: Stage, library: Library
) -> None:
    ada = enrol(stage, library, 1, "Ada", purposes=("family-album", "press"))
    ben = enrol(stage, library, 2, "Ben", purposes=("press",))
    assert consenting(stage, library, ada.id, ben.id) == {ada.id}
    assert consenting(stage, library, ada.id, ben.id, purpose="press") == {ada.id, ben.id}
    assert consenting(stage, library, ben.id, purpose="press") == {ben.id}
    assert consenting(stage, library, ada.id, ben.id, purpose="") == set()
    assert consenting(stage, library, ada.id, ben.id, purpose="Press") == set()


def test_a_consent_ends_by_time_alone(stage: Stage, library: Library) -> None:
    ada = enrol(stage, library, 1, "Ada", days=10)
    stage.now += timedelta(days=10)
    assert consenting(stage, library, ada.id) == {ada.id}
    stage.now += timedelta(days=1)
    assert consenting(stage, library, ada.id) == set()
    assert load(stage, library) == ([], 0)


def test_templates_of_another_model_are_not_loaded(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ada", photos=2)
    query(stage.home / "catalog.db", "UPDATE enrolments SET model_digest = 'other' WHERE id = 1")
    assert load(stage, library) == ([1], 2)
