"""Access keys as decisions: who signs with one, how far, and what one may be bound to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mien.permission.access_key import (
    OPERATIONS,
    AccessKey,
    AccessTerms,
    call_as_access_key,
    may_bind,
)
from mien.permission.account import User
from mien.permission.basis import Basis
from mien.permission.caller import Operation, Role
from mien.permission.charter import Charter
from mien.permission.grant import Grant
from mien.permission.verdict import ALLOWED, Reason, Verdict
from permission.samples import NOON as NOW
from permission.samples import make_grant

DAY = timedelta(days=1)
TERMS = AccessTerms(grant_id="g", collections=frozenset({"people", "club"}), purpose="family-album")
KEY = AccessKey(
    access_key_id="MIEN0000000000000001",
    name="booth",
    owner_id="u",
    operations=frozenset({Operation.VIEW, Operation.SEARCH}),
    terms=TERMS,
    calls_a_minute=9,
    made_at=NOW,
    expires_at=NOW + DAY,
    is_vouched=True,
)
OWNER = User(user_id="u", name="Ann", role=Role.CURATOR, created_at=NOW, is_vouched=True)
GRANT = make_grant()
CHARTER = Charter(basis=Basis.HOUSEHOLD, is_vouched=True)


def test_a_key_is_a_caller_of_its_own() -> None:
    caller = call_as_access_key(KEY, owner=OWNER, at=NOW)
    assert caller is not None
    assert (caller.actor, caller.name) == ("access-key:MIEN0000000000000001", "booth")
    assert caller.operations == {Operation.VIEW, Operation.SEARCH, Operation.ACCOUNT}
    assert caller.collections == frozenset({"people", "club"})
    assert (caller.purposes, caller.calls_a_minute) == (frozenset({"family-album"}), 9)


@pytest.mark.parametrize(
    ("key", "owner"),
    [
        (replace(KEY, is_vouched=False), OWNER),
        (replace(KEY, revoked_at=NOW), OWNER),
        (replace(KEY, expires_at=NOW), OWNER),
        (replace(KEY, made_at=NOW + DAY), OWNER),
        (replace(KEY, owner_id="somebody else"), OWNER),
        (KEY, replace(OWNER, is_active=False)),
        (KEY, replace(OWNER, is_vouched=False)),
    ],
    ids=range(7),
)
def test_what_is_not_in_force_is_nobody(key: AccessKey, owner: User) -> None:
    assert call_as_access_key(key, owner=owner, at=NOW) is None


def test_a_key_may_no_more_than_its_owner_may_now() -> None:
    narrow = replace(
        OWNER, role=Role.VIEWER, collections=frozenset({"club"}), purposes=frozenset({"press"})
    )
    caller = call_as_access_key(KEY, owner=narrow, at=NOW)
    assert caller is not None
    assert caller.operations == {Operation.VIEW, Operation.ACCOUNT}
    assert caller.collections == frozenset({"club"})
    assert caller.purposes == frozenset()


def test_no_key_looks_after_accounts_or_confirms_anybody() -> None:
    wide = replace(KEY, operations=frozenset(Operation))
    caller = call_as_access_key(wide, owner=replace(OWNER, role=Role.ADMIN), at=NOW)
    assert caller is not None
    assert caller.operations == OPERATIONS | {Operation.ACCOUNT}
    assert not OPERATIONS & {
        *(Operation.OPERATE, Operation.ACCOUNT, Operation.AUDIT, Operation.SHARE),
        *(Operation.JUDGE, Operation.ENROL),
    }


def test_a_key_is_bound_to_a_grant_in_force_for_its_purpose() -> None:
    assert may_bind(GRANT, purpose="family-album", charters=[CHARTER], at=NOW) == ALLOWED
    assert may_bind(GRANT, purpose="family-album", charters=[], at=NOW) == ALLOWED


@pytest.mark.parametrize(
    ("grant", "purpose", "charter", "reason"),
    [
        (None, "family-album", CHARTER, Reason.NO_GRANT),
        (replace(GRANT, is_vouched=False), "family-album", CHARTER, Reason.GRANT_CHANGED),
        (replace(GRANT, revoked_at=NOW), "family-album", CHARTER, Reason.GRANT_REVOKED),
        (replace(GRANT, valid_until=NOW), "family-album", CHARTER, Reason.GRANT_EXPIRED),
        (GRANT, "press", CHARTER, Reason.PURPOSE_NOT_GRANTED),
        (GRANT, "", CHARTER, Reason.NO_PURPOSE),
        (GRANT, "emotion-recognition", CHARTER, Reason.PROHIBITED_PURPOSE),
        (
            GRANT,
            "family-album",
            replace(CHARTER, purposes=frozenset({"press"})),
            Reason.PURPOSE_NOT_OF_COLLECTION,
        ),
        (
            GRANT,
            "family-album",
            replace(CHARTER, basis=Basis.ENROLLED_ONLY),
            Reason.BASIS_MISMATCH,
        ),
    ],
    ids=range(9),
)
def test_a_key_that_would_be_refused_everything_is_not_made(
    grant: Grant | None, purpose: str, *, charter: Charter, reason: Reason
) -> None:
    verdict = may_bind(grant, purpose=purpose, charters=[CHARTER, charter], at=NOW)
    assert verdict == Verdict((reason,))
