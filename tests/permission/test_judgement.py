"""A match is confirmed by people, each of whom counts once."""

from __future__ import annotations

import pytest

from mien.permission.judgement import may_confirm
from mien.permission.verdict import Reason


@pytest.mark.parametrize("actor", ["user:1", "cli:ann", "library", "user:key:1"])
def test_a_person_may_confirm(actor: str) -> None:
    assert may_confirm(actor).is_allowed


@pytest.mark.parametrize("actor", ["key:1", "key:", "link:1", "link:user:1"])
def test_nothing_that_stands_in_for_a_person_may(actor: str) -> None:
    assert may_confirm(actor).reasons == (Reason.NOT_A_PERSON,)
