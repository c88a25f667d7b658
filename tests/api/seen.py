"""A home with two collections behind a server, for tests of what callers reach of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.testclient import TestClient

from mien.library import Library
from mien.permission.caller import Role
from server.door import Door, caller_of, visiting
from service.stage import PURPOSE, Stage

FAMILY, ARCHIVE = "family", "archive"


def fill(stage: Stage, library: Library) -> dict[str, str]:
    """Two photos of person 1 and one of 2 in one collection, one of 1 and one of 3 in another."""
    for name, people in (("a1.png", (1,)), ("a2.png", (1, 5)), ("b.png", (2,))):
        stage.draw(f"family/{name}", *people)
    for name, person in (("x.png", 1), ("y.png", 3)):
        stage.draw(f"archive/{name}", person)
    grants = {}
    for collection in (FAMILY, ARCHIVE):
        folder = stage.photos / collection
        grants[collection] = stage.grant(library, scope=folder)
        library.add(folder, grant=grants[collection], collection=collection)
    return grants


@contextmanager
def bound_to(library: Library, *collections: str, **bounds: Any) -> Iterator[TestClient]:
    """A searcher who may reach these collections alone."""
    ann = caller_of(Role.SEARCHER, actor="user:ann", collections=frozenset(collections), **bounds)
    with visiting(library, "ann", door=Door({"ann": ann})) as client:
        yield client


def search(client: TestClient, *photos: bytes, **fields: Any) -> Any:
    """The answer to a search with photos, which has to be given."""
    answer = post_search(client, *photos, **fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def post_search(client: TestClient, *photos: bytes, **fields: Any) -> Any:
    terms = {"collection": FAMILY, "purpose": PURPOSE, **fields}
    files = [("photos", (f"{n}.png", photo, "image/png")) for n, photo in enumerate(photos)]
    return client.post("/v1/searches", data=terms, files=files)


def search_by(client: TestClient, face_id: str, **fields: Any) -> Any:
    terms = {"collection": FAMILY, "purpose": PURPOSE, "face_id": face_id, **fields}
    return client.post("/v1/searches", json=terms)


def names_of(answer: Any) -> list[str]:
    """File names of the candidates, best first."""
    return [one["places"][0].rsplit("/", 1)[-1] for one in answer["candidates"]]
