"""What a collection is for: made from a grant, and asked on every search."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import pytest

from mien.permission.basis import Basis, has_papers
from mien.permission.charter import (
    UNREADABLE,
    Charter,
    count_confirmations,
    kept_after,
    make_charter,
    may_rely_on,
    may_serve,
)
from mien.permission.verdict import Reason
from permission.samples import NOON, make_grant

SPORTS = Charter(
    basis=Basis.DOCUMENTED_BASIS,
    purposes=frozenset({"sports-club", "yearbook"}),
    assessment="DPIA 7",
    retention=timedelta(days=30),
    is_vouched=True,
)
FREE = Charter(basis=Basis.HOUSEHOLD, is_vouched=True)


def serve(charter: Charter, purpose: str) -> tuple[Reason, ...]:
    return may_serve(charter, purpose=purpose).reasons


def test_a_collection_with_purposes_serves_those_alone() -> None:
    assert serve(SPORTS, "sports-club") == serve(SPORTS, "yearbook") == ()
    assert serve(SPORTS, "press") == (Reason.PURPOSE_NOT_OF_COLLECTION,)
    assert serve(SPORTS, "sports-club-of-ann") == (Reason.PURPOSE_NOT_OF_COLLECTION,)


def test_a_collection_without_purposes_leaves_it_to_its_grants() -> None:
    assert serve(FREE, "press") == serve(FREE, "family-album") == ()


@pytest.mark.parametrize("charter", [SPORTS, FREE, UNREADABLE])
def test_no_collection_serves_what_is_prohibited_or_no_purpose(charter: Charter) -> None:
    assert Reason.PROHIBITED_PURPOSE in serve(charter, "union-busting")
    assert Reason.NO_PURPOSE in serve(charter, "")
    assert Reason.MALFORMED_PURPOSE in serve(charter, "Yearbook")


def test_a_charter_that_nobody_vouches_for_serves_nothing() -> None:
    assert Charter(basis=Basis.HOUSEHOLD).is_vouched is False
    for charter in (UNREADABLE, Charter(basis=Basis.HOUSEHOLD)):
        assert may_rely_on(charter).reasons == (Reason.COLLECTION_CHANGED,)
        assert serve(charter, "yearbook") == (Reason.COLLECTION_CHANGED,)
    assert may_rely_on(SPORTS).is_allowed


def test_what_cannot_be_read_is_taken_for_the_strictest() -> None:
    assert UNREADABLE.basis is Basis.ENROLLED_ONLY
    assert UNREADABLE.confirmations == 2


@pytest.mark.parametrize("bases", [c for n in (1, 2, 3) for c in combinations(Basis, n)])
def test_a_collection_takes_the_strictest_basis_of_the_grant(bases: tuple[Basis, ...]) -> None:
    charter = make_charter(make_grant(bases=frozenset(bases)))
    assert charter.basis is min(bases, key=list(Basis).index)
    assert charter.is_vouched


def test_a_documented_basis_passes_its_papers_on_to_the_collection() -> None:
    grant = make_grant(
        bases=frozenset({Basis.HOUSEHOLD, Basis.DOCUMENTED_BASIS}),
        purposes=frozenset({"press", "yearbook"}),
        assessment="DPIA 7",
        retention=timedelta(days=30),
    )
    assert make_charter(grant) == Charter(
        basis=Basis.DOCUMENTED_BASIS,
        purposes=frozenset({"press", "yearbook"}),
        assessment="DPIA 7",
        retention=timedelta(days=30),
        confirmations=2,
        is_vouched=True,
    )


@pytest.mark.parametrize("basis", [Basis.HOUSEHOLD, Basis.ENROLLED_ONLY])
def test_other_collections_stay_open_to_the_purposes_of_later_grants(basis: Basis) -> None:
    grant = make_grant(bases=frozenset({basis}), retention=timedelta(days=30), assessment="x")
    charter = make_charter(grant)
    assert (charter.purposes, charter.assessment, charter.retention) == (frozenset(), "", None)


def test_a_grant_without_a_basis_makes_the_strictest() -> None:
    assert make_charter(make_grant(bases=frozenset())).basis is Basis.ENROLLED_ONLY


@pytest.mark.parametrize(
    ("basis", "people"),
    [(Basis.HOUSEHOLD, 1), (Basis.DOCUMENTED_BASIS, 2), (Basis.ENROLLED_ONLY, 2)],
)
def test_two_people_confirm_a_match_everywhere_but_at_home(basis: Basis, people: int) -> None:
    assert count_confirmations(basis) == people
    assert make_charter(make_grant(bases=frozenset({basis}))).confirmations == people


def test_what_is_kept_ends_with_the_retention() -> None:
    assert kept_after(SPORTS, at=NOON) == NOON - timedelta(days=30)
    assert kept_after(FREE, at=NOON) is None


@pytest.mark.parametrize(
    ("purposes", "assessment", "retention", "complete"),
    [
        (["press"], "DPIA 7", timedelta(days=1), True),
        ([], "DPIA 7", timedelta(days=1), False),
        (["press"], "", timedelta(days=1), False),
        (["press"], " \n", timedelta(days=1), False),
        (["press"], "DPIA 7", None, False),
    ],
)
def test_papers_are_complete_with_all_three(
    purposes: list[str], assessment: str, retention: timedelta | None, *, complete: bool
) -> None:
    assert has_papers(purposes=purposes, assessment=assessment, retention=retention) is complete
