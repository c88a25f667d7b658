"""Opting out weighs more than being enrolled: no adding and no second look brings a face back."""

from __future__ import annotations

import pytest

from mien.catalog.collections import get_collection
from mien.errors import SuppressionError
from mien.library import Library
from mien.permission.verdict import Reason
from mien.service.deployment import recording
from mien.service.gate import open_gate
from mien.testing import FakeModels, draw_photo
from service.enrolled_stage import COLLECTION, add, enrol
from service.other_models import OtherModels
from service.stage import PURPOSE, Stage, names_of, query

ANN, BEN = 1, 60


@pytest.fixture
def club(stage: Stage) -> Stage:
    """Ann is enrolled; Ben is in photos with her, and opted out."""
    stage.draw("ann.png", ANN, seed=1)
    stage.draw("both.png", ANN, BEN, seed=2)
    stage.draw("ben.png", BEN, seed=3)
    with stage.open() as library:
        enrol(stage, library, ANN)
        library.optouts().face(draw_photo(BEN, seed=9), consent="letter")
        add(stage, library)
    return stage


def faces_held(stage: Stage) -> int:
    return int(query(stage.home / "catalog.db", "SELECT count(*) FROM faces")[0])


def found(library: Library, person: int) -> list[str]:
    result = library.search(
        draw_photo(person, seed=500), purpose=PURPOSE, collection=COLLECTION, min_score=0.75
    )
    return sorted(names_of(result))


def test_who_opted_out_is_told_apart_from_who_is_not_enrolled(club: Stage) -> None:
    dropped = query(club.home / "catalog.db", "SELECT dropped FROM indexed_photos ORDER BY id")
    assert sorted(dropped) == [0, 1, 1]
    with club.open() as library:
        new = club.draw("strangers.png", BEN, 120, seed=4)
        report = add(club, library, new, grant=library.grants()[0].grant_id)
        assert report.dropped == {Reason.FACE_SUPPRESSED: 1, Reason.NOT_ENROLLED: 1}


def test_another_look_for_somebody_who_opted_out_finds_nobody(club: Stage) -> None:
    """They enrol later, and have not lifted what they asked for."""
    before = faces_held(club)
    with club.open() as library:
        enrol(club, library, BEN)
        library.rescan()
        assert faces_held(club) == before == 2
        assert found(library, ANN) == ["ann.png", "both.png"]
        verdict = library.search(
            draw_photo(BEN, seed=7), purpose=PURPOSE, collection=COLLECTION
        ).verdict
        assert verdict.reasons == (Reason.FACE_SUPPRESSED,)


def test_what_is_lifted_is_found_when_they_are_looked_for_again(club: Stage) -> None:
    with club.open() as library:
        (made,) = library.optouts().list()
        library.optouts().lift(made.optout_id, reason="Ben joined")
        enrol(club, library, BEN)
        assert found(library, BEN) == ["ben.png", "both.png"]


def test_somebody_enrolled_who_opts_out_is_erased(club: Stage) -> None:
    with club.open() as library:
        report = library.optouts().face(draw_photo(ANN, seed=9), consent="letter")
        assert report.erasure is not None
        assert report.erasure.erased["faces"] == 2
    assert faces_held(club) == 0


def test_a_gate_asked_for_before_the_model_was_shown_them_does_not_open(club: Stage) -> None:
    """Whoever forgets to show new models what was opted out gets an error, and no open gate."""
    club.models = OtherModels()
    with club.open() as library:
        deployment = library._deployment
        with deployment.database.reading() as connection:
            collection = get_collection(connection, COLLECTION)
        with recording(deployment.home), pytest.raises(SuppressionError, match="same command"):
            open_gate(deployment, collection)


def test_another_look_shows_them_to_a_new_model_first(club: Stage) -> None:
    club.models = OtherModels()
    with club.open() as library:
        library.rescan()
        kept_out = library._deployment.suppressed.load(library._deployment.model)
        assert kept_out.unknown == ()
    club.models = FakeModels()
    with club.open() as library:
        assert found(library, ANN) == ["ann.png", "both.png"]
