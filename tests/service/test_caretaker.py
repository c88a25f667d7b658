"""What a server sees to beside its requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from mien.library import Library
from mien.service.caretaker import Caretaker
from service.stage import PURPOSE, Stage, query

SOON_S = 20.0


@contextmanager
def caring(library: Library, *, every_s: float) -> Iterator[Caretaker]:
    caretaker = Caretaker(library.parts, every_s=every_s)
    caretaker.start()
    try:
        yield caretaker
    finally:
        caretaker.stop()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON_S
    while not is_so():
        assert time.monotonic() < deadline, "nobody saw to it"
        time.sleep(0.01)


def fill(stage: Stage, library: Library) -> str:
    stage.draw("ann.png", 1)
    grant = stage.grant(library, days=2)
    library.add(stage.photos, grant=grant)
    return grant


def test_a_collection_is_in_memory_before_anybody_searches(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
    with stage.open() as library:
        galleries = library.parts.galleries
        with caring(library, every_s=60):
            wait_until(lambda: bool(galleries._galleries))
        (gallery,) = galleries._galleries.values()
        assert len(gallery.index) == 1
        assert library.search(stage.photos / "ann.png", purpose=PURPOSE).faces_searched == 1


def test_what_is_overdue_goes_though_nobody_asks(stage: Stage) -> None:
    with stage.open(grace_days=0) as library:
        fill(stage, library)
        with caring(library, every_s=0.01):
            stage.now += timedelta(days=3)
            wait_until(lambda: query(stage.home / "catalog.db", "SELECT id FROM faces") == [])


def test_what_still_may_be_kept_stays(stage: Stage) -> None:
    with stage.open(grace_days=0) as library:
        fill(stage, library)
        with caring(library, every_s=0.01):
            stage.now += timedelta(hours=1)
            time.sleep(0.1)
        assert len(query(stage.home / "catalog.db", "SELECT id FROM faces")) == 1


def test_an_empty_home_asks_for_no_models(stage: Stage) -> None:
    class NoModels:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(name)

    with stage.open() as library:
        library.parts.deployment._models = NoModels()  # type: ignore[assignment]
        library.parts.deployment._model = None
        with caring(library, every_s=60) as caretaker:
            caretaker.stop()
        assert not caretaker._thread.is_alive()


def test_it_stops_at_once_while_it_waits(stage: Stage) -> None:
    with stage.open() as library:
        began = time.monotonic()
        with caring(library, every_s=3600):
            pass
        assert time.monotonic() - began < SOON_S / 2
