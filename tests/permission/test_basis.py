"""The bases there are, and which of several is the strictest."""

from __future__ import annotations

from itertools import permutations

import pytest

from mien.permission.basis import Basis, find_strictest


def test_no_other_basis_exists() -> None:
    assert [basis.value for basis in Basis] == ["enrolled_only", "documented_basis", "household"]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_strictest_of_several_is_found_in_any_order(number: int) -> None:
    for bases in permutations(Basis, number):
        strictest = find_strictest(bases)
        assert strictest in bases
        assert all(list(Basis).index(other) >= list(Basis).index(strictest) for other in bases)


def test_keeping_the_enrolled_alone_is_stricter_than_papers_and_papers_than_a_household() -> None:
    assert find_strictest(frozenset(Basis)) is Basis.ENROLLED_ONLY
    assert find_strictest({Basis.HOUSEHOLD, Basis.DOCUMENTED_BASIS}) is Basis.DOCUMENTED_BASIS
    assert find_strictest({Basis.HOUSEHOLD}) is Basis.HOUSEHOLD


def test_none_of_none_is_the_strictest() -> None:
    assert find_strictest(()) is None
