"""Where only enrolled people are kept, another model keeps them only once it knows them."""

from __future__ import annotations

import pytest

from mien.errors import ModelError
from mien.library import Library
from mien.service.consent_draft import RenewalDraft
from mien.service.migration import MigrationState
from mien.testing import draw_photo
from service.enrolled_stage import COLLECTION, add, enrol, name_of
from service.enrolling import EVIDENCE, portraits
from service.packs import OPEN, OTHER, SeeingModels, faces_of, migrate, two_packs
from service.stage import PURPOSE, Stage, last_day, names_of

ANN, BEN, CAT = 1, 2, 3


@pytest.fixture
def club(stage: Stage) -> Stage:
    two_packs(stage)
    stage.draw("ann.png", ANN, seed=1)
    stage.draw("both.png", ANN, BEN, seed=2)
    stage.draw("neither.png", CAT, seed=3)
    with stage.open() as library:
        enrol(stage, library, ANN)
        enrol(stage, library, BEN)
        add(stage, library)
    return stage


def found(library: Library, person: int) -> list[str]:
    result = library.search(
        draw_photo(person, seed=500), purpose=PURPOSE, collection=COLLECTION, min_score=0.75
    )
    return sorted(names_of(result))


def enrol_again(club: Stage, person: int, *, seed_name: int | None = None) -> None:
    """With the other pack chosen, as an operator would with MIEN_PACK."""
    packs = two_packs(club)
    packs.chosen = OTHER
    renewal = RenewalDraft(evidence=EVIDENCE, until=last_day(club.now, days=365))
    photos = portraits(club, seed_name or person, number=1)
    with club.open() as library:
        renewed = library.people().renew(name_of(person), *photos, renewal=renewal)
        assert renewed.verdict.is_allowed
    packs.chosen = OPEN


def test_nobody_is_carried_over_whom_the_other_model_does_not_know(club: Stage) -> None:
    with club.open() as library:
        report = migrate(library, COLLECTION)
        people = {one.stored.name: one.stored.uuid for one in library.people()}
        assert report.state is MigrationState.UNFINISHED
        assert (report.made, report.lost) == (0, {"enrol-again": 3})
        assert set(report.again) == {people[name_of(ANN)], people[name_of(BEN)]}
        assert found(library, ANN) == ["ann.png", "both.png"]


def test_who_enrols_again_is_carried_over(club: Stage) -> None:
    before = faces_of(club)
    enrol_again(club, ANN)
    with club.open() as library:
        report = migrate(library, COLLECTION)
        assert (report.made, report.lost) == (2, {"enrol-again": 1})
        assert len(report.again) == 1
    enrol_again(club, BEN)
    with club.open() as library:
        report = migrate(library, COLLECTION)
        assert (report.state, report.made, report.again) == (MigrationState.SWITCHED, 3, ())
        assert found(library, ANN) == ["ann.png", "both.png"]
        assert found(library, BEN) == ["both.png"]
        assert found(library, CAT) == []
    assert faces_of(club) == before


def test_a_face_that_the_other_model_takes_for_somebody_else_is_not_kept(club: Stage) -> None:
    """Ann hands in photos of Cat: no face of hers is like what the other model knows of her."""
    enrol_again(club, ANN, seed_name=CAT)
    enrol_again(club, BEN)
    with club.open() as library:
        report = migrate(library, COLLECTION)
        assert (report.made, report.lost) == (1, {"not-enrolled": 2})
        assert found(library, ANN) == ["ann.png", "both.png"]


def test_a_face_that_is_like_another_enrolled_person_is_not_kept(club: Stage) -> None:
    enrol_again(club, ANN, seed_name=BEN)
    enrol_again(club, BEN, seed_name=ANN)
    with club.open() as library:
        report = migrate(library, COLLECTION)
    assert (report.made, report.lost) == (0, {"other-person": 3})


def test_who_withdrew_is_not_carried_over(club: Stage) -> None:
    enrol_again(club, ANN)
    enrol_again(club, BEN)
    with club.open() as library:
        library.people().withdraw(name_of(ANN))
        report = migrate(library, COLLECTION)
        assert (report.state, report.made) == (MigrationState.SWITCHED, 1)
        assert found(library, BEN) == ["both.png"]
    assert len(faces_of(club)) == 1


def test_a_model_without_a_threshold_keeps_no_enrolled_people(club: Stage) -> None:
    enrol_again(club, ANN)
    two_packs(club, SeeingModels(measured=False))
    with club.open() as library:
        with pytest.raises(ModelError, match="No score was measured"):
            migrate(library, COLLECTION)
        assert found(library, ANN) == ["ann.png", "both.png"]


def test_a_later_enrolment_is_looked_for_with_the_collections_own_model(club: Stage) -> None:
    """The other pack is in use, and the collection still of the usual one."""
    packs = two_packs(club)
    packs.chosen = OTHER
    with club.open() as library:
        report = library.rescan()
        assert (report.waiting, report.failed) == (0, [])
        assert found(library, ANN) == ["ann.png", "both.png"]
    assert len(faces_of(club)) == 3
