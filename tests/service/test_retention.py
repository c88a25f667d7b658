"""Nothing is kept longer than its grant allows: by time, whoever runs whatever command."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from mien.errors import SettingsError
from mien.library import Library
from mien.permission.use import Use
from mien.permission.verdict import Reason
from mien.service.grants import Narrowing
from mien.testing import draw_photo
from service.stage import DOCUMENTED, EMPTY, PURPOSE, Stage, check_sound, counts_of, names_of, query
from service.traces import find_traces, traces_of_photo

GRACE = timedelta(days=30)
TICK = timedelta(seconds=1)

Ending = Callable[[Library, str], object]


def names_in(library: Library, *, purpose: str = PURPOSE) -> list[str]:
    return names_of(library.search(draw_photo(1), purpose=purpose, limit=50, min_score=0.8))


def add_ann(stage: Stage, library: Library, **terms: object) -> tuple[str, Path]:
    """One photo of one person, under a grant with these terms."""
    path = stage.draw("ann.png", 1)
    grant = stage.grant(library, **terms)  # type: ignore[arg-type]
    assert library.add(path, grant=grant).photos_new == 1
    return grant, path


def held(stage: Stage) -> int:
    return int(query(stage.home / "catalog.db", "SELECT count(*) FROM photos")[0])


@pytest.mark.parametrize(
    "command",
    [
        lambda library, _: library.search(draw_photo(1), purpose=PURPOSE),
        lambda library, path: library.add(path, grant=None),
        lambda library, _: library.examine(),
        lambda library, _: library.enforce_retention(),
    ],
    ids=["search", "add", "doctor", "retention run"],
)
def test_what_is_overdue_is_erased_by_whichever_command_comes(
    stage: Stage, command: Callable[[Library, Path], object]
) -> None:
    with stage.open() as library:
        _, path = add_ann(stage, library, **DOCUMENTED | {"retention_days": 10})
        traces = traces_of_photo(stage, library, path)
        stage.now += timedelta(days=10) - TICK
        command(library, path)
        assert held(stage) == 1
        stage.now += TICK
        command(library, path)
    assert find_traces(stage.home, traces) == []
    assert counts_of(stage.home) == EMPTY | {"collections": 1}
    assert path.exists()


def test_what_lapsed_does_not_come_in_again_under_the_same_grant(stage: Stage) -> None:
    with stage.open() as library:
        grant, path = add_ann(stage, library, retention_days=10)
        stage.now += timedelta(days=10)
        report = library.add(path, grant=grant)
        assert report.refused == {Reason.RETENTION_ENDED: 1}
        assert report.photos_new == 0
        other = stage.grant(library)
        assert library.add(path, grant=other).photos_new == 1


def test_each_photo_has_a_time_of_its_own(stage: Stage) -> None:
    with stage.open() as library:
        grant, _ = add_ann(stage, library, retention_days=10)
        stage.now += timedelta(days=6)
        library.add(stage.draw("late.png", 1), grant=grant)
        stage.now += timedelta(days=4)
        assert names_in(library) == ["late.png"]
        assert held(stage) == 1
        stage.now += timedelta(days=6)
        assert names_in(library) == []
        assert held(stage) == 0


@pytest.mark.parametrize(
    "end",
    [
        lambda library, grant: library.revoke(grant),
        lambda library, grant: library.narrow(grant, Narrowing(uses=[Use.SEARCH])),
    ],
    ids=["revoked", "narrowed"],
)
def test_what_a_grant_loses_is_out_at_once_and_gone_after_the_grace(
    stage: Stage, end: Ending
) -> None:
    with stage.open() as library:
        grant, path = add_ann(stage, library)
        traces = traces_of_photo(stage, library, path)
        end(library, grant)
        assert names_in(library) == []
        stage.now += GRACE - TICK
        assert names_in(library) == []
        assert held(stage) == 1
        stage.now += TICK
        assert names_in(library) == []
    assert find_traces(stage.home, traces) == []


def test_a_grant_that_expires_is_erased_after_the_grace(stage: Stage) -> None:
    with stage.open() as library:
        grant, _ = add_ann(stage, library, days=3)
        stage.now = library.get_grant(grant).valid_until
        assert names_in(library) == []
        stage.now += GRACE - TICK
        assert library.enforce_retention() is None
        stage.now += TICK
        report = library.enforce_retention()
    assert report
    assert report.erased["photos"] == 1
    assert query(stage.home / "keys" / "keys.db", "SELECT count(*) FROM grant_keys") == [0]


def test_without_grace_a_revoked_grant_is_erased_at_once(stage: Stage) -> None:
    with stage.open(grace_days=0) as library:
        grant, path = add_ann(stage, library)
        traces = traces_of_photo(stage, library, path)
        library.revoke(grant)
        library.enforce_retention()
    assert find_traces(stage.home, traces) == []


def test_a_retention_ends_with_the_grant_if_that_is_sooner(stage: Stage) -> None:
    with stage.open() as library:
        grant, _ = add_ann(stage, library, retention_days=300)
        library.revoke(grant)
        stage.now += GRACE
        assert library.enforce_retention()


def test_a_photo_under_two_grants_stays_when_one_ends(stage: Stage) -> None:
    with stage.open() as library:
        first, path = add_ann(stage, library)
        second = stage.grant(library)
        library.add(path, grant=second)
        library.revoke(first)
        assert names_in(library) == ["ann.png"]
        stage.now += GRACE
        assert names_in(library) == ["ann.png"]
        best = library.search(draw_photo(1), purpose=PURPOSE).candidates[0]
        assert library.read_crop(best)
    keys = stage.home / "keys" / "keys.db"
    assert query(keys, "SELECT grant_id FROM grant_keys") == [second]
    assert query(keys, "SELECT grant_id FROM photo_keys") == [second]
    check_sound(stage.home)


def test_a_narrower_scope_takes_out_what_lies_outside_and_nothing_else(stage: Stage) -> None:
    inside, outside = stage.draw("kept/a.png", 1), stage.draw("left/b.png", 1)
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
        traces = traces_of_photo(stage, library, outside)
        library.narrow(grant, Narrowing(scope=[inside.parent]))
        assert names_in(library) == ["a.png"]
        assert library.add(outside, grant=grant).refused == {Reason.OUT_OF_SCOPE: 1}
        stage.now += GRACE
        assert names_in(library) == ["a.png"]
    assert find_traces(stage.home, traces) == []
    assert outside.exists()


def test_a_purpose_that_is_withdrawn_is_refused_at_once(stage: Stage) -> None:
    with stage.open() as library:
        path = stage.draw("ann.png", 1)
        grant = stage.grant(library, PURPOSE, "press")
        library.add(path, grant=grant)
        assert names_in(library, purpose="press") == ["ann.png"]
        library.narrow(grant, Narrowing(purposes=[PURPOSE]))
        refused = library.search(draw_photo(1), purpose="press").verdict
        assert refused.reasons == (Reason.PURPOSE_NOT_GRANTED,)
        assert names_in(library) == ["ann.png"]


def test_a_grant_never_gets_wider(stage: Stage) -> None:
    with stage.open() as library:
        narrow = stage.draw("inner/a.png", 1).parent
        grant = stage.grant(library, scope=narrow, uses=[Use.STORE, Use.TEMPLATE, Use.SEARCH])
        until = library.get_grant(grant).valid_until.date()
        for wider in (
            Narrowing(scope=[stage.photos]),
            Narrowing(purposes=[PURPOSE, "press"]),
            Narrowing(uses=[Use.DISPLAY]),
            Narrowing(until=until + timedelta(days=1)),
        ):
            with pytest.raises(SettingsError, match="can only be narrowed"):
                library.narrow(grant, wider)
        shorter = library.narrow(grant, Narrowing(retention_days=5))
        assert shorter.retention == timedelta(days=5)
        with pytest.raises(SettingsError, match="can only be narrowed"):
            library.narrow(grant, Narrowing(retention_days=6))
        assert library.get_grant(grant) == shorter


def test_the_deadlines_tell_what_goes_first(stage: Stage) -> None:
    with stage.open() as library:
        short, path = add_ann(stage, library, retention_days=10)
        long = stage.grant(library, days=100)
        library.add(path, grant=long)
        stage.grant(library)  # nothing is held under it
        deadlines = library.deadlines()
        assert [deadline.grant.grant_id for deadline in deadlines] == [short, long]
        assert deadlines[0].erase_at == stage.now + timedelta(days=10)
        assert deadlines[1].erase_at == library.get_grant(long).valid_until + GRACE


def test_nothing_overdue_costs_a_few_looks_and_writes_nothing(stage: Stage) -> None:
    with stage.open() as library:
        add_ann(stage, library, retention_days=10)
        assert library.enforce_retention() is None
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM erasures") == [0]
    plan = query(
        stage.home / "catalog.db",
        "EXPLAIN QUERY PLAN SELECT id FROM locations WHERE grant_id = 1 AND added_at <= 5",
    )
    assert "ix_locations_grant_id_added_at" in plan[0][3]
