"""Lets an opt-out take effect: on the record, and on what is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mien.catalog import collections as collection_rows
from mien.catalog import selection as selections
from mien.catalog import suppressions as rows
from mien.catalog.connect import Connection
from mien.catalog.selection import Selection
from mien.catalog.suppressions import SuppressionRow
from mien.permission.suppression import HOST, Level
from mien.service import audit
from mien.service.alike import find_alike
from mien.service.audit import Action, Event, Note
from mien.service.deployment import Deployment
from mien.service.erase import ErasureReport, erase
from mien.service.gallery import Galleries
from mien.service.near_copies import find_near_copies
from mien.service.suppressed import Suppressions
from mien.service.suppression_records import (
    Suppression,
    seal_row,
    subject_of,
)
from mien.types import FaceId
from mien.vault.notary import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressedTarget:
    """Everything held that was opted out; of what is also elsewhere, only the place."""

    addresses: Sequence[str] = ()
    sha256s: Sequence[str] = ()
    face_ids: Sequence[FaceId] = ()
    kind: ClassVar = "optout"

    def select(self, connection: Connection) -> Selection:
        found = [
            *(_select_source(connection, address) for address in self.addresses),
            *(selections.select_photo(connection, sha256) for sha256 in self.sha256s),
        ]
        location_ids = {location for one in found for location in one.location_ids}
        return Selection(face_ids=self.face_ids, location_ids=location_ids)


def _select_source(connection: Connection, address: str) -> Selection:
    if address.startswith(HOST):
        return selections.select_host(connection, address.removeprefix(HOST))
    return selections.select_below(connection, address)


def record_suppression(
    deployment: Deployment,
    connection: Connection,
    *,
    new: Suppression,
    portrait: bytes | None = None,
) -> None:
    """Writes a record into the catalog.

    Its copy is put beside the keys once what it keeps out is erased: until then whoever opens
    the home next does that again.
    """
    row = seal_row(deployment.vault, new, portrait=portrait)
    rows.record_suppression(connection, row)
    tell_opted_out(deployment, connection, row=row, is_restored=False)


def enforce(
    deployment: Deployment, galleries: Galleries, *, some: Sequence[Suppression]
) -> ErasureReport | None:
    """Erases everything held that these keep out; nothing to tell where nothing is."""
    items = [one.facts for one in some if one.level is Level.ITEM]
    sketches = [facts.as_sketches() for facts in items]
    near = find_near_copies(deployment, np.concatenate(sketches)) if sketches else ()
    target = SuppressedTarget(
        addresses=[one.facts.address for one in some if one.level is Level.SOURCE],
        sha256s=sorted({*(facts.sha256 for facts in items), *near}),
        face_ids=_find_faces(deployment, galleries, some=some),
    )
    with deployment.database.reading() as connection:
        if target.select(connection).is_empty:
            return None
    return erase(deployment, target, galleries=galleries)


def _find_faces(
    deployment: Deployment, galleries: Galleries, *, some: Sequence[Suppression]
) -> list[FaceId]:
    """In all collections of the present model, which alone can be searched now."""
    model = deployment.model
    faces = Suppressions([one for one in some if one.knows(model)], model).faces
    with deployment.database.reading() as connection:
        collections = list(collection_rows.iter_collections(connection))
    found: list[FaceId] = []
    for collection in collections:
        if len(faces.owners) and collection.model_digest == model.digest:
            gallery = galleries.load(collection, gaussian=model.gaussian)
            rotation = deployment.vault.rotation_of(collection.dimension)
            alike = find_alike(gallery.index, faces, rotation=rotation)
            found += [FaceId(int(face_id)) for face_id in alike]
    return found


def tell_opted_out(
    deployment: Deployment, connection: Connection, *, row: SuppressionRow, is_restored: bool
) -> None:
    """Into the audit log: the level, and a reference; the id goes with its key."""
    subject = subject_of(row.uuid)
    event = Event(
        action=Action.OPTED_OUT,
        subject_id=subject,
        consent_id=subject if row.level is Level.FACE else "",
        facts={"level": row.level, "restored": is_restored},
        note=Note({"optout": row.uuid}, Owner(subject=subject)),
    )
    audit.append(deployment, connection, event=event)
