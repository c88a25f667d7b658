"""Who may say that a candidate is the person: people, and nobody in their place."""

from __future__ import annotations

from mien.permission.verdict import ALLOWED, Reason, Verdict, refuse

_IN_THEIR_PLACE = ("key:", "access-key:", "link:")
"""What actors begin with that somebody may hold several of."""


def may_confirm(actor: str) -> Verdict:
    """May this actor confirm a match? A key may not: its owner would count twice."""
    return refuse(Reason.NOT_A_PERSON) if actor.startswith(_IN_THEIR_PLACE) else ALLOWED
