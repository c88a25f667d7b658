"""The answer to "may I": allowed or not, and why.

Reason codes are stable: programs compare them, docs/reference/reasons.md explains each.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why something is refused; the value is the stable code."""

    NO_GRANT = "no-grant"
    UNKNOWN_GRANT = "unknown-grant"
    GRANT_CHANGED = "grant-changed"
    GRANT_REVOKED = "grant-revoked"
    GRANT_NOT_YET_VALID = "grant-not-yet-valid"
    GRANT_EXPIRED = "grant-expired"
    COLLECTION_CHANGED = "collection-changed"
    PLATFORM_FORBIDS = "platform-forbids"
    OUT_OF_SCOPE = "out-of-scope"
    USE_NOT_GRANTED = "use-not-granted"
    BASIS_MISMATCH = "basis-mismatch"
    RETENTION_ENDED = "retention-ended"
    NO_PURPOSE = "no-purpose"
    MALFORMED_PURPOSE = "malformed-purpose"
    PROHIBITED_PURPOSE = "prohibited-purpose"
    PURPOSE_NOT_OF_COLLECTION = "purpose-not-of-collection"
    PURPOSE_NOT_GRANTED = "purpose-not-granted"
    DISPLAY_NOT_GRANTED = "display-not-granted"
    NOT_ENROLLED = "not-enrolled"
    ITEM_SUPPRESSED = "item-suppressed"
    SOURCE_SUPPRESSED = "source-suppressed"
    FACE_SUPPRESSED = "face-suppressed"
    NO_CONSENT = "no-consent"
    CONSENT_NOT_GIVEN = "consent-not-given"
    CONSENT_NOT_YET_VALID = "consent-not-yet-valid"
    CONSENT_EXPIRED = "consent-expired"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    CONSENT_CHANGED = "consent-changed"
    CONSENT_CONFLICT = "consent-conflict"
    PURPOSE_NOT_CONSENTED = "purpose-not-consented"
    MINOR_WITHOUT_GUARDIAN = "minor-without-guardian"
    UNDER_CASE = "under-case"
    LICENCE_NOT_ACCEPTED = "licence-not-accepted"
    POOR_QUALITY = "poor-quality"
    NOT_SIGNED_IN = "not-signed-in"
    OPERATION_NOT_YOURS = "operation-not-yours"
    COLLECTION_NOT_YOURS = "collection-not-yours"
    PURPOSE_NOT_YOURS = "purpose-not-yours"
    NOT_A_PERSON = "not-a-person"
    MORE_THAN_YOURS = "more-than-yours"
    SIGN_IN_FAILED = "sign-in-failed"
    TOO_MANY_TRIES = "too-many-tries"
    LINK_NOT_IN_FORCE = "link-not-in-force"
    OWN_SEARCH = "own-search"
    LINK_CHANGED = "link-changed"
    LINK_REVOKED = "link-revoked"
    LINK_EXPIRED = "link-expired"
    LINK_SPENT = "link-spent"
    LINK_BUSY = "link-busy"
    GUEST_SPENT = "guest-spent"

    @property
    def explanation(self) -> str:
        """What it means, as a sentence for a person."""
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Reason.NO_GRANT: "No grant was named, and nothing is done without one.",
    Reason.UNKNOWN_GRANT: "There is no grant of this id.",
    Reason.GRANT_CHANGED: "The grant is not what was last recorded here.",
    Reason.GRANT_REVOKED: "The grant was revoked.",
    Reason.GRANT_NOT_YET_VALID: "The grant is not in force yet.",
    Reason.GRANT_EXPIRED: "The grant has expired.",
    Reason.COLLECTION_CHANGED: "The collection's terms are not what was recorded here.",
    Reason.PLATFORM_FORBIDS: (
        "The address is of a platform that forbids scraping, or could hide one."
    ),
    Reason.OUT_OF_SCOPE: "The photo lies outside the scope of the grant.",
    Reason.USE_NOT_GRANTED: "The grant does not allow this use.",
    Reason.BASIS_MISMATCH: "The grant does not allow the basis of the collection.",
    Reason.RETENTION_ENDED: "The time for which the grant allows keeping it is over.",
    Reason.NO_PURPOSE: "No purpose was named, and nothing is searched without one.",
    Reason.MALFORMED_PURPOSE: "A purpose is a short slug in lower case, such as family-album.",
    Reason.PROHIBITED_PURPOSE: "Nothing is done for this purpose, whoever allows it.",
    Reason.PURPOSE_NOT_OF_COLLECTION: "The collection was not made for this purpose.",
    Reason.PURPOSE_NOT_GRANTED: "No grant in force here allows searching for this purpose.",
    Reason.DISPLAY_NOT_GRANTED: "No grant in force here allows showing photos.",
    Reason.NOT_ENROLLED: "The face is of nobody who is enrolled here and consents.",
    Reason.ITEM_SUPPRESSED: "The photo was opted out, or one that looks the same.",
    Reason.SOURCE_SUPPRESSED: "The place where it was found was opted out.",
    Reason.FACE_SUPPRESSED: "The face is of somebody who opted out.",
    Reason.NO_CONSENT: "Nobody recorded that the person consents.",
    Reason.CONSENT_NOT_GIVEN: "The person was asked, and has not consented.",
    Reason.CONSENT_NOT_YET_VALID: "The consent is not in force yet.",
    Reason.CONSENT_EXPIRED: "The consent has expired.",
    Reason.CONSENT_WITHDRAWN: "The person withdrew their consent.",
    Reason.CONSENT_CHANGED: "The record of the consent is not what was last recorded here.",
    Reason.CONSENT_CONFLICT: "What is recorded of the consent contradicts itself.",
    Reason.PURPOSE_NOT_CONSENTED: "The person did not consent to this purpose.",
    Reason.MINOR_WITHOUT_GUARDIAN: "A minor is enrolled only with the consent of a guardian.",
    Reason.LICENCE_NOT_ACCEPTED: (
        "The model's licence does not allow every use, and nobody accepted it here."
    ),
    Reason.UNDER_CASE: "A case about it is open: nothing of it enters until it is decided.",
    Reason.POOR_QUALITY: "The face falls short of the quality that was asked for.",
    Reason.NOT_SIGNED_IN: "Nobody is signed in, and no key in force was sent.",
    Reason.OPERATION_NOT_YOURS: "The account or key is not for this.",
    Reason.COLLECTION_NOT_YOURS: "The account or key is not for this collection.",
    Reason.PURPOSE_NOT_YOURS: "The account or key is not for this purpose.",
    Reason.NOT_A_PERSON: "A match is confirmed by people who sign in, and by no key or link.",
    Reason.MORE_THAN_YOURS: "Nobody gives, or looks after, more rights than they have.",
    Reason.SIGN_IN_FAILED: (
        "The name, the password or the code is not right, or the account is not in force."
    ),
    Reason.TOO_MANY_TRIES: ("Too many tries have failed. Wait a while before the next one."),
    Reason.LINK_NOT_IN_FORCE: "The link was used already, or is too old, or was never made.",
    Reason.OWN_SEARCH: "Nobody reviews a search of their own.",
    Reason.LINK_CHANGED: "What the link opens is not what was recorded here.",
    Reason.LINK_REVOKED: "The host ended the link.",
    Reason.LINK_EXPIRED: "The time for which the host made the link is over.",
    Reason.LINK_SPENT: "The link was used as often as the host allowed.",
    Reason.LINK_BUSY: "Within an hour, the link was used as often as the host allowed.",
    Reason.GUEST_SPENT: "One guest asked as often as the host allowed.",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Allowed exactly when there is no reason against it."""

    reasons: tuple[Reason, ...] = ()

    @property
    def is_allowed(self) -> bool:
        return not self.reasons


ALLOWED = Verdict()


def refuse(*reasons: Reason) -> Verdict:
    """A no, with at least one reason."""
    if not reasons:
        raise ValueError("a refusal needs a reason")
    return Verdict(tuple(dict.fromkeys(reasons)))


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """Any no wins; the reasons of all are kept, each once."""
    return Verdict(tuple(dict.fromkeys(reason for v in verdicts for reason in v.reasons)))
