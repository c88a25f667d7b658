"""The page where photos are added offers permissions in force, and what they fit."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import Any

from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.caller import Role
from mien.permission.use import Use
from server.door import Door, caller_of, visiting
from server.uploading import shelf_grant
from service.stage import Stage

DOOR = Door(
    {
        "curator": caller_of(Role.CURATOR),
        "viewer": caller_of(Role.VIEWER),
        "elsewhere": caller_of(Role.CURATOR, collections=frozenset({"elsewhere"})),
    }
)


def see(library: Library, who: str = "curator", path: str = "/add") -> Any:
    with visiting(library, who, with_key=False, door=DOOR) as client:
        client.headers["Accept"] = "text/html"
        return client.get(path)


def grants_in(page: str) -> list[dict[str, Any]]:
    found = re.search(r"data-grants='([^']*)'", page)
    return [] if found is None else list(json.loads(html.unescape(found[1])))


def test_where_nothing_is_in_force_there_is_nothing_to_choose(stage: Stage) -> None:
    with stage.open() as library:
        library.revoke(shelf_grant(stage, library))
        shelf_grant(stage, library, days=1)
        shelf_grant(stage, library, uses=[Use.SEARCH])
        stage.now += timedelta(days=3)
        page = see(library).text
    assert grants_in(page) == []
    assert "/grants/new" in page


def test_a_permission_tells_its_shelves_folders_and_collections(stage: Stage) -> None:
    with stage.open() as library:
        for name, basis in (("home", Basis.HOUSEHOLD), ("members", Basis.ENROLLED_ONLY)):
            library.create_collection(name, basis=basis)
        shelf = shelf_grant(stage, library)
        folder = stage.grant(library)
        found = {one["id"]: one for one in grants_in(see(library).text)}
    assert found[shelf]["shelves"] == ["wedding"]
    assert found[folder]["shelves"] == []
    assert found[folder]["folders"] == [str(stage.photos)]
    assert found[shelf]["collections"] == ["home"]
    assert found[shelf]["until"] == "2031-05-01"


def test_a_caller_who_is_bound_sees_what_is_theirs(stage: Stage) -> None:
    stage.draw("one.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        assert [one["collections"] for one in grants_in(see(library).text)] == [["default"]]
        assert grants_in(see(library, "elsewhere").text) == []


def test_a_folder_of_the_server_is_offered_where_one_is_served(stage: Stage) -> None:
    stage.photos.mkdir()
    with stage.open(served_folders=str(stage.photos)) as library:
        stage.grant(library)
        assert str(stage.photos) in see(library).text
    with stage.open() as library:
        assert "from-server" not in see(library).text


def test_who_adds_nothing_is_told_so(stage: Stage) -> None:
    with stage.open() as library:
        answer = see(library, "viewer")
    assert answer.status_code == 403
    assert "operation-not-yours" in answer.text
