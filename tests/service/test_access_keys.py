"""Access keys: bound to a grant, collections and one purpose, with a secret that lies nowhere."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from mien.errors import ConflictError, NotFoundError, SettingsError
from mien.permission.access_key import OPERATIONS
from mien.permission.account import EVERYTHING, Rights
from mien.permission.basis import Basis
from mien.permission.caller import Operation, Role
from mien.permission.verdict import Reason, Verdict
from mien.service.access_keys import AccessKeys, MadeAccess, Signing
from mien.service.account_drafts import AccessDraft, UserChange, UserDraft
from service.desk import Desk
from service.stage import PURPOSE, Stage, query


@pytest.fixture
def desk(stage: Stage) -> Iterator[Desk]:
    with stage.open() as library:
        desk = Desk(stage, library)
        desk.make("ann", Role.CURATOR)
        yield desk


@pytest.fixture
def grant_id(desk: Desk) -> str:
    return desk.stage.grant(desk.library)


@pytest.fixture
def made(desk: Desk, grant_id: str) -> MadeAccess:
    return desk.access_key("ann", grant_id=grant_id)


def find(desk: Desk, made: MadeAccess) -> Signing | None:
    return desk.accounts.access_keys.find(made.key.access_key_id)


def try_making(desk: Desk, **terms: Any) -> object:
    draft = {"name": "gate", "owner": "ann", "collections": ["people"], "purpose": PURPOSE}
    return desk.accounts.access_keys.make(AccessDraft(**(draft | terms)), by=EVERYTHING)


def test_a_key_looks_like_one_of_amazons(made: MadeAccess) -> None:
    assert re.fullmatch(r"MIEN[A-Z0-9]{16}", made.key.access_key_id)
    assert re.fullmatch(r"[A-Za-z0-9_-]{40}", made.secret)
    assert made.secret not in repr(made)


def test_a_key_signs_for_its_owner(desk: Desk, made: MadeAccess, grant_id: str) -> None:
    found = find(desk, made)
    assert found is not None
    assert found.secret == made.secret
    assert made.secret not in repr(found)
    assert found.caller.actor == f"access-key:{made.key.access_key_id}"
    assert found.caller.operations == OPERATIONS | {Operation.ACCOUNT}
    assert found.caller.purposes == frozenset({PURPOSE})
    assert (found.terms.grant_id, found.terms.purpose) == (grant_id, PURPOSE)
    assert found.terms.collections == found.caller.collections == frozenset({"people"})


def test_every_key_has_a_secret_of_its_own(desk: Desk, made: MadeAccess, grant_id: str) -> None:
    other = desk.access_key("ann", grant_id=grant_id)
    assert other.key.access_key_id != made.key.access_key_id
    assert other.secret != made.secret


def test_the_secret_is_the_same_when_the_server_begins_again(desk: Desk, made: MadeAccess) -> None:
    desk.library.close()
    with desk.stage.open() as library:
        found = AccessKeys(library.parts.deployment).find(made.key.access_key_id)
        assert found is not None
        assert found.secret == made.secret


def test_the_secret_is_kept_nowhere(desk: Desk, grant_id: str) -> None:
    made = desk.access_key("ann", grant_id=grant_id, name="Gate of Ann Ek")
    find(desk, made)
    for path in desk.stage.home.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert made.secret.encode() not in content
        assert b"Gate of Ann" not in content
    told = desk.library.audit().entry(len(desk.actions()) - 1)
    assert (told.entry["action"], told.entry["purpose"]) == ("access-key-made", PURPOSE)
    assert made.secret not in repr(told)
    assert "Gate of Ann" not in repr(told.entry)


@pytest.mark.parametrize(
    "key_id", ["", "MIEN", "MIEN0000000000000000", "mien", "\udc80", "MIEN\x00", "' OR 1=1 --"]
)
def test_what_is_no_key_is_nobodys(desk: Desk, made: MadeAccess, key_id: str) -> None:
    assert desk.accounts.access_keys.find(key_id) is None
    assert desk.accounts.access_keys.find(made.key.access_key_id.lower()) is None


def test_a_collection_need_not_be_there_yet(desk: Desk, grant_id: str) -> None:
    made = desk.access_key("ann", grant_id=grant_id, collections=["new", "newer", "new"])
    assert made.key.terms.collections == {"new", "newer"}


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"collections": []}, "from 1 to 100 collections"),
        ({"collections": [f"c{n}" for n in range(101)]}, "from 1 to 100 collections"),
        ({"collections": ["the family"]}, "no name that Amazon's interface knows"),
        ({"collections": ["a" * 256]}, "no name that Amazon's interface knows"),
        ({"purpose": "No Slug"}, "is no purpose"),
        ({"purpose": ""}, "is no purpose"),
        ({"operations": []}, "at least one operation"),
        ({"operations": [Operation.OPERATE]}, "add, case, grant, search, view"),
        ({"operations": [Operation.VIEW, Operation.JUDGE]}, "these operations alone"),
        ({"days": 0}, "from 1 to 366 days"),
        ({"days": 367}, "from 1 to 366 days"),
        ({"calls_a_minute": 0}, "times a minute"),
        ({"name": ""}, "A name has"),
        ({"owner": "nobody"}, "no such user"),
        ({"grant_id": "nothing"}, "no grant"),
    ],
    ids=range(15),
)
def test_what_cannot_be_is_not_recorded(
    desk: Desk, grant_id: str, terms: dict[str, object], *, said: str
) -> None:
    with pytest.raises((SettingsError, NotFoundError), match=said):
        try_making(desk, **({"grant_id": grant_id} | terms))
    assert list(desk.accounts.access_keys) == []
    assert "access-key-made" not in desk.actions()


def test_no_key_is_made_for_what_its_grant_does_not_allow(desk: Desk, grant_id: str) -> None:
    answer = try_making(desk, grant_id=grant_id, purpose="press")
    assert answer == Verdict((Reason.PURPOSE_NOT_GRANTED,))
    desk.library.create_collection("news", basis=Basis.HOUSEHOLD, purposes=["press"])
    answer = try_making(desk, grant_id=grant_id, collections=["people", "news"])
    assert answer == Verdict((Reason.PURPOSE_NOT_OF_COLLECTION,))
    desk.library.revoke(grant_id)
    assert try_making(desk, grant_id=grant_id) == Verdict((Reason.GRANT_REVOKED,))
    other = desk.stage.grant(desk.library, days=1)
    desk.stage.now += timedelta(days=3)
    assert try_making(desk, grant_id=other) == Verdict((Reason.GRANT_EXPIRED,))


@pytest.mark.parametrize(
    "terms",
    [
        {"collections": ["people", "club"]},
        {"purpose": "press"},
        {"operations": [Operation.ADD]},
        {"operations": [Operation.VIEW, Operation.CASE]},
    ],
)
def test_no_key_is_made_for_more_than_its_owner_may(
    desk: Desk, grant_id: str, terms: dict[str, object]
) -> None:
    for name in ("people", "club"):
        desk.library.create_collection(name, basis=Basis.HOUSEHOLD)
    desk.make("ben", Role.SEARCHER, collections=["people"], purposes=[PURPOSE])
    answer = try_making(desk, grant_id=grant_id, owner="ben", **terms)
    assert answer == Verdict((Reason.MORE_THAN_YOURS,))


def test_no_key_is_made_for_more_than_whoever_makes_it_may(desk: Desk, grant_id: str) -> None:
    weak = Rights(operations=frozenset({Operation.OPERATE, Operation.VIEW}))
    draft = AccessDraft(
        name="gate", owner="ann", grant_id=grant_id, collections=["people"], purpose=PURPOSE
    )
    answer = desk.accounts.access_keys.make(draft, by=weak)
    assert answer == Verdict((Reason.MORE_THAN_YOURS,))


def test_a_key_for_whatever_its_owner_may_is_for_what_a_key_is_for(
    desk: Desk, grant_id: str
) -> None:
    desk.make("ben", Role.SEARCHER)
    made = desk.access_key("ben", grant_id=grant_id)
    assert made.key.operations == {Operation.VIEW, Operation.SEARCH}
    desk.make("aud", Role.AUDITOR)
    with pytest.raises(SettingsError, match="may do nothing that an access key is for"):
        desk.access_key("aud", grant_id=grant_id)


def test_a_key_loses_what_its_owner_loses(desk: Desk, made: MadeAccess) -> None:
    desk.library.create_collection("club", basis=Basis.HOUSEHOLD)
    change = UserChange(role=Role.VIEWER, collections=["club"], purposes=["press"])
    desk.accounts.change("ann", change, by=EVERYTHING)
    found = find(desk, made)
    assert found is not None
    assert found.caller.operations == {Operation.VIEW, Operation.ACCOUNT}
    assert found.caller.collections == found.terms.collections == frozenset()
    assert found.caller.purposes == frozenset()


def test_a_key_rests_while_its_owner_is_disabled(desk: Desk, made: MadeAccess) -> None:
    desk.accounts.disable("ann", by=EVERYTHING)
    assert find(desk, made) is None
    with pytest.raises(ConflictError, match="not in force"):
        desk.access_key("ann", grant_id=made.key.terms.grant_id)
    desk.accounts.enable("ann", by=EVERYTHING)
    assert find(desk, made) is not None


def test_a_key_ends_where_its_owner_begins_anew(desk: Desk, made: MadeAccess) -> None:
    query(desk.stage.home / "catalog.db", "UPDATE users SET role = 'admin'")
    desk.accounts.invite(UserDraft(name="ann", role=Role.CURATOR), by=EVERYTHING)
    assert find(desk, made) is None
    (kept,) = desk.accounts.access_keys
    assert kept.revoked_at is not None


def test_a_key_expires(desk: Desk, grant_id: str) -> None:
    made = desk.access_key("ann", grant_id=grant_id, days=2)
    desk.stage.now += timedelta(days=2, seconds=-1)
    assert find(desk, made) is not None
    desk.stage.now += timedelta(seconds=1)
    assert find(desk, made) is None


def test_a_key_is_revoked_for_good(desk: Desk, made: MadeAccess) -> None:
    keys, key_id = desk.accounts.access_keys, made.key.access_key_id
    first = keys.revoke(key_id, by=EVERYTHING)
    assert find(desk, made) is None
    desk.stage.now += timedelta(hours=1)
    assert keys.revoke(key_id, by=EVERYTHING) == first
    assert keys.get(key_id) == first
    assert desk.actions()[-2:] == ["access-key-revoked", "access-key-revoked"]


def test_nobody_revokes_a_key_that_may_more(desk: Desk, made: MadeAccess) -> None:
    viewer = Rights(operations=frozenset({Operation.VIEW}))
    answer = desk.accounts.access_keys.revoke(made.key.access_key_id, by=viewer)
    assert answer == Verdict((Reason.MORE_THAN_YOURS,))
    assert find(desk, made) is not None


def test_the_day_of_the_last_use_is_noted_and_no_more(desk: Desk, made: MadeAccess) -> None:
    keys, key_id = desk.accounts.access_keys, made.key.access_key_id
    assert keys.get(key_id).last_used_on is None
    for _ in range(2):
        keys.note_use(key_id)
    keys.note_use("MIEN")
    used = keys.get(key_id)
    assert used.last_used_on is not None
    assert used.last_used_on.isoformat() == "2030-05-01T00:00:00+00:00"
    assert used.is_vouched


def test_there_is_no_key_of_that_id(desk: Desk) -> None:
    keys = desk.accounts.access_keys
    for call in (keys.get, lambda key_id: keys.revoke(key_id, by=EVERYTHING)):
        with pytest.raises(NotFoundError, match="mien access-keys list"):
            call("MIEN")


EDITS: list[tuple[str, object]] = [
    ("user_id", 2),
    ("grant_uuid", "8f14e45f-ceea-467f-ab2f-00000000f0f0"),
    ("operations", '["add", "case", "grant", "search", "view", "operate"]'),
    ("operations", "[]"),
    ("collections", '["club", "people"]'),
    ("collections", "{"),
    ("purpose", "press"),
    ("calls_a_minute", 10**6),
    ("calls_a_minute", "many"),
    ("expires_at", 2**52),
    ("made_at", 0),
    ("name", b"x"),
    ("id", 7),
]


def test_a_key_whose_row_was_edited_signs_nothing(desk: Desk, made: MadeAccess) -> None:
    desk.make("ben", Role.ADMIN)
    catalog = desk.stage.home / "catalog.db"
    for column, value in EDITS:
        assert find(desk, made) is not None
        (kept,) = query(catalog, f"SELECT {column} FROM access_keys")  # noqa: S608  (columns above)
        query(catalog, f"UPDATE access_keys SET {column} = ?", value)  # noqa: S608
        assert find(desk, made) is None, column
        query(catalog, f"UPDATE access_keys SET {column} = ?", kept)  # noqa: S608


def test_a_key_of_another_id_is_not_made_by_hand(desk: Desk, made: MadeAccess) -> None:
    catalog, forged = desk.stage.home / "catalog.db", "MIEN0000000000000000"
    query(catalog, "UPDATE access_keys SET key_id = ?", forged)
    assert desk.accounts.access_keys.find(forged) is None
    assert find(desk, made) is None


def test_an_old_catalog_brings_no_revoked_key_back(desk: Desk, made: MadeAccess) -> None:
    desk.library.parts.deployment.database.scrub()
    backup = desk.stage.folder / "backup.db"
    shutil.copy(desk.stage.home / "catalog.db", backup)
    desk.accounts.access_keys.revoke(made.key.access_key_id, by=EVERYTHING)
    desk.library.close()
    for path in desk.stage.home.glob("catalog.db*"):
        path.unlink()
    shutil.copy(backup, desk.stage.home / "catalog.db")
    with desk.stage.open() as library:
        keys = AccessKeys(library.parts.deployment)
        assert keys.find(made.key.access_key_id) is None
        (kept,) = keys
        assert (kept.revoked_at, kept.is_vouched) == (None, False)
