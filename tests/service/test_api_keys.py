"""Keys: shown once, bounded by whoever makes them and whoever owns them, and ended at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from mien.errors import ConflictError, NotFoundError, SettingsError
from mien.permission.account import EVERYTHING, Rights
from mien.permission.caller import Operation, Role
from mien.permission.verdict import Reason, Verdict
from mien.service.account_drafts import KeyDraft, UserChange
from service.desk import Desk
from service.stage import Stage, query


@pytest.fixture
def desk(stage: Stage) -> Iterator[Desk]:
    with stage.open() as library:
        for name in ("press", "club"):
            library.create_collection(name, basis="household")
        desk = Desk(stage, library)
        desk.make("ann", Role.CURATOR)
        yield desk


def test_a_key_asks_for_its_owner(desk: Desk) -> None:
    made = desk.key("ann", operations=[Operation.SEARCH], collections=["press"], calls_a_minute=9)
    assert made.secret.startswith("mien_")
    assert len(made.secret) == len("mien_") + 43  # 256 bits
    caller = desk.accounts.keys.find_caller(made.secret)
    assert caller is not None
    assert (caller.actor, caller.name) == (f"key:{made.key.key_id}", "booth")
    assert caller.operations == {Operation.SEARCH, Operation.ACCOUNT}
    assert (caller.collections, caller.calls_a_minute) == (frozenset({"press"}), 9)


def test_the_secret_is_kept_nowhere(desk: Desk) -> None:
    made = desk.key("ann", name="Photo booth of Ann Ek")
    for path in desk.stage.home.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert made.secret.encode() not in content
        assert made.secret[5:].encode() not in content
        assert b"Photo booth of" not in content
    told = desk.library.audit().entry(len(desk.actions()) - 1)
    assert told.entry["action"] == "key-made"
    assert made.secret not in repr(told)


@pytest.mark.parametrize(
    "secret", ["", "mien_", "mien_" + "A" * 43, "Bearer", "\udc80", "mien_\udc80"]
)
def test_what_is_no_key_asks_for_nothing(desk: Desk, secret: str) -> None:
    desk.key("ann")
    assert desk.accounts.keys.find_caller(secret) is None


def test_a_key_without_bounds_has_those_of_its_owner(desk: Desk) -> None:
    desk.make("ben", Role.VIEWER, collections=["club"], purposes=["family-album"])
    caller = desk.accounts.keys.find_caller(desk.key("ben").secret)
    assert caller is not None
    assert caller.operations == {Operation.VIEW, Operation.ACCOUNT}
    assert caller.collections == frozenset({"club"})
    assert caller.purposes == frozenset({"family-album"})


@pytest.mark.parametrize(
    "terms",
    [
        {"operations": [Operation.OPERATE]},
        {"operations": [Operation.VIEW, Operation.AUDIT]},
        {"collections": ["club"]},
        {"purposes": ["press"]},
    ],
)
def test_no_key_is_made_for_more_than_its_owner_may(desk: Desk, terms: dict[str, object]) -> None:
    desk.make("ben", Role.SEARCHER, collections=["press"], purposes=["family-album"])
    draft = KeyDraft(**({"name": "k", "owner": "ben"} | terms))  # type: ignore[arg-type]
    answer = desk.accounts.keys.make(draft, by=EVERYTHING)
    assert answer == Verdict((Reason.MORE_THAN_YOURS,))
    assert list(desk.accounts.keys) == []


def test_no_key_is_made_for_more_than_whoever_makes_it_may(desk: Desk) -> None:
    """A key that may make keys makes none that is stronger than itself."""
    desk.make("boss", Role.ADMIN)
    weak = Rights(operations=frozenset({Operation.OPERATE, Operation.ACCOUNT}))
    for operations in (None, [Operation.SEARCH], [Operation.OPERATE, Operation.VIEW]):
        draft = KeyDraft(name="k", owner="boss", operations=operations)
        answer = desk.accounts.keys.make(draft, by=weak)
        assert answer == Verdict((Reason.MORE_THAN_YOURS,))


def test_a_key_loses_what_its_owner_loses(desk: Desk) -> None:
    made = desk.key("ann", operations=[Operation.VIEW, Operation.GRANT])
    keys, change = desk.accounts.keys, desk.accounts.change
    change("ann", UserChange(role=Role.SEARCHER, collections=["club"]), by=EVERYTHING)
    caller = keys.find_caller(made.secret)
    assert caller is not None
    assert caller.operations == {Operation.VIEW, Operation.ACCOUNT}
    assert caller.collections == frozenset({"club"})
    change("ann", UserChange(role=Role.AUDITOR), by=EVERYTHING)
    caller = keys.find_caller(made.secret)
    assert caller is not None
    assert caller.operations == {Operation.ACCOUNT}


def test_a_key_ends_with_its_owner(desk: Desk) -> None:
    made = desk.key("ann")
    desk.accounts.disable("ann", by=EVERYTHING)
    assert desk.accounts.keys.find_caller(made.secret) is None
    with pytest.raises(ConflictError, match="not in force"):
        desk.key("ann")
    desk.accounts.enable("ann", by=EVERYTHING)
    assert desk.accounts.keys.find_caller(made.secret) is not None


def test_a_key_expires(desk: Desk) -> None:
    made = desk.key("ann", days=2)
    desk.stage.now += timedelta(days=2, seconds=-1)
    assert desk.accounts.keys.find_caller(made.secret) is not None
    desk.stage.now += timedelta(seconds=1)
    assert desk.accounts.keys.find_caller(made.secret) is None


def test_a_key_is_revoked_for_good(desk: Desk) -> None:
    made = desk.key("ann")
    first = desk.accounts.keys.revoke(made.key.key_id, by=EVERYTHING)
    assert desk.accounts.keys.find_caller(made.secret) is None
    desk.stage.now += timedelta(hours=1)
    assert desk.accounts.keys.revoke(made.key.key_id, by=EVERYTHING) == first
    (kept,) = desk.accounts.keys
    assert kept == first
    assert desk.actions()[-2:] == ["key-revoked", "key-revoked"]


def test_nobody_revokes_a_key_that_may_more(desk: Desk) -> None:
    made = desk.key("ann")
    viewer = Rights(operations=frozenset({Operation.VIEW, Operation.ACCOUNT}))
    answer = desk.accounts.keys.revoke(made.key.key_id, by=viewer)
    assert answer == Verdict((Reason.MORE_THAN_YOURS,))
    assert desk.accounts.keys.find_caller(made.secret) is not None


def test_the_day_of_the_last_use_is_noted_and_no_more(desk: Desk) -> None:
    made = desk.key("ann")
    assert made.key.last_used_on is None
    desk.accounts.keys.find_caller(made.secret)
    desk.stage.now += timedelta(hours=3)
    desk.accounts.keys.find_caller(made.secret)
    used = desk.accounts.keys.get(made.key.key_id)
    assert used.last_used_on is not None
    assert used.last_used_on.isoformat() == "2030-05-01T00:00:00+00:00"
    assert used.is_vouched
    (kept,) = query(desk.stage.home / "catalog.db", "SELECT last_used_on FROM api_keys")
    assert kept % (24 * 3600 * 10**6) == 0


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"days": 0}, "from 1 to 366 days"),
        ({"days": 367}, "from 1 to 366 days"),
        ({"calls_a_minute": 0}, "times a minute"),
        ({"calls_a_minute": 10**6}, "times a minute"),
        ({"operations": []}, "at least one operation"),
        ({"name": ""}, "A name has"),
        ({"purposes": ["No Slug"]}, "is no purpose"),
        ({"owner": "nobody"}, "no such user"),
        ({"collections": ["nowhere"]}, "nowhere"),
    ],
)
def test_what_cannot_be_is_not_recorded(desk: Desk, terms: dict[str, object], said: str) -> None:
    with pytest.raises((SettingsError, NotFoundError), match=said):
        desk.key(**({"owner": "ann"} | terms))  # type: ignore[arg-type]
    assert list(desk.accounts.keys) == []


def test_there_is_no_key_of_that_id(desk: Desk) -> None:
    for call in (desk.accounts.keys.get, lambda k: desk.accounts.keys.revoke(k, by=EVERYTHING)):
        with pytest.raises(NotFoundError, match="mien keys list"):
            call("nothing")
