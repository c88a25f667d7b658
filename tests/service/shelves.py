"""Photos handed in to a shelf, without a server: what its runs do."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from mien.library import Library
from mien.permission.quality import QualityFilter
from mien.service.ingest import AddReport, AddRequest, add_photos
from mien.service.originals import Whereabouts, find_original
from mien.sources.address import shelf_scope, upload_uri
from mien.sources.uploads import UploadedFile, UploadSource
from service.stage import Stage, query

SHELF = "wedding"


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def uri_of(name: str, content: bytes) -> str:
    return upload_uri(SHELF, sha256_of(content), name=name)


def shelf_grant(stage: Stage, library: Library, **terms: Any) -> str:
    return stage.grant(library, scope=shelf_scope(SHELF), **terms)


def hand_in(
    library: Library,
    grant: str,
    photos: Mapping[str, bytes],
    *,
    collection: str = "default",
    quality: QualityFilter = QualityFilter.NONE,
    progress: Callable[[AddReport], None] = lambda _: None,
) -> AddReport:
    """Adds them as a run of the server does."""
    files = [
        UploadedFile(name, sha256_of(content), partial(io.BytesIO, content))
        for name, content in photos.items()
    ]
    request = AddRequest(
        source=UploadSource(SHELF, files),
        grant_id=grant,
        collection=collection,
        workers=2,
        max_file_bytes=1 << 20,
        quality=quality,
    )
    parts = library.parts
    return add_photos(parts.session.prepare_to_add(collection), request, progress=progress)


def read_back(library: Library, content: bytes) -> bytes | None:
    """What lies sealed of a photo of these bytes."""
    place = Whereabouts(sha256_of(content), len(content), (uri_of("any", content),))
    return find_original(library.parts.deployment, place)


def originals_of(home: Path) -> list[str]:
    return query(home / "catalog.db", "SELECT blob_id FROM originals ORDER BY id")
