"""Attacks on cases: to see what one may not, to undo what was granted, to have it forgotten."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mien.errors import ConflictError, MienError, SettingsError
from mien.library import Library
from mien.permission.case import CaseState
from mien.permission.verdict import Reason
from mien.service.case_record import CaseRecord
from mien.service.erase import erase, resume_erasure
from mien.testing import draw_photo
from service.inbox import (
    ANN,
    BEN,
    answer,
    entries_of,
    faces_of,
    fill,
    found,
    grant_case,
    locations,
    refuse_case,
    request,
    sha256_of,
)
from service.stage import PURPOSE, Stage, query


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        fill(stage, library)
        yield library


def test_a_closed_case_is_not_reopened(stage: Stage, library: Library) -> None:
    opened = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    refuse_case(library, opened)
    answer(stage, library, opened)
    library.cases().close(opened.case.case_id)
    before = library.cases().get(opened.case.case_id)
    deployment = library._deployment
    for state in CaseState:
        with (
            pytest.raises(ConflictError),
            deployment.database.writing() as connection,
        ):
            CaseRecord(deployment, connection).move(before, to=state, details={})
    with pytest.raises(ConflictError), deployment.database.writing() as connection:
        CaseRecord(deployment, connection).note(before, did="reopened", details={})
    assert library.cases().get(opened.case.case_id) == before


def test_removing_the_last_events_brings_nothing_back(stage: Stage, library: Library) -> None:
    """Whoever edits the catalog can make a case look undecided; what was erased stays so."""
    opened = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    grant_case(library, opened)
    query(stage.home / "catalog.db", "DELETE FROM case_events WHERE number > 1")
    refuse_case(library, opened)
    assert found(library, ANN) == {"both.png"}
    moves = [e["facts"]["state"] for e in entries_of(stage) if e["action"] == "case-moved"]
    assert moves.count("decided") == 2, "the log tells of both decisions"


def test_removing_a_case_from_the_catalog_does_not_remove_it_from_the_log(
    stage: Stage, library: Library
) -> None:
    opened = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    catalog = stage.home / "catalog.db"
    for statement in ("DELETE FROM case_events", "DELETE FROM cases"):
        query(catalog, statement)
    assert library.cases().list() == []
    assert any(entry["action"] == "case-opened" for entry in entries_of(stage))
    assert "ann.png" not in found(library, ANN), "what it held stays hidden"
    assert opened.case.case_id in opened.acknowledgement


def test_a_photo_under_a_case_cannot_be_added_under_another_name_or_grant(
    stage: Stage, library: Library
) -> None:
    request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    content = (stage.photos / "ann.png").read_bytes()
    grant = stage.grant(library, "other-purpose", grantor="Somebody Else")
    for number, name in enumerate(("copy.png", "ANN.PNG", "sub/ann.png", "link.png")):
        path = stage.photos / name
        path.parent.mkdir(exist_ok=True)
        if name == "link.png":
            path.symlink_to(stage.photos / "ann.png")
        else:
            path.write_bytes(content)
        report = library.add(path, grant=grant, collection=f"collection {number}")
        assert (report.photos_new, report.photos_known) == (0, 0)
    assert set(locations(stage)) == {"ann.png", "ben.png", "both.png"}
    result = library.search(draw_photo(ANN), purpose=PURPOSE, min_score=0.8)
    assert [c.face.sha256 for c in result.candidates] == [sha256_of(stage, "both.png")]


def test_a_case_is_no_way_around_the_purpose_of_a_search(stage: Stage, library: Library) -> None:
    """What a photo finds in a case is in no result, and in no answer before somebody looked."""
    opened = request(library, "access", like=draw_photo(ANN))
    assert library.search(draw_photo(ANN), purpose="spying").verdict.reasons == (
        Reason.PURPOSE_NOT_GRANTED,
    )
    answered = answer(stage, library, opened)
    handed_out = [name for name in answered.files if not name.startswith("for-you-to-check/")]
    assert handed_out == ["acknowledgement.json"]
    actions = [entry["action"] for entry in entries_of(stage)]
    assert actions.count("case-search") == 1, "nobody looks without being seen"


def test_lookalikes_are_never_erased_by_who_did_not_look(stage: Stage, library: Library) -> None:
    """Handing in somebody else's photo erases nobody."""
    opened = request(library, "erasure", like=draw_photo(BEN))
    with pytest.raises(ConflictError):
        grant_case(library, opened)
    library.cases().confirm(opened.case.case_id, faces=[])
    grant_case(library, opened)
    assert found(library, BEN) == {"ben.png", "both.png"}


def test_no_case_confirms_the_face_of_somebody_else(stage: Stage, library: Library) -> None:
    opened = request(library, "access", like=draw_photo(ANN))
    for face in (*faces_of(stage, "ben.png"), "", "*", "%", "' OR 1=1 --"):
        with pytest.raises(SettingsError):
            library.cases().confirm(opened.case.case_id, faces=[face])


@pytest.mark.parametrize("name", ["%", "_", "*", "", "A. Hol%", "' OR 1=1 --", "A. Holder\0"])
def test_no_wildcard_means_a_grantor(stage: Stage, library: Library, name: str) -> None:
    if name:
        assert request(library, "takedown", grantor=name).held == 0
    else:
        with pytest.raises(SettingsError):
            request(library, "takedown", grantor=name)
    assert found(library, ANN) == {"ann.png", "both.png"}


@pytest.mark.parametrize(
    "ending", ["%", "_", "ann%", "../photos/ann.png", "ann.png/..", "./ann.png"]
)
def test_no_spelling_of_a_source_means_more_than_it_says(
    stage: Stage, library: Library, ending: str
) -> None:
    source = f"{stage.photos.resolve().as_uri()}/{ending}"
    assert request(library, "takedown", source=source).held == 0


def test_an_answer_is_written_through_no_link_and_over_nothing(
    stage: Stage, library: Library
) -> None:
    victim = stage.folder / "victim"
    victim.mkdir()
    (victim / "letter.md").write_text("mine", "utf-8")
    opened = request(library, "access", photos=(sha256_of(stage, "ann.png"),))
    link = stage.folder / "link"
    link.symlink_to(victim)
    for folder in (victim, link):
        with pytest.raises(SettingsError):
            library.cases().answer(opened.case.case_id, folder)
    assert (victim / "letter.md").read_text("utf-8") == "mine"
    assert os.listdir(victim) == ["letter.md"]  # noqa: PTH208  (names alone)


def test_names_of_files_in_an_answer_come_from_nobody(stage: Stage, library: Library) -> None:
    """Captions, collections and requesters hold what others wrote; none of it names a file."""
    stage.draw("evil.png", 8)
    grant = library.grants()[0].grant_id
    library.add(stage.photos / "evil.png", grant=grant, collection="../../evil")
    opened = request(
        library, "access", requester="../../evil", photos=(sha256_of(stage, "evil.png"),)
    )
    answered = answer(stage, library, opened)
    assert not any("evil" in name or ".." in name for name in answered.files)
    assert not list(stage.folder.parent.glob("evil*"))


def test_an_erasure_of_a_case_is_no_handle_for_another(stage: Stage, library: Library) -> None:
    opened = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    case = grant_case(library, opened)
    deployment, galleries = library._deployment, library._galleries
    assert resume_erasure(deployment, case.erasure_ids[0], galleries=galleries)
    assert not resume_erasure(deployment, "", galleries=galleries)
    from mien.service.erase import PhotoTarget

    target = PhotoTarget(sha256_of(stage, "ben.png"))
    with pytest.raises(MienError):
        erase(deployment, target, galleries=galleries, erasure_id=case.erasure_ids[0])
    assert found(library, BEN) == {"ben.png", "both.png"}


def test_a_clock_set_back_makes_no_case_younger_and_forgets_none(
    stage: Stage, library: Library
) -> None:
    opened = request(library, "access", photos=(sha256_of(stage, "ann.png"),))
    due = opened.case.due_at
    stage.now -= timedelta(days=400)
    answer(stage, library, opened)
    library.cases().close(opened.case.case_id)
    assert library.cases().get(opened.case.case_id).due_at == due
    assert library.enforce_retention() is None
    assert library.cases().get(opened.case.case_id).request is not None


def test_the_probe_of_a_case_is_no_path_into_the_home(stage: Stage, library: Library) -> None:
    for path in (stage.home / "keys" / "root.key", stage.home / "catalog.db", Path("/")):
        with pytest.raises(MienError) as caught:
            request(library, "access", like=path)
        assert str(stage.home / "keys") not in str(caught.value) or path.name in str(caught.value)
    assert library.cases().list() == []
