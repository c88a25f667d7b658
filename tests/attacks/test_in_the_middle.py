"""Attempts to go on with what somebody may not do any more: keys, accounts and bounds that ended.

Everything is asked anew with each request, and of whoever looks on for long, in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.seen import ARCHIVE, FAMILY, fill, post_search
from mien.api import runs as run_routes
from mien.http.asking import SESSION_COOKIE
from mien.http.doorkeeper import AccountsDoorkeeper
from mien.permission.account import EVERYTHING
from mien.permission.caller import Operation, Role
from mien.server.app import make_app
from mien.service.account_drafts import UserChange
from mien.service.api_keys import MadeKey
from mien.service.long_run import Asked, RunKind
from mien.testing import draw_photo
from server.door import Door, caller_of, make_site
from server.entrance import site_of
from service.desk import Desk
from service.stage import PURPOSE, Stage

PROBE = draw_photo(1, seed=9)
FOLLOWED_S = 10.0


@pytest.fixture
def desk(stage: Stage) -> Iterator[Desk]:
    with stage.open() as library:
        fill(stage, library)
        desk = Desk(stage, library)
        desk.make("boss", Role.ADMIN)
        yield desk


@contextmanager
def asking_with(desk: Desk, made: MadeKey) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {made.secret}"}
    with TestClient(make_app(site_of(desk)), headers=headers) as client:
        yield client


def end_key(desk: Desk, made: MadeKey) -> None:
    desk.accounts.keys.revoke(made.key.key_id, by=EVERYTHING)


def disable_owner(desk: Desk, made: MadeKey) -> None:
    desk.accounts.disable(made.key.owner_id, by=EVERYTHING)


def let_time_pass(desk: Desk, made: MadeKey) -> None:
    desk.stage.now = made.key.expires_at


@pytest.mark.parametrize("end", [end_key, disable_owner, let_time_pass])
def test_a_key_that_ended_opens_nothing_with_the_next_request(
    desk: Desk, end: Callable[[Desk, MadeKey], None]
) -> None:
    desk.make("sam", Role.CURATOR)
    made = desk.key("sam", days=1)
    with asking_with(desk, made) as client:
        first = client.get("/v1/photos", params={"collection": FAMILY, "limit": 1}).json()
        photo = client.get(f"/v1/photos/{first['items'][0]['photo_id']}")
        end(desk, made)
        asked = [
            client.get("/v1/me"),
            client.get("/v1/photos", params={"collection": FAMILY, "limit": 1}),
            client.get(
                "/v1/photos",
                params={"collection": FAMILY, "limit": 1, "cursor": first["next_cursor"]},
            ),
            client.get(
                f"/v1/photos/{first['items'][0]['photo_id']}",
                headers={"If-None-Match": photo.headers["ETag"]},
            ),
            post_search(client, PROBE),
        ]
    assert {(one.status_code, one.json()["code"]) for one in asked} == {(401, "not-signed-in")}


@pytest.mark.parametrize("end", [end_key, disable_owner])
def test_what_was_asked_for_with_it_is_not_told_again(
    desk: Desk, end: Callable[[Desk, MadeKey], None]
) -> None:
    desk.make("sam", Role.CURATOR)
    made = desk.key("sam")
    headers = {"Idempotency-Key": "once"}
    wanted = {"name": "trip", "basis": "household"}
    with asking_with(desk, made) as client:
        assert client.post("/v1/collections", json=wanted, headers=headers).status_code == 201
        end(desk, made)
        again = client.post("/v1/collections", json=wanted, headers=headers)
    assert again.status_code == 401
    assert "Idempotency-Replayed" not in again.headers


def test_a_key_within_its_last_moment_counts_and_not_at_its_end(desk: Desk) -> None:
    desk.make("sam")
    made = desk.key("sam", days=1)
    with asking_with(desk, made) as client:
        desk.stage.now = made.key.expires_at - timedelta(microseconds=1)
        assert client.get("/v1/me").status_code == 200
        desk.stage.now = made.key.expires_at
        assert client.get("/v1/me").status_code == 401


def test_a_clock_that_was_set_back_opens_no_key(desk: Desk) -> None:
    desk.make("sam")
    made = desk.key("sam")
    desk.stage.now = made.key.made_at - timedelta(seconds=1)
    with asking_with(desk, made) as client:
        assert client.get("/v1/me").status_code == 401


def test_whoever_is_lowered_is_lowered_with_all_their_keys(desk: Desk) -> None:
    desk.make("sam", Role.CURATOR)
    made = desk.key("sam")
    with asking_with(desk, made) as client:
        assert client.get("/v1/grants").status_code == 200
        desk.accounts.change("sam", UserChange(role=Role.VIEWER), by=EVERYTHING)
        assert client.get("/v1/grants").status_code == 403
        assert client.get("/v1/me").json()["operations"] == ["account", "view"]


def test_whoever_is_bound_is_bound_with_all_their_keys(desk: Desk) -> None:
    """What a search found in a collection is not taken along out of it afterwards."""
    desk.make("sam", Role.SEARCHER)
    made = desk.key("sam")
    with asking_with(desk, made) as client:
        found = post_search(client, PROBE, collection=ARCHIVE).json()
        face = found["answers"][0]["candidates"][0]["face_id"]
        said = {"search_id": found["search_id"], "face_id": face, "kind": "kept"}
        where = client.post("/v1/judgements", json=said).headers["Location"]
        bound = UserChange(role=Role.SEARCHER, collections=[FAMILY])
        desk.accounts.change("sam", bound, by=EVERYTHING)
        taken = {"search_id": found["search_id"], "faces": [face]}
        asked = [
            client.get(where),
            client.delete(where),
            client.post("/v1/judgements", json=said),
            client.post("/v1/exports", json=taken),
            client.get(f"/v1/faces/{face}"),
        ]
        assert [one.status_code for one in asked] == [404] * 5
        assert post_search(client, PROBE, collection=ARCHIVE).status_code == 403
        assert client.get("/v1/me").json()["collections"] == [FAMILY]


def test_a_key_that_is_bound_elsewhere_than_its_owner_reaches_nothing(desk: Desk) -> None:
    desk.make("sam", Role.SEARCHER)
    made = desk.key("sam", collections=[ARCHIVE])
    desk.accounts.change("sam", UserChange(role=Role.SEARCHER, collections=[FAMILY]), by=EVERYTHING)
    with asking_with(desk, made) as client:
        assert client.get("/v1/collections").json()["items"] == []
        for collection in (FAMILY, ARCHIVE):
            assert post_search(client, PROBE, collection=collection).status_code == 403


def test_a_session_ends_with_the_account_in_the_middle_of_what_it_does(desk: Desk) -> None:
    desk.make("sam", Role.CURATOR)
    with TestClient(make_app(site_of(desk))) as client:
        client.cookies.set(SESSION_COOKIE, desk.sign_in("sam"))
        assert client.get("/v1/grants").status_code == 200
        desk.accounts.disable("sam", by=EVERYTHING)
        assert client.get("/v1/grants").status_code == 401
        desk.accounts.enable("sam", by=EVERYTHING)
        assert client.get("/v1/grants").status_code == 401


def test_a_bounded_admin_knows_of_nobody_beyond(desk: Desk) -> None:
    """Neither that there is such a user, nor which collections there are for them."""
    desk.make("near", Role.VIEWER, collections=[FAMILY])
    far = desk.make("far", Role.VIEWER, collections=[ARCHIVE])
    everywhere = desk.make("everywhere", Role.VIEWER)
    desk.make("ada", Role.ADMIN, collections=[FAMILY])
    keys = {name: desk.key(name).key.key_id for name in ("near", "far", "everywhere")}
    keys["lent"] = desk.key("everywhere", collections=[FAMILY]).key.key_id
    with asking_with(desk, desk.key("ada")) as client:
        users = client.get("/v1/users")
        listed = client.get("/v1/keys")
        assert [one["name"] for one in users.json()["items"]] == ["near", "ada"]
        assert ARCHIVE not in users.text + listed.text
        assert [one["owner"] for one in listed.json()["items"]] == [
            desk.accounts.get(name).user_id for name in ("near", "ada")
        ]
        for user in (far, everywhere):
            for name in (user.user_id, user.name):
                tried = [
                    client.get(f"/v1/users/{name}"),
                    client.patch(f"/v1/users/{name}", json={"is_active": False}),
                    client.post(f"/v1/users/{name}/links"),
                ]
                made_up = client.get("/v1/users/nobody").json()
                assert {one.status_code for one in tried} == {404}
                assert tried[0].json() == made_up
        for name in ("far", "everywhere", "lent"):
            path = f"/v1/keys/{keys[name]}"
            assert client.get(path).status_code == client.delete(path).status_code == 404
        assert client.delete(f"/v1/keys/{keys['near']}").status_code == 200
    assert desk.accounts.get("far").is_active


def test_an_admin_bound_to_a_purpose_knows_of_nobody_without(desk: Desk) -> None:
    desk.make("near", Role.VIEWER, purposes=["press"])
    desk.make("far", Role.VIEWER, purposes=["press", "reunion"])
    desk.make("ada", Role.ADMIN, purposes=["press"])
    with asking_with(desk, desk.key("ada")) as client:
        users = client.get("/v1/users")
    assert [one["name"] for one in users.json()["items"]] == ["near", "ada"]
    assert "reunion" not in users.text


@dataclass
class Changing(Door):
    """A door at which everybody is turned away once it was shut; it counts who asked."""

    asked: int = field(default=0)

    def find_by_key(self, key: str) -> Any:
        self.asked += 1
        return super().find_by_key(key)


def follow(stage: Stage, door: Changing, *, meanwhile: Callable[[Changing], None]) -> list[str]:
    """What somebody hears of a run that waits, until they are let go or are long gone."""
    heard: list[str] = []
    with stage.open() as library:
        library.create_collection(FAMILY, basis="household")
        site = make_site(library, door)
        asked = Asked(kind=RunKind.ADD_UPLOADS, actor="user:x", collection=FAMILY, grant_id="x")
        run_id = site.runs.submit(asked).run_id
        app = make_app(site)

        async def listen() -> None:
            async def receive() -> dict[str, Any]:
                await asyncio.sleep(FOLLOWED_S)
                return {"type": "http.disconnect"}

            async def send(message: dict[str, Any]) -> None:
                content = message.get("body", b"")
                if content:
                    heard.append(content.decode())
                if len(heard) == 1:
                    meanwhile(door)

            scope = {
                "type": "http",
                "method": "GET",
                "path": f"/v1/runs/{run_id}/events",
                "raw_path": b"",
                "query_string": b"",
                "scheme": "http",
                "server": ("testserver", 80),
                "http_version": "1.1",
                "headers": [(b"host", b"testserver"), (b"authorization", b"Bearer one")],
                "state": {},
            }
            await asyncio.wait_for(app(scope, receive, send), FOLLOWED_S)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(run_routes, "_ASKED_AGAIN_S", 0.1)
            patch.setattr(run_routes, "_LOOKS_S", 0.02)
            patch.setattr(run_routes, "_LONGEST_S", 0.8)
            asyncio.run(listen())
    return heard


CURATOR = caller_of(Role.CURATOR)


def shut(door: Changing) -> None:
    door.callers = {}


def lower(door: Changing) -> None:
    door.callers = {"one": replace(CURATOR, operations=frozenset({Operation.VIEW}))}


def bind(door: Changing) -> None:
    door.callers = {"one": replace(CURATOR, collections=frozenset({ARCHIVE}))}


def leave(door: Changing) -> None:
    del door


@pytest.mark.parametrize(
    ("meanwhile", "asked"),
    [
        pytest.param(shut, 2, id="the key was revoked"),
        pytest.param(lower, 2, id="the role is another one"),
        pytest.param(bind, 2, id="the collection is theirs no more"),
        pytest.param(leave, 5, id="nothing changed"),
    ],
)
def test_who_looks_on_is_asked_again(
    stage: Stage, meanwhile: Callable[[Changing], None], asked: int
) -> None:
    door = Changing({"one": CURATOR})
    heard = follow(stage, door, meanwhile=meanwhile)
    assert len(heard) == 1
    assert "event: progress" in heard[0]
    if asked == 2:  # once to begin with, and once more
        assert door.asked == asked
    else:
        assert door.asked >= asked


def test_asking_again_is_no_request_of_its_own(stage: Stage) -> None:
    """Whoever may ask twice a minute may look on for as long as the run takes."""
    door = Changing({"one": replace(CURATOR, calls_a_minute=2)})
    heard = follow(stage, door, meanwhile=leave)
    assert door.asked >= 4
    assert "too-many-requests" not in "".join(heard)


def test_a_doorkeeper_knows_nobody_by_what_is_almost_a_key(desk: Desk) -> None:
    made = desk.key("boss")
    keeper = AccountsDoorkeeper(desk.library)
    assert keeper.find_by_key(made.secret) is not None
    for text in (
        *("", "mien_", made.secret[:-1], made.secret + "A", made.secret.upper(), made.key.key_id),
        *(made.secret.removeprefix("mien_"), f" {made.secret}", made.secret + "\0", "mien_\udcff"),
    ):
        assert keeper.find_by_key(text.encode(errors="replace").decode()) is None
    for text in ("", made.secret, "x" * 10_000, "\x00"):
        assert keeper.find_by_session(text) is None


def test_a_search_after_the_purpose_was_taken_away(desk: Desk) -> None:
    desk.make("sam", Role.SEARCHER)
    with asking_with(desk, desk.key("sam")) as client:
        found = post_search(client, PROBE).json()
        face = found["answers"][0]["candidates"][0]["face_id"]
        bound = UserChange(role=Role.SEARCHER, purposes=["press"])
        desk.accounts.change("sam", bound, by=EVERYTHING)
        said = {"search_id": found["search_id"], "face_id": face, "kind": "kept"}
        refused = [
            client.post("/v1/judgements", json=said),
            client.post("/v1/exports", json={"search_id": found["search_id"], "faces": [face]}),
            post_search(client, PROBE, purpose=PURPOSE),
        ]
    assert {one.json()["code"] for one in refused} == {"purpose-not-yours"}
