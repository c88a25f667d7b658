"""The search page offers what its caller may search, and no more; the first page is theirs."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from mien.library import Library
from mien.permission.caller import Role
from server.door import Door, caller_of, visiting
from service.stage import Stage

DOOR = Door(
    {
        "searcher": caller_of(Role.SEARCHER),
        "viewer": caller_of(Role.VIEWER),
        "auditor": caller_of(Role.AUDITOR),
        "admin": caller_of(Role.ADMIN),
        "elsewhere": caller_of(Role.SEARCHER, collections=frozenset({"other"})),
        "reunion": caller_of(Role.SEARCHER, purposes=frozenset({"reunion"})),
        "press": caller_of(Role.SEARCHER, purposes=frozenset({"press-archive"})),
    }
)


def see(library: Library, who: str, path: str = "/search") -> Any:
    with visiting(library, who, with_key=False, door=DOOR) as client:
        client.headers["Accept"] = "text/html"
        return client.get(path, follow_redirects=False)


def fill(stage: Stage, library: Library, **terms: Any) -> None:
    stage.draw("one.png", 1, 2)
    library.add(stage.photos, grant=stage.grant(library, "family-album", "reunion", **terms))


def terms_in(page: str) -> list[dict[str, Any]]:
    found = re.search(r"data-terms='([^']*)'", page)
    return [] if found is None else list(json.loads(html.unescape(found[1])))


def test_collections_purposes_and_sources_are_those_that_may_be_searched(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library, grantor="O'Hara & <Sons>")
        page = see(library, "searcher").text
    (terms,) = terms_in(page)
    assert terms["purposes"] == ["family-album", "reunion"]
    assert [source["name"] for source in terms["sources"]] == ["O'Hara & <Sons>"]
    assert "<Sons>" not in page


@pytest.mark.parametrize(
    ("who", "purposes"), [("reunion", [["reunion"]]), ("press", []), ("elsewhere", [])]
)
def test_a_caller_who_is_bound_is_offered_what_is_theirs(
    stage: Stage, who: str, purposes: list[list[str]]
) -> None:
    with stage.open() as library:
        fill(stage, library)
        page = see(library, who).text
    assert [one["purposes"] for one in terms_in(page)] == purposes
    assert ("nothing that you may search now" in page) is not bool(purposes)


def test_a_face_that_may_not_be_seen_is_not_there_to_search_with(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        nowhere = see(library, "searcher", "/search?face=00000000-0000-4000-8000-000000000000")
    assert nowhere.status_code == 404


@pytest.mark.parametrize(
    ("who", "first"),
    [
        ("", "/sign-in"),
        ("searcher", "/search"),
        ("admin", "/search"),
        ("viewer", "/photos"),
        ("auditor", "/audit"),
    ],
)
def test_everybody_comes_in_where_they_have_something_to_do(
    stage: Stage, who: str, first: str
) -> None:
    with stage.open() as library:
        answer = see(library, who, "/")
    assert answer.status_code == 303
    assert answer.headers["Location"] == first
