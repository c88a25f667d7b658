"""How long a collection takes to be ready for its first search: all of its templates encrypted.

Measured in processes of their own: through the sealed snapshot, as a rule; and from the vault,
face by face, where there is none, which is the bad case: no file of it lies in memory, and the
snapshot is written as well. The vault is also read photo by photo, as it is for a single one,
a part of the collection in turns with the same part together.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from bench.home import find_home, load_gallery, open_home
from bench.machine import read_resident_bytes
from bench.rows import make_row

from mien.catalog.photos import photo_uuid_of
from mien.vault.vault import SealedPhoto

NAME = "loading"

_MIB = 1024 * 1024
_PHOTOS = 5_000
_TURNS = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--faces", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=2)


def run(arguments: argparse.Namespace) -> dict[str, object]:
    home = find_home(arguments.shared, faces=arguments.faces)
    one_by_one, together = read_in_turns(home)
    shutil.rmtree(home / "snapshots", ignore_errors=True)
    forget_files(home)
    vault = load_in_a_process(home)
    snapshot = [load_in_a_process(home) for _ in range(arguments.rounds)]
    seconds = min(result["seconds"] for result in snapshot)
    many = f"{arguments.faces:,} encrypted templates"
    return {
        "rows": [
            make_row(f"{many} through the sealed snapshot", seconds, unit="s", at_most=30),
            make_row("memory when loaded", snapshot[0]["resident_bytes"] / _MIB, unit="MiB"),
            make_row(f"{many} without a snapshot", vault["seconds"], unit="s"),
            make_row("a photo of the vault, read alone", one_by_one, unit="ms"),
            make_row("the same, read with all others", together, unit="ms"),
            make_row("read alone over read with all others", one_by_one / together, unit="times"),
        ]
    }


def read_in_turns(home: Path) -> tuple[float, float]:
    """Milliseconds a photo, alone and together; each time other photos, none in memory."""
    with closing(sqlite3.connect(home / "catalog.db")) as catalog:
        found = catalog.execute(
            "SELECT p.sha256, i.blob_id FROM indexed_photos i JOIN photos p ON p.id = i.photo_id"
            " ORDER BY i.id LIMIT ?",
            (2 * _TURNS * _PHOTOS,),
        )
        places = [SealedPhoto(blob_id, photo_uuid_of(sha256)) for sha256, blob_id in found]
    alone_s, together_s, step = 0.0, 0.0, len(places) // (2 * _TURNS)
    forget_files(home)
    with open_home(home) as library:
        vault = library._deployment.vault  # noqa: SLF001  (a bench may)
        for start in range(0, 2 * step * _TURNS, 2 * step):
            before = time.perf_counter()
            for place in places[start : start + step]:
                vault.read_templates(place)
            between = time.perf_counter()
            for _ in vault.iter_templates(places[start + step : start + 2 * step]):
                pass
            alone_s += between - before
            together_s += time.perf_counter() - between
    photos = step * _TURNS
    return alone_s / photos * 1000, together_s / photos * 1000


def forget_files(home: Path) -> None:
    """Takes every file below a folder out of memory, as far as the system lets go of it."""
    os.sync()
    for path in home.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


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
