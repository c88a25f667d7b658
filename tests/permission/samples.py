"""A grant that allows everything it can, to be changed one field at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from mien.permission.basis import Basis
from mien.permission.grant import Grant, GrantKind
from mien.permission.use import Use

FROM = datetime(2026, 1, 1, tzinfo=UTC)
UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)

PHOTO = "file:///photos/2026/ada.jpg"


def make_grant(**changes: Any) -> Grant:
    """A household grant on `/photos/` for `family-album`, in force through 2026."""
    fields: dict[str, Any] = {
        "grant_id": "8f14e45f-ceea-467f-ab2f-000000000001",
        "kind": GrantKind.OWNER_ASSERTION,
        "grantor": "Ada",
        "scope": ("file:///photos/",),
        "uses": frozenset({Use.STORE, Use.TEMPLATE, Use.SEARCH, Use.DISPLAY}),
        "purposes": frozenset({"family-album"}),
        "bases": frozenset({Basis.HOUSEHOLD}),
        "valid_from": FROM,
        "valid_until": UNTIL,
        "is_vouched": True,
    }
    return Grant(**(fields | changes))
