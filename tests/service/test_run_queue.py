"""The queue between two steps: nothing is lost at a start, and what is cancelled is not begun."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from mien.catalog import long_runs as rows
from mien.catalog.long_runs import LongRunState
from mien.errors import ConflictError, NotFoundError, SettingsError, VaultError
from mien.library import Library
from mien.service import long_runs
from mien.service.erase import GrantorTarget
from mien.service.long_run import Asked, Outcome, RunKind, Tally, parse_asked, parse_outcome
from mien.service.long_runs import KEPT, Runs
from mien.service.run_rows import seal_outcome
from mien.testing import draw_photo
from mien.vault.notary import Owner
from service.riches import ask_for_uploads, send
from service.shelves import read_back, shelf_grant
from service.stage import Stage, query

PATIENCE_S = 20.0
PHOTO = draw_photo(7, seed=7)


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        yield library


@pytest.fixture
def grant(stage: Stage, library: Library) -> str:
    return shelf_grant(stage, library)


@pytest.fixture
def runs(library: Library) -> Iterator[Runs]:
    runs = Runs(library.parts)
    yield runs
    runs.stop()


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def finish(runs: Runs, run_id: str) -> LongRunState:
    until(lambda: runs.get(run_id).state.is_ended)
    return runs.get(run_id).state


def spooled(stage: Stage) -> list[str]:
    folder = stage.home / "spool"
    return sorted(one.name for one in folder.iterdir()) if folder.exists() else []


def test_what_comes_in_while_the_queue_is_put_right_is_not_dropped(
    library: Library, runs: Runs, grant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    find_waiting = rows.find_waiting

    def find_early(connection: Any) -> Any:
        found = find_waiting(connection)
        if not made:
            made.append("")
            helper = threading.Thread(target=hand_in_now)
            helper.start()
            helpers.append(helper)
        return found

    helpers: list[threading.Thread] = []

    def hand_in_now() -> None:
        made.append(send(runs, ask_for_uploads(grant), PHOTO))

    monkeypatch.setattr(rows, "find_waiting", find_early)
    runs.start()
    until(lambda: len(made) == 2)
    for helper in helpers:
        helper.join()
    assert finish(runs, made[1]) is LongRunState.DONE
    assert read_back(library, PHOTO) == PHOTO


def test_an_upload_that_nobody_waits_for_goes_at_the_start(
    stage: Stage, library: Library, runs: Runs, grant: str
) -> None:
    run_id = send(runs, ask_for_uploads(grant), PHOTO)
    left = library.parts.deployment.spool.begin("00000000-0000-4000-8000-000000000001")
    file = left.add("left.png")
    file.write(PHOTO)
    file.abandon()
    assert len(spooled(stage)) == 2
    runs.start()
    assert finish(runs, run_id) is LongRunState.DONE
    until(lambda: spooled(stage) == [])
    assert library.parts.deployment.spool.find_ids() == set()


def test_one_that_is_coming_in_is_left_alone_at_the_start(
    stage: Stage, runs: Runs, grant: str
) -> None:
    other = send(runs, ask_for_uploads(grant), draw_photo(9, seed=9))
    with runs.receiving() as reception:
        reception.begin_file("slow.png")
        reception.write(PHOTO[:100])
        runs.start()
        finish(runs, other)
        until(lambda: spooled(stage) == [reception.upload_id])
        reception.write(PHOTO[100:])
        reception.end_file()
        run = reception.conclude(ask_for_uploads(grant))
    assert finish(runs, run.run_id) is LongRunState.DONE


def test_a_run_that_was_cancelled_first_is_not_begun(
    stage: Stage, library: Library, runs: Runs, grant: str
) -> None:
    run_id = send(runs, ask_for_uploads(grant), PHOTO)
    waiting = runs.get(run_id)
    assert runs.cancel(run_id).state is LongRunState.CANCELLED
    assert runs._begin(waiting) is None
    runs._do(waiting)
    assert runs.get(run_id).state is LongRunState.CANCELLED
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM photos") == [0]
    assert spooled(stage) == []
    assert read_back(library, PHOTO) is None


def test_a_run_that_was_begun_first_is_ended_by_its_worker(runs: Runs, grant: str) -> None:
    run_id = send(runs, ask_for_uploads(grant), PHOTO)
    begun = runs._begin(runs.get(run_id))
    assert begun is not None
    assert begun.state is LongRunState.RUNNING
    assert runs.cancel(run_id).state is LongRunState.RUNNING
    assert runs.is_unwanted(run_id)
    runs.start()  # as the next server: what was running is queued, and not wanted
    assert finish(runs, run_id) is LongRunState.CANCELLED


def test_nothing_is_begun_twice(runs: Runs, grant: str) -> None:
    run_id = send(runs, ask_for_uploads(grant), PHOTO)
    waiting = runs.get(run_id)
    assert runs._begin(waiting) is not None
    assert runs._begin(waiting) is None


def test_cancelling_is_final_and_may_be_repeated(runs: Runs, grant: str) -> None:
    run_id = send(runs, ask_for_uploads(grant), PHOTO)
    first = runs.cancel(run_id)
    assert runs.cancel(run_id) == first
    with pytest.raises(NotFoundError, match="no run"):
        runs.cancel("00000000-0000-4000-8000-000000000000")


def test_a_grant_that_was_revoked_before_its_run_lets_nothing_in(
    stage: Stage, library: Library, runs: Runs, grant: str
) -> None:
    run_id = send(runs, ask_for_uploads(grant), PHOTO)
    library.revoke(grant)
    runs.start()
    assert finish(runs, run_id) is LongRunState.DONE
    run = runs.get(run_id)
    assert run.outcome.reasons == ("grant-revoked",)
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM originals") == [0]
    until(lambda: spooled(stage) == [])


def test_an_opt_out_that_came_before_the_run_keeps_the_photo_out(
    stage: Stage, library: Library, runs: Runs, grant: str
) -> None:
    run_id = send(runs, ask_for_uploads(grant), PHOTO)
    twin = stage.photos / "twin.png"
    twin.parent.mkdir(parents=True, exist_ok=True)
    twin.write_bytes(PHOTO)
    library.optouts().item(twin)
    runs.start()
    finish(runs, run_id)
    assert runs.get(run_id).tally.refused == {"item-suppressed": 1}
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM originals") == [0]


def test_the_names_of_files_that_failed_go_with_the_grant(
    stage: Stage, library: Library, runs: Runs, grant: str
) -> None:
    run_id = send(runs, ask_for_uploads(grant), b"no photo at all", name="anna mueller.png")
    runs.start()
    finish(runs, run_id)
    assert [one.path for one in runs.get(run_id).outcome.failed] == ["anna mueller.png"]
    runs.stop()
    assert [one.path for one in Runs(library.parts).get(run_id).outcome.failed] == [
        "anna mueller.png"
    ]
    library.erase(GrantorTarget("A. Holder"))
    later = Runs(library.parts).get(run_id)
    assert (later.state, later.outcome) == (LongRunState.DONE, Outcome())
    assert later.tally.failed == 1


def test_of_a_grant_that_is_gone_already_no_names_are_kept(library: Library) -> None:
    deployment = library.parts.deployment
    told = Outcome(message="All of it was refused.")
    sealed = seal_outcome(deployment, told, run_id="r", grant_id="never-was")
    note = deployment.vault.notary.unseal_note
    assert parse_outcome(note(sealed, owner=Owner(), context="outcome:r")) == told


@pytest.mark.parametrize("column", ["sealed", "outcome"])
def test_a_row_that_somebody_wrote_is_no_run(
    stage: Stage, library: Library, runs: Runs, grant: str, column: str
) -> None:
    run_id = send(runs, ask_for_uploads(grant), PHOTO)
    query(stage.home / "catalog.db", f"UPDATE long_runs SET {column} = x'00'")  # noqa: S608
    fresh = Runs(library.parts)
    if column == "sealed":
        assert fresh.list() == []
        with pytest.raises(VaultError):
            fresh.get(run_id)
    else:
        assert fresh.get(run_id).outcome == Outcome()


def test_a_row_that_was_written_for_another_run_does_nothing(
    stage: Stage, library: Library, runs: Runs, grant: str
) -> None:
    first = send(runs, ask_for_uploads(grant), PHOTO)
    second = send(runs, ask_for_uploads(grant), draw_photo(8, seed=8))
    query(
        stage.home / "catalog.db",
        "UPDATE long_runs SET sealed = (SELECT sealed FROM long_runs WHERE uuid = ?)",
        first,
    )
    fresh = Runs(library.parts)
    fresh.start()
    until(lambda: not query(stage.home / "catalog.db", _WAITING)[0])
    fresh.stop()
    states = dict(query(stage.home / "catalog.db", "SELECT uuid, state FROM long_runs"))
    assert states == {first: "done", second: "failed"}


_WAITING = "SELECT count(*) FROM long_runs WHERE state IN ('queued', 'running')"


def test_ended_runs_are_forgotten_after_three_months(
    stage: Stage, runs: Runs, grant: str, library: Library
) -> None:
    run_id = send(runs, ask_for_uploads(grant), PHOTO)
    runs.cancel(run_id)
    stage.now += KEPT - timedelta(seconds=1)
    Runs(library.parts)._settle()
    assert Runs(library.parts).get(run_id).state is LongRunState.CANCELLED
    stage.now += timedelta(seconds=2)
    Runs(library.parts)._settle()
    with pytest.raises(NotFoundError):
        Runs(library.parts).get(run_id)


def test_so_many_uploads_come_in_at_once_and_no_more(runs: Runs) -> None:
    with ExitStack() as arriving:
        for _ in range(8):
            assert not runs.is_crowded
            arriving.enter_context(runs.receiving())
        assert runs.is_crowded
        with pytest.raises(ConflictError, match="Come back in a minute"), runs.receiving():
            pass
    assert not runs.is_crowded


def test_a_queue_that_is_full_takes_no_more_and_keeps_no_file(
    stage: Stage, runs: Runs, grant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_runs, "_MOST_WAITING", 1)
    send(runs, ask_for_uploads(grant), PHOTO)
    assert len(spooled(stage)) == 1
    with pytest.raises(ConflictError, match="1 runs wait already"):
        send(runs, ask_for_uploads(grant), PHOTO)
    assert len(spooled(stage)) == 1


def test_an_upload_of_nothing_is_no_run(stage: Stage, runs: Runs, grant: str) -> None:
    with pytest.raises(SettingsError, match="No photo was handed in"):
        send(runs, ask_for_uploads(grant))
    assert runs.list() == []
    assert spooled(stage) == []


def test_what_was_asked_comes_back_as_it_was() -> None:
    asked = Asked(
        kind=RunKind.ADD_FOLDER, actor="user:b", collection="c", grant_id="g", paths=("/a", "/b")
    )
    assert parse_asked(asked.as_json()) == asked


def test_a_run_that_goes_on_counts_what_it_had_done_once() -> None:
    earlier = Tally(total=9, photos_met=4, photos_new=3, faces=5, dropped={"unfit": 1})
    again = Tally(total=9, photos_met=9, photos_new=5, photos_known=4, faces=7)
    assert again.after(earlier) == Tally(
        total=9, photos_met=9, photos_new=8, photos_known=1, faces=12, dropped={"unfit": 1}
    )
