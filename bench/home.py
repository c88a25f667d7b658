"""A home with any number of faces in it: rows, keys and sealed files as `mien add` leaves them.

The faces are nobody's. Crops and thumbnails are a few bytes each, and files are not synced one
by one while the home is made, which is all that differs from a home that grew.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

from bench.faces import draw_faces

from mien.catalog import collections as collection_rows
from mien.catalog import photos as photo_rows
from mien.catalog import runs as run_rows
from mien.catalog.collections import Collection
from mien.catalog.connect import Connection
from mien.catalog.grants import StoredGrant, get_grant
from mien.catalog.indexed import KeptFace, NewIndexedPhoto, index_photo
from mien.library import Library
from mien.permission.charter import make_charter
from mien.service.deployment import Deployment
from mien.service.gallery import Gallery
from mien.service.ports import Vision
from mien.service.standing import make_collection
from mien.settings import Settings
from mien.types import Box, Credit, EmbeddingModel, Face, Landmarks, Point, Vectors
from mien.vault.vault import FaceSecrets, SealedPhoto
from mien.vision.cards import get_pack
from mien.vision.pipeline import describe_model

__all__ = ["FACES_A_PHOTO", "PURPOSE", "fill_home", "load_gallery", "open_home"]

FACES_A_PHOTO = 4
PURPOSE = "bench"

_PHOTOS_A_BATCH = 50_000
_CACHE = "PRAGMA cache_size = -1000000"  # random keys in a small cache take hours
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_FACE = Face(Box(1, 2, 3, 4), Landmarks(*[Point(123.25, 45.5)] * 5), 0.987654)
_JPEG = b"\xff\xd8\xff" + bytes(200)


class ModelsByName:
    """The default model's name and Gaussian, and no weights: nothing is embedded here."""

    @property
    def model(self) -> EmbeddingModel:
        return describe_model(get_pack("open"))

    def open(self, *, threads: int) -> Vision:
        raise NotImplementedError(threads)


def open_home(folder: Path) -> Library:
    return Library(settings=Settings(home=folder), models=ModelsByName())


def load_gallery(library: Library) -> Gallery:
    """What a search does before it searches."""
    deployment = library._deployment  # noqa: SLF001  (a bench may)
    with deployment.database.reading() as connection:
        collection = collection_rows.get_collection(connection, "default")
    galleries = library._galleries  # noqa: SLF001  (a bench may)
    return galleries.load(collection, gaussian=deployment.model.gaussian)


def fill_home(library: Library, faces: int, *, folder: Path) -> None:
    """Photos of four faces each, under one grant, in the collection `default`."""
    grant_id = library.grant(
        folder, grantor="bench", purposes=[PURPOSE], basis="household", until=date(2099, 1, 1)
    ).grant_id
    deployment = library._deployment  # noqa: SLF001  (a bench may)
    templates = draw_faces(deployment.model.gaussian, faces, seed=1)
    with deployment.database.writing() as connection:
        stored = get_grant(connection, grant_id)
        charter = make_charter(stored.grant)
        collection = make_collection(deployment, connection, name="default", charter=charter)
        run = run_rows.start_run(
            connection, collection_id=collection.id, grant_id=stored.id, at=_NOW
        )
        run_rows.end_run(connection, run, counts={}, at=_NOW)
    deployment.vault._keys._execute(_CACHE)  # noqa: SLF001  (a bench may)
    step = _PHOTOS_A_BATCH * FACES_A_PHOTO
    with patch("os.fsync"):
        for start in range(0, faces, step):
            some = templates[start : start + step]
            _add_photos(deployment, some, collection=collection, stored=stored)


def _add_photos(
    deployment: Deployment, templates: Vectors, *, collection: Collection, stored: StoredGrant
) -> None:
    with deployment.vault.writing(), deployment.database.writing() as connection:
        connection.exec_driver_sql(_CACHE)
        for start in range(0, len(templates), FACES_A_PHOTO):
            secrets = [
                FaceSecrets(str(uuid4()), template, _JPEG)
                for template in templates[start : start + FACES_A_PHOTO]
            ]
            sha256 = hashlib.sha256(templates[start].tobytes()).hexdigest()
            place = SealedPhoto(str(uuid4()), photo_rows.photo_uuid_of(sha256))
            deployment.vault.write_photo(
                place, grant_id=stored.grant.grant_id, thumbnail_jpeg=_JPEG, faces=secrets
            )
            _record(
                connection,
                sha256,
                place=place,
                secrets=secrets,
                collection=collection,
                stored=stored,
            )
        collection_rows.raise_revision(connection, collection.id)


def _record(
    connection: Connection,
    sha256: str,
    *,
    place: SealedPhoto,
    secrets: list[FaceSecrets],
    collection: Collection,
    stored: StoredGrant,
) -> None:
    photo = photo_rows.NewPhoto(
        sha256=sha256,
        size_bytes=4_000_000,
        width_px=4000,
        height_px=3000,
        media_type="image/jpeg",
        credit=Credit(),
    )
    photo_id = photo_rows.add_photo(connection, photo, at=_NOW)
    new = NewIndexedPhoto(
        photo_id=photo_id,
        collection_id=collection.id,
        blob_id=place.blob_id,
        faces=[KeptFace(secret.face_id, _FACE) for secret in secrets],
    )
    index_photo(connection, new, at=_NOW)
    uri = f"{stored.grant.scope[0]}{sha256[:2]}/IMG_{sha256[:12]}.jpg"
    sighting = photo_rows.Sighting(uri=uri, fingerprint="1.1", grant_id=stored.id, at=_NOW)
    photo_rows.add_location(connection, photo_id, sighting=sighting)
