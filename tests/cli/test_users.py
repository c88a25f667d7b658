"""`mien users` and `mien keys`: for operators without a browser."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from cli.conftest import Mien
from mien.permission.account import User
from mien.permission.caller import Operation
from mien.service.accounts import Accounts
from service.desk import CHEAP, PASSWORD, Desk
from service.stage import Stage, query


def add(mien: Mien, name: str, role: str = "admin", *more: object) -> dict[str, object]:
    answer = mien("users", "add", name, "--role", role, *more, "--json")
    assert answer.code == 0, answer.err
    return dict(answer.document)


def test_somebody_is_invited_with_a_link(stage: Stage, mien: Mien) -> None:
    answer = mien("users", "add", "Ann Ek", "--role", "searcher", "--purpose", "family-album")
    assert answer.code == 0, answer.err
    first, said, path = answer.out.splitlines()
    assert first.startswith("Ann Ek, searcher: ")
    assert "within a day, once" in said
    with stage.open() as library:
        own = Accounts(library.parts, passwords=CHEAP).own
        user = own.find_welcomed(path.removeprefix("/welcome/"))
    assert user is not None
    assert (user.name, user.purposes) == ("Ann Ek", frozenset({"family-album"}))


def test_users_are_listed(mien: Mien) -> None:
    assert "There are no users" in mien("users", "list").out
    add(mien, "boss")
    add(mien, "ann", "viewer")
    shown = mien("users", "list").out
    assert "boss" in shown
    assert shown.count("invited") == 2
    listed = mien("users", "list", "--json").document["users"]
    assert [(user["name"], user["role"]) for user in listed] == [
        ("boss", "admin"),
        ("ann", "viewer"),
    ]


def test_a_user_is_disabled_and_linked(stage: Stage, mien: Mien) -> None:
    add(mien, "boss")
    add(mien, "ann", "viewer")
    told = mien("users", "link", "ANN", "--json").document
    assert str(told["path"]).startswith("/welcome/")
    assert mien("users", "disable", "ann").out == "Disabled: ann\n"
    assert mien("users", "list", "--json").document["users"][1]["is_active"] is False
    refused = mien("users", "link", "ann")
    assert (refused.code, "not in force" in refused.err) == (2, True)
    last = mien("users", "disable", "boss", "--json")
    assert (last.code, last.document["error"]["reason"]) == (2, "conflict")
    assert mien("users", "disable", "nobody").code == 2


def test_a_lost_second_factor_is_removed(stage: Stage, mien: Mien) -> None:
    path = str(add(mien, "ann")["path"])
    stage.now = datetime.now(UTC)
    with stage.open() as library:
        desk = Desk(stage, library)
        ann = desk.accounts.own.welcome(path.rpartition("/")[2], PASSWORD)
        assert isinstance(ann, User)
        desk.set_factor(ann)
    assert mien("users", "link", "ann", "--json").document["has_second_factor"] is True
    told = mien("users", "link", "ann", "--remove-second-factor", "--json").document
    assert told["has_second_factor"] is False


def test_a_changed_account_is_shown_and_begins_anew(stage: Stage, mien: Mien) -> None:
    add(mien, "boss")
    query(stage.home / "catalog.db", "UPDATE users SET role = 'auditor'")
    assert "changed" in mien("users", "list").out
    add(mien, "boss")
    assert "invited" in mien("users", "list").out


def test_a_key_is_made_listed_and_revoked(stage: Stage, mien: Mien) -> None:
    add(mien, "ann", "searcher")
    assert "There are no keys" in mien("keys", "list").out
    words = ("booth", "--owner", "ann", "--operation", "search", "--operation", "view")
    made = mien("keys", "add", *words, "--days", "7", "--calls", "30")
    assert made.code == 0, made.err
    first, _, secret = made.out.splitlines()
    key_id = first.removeprefix("booth: ").partition(",")[0]
    stage.now = datetime.now(UTC)
    with stage.open() as library:
        caller = Accounts(library.parts).keys.find_caller(secret)
    assert caller is not None
    assert caller.operations == {Operation.ACCOUNT, Operation.SEARCH, Operation.VIEW}
    listed = mien("keys", "list")
    assert "in force" in listed.out
    assert secret not in listed.out
    assert mien("keys", "revoke", key_id).out == "Revoked: booth\n"
    assert "revoked" in mien("keys", "list").out
    (told,) = mien("keys", "list", "--json").document["keys"]
    assert (told["calls_a_minute"], told["is_unchanged"]) == (30, True)
    assert told["revoked_at"] is not None
    assert mien("keys", "revoke", "nothing").code == 2


def test_a_key_for_more_than_its_owner_is_refused(mien: Mien) -> None:
    add(mien, "ann", "viewer")
    answer = mien("keys", "add", "k", "--owner", "ann", "--operation", "operate", "--json")
    assert answer.code == 3
    assert json.loads(answer.out) == {"refused": ["more-than-yours"]}
    assert "more rights than they have" in answer.err


@pytest.mark.parametrize("days", ["0", "367"])
def test_a_key_lasts_a_year_at_most(mien: Mien, days: str) -> None:
    add(mien, "ann", "viewer")
    words = ("k", "--owner", "ann", "--operation", "view", "--days", days)
    assert mien("keys", "add", *words).code == 2


def test_whoever_was_invited_here_signs_in_there(stage: Stage, mien: Mien) -> None:
    path = str(add(mien, "ann", "viewer")["path"])
    with stage.open() as library:
        desk = Desk(stage, library)
        desk.accounts.own.welcome(path.rpartition("/")[2], PASSWORD)
        assert desk.enter("ann").token
