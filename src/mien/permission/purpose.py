"""Why somebody searches, as a short slug that grants and searches share."""

from __future__ import annotations

import re

from mien.permission.prohibited import find_prohibition
from mien.permission.verdict import ALLOWED, Reason, Verdict, refuse

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST = 64


def is_purpose(text: str) -> bool:
    """Whether the text is a kebab-case slug, such as `family-album`, of at most 64 letters."""
    return len(text) <= _LONGEST and _SLUG.fullmatch(text) is not None


def check_purpose(text: str) -> Verdict:
    """Was a purpose named, is it one, and is it none that nothing is done for?"""
    if not text:
        return refuse(Reason.NO_PURPOSE)
    if not is_purpose(text):
        return refuse(Reason.MALFORMED_PURPOSE)
    return ALLOWED if find_prohibition(text) is None else refuse(Reason.PROHIBITED_PURPOSE)
