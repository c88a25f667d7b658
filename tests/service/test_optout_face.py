"""Somebody who opted out by their face: gone at once, and never let in, found or searched with."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest

from mien.errors import NotFoundError, PhotoError, SettingsError
from mien.library import Library
from mien.permission.suppression import Level
from mien.permission.verdict import Reason
from mien.service.commit import BatchCounts, commit_batch
from mien.service.optout import OptOutReport
from mien.testing import draw_photo
from service.stage import PURPOSE, Stage, check_sound, names_of, query
from service.traces import find_traces, traces_of_photo

ANN, BEN, CAT = 1, 60, 120
EVIDENCE = "letter of 3 May, in the safe"


@pytest.fixture
def album(stage: Stage) -> Stage:
    """Ann alone and with Ben, Ben alone, and Cat."""
    stage.draw("ann.png", ANN)
    stage.draw("ann-ben.png", ANN, BEN)
    stage.draw("ben.png", BEN)
    stage.draw("cat.png", CAT)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
    return stage


def opt_out(library: Library, person: int = ANN, **options: object) -> OptOutReport:
    return library.optouts().face(draw_photo(person, seed=900), consent=EVIDENCE, **options)  # type: ignore[arg-type]


def names_like(library: Library, person: int, *, collection: str = "default") -> list[str]:
    result = library.search(
        draw_photo(person), purpose=PURPOSE, min_score=0.8, collection=collection
    )
    return names_of(result)


def test_every_face_of_theirs_is_erased_at_once_and_nobody_elses(album: Stage) -> None:
    with album.open() as library:
        report = opt_out(library)
        assert report.erasure is not None
        assert report.erasure.erased["faces"] == 2
        assert set(report.erasure.left.values()) == {0}
        assert sorted(names_like(library, BEN)) == ["ann-ben.png", "ben.png"]
        assert names_like(library, CAT) == ["cat.png"]
    check_sound(album.home)


def test_no_byte_of_the_erased_face_is_left_but_the_sealed_suppression(album: Stage) -> None:
    path = album.photos / "ann.png"
    with album.open() as library:
        traces = traces_of_photo(album, library, path)
        faces = {name: trace for name, trace in traces.items() if name.startswith("face")}
        opt_out(library)
    assert find_traces(album.home, faces) == []


def test_the_certificate_says_that_it_was_an_opt_out_and_not_whose(album: Stage) -> None:
    with album.open() as library:
        report = opt_out(library)
    assert report.erasure is not None
    statement = json.loads(report.erasure.certificate)["certificate"]
    assert (statement["target"], statement["erased"]["faces"]) == ("optout", 2)


def test_a_probe_like_them_is_refused_and_the_answer_tells_nothing(album: Stage) -> None:
    with album.open() as library:
        opt_out(library)
        result = library.search(draw_photo(ANN, seed=5), purpose=PURPOSE)
    assert result.verdict.reasons == (Reason.FACE_SUPPRESSED,)
    assert (result.probe, result.candidates, result.unreadable_faces) == (None, (), 0)


def test_the_refused_search_is_on_record(album: Stage) -> None:
    with album.open() as library:
        opt_out(library)
        library.search(draw_photo(ANN, seed=5), purpose=PURPOSE)
        entry = library.audit().entries(last=1)[0]
    assert (entry["action"], entry["outcome"]) == ("search", "refused")
    assert entry["reasons"] == ["face-suppressed"]


def test_of_several_faces_in_a_probe_another_may_be_searched(album: Stage) -> None:
    with album.open() as library:
        opt_out(library)
        both = draw_photo(ANN, BEN, seed=5)
        verdicts = [library.search(both, purpose=PURPOSE, face=number).verdict for number in (0, 1)]
    assert sorted(verdict.is_allowed for verdict in verdicts) == [False, True]


def test_their_face_is_dropped_from_photos_that_come_in(album: Stage) -> None:
    with album.open() as library:
        opt_out(library)
        new = album.draw("ann-cat.png", ANN, CAT)
        report = library.add(new, grant=library.grants()[0].grant_id)
        assert (report.photos_new, report.faces) == (1, 1)
        assert report.dropped == {Reason.FACE_SUPPRESSED: 1}
        assert sorted(names_like(library, CAT)) == ["ann-cat.png", "cat.png"]
        candidate = library.search(draw_photo(CAT), purpose=PURPOSE).candidates[0]
        assert library.read_crop(candidate)
    counted = query(album.home / "catalog.db", "SELECT dropped FROM indexed_photos ORDER BY id")
    assert counted == [0, 0, 0, 0, 1]


def test_the_thumbnail_of_a_photo_that_shows_them_is_not_kept(album: Stage) -> None:
    with album.open() as library:
        opt_out(library)
        new = album.draw("ann-cat.png", ANN, CAT)
        library.add(new, grant=library.grants()[0].grant_id)
        found = library.search(draw_photo(CAT), purpose=PURPOSE, min_score=0.8).candidates
        shown = {
            candidate.face.locations[0].uri.rsplit("/", 1)[-1]: library.read_thumbnail(candidate)
            for candidate in found
        }
    assert shown["ann-cat.png"] is None
    assert shown["cat.png"] is not None


def test_adding_the_same_folder_again_brings_nothing_back(album: Stage) -> None:
    with album.open() as library:
        opt_out(library)
        report = library.add(album.photos, grant=library.grants()[0].grant_id)
        assert (report.photos_new, report.photos_known, report.faces) == (0, 4, 0)
        assert query(album.home / "catalog.db", "SELECT count(*) FROM faces") == [3]


def test_they_are_erased_from_every_collection(album: Stage) -> None:
    with album.open() as library:
        grant = library.grants()[0].grant_id
        library.add(album.photos, grant=grant, collection="second")
        report = opt_out(library)
        assert report.erasure is not None
        assert report.erasure.erased["faces"] == 4
        for collection in ("default", "second"):
            assert sorted(names_like(library, BEN, collection=collection)) == [
                "ann-ben.png",
                "ben.png",
            ]


def test_somebody_who_is_not_held_may_opt_out_too(album: Stage) -> None:
    with album.open() as library:
        report = opt_out(library, 200)
        assert report.erasure is None
        new = album.draw("late.png", 200)
        report_of_adding = library.add(new, grant=library.grants()[0].grant_id)
    assert report_of_adding.dropped == {Reason.FACE_SUPPRESSED: 1}


def test_a_face_has_to_be_chosen_where_there_are_several(album: Stage) -> None:
    """The wrong one would keep somebody else out."""
    both = album.photos / "ann-ben.png"
    with album.open() as library:
        with pytest.raises(SettingsError, match=r"shows 2 faces\. Say which one with --face"):
            library.optouts().face(both, consent=EVIDENCE)
        with pytest.raises(SettingsError, match="no face 2 in the photo"):
            library.optouts().face(both, consent=EVIDENCE, face=2)
        assert library.optouts().list() == []
        library.optouts().face(both, consent=EVIDENCE, face=1)
        assert sorted(names_like(library, ANN)) == ["ann-ben.png", "ann.png"]
        result = library.search(draw_photo(BEN, seed=5), purpose=PURPOSE)
        assert result.verdict.reasons == (Reason.FACE_SUPPRESSED,)


def test_a_photo_without_a_face_will_not_do(album: Stage) -> None:
    with album.open() as library:
        with pytest.raises(PhotoError, match="shows no face") as caught:
            library.optouts().face(draw_photo(), consent=EVIDENCE)
        assert caught.value.reason == "no-face"
        assert library.optouts().list() == []


def test_what_is_no_photo_is_named(album: Stage) -> None:
    path = album.photos / "notes.txt"
    path.write_text("Ann")
    with album.open() as library, pytest.raises(PhotoError, match=r"notes\.txt cannot be used"):
        library.optouts().face(path, consent=EVIDENCE)


@pytest.mark.parametrize("evidence", ["", "  ", "/nowhere/letter.pdf"])
def test_without_evidence_nobody_is_kept_out(album: Stage, evidence: str) -> None:
    with album.open() as library:
        with pytest.raises(SettingsError, match="evidence"):
            library.optouts().face(draw_photo(ANN), consent=evidence)
        assert library.optouts().list() == []
        assert sorted(names_like(library, ANN)) == ["ann-ben.png", "ann.png"]


def test_evidence_may_be_a_file_which_is_not_kept(album: Stage) -> None:
    letter = album.folder / "letter.txt"
    letter.write_text("I, Ann Ek, do not want to be in here.")
    with album.open() as library:
        library.optouts().face(draw_photo(ANN, seed=9), consent=letter)
    content = {"letter": letter.read_bytes(), "name": b"letter.txt"}
    assert find_traces(album.home, content) == []


@pytest.mark.parametrize("fmr", [1e-4, 1e-6, 0.0, 1.0, 0.1])
def test_no_other_rate_can_be_chosen(album: Stage, fmr: float) -> None:
    with album.open() as library:
        with pytest.raises(SettingsError, match="there is no other choice"):
            opt_out(library, fmr=fmr)
        assert library.optouts().list() == []


def test_the_stricter_rate_keeps_more_faces_out(album: Stage) -> None:
    """The fake model measured 0.75 for the usual rate and 0.6 for the stricter one."""
    with album.open() as library:
        opt_out(library, fmr=1e-2)
        opt_out(library, CAT)
        faces = library._deployment.suppressed.load(library._deployment.model).faces
    assert sorted(faces.least_scores.tolist()) == pytest.approx([0.6, 0.75])


def test_of_a_face_nothing_is_listed_but_that_there_is_one(album: Stage) -> None:
    with album.open() as library:
        (made,) = opt_out(library).optouts
        (listed,) = library.optouts().list()
    assert listed == made
    assert (listed.level, listed.kept_out, listed.fmr) == (Level.FACE, "", 1e-3)
    assert listed.made_at == datetime(2030, 5, 1, 12, tzinfo=UTC)


def test_each_photo_of_somebody_is_an_opt_out_of_its_own(album: Stage) -> None:
    with album.open() as library:
        ids = {
            library.optouts()
            .face(draw_photo(ANN, seed=seed), consent=EVIDENCE)
            .optouts[0]
            .optout_id
            for seed in (1, 2, 2)
        }
        assert {one.optout_id for one in library.optouts().list()} == ids
    assert len(ids) == 3


def test_nothing_of_the_suppression_lies_open(album: Stage) -> None:
    photo = draw_photo(ANN, seed=900)
    with album.open() as library:
        (seen,) = library._deployment.vision(threads=1).analyse(photo).faces
        opt_out(library)
    embedding = seen.embedding
    content = {
        "float32": embedding.astype("<f4").tobytes(),
        "float16": embedding.astype("<f2").tobytes(),
        "part of it": embedding[:6].astype("<f4").tobytes(),
        "evidence": EVIDENCE.encode(),
        "a JPEG": b"\xff\xd8\xff\xe0",
    }
    assert find_traces(album.home, content) == []


def test_lifting_lets_them_in_again_where_photos_are_added_anew(album: Stage) -> None:
    with album.open() as library:
        (made,) = opt_out(library).optouts
        report = library.optouts().lift(made.optout_id.upper(), reason="Ann wrote again")
        assert (report.kind, report.erased["suppressions"]) == ("suppression", 1)
        assert library.optouts().list() == []
        new = album.draw("ann-again.png", ANN)
        library.add(new, grant=library.grants()[0].grant_id)
        assert names_like(library, ANN) == ["ann-again.png"]


@pytest.mark.parametrize("reason", ["", "   "])
def test_lifting_needs_a_reason(album: Stage, reason: str) -> None:
    with album.open() as library:
        (made,) = opt_out(library).optouts
        with pytest.raises(SettingsError, match="--reason"):
            library.optouts().lift(made.optout_id, reason=reason)
        assert len(library.optouts().list()) == 1


def test_only_what_is_there_can_be_lifted(album: Stage) -> None:
    with album.open() as library, pytest.raises(NotFoundError, match="mien optout list"):
        library.optouts().lift("00000000-0000-0000-0000-000000000000", reason="none")


def test_lifting_one_leaves_the_others(album: Stage) -> None:
    with album.open() as library:
        first = opt_out(library).optouts[0]
        opt_out(library, CAT)
        library.optouts().lift(first.optout_id, reason="a mistake")
        assert library.search(draw_photo(ANN), purpose=PURPOSE).verdict.is_allowed
        assert not library.search(draw_photo(CAT), purpose=PURPOSE).verdict.is_allowed


def test_both_acts_are_on_record_and_name_nobody(album: Stage) -> None:
    with album.open() as library:
        (made,) = opt_out(library).optouts
        library.optouts().lift(made.optout_id, reason="Ann wrote again")
        entries = library.audit().entries()
        told = {entry["action"]: entry for entry in entries}
        assert library.audit().verify().findings == ()
        lifted = library.audit().entry(int(str(told["optout-lifted"]["seq"])))
        made_entry = library.audit().entry(int(str(told["opted-out"]["seq"])))
    assert told["opted-out"]["facts"] == {"level": "face", "restored": False}
    assert told["opted-out"]["consent"] is not None
    assert told["opted-out"]["subject_ref"] == told["optout-lifted"]["subject_ref"]
    assert told["optout-lifted"]["facts"] == {"level": "face"}
    assert made.optout_id not in json.dumps(entries)
    assert "Ann wrote again" in str(lifted)
    assert made.optout_id not in str(made_entry), "the details went with the key"


def test_a_running_process_hears_of_an_opt_out_in_another(album: Stage) -> None:
    with album.open() as running, album.open() as other:
        assert len(names_like(running, ANN)) == 2
        opt_out(other)
        assert running.search(draw_photo(ANN), purpose=PURPOSE).verdict.reasons == (
            Reason.FACE_SUPPRESSED,
        )
        new = album.draw("late.png", ANN)
        report = running.add(new, grant=running.grants()[0].grant_id)
        assert report.dropped == {Reason.FACE_SUPPRESSED: 1}


def test_a_face_that_lies_there_all_the_same_is_left_out_of_answers(album: Stage) -> None:
    """Between the opt-out and the end of its erasure, and whatever else may put one there."""
    with album.open() as library:
        before = query(album.home / "catalog.db", "SELECT count(*) FROM faces")
        with patch("mien.service.optout.enforce", lambda *_, **__: None):
            opt_out(library)
        assert query(album.home / "catalog.db", "SELECT count(*) FROM faces") == before == [5]
        found = library.search(draw_photo(BEN), purpose=PURPOSE, limit=50)
    assert sorted(names_of(found)) == ["ann-ben.png", "ben.png", "cat.png"]


def test_a_batch_under_way_is_held_against_what_was_opted_out_meanwhile(album: Stage) -> None:
    with album.open() as library, album.open() as other:
        album.draw("late.png", 200)
        opted_out: list[OptOutReport] = []

        def commit_late(*arguments: Any, **options: Any) -> BatchCounts:
            opted_out.append(opt_out(other, 200))
            return commit_batch(*arguments, **options)

        with patch("mien.service.ingest.commit_batch", commit_late):
            report = library.add(album.photos, grant=library.grants()[0].grant_id)
    assert len(opted_out) == 1
    assert report.dropped == {Reason.FACE_SUPPRESSED: 1}
