"""Who enrols later is looked for in the photos that are there, wherever that was interrupted."""

from __future__ import annotations

from typing import Any

import pytest

from mien.library import Library
from mien.permission.basis import Basis
from mien.service.erase import FacesTarget
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


def test_adding_more_ends_what_was_interrupted(stage: Stage) -> None:
    draw_three(stage)
    with stage.open() as library:
        enrol(stage, library, ANN)
        add(stage, library)
        with pytest.raises(KeyboardInterrupt):
            enrol(stage, library, BEN, progress=interrupt)
        stage.draw("more.png", CAT)
        add(stage, library)
        assert found(library, BEN) == ["both.png"]


def interrupt(_: RescanReport) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["vault", "rows", "mark"])
def test_a_sudden_end_at_any_step_loses_and_doubles_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    draw_three(stage)
    with stage.open() as library:
        enrol(stage, library, ANN)
        add(stage, library)
    places = {
        "vault": "mien.vault.vault.Vault.add_faces",
        "rows": "mien.service.rescan.rows.add_faces",
        "mark": "mien.service.rescan.rows.mark_scanned",
    }
    with monkeypatch.context() as broken:
        broken.setattr(places[step], die)
        with stage.open() as library, pytest.raises(SuddenEndError):
            enrol(stage, library, BEN)
    with stage.open() as library:
        library.rescan()
        assert found(library, BEN) == ["both.png"]
    keys = query(stage.home / "keys" / "keys.db", "SELECT face_id FROM face_keys")
    assert sorted(keys) == sorted(query(stage.home / "catalog.db", "SELECT uuid FROM faces"))
    check_sound(stage.home)


class SuddenEndError(Exception):
    """Stands for a process that ended."""


def die(*_: object, **__: object) -> None:
    raise SuddenEndError


def test_a_photo_that_went_away_or_changed_is_named_and_waits(stage: Stage) -> None:
    draw_three(stage)
    with stage.open() as library:
        enrol(stage, library, ANN)
        add(stage, library)
        (stage.photos / "both.png").unlink()
        stage.draw("neither.png", BEN, seed=77)
        enrol(stage, library, BEN)
        report = library.rescan()
    assert {failed.path.rsplit("/", 1)[-1]: failed.reason for failed in report.failed} == {
        "both.png": "unreadable",
        "neither.png": "changed",
    }
    assert report.waiting == 2


def test_under_a_revoked_grant_nothing_is_kept(stage: Stage) -> None:
    draw_three(stage)
    with stage.open() as library:
        enrol(stage, library, ANN)
        grant = stage.grant(library, bases=[Basis.ENROLLED_ONLY])
        add(stage, library, grant=grant)
        library.revoke(grant)
        enrol(stage, library, BEN)
    assert query_faces(stage, BEN) == []


def test_a_photo_under_a_grant_of_another_basis_too_is_looked_at_under_the_one_that_fits(
    stage: Stage,
) -> None:
    draw_three(stage)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        enrol(stage, library, ANN)
        add(stage, library)
        enrol(stage, library, BEN)
        assert found(library, BEN) == ["both.png"]
        assert library.rescan() == RescanReport()


def test_an_erased_face_does_not_come_back_by_a_later_enrolment(stage: Stage) -> None:
    stage.draw("both.png", ANN, BEN)
    with stage.open() as library:
        enrol(stage, library, ANN)
        add(stage, library)
        library.erase(FacesTarget((uuid_of(stage),)))
        enrol(stage, library, ANN)
        enrol(stage, library, BEN)
        assert found(library, ANN) == found(library, BEN) == []


def uuid_of(stage: Stage) -> str:
    (uuid,) = query(stage.home / "catalog.db", "SELECT uuid FROM faces")
    return str(uuid)


def test_every_batch_is_entered_into_the_log(stage: Stage) -> None:
    draw_three(stage)
    with stage.open() as library:
        enrol(stage, library, ANN)
        add(stage, library)
        enrol(stage, library, BEN)
        facts: list[Any] = [
            entry["facts"] for entry in library.audit().entries() if entry["action"] == "rescanned"
        ]
        assert [(fact["photos"], fact["faces"]) for fact in facts] == [(3, 1)]
        assert library.audit().verify().is_sound


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
