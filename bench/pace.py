"""How long a photo takes end to end, against an earlier commit in the same run.

Decoding, detecting, embedding and assessing, one thread a photo. Both commits look at the same
photos in turn, and the median of the ratios of their processor times counts.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from bench.rows import Row, make_row
from bench.weights import WEIGHTS

NAME = "pace"
AGAINST = "46258bd"
"""The commit before scores were calibrated: one crop a face, no quality, upright faces only."""

SETS = {
    "press photos (LFW)": ("lfw-view1/images/*.jpg", 26),
    "portraits (London)": ("london/*.jpg", 20),
    "family photos": ("families/*.jpg", 1),
}
"""Where photos lie, and of how many one is taken."""
_ROOT = Path(__file__).parents[1]
_ROUNDS = 7
_PROGRAM = """
import sys, time
from pathlib import Path
from mien.errors import ModelError
from mien.vision import cards
from mien.vision.pipeline import open_pipeline
from mien.vision.weights import WeightStore
store = WeightStore(Path(sys.argv[1]))
try:
    pipeline = open_pipeline(store=store, threads=1, pack=cards.get_pack("open"))
except ModelError:
    pipeline = open_pipeline(store=store, threads=1)
for line in sys.stdin:
    photos = [Path(name).read_bytes() for name in line.rstrip().split("|")]
    began = time.process_time()
    for content in photos:
        pipeline.analyse(content)
    print(1000 * (time.process_time() - began) / len(photos), flush=True)
"""


class _Looker:
    """A process that looks at photos with the code of one commit."""

    def __init__(self, source: Path, weights: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(weights)],
            env=os.environ | {"PYTHONPATH": str(source)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def time_ms(self, photos: list[Path]) -> float:
        """Milliseconds of processor time a photo."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the process has no pipes")
        self._process.stdin.write("|".join(map(str, photos)) + "\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--against", default=AGAINST, help="a commit")


def run(arguments: argparse.Namespace) -> dict[str, object]:
    with _check_out(arguments.against) as earlier, ExitStack() as ending:
        lookers = [_Looker(one / "src", arguments.weights) for one in (earlier, _ROOT)]
        for looker in lookers:
            ending.callback(looker.close)
        rows = list(_iter_rows(lookers, arguments))
    return {"rows": rows}


def _iter_rows(lookers: list[_Looker], arguments: argparse.Namespace) -> Iterator[Row]:
    for name, (pattern, step) in SETS.items():
        photos = sorted(arguments.data.resolve().glob(pattern))[::step]
        for looker in lookers:
            looker.time_ms(photos[:2])
        times = np.array([[looker.time_ms(photos) for looker in lookers] for _ in range(_ROUNDS)])
        ratio = float(np.median(times[:, 1] / times[:, 0]))
        what = f"{name}, one photo against {arguments.against}"
        yield make_row(what, ratio, unit="times the time", at_most=1.6)
        yield make_row(f"{name}, one photo", float(np.median(times[:, 1])), unit="ms")


@contextmanager
def _check_out(commit: str) -> Iterator[Path]:
    """The tree of a commit, as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="mien-pace-") as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(_ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", "-q", str(tree), commit], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)
