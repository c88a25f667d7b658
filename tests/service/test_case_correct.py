"""Corrections: written where they belong, with nothing left of what stood there before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from mien.errors import CatalogError, SettingsError
from mien.library import Library
from mien.permission.case import CaseState
from mien.service.audit_read import ShownEntry
from mien.service.case_record import CaseRecord
from service.inbox import (
    ANN,
    answer,
    fill,
    found,
    grant_case,
    refuse_case,
    request,
    sha256_of,
)
from service.stage import Stage, query
from service.traces import find_traces

WRONG = "Anne Eck of Nowhere"
RIGHT = "Ann Ek"


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        fill(stage, library, grantor=WRONG)
        yield library


def credits_of(stage: Stage, name: str) -> tuple[str, str, str]:
    statement = "SELECT caption, credit, copyright FROM photos WHERE sha256 = ?"
    found: tuple[str, str, str] = query(
        stage.home / "catalog.db", statement, sha256_of(stage, name)
    )[0]
    return found


def ask(stage: Stage, library: Library, corrections: Mapping[str, str], **about: Any) -> str:
    wanted: dict[str, Any] = about or {"photos": (sha256_of(stage, "ann.png"),)}
    opened = request(library, "rectification", corrections=corrections, **wanted)
    assert opened.case.state is CaseState.RECEIVED
    return opened.case.case_id


def test_a_credit_is_corrected_and_the_old_one_is_in_no_byte(
    stage: Stage, library: Library
) -> None:
    query(stage.home / "catalog.db", "UPDATE photos SET credit = ?, caption = 'Stays'", WRONG)
    case_id = ask(stage, library, {"credit": RIGHT, "copyright": "2031"})
    assert credits_of(stage, "ann.png") == ("Stays", WRONG, "")
    case = library.cases().decide(case_id, is_granted=True)
    assert case.state is CaseState.VERIFIED
    assert credits_of(stage, "ann.png") == ("Stays", RIGHT, "2031")
    assert credits_of(stage, "ben.png") == ("Stays", WRONG, "")
    query(stage.home / "catalog.db", "UPDATE photos SET credit = ''")
    library.close()
    assert find_traces(stage.home, {"old credit": b"Anne Eck of Nowhere\0"}) == []


def test_a_grantor_is_renamed_and_the_old_name_is_in_no_byte(
    stage: Stage, library: Library
) -> None:
    stage.grant(library, grantor=f"  {WRONG.upper()} ")
    other = stage.grant(library, grantor="B. Other")
    case_id = ask(stage, library, {"name": f" {RIGHT} "}, grantor=WRONG.lower())
    assert library.cases().decide(case_id, is_granted=True).state is CaseState.VERIFIED
    assert [grant.grantor for grant in library.grants()] == [RIGHT, RIGHT, "B. Other"]
    assert library.get_grant(other).grantor == "B. Other"
    assert found(library, ANN) == {"ann.png", "both.png"}
    assert library.audit().verify().is_sound
    library.close()
    for name in (WRONG, WRONG.upper(), WRONG.lower()):
        assert find_traces(stage.home, {"old name": name.encode()}) == []


def test_the_log_keeps_what_the_grant_says_now(stage: Stage, library: Library) -> None:
    library.cases().decide(ask(stage, library, {"name": RIGHT}, grantor=WRONG), is_granted=True)
    told = [entry for entry in read_log(stage, library) if entry.entry["grant"] is not None]
    recorded, corrected = told[0], told[-1]
    assert (recorded.entry["action"], recorded.details) == ("grant-recorded", None)
    assert corrected.entry["action"] == "grant-corrected"
    assert corrected.details is not None
    assert corrected.details["grantor"] == RIGHT
    assert WRONG not in str(told)


def read_log(stage: Stage, library: Library) -> list[ShownEntry]:
    count = query(stage.home / "catalog.db", "SELECT count(*) FROM audit_entries")[0]
    return [library.audit().entry(seq) for seq in range(count)]


def test_a_corrected_credit_stays_when_the_file_is_seen_again(
    stage: Stage, library: Library
) -> None:
    library.cases().decide(ask(stage, library, {"credit": RIGHT}), is_granted=True)
    library.add(stage.photos, grant=library.grants()[0].grant_id)
    (candidate,) = library.search(
        (stage.photos / "ann.png").read_bytes(), purpose="family-album", limit=1
    ).candidates
    assert candidate.face.credit.credit == RIGHT


def test_a_refused_correction_changes_nothing(stage: Stage, library: Library) -> None:
    opened = request(
        library,
        "rectification",
        photos=(sha256_of(stage, "ann.png"),),
        corrections={"credit": RIGHT},
    )
    assert refuse_case(library, opened).state is CaseState.VERIFIED
    assert credits_of(stage, "ann.png")[1] == ""
    assert "We did not do it" in (answer(stage, library, opened).folder / "letter.md").read_text(
        "utf-8"
    )


def test_the_answer_says_what_was_corrected(stage: Stage, library: Library) -> None:
    opened = request(
        library, "rectification", grantor=WRONG, corrections={"name": RIGHT}, reason="Typo."
    )
    grant_case(library, opened)
    letter = (answer(stage, library, opened).folder / "letter.md").read_text("utf-8")
    assert f"You want to correct name to “{RIGHT}”. You wrote: “Typo.”" in letter
    assert "It is corrected, and what stood there before is erased." in letter


def test_what_is_not_there_cannot_be_corrected_and_is_said_so(
    stage: Stage, library: Library
) -> None:
    opened = request(library, "rectification", grantor="Nobody", corrections={"name": RIGHT})
    grant_case(library, opened)
    letter = (answer(stage, library, opened).folder / "letter.md").read_text("utf-8")
    assert "There is nothing here to correct" in letter
    assert [grant.grantor for grant in library.grants()] == [WRONG]


@pytest.mark.parametrize(
    ("corrections", "about", "message"),
    [
        ({}, {"photos": ("ab" * 32,)}, "What is to be put right"),
        ({"sha256": "x"}, {"photos": ("ab" * 32,)}, "'sha256' of a photo is none of caption"),
        ({"name": "x"}, {"photos": ("ab" * 32,)}, "'name' of a photo is none of"),
        ({"credit": "x"}, {"grantor": "A"}, "'credit' of a grantor is none of name, contact"),
        ({"name": " "}, {"grantor": "A"}, "cannot be corrected to nothing"),
        ({"credit": "x"}, {"host": "example.org"}, "made to photo or grantor or person"),
        ({"credit": "x"}, {"source": "file:///x"}, "made to photo or grantor or person"),
    ],
)
def test_what_cannot_be_corrected_is_refused(
    stage: Stage,
    library: Library,
    corrections: dict[str, str],
    about: dict[str, Any],
    message: str,
) -> None:
    with pytest.raises(SettingsError, match=message):
        ask(stage, library, corrections, **about)
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM cases") == [0]


def test_old_values_are_cleaned_by_repeating_the_decision(
    stage: Stage, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = ask(stage, library, {"name": RIGHT}, grantor=WRONG)
    database = type(library._deployment.database)
    with monkeypatch.context() as patch:
        patch.setattr(database, "scrub", lambda _: False)
        with pytest.raises(CatalogError, match="It is corrected, but another process"):
            library.cases().decide(case_id, is_granted=True)
    assert library.cases().get(case_id).state is CaseState.EXECUTED
    assert library.cases().decide(case_id, is_granted=True).state is CaseState.VERIFIED


def test_a_contact_is_corrected_too(stage: Stage, library: Library) -> None:
    grant = stage.grant(library, grantor="C. Other", contact="wrong@example.org")
    opened = request(
        library, "rectification", grantor="C. Other", corrections={"contact": "c@example.org"}
    )
    grant_case(library, opened)
    assert library.get_grant(grant).grantor == "C. Other"
    assert library.get_grant(grant).contact == "c@example.org"
    library.close()
    assert find_traces(stage.home, {"old contact": b"wrong@example.org"}) == []


def test_a_grant_changed_behind_our_back_is_corrected_and_allows_as_little_as_before(
    stage: Stage, library: Library
) -> None:
    query(stage.home / "catalog.db", "UPDATE grants SET purposes = '[\"anything\"]'")
    case_id = ask(stage, library, {"name": RIGHT}, grantor=WRONG)
    library.cases().decide(case_id, is_granted=True)
    (grant,) = library.grants()
    assert (grant.grantor, grant.is_vouched) == (RIGHT, False)


def test_a_correction_cut_short_between_mark_and_row_is_mended_by_repeating_it(
    stage: Stage, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = ask(stage, library, {"name": RIGHT}, grantor=WRONG)
    move = CaseRecord.move

    def end(record: CaseRecord, case: Any, *, to: CaseState, details: Any) -> Any:
        if to is CaseState.EXECUTED:
            raise KeyboardInterrupt
        return move(record, case, to=to, details=details)

    with monkeypatch.context() as patch:
        patch.setattr(CaseRecord, "move", end)
        with pytest.raises(KeyboardInterrupt):
            library.cases().decide(case_id, is_granted=True)
    assert [grant.is_vouched for grant in library.grants()] == [False]
    assert library.cases().decide(case_id, is_granted=True).state is CaseState.VERIFIED
    assert [(g.grantor, g.is_vouched) for g in library.grants()] == [(RIGHT, True)]
    assert found(library, ANN) == {"ann.png", "both.png"}
