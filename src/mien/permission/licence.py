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


def may_use(terms: str, *, is_accepted: bool) -> Verdict:
    """May a model of such a licence be used here? One that does not allow all, once accepted."""
    is_free = terms == Terms.FREE
    return ALLOWED if is_free or is_accepted else refuse(Reason.LICENCE_NOT_ACCEPTED)
