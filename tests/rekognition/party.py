"""A collection of drawn people, and who may ask about it, for tests of users."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from mien.library import Library
from mien.testing import draw_photo
from rekognition.client import Key, calling
from service.stage import PURPOSE, Stage, query

COLLECTION = "people"
ANN, BEN, EVE = 1, 2, 3


@dataclass
class Party:
    """Some photos each of several people, one to a photo, under one grant."""

    stage: Stage
    library: Library
    client: Any
    grant: str

    def faces(self, person: int) -> list[str]:
        """The ids of somebody's faces."""
        return query(
            self.stage.home / "catalog.db",
            "SELECT f.uuid FROM faces f JOIN indexed_photos i ON i.id = f.indexed_photo_id"
            " JOIN locations l ON l.photo_id = i.photo_id WHERE l.uri LIKE ? ORDER BY f.id",
            f"%/{person}-%",
        )

    def make(self, user: str, *face_ids: str, **terms: Any) -> dict[str, Any]:
        """A user, with faces where some are named."""
        self.client.create_user(CollectionId=COLLECTION, UserId=user)
        return self.tie(user, *face_ids, **terms) if face_ids else {}

    def tie(self, user: str, *face_ids: str, **terms: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.client.associate_faces(
            CollectionId=COLLECTION, UserId=user, FaceIds=list(face_ids), **terms
        )
        return found

    def untie(self, user: str, *face_ids: str, **terms: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.client.disassociate_faces(
            CollectionId=COLLECTION, UserId=user, FaceIds=list(face_ids), **terms
        )
        return found

    def users(self, **terms: Any) -> dict[str, str]:
        """The status of each."""
        found = self.client.list_users(CollectionId=COLLECTION, **terms)["Users"]
        return {one["UserId"]: one["UserStatus"] for one in found}

    def seek(self, **terms: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.client.search_users(CollectionId=COLLECTION, **terms)
        return found

    def seek_in(self, *people: int, seed: int = 900, **terms: Any) -> dict[str, Any]:
        """With a photo of these people that is in no collection."""
        image = {"Bytes": draw_photo(*people, seed=seed, blurred=terms.pop("blurred", ()))}
        found: dict[str, Any] = self.client.search_users_by_image(
            CollectionId=COLLECTION, Image=image, **terms
        )
        return found

    @contextmanager
    def other(self, grant: str, **key: Any) -> Iterator[Party]:
        """The same collection as a key of another grant knows it."""
        with calling(self.library, Key(grant, PURPOSE, **key)) as client:
            yield Party(self.stage, self.library, client, grant)


@contextmanager
def gathering(stage: Stage, *, photos_each: int = 2, **key: Any) -> Iterator[Party]:
    """Ann, Ben and Eve."""
    for person in (ANN, BEN, EVE):
        for number in range(photos_each):
            stage.draw(f"mine/{person}-{number}.png", person)
    with stage.open() as library:
        grant = stage.grant(library, scope=stage.photos / "mine")
        library.add(stage.photos / "mine", grant=grant, collection=COLLECTION)
        with calling(library, Key(grant, PURPOSE, **key)) as client:
            yield Party(stage, library, client, grant)


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[ClientError]]:
    """What is done within is answered with this code."""
    with pytest.raises(ClientError) as error:
        yield error
    assert error.value.response["Error"]["Code"] == code


@contextmanager
def lasting(factory: pytest.TempPathFactory, **terms: Any) -> Iterator[Party]:
    """For a module's tests that leave everything as it is."""
    stage = Stage(factory.mktemp("party"), now=datetime.now(UTC))
    with gathering(stage, **terms) as party:
        yield party


def names_of(found: dict[str, Any]) -> list[str]:
    """The users of an answer, in its order."""
    return [one["User"]["UserId"] for one in found["UserMatches"]]
