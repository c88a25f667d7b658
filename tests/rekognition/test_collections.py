"""Collections as a client makes, describes, lists and deletes them: those that its key names."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from mien.permission.basis import Basis
from mien.permission.caller import Operation
from mien.permission.use import Use
from mien.rekognition.shapes import tell_model_version
from mien.service.collections import list_collections
from mien.testing import draw_photo
from rekognition.client import Key, calling
from rekognition.people import OTHERS, PEOPLE, refused, scene
from service.stage import DOCUMENTED, PURPOSE, Stage, check_sound, names_of

ARN = r"aws:rekognition:us-east-1:\d{12}:collection/people"
NO_PEOPLE = "The collection id: people does not exist"


def test_a_collection_is_made_and_described(stage: Stage) -> None:
    with scene(stage) as here:
        made = here.client.create_collection(CollectionId=PEOPLE)
        told = here.client.describe_collection(CollectionId=PEOPLE)
        digest = here.library._deployment.model.digest
    assert made["StatusCode"] == 200
    assert re.fullmatch(ARN, made["CollectionArn"])
    assert made["FaceModelVersion"] == tell_model_version(digest)
    assert told["CollectionARN"] == made["CollectionArn"]
    assert told["FaceModelVersion"] == made["FaceModelVersion"]
    assert (told["FaceCount"], told["UserCount"]) == (0, 0)
    assert isinstance(told["CreationTimestamp"], datetime)
    assert abs(told["CreationTimestamp"] - stage.now) < timedelta(seconds=1)


def test_a_name_is_taken_once_and_capitals_tell_names_apart(stage: Stage) -> None:
    with scene(stage, collections=frozenset({"people", "People"})) as here:
        for name in ("people", "People"):
            here.client.create_collection(CollectionId=name)
        words = "The collection id: people already exists."
        with refused("ResourceAlreadyExistsException", words):
            here.client.create_collection(CollectionId="people")
        assert here.client.list_collections()["CollectionIds"] == ["people", "People"]


def test_a_collection_is_what_an_upload_would_have_made(stage: Stage) -> None:
    """For the key's purpose alone, where a charter names purposes."""
    with stage.open() as library:
        grant = stage.grant(library, PURPOSE, "press", **DOCUMENTED)
        with calling(library, Key(grant, PURPOSE)) as client:
            client.create_collection(CollectionId=PEOPLE)
        (made,) = list_collections(library._deployment)
        entries = [e for e in library.audit().entries() if e["action"] == "collection-made"]
    assert made.basis is Basis.DOCUMENTED_BASIS
    assert made.charter.purposes == {PURPOSE}
    assert made.charter.assessment == "DPIA 7"
    assert made.charter.retention == timedelta(days=90)
    assert made.charter.is_vouched
    assert len(entries) == 1


def test_nothing_is_made_under_a_grant_that_was_revoked(stage: Stage) -> None:
    with scene(stage) as here:
        here.library.revoke(here.grant)
        with refused("AccessDeniedException", "The grant was revoked. (grant-revoked)"):
            here.client.create_collection(CollectionId=PEOPLE)
        assert list_collections(here.library._deployment) == []


def test_nothing_is_made_for_a_purpose_that_the_grant_does_not_allow(stage: Stage) -> None:
    with stage.open() as library:
        grant = stage.grant(library, PURPOSE)
        with (
            calling(library, Key(grant, "press")) as client,
            refused("AccessDeniedException", "(purpose-not-granted)"),
        ):
            client.create_collection(CollectionId=PEOPLE)
        assert list_collections(library._deployment) == []


def test_only_names_of_the_key_are_made_known_or_deleted(stage: Stage) -> None:
    with scene(stage) as here:
        here.add("ann.png", 1, collection="secret")
        with refused("AccessDeniedException", "(collection-not-yours)"):
            here.client.create_collection(CollectionId="secret")
        for ask in (here.client.describe_collection, here.client.delete_collection):
            with refused("ResourceNotFoundException", "The collection id: secret does not exist"):
                ask(CollectionId="secret")
        assert here.client.list_collections() | {"ResponseMetadata": 0} == {
            "CollectionIds": [],
            "FaceModelVersions": [],
            "ResponseMetadata": 0,
        }


def test_a_name_has_the_characters_that_amazon_allows(stage: Stage) -> None:
    """The client itself refuses an empty one, and sends all others."""
    with scene(stage) as here:
        for name in ("a b", "ä", "x" * 256, "people/1", "people\n"):
            with refused("InvalidParameterException", "'CollectionId'"):
                here.client.create_collection(CollectionId=name)


def test_an_operation_that_the_key_was_not_made_for_is_refused(stage: Stage) -> None:
    with scene(stage, Operation.SEARCH) as here:
        named = ("create_collection", "describe_collection", "delete_collection")
        calls = [(name, {"CollectionId": PEOPLE}) for name in named]
        for name, asked in (*calls, ("list_collections", {})):
            with refused("AccessDeniedException", "(operation-not-yours)"):
                getattr(here.client, name)(**asked)


def test_what_is_counted_is_what_the_key_may_see(stage: Stage) -> None:
    with scene(stage) as here:
        here.add("own.png", 1, 2)
        other = here.stage.grant(here.library, scope=here.stage.photos)
        here.add("foreign.png", 3, grant=other)
        here.add("both.png", 4)
        here.library.add(stage.photos / "both.png", grant=other, collection=PEOPLE)
        assert here.client.describe_collection(CollectionId=PEOPLE)["FaceCount"] == 3


def test_collections_are_listed_a_page_at_a_time(stage: Stage) -> None:
    names = [f"c{number}" for number in range(5)]
    with scene(stage, collections=frozenset(names)) as here:
        for name in names:
            here.client.create_collection(CollectionId=name)
        paginator = here.client.get_paginator("list_collections")
        pages = list(paginator.paginate(PaginationConfig={"PageSize": 2}))
        whole = here.client.list_collections(MaxResults=0)
        with refused("InvalidPaginationTokenException", "Invalid Pagination Token"):
            here.client.list_collections(NextToken="none of ours")
        with refused("InvalidParameterException", "'MaxResults' must be from 0 to 4096."):
            here.client.list_collections(MaxResults=4097)
    assert [page["CollectionIds"] for page in pages] == [names[:2], names[2:4], names[4:]]
    assert all(len(page["FaceModelVersions"]) == len(page["CollectionIds"]) for page in pages)
    assert whole["CollectionIds"] == names
    assert "NextToken" not in whole


def test_a_deleted_collection_does_not_exist_and_may_be_made_anew(stage: Stage) -> None:
    with scene(stage, uses=list(Use)) as here:
        here.add("ann.png", 1)
        here.add("ann elsewhere.png", 1, collection=OTHERS)
        assert here.client.delete_collection(CollectionId=PEOPLE)["StatusCode"] == 200
        with refused("ResourceNotFoundException", NO_PEOPLE):
            here.client.describe_collection(CollectionId=PEOPLE)
        with refused("ResourceNotFoundException", NO_PEOPLE):
            here.client.delete_collection(CollectionId=PEOPLE)
        assert here.client.list_collections()["CollectionIds"] == [OTHERS]
        found = here.library.search(draw_photo(1), purpose=PURPOSE, collection=OTHERS)
        assert names_of(found) == ["ann%20elsewhere.png"]
        here.client.create_collection(CollectionId=PEOPLE)
        here.library.add(stage.photos / "ann.png", grant=here.grant, collection=PEOPLE)
        assert here.client.describe_collection(CollectionId=PEOPLE)["FaceCount"] == 1
        check_sound(stage.home)


def test_an_empty_collection_is_deleted_with_its_certificate(stage: Stage) -> None:
    with scene(stage) as here:
        here.client.create_collection(CollectionId=PEOPLE)
        here.client.delete_collection(CollectionId=PEOPLE)
        actions = [entry["action"] for entry in here.library.audit().entries()]
    assert actions[-2:] == ["erasure", "collection-deleted"]


def test_what_others_brought_in_stays_and_so_does_the_collection(stage: Stage) -> None:
    with scene(stage) as here:
        here.add("own.png", 1)
        other = here.stage.grant(here.library, scope=here.stage.photos)
        here.add("foreign.png", 2, grant=other)
        with refused("ResourceInUseException", "is erased. The collection id: people stays"):
            here.client.delete_collection(CollectionId=PEOPLE)
        assert here.client.describe_collection(CollectionId=PEOPLE)["FaceCount"] == 0
        found = here.library.search(draw_photo(2), purpose=PURPOSE, collection=PEOPLE)
        assert names_of(found) == ["foreign.png"]
        assert here.faces_of("own.png") == []
