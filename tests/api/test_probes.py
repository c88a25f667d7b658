"""`POST /v1/probes`: the faces of a photo, for who may search with it."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from mien.library import Library
from mien.permission.caller import Role
from mien.testing import draw_photo
from server.door import Door, caller_of, visiting
from service.stage import PURPOSE, Stage

DOOR = Door(
    {
        "searcher": caller_of(Role.SEARCHER),
        "viewer": caller_of(Role.VIEWER),
        "elsewhere": caller_of(Role.SEARCHER, collections=frozenset({"other"})),
        "press": caller_of(Role.SEARCHER, purposes=frozenset({"press-archive"})),
    }
)


def ask(client: TestClient, content: bytes, **fields: str) -> Any:
    said = {"purpose": PURPOSE, "collection": "default"} | fields
    return client.post("/v1/probes", data=said, files={"photo": ("a.png", content, "image/png")})


def fill(stage: Stage, library: Library) -> None:
    stage.draw("one.png", 1)
    library.add(stage.photos, grant=stage.grant(library))


def test_faces_have_a_number_a_box_and_a_quality(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "searcher", door=DOOR) as client:
        fill(stage, library)
        found = ask(client, draw_photo(1, 2, seed=5)).json()
    assert (found["width_px"], found["height_px"]) == (160, 80)
    assert [face["number"] for face in found["faces"]] == [0, 1]
    assert found["faces"][0]["box"] == {"x1": 16, "y1": 16, "x2": 64, "y2": 64}
    assert set(found["faces"][0]) == {"number", "box", "quality"}


@pytest.mark.parametrize(
    ("who", "fields", "status", "code"),
    [
        ("", {}, 401, "not-signed-in"),
        ("viewer", {}, 403, "operation-not-yours"),
        ("elsewhere", {}, 403, "collection-not-yours"),
        ("press", {}, 403, "purpose-not-yours"),
        ("searcher", {"purpose": "press-archive"}, 403, "purpose-not-granted"),
        ("searcher", {"purpose": ""}, 403, "no-purpose"),
        ("searcher", {"collection": "other"}, 404, "not-found"),
    ],
)
def test_a_refusal_is_that_of_a_search(
    stage: Stage, who: str, fields: dict[str, str], status: int, code: str
) -> None:
    with stage.open() as library, visiting(library, who, door=DOOR) as client:
        fill(stage, library)
        answer = ask(client, draw_photo(1), **fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_what_is_no_photo_is_told(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "searcher", door=DOOR) as client:
        fill(stage, library)
        answer = ask(client, b"no photo")
    assert answer.status_code == 422
    assert "Choose another photo" in answer.json()["detail"]
