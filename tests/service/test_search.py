"""Who is found, in which order, and what a search may see."""

from __future__ import annotations

import getpass
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from mien.errors import NotFoundError, PhotoError, SettingsError
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.use import Use
from mien.permission.verdict import Reason, Verdict
from mien.service.search import SearchResult
from mien.testing import FakeModels, FakeVision, draw_photo
from service.crowd import CrowdModels
from service.stage import DOCUMENTED, PURPOSE, Stage, names_of

MISSING = "/nowhere/probe.png"


def add_people(stage: Stage, library: Library, *purposes: str) -> str:
    """Two photos of person 1, one of 2 and one of 3."""
    for name, person in (("a1.png", 1), ("a2.png", 1), ("b.png", 2), ("c.png", 3)):
        stage.draw(name, person)
    grant = stage.grant(library, *purposes)
    library.add(stage.photos, grant=grant)
    return grant


def check_refused(result: SearchResult, reason: Reason) -> None:
    assert repr(result) == repr(SearchResult(Verdict((reason,))))


def test_all_photos_of_a_person_stand_above_all_others(stage: Stage) -> None:
    with stage.open() as library:
        add_people(stage, library)
        result = library.search(draw_photo(1, seed=9), purpose=PURPOSE)
    assert set(names_of(result)[:2]) == {"a1.png", "a2.png"}
    scores = [candidate.score for candidate in result.candidates]
    assert scores == sorted(scores, reverse=True)
    assert scores[1] > 0.8
    assert scores[2] < 0.5
    assert [candidate.rank for candidate in result.candidates] == [1, 2, 3, 4]


def test_a_score_is_the_cosine_of_the_two_embeddings(stage: Stage) -> None:
    with stage.open() as library:
        add_people(stage, library)
        result = library.search(draw_photo(1, seed=9), purpose=PURPOSE)
    probe = FakeVision().analyse(draw_photo(1, seed=9)).faces[0].embedding
    for name, candidate in zip(names_of(result), result.candidates, strict=True):
        embedding = FakeVision().analyse((stage.photos / name).read_bytes()).faces[0].embedding
        assert candidate.score == pytest.approx(float(probe @ embedding), abs=1e-3)
        assert -1 <= candidate.score <= 1


def test_the_very_photo_scores_one(stage: Stage) -> None:
    with stage.open() as library:
        add_people(stage, library)
        best = library.search(stage.photos / "b.png", purpose=PURPOSE).candidates[0]
    assert best.score == pytest.approx(1, abs=1e-3)
    assert best.score <= 1


def test_equal_scores_keep_their_order(stage: Stage) -> None:
    """The same face many times: every search ranks them alike, whatever the limit."""
    for i in range(30):
        stage.draw(f"{i}.png", 1, 100 + i, seed=7)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        found = [
            [
                c.face.stored.id
                for c in library.search(draw_photo(1, seed=7), purpose=PURPOSE, limit=n).candidates
            ]
            for n in (30, 30, 10)
        ]
    assert found[0] == found[1] == sorted(found[0])
    assert found[2] == found[0][:10]


def test_the_limit_and_the_least_score_hold(stage: Stage) -> None:
    with stage.open() as library:
        add_people(stage, library)
        assert len(library.search(draw_photo(1), purpose=PURPOSE, limit=3).candidates) == 3
        strong = library.search(draw_photo(1), purpose=PURPOSE, min_score=0.8)
        assert sorted(names_of(strong)) == ["a1.png", "a2.png"]
        assert library.search(draw_photo(1), purpose=PURPOSE, min_score=1.01).candidates == ()


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_that_allows_no_answer_is_a_mistake(stage: Stage, limit: int) -> None:
    with stage.open() as library, pytest.raises(SettingsError, match="at least 1"):
        library.search(draw_photo(1), purpose=PURPOSE, limit=limit)


def test_a_least_score_that_is_no_number_is_a_mistake(stage: Stage) -> None:
    """No score is at least that, nor below it."""
    with stage.open() as library, pytest.raises(SettingsError, match="must be a number"):
        library.search(MISSING, purpose=PURPOSE, min_score=float("nan"))


def test_any_face_of_the_probe_can_be_searched(stage: Stage) -> None:
    with stage.open() as library:
        add_people(stage, library)
        probe = draw_photo(1, 2, 3)
        first = library.search(probe, purpose=PURPOSE)
        third = library.search(probe, purpose=PURPOSE, face=2)
    assert first.probe is not None
    assert third.probe is not None
    assert len(first.probe.analysis.faces) == 3
    assert (first.probe.searched, third.probe.searched) == (0, 2)
    assert names_of(first)[0] in {"a1.png", "a2.png"}
    assert names_of(third)[0] == "c.png"


@pytest.mark.parametrize("face", [-1, 2, 10**9])
def test_a_face_that_the_probe_lacks_is_a_mistake(stage: Stage, face: int) -> None:
    with stage.open() as library:
        add_people(stage, library)
        with pytest.raises(SettingsError, match=f"no face {face} in the probe: it shows 2"):
            library.search(draw_photo(1, 2), purpose=PURPOSE, face=face)


def test_a_probe_without_a_face_finds_nobody(stage: Stage) -> None:
    with stage.open() as library:
        add_people(stage, library)
        result = library.search(draw_photo(), purpose=PURPOSE)
    assert result.verdict.is_allowed
    assert result.probe is not None
    assert result.probe.searched is None
    assert result.candidates == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty-file"),
        (b"Ann, 1987", "not-a-photo"),
        (draw_photo(1)[:200], "truncated"),
        (None, "unreadable"),
    ],
)
def test_a_probe_that_cannot_be_read_is_named_with_the_reason(
    stage: Stage, content: bytes | None, reason: str
) -> None:
    probe = stage.folder / "probe.png"
    if content is not None:
        probe.write_bytes(content)
    with stage.open() as library:
        add_people(stage, library)
        with pytest.raises(PhotoError, match=r"probe\.png cannot be used: it ") as caught:
            library.search(probe, purpose=PURPOSE)
        assert caught.value.reason == reason
        with pytest.raises(PhotoError, match="The photo cannot be used"):
            library.search(content or b"", purpose=PURPOSE)


def test_a_probe_larger_than_the_limit_is_not_read_to_its_end(stage: Stage) -> None:
    with stage.open(max_file_bytes=10_000) as library:
        add_people(stage, library)
        with pytest.raises(PhotoError, match="larger than 10,000 bytes") as caught:
            library.search("/dev/zero", purpose=PURPOSE)
    assert caught.value.reason == "too-many-bytes"


def test_an_unknown_collection_is_named(stage: Stage) -> None:
    with stage.open() as library:
        add_people(stage, library)
        with pytest.raises(NotFoundError, match="no collection family"):
            library.search(draw_photo(1), purpose=PURPOSE, collection="family")


class BlindModels(FakeModels):
    """Models that nobody may open."""

    def open(self, *, threads: int) -> NoReturn:
        raise AssertionError(f"a refused search opened models for {threads} threads")


@pytest.mark.parametrize(
    ("purpose", "reason"),
    [
        ("", Reason.NO_PURPOSE),
        ("Family Album", Reason.MALFORMED_PURPOSE),
        ("family-album\n", Reason.MALFORMED_PURPOSE),
        ("family-album-", Reason.MALFORMED_PURPOSE),
        ("a" * 65, Reason.MALFORMED_PURPOSE),
        ("%", Reason.MALFORMED_PURPOSE),
        ("advertising", Reason.PURPOSE_NOT_GRANTED),
        ("family", Reason.PURPOSE_NOT_GRANTED),
    ],
)
def test_a_refused_search_reads_nothing(stage: Stage, purpose: str, reason: Reason) -> None:
    with stage.open() as library:
        add_people(stage, library)
    stage.models = BlindModels()
    with stage.open() as library:
        check_refused(library.search(MISSING, purpose=purpose), reason)


def test_a_search_is_refused_once_the_grant_is_revoked(stage: Stage) -> None:
    with stage.open() as library:
        grant = add_people(stage, library)
        library.search(draw_photo(1), purpose=PURPOSE)
        library.revoke(grant)
        check_refused(library.search(MISSING, purpose=PURPOSE), Reason.PURPOSE_NOT_GRANTED)


def test_a_search_is_refused_once_the_grant_has_expired(stage: Stage) -> None:
    with stage.open() as library:
        add_people(stage, library)
        stage.now += timedelta(days=364)
        assert library.search(draw_photo(1), purpose=PURPOSE).candidates != ()
        stage.now += timedelta(days=2)
        check_refused(library.search(MISSING, purpose=PURPOSE), Reason.PURPOSE_NOT_GRANTED)


def test_a_search_is_refused_once_the_retention_of_everything_has_ended(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        grant = stage.grant(library, **DOCUMENTED | {"retention_days": 10})
        library.add(stage.photos, grant=grant)
        stage.now += timedelta(days=10) - timedelta(microseconds=1)
        assert names_of(library.search(draw_photo(1), purpose=PURPOSE)) == ["ann.png"]
        stage.now += timedelta(microseconds=1)
        check_refused(library.search(MISSING, purpose=PURPOSE), Reason.RETENTION_ENDED)


def test_what_is_past_its_retention_is_left_out_beside_what_is_not(stage: Stage) -> None:
    stage.draw("old.png", 1)
    with stage.open() as library:
        grant = stage.grant(library, **DOCUMENTED | {"retention_days": 10})
        library.add(stage.photos, grant=grant)
        stage.now += timedelta(days=6)
        stage.draw("new.png", 1)
        library.add(stage.photos, grant=grant)
        stage.now += timedelta(days=6)
        assert names_of(library.search(draw_photo(1), purpose=PURPOSE)) == ["new.png"]


def test_an_empty_collection_refuses_as_a_full_one_does(stage: Stage) -> None:
    with stage.open() as library:
        library.create_collection("empty", basis=Basis.HOUSEHOLD)
        add_people(stage, library, "something-else")
        answers = [
            library.search(MISSING, purpose=PURPOSE, collection=name)
            for name in ("empty", "default")
        ]
    assert repr(answers[0]) == repr(answers[1])


def test_a_grant_without_the_use_search_answers_none(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        grant = stage.grant(library, uses=[Use.STORE, Use.TEMPLATE, Use.DISPLAY])
        library.add(stage.photos, grant=grant)
        check_refused(library.search(MISSING, purpose=PURPOSE), Reason.PURPOSE_NOT_GRANTED)


def test_a_grant_without_the_use_display_gives_links_and_no_pictures(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        grant = stage.grant(library, uses=[Use.STORE, Use.TEMPLATE, Use.SEARCH])
        library.add(stage.photos, grant=grant)
        (candidate,) = library.search(draw_photo(1), purpose=PURPOSE).candidates
        assert candidate.face.locations[0].uri.endswith("/ann.png")
        assert library.read_crop(candidate) is None
        assert library.read_thumbnail(candidate) is None
        library.add(stage.photos, grant=stage.grant(library))
        (candidate,) = library.search(draw_photo(1), purpose=PURPOSE).candidates
        assert (library.read_crop(candidate) or b"")[:3] == b"\xff\xd8\xff"
        assert (library.read_thumbnail(candidate) or b"")[:3] == b"\xff\xd8\xff"


def test_candidates_of_another_purpose_are_left_out(stage: Stage) -> None:
    shown, hidden = stage.photos / "shown", stage.photos / "hidden"
    stage.draw("shown/a.png", 1)
    stage.draw("hidden/b.png", 1)
    with stage.open() as library:
        library.add(shown, grant=stage.grant(library, PURPOSE, scope=shown))
        library.add(hidden, grant=stage.grant(library, "sports-club", scope=hidden))
        assert names_of(library.search(draw_photo(1), purpose=PURPOSE)) == ["a.png"]
        assert names_of(library.search(draw_photo(1), purpose="sports-club")) == ["b.png"]


def test_locations_of_another_purpose_are_left_out(stage: Stage) -> None:
    shown, hidden = stage.photos / "shown", stage.photos / "hidden"
    stage.draw("shown/a.png", 1, seed=3)
    stage.draw("hidden/b.png", 1, seed=3)
    with stage.open() as library:
        library.add(hidden, grant=stage.grant(library, "sports-club", scope=hidden))
        library.add(shown, grant=stage.grant(library, PURPOSE, scope=shown))
        (candidate,) = library.search(draw_photo(1), purpose=PURPOSE).candidates
    assert [location.uri for location in candidate.face.locations] == [(shown / "a.png").as_uri()]


@pytest.mark.parametrize("hidden_photos", [30, 300])
def test_hidden_faces_in_front_do_not_push_visible_ones_out(
    stage: Stage, hidden_photos: int
) -> None:
    """All hidden photos are more alike to the probe than any visible one."""
    shown, hidden = stage.photos / "shown", stage.photos / "hidden"
    for i in range(hidden_photos):
        stage.draw(f"hidden/{i}.png", 1, seed=i)
    for i in range(5):
        stage.draw(f"shown/{i}.png", 50 + i)
    with stage.open() as library:
        library.add(hidden, grant=stage.grant(library, "sports-club", scope=hidden))
        library.add(shown, grant=stage.grant(library, PURPOSE, scope=shown))
        found = library.search(draw_photo(1), purpose=PURPOSE, limit=5)
    assert sorted(names_of(found)) == [f"{i}.png" for i in range(5)]
    assert all("/shown/" in c.face.locations[0].uri for c in found.candidates)


def test_little_that_is_visible_is_found_in_a_large_collection(stage: Stage) -> None:
    """More hidden faces in front than are ever fetched: the visible ones are searched alone."""
    shown, hidden = stage.photos / "shown", stage.photos / "hidden"
    for i in range(3):
        stage.draw(f"hidden/{i}.png", 1, seed=i)
    stage.models = CrowdModels(2_000)
    with stage.open() as library:
        library.add(hidden, grant=stage.grant(library, "sports-club", scope=hidden))
    stage.models = FakeModels()
    stage.draw("shown/a.png", 50)
    with stage.open() as library:
        library.add(shown, grant=stage.grant(library, PURPOSE, scope=shown))
        assert names_of(library.search(draw_photo(1), purpose=PURPOSE)) == ["a.png"]
        (shown / "a.png").unlink()
        library.add(shown, grant=library.grants()[-1].grant_id)
        assert library.search(draw_photo(1), purpose=PURPOSE).candidates == ()


def test_every_search_is_logged_with_who_when_why_and_what_was_shown(stage: Stage) -> None:
    with stage.open() as library:
        add_people(stage, library)
        shown = library.search(draw_photo(1), purpose=PURPOSE, limit=2)
        library.search(MISSING, purpose="advertising")
        library.search(draw_photo(), purpose=PURPOSE)
        log = library.audit()
        entries = [log.entry(int(str(e["seq"]))) for e in log.entries(last=3)]
    faces = [candidate.face.stored.uuid for candidate in shown.candidates]
    assert [(e.entry["purpose"], e.entry["reasons"]) for e in entries] == [
        (PURPOSE, []),
        ("advertising", ["purpose-not-granted"]),
        (PURPOSE, []),
    ]
    assert [[match["face"] for match in e.matches] for e in entries] == [faces, [], []]
    for entry in entries:
        assert entry.details
        assert (entry.details["actor"], entry.details["collection"]) == (
            getpass.getuser(),
            "default",
        )


def test_no_path_of_a_probe_is_kept(stage: Stage) -> None:
    probe = Path(stage.folder / "secret-probe-name.png")
    probe.write_bytes(draw_photo(1))
    with stage.open() as library:
        add_people(stage, library)
        library.search(probe, purpose=PURPOSE)
    for path in stage.home.rglob("*"):
        assert path.is_dir() or b"secret-probe-name" not in path.read_bytes()
