"""Asks an Amazon account for what its collections hold. Nothing is ever changed there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mien.errors import SettingsError
from mien.sources.amazon_listing import Document, make_document

_FACE_MEMBERS = ("FaceId", "ImageId", "ExternalImageId", "BoundingBox")
_PAGE, _USER_PAGE = 4096, 500
_NOT_OFFERED, _NOT_THERE = "InvalidParameterException", "ResourceNotFoundException"
_UNBELIEVED = frozenset(
    {
        "InvalidSignatureException",
        "UnrecognizedClientException",
        "IncompleteSignatureException",
        "MissingAuthenticationTokenException",
        "ExpiredTokenException",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Which account, as boto3 finds it where nothing is said."""

    profile: str | None = None
    region: str | None = None
    endpoint: str | None = None


def open_client(account: Account) -> Any:  # noqa: ANN401  (boto3 has no types)
    """A client of Rekognition. Raises `SettingsError` where there can be none."""
    try:
        import boto3
    except ImportError as error:
        raise SettingsError(
            "Asking Amazon needs boto3, which is not installed. Run: pip install 'mien[aws]'"
        ) from error
    with _told_plainly():
        session = boto3.Session(profile_name=account.profile, region_name=account.region)
        return session.client("rekognition", endpoint_url=account.endpoint)


def fetch_listing(client: Any, *, collections: Sequence[str] = ()) -> Document:  # noqa: ANN401
    """All that is listed of these collections, or of all. Raises `SettingsError`."""
    with _told_plainly():
        named = collections or list(_iter_collections(client))
        return make_document([_fetch_collection(client, name) for name in named])


def _iter_collections(client: Any) -> Iterator[str]:  # noqa: ANN401
    for page in client.get_paginator("list_collections").paginate():
        yield from page.get("CollectionIds", [])


def _fetch_collection(client: Any, name: str) -> Document:  # noqa: ANN401
    described = client.describe_collection(CollectionId=name)
    return {
        "CollectionId": name,
        "Tags": _fetch_tags(client, described.get("CollectionARN", "")),
        "Faces": [
            {member: face[member] for member in _FACE_MEMBERS if member in face}
            for face in _iter_faces(client, CollectionId=name)
        ],
        "Users": [
            {
                "UserId": user["UserId"],
                "FaceIds": [
                    face["FaceId"]
                    for face in _iter_faces(client, CollectionId=name, UserId=user["UserId"])
                ],
            }
            for user in _fetch_users(client, name)
        ],
    }


def _iter_faces(client: Any, **which: str) -> Iterator[Document]:  # noqa: ANN401
    for page in client.get_paginator("list_faces").paginate(
        **which, PaginationConfig={"PageSize": _PAGE}
    ):
        yield from page.get("Faces", [])


def _fetch_users(client: Any, name: str) -> list[Document]:  # noqa: ANN401
    """None where the collection is older than users are."""
    from botocore.exceptions import ClientError

    pages = client.get_paginator("list_users").paginate(
        CollectionId=name, PaginationConfig={"PageSize": _USER_PAGE}
    )
    try:
        return [user for page in pages for user in page.get("Users", [])]
    except ClientError as error:
        if error.response["Error"]["Code"] != _NOT_OFFERED:
            raise
        return []


def _fetch_tags(client: Any, arn: str) -> Document | None:  # noqa: ANN401
    """Nothing where the account may not be asked for them, which many policies leave out."""
    from botocore.exceptions import ClientError

    try:
        found: Document = client.list_tags_for_resource(ResourceArn=arn).get("Tags", {})
    except ClientError:
        return None
    return found


def _find_advice(code: str) -> str:
    if code in _UNBELIEVED:
        return (
            "It does not believe the key: look at its secret, at the clock, and at the region, "
            "with --profile and --region."
        )
    if code == _NOT_THERE:
        return "There is no such collection there: look at --collection and --region."
    return (
        "Reading collections takes the rights rekognition:List* and rekognition:Describe*, in the "
        "region they are in."
    )


@contextmanager
def _told_plainly() -> Iterator[None]:
    """What goes wrong, by its name: what botocore says may hold keys or ids."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "an error")
        raise SettingsError(
            f"Amazon answered {error.operation_name} with {code}. {_find_advice(code)}"
        ) from error
    except (BotoCoreError, ValueError) as error:
        raise SettingsError(
            f"Amazon cannot be asked ({type(error).__name__}). Say which account is meant with "
            "--profile, --region and --endpoint, or sign in to it as for any program of Amazon's."
        ) from error
