"""Every page and form for every role: what is not shown is refused, and nothing is half done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from mien.library import Library
from mien.permission.caller import OPERATIONS, Operation, Role
from mien.server.pages import ROUTERS
from server.door import Door, caller_of, visiting
from service import inbox
from service.stage import Stage
from web.pages import BROWSER, ask

SOMEBODY = "6e1f4bb6-5f63-4b1c-9d2e-0c8a51f3a7d4"

PUBLIC = ("/sign-in", "/welcome", "/find", "/policy", "/about", "/docs", "/request", "/static", "/")
"""Where nobody has to be signed in, or may be told to be."""

NEEDED: Mapping[str, Operation] = {
    "/account": Operation.ACCOUNT,
    "/sign-out": Operation.ACCOUNT,
    "/add": Operation.ADD,
    "/audit": Operation.AUDIT,
    "/cases": Operation.CASE,
    "/collections": Operation.VIEW,
    "/collections/new": Operation.GRANT,
    "/doctor": Operation.OPERATE,
    "/grants": Operation.GRANT,
    "/access-keys": Operation.OPERATE,
    "/keys": Operation.OPERATE,
    "/links": Operation.SHARE,
    "/opt-outs": Operation.CASE,
    "/people": Operation.VIEW,
    "/photos": Operation.VIEW,
    "/search": Operation.SEARCH,
    "/users": Operation.OPERATE,
}
"""What somebody must be allowed to, for everything below the address; the longest counts."""

HARMLESS = {"/audit/checkpoint", "/audit/proof", "/sign-out"}
"""Forms that ask for nothing, so that nothing about them can be wrong."""

ODD = ("0", "-1", "x", "..", "%00", "%2e%2e%2fkeys", "a" * 300, SOMEBODY, "f" * 64, "%F0%9F%92%A9")


def needed(path: str) -> Operation | None:
    below = [start for start in NEEDED if path == start or path.startswith(f"{start}/")]
    return NEEDED[max(below, key=len)] if below else None


def routes(method: str) -> list[str]:
    """The addresses of every page's routes."""
    found = [route for router in ROUTERS for route in router.routes]
    return sorted(
        route.path
        for route in found
        if isinstance(route, APIRoute) and method in (route.methods or ())
    )


def fill(path: str, value: str = SOMEBODY) -> str:
    """The address with something in its gaps."""
    return re.sub(
        r"\{seq\}", "0" if value == SOMEBODY else value, re.sub(r"\{(?!seq)\w+\}", value, path)
    )


def guarded(method: str) -> list[str]:
    return [path for path in routes(method) if needed(path) is not None]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(tmp_path_factory.mktemp("roles"))


@pytest.fixture(scope="module")
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        inbox.fill(stage, library)
        yield library


@pytest.fixture(scope="module")
def clients(library: Library) -> Iterator[Mapping[str, TestClient]]:
    """Somebody of each role; a curator who is bound to a collection that is not there; nobody."""
    elsewhere = frozenset({"elsewhere"})
    door = Door(
        {str(role): caller_of(role) for role in Role}
        | {"bound": caller_of(Role.ADMIN, collections=elsewhere)}
    )
    with ExitStack() as stack:
        yield {
            who: stack.enter_context(visiting(library, who, with_key=False, door=door))
            for who in (*door.callers, "")
        }


def test_every_address_is_public_or_asks_who_it_is() -> None:
    for path in (*routes("GET"), *routes("POST")):
        is_public = path == "/" or path.startswith(PUBLIC[:-1])
        assert is_public is (needed(path) is None), path


@pytest.mark.parametrize("role", Role)
def test_what_a_role_may_not_see_is_refused(clients: Mapping[str, TestClient], role: Role) -> None:
    for path in guarded("GET"):
        answer = ask(clients[role], fill(path))
        may = needed(path) in OPERATIONS[role]
        is_own = path.startswith("/account")  # of whoever has a user, whom these tests do without
        assert answer.status_code < 500, path
        assert (answer.status_code == 403) is (not may) or is_own, (path, answer.status_code)
        if not may:
            assert "The account or key is not for this." in answer.text, path


@pytest.mark.parametrize("role", Role)
def test_what_a_role_may_not_do_is_refused_and_not_done(
    clients: Mapping[str, TestClient], stage: Stage, role: Role
) -> None:
    before = inbox.entries_of(stage)
    for path in guarded("POST"):
        if needed(path) in OPERATIONS[role]:
            continue
        answer = clients[role].post(fill(path), data={"name": "x"}, headers=BROWSER)
        assert answer.status_code == 403, path
        assert "The account or key is not for this." in answer.text, path
    assert inbox.entries_of(stage) == before


@pytest.mark.parametrize("role", Role)
def test_the_menu_offers_what_may_be_opened_and_nothing_else(
    clients: Mapping[str, TestClient], role: Role
) -> None:
    client = clients[role]
    start = ask(client, "/").headers["Location"]
    menu = ask(client, start).text.partition('<nav id="places"')[2].partition("</ul>")[0]
    offered = re.findall(r'href="([^"]+)"', menu)
    assert offered
    for path in offered:
        assert ask(client, path).status_code == 200, path
    first = {path for path in NEEDED if path.count("/") == 1}
    hidden = (
        first - set(offered) - {"/access-keys", "/account", "/collections", "/keys", "/sign-out"}
    )
    assert {path for path in hidden if ask(client, path).status_code != 403} == set()


@pytest.mark.parametrize("role", Role)
def test_no_page_offers_a_button_that_its_reader_may_not_press(
    clients: Mapping[str, TestClient], role: Role
) -> None:
    client = clients[role]
    for path in guarded("GET"):
        page = ask(client, fill(path))
        if page.status_code != 200 or "text/html" not in page.headers["Content-Type"]:
            continue
        actions = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', page.text)
        links = re.findall(r'<a class="button[^"]*" href="(/[^"?#]*)', page.text)
        for address in (*actions, *links):
            wanted = needed(address)
            assert wanted is None or wanted in OPERATIONS[role], (path, address)


def test_whoever_is_not_signed_in_is_sent_to_do_so_and_comes_back(
    clients: Mapping[str, TestClient],
) -> None:
    for path in guarded("GET"):
        address = fill(path)
        answer = ask(clients[""], address)
        assert answer.status_code == 303, path
        assert answer.headers["Location"] == f"/sign-in?then={address}", path


def test_a_form_of_whoever_is_not_signed_in_does_nothing(
    clients: Mapping[str, TestClient], stage: Stage
) -> None:
    before = inbox.entries_of(stage)
    for path in guarded("POST"):
        answer = clients[""].post(fill(path), headers=BROWSER, follow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in"), path
    assert inbox.entries_of(stage) == before


def test_no_form_at_all_is_taken_in_without_the_token_of_the_session(
    clients: Mapping[str, TestClient], stage: Stage
) -> None:
    before = inbox.entries_of(stage)
    admin = clients[Role.ADMIN]
    for path in guarded("POST"):
        for token in ("", "another", "the token of the sessioñ"):
            answer = admin.post(
                fill(path), data={"csrf_token": token}, headers={**BROWSER, "X-CSRF-Token": ""}
            )
            assert answer.status_code == 403, path
            assert "does not carry the token of your session" in answer.text, path
    assert inbox.entries_of(stage) == before


def test_the_token_does_not_count_in_the_address(clients: Mapping[str, TestClient]) -> None:
    admin = clients[Role.ADMIN]
    token = admin.headers["X-CSRF-Token"]
    for path in ("/users", "/grants/new", "/sign-out"):
        answer = admin.post(f"{path}?csrf_token={token}", headers={"X-CSRF-Token": ""})
        assert answer.json()["code"] == "no-csrf-token", path


def test_nothing_is_changed_by_looking(clients: Mapping[str, TestClient], stage: Stage) -> None:
    before = [entry["action"] for entry in inbox.entries_of(stage)]
    for path in guarded("GET"):
        for who in (Role.ADMIN, "bound"):
            ask(clients[who], fill(path))
    after = [entry["action"] for entry in inbox.entries_of(stage)]
    assert set(after[len(before) :]) <= {"viewed", "case.acknowledged"}


def test_a_form_is_not_sent_by_an_address(clients: Mapping[str, TestClient]) -> None:
    shown = set(routes("GET"))
    for path in guarded("POST"):
        if path in shown:
            continue
        answer = ask(clients[Role.ADMIN], fill(path))
        assert answer.status_code in {404, 405, 422}, path


@pytest.mark.parametrize("odd", ODD)
def test_no_odd_address_breaks_a_page(clients: Mapping[str, TestClient], odd: str) -> None:
    for path in routes("GET"):
        if "{" not in path:
            continue
        answer = ask(clients[Role.ADMIN], fill(path, odd))
        assert answer.status_code < 500, (path, answer.text[:200])
        if answer.status_code >= 400:
            assert "<h1>" in answer.text, path
            assert 'href="/' in answer.text, path


@pytest.mark.parametrize(
    "query",
    [
        "collection=nowhere",
        "collection=%00",
        "since=tomorrow",
        "since=9999-12-31&until=9999-12-31",
        "until=0001-01-01",
        "order=best",
        "after=AAAA",
        "after=%F0%9F%92%A9",
        "source=nobody",
        "before=0",
        "before=-1",
        "before=99999999999999999999",
        "told=%3Cscript%3E",
        "grant=%3Cscript%3E",
        "face=0",
        "photo=%00",
        "erasure=x",
        "then=//evil.example",
    ],
)
def test_no_odd_wish_breaks_a_page(clients: Mapping[str, TestClient], query: str) -> None:
    for path in routes("GET"):
        if "{" in path:
            continue
        answer = ask(clients[Role.ADMIN], f"{path}?{query}")
        assert answer.status_code < 500, (path, answer.text[:200])
        assert "<script>" not in answer.text, path


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"name": "a\0b", "place": "a\0b", "reason": "\x1b[31m"},
        {"name": "x" * 10_001, "reason": "x" * 10_001, "place": "/" + "x" * 10_001},
        {"days": "9" * 5000, "retention_days": "0" * 9 + "9" * 20, "calls_a_minute": "٣"},
        {"kind": ["access", "erasure"], "way": "like", "what": "\n\n"},
        {"role": "admin", "collections": ",", "purposes": ";", "operations": "everything"},
        {"sha256": "g" * 64, "face": "99999", "fmr": "2", "consent": " "},
        {
            "until": "9999-12-31",
            "uses": "train",
            "purposes": "a" * 500,
            "addresses": "file:///../..",
        },
        {"decision": "perhaps", "faces": "x", "nobody": "yes", "finding": "fine"},
    ],
)
def test_no_odd_form_breaks_a_page(
    clients: Mapping[str, TestClient], data: Mapping[str, object]
) -> None:
    admin = clients[Role.ADMIN]
    for path in guarded("POST"):
        if path in HARMLESS:
            continue
        answer = admin.post(fill(path), data=data, headers=BROWSER, follow_redirects=False)
        assert 400 <= answer.status_code < 500, (path, answer.status_code, answer.text[:200])
        assert "<h1>" in answer.text, path


def test_a_file_where_a_text_belongs_is_no_text(clients: Mapping[str, TestClient]) -> None:
    admin = clients[Role.ADMIN]
    names = ("name", "grantor", "role", "place", "reason", "purposes", "requester", "kind")
    files = [(name, ("a.txt", b"admin", "text/plain")) for name in names]
    for path in guarded("POST"):
        if path in HARMLESS:
            continue
        answer = admin.post(fill(path), files=files, headers=BROWSER, follow_redirects=False)
        assert 400 <= answer.status_code < 500, (path, answer.status_code)


def test_whoever_is_bound_elsewhere_learns_no_name(clients: Mapping[str, TestClient]) -> None:
    bound = clients["bound"]
    for path in guarded("GET"):
        page = ask(bound, fill(path))
        assert page.status_code < 500, path
        for secret in ("ann.png", "A. Holder", "default"):
            assert secret not in page.text, (path, secret)


def test_every_refusal_says_where_to_go_from_it(clients: Mapping[str, TestClient]) -> None:
    viewer = clients[Role.VIEWER]
    refused = [ask(viewer, fill(path)) for path in guarded("GET")]
    for page in (one for one in refused if one.status_code >= 400):
        assert page.text.count("<h1>") == 1
        assert 'class="button" href="/"' in page.text
        assert '<nav id="places"' in page.text or page.status_code != 403
