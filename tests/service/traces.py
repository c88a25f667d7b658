"""Everything by which a face, a photo or a grantor could be recognised in a home's bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mien.index.codebook import Codebook
from mien.library import Library
from mien.types import EmbeddedFace
from service.stage import Stage, query

Traces = dict[str, bytes]


def traces_of_face(library: Library, uuid: str, *, seen: EmbeddedFace) -> Traces:
    """A face in every form that it has or could have at rest, its key and its id included."""
    home = library._deployment.home
    wrapped = query(home.keys / "keys.db", "SELECT wrapped FROM face_keys WHERE face_id = ?", uuid)
    rotation = library._deployment.vault.rotation_of(seen.embedding.size)
    turned = rotation.turn(seen.embedding[np.newaxis])
    plain = seen.embedding[np.newaxis]
    gaussian = library._deployment.model.gaussian
    halves = turned.astype("<f2").astype(np.float32)
    return {
        "turned float32": turned.astype("<f4").tobytes(),
        "turned float16": turned.astype("<f2").tobytes(),
        "float32": plain.astype("<f4").tobytes(),
        "float16": plain.astype("<f2").tobytes(),
        "int8": np.rint(turned * 127).astype(np.int8).tobytes(),
        "codes": Codebook(rotation.turn_gaussian(gaussian)).encode(halves).tobytes(),
        "crop": seen.crop_jpeg,
        "wrapped key": wrapped[0],
        "face id": uuid.encode(),
    }


def traces_of_photo(stage: Stage, library: Library, path: Path) -> Traces:
    """A photo with all of its faces, its names and its ids."""
    catalog = stage.home / "catalog.db"
    seen = library._deployment.vision(threads=1).analyse(path.read_bytes())
    photo_id, sha256 = query(
        catalog,
        "SELECT p.id, p.sha256 FROM photos p JOIN locations l ON l.photo_id = p.id WHERE uri = ?",
        path.resolve().as_uri(),
    )[0]
    traces = {
        "thumbnail": seen.thumbnail_jpeg,
        "sha256": sha256.encode(),
        "file name": path.name.encode(),
        "uri": path.resolve().as_uri().encode(),
    }
    for place, uuid in enumerate(face_uuids(stage, photo_id)):
        found = traces_of_face(library, uuid, seen=seen.faces[place])
        traces |= {f"face {place}: {name}": trace for name, trace in found.items()}
    blobs = query(catalog, "SELECT blob_id FROM indexed_photos WHERE photo_id = ?", photo_id)
    return traces | {"blob id": blobs[0].encode()}


def face_uuids(stage: Stage, photo_id: int) -> list[str]:
    return query(
        stage.home / "catalog.db",
        "SELECT f.uuid FROM faces f JOIN indexed_photos i ON i.id = f.indexed_photo_id"
        " WHERE i.photo_id = ? ORDER BY f.id",
        photo_id,
    )


def find_traces(folder: Path, traces: Traces) -> list[str]:
    """Which of the traces stand in which file below a folder, or in its name: all of them."""
    pattern = re.compile(b"|".join(re.escape(trace) for trace in traces.values()))
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and pattern.search(path.name.encode() + b"\0" + path.read_bytes()):
            content = path.name.encode() + b"\0" + path.read_bytes()
            found += [f"{name} in {path.name}" for name, t in traces.items() if t in content]
    return found


def places(paths: Sequence[Path]) -> Iterator[Path]:
    """The first, the middle one and the last."""
    yield from (paths[0], paths[len(paths) // 2], paths[-1])
