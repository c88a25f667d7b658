"""How much is held and how well it is found, as numbers for whoever watches over a server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mien.catalog.runs import count_runs
from mien.service.collections import CollectionSummary, list_collections
from mien.service.doctor import examine
from mien.service.parts import Parts

MEASURED_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Holdings:
    """All collections, and runs by their state."""

    collections: tuple[CollectionSummary, ...]
    runs: Mapping[str, int]


def count_holdings(parts: Parts) -> Holdings:
    found = tuple(list_collections(parts.deployment))
    with parts.deployment.database.reading() as connection:
        return Holdings(found, count_runs(connection))


@dataclass(slots=True)
class RecallGauge:
    """How well each index finds what is there; measured once an hour, since that takes a while."""

    clock: Callable[[], float] = time.monotonic
    _measured_at: float | None = None
    _recall: Mapping[str, float] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def read(self, parts: Parts) -> Mapping[str, float]:
        """By collection, 0 to 1; those that are empty or of another model are left out."""
        with self._turn:
            now = self.clock()
            if self._measured_at is None or now - self._measured_at >= MEASURED_EVERY_S:
                found = examine(parts.deployment, parts.galleries).collections
                self._recall = {one.name: one.recall for one in found if one.recall is not None}
                self._measured_at = now
            return self._recall
