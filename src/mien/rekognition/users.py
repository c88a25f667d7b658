"""Users: names that a client gives to people, each for faces of a collection.

Inside they are face groups; a client knows those that were made under the grant of its key.
"""

from __future__ import annotations

from dataclasses import dataclass

from mien.errors import ConflictError, NotFoundError
from mien.permission.caller import Operation
from mien.permission.verdict import Verdict
from mien.rekognition.call import Call
from mien.rekognition.errors import Code, ServiceError, denied, no_collection
from mien.rekognition.kinds import (
    CLIENT_TOKEN,
    COLLECTION_ID,
    NEXT_TOKEN,
    USER_ID,
    USERS_AT_ONCE,
)
from mien.rekognition.members import member
from mien.rekognition.once import Facts, do_once
from mien.rekognition.tokens import make_token, read_token
from mien.service.face_groups import FaceGroup, FaceGroups, open_groups

_LIST = "ListUsers"
MOST_USERS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateUser:
    collection_id: str = member("CollectionId", COLLECTION_ID)
    user_id: str = member("UserId", USER_ID)
    client_request_token: str = member("ClientRequestToken", CLIENT_TOKEN, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteUser:
    collection_id: str = member("CollectionId", COLLECTION_ID)
    user_id: str = member("UserId", USER_ID)
    client_request_token: str = member("ClientRequestToken", CLIENT_TOKEN, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListUsers:
    collection_id: str = member("CollectionId", COLLECTION_ID)
    max_results: int = member("MaxResults", USERS_AT_ONCE, default=MOST_USERS)
    next_token: str = member("NextToken", NEXT_TOKEN, default="")


def create_user(call: Call, asked: CreateUser) -> dict[str, object]:
    """A user without faces."""
    groups = get_groups(call, Operation.ADD, collection_id=asked.collection_id)

    def make() -> Facts:
        try:
            groups.make(asked.user_id)
        except ConflictError as error:
            raise ServiceError(
                Code.CONFLICT, f"The user id: {asked.user_id} already exists."
            ) from error
        return {}

    do_once(call, asked, token=asked.client_request_token, make=make)
    return {}


def delete_user(call: Call, asked: DeleteUser) -> dict[str, object]:
    """Its faces stay in the collection, as faces of nobody."""
    groups = get_groups(call, Operation.ADD, collection_id=asked.collection_id)

    def make() -> Facts:
        try:
            groups.delete(asked.user_id)
        except NotFoundError as error:
            raise no_user(asked.user_id) from error
        return {}

    do_once(call, asked, token=asked.client_request_token, make=make)
    return {}


def list_users(call: Call, asked: ListUsers) -> dict[str, object]:
    """In the order they were made."""
    groups = get_groups(call, Operation.VIEW, collection_id=asked.collection_id)
    after = read_token(call, asked.next_token, operation=_LIST, collection_id=asked.collection_id)
    found, position = groups.list_page(after=after, limit=asked.max_results)
    told: dict[str, object] = {"Users": [tell_user(one) for one in found]}
    if position is not None:
        told["NextToken"] = make_token(
            call, position, operation=_LIST, collection_id=asked.collection_id
        )
    return told


def get_groups(call: Call, operation: Operation, *, collection_id: str) -> FaceGroups:
    """The groups that the key may know of. Raises `ServiceError` where it is refused."""
    call.check(operation, collection=collection_id)
    try:
        groups = open_groups(call.parts, call.terms, collection=collection_id)
    except NotFoundError as error:
        raise no_collection(collection_id) from error
    if isinstance(groups, Verdict):
        raise denied(groups)
    return groups


def tell_user(group: FaceGroup) -> dict[str, object]:
    """The members of `User`, and of `MatchedUser`."""
    return {"UserId": group.name, "UserStatus": tell_status(group.faces)}


def tell_status(faces: int) -> str:
    """Everything is done at once here: a user is never being created or updated."""
    return "ACTIVE" if faces else "CREATED"


def no_user(user_id: str) -> ServiceError:
    return ServiceError(Code.NOT_FOUND, f"The user id: {user_id} does not exist.")
