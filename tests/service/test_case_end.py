"""How a case itself ends: by time, with its key, and no backup brings it back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta

import pytest

from mien.errors import ConflictError, SettingsError
from mien.library import Library
from mien.permission.case import CaseState
from mien.service.audit_read import ShownEntry
from mien.service.cases import OpenedCase
from service.inbox import REQUESTER, answer, entries_of, fill, refuse_case, request, sha256_of
from service.stage import Stage, check_sound, query
from service.traces import find_traces

KEPT = timedelta(days=1095)
TICK = timedelta(seconds=1)


def close_one(stage: Stage, library: Library, name: str = "answer") -> OpenedCase:
    """A case that was refused, answered and closed; the album stays as it was."""
    opened = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    refuse_case(library, opened)
    answer(stage, library, opened, name)
    library.cases().close(opened.case.case_id)
    return opened


def keys_of(stage: Stage) -> list[str]:
    return query(stage.home / "keys" / "keys.db", "SELECT subject FROM subject_keys")


def seals_of(stage: Stage) -> list[bytes]:
    catalog = stage.home / "catalog.db"
    return [
        *query(catalog, "SELECT sealed FROM cases"),
        *query(catalog, "SELECT sealed FROM case_events"),
    ]


@pytest.mark.parametrize(
    "command",
    [
        lambda library: library.enforce_retention(),
        lambda library: library.examine(),
        lambda library: library.add("nowhere", grant=None),
    ],
    ids=["retention run", "doctor", "add"],
)
def test_what_a_case_says_of_anybody_goes_when_its_time_is_over(
    stage: Stage, command: Callable[[Library], object]
) -> None:
    with stage.open() as library:
        fill(stage, library, days=9999)
        opened = close_one(stage, library)
        case_id = opened.case.case_id
        stage.now += KEPT - TICK
        command(library)
        case = library.cases().get(case_id)
        assert case.request is not None
        assert case.request.requester == REQUESTER
        stage.now += TICK
        seals = seals_of(stage)
        command(library)
        case = library.cases().get(case_id)
    assert (case.request, case.decision, case.is_checked) == (None, None, True)
    assert [event.state for event in case.events][-1] is CaseState.CLOSED
    assert not any(event.details for event in case.events)
    assert keys_of(stage) == []
    assert set(seals_of(stage)) == {b""}
    assert find_traces(stage.home, {f"seal {n}": seal for n, seal in enumerate(seals)}) == []
    check_sound(stage.home)


def test_the_days_are_a_setting(stage: Stage) -> None:
    with stage.open(case_days=10) as library:
        fill(stage, library)
        close_one(stage, library)
        stage.now += timedelta(days=10)
        report = library.enforce_retention()
    assert report is not None
    assert (report.erased["cases"], report.left["cases"]) == (1, 0)
    assert report.erased["photos"] == 0


@pytest.mark.parametrize("value", ["0", "-1", "soon"])
def test_a_case_is_kept_for_a_day_at_least(value: str) -> None:
    from mien.settings import load_settings

    with pytest.raises(SettingsError, match="MIEN_CASE_DAYS must be a whole number above zero"):
        load_settings({"MIEN_CASE_DAYS": value})


def test_a_case_that_is_open_is_kept_however_old(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library, days=99999)
        opened = request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
        stage.now += 5 * KEPT
        assert library.enforce_retention() is None
        case = library.cases().get(opened.case.case_id)
    assert case.request is not None
    assert case.is_overdue(stage.now)


def test_one_case_ends_and_the_next_stays(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library, days=99999)
        first = close_one(stage, library)
        stage.now += timedelta(days=100)
        second = close_one(stage, library, "second")
        stage.now += KEPT - timedelta(days=100)
        library.enforce_retention()
        assert library.cases().get(first.case.case_id).request is None
        assert library.cases().get(second.case.case_id).request is not None
        assert [case.request is None for case in library.cases().list()] == [True, False]
        assert keys_of(stage) == [f"case:{second.case.case_id}"]


def test_a_forgotten_case_can_be_listed_and_not_acted_on(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library, days=9999)
        opened = close_one(stage, library)
        stage.now += KEPT
        library.enforce_retention()
        with pytest.raises(ConflictError, match="is closed"):
            answer(stage, library, opened, "again")
        with pytest.raises(ConflictError, match="not decided anew"):
            refuse_case(library, opened)
        with pytest.raises(ConflictError):
            library.cases().close(opened.case.case_id)
        document = json.loads(library.cases().acknowledge(opened.case.case_id))
    assert document["acknowledgement"]["case"] == opened.case.case_id


def test_the_log_still_verifies_and_opens_no_detail_of_it(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library, days=9999)
        close_one(stage, library)
        shown = cases_in(stage, library)
        assert all(entry.details for entry in shown)
        stage.now += KEPT
        library.enforce_retention()
        assert not any(entry.details for entry in cases_in(stage, library))
        assert library.audit().verify().is_sound
    last = entries_of(stage)[-1]
    assert (last["action"], last["facts"]["erased"]["cases"]) == ("retention", 1)


def cases_in(stage: Stage, library: Library) -> list[ShownEntry]:
    told = [entry for entry in entries_of(stage) if entry["action"].startswith("case-")]
    return [library.audit().entry(entry["seq"]) for entry in told]


@pytest.mark.parametrize("parts", [("catalog",), ("keys",)])
def test_an_old_backup_of_a_part_brings_no_case_back(stage: Stage, parts: tuple[str, ...]) -> None:
    with stage.open() as library:
        fill(stage, library, days=9999)
        opened = close_one(stage, library)
    shutil.copytree(stage.home, stage.folder / "backup")
    stage.now += KEPT
    with stage.open() as library:
        library.enforce_retention()
    if "catalog" in parts:
        for path in stage.home.glob("catalog.db*"):
            path.unlink()
        for path in (stage.folder / "backup").glob("catalog.db*"):
            shutil.copy2(path, stage.home / path.name)
    else:
        shutil.copy2(stage.folder / "backup" / "keys" / "keys.db", stage.home / "keys" / "keys.db")
    with stage.open() as library:
        case = library.cases().get(opened.case.case_id)
    assert (case.request, case.state) == (None, CaseState.CLOSED)
    assert keys_of(stage) == []
    assert set(seals_of(stage)) == {b""}
