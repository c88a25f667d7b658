"""The doctor in the browser: what is wrong, and what to do."""

from __future__ import annotations

from mien.permission.caller import Role
from server.door import Door, caller_of, visiting
from service import inbox
from service.stage import Stage, blobs_of, query
from web.pages import ask


def test_a_sound_home_is_told_to_be_in_order(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "admin", with_key=False) as client:
        inbox.fill(stage, library)
        page = ask(client, "/doctor").text
    assert "Everything is in order." in page
    assert "<dt>of which in force</dt><dd>1</dd>" in page
    for link in ("/docs", "/policy"):
        assert f'href="{link}"' in page


def test_what_is_wrong_comes_with_what_to_do(stage: Stage) -> None:
    with stage.open() as library:
        grant = inbox.fill(stage, library)
        library.create_collection("club", basis="household")
    catalog = stage.home / "catalog.db"
    query(catalog, "UPDATE grants SET grantor = 'Somebody else'")
    query(catalog, "UPDATE collections SET basis = 'enrolled_only' WHERE name = 'club'")
    for blob in blobs_of(stage.home):
        blob.unlink()
    with stage.open() as library, visiting(library, "admin", with_key=False) as client:
        page = ask(client, "/doctor").text
    assert "Everything is in order." not in page
    assert f'href="/grants/{grant}"' in page
    assert "The collection club is not what it was made as" in page
    assert "4 faces of collection default are lost" in page


def test_somebody_bound_is_told_of_their_own_collections(stage: Stage) -> None:
    bound = Door({"ann": caller_of(Role.ADMIN, collections=frozenset({"club"}))})
    with (
        stage.open() as library,
        visiting(library, "ann", with_key=False, door=bound) as client,
    ):
        library.create_collection("club", basis="household")
        library.create_collection("archive", basis="household")
        page = ask(client, "/doctor").text
    assert "club" in page
    assert "archive" not in page
