"""Whether a model may be used, as far as its licence is concerned."""

from __future__ import annotations

from enum import StrEnum

from mien.permission.verdict import ALLOWED, Reason, Verdict, refuse


class Terms(StrEnum):
    """What a licence allows."""

    FREE = "free"
    """Every use."""

    NON_COMMERCIAL = "non-commercial"
    """Some uses, among them none for money; often research alone."""

    UNKNOWN = "unknown"
    """Nobody wrote it down, so that whoever uses it has to know."""


def needs_acceptance(terms: str) -> bool:
    """Is a licence of such terms asked about first? Every one but those that allow all."""
    return terms != Terms.FREE


def may_use(terms: str, *, is_accepted: bool) -> Verdict:
    """May a model of such a licence be used here?"""
    if needs_acceptance(terms) and not is_accepted:
        return refuse(Reason.LICENCE_NOT_ACCEPTED)
    return ALLOWED
