"""Enrol somebody: their consent with its evidence, and a template of each photo they handed in.

Nothing else of the photos is kept. Without evidence, or with photos that do not show one and
the same person, nothing at all is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from mien.catalog import people as rows
from mien.catalog.connect import Connection
from mien.catalog.people import NewPerson, StoredPerson
from mien.errors import MienError, SettingsError
from mien.permission.consent import Consent, ends_at, may_append
from mien.permission.verdict import ALLOWED, Verdict
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.consent_draft import (
    ConsentDraft,
    check_consent,
    complete_draft,
    describe_statement,
    describe_terms,
)
from mien.service.consents import open_consent, person_subject, record_consent
from mien.service.deployment import Deployment, recording
from mien.service.enrolled import Embedding, load_enrolled, seal_templates, template_subject
from mien.service.portraits import Portraits, read_portraits
from mien.vault.notary import Owner
from mien.vault.shreds import Shreds


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """Who was enrolled, unless the verdict is a no; `alike` are others that look like them."""

    verdict: Verdict
    person: StoredPerson | None = None
    consent: Consent | None = None
    alike: tuple[StoredPerson, ...] = ()


def enrol_person(
    deployment: Deployment,
    name: str,
    *,
    portraits: Portraits,
    consent: ConsentDraft,
    person_id: str = "",
) -> Enrolled:
    """Enrols a person, under a fresh id unless the caller has one.

    Raises `SettingsError`, and `PhotoError` for a photo that will not do.
    """
    now, max_bytes = deployment.clock(), portraits.max_bytes
    _check(name, portraits)
    consent = complete_draft(deployment, consent, at=now)
    check_consent(consent, at=now)
    terms = describe_terms(consent, max_bytes=max_bytes)
    first = describe_statement(consent, at=now, max_bytes=max_bytes)
    verdict = may_append(open_consent(consent.of_age_at), first.event)
    if not verdict.is_allowed:
        return Enrolled(verdict=verdict)
    embeddings = read_portraits(deployment, portraits)
    new = NewPerson(uuid=person_id or str(uuid4()), name=name.strip(), of_age_at=consent.of_age_at)
    key_uuid = str(uuid4())
    try:
        with recording(deployment.home), deployment.database.writing_durably() as connection:
            alike = _find_alike(deployment, connection, embeddings=embeddings, at=now)
            person = rows.add_person(connection, new, at=now)
            recorded = record_consent(
                deployment, connection, person=person, terms=terms, first=first
            )
            enrolments = seal_templates(deployment, embeddings, person=person, key_uuid=key_uuid)
            rows.add_enrolments(connection, enrolments, at=now)
            event = _tell(person, recorded, templates=len(embeddings))
            audit.append(deployment, connection, event=event)
    except MienError:
        made = [person_subject(new.uuid), template_subject(key_uuid)]
        deployment.vault.shred(Shreds(subjects=made))
        raise
    return Enrolled(verdict=ALLOWED, person=person, consent=recorded, alike=alike)


def _check(name: str, portraits: Portraits) -> None:
    if not name.strip():
        raise SettingsError("A person needs a name.")
    if not portraits.photos:
        raise SettingsError("Enrolling needs at least one photo of the person.")


def _find_alike(
    deployment: Deployment,
    connection: Connection,
    *,
    embeddings: Sequence[Embedding],
    at: datetime,
) -> tuple[StoredPerson, ...]:
    """Those already enrolled whom the photos look like."""
    likeness, _ = load_enrolled(deployment, connection, at=at)
    owners = {likeness.find_owner(embedding) for embedding in embeddings}
    return tuple(person for person in rows.iter_people(connection) if person.id in owners)


def _tell(person: StoredPerson, consent: Consent, *, templates: int) -> Event:
    return Event(
        action=Action.PERSON_ENROLLED,
        consent_id=consent.consent_id,
        subject_id=person.uuid,
        facts={
            "purposes": sorted(consent.purposes),
            "valid_until": audit.format_time(ends_at(consent)),
            "party": consent.events[-1].party,
            "templates": templates,
        },
        note=Note({"name": person.name}, Owner(subject=person_subject(person.uuid))),
    )
