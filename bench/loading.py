"""How long a collection takes to be ready for its first search: all of its templates encrypted.

Measured in processes of their own: once from the vault, face by face, which also writes the
sealed snapshot, and then from that snapshot.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.home import fill_home, load_gallery, open_home
from bench.machine import read_resident_bytes

NAME = "loading"

_MIB = 1024 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--faces", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=2)


def run(arguments: argparse.Namespace) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open_home(folder / "home") as library:
            fill_home(library, arguments.faces, folder=folder)
        vault = load_in_a_process(folder / "home")
        snapshot = [load_in_a_process(folder / "home") for _ in range(arguments.rounds)]
    seconds = min(result["seconds"] for result in snapshot)
    many = f"{arguments.faces:,} encrypted templates"
    return {
        "rows": [
            row(f"{many} through the sealed snapshot", seconds, "s", at_most=30),
            row(f"{many} through the vault, snapshot written", vault["seconds"], "s"),
            row("memory when loaded", snapshot[0]["resident_bytes"] / _MIB, "MiB"),
        ]
    }


def row(what: str, value: float, unit: str, *, at_most: float | None = None) -> dict[str, object]:
    return {
        "what": what,
        "value": round(value, 3),
        "unit": unit,
        "target": None if at_most is None else f"<= {at_most}",
        "met": None if at_most is None else value <= at_most,
    }


def load_in_a_process(home: Path) -> dict[str, float]:
    """Seconds and memory until the collection is ready."""
    command = [sys.executable, "-m", "bench.loading", str(home)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def _load(home: Path) -> dict[str, float]:
    before = time.perf_counter()
    with open_home(home) as library:
        load_gallery(library)
        seconds = time.perf_counter() - before
    return {"seconds": seconds, "resident_bytes": read_resident_bytes()}


if __name__ == "__main__":
    print(json.dumps(_load(Path(sys.argv[1]))))
