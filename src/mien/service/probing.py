"""The faces of a photo that somebody is about to search with, so that they can choose one.

Asked for like a search: where that is refused, nothing is decoded. Nothing is kept, and nothing
of a collection is told, so that the log hears of the search alone.
"""

from __future__ import annotations

import os

from mien.permission.verdict import Verdict
from mien.service.handed_in import HandedIn, naming, read_photo
from mien.service.leave import ask_leave
from mien.service.parts import Parts
from mien.service.probe import Probe, show_probe
from mien.types import Look


def find_faces(parts: Parts, photo: HandedIn, *, purpose: str, collection: str) -> Probe | Verdict:
    """The photo with its faces, as a search would count them, or why it may not be searched.

    Raises `PhotoError` for what gives no picture, `NotFoundError` for an unknown collection.
    """
    deployment = parts.session.prepare_to_search(collection)
    leave = ask_leave(deployment, purpose=purpose, collection=collection, at=deployment.clock())
    if isinstance(leave, Verdict):
        return leave
    with naming(photo):
        content = read_photo(photo, max_bytes=parts.max_file_bytes)
        with deployment.cores.take(most=os.cpu_count() or 1) as threads:
            analysis = deployment.vision(threads=threads).analyse(content, look=Look.PROBE)
    return show_probe(analysis, None)
