"""Search in a million faces: how fast, how exact, how small; and the same faces in other engines.

The gallery is drawn from the recogniser's own Gaussian. The probes are real photos. For the
comparison every real photo of somebody who has several stands in the gallery too, and an
engine's share is how many of a person's other photos are among the ten best, the probe itself
apart. Every engine answers one probe at a time.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from bench.faces import People, draw_faces, embed_people
from bench.machine import read_resident_bytes
from bench.peers import Engine, FaissFlat, Mien, Usearch, open_pgvector
from bench.rows import make_row
from bench.weights import WEIGHTS
from numpy.typing import NDArray

from mien.index.scan import ScanIndex
from mien.types import Gaussian, Vectors

NAME = "search"

_LIMIT = 10
_PROBES = 1000
_TIE = 1e-6
_BLOCK_ROWS = 20_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    photos = Path("../shared/data/lfw-view1/images")
    parser.add_argument("--photos", type=Path, default=photos, help="named Name_Surname_0001.jpg")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of the weight cache")
    parser.add_argument("--faces", type=int, default=1_000_000)
    parser.add_argument("--peer-faces", type=int, default=200_000)


def run(arguments: argparse.Namespace) -> dict[str, object]:
    people = embed_people(arguments.photos, weights=arguments.weights)
    rows = measure_scan(people, arguments.faces)
    engines = compare_engines(people, arguments.peer_faces)
    best = max(line.share for line in engines if line.engine.startswith("Mien"))
    quickest = min(line.p50_ms for line in engines if line.engine.startswith("Mien"))
    faster = [line for line in engines if line.share >= best and line.p50_ms < quickest]
    named = ", ".join(f"{line.engine} {line.effort}" for line in faster) or "none"
    what = f"engines as complete and faster, {arguments.peer_faces:,} faces: {named}"
    rows.append(make_row(what, len(faster), at_most=0))
    heading = f"One probe at a time among {arguments.peer_faces:,} faces:"
    return {"rows": rows, "tables": {heading: [line.describe() for line in engines]}}


def measure_scan(people: People, count: int) -> list[dict[str, object]]:
    """Speed, memory and exactness of the scan among `count` drawn faces."""
    gallery = draw_faces(people.gaussian, count, seed=1)
    probes = np.random.default_rng(0).permutation(people.templates)[:_PROBES]
    index = ScanIndex(gallery.shape[1], people.gaussian, threads=2)
    resident_bytes, before = read_resident_bytes(), time.perf_counter()
    index.add(np.arange(count), gallery)
    seconds = time.perf_counter() - before
    own_bytes = (read_resident_bytes() - resident_bytes) / count - 2 * gallery.shape[1]
    two = time_searches(index, probes)
    one = time_searches(_with_one_thread(index, people.gaussian), probes)
    before = time.perf_counter()
    hits = index.search(probes, limit=_LIMIT)
    batch_ms = (time.perf_counter() - before) / len(probes) * 1000
    exact = find_best_scores(gallery.astype(np.float16), probes, limit=_LIMIT)
    is_equal = np.abs(hits.scores - exact) <= _TIE
    return [
        make_row(
            f"one query, {count:,} faces, 2 threads, p50", np.median(two), unit="ms", at_most=5
        ),
        make_row("the same, p99", np.percentile(two, 99), unit="ms"),
        make_row("one query, 1 thread, p50", np.median(one), unit="ms"),
        make_row("a query in a batch of 1,000, 2 threads", batch_ms, unit="ms"),
        make_row("probes whose best face is the exact one", is_equal[:, 0].sum(), at_least=1000),
        make_row(
            "probes whose ten best are the exact ones", is_equal.all(axis=1).sum(), at_least=998
        ),
        make_row("memory a face beyond its template", own_bytes, unit="bytes", at_most=100),
        make_row("adding", count / seconds, unit="templates/s", at_least=100_000),
    ]


def time_searches(index: ScanIndex, probes: Vectors) -> NDArray[np.float64]:
    """Milliseconds of each probe, one at a time."""
    took_ms = []
    for probe in np.concatenate((probes[:50], probes)):
        before = time.perf_counter()
        index.search(probe[None], limit=_LIMIT)
        took_ms.append((time.perf_counter() - before) * 1000)
    return np.array(took_ms[50:])


def find_best_scores(
    templates: NDArray[np.float16], probes: Vectors, *, limit: int
) -> NDArray[np.float32]:
    """The best scores of each probe, falling: the plain way, with nothing of Mien in it."""
    best = np.full((len(probes), limit), -np.inf, np.float32)
    for start in range(0, len(templates), _BLOCK_ROWS):
        scores = probes @ templates[start : start + _BLOCK_ROWS].astype(np.float32).T
        top = np.partition(scores, scores.shape[1] - limit)[:, -limit:]
        best = -np.sort(-np.concatenate((best, top), axis=1))[:, :limit]
    return best


@dataclass(frozen=True, slots=True)
class Line:
    """What one engine did at one setting; `share` is relative to exact search."""

    engine: str
    effort: int
    p50_ms: float
    p99_ms: float
    share: float
    build_s: float
    bytes_a_face: float

    def describe(self) -> dict[str, object]:
        return {
            "engine": self.engine,
            "expansion": self.effort or "",
            "p50 ms": self.p50_ms,
            "p99 ms": self.p99_ms,
            "share of the exact answers": f"{self.share:.4f}",
            "build s": self.build_s,
            "bytes a face": self.bytes_a_face,
        }


def compare_engines(people: People, count: int) -> list[Line]:
    """All engines on the same faces: real ones of people with several photos among drawn ones."""
    is_several = people.with_several_photos()
    real, person = people.templates[is_several], people.person[is_several]
    gallery = draw_faces(people.gaussian, count, seed=2)
    places = np.random.default_rng(3).choice(count, len(real), replace=False)
    gallery[places] = real
    owner = np.full(count, -1)
    owner[places] = person
    lines: list[Line] = []
    for engine in _iter_engines(people.gaussian):
        before = time.perf_counter()
        engine.build(gallery)
        build_s = time.perf_counter() - before
        for effort in engine.efforts:
            engine.set_effort(effort)
            found, took_ms = _ask(engine, real, places)
            hits = sum(
                int((owner[own] == who).sum()) for own, who in zip(found, person, strict=True)
            )
            lines.append(
                Line(
                    engine.name,
                    effort,
                    float(np.median(took_ms)),
                    float(np.percentile(took_ms, 99)),
                    hits,
                    build_s,
                    engine.measure_bytes() / count,
                )
            )
    return _relative(lines)


def _iter_engines(gaussian: Gaussian) -> Iterator[Engine]:
    """Each is built, asked and dropped before the next."""
    dimension = len(gaussian.mean)
    yield FaissFlat()
    for threads in (1, os.cpu_count() or 1):
        yield Mien(gaussian, threads=threads)
    for kind in ("i8", "f16"):
        yield Usearch(dimension, kind=kind)
    with ExitStack() as stack:
        yield stack.enter_context(open_pgvector(dimension))


def _ask(
    engine: Engine, probes: Vectors, places: NDArray[np.int64]
) -> tuple[list[NDArray[np.int64]], list[float]]:
    """The ten best of each probe without itself, and milliseconds."""
    for probe in probes[:20]:
        engine.find(probe, _LIMIT + 1)
    found, took_ms = [], []
    for probe, place in zip(probes, places, strict=True):
        before = time.perf_counter()
        rows = engine.find(probe, _LIMIT + 1)
        took_ms.append((time.perf_counter() - before) * 1000)
        found.append(rows[rows != place][:_LIMIT])
    return found, took_ms


def _relative(lines: Sequence[Line]) -> list[Line]:
    """Shares counted against the first line, which is exact."""
    return [replace(line, share=line.share / lines[0].share) for line in lines]


def _with_one_thread(index: ScanIndex, gaussian: Gaussian) -> ScanIndex:
    alone = ScanIndex(index.dimension, gaussian, threads=1)
    alone.restore(index.snapshot())
    return alone
