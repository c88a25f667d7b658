"""Make and list collections."""

from __future__ import annotations

from dataclasses import dataclass

from mien.catalog import collections as rows
from mien.catalog.faces import count_faces, count_photos
from mien.errors import ConflictError, SettingsError
from mien.permission.basis import Basis
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.deployment import Deployment
from mien.types import EmbeddingModel

DEFAULT_COLLECTION = "default"


@dataclass(frozen=True, slots=True)
class CollectionSummary:
    """A collection and how much it holds."""

    name: str
    basis: Basis
    model_id: str
    photos: int
    faces: int


def create_collection(deployment: Deployment, name: str, *, basis: Basis) -> CollectionSummary:
    """Raises `ConflictError` where the name is taken, `SettingsError` where it is empty."""
    if not name.strip():
        raise SettingsError("A collection needs a name.")
    with deployment.database.writing() as connection:
        made = rows.create_collection(
            connection, name, basis=basis, model=deployment.model, at=deployment.clock()
        )
        audit.append(deployment, connection, event=tell_made(deployment, made))
    return CollectionSummary(made.name, made.basis, made.model_id, photos=0, faces=0)


def tell_made(deployment: Deployment, made: rows.Collection) -> Event:
    """What the audit log hears of a new collection."""
    return Event(
        action=Action.COLLECTION_MADE,
        facts={
            "collection": audit.refer_collection(deployment, made.uuid),
            "basis": made.basis,
            "model": made.model_id,
            "model_digest": made.model_digest,
        },
        note=Note({"collection": made.name}),
    )


def list_collections(deployment: Deployment) -> list[CollectionSummary]:
    with deployment.database.reading() as connection:
        return [
            CollectionSummary(
                found.name,
                found.basis,
                found.model_id,
                photos=count_photos(connection, found.id),
                faces=count_faces(connection, found.id),
            )
            for found in rows.iter_collections(connection)
        ]


def check_model(collection: rows.Collection, model: EmbeddingModel) -> None:
    """Raises `ConflictError` where templates of the model would not match the collection's."""
    if (collection.model_id, collection.model_digest) != (model.model_id, model.digest):
        raise ConflictError(
            f"Collection {collection.name} holds templates of {collection.model_id} "
            f"({collection.model_digest[:12]}), and the model at hand is {model.model_id} "
            f"({model.digest[:12]}). Use the version of Mien that made it, or a new collection."
        )
