"""Make and list collections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mien.catalog import collections as rows
from mien.catalog.faces import count_faces, count_photos
from mien.errors import ConflictError, SettingsError
from mien.permission.basis import Basis
from mien.permission.charter import ALONE, TOGETHER, Charter, count_confirmations
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.deployment import Deployment
from mien.service.drafts import check_papers, check_purposes, check_texts, parse_retention
from mien.service.standing import iter_collections, make_collection
from mien.types import EmbeddingModel

DEFAULT_COLLECTION = "default"


@dataclass(frozen=True, slots=True)
class CollectionSummary:
    """A collection, what it is for, and how much it holds."""

    name: str
    charter: Charter
    model_id: str
    photos: int
    faces: int

    @property
    def basis(self) -> Basis:
        return self.charter.basis


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionDraft:
    """What somebody wants to make. How many confirm a match follows from the basis, if not said."""

    name: str
    basis: Basis
    purposes: Sequence[str] = ()
    assessment: str = ""
    retention_days: int | None = None
    confirmations: int | None = None


def create_collection(deployment: Deployment, draft: CollectionDraft) -> CollectionSummary:
    """Raises `ConflictError` where the name is taken, `SettingsError` for what cannot be."""
    charter = _write_charter(draft)
    with deployment.database.writing_durably() as connection:
        made = make_collection(deployment, connection, name=draft.name, charter=charter)
        audit.append(deployment, connection, event=tell_made(deployment, made))
    return CollectionSummary(made.name, made.charter, made.model_id, photos=0, faces=0)


def _write_charter(draft: CollectionDraft) -> Charter:
    """Raises `SettingsError`."""
    if not draft.name.strip():
        raise SettingsError("A collection needs a name.")
    check_texts(draft.name, draft.assessment)
    check_purposes(draft.purposes)
    retention = parse_retention(draft.retention_days)
    check_papers(
        [draft.basis], purposes=draft.purposes, assessment=draft.assessment, retention=retention
    )
    confirmations = draft.confirmations or count_confirmations(draft.basis)
    if confirmations not in {ALONE, TOGETHER}:
        raise SettingsError("A match is confirmed by one person or by two.")
    return Charter(
        basis=draft.basis,
        purposes=frozenset(draft.purposes),
        assessment=draft.assessment.strip(),
        retention=retention,
        confirmations=confirmations,
    )


def tell_made(deployment: Deployment, made: rows.Collection) -> Event:
    """What the audit log hears of a new collection."""
    charter = made.charter
    return Event(
        action=Action.COLLECTION_MADE,
        facts={
            "collection": audit.refer_collection(deployment, made.uuid),
            "basis": made.basis,
            "purposes": sorted(charter.purposes),
            "retention_days": None if charter.retention is None else charter.retention.days,
            "confirmations": charter.confirmations,
            "model": made.model_id,
            "model_digest": made.model_digest,
        },
        note=Note({"collection": made.name, "assessment": charter.assessment}),
    )


def list_collections(deployment: Deployment) -> list[CollectionSummary]:
    with deployment.database.reading() as connection:
        return [
            CollectionSummary(
                found.name,
                found.charter,
                found.model_id,
                photos=count_photos(connection, found.id),
                faces=count_faces(connection, found.id),
            )
            for found in iter_collections(deployment, connection)
        ]


def check_model(collection: rows.Collection, model: EmbeddingModel) -> None:
    """Raises `ConflictError` where templates of the model would not match the collection's."""
    if (collection.model_id, collection.model_digest) != (model.model_id, model.digest):
        raise ConflictError(
            f"Collection {collection.name} holds templates of {collection.model_id} "
            f"({collection.model_digest[:12]}), and the model at hand is {model.model_id} "
            f"({model.digest[:12]}). Use the version of Mien that made it, pull its model, "
            f"or bring it to another: mien models migrate {collection.name} --to PACK"
        )


def see_collection(deployment: Deployment, name: str) -> Deployment:
    """The deployment as the collection's own model sees it; as it is where that is not here."""
    with deployment.database.reading() as connection:
        found = rows.find_collection(connection, name)
    view = None if found is None else deployment.find_view(found.model_digest)
    return view or deployment


def find_views(deployment: Deployment) -> list[Deployment]:
    """The deployment, and as it is seen by every other model here that a collection is of."""
    with deployment.database.reading() as connection:
        digests = {found.model_digest for found in rows.iter_collections(connection)}
    others = sorted(digests - {deployment.model.digest})
    views = [deployment.find_view(digest) for digest in others]
    return [deployment, *(view for view in views if view is not None)]
