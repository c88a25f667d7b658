"""What people consented to: chains of events, written once and believed only when vouched for.

A consent's chain is all that its rows say, in the one form of RFC 8785. The vault remembers
a mark of the newest chain beside the keys, so a row that was inserted, edited or removed, or
that came back with an older catalog, makes a consent that allows nothing. The mark is made
before the rows are: whoever is killed in between has a consent that allows nothing until the
same command is repeated.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from uuid import uuid4

from mien.catalog import consents as rows
from mien.catalog.audit import Json, format_json
from mien.catalog.connect import Connection
from mien.catalog.consents import NewConsent, StoredConsent, StoredConsentEvent
from mien.catalog.people import StoredPerson
from mien.errors import ConflictError
from mien.permission.consent import (
    PROCESSING,
    Consent,
    ConsentEvent,
    ConsentState,
    Party,
    may_append,
)
from mien.permission.verdict import Reason, Verdict, refuse
from mien.service import audit
from mien.service.deployment import Deployment
from mien.types import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What was said of a consent, with what shows it; the details are sealed."""

    event: ConsentEvent
    details: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a consent is about: purposes in the open, the details sealed."""

    purposes: Sequence[str]
    details: Mapping[str, Json] = field(default_factory=dict)


def find_consents(
    deployment: Deployment, connection: Connection, *, person_ids: Iterable[PersonId]
) -> dict[PersonId, list[Consent]]:
    """The consents of these people, in the order they were recorded."""
    found = rows.find_consents(connection, person_ids)
    return {
        person_id: [believe(deployment, stored) for stored in consents]
        for person_id, consents in found.items()
    }


def believe(deployment: Deployment, stored: StoredConsent) -> Consent:
    """The consent that rows make; one that the vault does not vouch for says so."""
    newest, _ = voucher_names(stored.uuid)
    is_vouched = deployment.vault.notary.is_vouched(newest, describe_chain(stored))
    return replace(read_consent(stored), is_vouched=is_vouched)


def read_consent(stored: StoredConsent) -> Consent:
    """What the rows say, as long as nobody vouched for them."""
    purposes = stored.purposes if isinstance(stored.purposes, list) else []
    return Consent(
        consent_id=stored.uuid,
        purposes=frozenset(str(purpose) for purpose in purposes),
        events=[_parse_event(event) for event in stored.events],
        of_age_at=stored.of_age_at,
        is_vouched=False,
    )


def record_consent(
    deployment: Deployment,
    connection: Connection,
    *,
    person: StoredPerson,
    terms: Terms,
    first: Statement,
) -> Consent:
    """Begins the chain of a new consent. Raises `ConflictError` where it cannot begin so."""
    uuid = str(uuid4())
    verdict = may_append(open_consent(person.of_age_at), first.event)
    if not verdict.is_allowed:
        raise ConflictError(verdict.reasons[0].explanation)
    new = NewConsent(
        uuid=uuid,
        person_id=person.id,
        purposes=sorted(set(terms.purposes)),
        sealed=_seal(deployment, terms.details, person_uuid=person.uuid, of=uuid),
    )
    rows.add_consent(connection, new)
    stored = rows.get_consent(connection, uuid)
    return _append(deployment, connection, stored=stored, statement=first)


def open_consent(of_age_at: datetime | None) -> Consent:
    """A consent of which nothing was said yet: to ask what may be said first."""
    return Consent(consent_id="", purposes=frozenset(), events=(), of_age_at=of_age_at)


def append_statement(
    deployment: Deployment, connection: Connection, *, consent_id: str, statement: Statement
) -> Consent | Verdict:
    """Adds to a consent's chain; a verdict where it may not follow. Raises `NotFoundError`."""
    stored = rows.get_consent(connection, consent_id)
    verdict = may_come_next(deployment, stored, event=statement.event)
    if not verdict.is_allowed:
        return verdict
    return _append(deployment, connection, stored=stored, statement=statement)


def may_come_next(deployment: Deployment, stored: StoredConsent, *, event: ConsentEvent) -> Verdict:
    """May this be added to a consent's chain?

    What takes away may follow any chain. What gives may follow the newest one, and the one
    before it, so that a renewal that was cut short can be repeated; it follows no other.
    """
    consent = believe(deployment, stored)
    verdict = may_append(consent, event)
    if not verdict.is_allowed or event.state not in PROCESSING or consent.is_vouched:
        return verdict
    _, before = voucher_names(stored.uuid)
    is_known = deployment.vault.notary.is_vouched(before, describe_chain(stored))
    return verdict if is_known else refuse(Reason.CONSENT_CHANGED)


def disown(deployment: Deployment, stored: StoredConsent) -> None:
    """Never believes any chain of this consent again."""
    with deployment.vault.writing():
        for name in voucher_names(stored.uuid):
            deployment.vault.notary.vouch(name, b"")


def open_details(deployment: Deployment, stored: StoredConsent) -> Mapping[str, Json]:
    """What was sealed with the consent. Raises `VaultError`."""
    return _unseal(deployment, stored.sealed, person_uuid=stored.person_uuid, of=stored.uuid)


def open_statement(
    deployment: Deployment, stored: StoredConsent, *, event: StoredConsentEvent
) -> Mapping[str, Json]:
    """What was sealed with one of its events. Raises `VaultError`."""
    of = f"{stored.uuid}:{event.number}"
    return _unseal(deployment, event.sealed, person_uuid=stored.person_uuid, of=of)


def describe_chain(stored: StoredConsent) -> bytes:
    """Everything that the consent's meaning hangs on."""
    chain: dict[str, Json] = {
        "consent": stored.uuid,
        "person": stored.person_uuid,
        "person_row": stored.person_id,
        "of_age_at": _format(stored.of_age_at),
        "purposes": stored.purposes,
        "sealed": _hash(stored.sealed),
        "events": [
            {
                "number": event.number,
                "state": event.state,
                "at": _format(event.at),
                "valid_until": _format(event.valid_until),
                "party": event.party,
                "sealed": _hash(event.sealed),
            }
            for event in stored.events
        ],
    }
    return format_json(chain)


def person_subject(person_uuid: str) -> str:
    """The key of what is recorded of a person's consent."""
    return f"person:{person_uuid}"


def voucher_names(consent_id: str) -> tuple[str, str]:
    """What the vault calls the marks of a consent's chain: of the newest, and of the one before."""
    return f"consent:{consent_id}", f"consent before:{consent_id}"


def _append(
    deployment: Deployment, connection: Connection, *, stored: StoredConsent, statement: Statement
) -> Consent:
    event, number = statement.event, len(stored.events)
    of = f"{stored.uuid}:{number}"
    sealed = _seal(deployment, statement.details, person_uuid=stored.person_uuid, of=of)
    rows.add_event(
        connection,
        consent_id=stored.id,
        event=StoredConsentEvent(
            number=number,
            state=event.state,
            at=event.at,
            valid_until=event.valid_until,
            party=event.party,
            sealed=sealed,
        ),
    )
    extended = rows.get_consent(connection, stored.uuid)
    _vouch(deployment, stored, extended=extended)
    return believe(deployment, extended)


def _vouch(deployment: Deployment, stored: StoredConsent, *, extended: StoredConsent) -> None:
    """The chain before is remembered only where nothing was taken away since."""
    notary, chain = deployment.vault.notary, describe_chain(extended)
    newest, before = voucher_names(stored.uuid)
    gives = extended.events[-1].state in PROCESSING
    with deployment.vault.writing():
        notary.vouch(before, describe_chain(stored) if gives else chain)
        notary.vouch(newest, chain)


def _seal(
    deployment: Deployment, details: Mapping[str, Json], *, person_uuid: str, of: str
) -> bytes:
    return deployment.vault.subjects.seal(
        format_json(details), subject=person_subject(person_uuid), context=f"consent:{of}"
    )


def _unseal(
    deployment: Deployment, sealed: bytes, *, person_uuid: str, of: str
) -> Mapping[str, Json]:
    content = deployment.vault.subjects.unseal(
        sealed, subject=person_subject(person_uuid), context=f"consent:{of}"
    )
    details: Mapping[str, Json] = json.loads(content)
    return details


def _parse_event(event: StoredConsentEvent) -> ConsentEvent:
    """What is no state of ours is unknown, and allows nothing."""
    return ConsentEvent(
        state=ConsentState(event.state) if event.state in _STATES else ConsentState.UNKNOWN,
        at=event.at,
        valid_until=event.valid_until,
        party=Party.GUARDIAN if event.party == Party.GUARDIAN else Party.PERSON,
    )


def _format(at: datetime | None) -> str | None:
    return None if at is None else audit.format_time(at)


def _hash(sealed: bytes) -> str:
    return sha256(sealed).hexdigest()


_STATES = frozenset(ConsentState)
