"""ListFaces: what the key may see of a collection, page by page."""

from __future__ import annotations

from typing import Any

import pytest

from mien.permission.basis import Basis
from mien.permission.caller import Operation
from rekognition.people import NOBODY, OTHERS, PEOPLE, refused, scene
from service.enrolled_stage import name_of
from service.enrolling import enrol
from service.stage import Stage


def ids_of(answer: Any) -> list[str]:
    return [face["FaceId"] for face in answer["Faces"]]


def test_a_face_is_told_as_it_lies_in_its_photo(stage: Stage) -> None:
    """A drawn photo of one person is 80 px high and wide, and the face is 48 px in it."""
    with scene(stage) as here:
        here.add("ann.png", 1)
        answer = here.client.list_faces(CollectionId=PEOPLE)
        (uuid,) = here.faces_of("ann.png")
    (face,) = answer["Faces"]
    assert face["FaceId"] == uuid
    assert face["BoundingBox"] == pytest.approx(
        {"Left": 0.2, "Top": 0.2, "Width": 0.6, "Height": 0.6}
    )
    assert 0 < face["Confidence"] <= 100
    assert face["IndexFacesModelVersion"] == answer["FaceModelVersion"]
    assert not {"ExternalImageId", "UserId"} & face.keys()


def test_faces_are_listed_a_page_at_a_time_while_some_go(stage: Stage) -> None:
    with scene(stage) as here:
        here.fill(6)
        first = here.client.list_faces(CollectionId=PEOPLE, MaxResults=2)
        gone = [*ids_of(first)[1:], *here.faces_of("3.png")]
        here.client.delete_faces(CollectionId=PEOPLE, FaceIds=gone)
        token = first["NextToken"]
        assert len(token) <= 255
        rest = here.client.list_faces(CollectionId=PEOPLE, MaxResults=2, NextToken=token)
        last = here.client.list_faces(CollectionId=PEOPLE, NextToken=rest["NextToken"])
        names = ("2.png", "4.png", "5.png")
        assert [*ids_of(rest), *ids_of(last)] == [here.faces_of(name)[0] for name in names]
    assert "NextToken" not in last


def test_the_paginator_of_the_client_meets_every_face_once(stage: Stage) -> None:
    with scene(stage) as here:
        here.fill(5, more=1)
        pages = here.client.get_paginator("list_faces").paginate(
            CollectionId=PEOPLE, PaginationConfig={"PageSize": 3}
        )
        met = [uuid for page in pages for uuid in ids_of(page)]
        assert len(met) == len(set(met)) == 10
        assert met == ids_of(here.client.list_faces(CollectionId=PEOPLE, MaxResults=0))


def test_a_token_of_another_collection_leads_nowhere(stage: Stage) -> None:
    with scene(stage) as here:
        for collection in (PEOPLE, OTHERS):
            for number in range(2):
                here.add(f"{collection}{number}.png", number, collection=collection)
        token = here.client.list_faces(CollectionId=PEOPLE, MaxResults=1)["NextToken"]
        with refused("InvalidPaginationTokenException", "Invalid Pagination Token"):
            here.client.list_faces(CollectionId=OTHERS, NextToken=token)


def test_only_the_faces_that_are_asked_for_are_listed(stage: Stage) -> None:
    with scene(stage) as here:
        here.add("two.png", 1, 2)
        here.add("elsewhere.png", 3, collection=OTHERS)
        first, second = here.faces_of("two.png")
        (elsewhere,) = here.faces_of("elsewhere.png", OTHERS)
        asked = [second, elsewhere, NOBODY, second]
        assert ids_of(here.client.list_faces(CollectionId=PEOPLE, FaceIds=asked)) == [second]
        assert ids_of(here.client.list_faces(CollectionId=PEOPLE, FaceIds=[NOBODY])) == []
        page = here.client.list_faces(CollectionId=PEOPLE, FaceIds=[first, second], MaxResults=1)
        assert ids_of(page) == [first]
        page = here.client.list_faces(
            CollectionId=PEOPLE, FaceIds=[first, second], NextToken=page["NextToken"]
        )
        assert ids_of(page) == [second]


def test_what_others_brought_in_is_not_listed(stage: Stage) -> None:
    with scene(stage) as here:
        here.add("own.png", 1)
        other = stage.grant(here.library, scope=stage.photos)
        here.add("foreign.png", 2, grant=other)
        assert ids_of(here.client.list_faces(CollectionId=PEOPLE)) == here.faces_of("own.png")
        foreign = here.faces_of("foreign.png")
        assert ids_of(here.client.list_faces(CollectionId=PEOPLE, FaceIds=foreign)) == []


def test_faces_of_users_are_listed_by_their_user(stage: Stage) -> None:
    with scene(stage) as here:
        here.fill(3)
        (ann,) = here.faces_of("0.png")
        here.tie("ann", ann)
        answer = here.client.list_faces(CollectionId=PEOPLE, UserId="ann")
        assert [(face["FaceId"], face["UserId"]) for face in answer["Faces"]] == [(ann, "ann")]
        neither = here.client.list_faces(
            CollectionId=PEOPLE, UserId="ann", FaceIds=here.faces_of("1.png")
        )
        assert neither["Faces"] == []
        with refused("ResourceNotFoundException"):
            here.client.list_faces(CollectionId=PEOPLE, UserId="bob")


def test_limits_are_checked_here_since_no_client_does(stage: Stage) -> None:
    wrong: tuple[dict[str, Any], ...] = (
        {"MaxResults": 4097},
        {"FaceIds": ["not a face"]},
        {"FaceIds": [NOBODY] * 4097},
        {"UserId": "a b"},
    )
    with scene(stage) as here:
        for asked in wrong:
            with refused("InvalidParameterException", next(iter(asked))):
                here.client.list_faces(CollectionId=PEOPLE, **asked)


def test_where_only_enrolled_people_are_kept_those_are_listed_who_consent(stage: Stage) -> None:
    with scene(stage, bases=[Basis.ENROLLED_ONLY]) as here:
        enrol(stage, here.library, 1, name_of(1))
        enrol(stage, here.library, 2, name_of(2), purposes=("press",))
        here.client.create_collection(CollectionId=PEOPLE)
        here.add("three.png", 1, 2, 3)
        assert len(here.faces_of("three.png")) == 2
        seen = ids_of(here.client.list_faces(CollectionId=PEOPLE))
        assert seen == here.faces_of("three.png")[:1]
        assert here.client.describe_collection(CollectionId=PEOPLE)["FaceCount"] == 1
        here.library.people().withdraw(name_of(1))
        assert ids_of(here.client.list_faces(CollectionId=PEOPLE)) == []
        assert here.client.describe_collection(CollectionId=PEOPLE)["FaceCount"] == 0


def test_nothing_is_listed_without_leave(stage: Stage) -> None:
    with scene(stage) as here:
        here.add("ann.png", 1)
        here.library.revoke(here.grant)
        with refused("AccessDeniedException", "(purpose-not-granted)"):
            here.client.list_faces(CollectionId=PEOPLE)
    with scene(stage, Operation.SEARCH) as here, refused("AccessDeniedException"):
        here.client.list_faces(CollectionId=PEOPLE)
