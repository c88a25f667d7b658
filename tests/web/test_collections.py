"""Collections in the browser: made with a promise, and listed for those who may know of them."""

from __future__ import annotations

from typing import Any

import pytest

from mien.permission.caller import Role
from server.door import Door, caller_of, visiting
from service.stage import Stage, query
from web.pages import ask, errors_of, send

MARKUP = "<img src=x onerror=alert(1)>"


def test_what_the_form_says_is_made(stage: Stage) -> None:
    form = {"name": "Club", "basis": "documented_basis", "purposes": "club-gallery"}
    papers = {"assessment": "DPIA 7", "retention_days": "90", "confirmations": "alone"}
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        answer = send(client, "/collections/new", **form, **papers)
        (made,) = library.collections()
        page = ask(client, answer.headers["Location"])
    charter = made.charter
    assert (made.name, made.basis, charter.assessment) == ("Club", "documented_basis", "DPIA 7")
    assert charter.purposes == {"club-gallery"}
    assert charter.retention is not None
    assert (charter.retention.days, charter.confirmations) == (90, 1)
    assert "The collection is made." in page.text
    assert "A documented reason" in page.text


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"name": ""}, "name", "This is needed."),
        ({"name": "two\nlines"}, "name", "Use one line"),
        ({"name": "known"}, "name", "There is a collection of this name"),
        ({"basis": "curiosity"}, "basis", "Choose one of these."),
        ({"basis": "documented_basis"}, "purposes", "A documented reason needs this."),
        ({"purposes": "mass-surveillance"}, "purposes", "is no purpose that anything is done for"),
        ({"retention_days": "0"}, "retention_days", "from 1 to 36,500"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    stage: Stage, changes: dict[str, Any], field: str, told: str
) -> None:
    with stage.open() as library, visiting(library, "curator", with_key=False) as client:
        library.create_collection("known", basis="household")
        page = send(client, "/collections/new", **{"name": "Club", "basis": "household"} | changes)
        assert len(library.collections()) == 1
    assert page.status_code == 422
    assert told in errors_of(page)[field]


def test_somebody_bound_makes_and_sees_their_own_alone(stage: Stage) -> None:
    bound = Door({"ann": caller_of(Role.CURATOR, collections=frozenset({"family"}))})
    with (
        stage.open() as library,
        visiting(library, "ann", with_key=False, door=bound) as client,
    ):
        library.create_collection("archive", basis="household")
        page = send(client, "/collections/new", name="press", basis="household")
        assert "not for this collection" in errors_of(page)["name"]
        assert send(client, "/collections/new", name="family", basis="household").is_redirect
        listed = ask(client, "/collections").text
    assert "family" in listed
    assert "archive" not in listed


def test_one_that_was_changed_is_told_and_a_name_is_no_markup(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "viewer", with_key=False) as client:
        library.create_collection(MARKUP, basis="enrolled_only")
        query(stage.home / "catalog.db", "UPDATE collections SET basis = 'household'")
        page = ask(client, "/collections").text
    assert MARKUP not in page
    assert "&lt;img src=x" in page
    assert "it answers nothing" in page
    assert "/collections/new" not in page
