"""For what a collection may be searched is told from its grants, as they stand now."""

from __future__ import annotations

from datetime import timedelta

from mien.permission.basis import Basis
from mien.permission.use import Use
from mien.service.search_terms import SearchTerms, list_search_terms
from service.stage import DOCUMENTED, Stage


def terms_of(stage: Stage, **terms: object) -> SearchTerms:
    """Of the only collection, made to hold what came in under two grants."""
    stage.draw("one.png", 1, 2)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library, "family-album", **terms))  # type: ignore[arg-type]
        library.add(stage.photos, grant=stage.grant(library, "reunion", days=30))
        stage.now += timedelta(days=20)
        (found,) = list_search_terms(library.parts.deployment)
    return found


def test_purposes_are_those_of_all_grants_in_force(stage: Stage) -> None:
    found = terms_of(stage)
    assert found.purposes == ("family-album", "reunion")
    assert (found.collection, found.faces, found.basis) == ("default", 2, Basis.HOUSEHOLD)
    assert len(found.sources) == 2


def test_a_grant_that_does_not_allow_searching_counts_for_nothing(stage: Stage) -> None:
    found = terms_of(stage, uses=[Use.STORE, Use.TEMPLATE, Use.DISPLAY])
    assert found.purposes == ("reunion",)
    assert [grant.purposes for grant in found.sources] == [{"reunion"}]


def test_a_grant_that_ended_counts_for_nothing(stage: Stage) -> None:
    found = terms_of(stage, days=10)
    assert found.purposes == ("reunion",)


def test_a_collection_for_one_purpose_is_searched_for_no_other(stage: Stage) -> None:
    stage.draw("one.png", 1)
    with stage.open() as library:
        library.create_collection(
            "press",
            basis=Basis.DOCUMENTED_BASIS,
            purposes=["press-archive"],
            assessment="DPIA 7",
            retention_days=90,
        )
        grant = stage.grant(library, "press-archive", "reunion", **DOCUMENTED)
        library.add(stage.photos, grant=grant, collection="press")
        (found,) = list_search_terms(library.parts.deployment)
    assert found.purposes == ("press-archive",)
    assert found.confirmations == 2


def test_an_empty_collection_has_no_purpose(stage: Stage) -> None:
    with stage.open() as library:
        library.create_collection("empty", basis=Basis.HOUSEHOLD)
        (found,) = list_search_terms(library.parts.deployment)
    assert (found.purposes, found.sources) == ((), ())
