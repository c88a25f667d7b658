"""What one forward pass costs a chip, against dlib on the same weights in the same run.

dlib and Mien take turns, so that a busy machine is busy for both; medians are compared. The
chips are seeded noise: no step of either network depends on what a chip shows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from bench.rows import make_row
from bench.weights import WEIGHTS
from numpy.typing import NDArray

from mien.types import Rgb
from mien.vision.cards import get_card
from mien.vision.session import Session, open_session
from mien.vision.weights import WeightStore

NAME = "embed"
BATCH_CHIPS = 16
SEED = 1
TARGETS = {1: 18.0, 2: 30.0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of the weight cache")
    parser.add_argument("--rounds", type=int, default=15)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Milliseconds a chip with each engine, their ratios, and how far their outputs differ."""
    store = WeightStore(arguments.weights)
    card = get_card("dlib-resnet-v1")
    graph = store.pull(card)
    sessions = {threads: open_session(graph, threads=threads) for threads in TARGETS}
    describe = open_dlib(store.path_of(card))
    random = np.random.default_rng(SEED)
    chips = random.integers(0, 256, (BATCH_CHIPS, 150, 150, 3), dtype=np.uint8)
    difference = np.abs(sessions[1].run(as_planes(chips))[0][0] - describe(chips[0])).max()
    dlib_ms, mien_ms = measure(sessions, describe, chips=chips, rounds=arguments.rounds)
    what = "largest difference of an output from dlib's"
    rows = [make_row(what, float(difference), at_most=1e-5)]
    rows.append(make_row("dlib, one thread", dlib_ms, unit="ms a chip"))
    for threads, target in TARGETS.items():
        ratio = dlib_ms / mien_ms[threads]
        rows.append(make_row(f"mien, {threads} thread(s)", mien_ms[threads], unit="ms a chip"))
        what = f"mien over dlib, {threads} thread(s)"
        rows.append(make_row(what, ratio, unit="times", at_least=target))
    return {"rows": rows}


def measure(
    sessions: dict[int, Session], describe: Callable[[Rgb], Any], *, chips: Rgb, rounds: int
) -> tuple[float, dict[int, float]]:
    """Median milliseconds a chip: dlib's, and Mien's by number of threads."""
    planes = as_planes(chips)
    dlib_ms: list[float] = []
    mien_ms: dict[int, list[float]] = {threads: [] for threads in sessions}
    for index in range(rounds):
        chip = chips[index % len(chips)]
        dlib_ms.append(time_ms(partial(describe, chip)))
        for threads, session in sessions.items():
            session.run(planes)
            took_ms = time_ms(partial(session.run, planes))
            mien_ms[threads].append(took_ms / len(planes))
    return median(dlib_ms), {threads: median(times) for threads, times in mien_ms.items()}


def as_planes(chips: Rgb) -> NDArray[np.float32]:
    """Shape (chips, 3, side, side) of what has shape (chips, side, side, 3)."""
    return np.ascontiguousarray(chips.transpose(0, 3, 1, 2)).astype(np.float32)


def open_dlib(weights: Path) -> Callable[[Rgb], Any]:
    import dlib

    model = dlib.face_recognition_model_v1(str(weights))
    return lambda chip: np.array(model.compute_face_descriptor(chip))


def time_ms(work: Callable[[], Any]) -> float:
    began_s = time.perf_counter()
    work()
    return (time.perf_counter() - began_s) * 1000
