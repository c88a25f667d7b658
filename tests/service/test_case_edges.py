"""Cases out of order, cut short anywhere, decided twice at once, edited, and without their key."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mien.errors import CatalogError, ConflictError, KeyDestroyedError, MienError, TamperedError
from mien.library import Library
from mien.permission.case import CaseState
from mien.permission.verdict import Reason
from mien.service import case_execute, cases
from mien.service.case import Case
from mien.service.case_record import CaseRecord
from mien.service.cases import OpenedCase
from mien.testing import draw_photo
from service.inbox import (
    ANN,
    answer,
    entries_of,
    fill,
    found,
    grant_case,
    locations,
    read_json,
    refuse_case,
    request,
    sha256_of,
)
from service.stage import Stage, check_sound, query
from service.traces import find_traces, traces_of_photo

Attempt = Callable[[Stage, Library, OpenedCase], object]


class SuddenEndError(Exception):
    """As if the process had been killed here."""


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        fill(stage, library)
        yield library


@pytest.fixture
def opened(stage: Stage, library: Library) -> OpenedCase:
    return request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))


ATTEMPTS: dict[str, Attempt] = {
    "close": lambda _, library, opened: library.cases().close(opened.case.case_id),
    "answer": lambda stage, library, opened: answer(stage, library, opened, "too early"),
    "refuse": lambda _, library, opened: refuse_case(library, opened),
    "grant": lambda _, library, opened: grant_case(library, opened),
    "confirm": lambda _, library, opened: library.cases().confirm(opened.case.case_id, faces=[]),
    "counter": lambda _, library, opened: library.cases().counter(
        opened.case.case_id, name="Bob", statement="No."
    ),
}


def bring_to(stage: Stage, library: Library, opened: OpenedCase, state: str) -> None:
    if state in {"verified", "answered", "closed"}:
        grant_case(library, opened)
    if state in {"answered", "closed"}:
        answer(stage, library, opened, "in time")
    if state == "closed":
        library.cases().close(opened.case.case_id)


@pytest.mark.parametrize(
    ("state", "attempt"),
    [
        ("quarantined", "close"),
        ("quarantined", "answer"),
        ("verified", "close"),  # nobody was answered
        ("verified", "refuse"),
        ("verified", "confirm"),
        ("verified", "counter"),
        ("answered", "refuse"),
        *(("closed", attempt) for attempt in ATTEMPTS),
    ],
)
def test_nothing_is_done_out_of_order(
    stage: Stage, library: Library, opened: OpenedCase, state: str, attempt: str
) -> None:
    bring_to(stage, library, opened, state)
    before = library.cases().get(opened.case.case_id)
    with pytest.raises(ConflictError):
        ATTEMPTS[attempt](stage, library, opened)
    assert library.cases().get(opened.case.case_id) == before
    assert not (stage.folder / "too early").exists()


def test_no_state_is_left_out_by_a_program(
    stage: Stage, library: Library, opened: OpenedCase
) -> None:
    deployment = library._deployment
    states = [s for s in CaseState if s is not CaseState.DECIDED]
    for state in states:
        with (
            pytest.raises(ConflictError, match=f"is quarantined and cannot be {state} now"),
            deployment.database.writing() as connection,
        ):
            CaseRecord(deployment, connection).move(opened.case, to=state, details={})
    assert library.cases().get(opened.case.case_id) == opened.case


def interrupt(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Ends everything when this is about to be done."""

    def end(*_: object, **__: object) -> None:
        raise SuddenEndError

    monkeypatch.setattr(module, name, end)


STEPS = (
    *("_end_grants", "resume_erasure", "_is_gone", "erase", "block"),
    *("_release", "_verify", "settle_blocks"),
)


@pytest.mark.parametrize("step", STEPS)
def test_a_decision_cut_short_at_any_step_is_finished_by_repeating_it(
    stage: Stage,
    library: Library,
    opened: OpenedCase,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    traces = traces_of_photo(stage, library, stage.photos / "ann.png")
    with monkeypatch.context() as patch:
        interrupt(patch, case_execute, step)
        with pytest.raises(SuddenEndError):
            grant_case(library, opened)
    assert "ann.png" not in found(library, ANN)
    with stage.open() as again:
        case = grant_case(again, opened)
        assert case.state is CaseState.VERIFIED
        assert len(case.erasure_ids) == 1
        folder = answer(stage, again, opened).folder
    certificate = read_json(folder, "certificate-1.json")["certificate"]
    assert certificate["erasure"] == case.erasure_ids[0]
    assert certificate["erased"]["photos"] == 1
    assert find_traces(stage.home, traces) == []
    assert sorted(locations(stage)) == ["ben.png", "both.png"]
    check_sound(stage.home)


@pytest.mark.parametrize("step", ["begin_erasure", "finish_erasures"])
def test_an_erasure_cut_short_keeps_the_id_that_was_decided(
    stage: Stage,
    library: Library,
    opened: OpenedCase,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    from mien.service import erase

    with monkeypatch.context() as patch:
        interrupt(patch, erase, step)
        with pytest.raises(SuddenEndError):
            grant_case(library, opened)
    planned = library.cases().get(opened.case.case_id).decision
    assert planned is not None
    assert grant_case(library, opened).erasure_ids == [planned.erasure_id]


@pytest.mark.parametrize("step", ["seal_matters", "acknowledge"])
def test_a_case_cut_short_while_it_is_opened_is_whole_or_was_never_there(
    stage: Stage, library: Library, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with monkeypatch.context() as patch:
        interrupt(patch, cases, step)
        with pytest.raises(SuddenEndError):
            request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    listed = library.cases().list()
    if step == "acknowledge":
        assert [case.state for case in listed] == [CaseState.QUARANTINED]
        assert "ann.png" not in found(library, ANN)
        assert '"case"' in library.cases().acknowledge(listed[0].case_id)
    else:
        assert listed == []
        assert "ann.png" in found(library, ANN)
    assert library.audit().verify().is_sound


def test_a_refusal_cut_short_has_changed_nothing(
    stage: Stage, library: Library, opened: OpenedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupt(patch, case_execute, "_release")
        with pytest.raises(SuddenEndError):
            refuse_case(library, opened)
    assert library.cases().get(opened.case.case_id).state is CaseState.QUARANTINED
    assert refuse_case(library, opened).state is CaseState.VERIFIED
    assert "ann.png" in found(library, ANN)


def test_a_catalog_that_others_read_is_cleaned_by_repeating_the_decision(
    stage: Stage, library: Library, opened: OpenedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = library._deployment.database
    with monkeypatch.context() as patch:
        patch.setattr(type(database), "scrub", lambda _: False)
        with pytest.raises(CatalogError, match="another process reads the catalog"):
            grant_case(library, opened)
    assert library.cases().get(opened.case.case_id).state is CaseState.DECIDED
    case = grant_case(library, opened)
    assert (case.state, len(case.erasure_ids)) == (CaseState.VERIFIED, 1)


def test_two_who_decide_at_once_decide_once(
    stage: Stage, library: Library, opened: OpenedCase
) -> None:
    done: list[Case | MienError] = []

    def decide() -> None:
        with stage.open() as mine:
            try:
                done.append(grant_case(mine, opened))
            except MienError as error:
                done.append(error)

    threads = [threading.Thread(target=decide) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [case.state for case in done if isinstance(case, Case)] != []
    case = library.cases().get(opened.case.case_id)
    assert [event.state for event in case.events] == [
        *(CaseState.RECEIVED, CaseState.QUARANTINED, CaseState.DECIDED),
        *(CaseState.EXECUTED, CaseState.VERIFIED),
    ]
    assert len(case.erasure_ids) == 1
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM erasures") == [1]


def test_nothing_comes_in_between_erasing_and_keeping_out(
    stage: Stage, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a case holds it holds until its opt-outs stand, in one transaction."""
    grant = library.grants()[0].grant_id
    opened = request(library, "erasure", source=stage.photos.resolve().as_uri())
    stage.draw("late.png", 9)
    reports = []
    for step in ("_is_gone", "_verify", "settle_blocks"):
        work = getattr(case_execute, step)

        def add_first(*given: Any, work: Any = work, **named: Any) -> Any:
            reports.append(library.add(stage.photos / "late.png", grant=grant))
            return work(*given, **named)

        monkeypatch.setattr(case_execute, step, add_first)
    case = grant_case(library, opened)
    assert case.state is CaseState.VERIFIED
    assert len(reports) >= 3
    refused = {reason for report in reports for reason in report.refused}
    assert refused == {Reason.UNDER_CASE, Reason.SOURCE_SUPPRESSED}
    assert locations(stage) == {}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cases SET kind = 'access'",
        "UPDATE cases SET due_at = due_at + 1000000",
        "UPDATE cases SET opened_at = opened_at - 1000000",
        "UPDATE case_events SET state = 'verified' WHERE number = 1",
        "UPDATE case_events SET at = at + 1000000 WHERE number = 1",
        "UPDATE case_events SET sealed = (SELECT sealed FROM cases) WHERE number = 1",
        "UPDATE cases SET sealed = (SELECT sealed FROM case_events WHERE number = 0)",
        "UPDATE case_events SET sealed = zeroblob(60) WHERE number = 0",
    ],
)
def test_a_case_edited_in_the_database_does_not_open(
    stage: Stage, library: Library, opened: OpenedCase, statement: str
) -> None:
    query(stage.home / "catalog.db", statement)
    for attempt in (
        lambda: library.cases().get(opened.case.case_id),
        lambda: library.cases().list(),
        lambda: grant_case(library, opened),
    ):
        with pytest.raises(TamperedError, match=opened.case.case_id):
            attempt()
    assert "ann.png" not in found(library, ANN)


def test_one_case_cannot_be_passed_off_as_another(stage: Stage, library: Library) -> None:
    first = request(library, "access", source="file:///a")
    second = request(library, "access", source="file:///b")
    catalog = stage.home / "catalog.db"
    statement = "UPDATE cases SET sealed = (SELECT sealed FROM cases WHERE uuid = ?) WHERE uuid = ?"
    query(catalog, statement, first.case.case_id, second.case.case_id)
    with pytest.raises(TamperedError):
        library.cases().get(second.case.case_id)
    assert library.cases().get(first.case.case_id) == first.case


def test_a_missing_key_never_looks_like_a_case_that_was_forgotten(
    stage: Stage, library: Library, opened: OpenedCase
) -> None:
    query(stage.home / "keys" / "keys.db", "DELETE FROM subject_keys")
    with pytest.raises(KeyDestroyedError, match=opened.case.case_id):
        library.cases().get(opened.case.case_id)
    with pytest.raises(KeyDestroyedError):
        library.cases().due(within=opened.case.due_at - stage.now)


def test_a_read_only_catalog_opens_no_case_and_says_so(
    stage: Stage, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(entries_of(stage))
    path = stage.home / "catalog.db"
    query(path, "CREATE TRIGGER full BEFORE INSERT ON cases BEGIN SELECT raise(ABORT, 'full'); END")
    with pytest.raises(CatalogError, match="cannot be used"):
        request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    query(path, "DROP TRIGGER full")
    assert len(entries_of(stage)) == before
    assert request(library, "erasure", photos=(sha256_of(stage, "ann.png"),)).held == 1


def test_the_probe_of_a_case_that_cannot_be_meant_is_not_even_looked_at(
    stage: Stage, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(monkeypatch, type(library._deployment), "vision")
    with pytest.raises(MienError, match="exactly one way"):
        request(library, "access", like=draw_photo(ANN), source="file:///x")
