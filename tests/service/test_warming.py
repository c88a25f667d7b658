"""Every collection in memory before anybody searches it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mien.library import Library
from mien.service.warming import Warming
from service.stage import PURPOSE, Stage

SOON_S = 20.0


@contextmanager
def warming(library: Library) -> Iterator[Warming]:
    warm = Warming(library.parts)
    warm.start()
    try:
        yield warm
    finally:
        warm.stop()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON_S
    while not is_so():
        assert time.monotonic() < deadline, "nobody saw to it"
        time.sleep(0.01)


def test_a_collection_is_in_memory_before_anybody_searches(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
    with stage.open() as library:
        galleries = library.parts.galleries
        with warming(library):
            wait_until(lambda: bool(galleries._galleries))
        (gallery,) = galleries._galleries.values()
        assert len(gallery.index) == 1
        assert library.search(stage.photos / "ann.png", purpose=PURPOSE).faces_searched == 1


def test_an_empty_home_asks_for_no_models(stage: Stage) -> None:
    class NoModels:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(name)

    with stage.open() as library:
        library.parts.deployment._models = NoModels()  # type: ignore[assignment]
        library.parts.deployment._model = None
        with warming(library) as warm:
            warm.stop()
        assert not warm._thread.is_alive()


def test_what_cannot_be_loaded_is_left_to_the_search_that_tells_of_it(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
    for path in (stage.home / "blobs").rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")
    with stage.open() as library:
        with warming(library) as warm:
            warm._thread.join(SOON_S)
            assert not warm._thread.is_alive()
        assert library.search(stage.photos / "ann.png", purpose=PURPOSE).unreadable_faces == 1
