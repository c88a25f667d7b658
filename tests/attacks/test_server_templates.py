"""Attempts to read a template from the server: every answer to every caller is looked through."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from attacks.test_templates import check_nothing_is_in, needles_of, templates_of
from mien.library import Library
from mien.permission.use import Use
from mien.server.interface import ROUTERS
from server.door import visiting
from service.enrolling import consent
from service.stage import PURPOSE, Stage, query

ENDLESS = {"/v1/runs/{run_id}/events"}
"""Streams, which tell what the run itself tells."""


@pytest.fixture
def album(stage: Stage) -> Stage:
    stage.now = datetime.now(UTC)
    stage.draw("ann.png", 1)
    stage.draw("ben.png", 2)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library, uses=list(Use)))
        library.enrol("Ann", stage.photos / "ann.png", consent=consent(stage))
        library.search(stage.photos / "ann.png", purpose=PURPOSE)
        library.optouts().item("ab" * 32)
    return stage


def values_of(stage: Stage, client: TestClient) -> dict[str, str]:
    """Something that is there, for each name that stands in an address."""

    def first(statement: str) -> str:
        return str(query(stage.home / "catalog.db", statement)[0])

    case = client.post("/v1/cases", json={"kind": "access", "requester": "Ann"}).json()["case"]
    return {
        "case_id": case["case_id"],
        "face_id": first("SELECT uuid FROM faces"),
        "grant_id": first("SELECT uuid FROM grants"),
        "model": "sface",
        "name": "default",
        "person_id": first("SELECT uuid FROM people"),
        "photo_id": str(UUID(first("SELECT sha256 FROM photos")[:32])),
        "seq": "0",
    }


def iter_answers(stage: Stage, client: TestClient) -> Iterator[tuple[str, Any]]:
    """What every route that is read gives, and those that hand out files."""
    values = values_of(stage, client)
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            if "GET" not in (route.methods or ()) or route.path in ENDLESS:
                continue
            path = re.sub(r"\{(\w+)[^}]*\}", lambda m: values.get(m[1], "none"), route.path)
            params = {"purpose": PURPOSE, "collection": "default"}
            yield route.path, client.get(path, params=params)
            yield route.path, client.get(path)
    probe = (stage.photos / "ann.png").read_bytes()
    form = {"purpose": PURPOSE, "collection": "default"}
    yield "search", client.post("/v1/searches", data=form, files={"photos": ("a.png", probe)})
    for path in (f"/v1/cases/{values['case_id']}/answer", "/v1/evidence"):
        yield path, client.post(path)


def unpack(answer: Any) -> list[bytes]:
    """The bytes of an answer, of its headers, and of what is packed in it."""
    found = [answer.content, str(answer.headers).encode()]
    if answer.headers.get("Content-Type") == "application/zip":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            found += [archive.read(name) for name in archive.namelist()]
    return found


def test_no_answer_of_the_server_holds_a_template(album: Stage) -> None:
    with album.open() as library:
        needles = needles_of(templates_of(album, library))
        answered = read_all(album, library, needles=needles)
    assert len(answered) > 30
    assert {"search", "/v1/evidence", "/v1/people/{person_id}", "/metrics"} <= answered


def read_all(album: Stage, library: Library, *, needles: list[bytes]) -> set[str]:
    """The routes that answered with something, none of it a template."""
    answered = set()
    with visiting(library, "admin") as client:
        for path, answer in iter_answers(album, client):
            assert answer.status_code < 500, path
            if answer.status_code == 200:
                answered.add(path)
            for content in unpack(answer):
                check_nothing_is_in(content, needles)
    return answered
