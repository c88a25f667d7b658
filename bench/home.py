"""A home with any number of faces in it: rows, keys and sealed files as `mien add` leaves them.

The faces are nobody's. The first photo is recorded as every photo is; the rows of all others
are copies of its rows under names of their own, written many at a time. Crops and thumbnails
are a few bytes each, and nothing is synced before all of it lies there, which is all that
differs from a home that grew.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from mien.testing import GOOD, FakeModels
from mien.types import Box, Credit, EmbeddingModel, Face, Landmarks, Point, Vectors
from mien.vault.vault import FaceSecrets, SealedPhoto
from mien.vision.cards import get_pack
from mien.vision.pipeline import describe_model

__all__ = ["FACES_A_PHOTO", "PURPOSE", "fill_home", "find_home", "load_gallery", "open_home"]

FACES_A_PHOTO = 4
PURPOSE = "bench"

_PHOTOS_A_BATCH = 25_000
_CACHE = "PRAGMA cache_size = -1000000"  # random keys in a small cache take hours
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_FACE = Face(Box(1, 2, 3, 4), Landmarks(*[Point(123.25, 45.5)] * 5), 0.987654)
_JPEG = b"\xff\xd8\xff" + bytes(200)


class ModelsByName(FakeModels):
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


def find_home(shared: Path, *, faces: int) -> Path:
    """The home of so many faces in a folder that benches share, made by the first of them."""
    home = shared / f"home of {faces}"
    if not home.exists():
        unfinished = shared / "unfinished home"
        with open_home(unfinished) as library:
            fill_home(library, faces, folder=shared)
        unfinished.rename(home)
    return home


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
    with patch("os.fsync", lambda _: None):
        first = _seal(deployment, templates[:FACES_A_PHOTO], grant_id=grant_id)
        with deployment.database.writing() as connection:
            _record(connection, first, collection=collection, stored=stored)
            rows = _read_rows(connection, first)
        step = _PHOTOS_A_BATCH * FACES_A_PHOTO
        for start in range(FACES_A_PHOTO, faces, step):
            some = templates[start : min(start + step, faces)]
            _add_photos(deployment, some, rows=rows, collection=collection, grant_id=grant_id)
    os.sync()


@dataclass(frozen=True, slots=True)
class _Photo:
    """A sealed photo: what tells it from all others."""

    sha256: str
    blob_id: str
    face_ids: Sequence[str]


_Rows = Mapping[str, Mapping[str, object]]
"""The row of the first photo in each table, as the database keeps it."""


def _add_photos(
    deployment: Deployment,
    templates: Vectors,
    *,
    rows: _Rows,
    collection: Collection,
    grant_id: str,
) -> None:
    photos = []
    with deployment.vault.writing():
        for start in range(0, len(templates), FACES_A_PHOTO):
            some = templates[start : start + FACES_A_PHOTO]
            photos.append(_seal(deployment, some, grant_id=grant_id))
    with deployment.database.writing() as connection:
        connection.exec_driver_sql(_CACHE)
        _copy_rows(connection, photos, rows=rows)
        collection_rows.raise_revision(connection, collection.id)


def _seal(deployment: Deployment, templates: Vectors, *, grant_id: str) -> _Photo:
    secrets = [FaceSecrets(str(uuid4()), template, _JPEG) for template in templates]
    sha256 = hashlib.sha256(templates[0].tobytes()).hexdigest()
    place = SealedPhoto(str(uuid4()), photo_rows.photo_uuid_of(sha256))
    with deployment.vault.writing():
        deployment.vault.write_photo(place, grant_id=grant_id, thumbnail_jpeg=_JPEG, faces=secrets)
    return _Photo(sha256, place.blob_id, [secret.face_id for secret in secrets])


def _record(
    connection: Connection, sealed: _Photo, *, collection: Collection, stored: StoredGrant
) -> None:
    photo = photo_rows.NewPhoto(
        sha256=sealed.sha256,
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
        blob_id=sealed.blob_id,
        faces=[KeptFace(face_id, _FACE, GOOD) for face_id in sealed.face_ids],
    )
    index_photo(connection, new, at=_NOW)
    uri = f"{stored.grant.scope[0]}{_name_of(sealed)}"
    sighting = photo_rows.Sighting(uri=uri, fingerprint="1.1", grant_id=stored.id, at=_NOW)
    photo_rows.add_location(connection, photo_id, sighting=sighting)


def _name_of(photo: _Photo) -> str:
    return f"{photo.sha256[:2]}/IMG_{photo.sha256[:12]}.jpg"


def _read_rows(connection: Connection, first: _Photo) -> _Rows:
    tables = ("photos", "locations", "indexed_photos", "faces")
    found = {table: connection.exec_driver_sql(f"SELECT * FROM {table}") for table in tables}  # noqa: S608  (names above)
    rows = {table: dict(result.mappings().first() or {}) for table, result in found.items()}
    scope = str(rows["locations"]["uri"]).removesuffix(_name_of(first))
    return rows | {"locations": rows["locations"] | {"uri": scope}}


def _copy_rows(connection: Connection, photos: Sequence[_Photo], *, rows: _Rows) -> None:
    """A photo has the same number in all three tables, since each is in each of them once."""
    (last,) = connection.exec_driver_sql("SELECT max(id) FROM photos").one()
    numbered = list(enumerate(photos, start=last + 1))
    faces = ((number, face) for number, photo in numbered for face in photo.face_ids)
    changes: dict[str, list[dict[str, object]]] = {
        "photos": [{"id": number, "sha256": photo.sha256} for number, photo in numbered],
        "locations": [
            {"id": n, "photo_id": n, "uri": f"{rows['locations']['uri']}{_name_of(photo)}"}
            for n, photo in numbered
        ],
        "indexed_photos": [
            {"id": n, "photo_id": n, "blob_id": photo.blob_id} for n, photo in numbered
        ],
        "faces": [{"id": None, "indexed_photo_id": n, "uuid": face} for n, face in faces],
    }
    for table, changed in changes.items():
        names = ", ".join(rows[table])
        values = ", ".join(f":{name}" for name in rows[table])
        statement = f"INSERT INTO {table} ({names}) VALUES ({values})"  # noqa: S608  (names of the schema)
        connection.exec_driver_sql(statement, [{**rows[table], **row} for row in changed])
