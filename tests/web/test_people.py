"""People to look at: who may know of whom, and the photos kept for one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from starlette.testclient import TestClient

from mien.library import Library
from mien.permission.caller import Role
from server.door import Door, caller_of, visiting
from service.enrolled_stage import add as add_members
from service.enrolling import enrol
from service.stage import Stage

DOOR = Door(
    {
        "viewer": caller_of(Role.VIEWER),
        "curator": caller_of(Role.CURATOR),
        "elsewhere": caller_of(Role.CURATOR, collections=frozenset({"elsewhere"})),
    }
)


@contextmanager
def looking(library: Library, who: str) -> Iterator[TestClient]:
    with visiting(library, who, with_key=False, door=DOOR) as client:
        client.headers["Accept"] = "text/html"
        yield client


def test_a_viewer_sees_those_of_whom_a_face_may_be_seen(stage: Stage) -> None:
    stage.draw("one.png", 1)
    with stage.open() as library:
        ada = enrol(stage, library, 1, "Ada")
        enrol(stage, library, 2, "Bob")
        add_members(stage, library)
        with looking(library, "viewer") as client:
            page = client.get("/people").text
            person = client.get(f"/people/{ada.uuid}").text
        with looking(library, "curator") as client:
            register = client.get("/people").text
        with looking(library, "elsewhere") as client:
            beyond = client.get("/people").text
            hidden = client.get(f"/people/{ada.uuid}")
    assert "Ada" in page
    assert "Bob" not in page
    assert "one.png" in person
    assert "consents" in person
    assert "Bob" in register
    assert "Nobody is enrolled, or nobody whom you may see" in beyond
    assert "Ada" not in beyond
    assert hidden.status_code == 404


def test_a_consent_that_ended_is_told_with_the_reason_to_who_keeps_the_register(
    stage: Stage,
) -> None:
    stage.draw("one.png", 1)
    with stage.open() as library:
        ada = enrol(stage, library, 1, "Ada", days=30)
        add_members(stage, library)
        stage.now += timedelta(days=31)
        with looking(library, "curator") as client:
            person = client.get(f"/people/{ada.uuid}").text
        with looking(library, "viewer") as client:
            hidden = client.get(f"/people/{ada.uuid}")
    assert "The consent has expired." in person
    assert "one.png" not in person
    assert hidden.status_code == 404


def test_nobody_of_that_name_is_a_page_that_says_so(stage: Stage) -> None:
    with stage.open() as library, looking(library, "curator") as client:
        answer = client.get("/people/nobody")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
