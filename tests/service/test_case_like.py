"""Found by a face: only while a case is opened, kept by nobody, told to nobody unchecked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mien.errors import ConflictError, PhotoError, SettingsError
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.case import CaseState
from mien.service.cases import OpenedCase
from mien.testing import draw_photo
from service.crowd import CrowdModels
from service.inbox import (
    ANN,
    BEN,
    EVE,
    answer,
    entries_of,
    faces_of,
    fill,
    found,
    grant_case,
    read_json,
    refuse_case,
    request,
)
from service.stage import Stage, query
from service.traces import find_traces, traces_of_face

PROBE = draw_photo(ANN, seed=99)


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        fill(stage, library)
        yield library


def found_by(opened: OpenedCase) -> set[str]:
    request = opened.case.request
    assert request is not None
    return {like.face_id for like in request.lookalikes}


def anns(stage: Stage) -> set[str]:
    return {faces_of(stage, "ann.png")[0], faces_of(stage, "both.png")[0]}


def test_whoever_looks_alike_is_found_in_every_collection_whatever_it_is_for(
    stage: Stage, library: Library
) -> None:
    stage.draw("archive/ann.png", ANN, seed=3)
    other = stage.grant(
        library,
        "research",
        scope=stage.photos / "archive",
        bases=[Basis.DOCUMENTED_BASIS],
        retention_days=9,
        assessment="DPIA 7",
    )
    library.add(stage.photos / "archive", grant=other, collection="archive")
    library.revoke(other)
    opened = request(library, "access", like=PROBE)
    assert opened.case.request is not None
    likes = opened.case.request.lookalikes
    assert {like.collection for like in likes} == {"default", "archive"}
    assert len(likes) == 3
    scores = [like.score for like in likes]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= 0.75


def test_strangers_are_not(library: Library) -> None:
    assert found_by(request(library, "access", like=draw_photo(EVE))) == set()


def test_all_who_look_alike_are_found_however_many(stage: Stage) -> None:
    stage.models = CrowdModels(300)
    stage.draw("crowd.png", ANN)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        assert len(found_by(request(library, "access", like=PROBE))) == 300


def test_in_an_empty_home_nobody_is_found(stage: Stage) -> None:
    with stage.open() as library:
        opened = request(library, "access", like=PROBE)
        assert found_by(opened) == set()
        assert answer(stage, library, opened).is_final


def test_a_photo_is_read_from_a_file_too(stage: Stage, library: Library) -> None:
    path = stage.folder / "me.png"
    path.write_bytes(PROBE)
    opened = request(library, "access", like=path)
    assert found_by(opened) == anns(stage)


@pytest.mark.parametrize("kind", ["access", "erasure"])
def test_nothing_of_the_photo_that_was_handed_in_is_kept(
    stage: Stage, library: Library, kind: str
) -> None:
    seen = library._deployment.vision(threads=1).analyse(PROBE)
    traces = traces_of_face(library, faces_of(stage, "ann.png")[0], seen=seen.faces[0])
    del traces["wrapped key"], traces["face id"], traces["crop"]  # of a face that is kept
    traces |= {"probe": PROBE, "head": PROBE[:60], "thumbnail": seen.thumbnail_jpeg}
    opened = request(library, kind, like=PROBE)
    answered = answer(stage, library, opened)
    library.close()
    assert find_traces(stage.home, traces) == []
    assert find_traces(answered.folder, {"probe": PROBE}) == []


def test_the_first_answer_is_for_whoever_handles_the_case(stage: Stage, library: Library) -> None:
    opened = request(library, "access", like=PROBE)
    answered = answer(stage, library, opened)
    assert not answered.is_final
    assert not answered.case.is_answered
    assert answered.case.state is CaseState.RECEIVED
    crops = {f"for-you-to-check/{face}.jpg" for face in anns(stage)}
    expected = {"acknowledgement.json", "for-you-to-check/candidates.md", *crops}
    assert set(answered.files) == expected
    page = (answered.folder / "for-you-to-check" / "candidates.md").read_text("utf-8")
    assert "not to hand out" in page
    assert all(face in page for face in anns(stage))
    shown = library._deployment.vision(threads=1)
    crop = shown.analyse((stage.photos / "ann.png").read_bytes()).faces[0].crop_jpeg
    name = f"for-you-to-check/{faces_of(stage, 'ann.png')[0]}.jpg"
    assert (answered.folder / name).read_bytes() == crop


def test_only_what_was_confirmed_is_told(stage: Stage, library: Library) -> None:
    opened = request(library, "access", like=PROBE)
    mine = faces_of(stage, "ann.png")[0]
    library.cases().confirm(opened.case.case_id, faces=[f" {mine.upper()} "])
    answered = answer(stage, library, opened)
    document = read_json(answered.folder, "held.json")
    assert answered.is_final
    assert [len(document["photos"]), document["pictures"][0]] == [1, f"crops/{mine}.jpg"]
    contents = b"".join(path.read_bytes() for path in answered.folder.rglob("*.*"))
    assert faces_of(stage, "both.png")[0].encode() not in contents


def test_who_is_none_of_them_is_told_that_nothing_is_held(stage: Stage, library: Library) -> None:
    opened = request(library, "access", like=PROBE)
    library.cases().confirm(opened.case.case_id, faces=[])
    answered = answer(stage, library, opened)
    assert read_json(answered.folder, "held.json")["photos"] == []
    assert "Nothing is held" in (answered.folder / "letter.md").read_text("utf-8")


def test_the_last_look_counts(stage: Stage, library: Library) -> None:
    opened = request(library, "access", like=PROBE)
    for faces in (sorted(anns(stage)), [], [faces_of(stage, "ann.png")[0]]):
        case = library.cases().confirm(opened.case.case_id, faces=faces)
    assert case.confirmed == (faces_of(stage, "ann.png")[0],)


def test_a_face_that_was_not_found_cannot_be_confirmed(stage: Stage, library: Library) -> None:
    opened = request(library, "erasure", like=PROBE)
    stranger = faces_of(stage, "ben.png")[0]
    with pytest.raises(SettingsError, match="none of the faces that were found"):
        library.cases().confirm(opened.case.case_id, faces=[*anns(stage), stranger])
    assert library.cases().get(opened.case.case_id).confirmed is None


def test_nothing_is_erased_that_nobody_looked_at(stage: Stage, library: Library) -> None:
    opened = request(library, "erasure", like=PROBE)
    assert found(library, ANN) == set()
    with pytest.raises(ConflictError, match="Nobody has looked yet"):
        grant_case(library, opened)
    mine = faces_of(stage, "ann.png")[0]
    library.cases().confirm(opened.case.case_id, faces=[mine])
    case = grant_case(library, opened)
    assert case.state is CaseState.VERIFIED
    assert found(library, ANN) == {"both.png"}
    assert found(library, BEN) == {"ben.png", "both.png"}


def test_a_refusal_needs_no_look(stage: Stage, library: Library) -> None:
    opened = request(library, "erasure", like=PROBE)
    assert refuse_case(library, opened).state is CaseState.VERIFIED
    assert found(library, ANN) == {"ann.png", "both.png"}


def test_an_erased_face_does_not_come_back_with_the_folder(stage: Stage, library: Library) -> None:
    opened = request(library, "erasure", like=PROBE)
    library.cases().confirm(opened.case.case_id, faces=sorted(anns(stage)))
    grant_case(library, opened)
    library.add(stage.photos, grant=library.grants()[0].grant_id)
    assert found(library, ANN) == set()


def test_the_log_says_what_was_looked_for_and_names_nobody(stage: Stage, library: Library) -> None:
    opened = request(library, "access", like=PROBE)
    entry = next(e for e in entries_of(stage) if e["action"] == "case-search")
    opening = next(e for e in entries_of(stage) if e["action"] == "case-opened")
    assert entry["facts"]["case"] == opening["facts"]["case"]
    assert len(entry["facts"]["matches"]) == 2
    assert set(entry["facts"]) >= {"began", "ended", "input", "collections", "verifiers"}
    assert entry["purpose"] is None
    assert opened.case.case_id not in json.dumps(entry)
    shown = library.audit().entry(entry["seq"])
    assert {match["face"] for match in shown.matches} == anns(stage)
    assert shown.details is not None
    assert set(shown.details) == {"actor", "input_salt"}
    searches = library.audit().searches_of(faces_of(stage, "ann.png")[0])
    assert [one.entry["action"] for one in searches] == ["case-search"]
    assert library.audit().verify().is_sound


@pytest.mark.parametrize(
    ("photo", "error"),
    [
        (b"not a photo", PhotoError),
        (draw_photo(), SettingsError),
        (Path("/nowhere/me.png"), PhotoError),
    ],
)
def test_a_photo_that_shows_nobody_opens_no_case(
    stage: Stage, library: Library, photo: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        request(library, "access", like=photo)
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM cases") == [0]
    assert not any(e["action"] == "case-search" for e in entries_of(stage))


def test_a_photo_too_large_is_not_read(stage: Stage) -> None:
    with stage.open(max_file_bytes=100) as library:
        path = stage.folder / "me.png"
        path.write_bytes(PROBE)
        with pytest.raises(PhotoError, match=r"me\.png cannot be used: it is larger"):
            request(library, "access", like=path)
