"""Sealed snapshots of an index, so that a large collection need not be read face by face.

A snapshot file is a sequence of frames, each an 8-byte little-endian length and an envelope.
The first holds the number of faces and a digest of their ids inside and outside; a snapshot
counts only where the catalog, up to that number of faces, gives the same digest. Whatever
does not fit is passed over: the vault has everything.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import replace
from heapq import merge
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from mien.catalog.collections import Collection, get_collection
from mien.catalog.faces import iter_identities
from mien.errors import IndexStateError, VaultError
from mien.index.base import VectorIndex
from mien.index.exact import ExactIndex
from mien.service.deployment import Deployment, recording

_LENGTH = struct.Struct("<Q")
_HEADER = struct.Struct("<Q32s")
_LINES_A_STEP = 10_000
_NOBODY: Mapping[int, str] = {}


def write_snapshot(deployment: Deployment, collection: Collection, *, index: VectorIndex) -> None:
    """Replaces the collection's snapshot; the one before becomes unreadable at once.

    Where the collection has changed since it was read, nothing is written: what the index
    holds may have been erased meanwhile.
    """
    with recording(deployment.home):
        with deployment.database.reading() as connection:
            current = get_collection(connection, collection.name)
        if current.revision == collection.revision:
            _write(deployment, collection, index=index)


def erase_from_snapshot(
    deployment: Deployment, collection: Collection, *, uuid_by_id: Mapping[int, str]
) -> int:
    """Writes the collection's snapshot anew without these faces, whose rows are gone already.

    One that cannot be read goes as a whole. How many of the faces are left in it: none, unless
    the disk lies.
    """
    index = ExactIndex(collection.dimension)
    erased = np.array(sorted(uuid_by_id), dtype=np.int64)
    if read_snapshot(deployment, collection, index=index, gone=uuid_by_id):
        index.erase(erased)
        _write(deployment, collection, index=index)
    elif not read_snapshot(deployment, collection, index=index):
        deployment.vault.forget_parts(_name_of(collection))
        _path_of(deployment, collection).unlink(missing_ok=True)
    for unfinished in deployment.home.snapshots.glob(f"{collection.uuid}.*.new"):
        unfinished.unlink(missing_ok=True)
    return int(np.isin(erased, index.ids()).sum())


def forget_snapshot(deployment: Deployment, collection: Collection, *, model_digest: str) -> None:
    """What the collection's snapshot held of that model is unreadable, and the file is gone."""
    deployment.vault.forget_parts(_name_of(replace(collection, model_digest=model_digest)))
    _path_of(deployment, collection).unlink(missing_ok=True)
    for unfinished in deployment.home.snapshots.glob(f"{collection.uuid}.*.new"):
        unfinished.unlink(missing_ok=True)


def _write(deployment: Deployment, collection: Collection, *, index: VectorIndex) -> None:
    path = _path_of(deployment, collection)
    path.parent.mkdir(exist_ok=True, mode=0o700)
    header = _HEADER.pack(len(index), _digest(deployment, collection, faces=len(index)))
    parts = chain([header], index.snapshot())
    unfinished = path.with_suffix(f".{os.getpid()}.new")
    try:
        with unfinished.open("wb") as file:
            for envelope in deployment.vault.seal_parts(_name_of(collection), parts):
                file.write(_LENGTH.pack(len(envelope)) + envelope)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def read_snapshot(
    deployment: Deployment,
    collection: Collection,
    *,
    index: VectorIndex,
    gone: Mapping[int, str] = _NOBODY,
) -> bool:
    """Fills an empty index from the collection's snapshot; whether there was one that fits.

    `gone` are faces, uuids by id, that the catalog had when the snapshot was written.
    """
    try:
        with _path_of(deployment, collection).open("rb") as file:
            parts = deployment.vault.unseal_parts(_name_of(collection), _iter_frames(file))
            faces, digest = _HEADER.unpack(next(parts))
            if digest != _digest(deployment, collection, faces=faces, gone=gone):
                return False
            index.restore(parts)
    except (OSError, VaultError, IndexStateError, struct.error, StopIteration):
        return False
    return True


def _digest(
    deployment: Deployment,
    collection: Collection,
    *,
    faces: int,
    gone: Mapping[int, str] = _NOBODY,
) -> bytes:
    """Of the first faces that the catalog has, or had, by rising id."""
    digest = hashlib.sha256()
    with deployment.database.reading() as connection:
        identities = merge(iter_identities(connection, collection.id), sorted(gone.items()))
        lines = (f"{face_id} {uuid}\n" for face_id, uuid in islice(identities, faces))
        while some := "".join(islice(lines, _LINES_A_STEP)):
            digest.update(some.encode())
    return digest.digest()


def _iter_frames(file: BinaryIO) -> Iterator[bytes]:
    size_bytes = os.fstat(file.fileno()).st_size
    while head := file.read(_LENGTH.size):
        (length,) = _LENGTH.unpack(head)
        # Whatever a damaged length claims, no more than the file holds is asked for.
        yield file.read(min(length, size_bytes))


def _path_of(deployment: Deployment, collection: Collection) -> Path:
    return deployment.home.snapshots / f"{collection.uuid}.snapshot"


def _name_of(collection: Collection) -> str:
    return f"snapshot:{collection.uuid}:{collection.model_digest}"
