"""Who confirms a match, and what may be looked at without searching."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mien.permission.basis import Basis
from mien.permission.grant import may_browse
from mien.permission.judgement import may_confirm
from mien.permission.use import Use
from mien.permission.verdict import Reason
from permission.samples import make_grant

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("actor", ["user:8f14e45f", "ann"])
def test_people_confirm(actor: str) -> None:
    assert may_confirm(actor).is_allowed


@pytest.mark.parametrize("actor", ["key:8f14e45f", "access-key:MIEN", "link:8f14e45f", "key:"])
def test_nobody_confirms_in_their_place(actor: str) -> None:
    assert may_confirm(actor).reasons == (Reason.NOT_A_PERSON,)


def test_what_may_be_displayed_is_browsed_for_no_purpose() -> None:
    grant = make_grant(uses=frozenset({Use.DISPLAY}), purposes=frozenset(), is_vouched=True)
    assert may_browse(grant, basis=Basis.HOUSEHOLD, at=NOON).is_allowed


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"uses": frozenset(Use) - {Use.DISPLAY}}, Reason.USE_NOT_GRANTED),
        ({"bases": frozenset({Basis.DOCUMENTED_BASIS})}, Reason.BASIS_MISMATCH),
        ({"revoked_at": NOON + timedelta(days=1)}, Reason.GRANT_REVOKED),
        ({"valid_until": NOON}, Reason.GRANT_EXPIRED),
        ({"valid_from": NOON + timedelta(days=1)}, Reason.GRANT_NOT_YET_VALID),
        ({"is_vouched": False}, Reason.GRANT_CHANGED),
    ],
)
def test_what_ends_a_grant_ends_browsing(changes: dict[str, object], reason: Reason) -> None:
    grant = make_grant(**{"uses": frozenset(Use), "is_vouched": True, **changes})
    assert may_browse(grant, basis=Basis.HOUSEHOLD, at=NOON).reasons == (reason,)
