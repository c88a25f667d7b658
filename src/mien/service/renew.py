"""Renew a consent: the person, or a minor's guardian, agreed to the same for longer.

Templates get new ids, so that photos which came in meanwhile are looked at again. Where they
were erased already, or are of another model, the person hands in photos once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from mien.catalog import people as rows
from mien.catalog.connect import Connection
from mien.catalog.consents import StoredConsent, find_consents
from mien.catalog.people import StoredPerson
from mien.errors import MienError, NotFoundError, SettingsError
from mien.permission.consent import Consent, ends_at
from mien.permission.verdict import Verdict
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.consent_draft import RenewalDraft, check_until, describe_statement
from mien.service.consents import append_statement, may_come_next, person_subject
from mien.service.deployment import Deployment, recording
from mien.service.enrol import Enrolled
from mien.service.enrolled import Embedding, open_template, seal_templates, template_subject
from mien.service.portraits import Portraits, read_portraits
from mien.vault.notary import Owner
from mien.vault.shreds import Shreds


def renew_consent(
    deployment: Deployment, name: str, *, renewal: RenewalDraft, portraits: Portraits
) -> Enrolled:
    """Renews a person's newest consent.

    Raises `NotFoundError`, `ConflictError`, `SettingsError`, and `PhotoError` for a photo that
    will not do.
    """
    now, key_uuid = deployment.clock(), str(uuid4())
    check_until(renewal, at=now)
    statement = describe_statement(renewal, at=now, max_bytes=portraits.max_bytes)
    with deployment.database.reading() as connection:
        person, stored = _find_newest(connection, name)
        verdict = may_come_next(deployment, stored, event=statement.event)
        if not verdict.is_allowed:
            return Enrolled(verdict=verdict)
        known = _open_templates(deployment, connection, person=person)
    embeddings = read_portraits(deployment, portraits, known=known)
    if not known and not embeddings:
        raise SettingsError(
            "No template of the person is left that the present model can use. "
            "Hand in photos again, after the name."
        )
    try:
        with recording(deployment.home), deployment.database.writing_durably() as connection:
            recorded = append_statement(
                deployment, connection, consent_id=stored.uuid, statement=statement
            )
            if isinstance(recorded, Verdict):
                return Enrolled(verdict=recorded)
            rows.renew_enrolments(connection, person.id)
            if embeddings:
                sealed = seal_templates(deployment, embeddings, person=person, key_uuid=key_uuid)
                rows.add_enrolments(connection, sealed, at=now)
            rows.touch_person(connection, person.id, at=now)
            event = _tell(person, recorded, templates=len(known) + len(embeddings))
            audit.append(deployment, connection, event=event)
    except MienError:
        deployment.vault.shred(Shreds(subjects=[template_subject(key_uuid)]))
        raise
    return Enrolled(verdict=verdict, person=person, consent=recorded)


def _find_newest(connection: Connection, name: str) -> tuple[StoredPerson, StoredConsent]:
    person = rows.get_person(connection, name)
    stored = find_consents(connection, [person.id]).get(person.id)
    if not stored:
        raise NotFoundError(f"There is no consent of {person.uuid} to renew. Enrol them again.")
    return person, stored[-1]


def _open_templates(
    deployment: Deployment, connection: Connection, *, person: StoredPerson
) -> Sequence[Embedding]:
    digest = deployment.model.digest
    enrolments = rows.find_enrolments(connection, [person.id], model_digest=digest)
    return [open_template(deployment, one, person_uuid=person.uuid) for one in enrolments]


def _tell(person: StoredPerson, consent: Consent, *, templates: int) -> Event:
    return Event(
        action=Action.CONSENT_RENEWED,
        consent_id=consent.consent_id,
        subject_id=person.uuid,
        facts={
            "valid_until": audit.format_time(ends_at(consent)),
            "party": consent.events[-1].party,
            "templates": templates,
        },
        note=Note({"name": person.name}, Owner(subject=person_subject(person.uuid))),
    )
