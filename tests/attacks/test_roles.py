"""Attempts of somebody to do what their role, or their key, is not for; every route is tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.seen import fill
from attacks.rest import ENDLESS, NOBODY, Call, list_calls
from house.source import listing
from mien.http.asking import CSRF_HEADER, SESSION_COOKIE
from mien.permission.caller import Caller, Operation, Role
from server.door import CSRF_TOKEN, Door, caller_of, visiting
from service.stage import Stage, query

NEEDED: dict[str, set[str]] = {
    "account": {"show_me"},
    "view": {
        *("list_collections", "get_collection", "list_sources", "get_policy"),
        *("list_photos", "list_photos_of_person", "get_photo", "get_thumbnail", "get_image"),
        *("find_faces", "get_face", "get_crop"),
    },
    "search": {"search", "compare", "find_probe_faces"},
    "judge": {"judge", "get_judgement", "withdraw_judgement", "export"},
    "add": {"hand_in", "make_run", "list_runs", "get_run", "cancel_run", "stream_run"},
    "enrol": {
        *("list_people", "enrol_person", "get_person", "list_consent_events", "get_receipt"),
        *("renew_consent", "withdraw_consent"),
    },
    "grant": {
        *("list_grants", "record_grant", "hash_grant_evidence", "get_grant", "narrow_grant"),
        *("revoke_grant", "make_collection", "list_deadlines"),
    },
    "case": {
        *("list_cases", "open_case", "open_case_by_photo", "get_case", "get_acknowledgement"),
        *("confirm_lookalikes", "counter_case", "decide_case", "answer_case", "close_case"),
        *("list_erasures", "preview_erasure", "erase", "get_erasure", "enforce_retention"),
        *("list_optouts", "opt_out_items", "opt_out_photos", "opt_out_source", "opt_out_face"),
        "lift_optout",
    },
    "share": {
        *("list_links", "open_link", "get_link", "end_link", "get_qr", "list_guest_requests"),
        *("get_guest_face", "approve_guest", "deny_guest"),
    },
    "audit": {
        *("list_entries", "get_entry", "list_signed_heads", "sign_head", "verify_log"),
        *("export_evidence", "list_reviews", "show_review", "review_search"),
    },
    "operate": {
        *("list_models", "get_model", "read_metrics"),
        *("list_users", "invite_user", "show_user", "change_user", "make_user_link"),
        *("list_keys", "make_key", "show_key", "revoke_key"),
        *("list_access_keys", "make_access_key", "show_access_key", "revoke_access_key"),
    },
}
"""What each operation is for, written down by hand: a route that asks for another one is a hole."""

MAY: dict[Role, set[str]] = {
    Role.VIEWER: {"account", "view"},
    Role.SEARCHER: {"account", "view", "search", "judge"},
    Role.CURATOR: {
        *("account", "view", "search", "judge", "add", "enrol", "grant", "case", "share"),
    },
    Role.AUDITOR: {"account", "audit"},
}


EVERYTHING = [str(operation) for operation in Operation]


@dataclass(frozen=True)
class Fair:
    """A home that no test changes, and everything that can be asked of it."""

    stage: Stage
    calls: list[Call]
    door: Door
    client: TestClient

    def as_one(self, *operations: str) -> TestClient:
        """Somebody with a key who may do these alone, as often as they like."""
        self.client.cookies.clear()
        self.client.headers["Authorization"] = "Bearer one"
        self.door.callers = {"one": one_who_may(*operations)}
        return self.client

    def as_nobody(self, *operations: str) -> TestClient:
        """Somebody without a key or cookie, where another one would be let in."""
        client = self.as_one(*operations)
        del client.headers["Authorization"]
        return client

    def as_signed_in(self) -> TestClient:
        """A browser of somebody who may do everything."""
        client = self.as_nobody(*EVERYTHING)
        client.cookies.set(SESSION_COOKIE, "one")
        return client

    def tables(self) -> dict[str, list[Any]]:
        """Everything that the catalog says, but for the log of what was looked at."""
        catalog = self.stage.home / "catalog.db"
        names = query(catalog, "SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            name: sorted(map(repr, query(catalog, f"SELECT * FROM {name}")))  # noqa: S608
            for name in names
            if not name.startswith(("audit", "sqlite_"))
        }


@pytest.fixture(scope="module")
def fair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fair]:
    stage = Stage(tmp_path_factory.mktemp("fair"))
    with stage.open() as library:
        fill(stage, library)
        door = Door()
        with visiting(library, "one", door=door) as client:
            yield Fair(stage, list_calls(client), door, client)


def one_who_may(*operations: str) -> Caller:
    may = frozenset(Operation(name) for name in operations)
    return caller_of(Role.VIEWER, operations=may, calls_a_minute=10**6)


def is_refused(answer: Any) -> bool:
    return (answer.status_code, answer.json()["code"]) == (403, "operation-not-yours")


def test_every_route_is_for_something_that_is_written_down_here(fair: Fair) -> None:
    known = sorted(name for names in NEEDED.values() for name in names)
    assert sorted(call.name for call in fair.calls) == known
    assert set(NEEDED) == {str(operation) for operation in Operation}


@pytest.mark.parametrize("role", list(MAY), ids=str)
def test_a_role_does_nothing_that_it_is_not_for(fair: Fair, role: Role) -> None:
    before = fair.tables()
    not_theirs = {name for one, names in NEEDED.items() if one not in MAY[role] for name in names}
    client = fair.as_one(*MAY[role])
    wrong = [
        call.name
        for call in fair.calls
        if call.name in not_theirs and not is_refused(call.send(client))
    ]
    assert not wrong, listing(f"a {role} was let in", wrong)
    assert fair.tables() == before


@pytest.mark.parametrize("operation", list(NEEDED))
def test_whoever_may_do_everything_else_may_not_do_this(fair: Fair, operation: str) -> None:
    """Each route asks for its own operation; no other one, nor all of them, stands in for it."""
    before = fair.tables()
    client = fair.as_one(*(one for one in NEEDED if one != operation))
    wrong = [
        call.name
        for call in fair.calls
        if call.name in NEEDED[operation] and not is_refused(call.send(client))
    ]
    assert not wrong, listing(f"it was done without the right to {operation}", wrong)
    assert fair.tables() == before


@pytest.mark.parametrize("operation", list(NEEDED))
def test_what_it_is_for_is_not_refused_by_role(fair: Fair, operation: str) -> None:
    wrong = []
    client = fair.as_one(operation)
    for call in fair.calls:
        is_read = call.name in NEEDED[operation] and not call.is_change
        if is_read and call.name != ENDLESS:
            answer = call.send(client)
            # A list answers; of what nobody has, the answer is that it is not there.
            if answer.status_code not in {200, 404, 422}:
                wrong.append(f"{call.name}: {answer.status_code}")
    assert not wrong, listing("it should have been answered", wrong)


def test_whoever_may_do_nothing_gets_nothing(fair: Fair) -> None:
    client = fair.as_one()
    wrong = [call.name for call in fair.calls if not is_refused(call.send(client))]
    assert not wrong, listing("somebody without any right was let in", wrong)


@pytest.mark.parametrize(
    "header",
    [
        *("", "Bearer", "Bearer ", "Bearer nobody", "Basic b25lOm9uZQ==", "one", "Token one"),
        *("Bearer one two", "Bearer\tone", "Bearer ONE", "Bearer 'one'", "Bearer \xe4\xff"),
    ],
)
def test_what_is_no_key_is_nobody(fair: Fair, header: str) -> None:
    client = fair.as_nobody("view")
    sent = [(b"Authorization", header.encode("latin-1"))]
    answer = client.get("/v1/collections", headers=sent)
    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")


def test_a_key_may_be_sent_with_spaces_and_in_any_case_of_the_scheme(fair: Fair) -> None:
    client = fair.as_nobody("view")
    for header in ("Bearer one", "bearer one", "BEARER  one "):
        headers = {"Authorization": header}
        assert client.get("/v1/collections", headers=headers).status_code == 200


def test_a_cookie_under_another_name_is_nobody(fair: Fair) -> None:
    for name in ("__Host-mien-session", "__Secure-mien-session", "Mien-Session", "session"):
        client = fair.as_nobody("view")
        client.cookies.set(name, "one")
        assert client.get("/v1/collections").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing said of where it comes from"),
        pytest.param({CSRF_HEADER: ""}, id="an empty token"),
        pytest.param({CSRF_HEADER: CSRF_TOKEN[:-1]}, id="most of a token"),
        pytest.param({CSRF_HEADER: CSRF_TOKEN + " x"}, id="more than a token"),
        pytest.param({"Origin": "http://testserver"}, id="our own origin alone"),
        pytest.param({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, id="as a page of ours"),
        pytest.param({"X-Requested-With": "XMLHttpRequest"}, id="as a script"),
    ],
)
def test_no_change_is_made_with_a_cookie_alone(fair: Fair, headers: dict[str, str]) -> None:
    before, wrong = fair.tables(), []
    client = fair.as_signed_in()
    for call in fair.calls:
        if call.is_change:
            answer = call.send(client, headers=headers)
            if answer.json()["code"] != "no-csrf-token":
                wrong.append(f"{call.name}: {answer.status_code}")
    assert not wrong, listing("a page elsewhere could have sent this", wrong)
    assert fair.tables() == before


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text/plain", b'{"name": "x", "basis": "household"}'),
        ("application/x-www-form-urlencoded", b"name=x&basis=household&csrf_token=guess"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n'
            + CSRF_TOKEN.encode()
            + b"\r\n--x--\r\n",
        ),
        ("", b'{"name": "x", "basis": "household"}'),
    ],
)
def test_what_a_page_elsewhere_may_send_unasked_changes_nothing(
    fair: Fair, kind: str, content: bytes
) -> None:
    before = fair.tables()
    client = fair.as_signed_in()
    headers = {"Content-Type": kind} if kind else {}
    answers = [
        client.request(call.method, call.fill(), content=content, headers=headers)
        for call in fair.calls
        if call.is_change
    ]
    assert {answer.status_code for answer in answers} <= {403, 415}
    assert fair.tables() == before


def test_no_other_method_does_what_a_change_does(fair: Fair) -> None:
    """A GET needs no token; so none of them may change anything."""
    before = fair.tables()
    changed = {call.path for call in fair.calls if call.is_change}
    read = {call.path for call in fair.calls if not call.is_change}
    client = fair.as_signed_in()
    for path in sorted(changed - read):
        where = path.replace("{", "").replace("}", "")
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = client.request(method, where)
            assert answer.status_code in {404, 405, 403, 422}, (method, path)
    overridden = {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE"}
    assert client.get(f"/v1/keys/{NOBODY}", headers=overridden).status_code == 404
    assert fair.tables() == before


def test_nothing_that_is_only_read_changes_anything(fair: Fair) -> None:
    photo = query(fair.stage.home / "catalog.db", "SELECT sha256 FROM photos")[0]
    face = query(fair.stage.home / "catalog.db", "SELECT uuid FROM faces")[0]
    grant = query(fair.stage.home / "catalog.db", "SELECT uuid FROM grants")[0]
    known = {"photo_id": photo, "face_id": face, "grant_id": grant, "name": "family", "seq": "0"}
    before, answered = fair.tables(), 0
    client = fair.as_one(*EVERYTHING)
    for call in fair.calls:
        if not call.is_change and call.name != ENDLESS:
            query_of = {"collection": "family"} if "collection" in call.query else {}
            answer = client.get(call.fill(**known), params=query_of)
            answered += answer.status_code == 200
    assert answered >= 25
    assert fair.tables() == before
