"""What the properties draw from: grants of every sort, and moments around their edges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from mien.permission.basis import Basis
from mien.permission.grant import Grant, GrantKind
from mien.permission.use import Use
from permission.samples import make_grant

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)

PURPOSES = ("family-album", "press", "yearbook")

# Few days, so that moments fall on the very edges of grants.
moments = st.integers(0, 6).map(lambda days: START + days * DAY)
purposes = st.sampled_from([*PURPOSES, "", "Press"])
bases = st.sampled_from(Basis)
scopes = st.lists(
    st.sampled_from(["file:///photos/", "file:///photos/a.jpg", "https://a.example/", "photos/"]),
    max_size=2,
).map(tuple)


@st.composite
def generous_grants(draw: st.DrawFn) -> Grant:
    """Grants that mostly allow something, so that what they allow can be compared."""
    return make_grant(
        uses=frozenset({Use.SEARCH, *draw(st.sets(st.sampled_from(Use)))}),
        purposes=frozenset({PURPOSES[0], *draw(st.sets(st.sampled_from(PURPOSES)))}),
        valid_from=START,
        valid_until=START + draw(st.integers(3, 9)) * DAY,
        retention=draw(st.none() | st.integers(1, 3).map(lambda days: days * DAY)),
        revoked_at=draw(st.none() | st.none() | st.none() | moments),
        is_vouched=draw(st.booleans() | st.just(True)),
    )


@st.composite
def grants(draw: st.DrawFn) -> Grant:
    return make_grant(
        kind=draw(st.sampled_from(GrantKind)),
        scope=draw(scopes),
        uses=frozenset(draw(st.sets(st.sampled_from(Use)))),
        purposes=frozenset(draw(st.sets(st.sampled_from(PURPOSES)))),
        bases=frozenset(draw(st.sets(bases))),
        is_vouched=draw(st.booleans()),
        valid_from=draw(moments),
        valid_until=draw(moments),
        retention=draw(st.none() | st.integers(1, 3).map(lambda days: days * DAY)),
        revoked_at=draw(st.none() | moments),
    )
