"""A collection's index in memory: loaded, checked against the catalog, kept in step.

Whatever a snapshot says, the catalog decides who is in: faces it does not know are erased
from the index, faces the snapshot lacks are read from the vault. A snapshot that does not
open is passed over and replaced. Later only the new faces are read, as long as the catalog
still has as many of the others: ids are never used twice and rise, so it has the same ones.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from mien.catalog.collections import Collection
from mien.catalog.faces import (
    StoredFace,
    count_faces,
    find_newer_ids,
    find_stored_faces,
    iter_identities,
)
from mien.errors import VaultError
from mien.index.base import VectorIndex
from mien.index.choose import open_index
from mien.service.deployment import Deployment
from mien.service.snapshots import read_snapshot, write_snapshot
from mien.types import Cohort, FaceId, Gaussian, Ids
from mien.vault.vault import SealedPhoto

_FACES_A_STEP = 20_000
_SNAPSHOT_FACES = 5_000
"""Fewer faces are read from the vault about as fast as a snapshot opens."""
_UNKNOWN = -1
_SNAPSHOT_SHARE = 0.05
"""A snapshot is replaced when more than this share of the faces is not in it."""


@dataclass(slots=True)
class Gallery:
    """A collection's index; `unreadable` faces are known to the catalog, and lost in the vault.

    `cohort` is the model's, turned as the templates are.
    `left_out` are the faces that are like suppressed ones, and as of which revision and opt-outs.
    `known` are the faces that the catalog had at that revision, and `newest` is the last of them.
    """

    index: VectorIndex
    digest: str = ""
    cohort: Cohort | None = None
    revision: int = -1
    unreadable: int = 0
    known: int = _UNKNOWN
    newest: int = 0
    left_out: tuple[tuple[int, frozenset[str]], Ids] | None = None


class Galleries:
    """The galleries of a deployment, each loaded when first asked for."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._galleries: dict[str, Gallery] = {}
        self._turn = threading.Lock()

    def load(
        self, collection: Collection, *, gaussian: Gaussian, keeps_snapshot: bool = True
    ) -> Gallery:
        """The collection's gallery, in step with the catalog.

        Whoever erases keeps no snapshot: that would wait for the end of the erasure.
        """
        with self._turn:
            gallery = self._galleries.get(collection.uuid)
            if gallery is None or gallery.digest != collection.model_digest:
                gallery = self._open(collection, gaussian=gaussian, keeps_snapshot=keeps_snapshot)
                self._galleries[collection.uuid] = gallery
            elif gallery.revision != collection.revision:
                self._catch_up(collection, gallery, keeps_snapshot=keeps_snapshot)
            return gallery

    def erase(self, face_ids: Iterable[int]) -> None:
        """Takes faces out of the memory of every gallery that is loaded."""
        ids = np.fromiter(face_ids, dtype=np.int64)
        with self._turn:
            for gallery in self._galleries.values():
                gallery.index.erase(ids)
                gallery.known = _UNKNOWN

    def forget(self, collection_uuid: str) -> None:
        """Of a collection that is deleted, nothing stays in memory."""
        with self._turn:
            gallery = self._galleries.pop(collection_uuid, None)
            if gallery is not None:  # whoever is searching it at this moment holds it too
                gallery.index.erase(gallery.index.ids())

    def _open(self, collection: Collection, *, gaussian: Gaussian, keeps_snapshot: bool) -> Gallery:
        known = self._ids_of(collection)
        rotation = self._deployment.vault.rotation_of(collection.dimension)
        index = open_index(
            dimension=collection.dimension,
            gaussian=rotation.turn_gaussian(gaussian),
            expected_size=known.size,
        )
        view = self._deployment.find_view(collection.model_digest)
        cohort = None if view is None else view.model.cohort
        gallery = Gallery(index, collection.model_digest, cohort and rotation.turn_cohort(cohort))
        is_checked = read_snapshot(self._deployment, collection, index=index)
        self._reconcile(collection, gallery, known=known, keeps_snapshot=keeps_snapshot)
        if not is_checked:
            index.check()
        return gallery

    def _catch_up(self, collection: Collection, gallery: Gallery, *, keeps_snapshot: bool) -> None:
        """Takes in what is new; where anything went, or was unreadable, all is looked at again."""
        with self._deployment.database.reading() as connection:
            left = count_faces(connection, collection.id, up_to=gallery.newest)
            newer = find_newer_ids(connection, collection.id, than=gallery.newest)
        if left != gallery.known or gallery.unreadable:
            known = self._ids_of(collection)
            self._reconcile(collection, gallery, known=known, keeps_snapshot=keeps_snapshot)
            return
        gallery.known += len(newer)
        gallery.newest = max([gallery.newest, *newer])
        missing = np.array(newer, np.int64)
        self._take_in(collection, gallery, missing=missing, keeps_snapshot=keeps_snapshot)

    def _reconcile(
        self, collection: Collection, gallery: Gallery, *, known: Ids, keeps_snapshot: bool
    ) -> None:
        index = gallery.index
        index.erase(np.setdiff1d(index.ids(), known, assume_unique=True))
        gallery.known, gallery.newest = known.size, int(known.max(initial=0))
        missing = np.setdiff1d(known, index.ids(), assume_unique=True)
        self._take_in(collection, gallery, missing=missing, keeps_snapshot=keeps_snapshot)

    def _take_in(
        self, collection: Collection, gallery: Gallery, *, missing: Ids, keeps_snapshot: bool
    ) -> None:
        """Reads faces from the vault, and replaces the snapshot where they are many."""
        index = gallery.index
        for start in range(0, missing.size, _FACES_A_STEP):
            some = missing[start : start + _FACES_A_STEP]
            self._read_into(index, some, slot=collection.slot)
        gallery.unreadable = gallery.known - len(index)
        gallery.revision = collection.revision
        is_worth_it = len(index) >= _SNAPSHOT_FACES and missing.size > _SNAPSHOT_SHARE * len(index)
        if keeps_snapshot and is_worth_it:
            with suppress(OSError, VaultError):  # a search works without, and more slowly
                write_snapshot(self._deployment, collection, index=index)

    def _ids_of(self, collection: Collection) -> Ids:
        with self._deployment.database.reading() as connection:
            rows = iter_identities(connection, collection.id)
            return np.fromiter((face_id for face_id, _ in rows), dtype=np.int64)

    def _read_into(self, index: VectorIndex, face_ids: Ids, *, slot: int) -> None:
        with self._deployment.database.reading() as connection:
            stored = find_stored_faces(connection, [FaceId(int(i)) for i in face_ids])
        rows = sorted(self._iter_templates(stored, slot=slot), key=itemgetter(0))
        if rows:
            ids = np.array([face_id for face_id, _ in rows], dtype=np.int64)
            index.add(ids, np.stack([template for _, template in rows]).astype(np.float32))

    def _iter_templates(
        self, stored: list[StoredFace], *, slot: int
    ) -> Iterator[tuple[FaceId, NDArray[np.float16]]]:
        by_photo: dict[tuple[str, str], list[StoredFace]] = defaultdict(list)
        for face in stored:
            by_photo[face.blob_id, face.photo_uuid].append(face)
        # A face that is not among them is counted as unreadable, and shown as such.
        places = [SealedPhoto(*place, slot) for place in by_photo]
        for at, templates in self._deployment.vault.iter_templates(places):
            for face in by_photo[at.blob_id, at.photo_id]:
                if face.uuid in templates:
                    yield face.id, templates[face.uuid]
