"""Attempts to find what was erased in the things that a server keeps; every one must fail."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mien.errors import NotFoundError
from mien.library import Library
from mien.service.erase import (
    FacesTarget,
    GrantorTarget,
    GrantTarget,
    PersonTarget,
    PhotoTarget,
    SourceTarget,
    Target,
)
from mien.service.judgements import JudgementKind
from service.enrolling import enrol
from service.finding import search_face
from service.riches import ANN, BEN, Riches
from service.shelves import SHELF, read_back, sha256_of, uri_of
from service.stage import Stage, blobs_of, check_sound, query


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        yield library


@pytest.fixture
def riches(stage: Stage, library: Library) -> Riches:
    riches = Riches(stage, library).fill()
    for person in (ANN, BEN):
        riches.judge(person)
    return riches


def bytes_of(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file())


def faces_of(riches: Riches, person: int) -> list[str]:
    return [one.face.stored.uuid for one in riches.search(person).candidates]


def target_for(kind: str, riches: Riches) -> Target:
    content = riches.originals["ann"]
    if kind == "face":
        return FacesTarget(tuple(faces_of(riches, ANN)[:1]))
    targets: dict[str, Target] = {
        "photo": PhotoTarget(sha256_of(content)),
        "source": SourceTarget(uri_of("ann handed.png", content)),
        "grant": GrantTarget(riches.shelf_grant),
        "grantor": GrantorTarget("Shelf Keeper"),
    }
    return targets[kind]


def test_there_is_something_to_erase(riches: Riches) -> None:
    assert riches.count() == {
        "photos": 4,
        "locations": 4,
        "indexed_photos": 4,
        "faces": 4,
        "originals": 2,
        "judgements": 6,
        "grants": 2,
    }
    assert len(blobs_of(riches.stage.home)) == 6


LEFT = {
    "face": {"photos": 4, "faces": 3, "originals": 2, "judgements": 4},
    "photo": {"photos": 3, "faces": 3, "originals": 1, "judgements": 4},
    "source": {"photos": 3, "faces": 3, "originals": 1, "judgements": 4},
    "grant": {"photos": 2, "faces": 2, "originals": 0, "judgements": 2},
    "grantor": {"photos": 2, "faces": 2, "originals": 0, "judgements": 2},
}


@pytest.mark.parametrize("kind", sorted(LEFT))
def test_every_table_loses_what_goes_and_keeps_the_rest(riches: Riches, kind: str) -> None:
    riches.library.erase(target_for(kind, riches))
    counted = riches.count()
    # Where one of two faces went that were compared, a word about both went with it.
    assert {table: counted[table] for table in LEFT[kind]} == LEFT[kind]
    orphans = (
        "SELECT count(*) FROM judgements WHERE face_id NOT IN (SELECT id FROM faces)"
        " OR probe_face_id NOT IN (SELECT id FROM faces)"
    )
    assert query(riches.stage.home / "catalog.db", orphans) == [0]
    check_sound(riches.stage.home)
    assert riches.library.audit().verify().is_sound


@pytest.mark.parametrize("kind", sorted(LEFT))
def test_no_id_and_no_key_of_it_is_left_anywhere(riches: Riches, kind: str) -> None:
    catalog, keys = riches.stage.home / "catalog.db", riches.stage.home / "keys" / "keys.db"
    faces, blobs = "SELECT uuid FROM faces", "SELECT blob_id FROM originals"
    before = {*query(catalog, faces), *query(catalog, blobs)}
    riches.library.erase(target_for(kind, riches))
    gone = before - {*query(catalog, faces), *query(catalog, blobs)}
    assert gone
    assert not gone & set(query(keys, "SELECT face_id FROM face_keys"))
    assert not gone & {path.name for path in blobs_of(riches.stage.home)}
    content = bytes_of(riches.stage.home)
    assert [one for one in gone if one.encode() in content] == []


@pytest.mark.parametrize("kind", ["photo", "source", "grant", "grantor"])
def test_an_original_that_was_erased_does_not_open_from_a_copy(
    riches: Riches, kind: str, tmp_path: Path
) -> None:
    content = riches.originals["ann"]
    copy = tmp_path / "blobs"
    shutil.copytree(riches.stage.home / "blobs", copy)
    assert read_back(riches.library, content) == content
    riches.library.erase(target_for(kind, riches))
    shutil.copytree(copy, riches.stage.home / "blobs", dirs_exist_ok=True)
    assert read_back(riches.library, content) is None


@pytest.mark.parametrize("kind", ["photo", "source", "grant"])
def test_a_restored_catalog_brings_nothing_of_it_back(stage: Stage, kind: str) -> None:
    with stage.open() as library:
        riches = Riches(stage, library).fill()
        riches.judge(ANN)
    old = stage.folder / "old.db"
    shutil.copy(stage.home / "catalog.db", old)
    with stage.open() as library:
        riches.library = library
        library.erase(target_for(kind, riches))
        left = riches.count()
    for name in ("catalog.db-wal", "catalog.db-shm"):
        (stage.home / name).unlink(missing_ok=True)
    shutil.copy(old, stage.home / "catalog.db")
    with stage.open() as library:
        riches.library = library
        counted = riches.count()
        assert {**counted, "grants": 0} == {**left, "grants": 0}
        assert read_back(library, riches.originals["ann"]) is None
        assert sha256_of(riches.originals["ann"]) not in {
            one.face.sha256 for one in riches.search(ANN).candidates
        }


def test_an_erased_person_takes_along_what_was_handed_in_of_them_alone(
    stage: Stage, library: Library
) -> None:
    riches = Riches(stage, library).fill()
    riches.judge(ANN)
    enrol(stage, library, ANN, "Ann Ek")
    library.erase(PersonTarget("Ann Ek"))
    assert riches.search(ANN).candidates == ()
    assert [one.face.person_id for one in riches.search(BEN).candidates] == [None, None]
    assert riches.count()["judgements"] == 0
    assert b"Ann Ek" not in bytes_of(stage.home)


def test_a_search_whose_faces_were_erased_gives_nothing_to_take_along(riches: Riches) -> None:
    result = riches.judge(ANN)
    faces = [one.face.stored.uuid for one in result.candidates]
    riches.library.erase(FacesTarget(tuple(faces)))
    with pytest.raises(NotFoundError, match="nothing to take along"):
        riches.take_along(result)
    with pytest.raises(NotFoundError, match="no search"):
        riches.say(result, faces[0], JudgementKind.CONFIRMED)
    with pytest.raises(NotFoundError, match="no face"):
        search_face(riches.library, faces[0])


def test_an_erased_face_counts_for_no_guest_whose_answer_is_open(riches: Riches) -> None:
    link = riches.open_link(approves=False)
    token = riches.come_as_guest(link, ANN)
    assert len(riches.guests.answer(link).photos(token)) == 2
    riches.library.erase(PhotoTarget(sha256_of(riches.originals["ann"])))
    assert len(riches.guests.answer(link).photos(token)) == 1


def test_what_a_guest_was_shown_lies_sealed_until_it_is_over(riches: Riches) -> None:
    link = riches.open_link(approves=False)
    riches.come_as_guest(link, ANN)
    rows = query(riches.stage.home / "catalog.db", "SELECT found FROM guest_requests")
    shown = faces_of(riches, ANN)
    assert not any(face.encode() in rows[0] for face in shown)


def test_no_key_of_a_selfie_outlives_its_answer(riches: Riches) -> None:
    link = riches.open_link(approves=False)
    riches.come_as_guest(link, ANN)
    keys = "SELECT count(*) FROM subject_keys WHERE subject LIKE 'selfie:%'"
    assert query(riches.stage.home / "keys" / "keys.db", keys) == [0]


def test_everything_may_go_and_then_nothing_is_there(riches: Riches) -> None:
    riches.open_link()
    for grantor in ("Shelf Keeper", "A. Holder"):
        riches.library.erase(GrantorTarget(grantor))
    assert set(riches.count().values()) == {0}
    assert blobs_of(riches.stage.home) == []
    content = bytes_of(riches.stage.home)
    for text in ("ann.png", "handed", SHELF, "Shelf Keeper", "A. Holder"):
        assert text.encode() not in content, text
    assert riches.library.audit().verify().is_sound
