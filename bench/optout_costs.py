"""What opt-outs cost: a search with ten suppressed faces, and a photo with ten opted-out ones."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import numpy as np
from bench.faces import draw_faces
from bench.home import PURPOSE, ModelsByName, fill_home, load_gallery, open_home
from bench.rows import make_row
from numpy.typing import NDArray

from mien.library import Library
from mien.permission.suppression import Level
from mien.service.ports import Vision
from mien.service.suppressed import SuppressionList, Suppressions
from mien.service.suppressing import record_suppression
from mien.service.suppression_records import Facts, Suppression, encode_template
from mien.service.suppression_replay import settle_suppressions
from mien.settings import Settings
from mien.testing import GOOD
from mien.types import Box, Credit, EmbeddedFace, Face, Landmarks, Look, PhotoAnalysis, Point
from mien.vision.decode import decode_photo
from mien.vision.pipeline import open_pipeline
from mien.vision.render import render_thumbnail
from mien.vision.sketch import find_near, sketch_copies, sketch_photo
from mien.vision.weights import WeightStore

_SUPPRESSED = 10
_SEARCHES = 100
_ROUNDS = 4


@dataclass(frozen=True)
class DrawnVision:
    """Sees in any bytes one face of nobody, another for each number that they say."""

    faces: NDArray[np.float32]

    def analyse(self, content: bytes, *, look: Look = Look.PHOTO) -> PhotoAnalysis:
        del look
        face = Face(Box(1, 2, 3, 4), Landmarks(*[Point(1, 2)] * 5), 0.9)
        seen = EmbeddedFace(face, self.faces[int(content)], b"", GOOD)
        return PhotoAnalysis(9, 9, "image/jpeg", b"", Credit(), (seen,))


@dataclass(frozen=True)
class DrawnModels(ModelsByName):
    """The default model's name, and eyes that see what was drawn."""

    faces: NDArray[np.float32]

    def open(self, *, threads: int) -> Vision:
        del threads
        return DrawnVision(self.faces)


def measure_costs(photos: Path, *, weights: Path, faces: int) -> list[dict[str, object]]:
    plain_ms, suppressed_ms, seconds = measure_search(faces)
    sketch_ms, photo_ms = measure_sketch(photos, weights=weights)
    return [
        make_row(f"one search, {faces:,} faces, nobody opted out, p50", plain_ms, unit="ms"),
        make_row(f"the same, {_SUPPRESSED} faces opted out, p50", suppressed_ms, unit="ms"),
        make_row("its rise", 100 * (suppressed_ms / plain_ms - 1), unit="%", at_most=5),
        make_row(
            f"opting {_SUPPRESSED} faces out, with what is like them erased", seconds, unit="s"
        ),
        make_row(f"a photo held against {_SUPPRESSED} opted-out photos", sketch_ms, unit="ms"),
        make_row(
            "that, of the time that vision takes for it",
            100 * sketch_ms / photo_ms,
            unit="%",
            at_most=2,
        ),
    ]


def measure_search(faces: int) -> tuple[float, float, float]:
    """Milliseconds of a search but for vision, without opt-outs and with; seconds to opt out.

    The two kinds take turns, since a busy machine is never busy in the same way for long.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open_home(folder / "home") as library:
            fill_home(library, faces, folder=folder)
            gaussian = library._deployment.model.gaussian  # noqa: SLF001  (a bench may)
        drawn = draw_faces(gaussian, _SUPPRESSED + _SEARCHES, seed=7)
        settings = Settings(home=folder / "home")
        with Library(settings=settings, models=DrawnModels(drawn)) as library:
            load_gallery(library)
            before = time.perf_counter()
            opt_out(library, drawn[:_SUPPRESSED])
            seconds = time.perf_counter() - before
            plain, suppressed = zip(*_search_in_turns(library), strict=True)
    return float(np.median(plain)), float(np.median(suppressed)), seconds


def opt_out(library: Library, templates: NDArray[np.float32]) -> None:
    """Records that all of these opted out by their faces, and erases what is like them."""
    deployment = library._deployment  # noqa: SLF001  (a bench may)
    for template in templates:
        facts = Facts(templates={deployment.model.digest: encode_template(template)})
        new = Suppression(str(uuid4()), Level.FACE, deployment.clock(), facts)
        with deployment.database.writing() as connection:
            record_suppression(deployment, connection, new=new, portrait=b"\xff\xd8\xff")
    settle_suppressions(deployment, library._galleries)  # noqa: SLF001  (a bench may)


def _search_in_turns(library: Library) -> Iterator[tuple[float, float]]:
    nobody = Suppressions([], library._deployment.model)  # noqa: SLF001  (a bench may)
    probes = range(_SUPPRESSED, _SUPPRESSED + _SEARCHES)
    for number in [*probes, *(number for _ in range(_ROUNDS) for number in probes)]:
        with (
            patch.object(SuppressionList, "load", lambda *_: nobody),
            patch("mien.service.search.find_left_out", lambda *_, **__: np.empty(0, np.int64)),
        ):
            plain = _time_search(library, number)
        suppressed = _time_search(library, number)
        # A probe that looks like one who opted out is refused at once, and says nothing.
        if suppressed is not None and plain is not None:
            yield plain, suppressed


def _time_search(library: Library, number: int) -> float | None:
    before = time.perf_counter()
    result = library.search(b"%d" % number, purpose=PURPOSE)
    took_ms = 1000 * (time.perf_counter() - before)
    return took_ms if result.verdict.is_allowed else None


def measure_sketch(photos: Path, *, weights: Path) -> tuple[float, float]:
    """Milliseconds for a photo to be held against a list, and for vision to see it; the medians."""
    pipeline = open_pipeline(store=WeightStore(weights), threads=1)
    contents = [path.read_bytes() for path in sorted(photos.glob("*.jpg"))[:40]]
    thumbnails = [render_thumbnail(decode_photo(content).picture) for content in contents]
    known = np.concatenate([sketch_copies(one) for one in thumbnails[:_SUPPRESSED]])
    sketch_ms, photo_ms = [], []
    for content, thumbnail in zip(contents, thumbnails, strict=True):
        before = time.perf_counter()
        find_near(sketch_photo(thumbnail), known)
        between = time.perf_counter()
        pipeline.analyse(content)
        sketch_ms.append(1000 * (between - before))
        photo_ms.append(1000 * (time.perf_counter() - between))
    return float(np.median(sketch_ms)), float(np.median(photo_ms))
