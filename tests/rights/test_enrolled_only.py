"""A collection that keeps enrolled people only keeps nobody else, in no form (R1, R3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from mien.library import Library
from mien.permission.verdict import Reason
from mien.service.search import SearchResult
from mien.testing import draw_photo
from mien.types import EmbeddedFace
from service.enrolled_stage import COLLECTION, add, enrol
from service.sealing import is_kept, listening
from service.stage import PURPOSE, Stage, blobs_of, counts_of, names_of, query
from service.traces import find_traces

ANN, BEN, *STRANGERS = range(1, 13)


def fill(stage: Stage) -> None:
    """Ten photos: Ann and Ben in some, a stranger or two in all."""
    for number, stranger in enumerate(STRANGERS):
        known = ([ANN], [BEN], [ANN, BEN], [])[number % 4]
        stage.draw(f"{number}.png", *known, stranger, seed=number)


def search(library: Library, person: int, purpose: str = PURPOSE) -> SearchResult:
    photo = draw_photo(person, seed=500)
    return library.search(photo, purpose=purpose, collection=COLLECTION, min_score=0.75)


def iter_faces(stage: Stage, library: Library) -> Iterator[tuple[int, EmbeddedFace]]:
    """Every face in the folder, with the number of whose it is."""
    vision = library._deployment.vision(threads=1)
    for number, stranger in enumerate(STRANGERS):
        known = ([ANN], [BEN], [ANN, BEN], [])[number % 4]
        faces = vision.analyse((stage.photos / f"{number}.png").read_bytes()).faces
        yield from zip((*known, stranger), faces, strict=True)


def test_r1_only_enrolled_people_are_found(stage: Stage) -> None:
    fill(stage)
    with stage.open() as library:
        enrol(stage, library, ANN)
        enrol(stage, library, BEN)
        report = add(stage, library)
        assert report.photos_new == len(STRANGERS)
        assert report.faces == 10
        assert report.dropped == {Reason.NOT_ENROLLED: len(STRANGERS)}
        found = sorted(names_of(search(library, ANN)))
        assert found == ["0.png", "2.png", "4.png", "6.png", "8.png"]
        assert [search(library, stranger).candidates for stranger in STRANGERS] == [()] * 10


def test_r1_of_nobody_else_is_anything_ever_sealed_or_written(stage: Stage) -> None:
    """Everything that is sealed is heard in the clear, and every byte of the home is read."""
    fill(stage)
    with stage.open() as library, listening() as heard:
        enrol(stage, library, ANN)
        enrol(stage, library, BEN)
        add(stage, library)
        search(library, ANN)
        rotation = library._deployment.vault.rotation_of(32)
        faces = list(iter_faces(stage, library))
    kept = {person for person, face in faces if is_kept(heard, face, rotation=rotation)}
    assert kept == {ANN, BEN}, "the listener hears what is kept, and nothing else was"
    traces = {
        f"{person} {form}": trace
        for person, face in faces
        if person in STRANGERS
        for form, trace in {
            "float32": face.embedding.astype("<f4").tobytes(),
            "float16": face.embedding.astype("<f2").tobytes(),
            "crop": face.crop_jpeg,
        }.items()
    }
    assert find_traces(stage.home, traces) == []


def test_r1_no_thumbnail_shows_who_was_dropped(stage: Stage) -> None:
    stage.draw("alone.png", ANN)
    stage.draw("together.png", ANN, STRANGERS[0])
    with stage.open() as library:
        enrol(stage, library, ANN)
        add(stage, library)
        shown = {
            candidate.face.locations[0].uri.rsplit("/", 1)[-1]: library.read_thumbnail(candidate)
            for candidate in search(library, ANN).candidates
        }
    assert shown["alone.png"] is not None
    assert shown["together.png"] is None


def test_r1_where_nobody_is_enrolled_nobody_is_kept(stage: Stage) -> None:
    fill(stage)
    with stage.open() as library:
        report = add(stage, library)
        assert (report.photos_new, report.faces) == (10, 0)
        assert report.dropped == {Reason.NOT_ENROLLED: 20}
    assert counts_of(stage.home)["face keys"] == 0
    assert query(stage.home / "catalog.db", "SELECT sum(dropped) FROM indexed_photos") == [20]
    assert len(blobs_of(stage.home)) == 10


def test_r3_an_expired_consent_ends_by_time_alone(stage: Stage) -> None:
    stage.draw("one.png", ANN)
    with stage.open() as library:
        enrol(stage, library, ANN, days=30)
        add(stage, library)
        assert len(search(library, ANN).candidates) == 1
        stage.now += timedelta(days=31)
        assert search(library, ANN).candidates == ()
        stage.draw("two.png", ANN)
        assert add(stage, library).faces == 0


@pytest.mark.parametrize(("purpose", "found"), [(PURPOSE, 1), ("other-purpose", 0)])
def test_r13_a_purpose_that_the_person_did_not_consent_to_finds_nobody(
    stage: Stage, purpose: str, found: int
) -> None:
    """Though the grant allows both."""
    stage.draw("one.png", ANN)
    with stage.open() as library:
        enrol(stage, library, ANN, PURPOSE)
        add(stage, library)
        result = search(library, ANN, purpose)
    assert result.verdict.is_allowed
    assert len(result.candidates) == found


def test_r13_who_does_not_consent_is_passed_over_however_many_they_are(stage: Stage) -> None:
    """The one who does is found behind more faces than a search first asks the index for."""
    with stage.open() as library:
        enrol(stage, library, ANN, "other-purpose")
        enrol(stage, library, BEN)
        for number in range(150):
            stage.draw(f"{number}.png", ANN, seed=number)
        stage.draw("ben.png", BEN)
        add(stage, library)
        photo = draw_photo(ANN, seed=500)
        result = library.search(photo, purpose=PURPOSE, collection=COLLECTION, limit=1)
    assert names_of(result) == ["ben.png"]
