from __future__ import annotations

import pytest

from mien.permission.licence import Terms, may_use, needs_acceptance
from mien.permission.verdict import Reason


@pytest.mark.parametrize("terms", [*Terms, "something else", ""])
def test_only_what_allows_every_use_needs_no_acceptance(terms: str) -> None:
    assert needs_acceptance(terms) == (terms != "free")
    assert may_use(terms, is_accepted=True).is_allowed
    verdict = may_use(terms, is_accepted=False)
    expected = () if terms == "free" else (Reason.LICENCE_NOT_ACCEPTED,)
    assert verdict.reasons == expected
