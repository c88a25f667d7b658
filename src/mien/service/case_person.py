"""What is on record of somebody who is enrolled: told in answer to their own request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from mien.catalog.audit import Json
from mien.errors import AuditError, NotFoundError
from mien.service import audit
from mien.service.consent_record import issue_receipt, make_record
from mien.service.deployment import Deployment
from mien.service.people import Person, get_person, list_events
from mien.service.policy_facts import Operator


@dataclass(frozen=True, slots=True)
class PersonOnRecord:
    """The record as JSON values, and a receipt of the newest consent if one can be made."""

    document: Mapping[str, Json]
    receipt: str


def describe_person(
    deployment: Deployment, person_id: str, *, operator: Operator, grace: timedelta
) -> PersonOnRecord | None:
    """Everything recorded of a person; nothing where nobody of that id is, any more."""
    try:
        person = get_person(deployment, person_id, grace=grace)
    except NotFoundError:
        return None
    document = {**_describe(person), "consents": _describe_events(deployment, person_id)}
    try:
        record = make_record(deployment, person_id, operator=operator)
        receipt = issue_receipt(deployment, person_id, operator=operator)
    except (AuditError, NotFoundError):
        # No document is made of a consent that was changed behind Mien's back; its events say so.
        return PersonOnRecord({**document, "newest_consent": None}, "")
    return PersonOnRecord({**document, "newest_consent": record}, receipt)


def _describe(person: Person) -> dict[str, Json]:
    stored = person.stored
    of_age_at = None if stored.of_age_at is None else audit.format_time(stored.of_age_at)
    return {
        "person": stored.uuid,
        "name": stored.name,
        "enrolled_at": audit.format_time(stored.enrolled_at),
        "comes_of_age_at": of_age_at,
        "consent": person.state,
        "may_be_recognised": person.verdict.is_allowed,
        "reasons_against": list(person.verdict.reasons),
        "templates": person.templates,
        "templates_erased_at_the_latest": audit.format_time(person.templates_until),
        "record_erased_at_the_latest": audit.format_time(person.record_until),
    }


def _describe_events(deployment: Deployment, person_id: str) -> list[Json]:
    return [
        {
            "consent": spoken.consent_id,
            "at": audit.format_time(spoken.event.at),
            "state": spoken.event.state,
            "guardian": spoken.guardian,
            "evidence": spoken.evidence,
        }
        for spoken in list_events(deployment, person_id)
    ]
