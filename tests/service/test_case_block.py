"""What was granted stays out for good, and what was refused may come in again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mien.library import Library
from mien.permission.case import CaseState
from mien.permission.suppression import Level
from mien.permission.verdict import Reason
from mien.sources.address import folder_scope
from mien.testing import draw_photo
from service.inbox import (
    ANN,
    BEN,
    answer,
    faces_of,
    fill,
    found,
    grant_case,
    locations,
    publish,
    read_json,
    refuse_case,
    request,
    sha256_of,
)
from service.scenes import change, draw_scene, save_again
from service.stage import Stage, query

HOST = "photos.example.org"


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        fill(stage, library)
        yield library


def ways(stage: Stage) -> dict[str, dict[str, Any]]:
    return {
        "photo": {"photos": (sha256_of(stage, "ann.png").upper(),)},
        "link": {"source": (stage.photos / "ann.png").resolve().as_uri()},
        "folder": {"source": folder_scope(stage.photos)},
    }


EXPECTED = {
    "photo": (Level.ITEM, Reason.ITEM_SUPPRESSED),
    "link": (Level.SOURCE, Reason.SOURCE_SUPPRESSED),
    "folder": (Level.SOURCE, Reason.SOURCE_SUPPRESSED),
}


@pytest.mark.parametrize("way", EXPECTED)
def test_granted_it_stays_out_and_the_letter_says_so(
    stage: Stage, library: Library, way: str
) -> None:
    level, reason = EXPECTED[way]
    grant = library.grants()[0].grant_id
    opened = request(library, "takedown", **ways(stage)[way])
    case = grant_case(library, opened)
    (optout,) = library.optouts().list()
    assert (case.block_ids, optout.level) == ([optout.optout_id], level)
    other = stage.grant(library, grantor="B. Other")
    for again in (grant, other):
        report = library.add(stage.photos / "ann.png", grant=again)
        assert (report.photos_new, set(report.refused)) == (0, {reason})
    assert "ann.png" not in locations(stage)
    letter = (answer(stage, library, opened).folder / "letter.md").read_text("utf-8")
    assert "It is kept out from now on." in letter


@pytest.mark.parametrize("way", EXPECTED)
def test_refused_it_may_come_in_again(stage: Stage, library: Library, way: str) -> None:
    opened = request(library, "takedown", **ways(stage)[way])
    refuse_case(library, opened)
    assert library.optouts().list() == []
    other = stage.grant(library, grantor="B. Other")
    assert library.add(stage.photos / "ann.png", grant=other).photos_known == 1
    assert "kept out" not in (answer(stage, library, opened).folder / "letter.md").read_text()


def test_while_it_is_open_nothing_of_a_folder_comes_in(stage: Stage, library: Library) -> None:
    grant = library.grants()[0].grant_id
    opened = request(library, "objection", source=folder_scope(stage.photos))
    stage.draw("new.png", 7)
    stage.draw("deep/newer.png", 8)
    report = library.add(stage.photos, grant=grant)
    assert (report.photos_new, report.refused) == (0, {Reason.UNDER_CASE: 5})
    refuse_case(library, opened)
    assert library.add(stage.photos, grant=grant).photos_new == 2


def test_while_it_is_open_a_photo_that_was_never_here_does_not_come_in(
    stage: Stage, library: Library
) -> None:
    import hashlib

    new = stage.draw("new.png", 7)
    sha256 = hashlib.sha256(new.read_bytes()).hexdigest()
    opened = request(library, "takedown", photos=(sha256,))
    grant = library.grants()[0].grant_id
    assert library.add(new, grant=grant).refused == {Reason.UNDER_CASE: 1}
    grant_case(library, opened)
    assert library.add(new, grant=grant).refused == {Reason.ITEM_SUPPRESSED: 1}


def test_nothing_of_a_host_comes_in_while_it_is_open_nor_when_it_was_granted(
    stage: Stage, library: Library
) -> None:
    grant = stage.grant(library, scope="https://other.test/", grantor="Others")
    wide = stage.grant(library, scope=f"https://new.{HOST}/", grantor="Wide")
    opened = request(library, "takedown", host=HOST)
    new = stage.draw("new.png", 7)
    report = publish(library, new, uri=f"https://new.{HOST}/1.jpg", grant=wide)
    assert report.refused == {Reason.UNDER_CASE: 1}
    assert grant_case(library, opened).state is CaseState.VERIFIED
    (optout,) = library.optouts().list()
    assert (optout.level, optout.kept_out) == (Level.SOURCE, f"//{HOST}")
    later = stage.grant(library, scope=f"https://later.{HOST}/", grantor="Later")
    report = publish(library, new, uri=f"https://later.{HOST}/1.jpg", grant=later)
    assert report.refused == {Reason.SOURCE_SUPPRESSED: 1}
    assert publish(library, new, uri="https://other.test/1.jpg", grant=grant).photos_new == 1


def test_a_host_that_was_opted_out_erases_what_an_old_catalog_brings_back(
    stage: Stage, library: Library
) -> None:
    """The opt-out lies beside the keys too; files of this machine are on no host."""
    opened = request(library, "takedown", host=HOST)
    grant_case(library, opened)
    query(stage.home / "catalog.db", "DELETE FROM suppressions")
    query(
        stage.home / "catalog.db",
        "UPDATE locations SET uri = ? WHERE uri LIKE '%/ann.png'",
        f"https://{HOST}/ann.jpg",
    )
    library.close()
    with stage.open() as again:
        assert [optout.kept_out for optout in again.optouts().list()] == [f"//{HOST}"]
        assert set(locations(stage)) == {"ben.png", "both.png"}


def test_copies_that_look_the_same_go_with_a_photo_and_stay_out(
    stage: Stage, library: Library
) -> None:
    grant = library.grants()[0].grant_id
    scene = draw_scene(ANN, scene=3)
    for name, content in (("scene.png", scene), ("copy.jpg", save_again(scene))):
        (stage.photos / name).write_bytes(content)
    assert library.add(stage.photos, grant=grant).photos_new == 2
    opened = request(library, "takedown", photos=(sha256_of(stage, "scene.png"),))
    case = grant_case(library, opened)
    assert set(locations(stage)) == {"ann.png", "ben.png", "both.png"}
    assert len(case.erasure_ids) == 2
    folder = answer(stage, library, opened).folder
    for number in (1, 2):
        certificate = read_json(folder, f"certificate-{number}.json")["certificate"]
        assert certificate["erased"]["photos"] == 1
    assert "It is erased: 2 photos, " in (folder / "letter.md").read_text("utf-8")
    (stage.photos / "smaller.jpg").write_bytes(change(scene, "smaller"))
    report = library.add(stage.photos / "smaller.jpg", grant=grant)
    assert report.refused == {Reason.ITEM_SUPPRESSED: 1}


@pytest.mark.parametrize("way", ["face", "grantor", "like", "person"])
def test_nobody_is_kept_out_by_their_face_who_did_not_ask_for_that(
    stage: Stage, library: Library, way: str
) -> None:
    about: dict[str, dict[str, Any]] = {
        "face": {"faces": tuple(faces_of(stage, "ann.png"))},
        "grantor": {"grantor": "A. Holder"},
        "like": {"like": draw_photo(ANN)},
        "person": {"person": "Nobody"},
    }
    opened = request(library, "erasure", **about[way])
    if way == "like":
        library.cases().confirm(opened.case.case_id, faces=faces_of(stage, "ann.png"))
    case = grant_case(library, opened)
    assert case.block_ids == []
    assert library.optouts().list() == []


def test_what_was_opted_out_before_is_not_opted_out_twice(stage: Stage, library: Library) -> None:
    library.optouts().source(stage.photos / "ben.png")
    (known,) = library.optouts().list()
    source = (stage.photos / "ben.png").resolve().as_uri()
    case = grant_case(library, request(library, "erasure", source=source))
    assert case.block_ids == [known.optout_id]
    assert len(library.optouts().list()) == 1


def test_a_link_that_no_photo_can_have_keeps_nothing_out(stage: Stage, library: Library) -> None:
    opened = request(library, "takedown", source="https://example.org/a.jpg?size=large#top")
    case = grant_case(library, opened)
    assert (case.state, case.block_ids) == (CaseState.VERIFIED, [])
    letter = (answer(stage, library, opened).folder / "letter.md").read_text("utf-8")
    assert "Nothing of it is held." in letter
    assert "kept out" not in letter


def test_searching_goes_on_for_everybody_else(stage: Stage, library: Library) -> None:
    grant_case(library, request(library, "takedown", photos=(sha256_of(stage, "ann.png"),)))
    assert found(library, BEN) == {"ben.png", "both.png"}
