"""Faces of poor quality: kept unless somebody asks otherwise, found again when asked for less."""

from __future__ import annotations

import json

import pytest

from mien.catalog.quality import parse_quality
from mien.library import Library
from mien.permission.quality import QualityFilter
from mien.permission.verdict import Reason
from mien.service.erase import FacesTarget
from mien.service.ingest import AddReport
from mien.testing import GOOD, POOR, draw_photo
from service.enrolled_stage import COLLECTION, enrol
from service.enrolled_stage import add as add_enrolled
from service.stage import PURPOSE, Stage, check_sound, names_of, query

CLEAR, DIM = 1, 2
KEPT = 0.75


def add(stage: Stage, library: Library, *, quality: str = "none") -> AddReport:
    known = [grant.grant_id for grant in library.grants()]
    grant_id = known[0] if known else stage.grant(library)
    return library.add(stage.photos, grant=grant_id, quality=quality)


def found(library: Library, person: int) -> list[str]:
    probe = draw_photo(person, seed=500)
    return sorted(names_of(library.search(probe, purpose=PURPOSE, min_score=KEPT)))


def read_log(stage: Stage, action: str) -> list[str]:
    rows = query(stage.home / "catalog.db", "SELECT content FROM audit_entries ORDER BY seq")
    return [row.decode() for row in rows if f'"{action}"' in row.decode()]


def test_every_face_is_kept_unless_asked_otherwise(stage: Stage) -> None:
    stage.draw("both.png", CLEAR, DIM, blurred=[DIM])
    with stage.open() as library:
        report = add(stage, library)
        assert (report.faces, report.dropped) == (2, {})
        (candidate,) = library.search(
            draw_photo(DIM, seed=500), purpose=PURPOSE, min_score=KEPT
        ).candidates
    assert candidate.face.quality == POOR


def test_a_filter_keeps_poor_faces_out_and_counts_them(stage: Stage) -> None:
    stage.draw("both.png", CLEAR, DIM, blurred=[DIM])
    with stage.open() as library:
        report = add(stage, library, quality="low")
        assert (report.photos_new, report.faces) == (1, 1)
        assert report.dropped == {Reason.POOR_QUALITY: 1}
        assert found(library, CLEAR) == ["both.png"]
        assert found(library, DIM) == []
    rows = query(stage.home / "catalog.db", "SELECT dropped, unfit FROM indexed_photos")
    assert rows == [(1, 1)]
    check_sound(stage.home)


def test_nothing_of_a_face_that_was_left_out_is_written(stage: Stage) -> None:
    stage.draw("dim.png", DIM, blurred=[DIM])
    with stage.open() as library:
        add(stage, library, quality="auto")
        assert library.collections()[0].faces == 0
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM faces") == [0]
    assert query(stage.home / "keys" / "keys.db", "SELECT count(*) FROM face_keys") == [0]


def test_a_photo_keeps_its_thumbnail_where_only_quality_left_out_faces(stage: Stage) -> None:
    stage.draw("both.png", CLEAR, DIM, blurred=[DIM])
    with stage.open() as library:
        add(stage, library, quality="low")
        result = library.search(draw_photo(CLEAR, seed=500), purpose=PURPOSE)
        (candidate,) = result.candidates
        assert library.read_thumbnail(candidate)


def test_the_log_tells_the_filter_of_a_run(stage: Stage) -> None:
    stage.draw("both.png", CLEAR, DIM, blurred=[DIM])
    with stage.open() as library:
        add(stage, library, quality="medium")
    (started,) = read_log(stage, "run-started")
    assert '"quality_filter":"medium"' in started
    (added,) = read_log(stage, "photos-added")
    assert '"dropped":{"poor-quality":1}' in added


@pytest.mark.parametrize("later", ["none", "low"])
def test_a_weaker_filter_reads_photos_again_for_what_was_left_out(stage: Stage, later: str) -> None:
    stage.draw("both.png", CLEAR, DIM, seed=3, blurred=[DIM])
    stage.draw("clear.png", CLEAR, seed=4)
    with stage.open() as library:
        add(stage, library, quality="high")
        kept = query(stage.home / "catalog.db", "SELECT uuid FROM faces ORDER BY id")
        report = add(stage, library, quality=later)
        assert (report.photos_known, report.reopened) == (2, 1)
        assert found(library, DIM) == (["both.png"] if later == "none" else [])
        assert found(library, CLEAR) == ["both.png", "clear.png"]
        assert add(stage, library, quality=later).reopened == 0
    assert query(stage.home / "catalog.db", "SELECT uuid FROM faces ORDER BY id")[:2] == kept
    check_sound(stage.home)


def test_a_stricter_filter_takes_nothing_away(stage: Stage) -> None:
    stage.draw("both.png", CLEAR, DIM, blurred=[DIM])
    with stage.open() as library:
        add(stage, library)
        report = add(stage, library, quality="high")
        assert (report.photos_known, report.reopened) == (1, 0)
        assert found(library, DIM) == ["both.png"]


def test_a_copy_that_turns_up_elsewhere_reopens_its_photo_too(stage: Stage) -> None:
    first = stage.draw("first.png", CLEAR, DIM, blurred=[DIM])
    with stage.open() as library:
        add(stage, library, quality="high")
        first.rename(stage.photos / "second.png")
        report = add(stage, library)
        assert (report.photos_new, report.photos_known, report.reopened) == (0, 1, 1)
        assert found(library, DIM) == ["second.png"]


def test_a_face_that_was_erased_does_not_come_back_with_a_weaker_filter(stage: Stage) -> None:
    stage.draw("both.png", CLEAR, DIM, blurred=[DIM])
    with stage.open() as library:
        add(stage, library, quality="high")
        (face,) = query(stage.home / "catalog.db", "SELECT uuid FROM faces")
        library.erase(FacesTarget((face,)))
        assert add(stage, library).reopened == 0
        assert found(library, CLEAR) == found(library, DIM) == []


def test_looking_again_for_somebody_keeps_to_the_filter_of_each_photo(stage: Stage) -> None:
    stage.draw("both.png", CLEAR, DIM, seed=2, blurred=[DIM])
    with stage.open() as library:
        enrol(stage, library, CLEAR)
        add_enrolled(stage, library, quality="high")
        enrol(stage, library, DIM)
        probe = draw_photo(DIM, seed=500)
        result = library.search(probe, purpose=PURPOSE, collection=COLLECTION, min_score=KEPT)
        assert result.candidates == ()
        assert query(stage.home / "catalog.db", "SELECT unfit FROM indexed_photos") == [1]
        add_enrolled(stage, library)
        result = library.search(probe, purpose=PURPOSE, collection=COLLECTION, min_score=KEPT)
        assert names_of(result) == ["both.png"]


def test_a_poor_probe_is_searched_and_its_quality_told(stage: Stage) -> None:
    stage.draw("dim.png", DIM)
    with stage.open() as library:
        add(stage, library)
        probe = draw_photo(DIM, seed=500, blurred=[DIM])
        result = library.search(probe, purpose=PURPOSE, min_score=KEPT)
    assert names_of(result) == ["dim.png"]
    assert result.probe is not None
    assert result.probe.quality == POOR


def test_the_quality_told_is_that_of_the_face_that_was_searched(stage: Stage) -> None:
    stage.draw("dim.png", DIM)
    probe = draw_photo(CLEAR, DIM, seed=500, blurred=[DIM])
    with stage.open() as library:
        add(stage, library)
        told = [
            result.probe.quality
            for face in (0, 1)
            if (result := library.search(probe, purpose=PURPOSE, face=face)).probe
        ]
        nobody = library.search(draw_photo(), purpose=PURPOSE).probe
    assert told == [GOOD, POOR]
    assert nobody is not None
    assert nobody.quality is None


def test_every_kept_quality_can_be_read_again(stage: Stage) -> None:
    stage.draw("both.png", CLEAR, DIM, blurred=[DIM])
    with stage.open() as library:
        add(stage, library, quality=QualityFilter.NONE)
    rows = query(stage.home / "catalog.db", "SELECT quality FROM faces ORDER BY id")
    assert [parse_quality(json.loads(row)) for row in rows] == [GOOD, POOR]
