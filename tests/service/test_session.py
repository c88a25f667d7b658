"""What happens around the calls: nobody waits for it, nobody has to think of it, all is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import pytest

from mien.catalog.connect import Database
from mien.errors import CatalogError
from mien.library import Library
from mien.service.deployment import erasing
from mien.service.session import SIGNED_EVERY
from mien.testing import draw_photo
from mien.vault.signer import read_checkpoint
from mien.vault.vault import Vault
from service.stage import PURPOSE, Stage, check_sound, names_of, query
from service.traces import Traces, find_traces, traces_of_photo

KEPT = timedelta(days=10)


def names_in(library: Library, *, person: int = 1) -> list[str]:
    probe = draw_photo(person)
    return names_of(library.search(probe, purpose=PURPOSE, limit=50, min_score=0.8))


def states(stage: Stage) -> list[str]:
    return query(stage.home / "catalog.db", "SELECT state FROM erasures")


def sizes(stage: Stage) -> list[int]:
    return query(stage.home / "catalog.db", "SELECT size FROM audit_checkpoints ORDER BY size")


def count(stage: Stage, table: str) -> int:
    return int(query(stage.home / "catalog.db", f"SELECT count(*) FROM {table}")[0])  # noqa: S608  (tables of this test)


@pytest.fixture
def traces(stage: Stage) -> Traces:
    """Of the photo whose time is over, in a collection with another that stays."""
    path = stage.draw("ann.png", 1)
    with stage.open() as library:
        library.add(path, grant=stage.grant(library, retention_days=KEPT.days))
        library.add(stage.draw("eve.png", 1), grant=stage.grant(library))
        found = traces_of_photo(stage, library, path)
    stage.now += KEPT
    return found


@contextmanager
def nothing_is_rewritten() -> Iterator[None]:
    """Neither keys nor files nor databases are touched meanwhile."""
    refused = AssertionError("somebody waits for this")
    with (
        patch.object(Vault, "shred", side_effect=refused),
        patch.object(Vault, "scrub", side_effect=refused),
        patch.object(Database, "scrub", side_effect=refused),
    ):
        yield


def test_a_search_takes_out_what_is_overdue_and_waits_for_no_more(
    stage: Stage, traces: Traces
) -> None:
    with stage.open() as library:
        with nothing_is_rewritten():
            assert names_in(library) == ["eve.png"]
            assert names_in(library) == ["eve.png"]
        assert count(stage, "photos") == count(stage, "faces") == 1
        assert states(stage) == ["destroying"]
    assert states(stage) == ["done"]
    assert find_traces(stage.home, traces) == []
    check_sound(stage.home)


def test_a_collection_in_memory_forgets_at_once(stage: Stage, traces: Traces) -> None:
    del traces
    stage.now -= timedelta(seconds=1)
    with stage.open() as library:
        assert sorted(names_in(library)) == ["ann.png", "eve.png"]
        (gallery,) = library._galleries._galleries.values()
        stage.now += timedelta(seconds=1)
        assert names_in(library) == ["eve.png"]
        assert len(gallery.index) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda library: library.add("nowhere", grant=None),
        lambda library: library.examine(),
        lambda library: library.policy(),
        lambda library: library.enforce_retention(),
    ],
    ids=["add", "examine", "policy", "enforce_retention"],
)
def test_the_next_call_that_is_no_search_finishes_it(
    stage: Stage, traces: Traces, call: Callable[[Library], object]
) -> None:
    with stage.open() as library:
        names_in(library)
        call(library)
        assert states(stage) == ["done"]
        assert find_traces(stage.home, traces) == []


def test_a_session_that_dies_after_a_search_is_finished_by_the_next(
    stage: Stage, traces: Traces
) -> None:
    with patch("mien.service.session.settle_erasures"), stage.open() as library:
        names_in(library)
    assert states(stage) == ["destroying"]
    with stage.open():
        assert states(stage) == ["done"]
    assert find_traces(stage.home, traces) == []


def test_a_session_that_cannot_finish_still_ends_and_another_does(
    stage: Stage, traces: Traces
) -> None:
    with stage.open() as library:
        names_in(library)
        error = CatalogError("The disk is full.")
        patch.object(Vault, "shred", side_effect=error).start()
    patch.stopall()
    assert states(stage) == ["destroying"]
    with stage.open():
        assert find_traces(stage.home, traces) == []


def test_a_search_waits_for_nobody_who_erases(stage: Stage, traces: Traces) -> None:
    """It shows nothing overdue all the same: it asks the grants."""
    with stage.open() as library:
        with erasing(library._deployment.home):
            assert names_in(library) == ["eve.png"]
            assert count(stage, "photos") == 2
        assert names_in(library) == ["eve.png"]
        assert count(stage, "photos") == 1
    assert find_traces(stage.home, traces) == []


def test_nothing_overdue_leaves_nothing_to_finish(stage: Stage) -> None:
    with stage.open() as library, nothing_is_rewritten():
        stage.draw("ann.png", 1)
        library.add(stage.photos, grant=stage.grant(library))
        assert names_in(library) == ["ann.png"]
        library.close()
    assert states(stage) == []


def test_a_long_session_is_signed_once_a_minute_while_it_is_used(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        signed = []
        for _ in range(5):
            stage.now += SIGNED_EVERY / 2
            names_in(library)
            signed.append(len(sizes(stage)))
        assert signed == [0, 1, 1, 2, 2]
        assert sizes(stage)[-1] == count(stage, "audit_entries") - 1


def test_a_clock_that_is_put_back_does_not_end_the_signing(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        stage.now -= timedelta(hours=3)
        library.search(draw_photo(1), purpose=PURPOSE)
        assert len(sizes(stage)) == 1


def test_a_long_run_is_signed_on_its_way(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.draw_many(6)
    monkeypatch.setattr("mien.service.ingest._BATCH_PHOTOS", 1)
    seen: list[int] = []

    def pass_time(_: object) -> None:
        stage.now += SIGNED_EVERY
        seen.append(len(sizes(stage)))

    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library), progress=pass_time)
        assert seen[0] == 0
        assert seen == sorted(seen)
        assert seen[-1] >= 5
        assert library.audit().verify().is_sound


def test_a_checkpoint_can_be_asked_for_and_costs_no_writing_where_nothing_is_new(
    stage: Stage,
) -> None:
    with stage.open() as library:
        assert library.checkpoint() is None
        stage.grant(library)
        note = library.checkpoint()
        assert note
        assert read_checkpoint(note).size == count(stage, "audit_entries") == 1
        refused = AssertionError("nothing is new")
        with patch.object(Database, "writing_durably", side_effect=refused):
            assert library.checkpoint() == note
        stage.grant(library)
        later = library.checkpoint()
    assert later
    assert sizes(stage) == [1, 2], "closing had nothing more to sign"
