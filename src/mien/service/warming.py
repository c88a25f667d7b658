"""Every collection in memory before anybody searches it: who came first would wait for that."""

from __future__ import annotations

import threading
from contextlib import suppress

from mien.errors import MienError
from mien.service.collections import find_views
from mien.service.parts import Parts
from mien.service.standing import iter_collections


class Warming:
    """One thread beside a server, which ends when all is loaded or it is told to stop."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="warming", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, patience_s: float = 30.0) -> None:
        """Begins no other collection; the one that is being loaded ends first."""
        self._stopping.set()
        self._thread.join(patience_s)

    def _work(self) -> None:
        with suppress(MienError):  # a search meets the same, and tells why
            self._load_galleries()

    def _load_galleries(self) -> None:
        deployment = self._parts.deployment
        with deployment.database.reading() as connection:
            collections = list(iter_collections(deployment, connection))
        if not collections:
            return
        views = {view.model.digest: view for view in find_views(deployment)}
        for collection in collections:
            view = views.get(collection.model_digest)
            if view is not None and not self._stopping.is_set():
                self._parts.galleries.load(collection, gaussian=view.model.gaussian)
