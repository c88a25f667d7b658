"""A consent, what became of it, and whether somebody may be recognised under it.

The states are those of ISO/IEC TS 27560 as the W3C's Data Privacy Vocabulary names them.
Events are only ever appended; the last one says how things stand. Nobody's age is estimated:
when a minor comes of age is what their guardian says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from mien.permission.purpose import check_purpose
from mien.permission.verdict import ALLOWED, Reason, Verdict, combine, refuse


class ConsentState(StrEnum):
    """How a consent stands; nothing is done in any but `ConsentGiven` and its renewal."""

    REQUESTED = "ConsentRequested"
    DEFERRED = "ConsentRequestDeferred"
    REFUSED = "ConsentRefused"
    GIVEN = "ConsentGiven"
    RENEWED = "RenewedConsentGiven"
    EXPIRED = "ConsentExpired"
    WITHDRAWN = "ConsentWithdrawn"
    REVOKED = "ConsentRevoked"
    INVALIDATED = "ConsentInvalidated"
    UNKNOWN = "ConsentUnknown"


class Party(StrEnum):
    """Who spoke."""

    PERSON = "person"
    GUARDIAN = "guardian"


PROCESSING = frozenset({ConsentState.GIVEN, ConsentState.RENEWED})
"""The states in which the person may be recognised, for the purposes named."""

_ENDS = frozenset(
    {
        *(ConsentState.EXPIRED, ConsentState.WITHDRAWN),
        *(ConsentState.REVOKED, ConsentState.INVALIDATED),
    }
)

_FOLLOWING: dict[ConsentState | None, frozenset[ConsentState]] = {
    None: frozenset(
        {
            *(ConsentState.REQUESTED, ConsentState.REFUSED),
            *(ConsentState.GIVEN, ConsentState.UNKNOWN),
        }
    ),
    ConsentState.REQUESTED: frozenset(
        {
            *(ConsentState.DEFERRED, ConsentState.REFUSED),
            *(ConsentState.GIVEN, ConsentState.INVALIDATED),
        }
    ),
    ConsentState.DEFERRED: frozenset(
        {
            *(ConsentState.REQUESTED, ConsentState.REFUSED),
            *(ConsentState.GIVEN, ConsentState.INVALIDATED),
        }
    ),
    ConsentState.REFUSED: frozenset({ConsentState.REQUESTED, ConsentState.INVALIDATED}),
    ConsentState.GIVEN: _ENDS | {ConsentState.RENEWED},
    ConsentState.RENEWED: _ENDS | {ConsentState.RENEWED},
    ConsentState.EXPIRED: _ENDS - {ConsentState.EXPIRED} | {ConsentState.RENEWED},
    ConsentState.UNKNOWN: frozenset({ConsentState.REQUESTED, ConsentState.INVALIDATED}),
}
"""What may follow; after the other states nothing may, and only a new consent helps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEvent:
    """What was said, when and by whom; `valid_until` where consent is given or renewed."""

    state: ConsentState
    at: datetime
    valid_until: datetime | None = None
    party: Party = Party.PERSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a person, or their guardian, agreed to. Times carry their zone.

    `of_age_at` is when a minor comes of age. `is_vouched` tells that the events are those
    that this deployment recorded, all of them and no others.
    """

    consent_id: str
    purposes: frozenset[str]
    events: Sequence[ConsentEvent]
    of_age_at: datetime | None = None
    is_vouched: bool = True

    @property
    def state(self) -> ConsentState:
        """What was recorded last; that time has passed since shows in `state_at`."""
        return self.events[-1].state if self.events else ConsentState.UNKNOWN


def may_process(consent: Consent | None, *, purpose: str, at: datetime) -> Verdict:
    """May the person be recognised for this purpose at this moment?"""
    if consent is None:
        return refuse(Reason.NO_CONSENT)
    return combine(
        [
            check_purpose(purpose),
            may_rely_on(consent, at=at),
            ALLOWED if purpose in consent.purposes else refuse(Reason.PURPOSE_NOT_CONSENTED),
        ]
    )


def may_rely_on(consent: Consent | None, *, at: datetime) -> Verdict:
    """Is the consent in force, for whatever purposes it names?"""
    if consent is None:
        return refuse(Reason.NO_CONSENT)
    if not consent.is_vouched:
        return refuse(Reason.CONSENT_CHANGED)
    if any(not may_append(consent, e, number=n).is_allowed for n, e in enumerate(consent.events)):
        return refuse(Reason.CONSENT_CONFLICT)
    if consent.state not in PROCESSING:
        # Whatever its date: a clock set back must not bring a withdrawn consent to life.
        return refuse(_REASON_BY_STATE.get(consent.state, Reason.CONSENT_NOT_GIVEN))
    if at < consent.events[-1].at:
        return refuse(Reason.CONSENT_NOT_YET_VALID)
    return ALLOWED if at < ends_at(consent) else refuse(Reason.CONSENT_EXPIRED)


def may_append(consent: Consent, event: ConsentEvent, *, number: int | None = None) -> Verdict:
    """May this follow what was recorded, or stand at this place of it?"""
    before = consent.events if number is None else consent.events[:number]
    last = before[-1] if before else None
    if event.state not in _FOLLOWING.get(last.state if last else None, frozenset()):
        return refuse(_REASON_BY_STATE.get(consent.state, Reason.CONSENT_CONFLICT))
    if last is not None and event.at < last.at:
        return refuse(Reason.CONSENT_CONFLICT)
    if event.state not in PROCESSING:
        return ALLOWED if event.valid_until is None else refuse(Reason.CONSENT_CONFLICT)
    if event.valid_until is None or event.valid_until <= event.at:
        return refuse(Reason.CONSENT_CONFLICT)
    return _check_party(event, of_age_at=consent.of_age_at)


def ends_at(consent: Consent) -> datetime:
    """From when on nothing can be done under the consent, as far as is known now.

    What a guardian consented to ends when the minor comes of age. Raises `ValueError` for a
    consent without events.
    """
    if not consent.events:
        raise ValueError("nothing was recorded of this consent")
    last = consent.events[-1]
    if last.state not in PROCESSING or last.valid_until is None:
        return last.at
    if last.party is Party.GUARDIAN and consent.of_age_at is not None:
        return min(last.valid_until, consent.of_age_at)
    return last.valid_until


def keep_until(consents: Iterable[Consent], *, grace: timedelta) -> datetime | None:
    """When the templates under these consents are to be erased; nothing where there are none.

    A grace period after the last of them ends, and at once where it was taken back.
    """
    return max((_keep_one_until(one, grace=grace) for one in consents if one.events), default=None)


def state_at(consent: Consent, *, at: datetime) -> ConsentState:
    """How the consent stands at a moment: one that is past its end has expired by itself."""
    if consent.state in PROCESSING and at >= ends_at(consent):
        return ConsentState.EXPIRED
    return consent.state


def _keep_one_until(consent: Consent, *, grace: timedelta) -> datetime:
    end = ends_at(consent)
    if consent.state not in {*PROCESSING, ConsentState.EXPIRED}:
        return end
    return min(end, datetime.max.replace(tzinfo=UTC) - grace) + grace


def _check_party(event: ConsentEvent, *, of_age_at: datetime | None) -> Verdict:
    """A minor's guardian speaks for them until they come of age, and nobody after that."""
    if of_age_at is None:
        return ALLOWED
    is_minor, is_by_guardian = event.at < of_age_at, event.party is Party.GUARDIAN
    if is_minor and not is_by_guardian:
        return refuse(Reason.MINOR_WITHOUT_GUARDIAN)
    return ALLOWED if is_minor or not is_by_guardian else refuse(Reason.CONSENT_CONFLICT)


_REASON_BY_STATE = {
    ConsentState.EXPIRED: Reason.CONSENT_EXPIRED,
    ConsentState.WITHDRAWN: Reason.CONSENT_WITHDRAWN,
    ConsentState.REVOKED: Reason.CONSENT_WITHDRAWN,
}
