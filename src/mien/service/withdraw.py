"""Withdraw a consent: out of every answer at once, and templates and faces erased.

The record of the consent and of its end stays as proof, until the person is erased or the
years for which it may be kept are over.
"""

from __future__ import annotations

from mien.catalog import people as rows
from mien.catalog.connect import Connection
from mien.catalog.consents import StoredConsent, find_consents
from mien.catalog.people import StoredPerson
from mien.catalog.removal import plan_removal
from mien.catalog.selection import select_enrolled
from mien.permission.consent import ConsentEvent, ConsentState, Party
from mien.permission.verdict import Verdict
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.consents import Statement, append_statement, believe, disown, person_subject
from mien.service.deployment import Deployment, erasing
from mien.service.erase import ErasureReport, conclude_erasure
from mien.service.erasing import begin_erasure
from mien.service.gallery import Galleries
from mien.vault.notary import Owner

KIND = "withdrawal"
"""What ledger and certificate call such an erasure."""


def withdraw_consent(
    deployment: Deployment, name: str, *, guardian: str = "", galleries: Galleries
) -> ErasureReport:
    """Withdraws all that a person consented to, and erases what was kept for them.

    May be repeated. Raises `NotFoundError`, `ConflictError`, and as `erase`.
    """
    with erasing(deployment.home):
        with deployment.database.writing() as connection:
            person = rows.get_person(connection, name)
            for stored in find_consents(connection, [person.id]).get(person.id, []):
                _end(deployment, connection, stored=stored, guardian=guardian.strip())
            audit.append(deployment, connection, event=_tell(person))
            rows.touch_person(connection, person.id, at=deployment.clock())
            plan = plan_removal(connection, select_enrolled(connection, [person.id]))
            entry = begin_erasure(deployment, connection, plan=plan, kind=KIND)
        return conclude_erasure(deployment, galleries, plan=plan, entry=entry)


def _end(
    deployment: Deployment, connection: Connection, *, stored: StoredConsent, guardian: str
) -> None:
    """Ends one consent. A chain that nothing can be added to is never believed again."""
    consent = believe(deployment, stored)
    # A clock that was set back keeps nobody from withdrawing.
    at = max([deployment.clock(), *(event.at for event in consent.events)])
    party = Party.GUARDIAN if guardian else Party.PERSON
    event = ConsentEvent(state=ConsentState.WITHDRAWN, at=at, party=party)
    ended = append_statement(
        deployment,
        connection,
        consent_id=stored.uuid,
        statement=Statement(event=event, details={"guardian": guardian}),
    )
    if isinstance(ended, Verdict) and not consent.is_vouched:
        disown(deployment, stored)


def _tell(person: StoredPerson) -> Event:
    return Event(
        action=Action.CONSENT_WITHDRAWN,
        subject_id=person.uuid,
        note=Note({"name": person.name}, Owner(subject=person_subject(person.uuid))),
    )
