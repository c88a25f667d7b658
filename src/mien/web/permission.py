"""Fields that the forms of grants and of collections share: purposes, and what a basis rests on."""

from __future__ import annotations

import re

from mien.errors import SettingsError
from mien.http.asking import Asking
from mien.permission.basis import Basis
from mien.permission.caller import may_operate
from mien.service.drafts import check_purposes
from mien.web.filled import Filled

BASES = (Basis.HOUSEHOLD, Basis.ENROLLED_ONLY, Basis.DOCUMENTED_BASIS)
"""In the order in which people are asked."""

_BETWEEN = re.compile(r"[,\s]+")
_PAPERS = ("purposes", "assessment", "retention_days")


def read_purposes(asking: Asking, typed: Filled, *, is_needed: bool = False) -> list[str]:
    """Slugs with commas or blanks between them, as far as the caller may name them."""
    text = typed.text("purposes", is_needed=is_needed)
    purposes = [one for one in _BETWEEN.split(text) if one]
    with typed.telling("purposes"):
        check_purposes(purposes)
        for purpose in purposes:
            verdict = may_operate(asking.caller, asking.operation, purpose=purpose)
            if not verdict.is_allowed:
                raise SettingsError(f"{purpose}: {verdict.reasons[0].explanation}")
    return purposes


def need_papers(typed: Filled, basis: Basis | None) -> None:
    """A documented basis names what it rests on."""
    for name in _PAPERS if basis is Basis.DOCUMENTED_BASIS else ():
        if not typed.text(name):
            typed.errors.setdefault(name, "A documented reason needs this.")
