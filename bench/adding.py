"""Photos a second through `mien add`, against the `face_recognition` package on the same files.

Every program runs as its users run it, in processes of its own, start-up included, in turn
and several times; the best time of each counts, since a busy machine only ever adds time.
Memory is the peak of the whole process.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.rows import make_row

NAME = "adding"

_PEER = """
import sys, face_recognition
for path in sys.argv[1:]:
    face_recognition.face_encodings(face_recognition.load_image_file(path))
"""
_MIB = 1024 * 1024
_COPIES = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """How long a program took, and the most memory that it held."""

    seconds: float
    peak_bytes: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--photos", type=Path, default=Path("../shared/data/london"))
    parser.add_argument("--rounds", type=int, default=2)


def run(arguments: argparse.Namespace) -> dict[str, object]:
    paths = sorted(arguments.photos.glob("*.jpg"))
    own, alone, paired = [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(arguments.rounds):
            own.append(_add(arguments.photos, home=folder / f"home-{number}", expected=len(paths)))
            alone.append(_run_peers([paths]))
            paired.append(_run_peers([paths[::2], paths[1::2]]))
        copies = _copy(paths, folder / "copies")
        many = _add(copies, home=folder / "home-copies", expected=len(paths) * _COPIES)
        starts = [_start_up() for _ in range(5)]
    best = min(outcome.seconds for outcome in own)
    peak = max(outcome.peak_bytes for outcome in own)
    return {
        "photos": len(paths),
        "rows": [
            make_row("mien add", len(paths) / best, unit="photos/s"),
            make_row("face_recognition, one process", len(paths) / min(alone), unit="photos/s"),
            make_row("face_recognition, two processes", len(paths) / min(paired), unit="photos/s"),
            make_row("mien add over one process", min(alone) / best, unit="times", at_least=6),
            make_row("mien add over two processes", min(paired) / best, unit="times", at_least=3),
            make_row("peak memory of mien add", peak / _MIB, unit="MiB", at_most=1024),
            make_row(
                f"peak memory with {_COPIES} times as many photos",
                many.peak_bytes / peak,
                unit="times",
                at_most=1.1,
            ),
            make_row("mien --version", min(starts), unit="s", at_most=0.3),
        ],
    }


def _add(photos: Path, *, home: Path, expected: int) -> Outcome:
    grant = _mien(
        *("grant", "add", "--kind", "owner_assertion", "--grantor", "bench", "--scope", photos),
        *("--purpose", "bench", "--basis", "household", "--until", "2099-12-31"),
        home=home,
    )
    before = time.perf_counter()
    report, usage = _measure("add", photos, "--grant", str(grant["grant_id"]), home=home)
    seconds = time.perf_counter() - before
    if report["photos_new"] != expected:
        raise SystemExit(f"{expected} photos were to be added, and the report is: {report}")
    return Outcome(seconds, usage.ru_maxrss * 1024)


def _mien(*words: str | Path, home: Path) -> dict[str, object]:
    return _measure(*words, home=home)[0]


def _measure(*words: str | Path, home: Path) -> tuple[dict[str, object], resource.struct_rusage]:
    """The JSON document of one command, and what its process used."""
    command = [sys.executable, "-m", "mien", *map(str, words), "--home", str(home), "--json"]
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(command, stdout=output)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
        output.seek(0)
        document: dict[str, object] = json.load(output)
    return document, usage


def _run_peers(parts: Sequence[Sequence[Path]]) -> float:
    """Seconds until all processes are done, one for each part."""
    before = time.perf_counter()
    children = [
        subprocess.Popen([sys.executable, "-W", "ignore", "-c", _PEER, *map(str, part)])
        for part in parts
    ]
    codes = [child.wait() for child in children]
    if any(codes):
        raise SystemExit("face_recognition failed; install requirements-bench.txt first")
    return time.perf_counter() - before


def _copy(paths: Sequence[Path], folder: Path) -> Path:
    """The same pictures as different photos: a few bytes after the end of a JPEG change nothing."""
    folder.mkdir()
    for number in range(_COPIES):
        for path in paths:
            content = path.read_bytes() + f"copy {number}".encode()
            (folder / f"{number}-{path.name}").write_bytes(content)
    return folder


def _start_up() -> float:
    before = time.perf_counter()
    subprocess.run([sys.executable, "-m", "mien", "--version"], check=True, capture_output=True)
    return time.perf_counter() - before
