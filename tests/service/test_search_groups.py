"""Searches for face groups where leave is narrower than a grant: consent, and what is gone."""

from __future__ import annotations

import pytest

from mien.errors import NotFoundError
from mien.library import Library
from mien.permission.verdict import Reason
from mien.service.erase import FacesTarget
from mien.service.search_groups import GroupRequest, GroupResult, GroupSearch
from mien.testing import draw_photo
from service.enrolled_stage import COLLECTION, add, enrol
from service.grouping import groups_of, make_group, terms_of
from service.stage import PURPOSE, Stage, query

ANN, BEN = 1, 60
OTHER_PURPOSE = "other-purpose"


def seek(library: Library, grant: str, *, purpose: str = PURPOSE, person: int = ANN) -> GroupResult:
    request = GroupRequest(
        terms=terms_of(grant, collection=COLLECTION, purpose=purpose),
        collection=COLLECTION,
        min_similarity=80.0,
        limit=9,
    )
    return GroupSearch(library.parts, request).by_photo(lambda: draw_photo(person, seed=900))


def names_of(result: GroupResult) -> list[str]:
    return [one.group.name for one in result.matches]


def test_only_whoever_consents_to_the_purpose_is_told(stage: Stage) -> None:
    """In a collection of enrolled people; the faces of others are not compared either."""
    stage.draw("ann.png", ANN)
    stage.draw("ben.png", BEN)
    with stage.open() as library:
        enrol(stage, library, ANN, PURPOSE)
        enrol(stage, library, BEN, PURPOSE, OTHER_PURPOSE)
        add(stage, library)
        grant = library.grants()[0].grant_id
        groups = groups_of(library, grant, collection=COLLECTION)
        for person in (ANN, BEN):
            make_group(library, groups, f"person-{person}", face_ids=faces_of(stage, person))
        assert names_of(seek(library, grant)) == [f"person-{ANN}"]
        assert names_of(seek(library, grant, purpose=OTHER_PURPOSE)) == []
        assert names_of(seek(library, grant, purpose=OTHER_PURPOSE, person=BEN)) == [
            f"person-{BEN}"
        ]
        refused = seek(library, grant, purpose="advertising")
        assert refused.verdict.reasons == (Reason.PURPOSE_NOT_GRANTED,)
        library.people().withdraw(f"Person {ANN}")
        assert names_of(seek(library, grant)) == []
        assert [one.name for one in groups.list_page(limit=9)[0]] == [f"person-{BEN}"]


def test_a_face_that_is_gone_is_nobodys(stage: Stage) -> None:
    stage.draw("ann.png", ANN)
    with stage.open() as library:
        enrol(stage, library, ANN)
        add(stage, library)
        grant = library.grants()[0].grant_id
        (face,) = faces_of(stage, ANN)
        library.erase(FacesTarget((face,)))
        terms = terms_of(grant, collection=COLLECTION)
        request = GroupRequest(terms=terms, collection=COLLECTION, min_similarity=0, limit=9)
        with pytest.raises(NotFoundError, match="There is no face"):
            GroupSearch(library.parts, request).by_face(face)


def faces_of(stage: Stage, person: int) -> list[str]:
    name = {ANN: "ann.png", BEN: "ben.png"}[person]
    return query(
        stage.home / "catalog.db",
        "SELECT f.uuid FROM faces f JOIN indexed_photos i ON i.id = f.indexed_photo_id"
        " JOIN locations l ON l.photo_id = i.photo_id WHERE l.uri LIKE ?",
        f"%/{name}",
    )
