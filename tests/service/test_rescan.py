"""Who enrols later is looked for in the photos that are there, wherever that was interrupted."""

from __future__ import annotations

import pytest

from mien.library import Library
from mien.service.rescan import RescanReport
from mien.testing import draw_photo
from service.enrolled_stage import COLLECTION, add, enrol, name_of
from service.stage import PURPOSE, Stage, check_sound, names_of, query

ANN, BEN, CAT = 1, 2, 3


def found(library: Library, person: int) -> list[str]:
    result = library.search(
        draw_photo(person, seed=500), purpose=PURPOSE, collection=COLLECTION, min_score=0.75
    )
    return sorted(names_of(result))


def draw_three(stage: Stage) -> None:
    stage.draw("ann.png", ANN, seed=1)
    stage.draw("both.png", ANN, BEN, seed=2)
    stage.draw("neither.png", CAT, seed=3)


def test_a_later_enrolment_finds_its_person_in_older_photos(stage: Stage) -> None:
    draw_three(stage)
    with stage.open() as library:
        enrol(stage, library, ANN)
        add(stage, library)
        assert found(library, BEN) == []
        enrol(stage, library, BEN)
        assert found(library, BEN) == ["both.png"]
        assert found(library, ANN) == ["ann.png", "both.png"]
    check_sound(stage.home)


def test_faces_that_are_kept_stay_as_they_are(stage: Stage) -> None:
    draw_three(stage)
    faces = "SELECT uuid FROM faces ORDER BY id"
    with stage.open() as library:
        enrol(stage, library, ANN)
        add(stage, library)
        before = query(stage.home / "catalog.db", faces)
        enrol(stage, library, BEN)
    after = query(stage.home / "catalog.db", faces)
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1


def test_nothing_is_read_where_nobody_new_is_enrolled(stage: Stage) -> None:
    draw_three(stage)
    with stage.open() as library:
        enrol(stage, library, ANN)
        add(stage, library)
        assert library.rescan() == RescanReport()


def test_an_interrupted_rescan_goes_on_where_it_stopped(stage: Stage) -> None:
    for number in range(100):
        stage.draw(f"{number}.png", ANN, BEN, seed=number)
    with stage.open() as library:
        enrol(stage, library, ANN)
        add(stage, library)

    def interrupt(report: RescanReport) -> None:
        if report.photos:
            raise KeyboardInterrupt

    with stage.open() as library:
        with pytest.raises(KeyboardInterrupt):
            enrol(stage, library, BEN, progress=interrupt)
        done = len(found(library, BEN))
        assert 0 < done < 100
        report = library.rescan()
        assert report.waiting == 100 - len(query_faces(stage, BEN)) + report.faces
        assert len(found_all(library, BEN)) == 100
    assert len(query_faces(stage, BEN)) == 100
    check_sound(stage.home)


def query_faces(stage: Stage, person: int) -> list[int]:
    return query(
        stage.home / "catalog.db",
        "SELECT f.id FROM faces f JOIN people p ON p.id = f.person_id WHERE p.name = ?",
        name_of(person),
    )


def found_all(library: Library, person: int) -> list[str]:
    photo = draw_photo(person, seed=500)
    result = library.search(
        photo, purpose=PURPOSE, collection=COLLECTION, min_score=0.75, limit=1000
    )
    return names_of(result)
