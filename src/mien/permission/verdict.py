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
    GRANT_REVOKED = "grant-revoked"
    GRANT_NOT_YET_VALID = "grant-not-yet-valid"
    GRANT_EXPIRED = "grant-expired"
    OUT_OF_SCOPE = "out-of-scope"
    USE_NOT_GRANTED = "use-not-granted"
    BASIS_MISMATCH = "basis-mismatch"
    RETENTION_ENDED = "retention-ended"
    NO_PURPOSE = "no-purpose"
    MALFORMED_PURPOSE = "malformed-purpose"
    PURPOSE_NOT_GRANTED = "purpose-not-granted"
    NOT_ENROLLED = "not-enrolled"
    ITEM_SUPPRESSED = "item-suppressed"
    SOURCE_SUPPRESSED = "source-suppressed"
    FACE_SUPPRESSED = "face-suppressed"

    @property
    def explanation(self) -> str:
        """What it means, as a sentence for a person."""
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Reason.NO_GRANT: "No grant was named, and nothing is done without one.",
    Reason.UNKNOWN_GRANT: "There is no grant of this id.",
    Reason.GRANT_REVOKED: "The grant was revoked.",
    Reason.GRANT_NOT_YET_VALID: "The grant is not in force yet.",
    Reason.GRANT_EXPIRED: "The grant has expired.",
    Reason.OUT_OF_SCOPE: "The photo lies outside the scope of the grant.",
    Reason.USE_NOT_GRANTED: "The grant does not allow this use.",
    Reason.BASIS_MISMATCH: "The grant allows another basis than the collection's.",
    Reason.RETENTION_ENDED: "The time for which the grant allows keeping it is over.",
    Reason.NO_PURPOSE: "No purpose was named, and nothing is searched without one.",
    Reason.MALFORMED_PURPOSE: "A purpose is a short slug in lower case, such as family-album.",
    Reason.PURPOSE_NOT_GRANTED: "No grant in force here allows searching for this purpose.",
    Reason.NOT_ENROLLED: "The face is of nobody who is enrolled here and consents.",
    Reason.ITEM_SUPPRESSED: "The photo was opted out, or one that looks the same.",
    Reason.SOURCE_SUPPRESSED: "The place where it was found was opted out.",
    Reason.FACE_SUPPRESSED: "The face is of somebody who opted out.",
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
