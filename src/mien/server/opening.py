"""What a server needs around it while it serves: its site, and what works beside the requests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mien.http.doorkeeper import AccountsDoorkeeper
from mien.http.limits import limits_of
from mien.http.site import Site
from mien.http.throttle import Throttle
from mien.http.turnstile import Turnstile
from mien.library import Library
from mien.service.long_runs import Runs
from mien.service.warming import Warming
from mien.sources.object_stores import open_stores

_WAITING_A_PLACE = 8
_PATIENCE_S = 10.0


@contextmanager
def open_site(library: Library, *, origin: str, is_secure: bool) -> Iterator[Site]:
    """The site of a library that is reached at this origin, at work until it is left.

    Raises `SettingsError` where the file of object stores cannot be used.
    """
    places = max(1, os.cpu_count() or 1)
    runs = Runs(library.parts, served=library.settings.find_served_folders())
    warming = Warming(library.parts)
    stores = open_stores(library.settings.find_store_file(), os.environ)
    runs.start()
    warming.start()
    try:
        yield Site(
            library=library,
            doorkeeper=AccountsDoorkeeper(library),
            turnstile=Turnstile(
                at_once=places, waiting=places * _WAITING_A_PLACE, patience_s=_PATIENCE_S
            ),
            throttle=Throttle(),
            origin=origin,
            is_secure=is_secure,
            runs=runs,
            limits=limits_of(library.settings),
            region=library.settings.region,
            object_stores=stores,
        )
    finally:
        runs.begin_stop()
        warming.stop()
        runs.stop()
