"""What a server sees to beside its requests: collections in memory, and what time brings.

Nobody has to ask for something to be overdue: a selfie that waits, a grant that ended.
"""

from __future__ import annotations

import threading
from contextlib import suppress

from mien.errors import MienError
from mien.service.collections import find_views
from mien.service.parts import Parts
from mien.service.standing import iter_collections

_EVERY_S = 600.0


class Caretaker:
    """One thread beside a server, from `start` to `stop`."""

    def __init__(self, parts: Parts, *, every_s: float = _EVERY_S) -> None:
        self._parts = parts
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="caretaker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, patience_s: float = 30.0) -> None:
        """Begins nothing more; what is being done ends first."""
        self._stopping.set()
        self._thread.join(patience_s)

    def _work(self) -> None:
        # Whoever searches first would wait for this; where it fails, a search tells why.
        with suppress(MienError):
            self._load_galleries()
        while not self._stopping.wait(self._every_s):
            with suppress(MienError):  # every search and every run asks for the same, and tells
                self._parts.session.enforce_retention()

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
