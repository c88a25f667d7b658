"""The state of a deployment: how much is held, and how well its indexes find it."""

from __future__ import annotations

import platform
import statistics
import time
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from mien.catalog.collections import Collection
from mien.catalog.connect import find_revision
from mien.catalog.faces import count_faces, count_photos
from mien.index.base import VectorIndex
from mien.permission.grant import may_apply
from mien.service.deployment import Deployment
from mien.service.gallery import Galleries
from mien.service.rescan import count_waiting
from mien.service.standing import iter_collections, iter_grants
from mien.types import Gaussian

_SAMPLE_FACES = 100
_LIMIT = 10
_SEED = 0
_LIBRARIES = ("onnxruntime", "faiss-cpu", "numpy", "pillow", "pillow-heif", "sqlalchemy")


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionHealth:
    """A collection as it is now; recall is measured against exact search, 0 to 1.

    `recall` and `search_ms` are missing where it is empty, or of another model. `waiting`
    photos have not been compared with everybody enrolled.
    """

    name: str
    basis: str
    model_id: str
    photos: int
    faces: int
    unreadable_faces: int
    waiting: int
    engine: str
    recall: float | None
    search_ms: float | None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found."""

    grants: int
    grants_in_force: int
    changed_grants: tuple[str, ...]
    changed_collections: tuple[str, ...]
    collections: tuple[CollectionHealth, ...]


def check_ready(deployment: Deployment) -> None:
    """Asks catalog and vault for something small. Raises `CatalogError`, `VaultError`."""
    with deployment.database.reading() as connection:
        find_revision(connection)
    deployment.vault.notary.is_vouched("ready", b"")


def find_versions(mien: str) -> dict[str, str]:
    """Of Mien itself, as it is told, of Python, and of the libraries that decide what is found."""
    own = {"mien": mien, "python": platform.python_version()}
    return own | {name: version(name) for name in _LIBRARIES}


def examine(deployment: Deployment, galleries: Galleries) -> Diagnosis:
    """Counts everything and measures every index that the model's templates belong to."""
    now = deployment.clock()
    with deployment.database.reading() as connection:
        grants = [stored.grant for stored in iter_grants(deployment, connection)]
        collections = list(iter_collections(deployment, connection))
    return Diagnosis(
        grants=len(grants),
        grants_in_force=sum(may_apply(grant, at=now).is_allowed for grant in grants),
        changed_grants=tuple(grant.grant_id for grant in grants if not grant.is_vouched),
        changed_collections=tuple(c.name for c in collections if not c.charter.is_vouched),
        collections=tuple(
            _examine_collection(deployment, collection, galleries=galleries)
            for collection in collections
        ),
    )


def _examine_collection(
    deployment: Deployment, collection: Collection, *, galleries: Galleries
) -> CollectionHealth:
    with deployment.database.reading() as connection:
        photos = count_photos(connection, collection.id)
        faces = count_faces(connection, collection.id)
    recall, search_ms, unreadable, engine = None, None, 0, "-"
    deployment = deployment.find_view(collection.model_digest) or deployment
    model = deployment.model
    is_readable = collection.charter.is_vouched and collection.model_digest == model.digest
    if faces and is_readable:
        gallery = galleries.load(collection, gaussian=model.gaussian)
        unreadable = gallery.unreadable
        if len(gallery.index):
            health = gallery.index.check()
            engine, recall = health.mode.value, health.recall
            search_ms = _time_search(gallery.index, model.gaussian)
    return CollectionHealth(
        name=collection.name,
        basis=collection.basis,
        model_id=collection.model_id,
        photos=photos,
        faces=faces,
        unreadable_faces=unreadable,
        waiting=count_waiting(deployment, collection),
        engine=engine,
        recall=recall,
        search_ms=search_ms,
    )


def _time_search(index: VectorIndex, gaussian: Gaussian) -> float:
    """The median time of one search, in milliseconds, for faces of nobody."""
    generator = np.random.default_rng(_SEED)
    probes = generator.multivariate_normal(
        gaussian.mean, gaussian.covariance, size=_SAMPLE_FACES, check_valid="ignore"
    ).astype(np.float32)
    times = []
    for probe in probes / np.linalg.norm(probes, axis=1, keepdims=True):
        began = time.perf_counter()
        index.search(probe[np.newaxis], limit=_LIMIT)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000
