"""What the commands say where only enrolled people are kept."""

from __future__ import annotations

from cli.conftest import Mien
from mien.permission.basis import Basis
from service.enrolled_stage import COLLECTION, add, enrol, interrupt
from service.stage import Stage

ANN, BEN, CAT = 1, 2, 3


def fill(stage: Stage) -> str:
    """A collection with Ann in it, and a grant to add more."""
    stage.draw("both.png", ANN, BEN)
    with stage.open() as library:
        enrol(stage, library, ANN)
        grant = stage.grant(library, bases=[Basis.ENROLLED_ONLY])
        add(stage, library, grant=grant)
    return grant


def test_adding_says_how_many_faces_were_not_kept_and_why(stage: Stage, mien: Mien) -> None:
    grant = fill(stage)
    stage.draw("strangers.png", BEN, CAT)
    words = ("add", stage.photos, "--grant", grant, "--collection", COLLECTION)
    answer = mien(*words)
    assert answer.code == 0
    assert "Not kept: 2 faces. The face is of nobody who is enrolled" in answer.err
    stage.draw("more.png", CAT)
    assert mien(*words, "--json").document["dropped"] == {"not-enrolled": 1}


def test_a_collection_that_is_enrolled_only_is_made_by_name(mien: Mien) -> None:
    made = mien("collection", "create", "club", "--basis", "enrolled_only", "--json")
    assert made.code == 0
    assert made.document["basis"] == "enrolled_only"


def test_the_doctor_tells_of_photos_that_wait_for_a_later_enrolment(
    stage: Stage, mien: Mien
) -> None:
    stage.draw("another.png", BEN)
    fill(stage)
    answer = mien("doctor", "--json")
    assert answer.document["collections"][0]["waiting"] == 0
    with stage.open() as library:
        interrupt(lambda progress: enrol(stage, library, BEN, progress=progress))
    answer = mien("doctor", "--json")
    assert answer.document["collections"][0]["waiting"] == 1
    assert "1 photos of collection members have not been compared" in answer.err
    assert "mien people rescan" in answer.err


def test_rescanning_says_what_came_of_it(stage: Stage, mien: Mien) -> None:
    stage.draw("another.png", BEN)
    fill(stage)
    with stage.open() as library:
        interrupt(lambda progress: enrol(stage, library, BEN, progress=progress))
    answer = mien("people", "rescan")
    assert answer.code == 0
    assert "1 photos looked at again: 1 more faces kept." in answer.out
    done = mien("people", "rescan", "--json").document
    assert done == {"waiting": 0, "photos": 0, "faces": 0, "failed": []}


def test_enrolling_needs_neither_a_day_nor_the_only_purpose(stage: Stage, mien: Mien) -> None:
    fill(stage)
    portrait = stage.draw("../portrait.png", BEN)
    answer = mien("people", "enrol", "Ben", portrait, "--consent", "form")
    assert answer.code == 0
    assert "For family-album, until " in answer.out


def test_which_of_several_purposes_is_meant_must_be_said(stage: Stage, mien: Mien) -> None:
    fill(stage)
    with stage.open() as library:
        stage.grant(library, "press-archive")
    portrait = stage.draw("../portrait.png", BEN)
    answer = mien("people", "enrol", "Ben", portrait, "--consent", "form")
    assert answer.code == 2
    assert "--purpose. On record here are: family-album, press-archive." in answer.err
