"""How cases move and when they are due: every kind, every state, every end of a month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mien.permission.case import (
    CaseKind,
    CaseState,
    due_at,
    is_undecided,
    may_counter,
    next_state,
)

HIDING = ("takedown", "objection", "erasure")
SHOWING = ("access", "rectification")


def path_of(kind: CaseKind) -> list[str]:
    state: CaseState | None = CaseState.RECEIVED
    passed: list[str] = []
    while state is not None:
        passed.append(state.value)
        assert len(passed) <= len(CaseState)
        state = next_state(kind, state)
    return passed


@pytest.mark.parametrize("kind", HIDING)
def test_what_hides_passes_through_quarantine(kind: str) -> None:
    states = ["received", "quarantined", "decided", "executed", "verified", "closed"]
    assert path_of(CaseKind(kind)) == states
    assert CaseKind(kind).hides


@pytest.mark.parametrize("kind", SHOWING)
def test_what_hides_nothing_is_decided_as_received(kind: str) -> None:
    assert path_of(CaseKind(kind)) == ["received", "decided", "executed", "verified", "closed"]
    assert not CaseKind(kind).hides


def test_every_kind_hides_or_does_not() -> None:
    assert sorted((*HIDING, *SHOWING)) == sorted(CaseKind)


@pytest.mark.parametrize("kind", CaseKind)
def test_nothing_follows_a_closed_case(kind: CaseKind) -> None:
    assert next_state(kind, CaseState.CLOSED) is None


def test_only_what_is_not_decided_is_undecided() -> None:
    assert [state.value for state in CaseState if is_undecided(state)] == [
        "received",
        "quarantined",
    ]


def test_the_other_side_is_heard_about_rights_and_before_the_decision() -> None:
    heard = {(kind, state) for kind in CaseKind for state in CaseState if may_counter(kind, state)}
    assert heard == {
        (CaseKind.TAKEDOWN, CaseState.RECEIVED),
        (CaseKind.TAKEDOWN, CaseState.QUARANTINED),
    }


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2030-05-01T12:00", "2030-06-01T12:00"),
        ("2030-01-31T23:59", "2030-02-28T23:59"),
        ("2028-01-31T23:59", "2028-02-29T23:59"),
        ("2028-01-29T00:00", "2028-02-29T00:00"),
        ("2030-03-31T08:00", "2030-04-30T08:00"),
        ("2030-02-28T08:00", "2030-03-28T08:00"),
        ("2030-11-30T08:00", "2030-12-30T08:00"),
        ("2030-12-31T08:00", "2031-01-31T08:00"),
        ("2099-12-01T08:00", "2100-01-01T08:00"),
        ("2100-01-31T08:00", "2100-02-28T08:00"),
    ],
)
@pytest.mark.parametrize("kind", ["access", "objection", "erasure", "rectification"])
def test_a_subject_is_answered_within_a_calendar_month(kind: str, received: str, due: str) -> None:
    assert due_at(CaseKind(kind), received_at=moment(received)) == moment(due)


def test_a_notice_of_rights_is_answered_within_thirty_days() -> None:
    received = moment("2030-01-31T08:00")
    assert due_at(CaseKind.TAKEDOWN, received_at=received) == received + timedelta(days=30)


@pytest.mark.parametrize("kind", CaseKind)
def test_intimate_images_are_answered_within_48_hours(kind: CaseKind) -> None:
    received = moment("2030-01-31T08:00")
    due = due_at(kind, received_at=received, is_intimate=True)
    assert due - received == timedelta(hours=48)


def test_a_deadline_keeps_its_zone() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    due = due_at(CaseKind.ACCESS, received_at=datetime(2030, 1, 31, 1, tzinfo=zone))
    assert due.isoformat() == "2030-02-28T01:00:00+05:30"
