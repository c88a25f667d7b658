"""What was gained for searches, each against how it was done before, in turn in one process."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np
from bench.home import PURPOSE, load_gallery
from bench.rows import Row, make_row
from numpy.typing import NDArray

from mien.catalog import collections as collection_rows
from mien.library import Library
from mien.service import probe
from mien.service.cores import Cores
from mien.settings import Settings
from mien.types import Look

__all__ = ["compare_cores", "compare_looks", "compare_updates"]

_ROUNDS = 20
_TOGETHER = 8
_TURNS = 5


def compare_looks(home: Path, probes: Sequence[bytes]) -> Iterator[Row]:
    """Whole searches, the photo looked at as a probe and as a photo that is kept."""
    with Library(settings=Settings(home=home)) as library:

        def search(content: bytes) -> None:
            library.search(content, purpose=PURPOSE)

        def look_closely(content: bytes) -> None:
            with patch.object(probe, "Look", _EveryLook):
                search(content)

        times = _time_in_turn([search, look_closely], probes)
    wall, processor = times[..., 0], times[..., 1]
    yield make_row("a search in Python, p50", float(np.median(wall[:, 0])), unit="ms")
    ratio = float(np.median(processor[:, 0] / processor[:, 1]))
    what = "processor time of a search, over the same with a photo's look"
    yield make_row(what, ratio, unit="times", at_most=0.5)


def compare_cores(home: Path, probes: Sequence[bytes]) -> Iterator[Row]:
    """As many searches at once as there are cores: one thread each, or every core for each.

    And one after the other, each with every core.
    """
    some, cores = probes[:_TOGETHER], os.cpu_count() or 1
    with Library(settings=Settings(home=home)) as library:

        def search(content: bytes) -> None:
            library.search(content, purpose=PURPOSE)

        def share(_: bytes) -> None:
            with ThreadPoolExecutor(cores) as pool:
                list(pool.map(search, some))

        def crowd(_: bytes) -> None:
            with patch.object(Cores, "take", _take_all):
                share(_)

        def queue_up(_: bytes) -> None:
            for content in some:
                search(content)

        times = _time_in_turn([share, crowd, queue_up], [b""], rounds=_TURNS)[..., 0]
    what = f"{len(some)} searches, {cores} at once, one thread each"
    yield make_row(what, float(np.median(times[:, 0])), unit="ms")
    for place, other in enumerate((f"{cores} at once, all cores each", "one after the other"), 1):
        ratio = float(np.median(times[:, 0] / times[:, place]))
        yield make_row(f"the same over {other}", ratio, unit="times")


@contextmanager
def _take_all(_: Cores, *, most: int) -> Iterator[int]:
    yield most


class _EveryLook:
    PROBE = Look.PHOTO


def compare_updates(home: Path) -> Iterator[Row]:
    """What the first search pays after faces were added: the new ones asked for, and all."""
    with Library(settings=Settings(home=home)) as library:
        gallery = load_gallery(library)
        galleries = library._galleries  # noqa: SLF001  (a bench may)
        with library._deployment.database.reading() as connection:  # noqa: SLF001
            collection = collection_rows.get_collection(connection, "default")

        def ask_for_new(_: bytes) -> None:
            galleries._catch_up(collection, gallery, keeps_snapshot=False)  # noqa: SLF001

        def ask_for_all(_: bytes) -> None:
            known = galleries._ids_of(collection)  # noqa: SLF001
            galleries._reconcile(collection, gallery, known=known, keeps_snapshot=False)  # noqa: SLF001

        times = _time_in_turn([ask_for_new, ask_for_all], [b""])[..., 1]
    new, every = np.median(times, axis=0)
    yield make_row("faces of a loaded collection, the new ones asked for", new, unit="ms")
    yield make_row("the same, all of them asked for", every, unit="ms")


def _time_in_turn(
    ways: Sequence[Callable[[bytes], None]], contents: Sequence[bytes], *, rounds: int = _ROUNDS
) -> NDArray[np.float64]:
    """Milliseconds by the clock and of the processor, shape (rounds, ways, 2)."""
    for way in ways:
        way(contents[0])
    times = np.empty((rounds, len(ways), 2))
    for number in range(rounds):
        for place, way in enumerate(ways):
            began, used = time.perf_counter(), time.process_time()
            way(contents[number % len(contents)])
            times[number, place] = time.perf_counter() - began, time.process_time() - used
    return times * 1000
