"""On what basis a collection may keep templates of the people in its photos."""

from __future__ import annotations

from enum import StrEnum


class Basis(StrEnum):
    """One a collection; a grant states the one it allows. No other basis exists."""

    HOUSEHOLD = "household"
    """The operator's own photos, for the operator alone."""

    DOCUMENTED_BASIS = "documented_basis"
    """A named purpose, a reference to an impact assessment and a retention time."""
