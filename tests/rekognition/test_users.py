"""Users: made, listed and deleted as names for faces, by keys of one grant, each request once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mien.permission.caller import Operation
from mien.service.requests import KEPT
from rekognition.party import ANN, BEN, COLLECTION, Party, gathering, lasting, refused
from service.stage import Stage, query

COUNT = "SELECT count(*) FROM face_groups"


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Party]:
    """Ann alone is known; nothing is to be changed."""
    with lasting(tmp_path_factory, photos_each=1) as party:
        party.make("ann")
        yield party


def test_a_user_is_made_listed_and_deleted(stage: Stage) -> None:
    with gathering(stage) as party:
        assert party.make("ann") == {}
        assert party.users() == {"ann": "CREATED"}
        party.tie("ann", *party.faces(ANN))
        assert party.users() == {"ann": "ACTIVE"}
        answer = party.client.delete_user(CollectionId=COLLECTION, UserId="ann")
        assert set(answer) == {"ResponseMetadata"}
        assert party.users() == {}


def test_the_faces_of_a_deleted_user_stay_and_are_free_again(stage: Stage) -> None:
    with gathering(stage) as party:
        faces = party.faces(ANN)
        party.make("ann", *faces)
        party.client.delete_user(CollectionId=COLLECTION, UserId="ann")
        assert party.faces(ANN) == faces
        again = party.make("anna", *faces)
    assert [one["FaceId"] for one in again["AssociatedFaces"]] == faces


def test_nothing_of_a_deleted_name_is_left_to_be_read(stage: Stage) -> None:
    with gathering(stage) as party:
        party.make("ann.of.the.hill", *party.faces(ANN))
        sealed = query(stage.home / "catalog.db", "SELECT name FROM face_groups")[0]
        keys = stage.home / "keys" / "keys.db"
        count = "SELECT count(*) FROM subject_keys WHERE subject LIKE 'face-group:%'"
        assert query(keys, count) == [1]
        party.client.delete_user(CollectionId=COLLECTION, UserId="ann.of.the.hill")
        assert query(keys, count) == [0]
        assert query(stage.home / "catalog.db", COUNT) == [0]
    files = [path for path in stage.home.rglob("*") if path.is_file()]
    for trace in (b"ann.of.the.hill", sealed):
        assert [path.name for path in files if trace in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("create_user", "ConflictException"),
        ("delete_user", "ResourceNotFoundException"),
    ],
)
def test_a_user_is_made_once_and_deleted_once(settled: Party, operation: str, code: str) -> None:
    name = "ann" if operation == "create_user" else "Ann"  # names differ by their capitals
    with refused(code) as error:
        getattr(settled.client, operation)(CollectionId=COLLECTION, UserId=name)
    assert f"The user id: {name}" in str(error.value)
    assert settled.users() == {"ann": "CREATED"}


def test_users_are_listed_page_by_page_while_others_come_and_go(stage: Stage) -> None:
    with gathering(stage) as party:
        for number in range(5):
            party.make(f"user-{number}")
        first = party.client.list_users(CollectionId=COLLECTION, MaxResults=2)
        assert [one["UserId"] for one in first["Users"]] == ["user-0", "user-1"]
        party.client.delete_user(CollectionId=COLLECTION, UserId="user-1")
        party.make("user-5")
        rest = party.client.list_users(CollectionId=COLLECTION, NextToken=first["NextToken"])
        assert [one["UserId"] for one in rest["Users"]] == [f"user-{n}" for n in range(2, 6)]
        assert "NextToken" not in rest
        pages = party.client.get_paginator("list_users").paginate(
            CollectionId=COLLECTION, PaginationConfig={"PageSize": 2}
        )
        assert len([one for page in pages for one in page["Users"]]) == 5
        with refused("InvalidPaginationTokenException"):
            party.client.list_users(CollectionId=COLLECTION, NextToken="made-up")


def test_a_key_of_another_grant_knows_nothing_of_a_user(stage: Stage) -> None:
    """Not that it exists either: the same name may be given there, to somebody else."""
    with gathering(stage) as party:
        party.make("ann", *party.faces(ANN))
        stage.draw("theirs/9-1.png", 9)
        grant = stage.grant(party.library, scope=stage.photos / "theirs")
        party.library.add(stage.photos / "theirs", grant=grant, collection=COLLECTION)
        with party.other(grant) as others:
            assert others.users() == {}
            with refused("ResourceNotFoundException"):
                others.client.delete_user(CollectionId=COLLECTION, UserId="ann")
            others.make("ann", *others.faces(9))
            assert others.users() == {"ann": "ACTIVE"}
            others.client.delete_user(CollectionId=COLLECTION, UserId="ann")
        assert party.users() == {"ann": "ACTIVE"}


def test_a_key_that_may_look_alone_changes_and_searches_nothing(settled: Party) -> None:
    with settled.other(settled.grant, operations=frozenset({Operation.VIEW})) as party:
        asks: list[Callable[[], object]] = [
            lambda: party.make("ben"),
            lambda: party.client.delete_user(CollectionId=COLLECTION, UserId="ann"),
            lambda: party.tie("ann", *party.faces(ANN)),
            lambda: party.untie("ann", *party.faces(ANN)),
            lambda: party.seek(UserId="ann"),
            lambda: party.seek_in(ANN),
        ]
        for ask in asks:
            with refused("AccessDeniedException") as error:
                ask()
            assert "operation-not-yours" in str(error.value)
        assert party.users() == {"ann": "CREATED"}


def test_a_collection_that_is_not_the_keys_is_not_there(settled: Party) -> None:
    for name in ("default", "others"):
        with refused("ResourceNotFoundException") as error:
            settled.client.create_user(CollectionId=name, UserId="ann")
        assert f"The collection id: {name} does not exist" in str(error.value)


def test_a_grant_that_ended_gives_no_users(stage: Stage) -> None:
    with gathering(stage) as party:
        party.make("ann", *party.faces(ANN))
        party.library.revoke(party.grant)
        with refused("AccessDeniedException") as error:
            party.users()
        assert "purpose-not-granted" in str(error.value)


@pytest.mark.parametrize("user_id", ["x" * 129, "two words", "å"], ids=["long", "blank", "beyond"])
def test_a_name_that_is_none_is_refused(settled: Party, user_id: str) -> None:
    with refused("InvalidParameterException"):
        settled.make(user_id)


def test_a_repeated_request_is_done_once_and_answered_the_same(stage: Stage) -> None:
    with gathering(stage) as party:
        faces = party.faces(ANN) + party.faces(BEN)[:1]
        for _ in range(2):
            party.client.create_user(
                CollectionId=COLLECTION, UserId="ann", ClientRequestToken="make-ann"
            )
        assert query(stage.home / "catalog.db", COUNT) == [1]
        first, again = (party.tie("ann", *faces, ClientRequestToken="tie") for _ in range(2))
        assert first["AssociatedFaces"] == again["AssociatedFaces"] != []
        told = "UnsuccessfulFaceAssociations"
        assert first[told] == again[told] != []
        first, again = (party.untie("ann", faces[0], ClientRequestToken="out") for _ in range(2))
        assert first["DisassociatedFaces"] == again["DisassociatedFaces"] == [{"FaceId": faces[0]}]
        for _ in range(2):
            party.client.delete_user(
                CollectionId=COLLECTION, UserId="ann", ClientRequestToken="end"
            )
        with refused("ResourceNotFoundException"):
            party.client.delete_user(CollectionId=COLLECTION, UserId="ann")


def test_a_token_is_for_one_request(stage: Stage) -> None:
    with gathering(stage) as party:
        asked = {"CollectionId": COLLECTION, "ClientRequestToken": "one"}
        party.client.create_user(UserId="ann", **asked)
        for operation, name in (("create_user", "ben"), ("delete_user", "ann")):
            with refused("IdempotentParameterMismatchException") as error:
                getattr(party.client, operation)(UserId=name, **asked)
            assert error.value.response["Error"]["Message"] == (
                "The ClientRequestToken: one you have supplied is already in use."
            )
        assert party.users() == {"ann": "CREATED"}


def test_what_failed_may_be_asked_for_again_and_a_token_ends_after_a_day(stage: Stage) -> None:
    with gathering(stage) as party:
        asked = {"CollectionId": COLLECTION, "UserId": "ann", "ClientRequestToken": "one"}
        with refused("ResourceNotFoundException"):
            party.client.delete_user(**asked)
        party.make("ann")
        party.client.delete_user(**asked)
        assert query(stage.home / "catalog.db", "SELECT count(*) FROM requests") == [2]
        query(stage.home / "catalog.db", "UPDATE requests SET began_at = began_at - ?", _us())
        party.make("ann")
        party.client.delete_user(**asked)
        assert party.users() == {}


def _us() -> int:
    return int(KEPT.total_seconds() * 1_000_000) + 1


def test_what_is_kept_of_a_request_names_no_face_and_nobody(stage: Stage) -> None:
    with gathering(stage) as party:
        party.make("ann", *party.faces(ANN), *party.faces(BEN))
        kept = query(
            stage.home / "catalog.db", "SELECT facts || reference || fingerprint FROM requests"
        )
        names = ["ann", *party.faces(ANN), *party.faces(BEN)]
    assert len(kept) == 2
    assert [name for name in names for text in kept if name in text] == []
