"""Attempts to get in, or to more than one has, through the accounts; every one must fail."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator

import pytest

from mien.permission.account import EVERYTHING, User
from mien.permission.caller import Operation, Role
from mien.permission.verdict import Reason, Verdict
from mien.service import sessions
from mien.service.account_drafts import UserChange, UserDraft
from mien.service.sign_in import FAILED
from server.entrance import browsing, csrf_of, field_of
from service.desk import CHEAP, HERE, PASSWORD, Desk
from service.stage import Stage, query

OWN = "a password that eve knows"
FORGED = "8f14e45f-ceea-467f-ab2f-00000000f0f0"


@pytest.fixture
def desk(stage: Stage) -> Iterator[Desk]:
    with stage.open() as library:
        desk = Desk(stage, library)
        desk.make("boss", Role.ADMIN)
        desk.make("eve", Role.VIEWER)
        yield desk


def sql(desk: Desk, statement: str, *values: object) -> list[object]:
    return query(desk.stage.home / "catalog.db", statement, *values)


def copy_row(desk: Desk, table: str, **changes: object) -> None:
    """Inserts the newest row of a table once more, with other values in some columns."""
    names = sql(desk, "SELECT name FROM pragma_table_info(?) WHERE name != 'id'", table)
    values = ", ".join("?" if str(name) in changes else str(name) for name in names)
    given = [changes[str(name)] for name in names if str(name) in changes]
    columns = ", ".join(map(str, names))
    statement = f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} ORDER BY id DESC"  # noqa: S608
    sql(desk, f"{statement} LIMIT 1", *given)


def may(desk: Desk, token: str) -> frozenset[Operation]:
    user = sessions.find_user(desk.library.parts.deployment, token)
    return frozenset() if user is None else user.rights.operations


USER_EDITS: list[tuple[str, object]] = [
    ("role", "admin"),
    ("role", "queen"),
    ("password", CHEAP.make_hash(OWN)),
    ("second_factor", b"x"),
    ("collections", json.dumps(["club"])),
    ("collections", "{"),
    ("purposes", json.dumps([])),
    ("name", b"x"),
    ("reference", "0" * 32),
    ("created_at", 0),
    ("created_at", "long ago"),
    ("state", "ACTIVE"),
    ("uuid", FORGED),
]


def test_a_user_whose_row_was_edited_may_nothing(desk: Desk) -> None:
    token, key = desk.sign_in("eve"), desk.key("eve").secret
    for column, value in USER_EDITS:
        (kept,) = sql(desk, f"SELECT {column} FROM users WHERE id = 2")  # noqa: S608  (columns above)
        sql(desk, f"UPDATE users SET {column} = ? WHERE id = 2", value)  # noqa: S608
        assert may(desk, token) == frozenset(), column
        assert desk.accounts.keys.find_caller(key) is None, column
        for password in (PASSWORD, OWN):
            assert desk.enter("eve", password) == FAILED, column
        assert not desk.accounts.list()[1].is_in_force, column
        sql(desk, f"UPDATE users SET {column} = ? WHERE id = 2", kept)  # noqa: S608
        sql(desk, "DELETE FROM failed_tries")  # so that no wait stands in for the refusal
    assert may(desk, token)  # what was put back counts again


def test_a_user_who_was_disabled_is_not_enabled_by_hand(desk: Desk) -> None:
    desk.accounts.disable("eve", by=EVERYTHING)
    sql(desk, "UPDATE users SET state = 'active'")
    assert not desk.enter("eve").token


def test_a_user_who_was_inserted_is_nobody(desk: Desk) -> None:
    parts = desk.library.parts.deployment
    copy_row(
        desk,
        "users",
        uuid=FORGED,
        reference=parts.vault.notary.refer("user name", "mallory"),
        role="admin",
        password=CHEAP.make_hash(OWN),
    )
    assert not desk.enter("mallory", OWN).token


def test_the_rows_of_two_users_are_not_exchanged(desk: Desk) -> None:
    """Eve knows her own password; with her hash in the boss's row she still is nobody."""
    sql(desk, "UPDATE users SET password = (SELECT password FROM users WHERE id = 2) WHERE id = 1")
    assert not desk.enter("boss").token
    sql(desk, "UPDATE users SET id = id + 100")
    for name in ("boss", "eve"):
        assert not desk.enter(name).token


def test_what_somebody_made_of_a_row_is_not_brought_back_into_force(desk: Desk) -> None:
    """Whoever disables an edited account and enables it again gives nobody what was written."""
    sql(
        desk,
        "UPDATE users SET role = 'admin', password = ? WHERE id = 2",
        CHEAP.make_hash(OWN),
    )
    disabled = desk.accounts.disable("eve", by=EVERYTHING)
    assert isinstance(disabled, User)
    desk.accounts.enable("eve", by=EVERYTHING)
    eve = desk.accounts.get("eve")
    assert (eve.role, eve.has_password, eve.is_in_force) == (Role.VIEWER, False, True)
    assert not desk.enter("eve", OWN).token


def test_a_name_that_begins_anew_has_nothing_of_what_it_had(desk: Desk) -> None:
    token, key = desk.sign_in("eve"), desk.key("eve").secret
    link = desk.link(desk.accounts.get("eve"))
    sql(desk, "UPDATE users SET role = 'admin' WHERE id = 2")
    made = desk.accounts.invite(UserDraft(name="Eve", role=Role.SEARCHER), by=EVERYTHING)
    assert isinstance(made, User)
    assert (made.is_in_force, made.has_password, made.role) == (True, False, Role.SEARCHER)
    assert may(desk, token) == frozenset()
    assert desk.accounts.keys.find_caller(key) is None
    assert desk.accounts.own.find_welcomed(link) is None
    assert not desk.enter("eve").token


def test_an_old_catalog_brings_no_right_back(desk: Desk) -> None:
    """A backup of the catalog from before somebody was disabled, lowered, revoked, signed out."""
    desk.make("ann", Role.CURATOR)
    desk.make("ben", Role.CURATOR)
    made, token = desk.key("boss"), desk.sign_in("boss")
    link = desk.link(desk.invite("cid", Role.ADMIN))
    parts = desk.library.parts.deployment
    parts.database.scrub()
    backup = desk.stage.folder / "backup.db"
    shutil.copy(desk.stage.home / "catalog.db", backup)

    desk.accounts.disable("ann", by=EVERYTHING)
    desk.accounts.change("ben", UserChange(role=Role.VIEWER), by=EVERYTHING)
    desk.accounts.keys.revoke(made.key.key_id, by=EVERYTHING)
    desk.accounts.sign_in.leave(token)
    desk.accounts.own.welcome(link, PASSWORD)
    desk.library.close()
    for path in desk.stage.home.glob("catalog.db*"):
        path.unlink()
    shutil.copy(backup, desk.stage.home / "catalog.db")

    with desk.stage.open() as library:
        again = Desk(desk.stage, library)
        for name in ("ann", "ben", "cid"):
            assert not again.enter(name).token
            assert not again.accounts.get(name).is_in_force
        assert again.accounts.keys.find_caller(made.secret) is None
        assert may(again, token) == frozenset()
        assert again.accounts.own.find_welcomed(link) is None
        assert again.sign_in("boss")


def test_a_session_is_not_made_by_hand(desk: Desk) -> None:
    """Not even by one who can compute what a token is kept as."""
    token = secrets.token_urlsafe(32)
    desk.sign_in("eve")
    reference = desk.library.parts.deployment.vault.notary.refer("session", token)
    copy_row(
        desk,
        "sessions",
        uuid=FORGED,
        reference=reference,
        user_id=1,
    )
    assert may(desk, token) == frozenset()
    copy_row(desk, "sessions", uuid="x", reference="y", user_id=1)
    assert may(desk, "y") == frozenset()


@pytest.mark.parametrize(
    "change", ["user_id = 1", "expires_at = expires_at + 1", "made_at = made_at - 1"]
)
def test_a_session_is_not_made_another_ones_or_longer(desk: Desk, change: str) -> None:
    token = desk.sign_in("eve")
    sql(desk, f"UPDATE sessions SET {change}")  # noqa: S608  (changes above)
    assert may(desk, token) == frozenset()


def test_a_session_that_the_browser_brought_is_never_taken_over(desk: Desk) -> None:
    """Session fixation: what lay in the browser before somebody signed in opens nothing."""
    planted = "planted by somebody else"
    with browsing(desk) as client:
        client.cookies.set("mien-session", planted)
        form = {"name": "boss", "password": PASSWORD}
        answer = client.post("/sign-in", data=form)
        assert planted not in answer.headers["Set-Cookie"]
    assert may(desk, planted) == frozenset()
    own = desk.sign_in("eve")
    with browsing(desk) as client:
        client.cookies.set("mien-session", own)
        client.post("/sign-in", data=form)
    assert may(desk, own) == frozenset()


@pytest.mark.parametrize(
    "change",
    [
        "purpose = 'set-password'",
        "user_id = 1",
        "expires_at = expires_at + 1",
    ],
)
def test_a_link_is_not_made_another_one(desk: Desk, change: str) -> None:
    eve = desk.accounts.get("eve")
    if change.startswith("purpose"):
        desk.set_factor(eve)
        token = desk.enter("eve").pending
    else:
        token = desk.link(eve)
    sql(desk, f"UPDATE one_time_links SET {change}")  # noqa: S608  (changes above)
    assert desk.accounts.own.find_welcomed(token) is None
    answer = desk.accounts.own.welcome(token, "four green kites rise")
    assert answer == Verdict((Reason.LINK_NOT_IN_FORCE,))


def test_a_link_that_was_used_is_not_put_back(desk: Desk) -> None:
    token = desk.link(desk.accounts.get("eve"))
    row = query(
        desk.stage.home / "catalog.db",
        "SELECT reference, user_id, purpose, expires_at FROM one_time_links",
    )[0]
    desk.accounts.own.welcome(token, PASSWORD)
    sql(
        desk,
        "INSERT INTO one_time_links (reference, user_id, purpose, expires_at) VALUES (?, ?, ?, ?)",
        *row,
    )
    assert desk.accounts.own.find_welcomed(token) is None


KEY_EDITS: list[tuple[str, object]] = [
    ("user_id", 1),
    ("operations", json.dumps(sorted(Operation))),
    ("operations", '["view", "fly"]'),
    ("collections", None),
    ("purposes", json.dumps(["press"])),
    ("calls_a_minute", 10**6),
    ("calls_a_minute", "many"),
    ("expires_at", 2**52),
    ("made_at", 0),
    ("name", b"x"),
    ("reference", "0" * 32),
    ("uuid", FORGED),
]


def test_a_key_whose_row_was_edited_opens_nothing(desk: Desk) -> None:
    desk.library.create_collection("club", basis="household")
    made = desk.key("eve", operations=[Operation.VIEW], collections=["club"])
    for column, value in KEY_EDITS:
        assert desk.accounts.keys.find_caller(made.secret) is not None
        (kept,) = sql(desk, f"SELECT {column} FROM api_keys")  # noqa: S608  (columns above)
        sql(desk, f"UPDATE api_keys SET {column} = ?", value)  # noqa: S608
        assert desk.accounts.keys.find_caller(made.secret) is None, column
        sql(desk, f"UPDATE api_keys SET {column} = ?", kept)  # noqa: S608


def test_a_revoked_key_is_not_brought_back_by_hand(desk: Desk) -> None:
    made = desk.key("eve")
    desk.accounts.keys.revoke(made.key.key_id, by=EVERYTHING)
    sql(desk, "UPDATE api_keys SET revoked_at = NULL")
    assert desk.accounts.keys.find_caller(made.secret) is None


def test_a_key_is_not_inserted(desk: Desk) -> None:
    secret = "mien_" + secrets.token_urlsafe(32)
    desk.key("boss")
    reference = desk.library.parts.deployment.vault.notary.refer("API key", secret)
    copy_row(desk, "api_keys", uuid=FORGED, reference=reference)
    assert desk.accounts.keys.find_caller(secret) is None


def test_a_used_code_counts_no_second_time_at_the_same_moment(desk: Desk) -> None:
    eve = desk.accounts.get("eve")
    secret = desk.set_factor(eve)
    desk.stage.now = desk.stage.now.replace(minute=3)
    door, code = desk.accounts.sign_in, desk.code(secret)
    first, second = desk.enter("eve").pending, desk.enter("eve").pending
    assert not door.enter_code(first, code, address=HERE).token  # a later step ends earlier ones
    assert door.enter_code(second, code, address=HERE).token
    assert not door.enter_code(desk.enter("eve").pending, code, address=HERE).token
    assert not door.enter_code(second, code, address=HERE).token


FORMS = [
    *("/sign-out", "/account/password", "/account/second-factor", "/account/second-factor/confirm"),
    *("/account/second-factor/remove", "/account/sessions/x/end", "/users", "/users/x/change"),
    *(
        "/users/x/disable",
        "/users/x/enable",
        "/users/x/link",
        "/users/x/second-factor/remove",
        "/keys",
        "/keys/x/revoke",
    ),
    "/audit/reviews/1",
    *("/access-keys", "/access-keys/x/revoke"),
]


def test_no_form_of_another_page_is_followed(desk: Desk) -> None:
    """Cross-site request forgery: the cookie alone changes nothing, nor does another's token."""
    with browsing(desk, "eve") as client:
        foreign = csrf_of(client)
    with browsing(desk, "boss") as client:
        for path in FORMS:
            for token in ("", "guess", foreign):
                answer = client.post(path, data={"csrf_token": token, "password": PASSWORD})
                assert (answer.status_code, "token of your session" in answer.text) == (403, True)
        for path in ("/v1/users", "/v1/keys", "/v1/access-keys"):
            assert client.post(path, json={}).status_code == 403
        assert client.patch("/v1/users/x", json={}).status_code == 403
        assert client.delete("/v1/keys/x").status_code == 403
        assert client.delete("/v1/access-keys/x").status_code == 403
        assert client.put("/v1/reviews/1", json={}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://testserver.evil.example"},
    ],
)
def test_nobody_is_signed_in_by_another_page(desk: Desk, headers: dict[str, str]) -> None:
    """Login forgery: somebody would work in the account of another without noticing."""
    link = desk.link(desk.accounts.get("eve"))
    with browsing(desk) as client:
        forms = (
            ("/sign-in", {"name": "eve", "password": PASSWORD}),
            (f"/welcome/{link}", {"password": OWN, "again": OWN}),
        )
        for path, form in forms:
            answer = client.post(path, data=form, headers=headers)
            assert answer.status_code == 403
            assert "Set-Cookie" not in answer.headers
    assert desk.accounts.own.find_welcomed(link) is not None


def test_a_key_that_makes_keys_makes_no_admin_of_anybody(desk: Desk) -> None:
    weak = desk.key("boss", operations=[Operation.OPERATE]).secret
    with browsing(desk) as client:
        client.headers.update({"Authorization": f"Bearer {weak}", "Accept": "*/*"})
        boss = desk.accounts.get("boss").user_id
        tries = [
            client.post("/v1/users", json={"name": "x", "role": "viewer"}),
            client.post("/v1/keys", json={"name": "x"}),
            client.post("/v1/keys", json={"name": "x", "operations": ["operate", "search"]}),
            client.post(f"/v1/users/{boss}/links"),
            client.patch(f"/v1/users/{boss}", json={"is_active": False}),
            client.patch(f"/v1/users/{boss}", json={}),
        ]
    assert {(one.status_code, one.json()["code"]) for one in tries} == {(403, "more-than-yours")}


def test_no_answer_says_more_than_it_should(desk: Desk) -> None:
    """Neither a hash, nor a secret of a second factor, nor whether a name is known."""
    desk.set_factor(desk.accounts.get("eve"))
    (kept,) = sql(desk, "SELECT password FROM users WHERE id = 2")
    with browsing(desk, "boss") as client:
        pages = [client.get(path).text for path in ("/users", "/account", "/v1/users", "/v1/keys")]
    assert not [page for page in pages if str(kept) in page or "$argon2" in page]
    with browsing(desk) as client:
        page = client.post("/sign-in", data={"name": "eve", "password": PASSWORD}).text
        assert field_of(page, "pending")
        assert "eve" not in page
