"""Two collections with drawn people in them, and a client that is bound to their grant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from mien.catalog.face_groups import tie_faces
from mien.catalog.faces import find_faces_by_uuid
from mien.library import Library
from mien.permission.access_key import OPERATIONS, AccessTerms
from mien.permission.caller import Operation
from mien.service.bound import ask_bound_leave
from mien.service.face_groups import FaceGroups
from mien.service.leave import Leave
from rekognition.client import Key, calling
from service.stage import PURPOSE, Stage, query

PEOPLE, OTHERS = "people", "others"
NOBODY = "00000000-0000-4000-8000-000000000000"
"""A face id that nobody has."""


@dataclass(frozen=True)
class Scene:
    """A library with photos that came in under a grant, and a client with a key for it."""

    stage: Stage
    library: Library
    grant: str
    client: Any

    def add(self, name: str, *people: int, collection: str = PEOPLE, grant: str = "") -> Path:
        """One more photo of these people, under the key's grant unless said otherwise."""
        path = self.stage.draw(name, *people)
        self.library.add(path, grant=grant or self.grant, collection=collection)
        return path

    def fill(self, photos: int, *, more: int = 0) -> list[Path]:
        """That many photos, `0.png` and on, of the person of their number; and `more` people."""
        paths = [
            self.stage.draw(f"{n}.png", n, *(50 * m + n for m in range(1, more + 1)))
            for n in range(photos)
        ]
        self.library.add(*paths, grant=self.grant, collection=PEOPLE)
        return paths

    def faces_of(self, name: str, collection: str = PEOPLE) -> list[str]:
        """The faces of a photo in a collection, as they were found."""
        return [
            str(uuid)
            for uuid in query(
                self.stage.home / "catalog.db",
                "SELECT f.uuid FROM faces f JOIN indexed_photos i ON i.id = f.indexed_photo_id "
                "JOIN collections c ON c.id = f.collection_id "
                "JOIN locations l ON l.photo_id = i.photo_id "
                "WHERE l.uri LIKE ? AND c.name = ? GROUP BY f.id ORDER BY f.id",
                f"%/{name}",
                collection,
            )
        ]

    def leave(self, collection: str = PEOPLE) -> Leave:
        """What the key may see of a collection."""
        terms = AccessTerms(
            grant_id=self.grant, collections=frozenset({collection}), purpose=PURPOSE
        )
        leave = ask_bound_leave(self.library._deployment, terms, collection=collection)
        assert isinstance(leave, Leave)
        return leave

    def tie(self, name: str, *face_ids: str) -> None:
        """Puts faces under the name of a user."""
        deployment = self.library._deployment
        groups = FaceGroups(deployment, self.leave())
        groups.make(name)
        with deployment.database.writing() as connection:
            tied = [face.id for face in find_faces_by_uuid(connection, face_ids)]
            tie_faces(connection, groups.get(connection, name).id, face_ids=tied)


@contextmanager
def scene(
    stage: Stage,
    *operations: Operation,
    collections: frozenset[str] = frozenset({PEOPLE, OTHERS}),
    **terms: Any,
) -> Iterator[Scene]:
    """Bound to all that a key may do, unless some are named; the grant has these terms."""
    with stage.open() as library:
        grant = stage.grant(library, **terms)
        key = Key(grant, PURPOSE, collections, frozenset(operations or OPERATIONS))
        with calling(library, key) as client:
            yield Scene(stage, library, grant, client)


@contextmanager
def refused(code: str, words: str = "") -> Iterator[None]:
    """The client is told this code, and these words if any."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert words in error["Message"], error
