"""Access keys on the page of users and keys."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from mien.permission.caller import Role
from server.entrance import browsing, csrf_of
from service.desk import Desk
from service.stage import PURPOSE, Stage, query


@pytest.fixture
def desk(stage: Stage) -> Iterator[Desk]:
    with stage.open() as library:
        desk = Desk(stage, library)
        desk.make("boss", Role.ADMIN)
        yield desk


@pytest.fixture
def boss(desk: Desk) -> Iterator[TestClient]:
    with browsing(desk, "boss") as client:
        yield client


@pytest.fixture
def form(desk: Desk) -> dict[str, object]:
    return {
        "name": "gate",
        "owner": desk.accounts.get("boss").user_id,
        "grant": desk.stage.grant(desk.library, grantor="Ann & Bo"),
        "purpose": PURPOSE,
        "collections": "people, club",
        "days": "30",
        "calls_a_minute": "60",
        "operations": ["view", "search"],
    }


def post(client: TestClient, path: str, **form: object) -> tuple[int, str]:
    answer = client.post(path, data={"csrf_token": csrf_of(client)} | form)
    return answer.status_code, answer.text


def test_without_a_permission_there_is_none_to_bind_a_key_to(boss: TestClient) -> None:
    page = boss.get("/users").text
    assert "An access key is bound to a permission, and none is in force." in page
    assert 'action="/access-keys"' not in page


def test_only_those_who_look_after_users_make_and_end_keys(
    desk: Desk, form: dict[str, object]
) -> None:
    made = desk.access_key("boss", grant_id=form["grant"])
    desk.make("ann", Role.CURATOR)
    with browsing(desk, "ann") as client:
        assert post(client, "/access-keys", **form)[0] == 403
        assert post(client, f"/access-keys/{made.key.access_key_id}/revoke")[0] == 403
    (kept,) = desk.accounts.access_keys
    assert kept.revoked_at is None


def test_a_key_is_made_shown_once_and_revoked(
    desk: Desk, boss: TestClient, form: dict[str, object]
) -> None:
    status, page = post(boss, "/access-keys", **form)
    assert status == 200
    (key,) = desk.accounts.access_keys
    signing = desk.accounts.access_keys.find(key.access_key_id)
    assert signing is not None
    (shown,) = re.findall(r'<pre class="secret">(.*?)</pre>', page, re.DOTALL)
    assert html.unescape(shown).splitlines() == [
        f"export AWS_ACCESS_KEY_ID={key.access_key_id}",
        f"export AWS_SECRET_ACCESS_KEY={signing.secret}",
        "export AWS_DEFAULT_REGION=us-east-1",
        "export AWS_REGION=us-east-1",
        "export AWS_ENDPOINT_URL_REKOGNITION=http://testserver",
    ]
    assert (key.name, sorted(key.operations)) == ("gate", ["search", "view"])
    assert (sorted(key.terms.collections), key.calls_a_minute) == (["club", "people"], 60)
    page = boss.get("/users").text
    assert signing.secret not in page
    assert f'href="/grants/{key.terms.grant_id}"' in page
    assert "club, people" in page
    assert post(boss, f"/access-keys/{key.access_key_id}/revoke")[0] == 303
    assert desk.accounts.access_keys.find(key.access_key_id) is None
    assert "revoked" in boss.get("/users").text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"days": "many"}, "whole numbers"),
        ({"collections": ""}, "from 1 to 100 collections"),
        ({"collections": "two words"}, "Amazon's interface knows"),
        ({"purpose": "press"}, "No grant in force here allows searching for this purpose."),
        ({"operations": "operate"}, "these operations alone"),
        ({"operations": []}, "at least one operation"),
        ({"grant": "nothing"}, "There is no grant"),
    ],
    ids=range(7),
)
def test_a_key_that_cannot_be_is_told_and_what_was_typed_stays(
    desk: Desk, boss: TestClient, form: dict[str, object], *, change: dict[str, object], said: str
) -> None:
    status, page = post(boss, "/access-keys", **(form | {"name": "Gate & Co"} | change))
    assert status == 403
    assert said in html.unescape(page)
    assert 'value="Gate &amp; Co"' in page
    assert list(desk.accounts.access_keys) == []


def test_no_permission_is_offered_that_has_ended_or_is_not_to_be_known(
    desk: Desk, boss: TestClient, form: dict[str, object]
) -> None:
    assert "Ann &amp; Bo" in boss.get("/users").text
    desk.make("lesser", Role.ADMIN, purposes=["press"])
    with browsing(desk, "lesser") as client:
        assert "Ann &amp; Bo" not in client.get("/users").text
        status, page = post(client, "/access-keys", **form)
        assert (status, "There is no grant" in page) == (403, True)
    desk.library.revoke(str(form["grant"]))
    assert "Ann &amp; Bo" not in boss.get("/users").text


def test_a_changed_key_is_shown_as_one(
    desk: Desk, boss: TestClient, form: dict[str, object]
) -> None:
    post(boss, "/access-keys", **form)
    query(desk.stage.home / "catalog.db", "UPDATE access_keys SET purpose = 'press'")
    assert "changed: gives nothing" in boss.get("/users").text
