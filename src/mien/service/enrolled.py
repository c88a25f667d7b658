"""Who may be recognised: the templates of those who consent, and whose consent covers what."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import numpy as np

from mien.catalog import people as rows
from mien.catalog.connect import Connection
from mien.catalog.consents import iter_consents
from mien.permission.consent import may_process, may_rely_on
from mien.service.consents import believe, find_consents
from mien.service.deployment import Deployment
from mien.service.likeness import Likeness, know_nobody
from mien.types import PersonId, Vectors

FMR = 1e-3
"""At which false match rate a face counts as that of somebody enrolled."""

_TEMPLATE = np.dtype("<f4")


def load_enrolled(
    deployment: Deployment, connection: Connection, *, at: datetime
) -> tuple[Likeness, int]:
    """Everybody whose consent is in force, and the newest of their enrolments; 0 where none is.

    Of this deployment's present model only. Raises `VaultError` where a template that should
    open does not.
    """
    model = deployment.model
    uuids = {
        stored.person_id: stored.person_uuid
        for stored in iter_consents(connection)
        if may_rely_on(believe(deployment, stored), at=at).is_allowed
    }
    enrolments = rows.find_enrolments(connection, uuids, model_digest=model.digest)
    if not enrolments:
        return know_nobody(model.dimension), 0
    templates = [
        open_template(deployment, one.sealed, person_uuid=uuids[one.person_id])
        for one in enrolments
    ]
    likeness = Likeness(
        np.stack(templates),
        [one.person_id for one in enrolments],
        np.full(len(enrolments), model.score_at(FMR), np.float32),
    )
    return likeness, enrolments[-1].id


def find_consenting(
    deployment: Deployment,
    connection: Connection,
    *,
    person_ids: Collection[PersonId],
    purpose: str,
    at: datetime,
) -> set[PersonId]:
    """Those of these people who may be recognised for this purpose now."""
    found = find_consents(deployment, connection, person_ids=person_ids)
    return {
        person_id
        for person_id, consents in found.items()
        if any(may_process(one, purpose=purpose, at=at).is_allowed for one in consents)
    }


def seal_template(deployment: Deployment, embedding: Vectors, *, person_uuid: str) -> bytes:
    """A template of somebody, under a key of theirs that goes when they withdraw."""
    return deployment.vault.subjects.seal(
        embedding.astype(_TEMPLATE).tobytes(),
        subject=template_subject(person_uuid),
        context=_context(deployment),
    )


def open_template(deployment: Deployment, sealed: bytes, *, person_uuid: str) -> Vectors:
    """The template, shape (dimension,). Raises `VaultError` where it is not the person's."""
    content = deployment.vault.subjects.unseal(
        sealed, subject=template_subject(person_uuid), context=_context(deployment)
    )
    return np.frombuffer(content, dtype=_TEMPLATE)


def template_subject(person_uuid: str) -> str:
    """The key of a person's templates, apart from that of the record of their consent."""
    return f"template:{person_uuid}"


def _context(deployment: Deployment) -> str:
    return f"enrolment:{deployment.model.digest}"
