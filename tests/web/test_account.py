"""Signing in with a browser, the first password, and one's own account."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from mien.permission.account import EVERYTHING
from mien.permission.caller import Role
from server.entrance import PAGE, browsing, csrf_of, field_of
from service.desk import PASSWORD, Desk
from service.stage import Stage

NEW = "three tired badgers sing"


@pytest.fixture
def desk(stage: Stage) -> Iterator[Desk]:
    with stage.open() as library:
        yield Desk(stage, library)


def sign_in(client: TestClient, name: str = "ann", **more: str) -> int:
    return client.post("/sign-in", data={"name": name, "password": PASSWORD} | more).status_code


def test_a_browser_that_is_not_signed_in_is_sent_to_sign_in(desk: Desk) -> None:
    with browsing(desk) as client:
        answer = client.get("/account")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?then=/account")
        form = client.get(answer.headers["Location"])
        assert form.status_code == 200
        assert field_of(form.text, "then") == "/account"
        posted = client.post("/users", data={})
        assert (posted.status_code, posted.headers["Location"]) == (303, "/sign-in")


def test_a_program_is_told_in_problem_details(desk: Desk) -> None:
    with browsing(desk) as client:
        for path, headers in (("/account", {"Accept": "*/*"}), ("/v1/me", PAGE)):
            answer = client.get(path, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.json()["code"] == "not-signed-in"


def test_somebody_signs_in_and_out(desk: Desk) -> None:
    desk.make("ann")
    with browsing(desk) as client:
        answer = client.post(
            "/sign-in", data={"name": "Ann", "password": PASSWORD, "then": "/account"}
        )
        assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
        assert client.get("/account").status_code == 200
        assert client.get("/sign-in?then=/account").headers["Location"] == "/account"
        out = client.post("/sign-out", data={"csrf_token": csrf_of(client)})
        assert out.headers["Location"] == "/sign-in"
        assert 'mien-session=""' in out.headers["Set-Cookie"]
        assert client.get("/account").status_code == 303


def test_the_cookie_is_kept_from_scripts_and_other_sites(desk: Desk) -> None:
    desk.make("ann")
    with browsing(desk) as client:
        answer = client.post("/sign-in", data={"name": "ann", "password": PASSWORD})
        name, *attributes = answer.headers["Set-Cookie"].split("; ")
        assert name.startswith("mien-session=")
        assert {one.lower() for one in attributes} == {"httponly", "path=/", "samesite=strict"}


def test_over_https_the_cookie_is_bound_to_the_host(desk: Desk) -> None:
    desk.make("ann")
    with browsing(desk, is_secure=True, origin="https://testserver") as client:
        client.base_url = client.base_url.copy_with(scheme="https")
        answer = client.post("/sign-in", data={"name": "ann", "password": PASSWORD})
        name, *attributes = answer.headers["Set-Cookie"].split("; ")
        assert name.startswith("__Host-mien-session=")
        told = {one.lower() for one in attributes}
        assert told == {"httponly", "path=/", "samesite=strict", "secure"}
        assert client.get("/account").status_code == 200


def test_a_cookie_of_another_name_signs_nobody_in(desk: Desk) -> None:
    desk.make("ann")
    token = desk.sign_in("ann")
    with browsing(desk, is_secure=True, origin="https://testserver") as client:
        client.cookies.set("mien-session", token)
        assert client.get("/v1/me").status_code == 401
    with browsing(desk) as client:
        client.cookies.set("__Host-mien-session", token)
        assert client.get("/v1/me").status_code == 401


@pytest.mark.parametrize(
    "then",
    [
        *("https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example"),
        *("/%2F/evil.example", "/%5Cevil.example", "javascript:alert(1)", "/a\r\nb", ""),
    ],
)
def test_nobody_is_sent_to_another_site(desk: Desk, then: str) -> None:
    desk.make("ann")
    with browsing(desk) as client:
        answer = client.post("/sign-in", data={"name": "ann", "password": PASSWORD, "then": then})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_whoever_fails_gets_the_same_page(desk: Desk) -> None:
    desk.make("ann")
    desk.make("gone")
    desk.accounts.disable("gone", by=EVERYTHING)
    pages = []
    with browsing(desk) as client:
        for name, password in (("ann", "wrong"), ("nobody", "wrong"), ("gone", PASSWORD)):
            answer = client.post("/sign-in", data={"name": name, "password": password})
            assert answer.status_code == 403
            assert "Set-Cookie" not in answer.headers
            pages.append(answer.text)
    assert len(set(pages)) == 1
    assert "is not right, or the account is not in force" in pages[0]


def test_too_many_tries_are_told_how_long_to_wait(desk: Desk) -> None:
    desk.make("ann")
    with browsing(desk) as client:
        for _ in range(5):
            client.post("/sign-in", data={"name": "ann", "password": "wrong"})
        answer = client.post("/sign-in", data={"name": "ann", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert "Wait a second, then" in answer.text


def test_a_code_is_asked_for(desk: Desk) -> None:
    ann = desk.make("ann")
    secret = desk.set_factor(ann)
    with browsing(desk) as client:
        assert sign_in(client) == 200
        page = client.post("/sign-in", data={"name": "ann", "password": PASSWORD}).text
        pending = field_of(page, "pending")
        assert PASSWORD not in page
        refused = client.post("/sign-in", data={"pending": pending, "code": "000000"})
        assert refused.status_code == 403
        assert "This code does not count" in refused.text
        desk.stage.now = desk.stage.now.replace(minute=4)
        form = {"pending": pending, "code": desk.code(secret), "then": "/account"}
        assert client.post("/sign-in", data=form).headers["Location"] == "/account"
        assert client.get("/v1/me").json()["name"] == "ann"


def test_the_first_admin_chooses_a_password_and_is_in(desk: Desk) -> None:
    link = desk.accounts.first_link()
    assert link is not None
    with browsing(desk) as client:
        for _ in range(2):
            form = client.get(link.path)
            assert "Welcome, admin" in form.text
        different = client.post(link.path, data={"password": NEW, "again": PASSWORD})
        assert "not the same" in different.text
        short = client.post(link.path, data={"password": "short", "again": "short"})
        assert "at least 12" in short.text
        done = client.post(link.path, data={"password": NEW, "again": NEW})
        assert (done.status_code, done.headers["Location"]) == (303, "/")
        assert client.get("/v1/me").json()["operations"][0] == "account"
        for answer in (client.get(link.path), client.post(link.path, data={"password": NEW})):
            assert answer.status_code == 404
            assert "This link is over" in answer.text


def test_a_link_alone_does_not_get_past_a_second_factor(desk: Desk) -> None:
    ann = desk.make("ann")
    desk.set_factor(ann)
    path = f"/welcome/{desk.link(ann)}"
    with browsing(desk) as client:
        done = client.post(path, data={"password": NEW, "again": NEW})
        assert done.headers["Location"] == "/sign-in"
        assert "Set-Cookie" not in done.headers


def test_a_password_is_changed_in_the_browser(desk: Desk) -> None:
    desk.make("ann")
    elsewhere = desk.sign_in("ann")
    with browsing(desk, "ann") as client:
        token = csrf_of(client)
        form = {"csrf_token": token, "password": PASSWORD, "new": NEW, "again": NEW}
        for change, said in (
            ({"again": "another"}, "not the same"),
            ({"password": "wrong"}, "was not right"),
            ({"new": "short", "again": "short"}, "at least 12"),
        ):
            refused = client.post("/account/password", data=form | change)
            assert refused.status_code == 403
            assert said in refused.text
        assert client.post("/account/password", data=form).headers["Location"] == "/account"
        assert client.get("/account").status_code == 200
        client.cookies.clear()
        client.cookies.set("mien-session", elsewhere)
        assert client.get("/account").status_code == 303
    assert desk.enter("ann", NEW).token


def test_a_second_factor_is_set_up_and_removed(desk: Desk) -> None:
    desk.make("ann")
    with browsing(desk, "ann") as client:
        begin = {"csrf_token": csrf_of(client), "password": "wrong"}
        assert client.post("/account/second-factor", data=begin).status_code == 403
        page = client.post("/account/second-factor", data=begin | {"password": PASSWORD}).text
        assert 'src="data:image/svg+xml' in page
        secret = re.findall(r"<code class=\"secret\">(\w{32})<", page)[0]
        confirm = {"csrf_token": begin["csrf_token"], "sealed": field_of(page, "sealed")}
        wrong = client.post("/account/second-factor/confirm", data=confirm | {"code": "0"})
        assert wrong.status_code == 403
        assert secret in wrong.text
        lost = client.post("/account/second-factor/confirm", data=confirm | {"sealed": "x"})
        assert "was not right" in lost.text
        right = confirm | {"code": desk.code(secret)}
        assert client.post("/account/second-factor/confirm", data=right).status_code == 303
        page = client.get("/account").text
        assert "A code from your app is asked for" in page
        remove = {"csrf_token": csrf_of(client), "password": PASSWORD}
        assert client.post("/account/second-factor/remove", data=remove).status_code == 303
    assert desk.enter("ann").token


def test_another_browser_is_signed_out_from_here(desk: Desk) -> None:
    desk.make("ann")
    elsewhere = desk.sign_in("ann")
    with browsing(desk, "ann") as client:
        page = client.get("/account").text
        assert "this browser" in page
        (path,) = re.findall(r'action="(/account/sessions/[^"]+)"', page)
        ended = client.post(path, data={"csrf_token": csrf_of(client)})
        assert ended.headers["Location"] == "/account"
        assert client.get("/account").status_code == 200
        client.cookies.clear()
        client.cookies.set("mien-session", elsewhere)
        assert client.get("/account").status_code == 303


def test_an_account_is_looked_after_by_its_user_and_by_no_key(desk: Desk) -> None:
    desk.make("ann", Role.ADMIN)
    secret = desk.key("ann").secret
    with browsing(desk) as client:
        client.headers["Authorization"] = f"Bearer {secret}"
        assert client.get("/v1/me").status_code == 200
        form = {"password": PASSWORD, "new": NEW, "again": NEW}
        for path in ("password", "second-factor", "second-factor/remove", "sessions/x/end"):
            assert client.post(f"/account/{path}", data=form).status_code == 403
        assert client.get("/account").status_code == 403
        assert client.post("/sign-out").status_code == 403


def test_every_role_has_an_account(desk: Desk) -> None:
    for role in Role:
        desk.make(str(role), role)
        with browsing(desk, str(role)) as client:
            assert client.get("/account").status_code == 200


def test_nothing_that_somebody_is_called_becomes_markup(desk: Desk) -> None:
    ann = desk.make("<script>alert(1)</script>")
    with browsing(desk, ann.name) as client:
        assert "<script>alert" not in client.get("/account").text
        assert "&lt;script&gt;alert" in client.get("/account").text
