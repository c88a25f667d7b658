"""Purposes are short slugs, and nothing is searched without one."""

from __future__ import annotations

import pytest

from mien.permission.purpose import check_purpose, is_purpose
from mien.permission.verdict import ALLOWED, Reason

LONGEST = "a" * 64


@pytest.mark.parametrize("text", ["a", "7", "family-album", "missing-persons-2026", LONGEST])
def test_slugs_in_lower_case_are_purposes(text: str) -> None:
    assert is_purpose(text)
    assert check_purpose(text) == ALLOWED


@pytest.mark.parametrize(
    "text",
    [
        LONGEST + "a",
        "Family",
        "family album",
        "family_album",
        "-family",
        "family-",
        "family--album",
        "family-album\n",
        " family",
        "familie-fête",
        "a/b",
        "*",
        "ﬁlm",
        "٣",
    ],
)
def test_anything_else_is_refused_as_malformed(text: str) -> None:
    assert not is_purpose(text)
    assert check_purpose(text).reasons == (Reason.MALFORMED_PURPOSE,)


def test_no_purpose_has_a_reason_of_its_own() -> None:
    assert not is_purpose("")
    assert check_purpose("").reasons == (Reason.NO_PURPOSE,)
