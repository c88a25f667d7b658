"""What was opted out, opened: asked before a photo is read, before it is kept, and in every search.

It is read from both places where it lies, the catalog and beside the keys, so that a record that
is gone from one of them still counts. One that does not open is no reason to go on without it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mien.catalog import suppressions as rows
from mien.catalog.connect import Database
from mien.errors import SuppressionError
from mien.permission import suppression as permission
from mien.permission.suppression import Level
from mien.permission.verdict import Verdict
from mien.service.likeness import Likeness, know_nobody
from mien.service.suppression_records import Suppression, find_copy, open_row, uuid_of
from mien.types import EmbeddingModel
from mien.vault.vault import Vault
from mien.vision.sketch import SKETCH_BYTES, find_near, sketch_photo


@dataclass(frozen=True, eq=False)
class Suppressions:
    """Everything that is kept out, as one model sees it."""

    all: Sequence[Suppression]
    model: EmbeddingModel

    @cached_property
    def uuids(self) -> frozenset[str]:
        return frozenset(one.uuid for one in self.all)

    def is_still(self, uuids: set[str], *, model: EmbeddingModel) -> bool:
        """Whether nothing can have changed. Records never do, but for what models make of them."""
        is_same = self.uuids == uuids and self.model.digest == model.digest
        return is_same and not self.unknown

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        return tuple(one.facts.address for one in self._of(Level.SOURCE))

    @cached_property
    def unknown(self) -> tuple[Suppression, ...]:
        """Faces that were never seen by this model."""
        return tuple(one for one in self.all if not one.knows(self.model))

    @cached_property
    def faces(self) -> Likeness:
        """Raises `SuppressionError` where one of them was never seen by this model."""
        if self.unknown:
            raise SuppressionError(
                f"The opt-out {self.unknown[0].uuid} is not known to the model "
                f"{self.model.model_id} yet. Run the same command again."
            )
        own = list(self._of(Level.FACE))
        if not own:
            return know_nobody(self.model.dimension)
        return Likeness(
            np.stack([one.template_of(self.model) for one in own]),
            range(len(own)),
            np.array([self.model.score_at(one.facts.fmr) for one in own], np.float32),
        )

    def may_take(self, uri: str) -> Verdict:
        """May a photo at this address be taken in?"""
        return permission.may_take(uri, blocked=self.addresses)

    def may_read(self, sha256: str) -> Verdict:
        """May a photo of these bytes be looked at?"""
        return permission.may_read(sha256, blocked=self._sha256s)

    def may_keep(self, thumbnail_jpeg: bytes) -> Verdict:
        """May a photo be kept that looks like this?"""
        known = self._sketches
        # A sketch takes its time, and is made only where there is something to compare it with.
        is_near = len(known) > 0 and find_near(sketch_photo(thumbnail_jpeg), known)
        return permission.may_keep(is_near=is_near)

    @cached_property
    def _sha256s(self) -> frozenset[str]:
        return frozenset(one.facts.sha256 for one in self._of(Level.ITEM))

    @cached_property
    def _sketches(self) -> NDArray[np.uint8]:
        own = [one.facts.as_sketches() for one in self._of(Level.ITEM)]
        return np.concatenate(own or [np.empty((0, SKETCH_BYTES), np.uint8)])

    def _of(self, level: Level) -> Iterator[Suppression]:
        return (one for one in self.all if one.level is level)


class SuppressionList:
    """The records of a deployment, opened again whenever they are others. Threads may share it."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._loaded: Suppressions | None = None
        self._turn = threading.Lock()

    def load(self, model: EmbeddingModel) -> Suppressions:
        """Cheap where nothing changed. Raises `SuppressionError` for what does not open."""
        with self._turn:
            with self._database.reading() as connection:
                uuids = rows.find_uuids(connection)
            uuids |= {uuid_of(subject) for subject in self._vault.suppressions.find_subjects()}
            if self._loaded is None or not self._loaded.is_still(uuids, model=model):
                self._loaded = Suppressions(list(self._open(uuids)), model)
            return self._loaded

    def _open(self, uuids: set[str]) -> Iterator[Suppression]:
        with self._database.reading() as connection:
            kept = {row.uuid: row for row in rows.iter_suppressions(connection)}
        for uuid in sorted(uuids):
            row = kept.get(uuid) or find_copy(self._vault, uuid)
            if row is not None:  # else it was lifted meanwhile
                yield open_row(self._vault, row)
