"""`mien users` and `mien keys`: each option, each refusal, and no secret where none is due."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.conftest import Mien
from mien.permission.caller import OPERATIONS, Operation, Role
from service.desk import Desk
from service.stage import Stage, query

USER = {
    "user_id",
    "name",
    "role",
    "collections",
    "purposes",
    "is_active",
    "is_unchanged",
    "has_password",
    "has_second_factor",
    "created_at",
}
KEY = {
    "key_id",
    "name",
    "owner_id",
    "operations",
    "collections",
    "purposes",
    "calls_a_minute",
    "made_at",
    "expires_at",
    "revoked_at",
    "last_used_on",
    "is_unchanged",
}
ODD = [
    "Zoë Ångström",
    "[bold]Ann[/bold]",
    "名前",
    "O'Neil & <b>sons</b>",
    "--role",
    "a%20b",
    "🦊 fox",
]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """One home for all of these: each test has users and keys of its own."""
    stage = Stage(tmp_path_factory.mktemp("town"), now=datetime.now(UTC))
    with stage.open() as library:
        for name in ("family", "club"):
            library.create_collection(name, basis="household")
        desk = Desk(stage, library)
        desk.invite("root", Role.ADMIN)
        desk.invite("ann", Role.SEARCHER)
    return stage


def users_of(mien: Mien) -> dict[str, Any]:
    return {user["name"]: user for user in mien("users", "list", "--json").document["users"]}


def keys_of(mien: Mien) -> dict[str, Any]:
    return {key["name"]: key for key in mien("keys", "list", "--json").document["keys"]}


def invite(mien: Mien, name: str, role: str = "viewer", *more: object) -> dict[str, Any]:
    answer = mien("users", "add", *more, "--role", role, "--json", "--", name)
    assert answer.code == 0, answer.err
    return dict(answer.document)


def make_key(mien: Mien, name: str, owner: str, *more: object) -> dict[str, Any]:
    words = ("--owner", owner, "--operation", "view", "--json")
    answer = mien("keys", "add", *words, *more, "--", name)
    assert answer.code == 0, answer.err
    return dict(answer.document)


@pytest.mark.parametrize("what", ["users", "keys"])
def test_a_group_of_commands_says_what_there_is(mien: Mien, what: str) -> None:
    answer = mien(what, "--help")
    assert answer.code == 0
    for command in ("add", "list"):
        assert command in answer.out


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_whoever_is_invited_is_told_whole(mien: Mien, role: str) -> None:
    told = invite(mien, f"new {role}", role)
    assert told.keys() == USER | {"path", "expires_at"}
    assert (told["name"], told["role"]) == (f"new {role}", role)
    assert (told["collections"], told["purposes"]) == (None, None)
    assert told["is_active"] is told["is_unchanged"] is True
    assert told["has_password"] is told["has_second_factor"] is False
    left = datetime.fromisoformat(told["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=23) < left <= timedelta(days=1)


def test_a_user_is_bound_to_all_that_is_named(mien: Mien) -> None:
    words = ("--collection", "family", "--collection", "club", "--purpose", "press")
    told = invite(mien, "bound", "viewer", *words, "--purpose", "album")
    assert told["collections"] == ["club", "family"]
    assert told["purposes"] == ["album", "press"]
    shown = mien("users", "list").out
    assert "club, family" in shown
    assert "album, press" in shown


def test_names_are_shown_as_they_were_given(stage: Stage, mien: Mien) -> None:
    with stage.open() as library:
        desk = Desk(stage, library)
        for name in ODD[2:]:
            desk.invite(name)
            desk.key(name, name=name)
    for name in ODD[:2]:
        assert invite(mien, name)["name"] == name
        assert make_key(mien, name, name)["name"] == name
    users, keys = mien("users", "list").out, mien("keys", "list").out
    assert not [name for name in ODD if name not in users or name not in keys]
    assert set(ODD) <= users_of(mien).keys()
    assert set(ODD) <= keys_of(mien).keys()


@pytest.mark.parametrize("name", ["", "a" * 65, "a\x1b[31mb", "a\u202eb"])
def test_what_is_no_name_is_refused(mien: Mien, name: str) -> None:
    answer = mien("users", "add", "--role", "viewer", "--", name)
    assert answer.code == 2
    assert "from 1 to 64 letters that can be printed" in answer.err
    assert "\x1b[31m" not in answer.err


@pytest.mark.parametrize("name", ["ANN", " ann "])
def test_a_name_is_taken_once_however_it_is_written(mien: Mien, name: str) -> None:
    answer = mien("users", "add", name, "--role", "viewer", "--json")
    assert answer.code == 2
    assert answer.document["error"]["reason"] == "conflict"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("users add new", "--role"),
        ("users add new --role king", "king"),
        ("users add --role viewer", "NAME"),
        ("users add new --role viewer --collection none", "none"),
        ("users add new --role viewer --purpose Two_Words", "Two_Words"),
        ("users disable", "USER"),
        ("users disable nobody", "no such user"),
        ("users link nobody --remove-second-factor", "no such user"),
        ("keys add k --operation view", "--owner"),
        ("keys add k --owner nobody", "--operation"),
        ("keys add k --owner nobody --operation view", "no such user"),
        ("keys add k --owner ann --operation fly", "fly"),
        ("keys add k --owner ann --operation view --calls 0", "from 1 to 6000"),
        ("keys add k --owner ann --operation view --calls 6001", "from 1 to 6000"),
        ("keys add k --owner ann --operation view --calls many", "--calls"),
        ("keys add k --owner ann --operation view --days 1.5", "--days"),
        ("keys add k --owner ann --operation view --collection none", "none"),
        ("keys revoke", "KEY"),
        ("keys revoke nothing", "no key"),
        ("keys fly", "fly"),
    ],
)
def test_what_cannot_be_done_is_told(mien: Mien, words: str, told: str) -> None:
    answer = mien(*words.split())
    assert (answer.code, answer.out) == (2, "")
    assert told.lower() in answer.err.lower()


def test_a_refusal_changed_nothing(mien: Mien) -> None:
    assert not {"new", "nobody"} & users_of(mien).keys()
    assert "k" not in keys_of(mien)


def test_a_link_is_told_once_and_never_listed(stage: Stage, mien: Mien) -> None:
    path = str(invite(mien, "linked")["path"])
    token = path.removeprefix("/welcome/")
    assert re.fullmatch(r"[\w-]{20,}", token)
    said = mien("users", "link", "linked").out
    assert said.count("/welcome/") == 1
    assert said.splitlines()[-1].startswith("/welcome/")
    assert token not in said + mien("users", "list", "--json").out
    kept = [one for one in stage.home.rglob("*") if one.is_file()]
    assert not [one for one in kept if token.encode() in one.read_bytes()]


def test_a_key_has_the_terms_that_it_was_given(mien: Mien) -> None:
    words = ("--calls", 6_000, "--purpose", "press", "--collection", "club", "--days", 366)
    told = make_key(mien, "with terms", "ann", *words, "--operation", "search")
    assert told.keys() == KEY | {"secret"}
    assert (told["calls_a_minute"], told["purposes"]) == (6_000, ["press"])
    assert told["collections"] == ["club"]
    assert {"search", "view"} <= set(told["operations"]) <= set(OPERATIONS[Role.SEARCHER])
    made, ends = (datetime.fromisoformat(told[name]) for name in ("made_at", "expires_at"))
    assert ends - made == timedelta(days=366)
    assert (told["revoked_at"], told["last_used_on"]) == (None, None)


@pytest.mark.parametrize("operation", [Operation.ADD, Operation.AUDIT, Operation.OPERATE])
def test_a_key_may_no_more_than_its_owner(mien: Mien, operation: Operation) -> None:
    answer = mien("keys", "add", "k", "--owner", "ann", "--operation", operation, "--json")
    assert answer.code == 3
    assert answer.document == {"refused": ["more-than-yours"]}
    assert "[more-than-yours]" in answer.err


def test_a_secret_is_told_once_and_kept_nowhere(stage: Stage, mien: Mien) -> None:
    made = make_key(mien, "booth", "ann")
    secret = str(made["secret"])
    assert len(secret) >= 32
    listed = keys_of(mien)["booth"]
    assert listed == {name: value for name, value in made.items() if name != "secret"}
    assert listed["calls_a_minute"] == 600
    assert listed["owner_id"] == users_of(mien)["ann"]["user_id"]
    assert secret not in mien("keys", "list").out + mien("audit", "show", "--json").out
    kept = [one for one in stage.home.rglob("*") if one.is_file()]
    assert not [one for one in kept if secret.encode() in one.read_bytes()]


def test_a_revoked_key_is_told_whole_and_stays_listed(mien: Mien) -> None:
    made = make_key(mien, "ended", "ann")
    told = mien("keys", "revoke", made["key_id"], "--json").document
    assert told.keys() == KEY
    assert told["revoked_at"] >= told["made_at"]
    assert keys_of(mien)["ended"]["revoked_at"] == told["revoked_at"]


def test_a_key_that_was_changed_is_shown_as_that(stage: Stage, mien: Mien) -> None:
    made = make_key(mien, "edited", "ann")
    catalog = stage.home / "catalog.db"
    query(catalog, "UPDATE api_keys SET calls_a_minute = 5999 WHERE calls_a_minute = 600")
    assert "changed" in mien("keys", "list").out
    assert keys_of(mien)["edited"]["is_unchanged"] is False
    assert made["is_unchanged"] is True


def test_a_disabled_user_is_told_whole_and_gets_no_link_nor_key(mien: Mien) -> None:
    made = invite(mien, "left us")
    told = mien("users", "disable", made["user_id"], "--json").document
    assert told.keys() == USER
    assert told["is_active"] is False
    for words in (
        ("users", "link", "left us", "--json"),
        ("keys", "add", "k", "--owner", "left us", "--operation", "view", "--json"),
    ):
        answer = mien(*words)
        assert answer.code in {2, 3}
        assert not {"secret", "path"} & answer.document.keys()


def test_the_only_admin_is_not_disabled(mien: Mien) -> None:
    answer = mien("users", "disable", "root")
    assert (answer.code, answer.out) == (2, "")
    assert users_of(mien)["root"]["is_active"] is True


def test_what_the_operator_does_is_in_the_log_without_names(mien: Mien) -> None:
    invite(mien, "somebody of the log")
    entries = mien("audit", "show", "--json").document["entries"]
    actions = {entry["action"] for entry in entries}
    assert {"user-invited", "link-made"} <= actions
    told = [entry for entry in entries if entry["action"] == "user-invited"][-1]
    assert "somebody of the log" not in str(told.get("facts", ""))
