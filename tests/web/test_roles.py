"""Each page for each role, and for those who are bound to some collections."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import APIRoute

from mien.permission.caller import Role
from mien.server.pages import ROUTERS
from mien.web import audit, cases, collections, doctor, grants, optouts
from server.door import Door, caller_of, visiting
from service import inbox
from service.stage import Stage
from web.pages import BROWSER, ask, send

CURATING = {"/grants", "/grants/new", "/collections/new", "/cases", "/cases/closed", "/cases/new"}
CURATING |= {"/opt-outs", "/opt-outs/person", "/opt-outs/photo", "/opt-outs/place"}
AUDITING = {"/audit", "/audit/entries/0", "/audit/proof"}
OPERATING = {"/doctor"}
VIEWING = {"/collections"}
EVERYTHING = CURATING | AUDITING | OPERATING | VIEWING

SHOWN = {
    Role.VIEWER: VIEWING,
    Role.SEARCHER: VIEWING,
    Role.CURATOR: VIEWING | CURATING,
    Role.ADMIN: EVERYTHING,
    Role.AUDITOR: AUDITING,
}

MODULES = (audit, cases, collections, doctor, grants, optouts)

ABOUT_ALL = {"/cases", "/cases/closed", "/cases/new", *AUDITING}
ABOUT_ALL |= {"/opt-outs", "/opt-outs/person", "/opt-outs/photo", "/opt-outs/place"}


@pytest.mark.parametrize("role", Role)
def test_each_role_sees_its_pages_and_no_others(stage: Stage, role: Role) -> None:
    with stage.open() as library, visiting(library, role, with_key=False) as client:
        stage.grant(library)
        shown = {path: ask(client, path) for path in EVERYTHING}
    assert {path for path, page in shown.items() if page.status_code == 200} == SHOWN[role]
    assert {page.status_code for page in shown.values()} <= {200, 403}


def test_whoever_is_not_signed_in_is_sent_to_do_so(stage: Stage) -> None:
    with stage.open() as library, visiting(library) as client:
        for path in EVERYTHING:
            answer = ask(client, path)
            assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (
                303,
                "/sign-in",
            )


def test_whoever_is_bound_to_a_collection_sees_nothing_that_is_about_all(stage: Stage) -> None:
    bound = Door({"ann": caller_of(Role.ADMIN, collections=frozenset({"family"}))})
    with (
        stage.open() as library,
        visiting(library, "ann", with_key=False, door=bound) as client,
    ):
        stage.grant(library)
        told = {path for path in EVERYTHING if ask(client, path).status_code == 403}
    assert told == ABOUT_ALL


def test_no_form_is_taken_in_without_the_token_of_the_session(stage: Stage) -> None:
    somebody = "6e1f4bb6-5f63-4b1c-9d2e-0c8a51f3a7d4"
    found = [route for module in MODULES for route in module.router.routes]
    routes = [route for route in found if isinstance(route, APIRoute)]
    posts = [route.path for route in routes if "POST" in (route.methods or ())]
    paths = [re.sub(r"\{[^}]*\}", somebody, path) for path in posts]
    assert len(paths) >= 15
    with stage.open() as library, visiting(library, "admin", with_key=False) as client:
        del client.headers["X-CSRF-Token"]
        for path in paths:
            for token in ("", "another"):
                answer = client.post(path, data={"csrf_token": token})
                assert answer.json()["code"] == "no-csrf-token", path
        assert inbox.entries_of(stage) == []


def test_the_token_may_stand_in_the_form(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "admin", with_key=False) as client:
        token = client.headers.pop("X-CSRF-Token")
        form = {"csrf_token": token, "name": "Club", "basis": "household"}
        assert send(client, "/collections/new", **form).status_code == 303
        assert [one.name for one in library.collections()] == ["Club"]


def test_every_page_is_one_of_the_server(stage: Stage) -> None:
    assert {id(module.router) for module in MODULES} <= set(map(id, ROUTERS))
    with stage.open() as library, visiting(library, "admin") as client:
        page = client.get("/grants/not-an-id", headers=BROWSER)
    assert page.status_code == 422
    assert "<h1>" in page.text
