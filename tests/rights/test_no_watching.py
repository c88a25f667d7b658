"""Nobody is watched (R26): there is nothing to watch with, in no layer and under no name."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator

import pytest
import typer
from typer.main import get_command

from house.source import PACKAGE, modules
from mien import library as library_module
from mien.catalog.faces import VisibleFace
from mien.catalog.schema import metadata
from mien.cli.app import app
from mien.library import Library
from mien.service.audit import Action
from mien.service.search import Candidate
from mien.settings import Settings
from mien.testing import draw_photo
from service.stage import PURPOSE, Stage, query

WATCHING = {
    *("watch", "watcher", "watchlist", "watching", "alert", "alerts", "alarm", "notify"),
    *("notification", "notifications", "subscribe", "subscription", "webhook", "callback"),
    *("timeline", "timelines", "track", "tracker", "tracking", "trajectory", "follow"),
    *("monitor", "monitoring", "surveil", "surveillance", "camera", "live", "rtsp"),
    *("schedule", "scheduled", "recurring", "saved"),
}


def words_of(name: str) -> set[str]:
    """A name in its words: `find_latest_runs`, `latest-runs`, `LatestRuns`."""
    return set(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()))


def names_in_the_library() -> Iterator[str]:
    for name, member in inspect.getmembers(Library):
        if not name.startswith("_"):
            yield name
            if inspect.isfunction(member):
                yield from inspect.signature(member).parameters


def names_of_commands() -> Iterator[str]:
    """Every command, group and option."""

    def walk(command: object) -> Iterator[str]:
        yield str(getattr(command, "name", "") or "")
        for parameter in getattr(command, "params", ()):
            yield from (str(option) for option in parameter.opts)
        for child in getattr(command, "commands", {}).values():
            yield from walk(child)

    assert isinstance(app, typer.Typer)
    yield from walk(get_command(app))


def names_of_modules_and_functions() -> Iterator[str]:
    for module in modules():
        yield module.path.relative_to(PACKAGE).as_posix()
        yield from (function.node.name for function in module.functions())


def names_in_the_database() -> Iterator[str]:
    for table in metadata.sorted_tables:
        yield table.name
        yield from (column.name for column in table.columns)


SURFACES: dict[str, Callable[[], Iterator[str]]] = {
    "library": names_in_the_library,
    "commands": names_of_commands,
    "modules and functions": names_of_modules_and_functions,
    "database": names_in_the_database,
    "settings": lambda: (entry.name for entry in dataclasses.fields(Settings)),
    "what can be recorded": lambda: iter(Action),
}


@pytest.mark.parametrize("surface", SURFACES)
def test_r26_there_is_nothing_to_watch_with(surface: str) -> None:
    names = list(SURFACES[surface]())
    assert len(names) > 5
    assert [name for name in names if words_of(name) & WATCHING] == []


@pytest.mark.parametrize("name", ["watch_face", "add-watch", "FaceAlert", "live/camera.py"])
def test_r26_a_watch_would_be_seen(name: str) -> None:
    assert words_of(name) & WATCHING


def test_r26_a_candidate_tells_no_time_and_no_order_of_times() -> None:
    """Results are ranked by likeness; when a photo was taken or added is not among them."""
    fields = {f.name for kind in (Candidate, VisibleFace) for f in dataclasses.fields(kind)}
    timely = {"at", "time", "date", "when", "seen", "taken", "added", "first", "last"}
    assert [name for name in fields if words_of(name) & timely] == []


def test_r26_a_search_leaves_nothing_that_searches_on(stage: Stage) -> None:
    """Photos that come later are matched with nobody who was searched for before."""
    stage.draw("ann.png", 1)
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
        tables = [table.name for table in metadata.sorted_tables if table.name[:5] != "audit"]
        catalog = stage.home / "catalog.db"
        before = {name: query(catalog, f"SELECT * FROM {name}") for name in tables}  # noqa: S608  (ours)
        library.search(draw_photo(1, seed=5), purpose=PURPOSE)
        after = {name: query(catalog, f"SELECT * FROM {name}") for name in tables}  # noqa: S608  (ours)
        assert after == before
        entries = len(library.audit().entries())
        stage.draw("ann again.png", 1)
        library.add(stage.photos, grant=grant)
        actions = {str(entry["action"]) for entry in library.audit().entries()[entries:]}
    assert actions == {"run-started", "photos-added", "run-ended"}


def test_r26_the_library_starts_nothing_that_goes_on_by_itself() -> None:
    """No thread, process or timer of its own that could look out for somebody."""
    source = inspect.getsource(library_module)
    assert not re.search(r"\b(threading|asyncio|sched|multiprocessing|Timer|Thread)\b", source)
