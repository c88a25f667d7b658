"""How long a person's faces take to be gone from a large collection: out of answers, off the disk.

Twenty faces of twenty photos are erased by a fresh process, as `mien erase` would, once while
the sealed snapshot lies there and once with the collection loaded. Every byte of the home's
databases and snapshots is read afterwards for what was erased.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

from bench.home import FACES_A_PHOTO, find_home, load_gallery, open_home
from bench.rows import make_row

from mien.service import erase as erase_module
from mien.service.erase import FacesTarget
from mien.service.erasing import finish_erasures

NAME = "erasing"

_FACES = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--faces", type=int, default=1_000_000)


def run(arguments: argparse.Namespace) -> dict[str, object]:
    home = find_home(arguments.shared, faces=arguments.faces)
    with open_home(home) as library:
        load_gallery(library)  # writes the snapshot
    cold = erase_in_a_process(home, first=3, is_loaded=False)
    warm = erase_in_a_process(home, first=7, is_loaded=True)
    many = f"{_FACES} faces among {arguments.faces:,}"
    loaded = "the same, with the collection loaded"
    return {
        "rows": [
            make_row(f"{many} out of every answer", cold["out_s"], unit="s", at_most=5),
            make_row(f"{many} gone from the disk", cold["gone_s"], unit="s", at_most=60),
            make_row(f"{loaded}: out", warm["out_s"], unit="s", at_most=5),
            make_row(f"{loaded}: gone", warm["gone_s"], unit="s", at_most=60),
            make_row("traces found in the home", cold["traces"] + warm["traces"], at_most=0),
        ]
    }


def erase_in_a_process(home: Path, *, first: int, is_loaded: bool) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.erasing", str(home), str(first), str(int(is_loaded))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def _erase(home: Path, *, first: int, is_loaded: bool) -> dict[str, float]:
    faces = _choose_faces(home, first)
    traces = [face.encode() for face in faces] + _wrapped_keys(home, faces)
    times: dict[str, float] = {}
    before = time.perf_counter()
    with open_home(home) as library:
        if is_loaded:
            load_gallery(library)
            before = time.perf_counter()

        def finish(*arguments: object) -> bool:
            times["out_s"] = time.perf_counter() - before
            return finish_erasures(*arguments)  # type: ignore[arg-type]

        with patch.object(erase_module, "finish_erasures", finish):
            library.erase(FacesTarget(tuple(faces)))
        times["gone_s"] = time.perf_counter() - before
    return times | {"traces": _count_traces(home, traces)}


def _choose_faces(home: Path, first: int) -> list[str]:
    """Spread over the collection, the very first and last photos among them."""
    with closing(sqlite3.connect(home / "catalog.db")) as catalog:
        (last,) = catalog.execute("SELECT max(id) FROM faces").fetchone()
        step = (last - first - FACES_A_PHOTO) // (_FACES - 1)
        ids = [first + step * number for number in range(_FACES)]
        found = f"SELECT uuid FROM faces WHERE id IN ({','.join(map(str, ids))})"  # noqa: S608  (numbers)
        return [uuid for (uuid,) in catalog.execute(found)]


def _wrapped_keys(home: Path, faces: list[str]) -> list[bytes]:
    one = "SELECT wrapped FROM face_keys WHERE face_id = ?"
    with closing(sqlite3.connect(home / "keys" / "keys.db")) as keys:
        return [keys.execute(one, (face,)).fetchone()[0] for face in faces]


def _count_traces(home: Path, traces: list[bytes]) -> int:
    files = [path for path in home.rglob("*") if path.is_file() and path.parents[1].name != "blobs"]
    return sum(path.read_bytes().count(trace) for path in files for trace in traces)


if __name__ == "__main__":
    measured = _erase(Path(sys.argv[1]), first=int(sys.argv[2]), is_loaded=sys.argv[3] == "1")
    print(json.dumps(measured))
