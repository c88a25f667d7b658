"""Searches through the server, as programs ask for them, on a home of nobody's faces.

A server of its own is asked over this machine's own network: alone, by a few clients at once,
at half of what it can do while photos are handed in, by fifty clients at once, and ten thousand
times in a row. Probes are portraits of two megapixels; half of the searches hand in such a
photo, the other half name a face of the collection. Clients and server share the cores.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from bench.home import PURPOSE, find_home
from bench.load import Answer, Call, Client, keep_asking, keep_pace, make_form, quantile_ms
from bench.looks import compare_cores, compare_looks, compare_updates
from bench.rows import Row, make_row
from bench.served import SHELF, Served, serve
from PIL import Image

NAME = "serving"

SEARCHES, _UPLOADS, _COLLECTIONS = "/v1/searches", "/v1/uploads", "/v1/collections"
_SIDE_PX = 1414
EVERY = 6
_CROWD = 50
_FACES_ASKED = 200
_SLOWEST_S = 12.0
"""The turnstile's patience of 10 s, and the search itself."""
_OK, _LATER = 200, frozenset({429, 503})
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Plan:
    """How much is asked: calls alone, seconds a load, and how many calls for the memory."""

    faces: int
    alone: int
    seconds: float
    paced_s: float
    calls: int


_FULL = _Plan(faces=100_000, alone=100, seconds=12, paced_s=90, calls=10_000)
_QUICK = _Plan(faces=20_000, alone=20, seconds=3, paced_s=10, calls=400)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--quick", action="store_true", help="a minute's worth, on fewer faces")


def run(arguments: argparse.Namespace) -> dict[str, object]:
    plan = _QUICK if arguments.quick else _FULL
    paths = sorted((arguments.data / "london").glob("*.jpg"))
    probes = [enlarge(path) for path in paths[::EVERY]]
    home = find_home(arguments.shared, faces=plan.faces)
    rows = [*compare_looks(home, probes), *compare_cores(home, probes), *compare_updates(home)]
    with serve(arguments.shared, faces=plan.faces) as served:
        bench = _Bench(served, plan, uploads=_make_uploads(probes), faces=_make_faces(home))
        rows += bench.measure(photos=[path.read_bytes() for path in paths])
    return {"faces": plan.faces, "rows": rows}


class _Bench:
    """One server and what it is asked."""

    def __init__(
        self, served: Served, plan: _Plan, *, uploads: Sequence[Call], faces: Sequence[Call]
    ) -> None:
        self._served = served
        self._plan = plan
        self._uploads = uploads
        self._faces = faces
        self._both = [call for pair in zip(uploads, faces, strict=False) for call in pair]
        self._numbers = itertools.count()

    def measure(self, *, photos: Sequence[bytes]) -> Iterator[Row]:
        """Everything in turn; what is asked first is not timed."""
        self._ask(self._both, clients=4, seconds=30, most=len(self._both))
        many = f"among {self._plan.faces:,} faces"
        yield from self._time_alone(self._uploads, f"search by upload {many}", at_most=120)
        yield from self._time_alone(self._faces, f"search by stored face {many}")
        a_second = max(self._count_a_second(clients) for clients in (1, 2, 4, 8))
        yield make_row("searches, as many as can be", a_second, unit="a second")
        yield from self._keep_pace(a_second / 2, photos=photos)
        yield from self._crowd()
        yield from self._go_on()

    def _time_alone(
        self, calls: Sequence[Call], what: str, *, at_most: float | None = None
    ) -> Iterator[Row]:
        before = self._served.read_processor_s()
        answers = self._ask(calls, clients=1, seconds=60, most=self._plan.alone)
        used_s = self._served.read_processor_s() - before
        check(answers)
        yield make_row(f"{what}, p50", quantile_ms(answers, 0.5), unit="ms", at_most=at_most)
        yield make_row(f"{what}, p95", quantile_ms(answers, 0.95), unit="ms")
        yield make_row(f"{what}, processor time", 1000 * used_s / len(answers), unit="ms")

    def _count_a_second(self, clients: int) -> float:
        began = time.perf_counter()
        answers = self._ask(self._both, clients=clients, seconds=self._plan.seconds)
        check(answers)
        return len(answers) / (time.perf_counter() - began)

    def _keep_pace(self, a_second: float, *, photos: Sequence[bytes]) -> Iterator[Row]:
        """An open loop, while photos are handed in one after the other."""
        done = threading.Event()
        before = self._count_photos()
        adding = threading.Thread(target=self._hand_in, args=(photos, done))
        adding.start()
        answers = keep_pace(
            self._connect, self._both, a_second=a_second, seconds=self._plan.paced_s, seed=1
        )
        added = self._count_photos() - before
        done.set()
        adding.join()
        p50, p99 = (quantile_ms(answers, share) for share in (0.5, 0.99))
        what = f"{a_second:.1f} searches a second, open loop"
        yield make_row(f"{what}, photos added meanwhile", added, at_least=1)
        yield make_row(f"{what}, p50", p50, unit="ms")
        yield make_row(f"{what}, p99", p99, unit="ms")
        yield make_row(f"{what}, p99 over p50", p99 / p50, unit="times", at_most=5)
        errors = sum(answer.status != _OK for answer in answers)
        yield make_row(f"{what}, errors", errors, at_most=0)

    def _hand_in(self, photos: Sequence[bytes], done: threading.Event) -> None:
        client = self._served.connect()
        fields = [("grant", self._served.grant_id), ("collection", "default"), ("shelf", SHELF)]
        for number in itertools.count():
            # A few bytes after the end of a JPEG change nothing of it but what it is known by.
            photo = photos[number % len(photos)] + f"copy {number}".encode()
            answer = client.send(replace(make_form(fields, [("photos", photo)]), path=_UPLOADS))
            if answer.status is None or done.wait(1.0):
                break
        client.close()

    def _crowd(self) -> Iterator[Row]:
        began = time.perf_counter()
        answers = self._ask(self._both, clients=_CROWD, seconds=self._plan.seconds)
        seconds = time.perf_counter() - began
        found = [answer for answer in answers if answer.status == _OK]
        later = [answer for answer in answers if answer.status in _LATER and answer.retry_after]
        what = f"{_CROWD} clients at once"
        yield make_row(f"{what}, searches", len(found) / seconds, unit="a second")
        yield make_row(f"{what}, p50 of these", quantile_ms(found, 0.5), unit="ms")
        yield make_row(f"{what}, told when to come back", len(later), unit="answers")
        slowest = quantile_ms(answers, 1.0) / 1000
        yield make_row(f"{what}, slowest answer", slowest, unit="s", at_most=_SLOWEST_S)
        rest = len(answers) - len(found) - len(later)
        yield make_row(f"{what}, neither of both", rest, at_most=0)

    def _go_on(self) -> Iterator[Row]:
        """Searches of both kinds, and requests that are refused, in turn."""
        wrong = _make_wrong()
        calls = [
            call
            for number in range(max(len(self._uploads), 10))
            for call in (
                *(self._faces[(6 * number + k) % len(self._faces)] for k in range(6)),
                self._uploads[number % len(self._uploads)],
                *(wrong[(3 * number + k) % len(wrong)] for k in range(3)),
            )
        ]
        tenth = self._plan.calls // 10
        asked = self._ask(calls, clients=4, seconds=60, most=tenth)
        early = self._served.read_resident_bytes()
        asked += self._ask(calls, clients=4, seconds=360, most=self._plan.calls - tenth)
        late = self._served.read_resident_bytes()
        failed = sum(answer.status is None or answer.status >= 500 for answer in asked)
        what = "requests of all kinds, a third of them refused"
        yield make_row(what, len(asked), at_least=self._plan.calls)
        yield make_row(f"{what}, failures", failed, at_most=0)
        yield make_row(f"{what}, memory of the server", late / _MIB, unit="MiB")
        ratio = late / early
        yield make_row(f"{what}, memory over that after a tenth", ratio, unit="times", at_most=1.1)

    def _ask(
        self, calls: Sequence[Call], *, clients: int, seconds: float, most: int = 0
    ) -> list[Answer]:
        return keep_asking(self._connect, calls, clients=clients, seconds=seconds, most=most)

    def _connect(self) -> Client:
        return self._served.connect(number=next(self._numbers))

    def _count_photos(self) -> int:
        client = self._served.connect()
        answer = client.send(Call("GET", _COLLECTIONS))
        client.close()
        return sum(one["photos"] for one in json.loads(answer.body)["items"])


def check(answers: Sequence[Answer]) -> None:
    """What is timed was answered."""
    for answer in answers:
        if answer.status != _OK:
            raise SystemExit(f"a search was answered with {answer.status}: {answer.body!r}")


def enlarge(path: Path) -> bytes:
    """A portrait of two megapixels."""
    buffer = io.BytesIO()
    with Image.open(path) as photo:
        large = photo.convert("RGB").resize((_SIDE_PX, _SIDE_PX), Image.Resampling.LANCZOS)
        large.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


ASKED = (("collection", "default"), ("purpose", PURPOSE))


def _make_uploads(probes: Sequence[bytes]) -> list[Call]:
    return [replace(make_form(ASKED, [("photos", one)]), path=SEARCHES) for one in probes]


def _make_faces(home: Path) -> list[Call]:
    """Searches by faces from all over the collection."""
    with closing(sqlite3.connect(home / "catalog.db")) as catalog:
        found = catalog.execute("SELECT uuid FROM faces ORDER BY id").fetchall()
    step = max(1, len(found) // _FACES_ASKED)
    return [_search_by(uuid) for (uuid,) in found[::step]]


def _search_by(face_id: str) -> Call:
    return replace(make_form([*ASKED, ("face_id", face_id)], []), path=SEARCHES)


def _make_wrong() -> list[Call]:
    """Requests that are refused, each for another reason."""
    return [
        replace(make_form(ASKED, [("photos", b"no photo")]), path=SEARCHES),
        _search_by("00000000-0000-4000-8000-000000000000"),
        Call("POST", SEARCHES, b"{", "application/json"),
        Call("GET", "/v1/nothing"),
        replace(make_form([("collection", "default")], []), path=SEARCHES),
    ]
