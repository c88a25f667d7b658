"""The page of users and keys."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from mien.permission.caller import Role
from server.entrance import browsing, csrf_of
from service.desk import PASSWORD, Desk
from service.stage import Stage, query


@pytest.fixture
def desk(stage: Stage) -> Iterator[Desk]:
    with stage.open() as library:
        library.create_collection("press", basis="household")
        desk = Desk(stage, library)
        desk.make("boss", Role.ADMIN)
        yield desk


@pytest.fixture
def boss(desk: Desk) -> Iterator[TestClient]:
    with browsing(desk, "boss") as client:
        yield client


def post(client: TestClient, path: str, **form: object) -> tuple[int, str]:
    answer = client.post(path, data={"csrf_token": csrf_of(client)} | form)
    return answer.status_code, html.unescape(answer.text)


def secret_of(page: str) -> str:
    (secret,) = re.findall(r'<code class="secret">(\S+)</code>', page)
    return str(secret)


def test_only_those_who_look_after_users_see_them(desk: Desk) -> None:
    for role in (Role.VIEWER, Role.SEARCHER, Role.CURATOR, Role.AUDITOR):
        desk.make(str(role), role)
        with browsing(desk, str(role)) as client:
            assert client.get("/users").status_code == 403
            assert post(client, "/users", name="eve", role="admin")[0] == 403
            assert post(client, "/keys", name="k", owner="boss", operations="view")[0] == 403
    assert len(desk.accounts.list()) == 5


def test_somebody_is_invited_and_comes_in(desk: Desk, boss: TestClient) -> None:
    status, page = post(
        boss, "/users", name="Ann Ek", role="searcher", collections=" press , ", purposes=""
    )
    assert status == 200
    assert "Hand this link to Ann Ek" in page
    link = secret_of(page)
    assert link.startswith("http://testserver/welcome/")
    ann = desk.accounts.get("ann ek")
    assert (ann.role, ann.collections, ann.purposes) == (Role.SEARCHER, frozenset({"press"}), None)
    with browsing(desk) as client:
        done = client.post(link, data={"password": PASSWORD, "again": PASSWORD})
        assert done.status_code == 303
        assert client.get("/v1/me").json()["collections"] == ["press"]
    assert link not in boss.get("/users").text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "", "role": "viewer"}, "A name has"),
        ({"name": "boss", "role": "viewer"}, "Choose another name"),
        ({"name": "x", "role": "queen"}, "none of viewer"),
        ({"name": "x", "role": "viewer", "purposes": "No Slug"}, "is no purpose"),
    ],
)
def test_what_cannot_be_is_told_on_the_page(
    boss: TestClient, form: dict[str, object], said: str
) -> None:
    status, page = post(boss, "/users", **form)
    assert status == 403
    assert said in page


def test_a_user_is_changed_disabled_enabled_and_linked(desk: Desk, boss: TestClient) -> None:
    ann = desk.make("ann")
    path = f"/users/{ann.user_id}"
    changed, _ = post(boss, f"{path}/change", role="viewer", collections="press", purposes="")
    assert changed == 303
    assert desk.accounts.get("ann").role is Role.VIEWER
    assert post(boss, f"{path}/disable")[0] == 303
    assert "disabled" in boss.get("/users").text
    assert not desk.enter("ann").token
    assert post(boss, f"{path}/enable")[0] == 303
    assert desk.enter("ann").token
    status, page = post(boss, f"{path}/link")
    assert (status, "/welcome/" in secret_of(page)) == (200, True)
    assert post(boss, "/users/nobody/disable")[0] == 404


def test_a_lost_second_factor_is_removed(desk: Desk, boss: TestClient) -> None:
    ann = desk.make("ann")
    desk.set_factor(ann)
    path = f"/users/{ann.user_id}/second-factor/remove"
    assert path in boss.get("/users").text
    assert post(boss, path)[0] == 303
    assert path not in boss.get("/users").text
    assert desk.enter("ann").token


def test_the_last_admin_stays(desk: Desk, boss: TestClient) -> None:
    status, page = post(boss, f"/users/{desk.accounts.get('boss').user_id}/disable")
    assert (status, "last admin" in page) == (403, True)


def test_a_bounded_admin_sees_the_refusal(desk: Desk) -> None:
    desk.make("lesser", Role.ADMIN, collections=["press"])
    with browsing(desk, "lesser") as client:
        for path in ("disable", "link"):
            status, page = post(client, f"/users/{desk.accounts.get('boss').user_id}/{path}")
            assert (status, "more rights than they have" in page) == (403, True)
        assert post(client, "/users", name="x", role="viewer")[0] == 403


def test_a_key_is_made_shown_once_and_revoked(desk: Desk, boss: TestClient) -> None:
    form = {"owner": desk.accounts.get("boss").user_id, "days": "30", "calls_a_minute": "60"}
    status, page = post(
        boss, "/keys", name="booth", operations=["view", "search"], collections="press", **form
    )
    assert status == 200
    secret = secret_of(page)
    with browsing(desk) as client:
        told = client.get("/v1/me", headers={"Authorization": f"Bearer {secret}"}).json()
    assert (told["name"], told["operations"]) == ("booth", ["account", "search", "view"])
    assert (told["collections"], told["calls_a_minute"]) == (["press"], 60)
    page = boss.get("/users").text
    assert secret not in page
    (key,) = desk.accounts.keys
    assert post(boss, f"/keys/{key.key_id}/revoke")[0] == 303
    assert desk.accounts.keys.find_caller(secret) is None
    assert "revoked" in boss.get("/users").text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"days": "many"}, "whole numbers"),
        ({"days": "999"}, "from 1 to 366"),
        ({"operations": "fly"}, "none of"),
        ({"operations": []}, "at least one operation"),
        ({"collections": "nowhere"}, ""),
    ],
)
def test_a_key_that_cannot_be_is_told(
    desk: Desk, boss: TestClient, change: dict[str, object], said: str
) -> None:
    form: dict[str, object] = {"name": "k", "owner": "boss", "days": "9", "calls_a_minute": "9"}
    status, page = post(boss, "/keys", **(form | {"operations": "view"} | change))
    assert status in {403, 404}
    assert said in page
    assert list(desk.accounts.keys) == []


def test_a_changed_record_is_shown_as_one(desk: Desk, boss: TestClient) -> None:
    ann = desk.make("ann")
    query(
        desk.stage.home / "catalog.db",
        "UPDATE users SET role = 'admin' WHERE uuid = ?",
        ann.user_id,
    )
    page = boss.get("/users").text
    assert "changed: gives nothing" in page
    assert post(boss, f"/users/{ann.user_id}/change", role="viewer")[0] == 403
    assert post(boss, f"/users/{ann.user_id}/disable")[0] == 303
    assert desk.accounts.get("ann").role is Role.VIEWER


def test_forms_need_no_script_and_carry_the_token(boss: TestClient) -> None:
    page = boss.get("/users").text
    forms = re.findall(r'<form[^>]*method="post".*?</form>', page, re.DOTALL)
    assert len(forms) >= 4
    assert all('name="csrf_token"' in form for form in forms)
    assert not re.search(r"<script(?![^>]*src=)|\bstyle=|\bon\w+=", page)


def test_a_name_that_nothing_has_is_told_and_what_was_typed_stays(boss: TestClient) -> None:
    form = {"name": "Ann & Bo", "role": "curator", "collections": "prss", "purposes": "album"}
    status, _ = post(boss, "/users", **form)
    raw = boss.post("/users", data={"csrf_token": csrf_of(boss)} | form).text
    assert status == 403
    assert "There is no collection prss." in raw
    assert 'name="name" autocomplete="off" maxlength="64" required' in raw
    assert 'value="Ann &amp; Bo"' in raw
    assert '<option value="curator" selected>' in raw
    assert 'name="collections" value="prss"' in raw
    assert 'name="purposes" value="album"' in raw


def test_a_key_that_cannot_be_made_leaves_its_form_as_it_was(boss: TestClient, desk: Desk) -> None:
    owner = desk.accounts.get("boss").user_id
    form = {"name": "booth", "owner": owner, "operations": "audit", "days": "7"}
    _, page = post(boss, "/keys", **form, calls_a_minute="many", collections="press")
    assert "Days and requests a minute are whole numbers." in page
    assert 'required value="booth"' in page
    assert 'max="366" value="7"' in page
    assert 'value="audit" checked' in page
    assert 'value="search" checked' not in page
    assert list(desk.accounts.keys) == []


@pytest.mark.parametrize("bounds", [",", " , ,", ",,,"])
@pytest.mark.parametrize("field", ["collections", "purposes"])
def test_commas_without_a_name_do_not_open_everything(
    boss: TestClient, desk: Desk, bounds: str, field: str
) -> None:
    status, page = post(boss, "/users", name="Eve", role="viewer", **{field: bounds})
    assert (status, len(desk.accounts.list())) == (403, 1)
    assert "or leave the field empty" in page


def test_a_number_too_long_is_not_cut_to_one_that_fits(boss: TestClient, desk: Desk) -> None:
    owner = desk.accounts.get("boss").user_id
    form = {"name": "booth", "owner": owner, "operations": "view", "calls_a_minute": "600"}
    _, page = post(boss, "/keys", **form, days="0000000901")
    assert "whole numbers" in page
    assert list(desk.accounts.keys) == []


def test_somebody_who_is_not_there_is_not_there_for_a_change_either(boss: TestClient) -> None:
    nobody = "6e1f4bb6-5f63-4b1c-9d2e-0c8a51f3a7d4"
    for act in ("change", "disable", "enable", "link", "second-factor/remove"):
        status, page = post(boss, f"/users/{nobody}/{act}", role="viewer")
        assert status == 404, act
        assert "There is nothing here" in page


def test_every_role_says_what_it_may(boss: TestClient) -> None:
    page = boss.get("/users").text
    for role in Role:
        assert re.search(rf'<option value="{role}"[^>]*>{role}: [a-z, ]+</option>', page), role
