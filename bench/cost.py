"""What keys, seals, the audit log and syncing cost `mien add`, on real photos with real models.

The same photos are added again and again, each time to a new home, as shipped and in turn with
a vault that keeps what it is handed as it is and a log that keeps nothing. Both of these stand
here and nowhere else: nothing that is shipped can be told to leave its seals or its log out.
A turn is one run of each, one after the other; the median of the turns' ratios counts. Closing
the library, which signs the log, is part of a run. Recording is what happens to a batch after
its faces were found, while the next ones are being looked at; a third way to run it leaves
only the syncing of files out.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.rows import make_row
from bench.weights import WEIGHTS

from mien.errors import ModelError
from mien.library import Library
from mien.service import audit
from mien.service.commit import BatchCounts, commit_batch
from mien.service.ports import Models, Vision
from mien.settings import Settings
from mien.types import EmbeddingModel
from mien.vault.vault import MARK_BYTES, FaceSecrets, SealedPhoto, Vault
from mien.vision.cards import get_pack
from mien.vision.pipeline import describe_model, open_pipeline
from mien.vision.weights import WeightStore

NAME = "cost"

_WORKERS = 2
Way = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Spent:
    """On adding all photos, and of that on recording them; by the clock."""

    all_s: float
    recording_s: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--photos", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--each", type=int, default=50, help="photos of either set")
    parser.add_argument("--turns", type=int, default=15)


def run(arguments: argparse.Namespace) -> dict[str, object]:
    folders = ("london", "lfw-view1/images")
    found = [sorted((arguments.photos / folder).glob("*.jpg")) for folder in folders]
    photos = [path for some in found for path in some[: arguments.each]]
    models = _Models(arguments.weights)
    ways: dict[str, Way] = {
        "shipped": nullcontext,
        "passing": passing_through,
        "not synced": _not_synced,
    }
    spent: dict[str, list[Spent]] = {name: [] for name in ways}
    add_all(photos, home=arguments.shared / "warming up", models=models)
    for turn in range(arguments.turns):
        for name in _rotated(list(ways), turn):
            with ways[name]():
                home = arguments.shared / f"{name} {turn}"
                spent[name].append(add_all(photos, home=home, models=models))
    return {"photos": len(photos), "rows": _make_rows(spent, photos=len(photos))}


def _make_rows(spent: dict[str, list[Spent]], *, photos: int) -> list[dict[str, object]]:
    turns = list(zip(spent["shipped"], spent["passing"], strict=True))
    ratios = [shipped.all_s / passing.all_s for shipped, passing in turns]
    first, middle, last = statistics.quantiles(ratios, n=4)

    def recording_ms(way: str) -> float:
        return statistics.median(each.recording_s for each in spent[way]) / photos * 1000

    shipped_ms = recording_ms("shipped")
    all_ms = statistics.median(each.all_s for each in spent["shipped"]) / photos * 1000
    return [
        make_row("mien add", all_ms, unit="ms a photo"),
        make_row("over one where all passes through", middle, unit="times", at_most=1.1),
        make_row("the same, first quartile of the turns", first, unit="times"),
        make_row("the same, third quartile", last, unit="times"),
        make_row("recording what was seen", shipped_ms, unit="ms a photo"),
        make_row(
            "of that, keys, seals, log and syncing",
            shipped_ms - recording_ms("passing"),
            unit="ms a photo",
        ),
        make_row(
            "of that, syncing files and folders",
            shipped_ms - recording_ms("not synced"),
            unit="ms a photo",
        ),
    ]


def add_all(photos: Sequence[Path], *, home: Path, models: Models) -> Spent:
    """Until all photos are added and the library is closed."""
    with ExitStack() as ending:
        settings = Settings(home=home, workers=_WORKERS)
        library = ending.enter_context(Library(settings=settings, models=models))
        grant = library.grant(
            *sorted({path.parent for path in photos}),
            grantor="bench",
            purposes=["bench"],
            basis="household",
            until=date(2099, 1, 1),
        )
        recording = ending.enter_context(_timed_recording())
        os.sync()
        before = time.perf_counter()
        report = library.add(*photos, grant=grant.grant_id)
        ending.close()
        spent = Spent(time.perf_counter() - before, sum(recording))
    if report.photos_new != len(photos):
        raise SystemExit(f"{len(photos)} photos were to be added, and the report is: {report}")
    return spent


class PassThroughVault(Vault):
    """Keeps photos as they are handed in: no keys, no seals, and nothing synced."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        yield

    def add_grant(self, photo_id: str, *, grant_id: str) -> None:
        """Whoever may read one file may read all."""

    def write_photo(
        self,
        at: SealedPhoto,
        *,
        grant_id: str,
        thumbnail_jpeg: bytes | None,
        faces: Sequence[FaceSecrets],
    ) -> None:
        del grant_id
        path = self._blobs.path_of(at.blob_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = [part for face in faces for part in (face.embedding.tobytes(), face.crop_jpeg)]
        path.write_bytes(b"".join([*kept, thumbnail_jpeg or b""]))

    def mark(self, reference: str) -> bytes:
        del reference
        return bytes(MARK_BYTES)


@contextmanager
def passing_through() -> Iterator[None]:
    """Libraries opened meanwhile have such a vault, and a log that nothing is entered into."""
    with (
        patch("mien.service.deployment.Vault", PassThroughVault),
        patch.object(audit, "append", lambda *_, **__: 0),
    ):
        yield


@contextmanager
def _timed_recording() -> Iterator[list[float]]:
    """The seconds of each batch, as batches are recorded."""
    seconds: list[float] = []

    def commit_in_time(*words: Any, **options: Any) -> BatchCounts:  # noqa: ANN401  (as they come)
        before = time.perf_counter()
        counts = commit_batch(*words, **options)
        seconds.append(time.perf_counter() - before)
        return counts

    with patch("mien.service.ingest.commit_batch", commit_in_time):
        yield seconds


@contextmanager
def _not_synced() -> Iterator[None]:
    with patch("os.fsync", lambda _: None):
        yield


class _Models:
    """The default pack, opened once for all runs."""

    def __init__(self, weights: Path) -> None:
        self._store = WeightStore(weights)
        self._opened: dict[int, Any] = {}

    @property
    def model(self) -> EmbeddingModel:
        return describe_model(get_pack("open"))

    def open(self, *, threads: int) -> Vision:
        if threads not in self._opened:
            self._opened[threads] = open_pipeline(store=self._store, threads=threads)
        vision: Vision = self._opened[threads]
        return vision

    def get(self, pack: str) -> Models:
        raise ModelError(f"{pack} is not measured here.")

    def find(self, digest: str) -> Models | None:  # noqa: ARG002  (there is one pack)
        return None


def _rotated(names: list[str], by: int) -> list[str]:
    at = by % len(names)
    return names[at:] + names[:at]
