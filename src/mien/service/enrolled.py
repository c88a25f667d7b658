"""Who may be recognised: the templates of those who consent, and whose consent covers what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from mien.catalog import people as rows
from mien.catalog.connect import Connection
from mien.catalog.consents import iter_consents
from mien.catalog.people import NewEnrolments, StoredEnrolment, StoredPerson
from mien.evidence.strength import find_score
from mien.permission.consent import Consent, may_process, may_rely_on
from mien.service.consents import believe, find_consents
from mien.service.deployment import Deployment
from mien.service.likeness import Likeness, PersonLikeness, fuse, know_nobody
from mien.types import EmbeddingModel, PersonId, Vectors

Embedding = NDArray[np.float32]

FMR = 1e-3
"""At which false match rate a face counts as that of somebody enrolled."""

_TEMPLATE = np.dtype("<f4")


def load_enrolled(
    deployment: Deployment, connection: Connection, *, at: datetime
) -> tuple[Likeness | PersonLikeness, int]:
    """Everybody whose consent is in force, and the newest of their enrolments; 0 where none is.

    Of this deployment's present model only. All photos of a person count as one template where
    the model is calibrated. Raises `VaultError` where a template that should open does not.
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
        open_template(deployment, one, person_uuid=uuids[one.person_id]) for one in enrolments
    ]
    owners = [one.person_id for one in enrolments]
    return _know(model, np.stack(templates), owners=owners), enrolments[-1].id


def _know(
    model: EmbeddingModel, templates: Vectors, *, owners: Sequence[PersonId]
) -> Likeness | PersonLikeness:
    if model.cohort is None or model.calibration is None:
        least_scores = np.full(len(owners), model.score_at(FMR), np.float32)
        return Likeness(templates, owners, least_scores)
    least_score = find_score(model.calibration, fmr=FMR)
    return fuse(
        templates,
        owners,
        cohort=model.cohort,
        least_score=least_score,
        least_cosine=model.score_at(FMR),
    )


def find_consenting(
    deployment: Deployment,
    connection: Connection,
    *,
    person_ids: Collection[PersonId],
    purpose: str | None,
    at: datetime,
) -> set[PersonId]:
    """Those of these people who may be recognised for this purpose now; without one, for any."""
    found = find_consents(deployment, connection, person_ids=person_ids)
    return {
        person_id
        for person_id, consents in found.items()
        if any(_covers(one, purpose=purpose, at=at) for one in consents)
    }


def _covers(consent: Consent, *, purpose: str | None, at: datetime) -> bool:
    if purpose is None:
        return may_rely_on(consent, at=at).is_allowed
    return may_process(consent, purpose=purpose, at=at).is_allowed


def seal_templates(
    deployment: Deployment,
    embeddings: Sequence[Embedding],
    *,
    person: StoredPerson,
    key_uuid: str,
) -> NewEnrolments:
    """Templates of somebody, under a key of their own that goes when the person withdraws."""
    digest = deployment.model.digest
    sealed = [
        deployment.vault.subjects.seal(
            embedding.astype(_TEMPLATE).tobytes(),
            subject=template_subject(key_uuid),
            context=_context(person.uuid, digest),
        )
        for embedding in embeddings
    ]
    return NewEnrolments(person_id=person.id, model_digest=digest, key_uuid=key_uuid, sealed=sealed)


def open_template(
    deployment: Deployment, enrolment: StoredEnrolment, *, person_uuid: str
) -> Embedding:
    """The template, shape (dimension,). Raises `VaultError` where it is not the person's."""
    content = deployment.vault.subjects.unseal(
        enrolment.sealed,
        subject=template_subject(enrolment.key_uuid),
        context=_context(person_uuid, enrolment.model_digest),
    )
    return np.frombuffer(content, dtype=_TEMPLATE)


def template_subject(key_uuid: str) -> str:
    """What the vault calls a key of templates, apart from that of the record of consent."""
    return f"template:{key_uuid}"


def _context(person_uuid: str, model_digest: str) -> str:
    return f"enrolment:{person_uuid}:{model_digest}"
