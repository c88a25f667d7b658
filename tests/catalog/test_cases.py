"""Cases as rows: order, events, and what is left of one that was forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from catalog.samples import NOW, make_uuid, open_catalog
from mien.catalog.cases import (
    FORGOTTEN,
    NewCase,
    StoredEvent,
    add_case,
    append_event,
    count_remembered,
    find_case,
    find_closed,
    find_events,
    find_uuids,
    forget_cases,
    iter_cases,
    iter_remembered,
    name_case,
)
from mien.permission.case import CaseKind, CaseState

DAY = timedelta(days=1)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with open_catalog(tmp_path) as database, database.writing() as connection:
        yield connection


def add(connection: Connection, number: int, *, due_days: int = 30) -> int:
    new = NewCase(
        uuid=make_uuid(number),
        kind=CaseKind.ERASURE,
        opened_at=NOW,
        due_at=NOW + due_days * DAY,
        sealed=b"request %d" % number,
    )
    return add_case(connection, new)


def append(connection: Connection, case_id: int, *states: CaseState, first: int = 0) -> None:
    for number, state in enumerate(states, first):
        event = StoredEvent(number=number, state=state, at=NOW + number * DAY, sealed=b"event")
        append_event(connection, case_id, event=event)


def test_a_case_is_found_as_it_was_recorded(connection: Connection) -> None:
    case_id = add(connection, 7)
    found = find_case(connection, make_uuid(7))
    assert found is not None
    assert (found.id, found.uuid, found.kind) == (case_id, make_uuid(7), CaseKind.ERASURE)
    assert (found.opened_at, found.due_at) == (NOW, NOW + 30 * DAY)
    assert found.sealed == b"request 7"
    assert find_case(connection, make_uuid(8)) is None


def test_cases_come_by_their_deadline_and_then_as_they_came(connection: Connection) -> None:
    for number, days in ((1, 30), (2, 2), (3, 30), (4, 31)):
        add(connection, number, due_days=days)
    assert [case.uuid for case in iter_cases(connection)] == [
        make_uuid(number) for number in (2, 1, 3, 4)
    ]


def test_events_come_in_their_order_and_no_number_twice(connection: Connection) -> None:
    first, second = add(connection, 1), add(connection, 2)
    append(connection, first, CaseState.RECEIVED, CaseState.QUARANTINED)
    append(connection, second, CaseState.RECEIVED)
    events = find_events(connection, first)
    assert [(event.number, event.state) for event in events] == [
        (0, CaseState.RECEIVED),
        (1, CaseState.QUARANTINED),
    ]
    assert events[1].at == NOW + DAY
    with pytest.raises(IntegrityError), connection.begin_nested():
        append(connection, first, CaseState.DECIDED, first=1)
    assert len(find_events(connection, first)) == 2


def test_an_event_without_a_case_is_refused(connection: Connection) -> None:
    with pytest.raises(IntegrityError), connection.begin_nested():
        append(connection, 99, CaseState.RECEIVED)


@pytest.mark.parametrize(("days", "found"), [(0, False), (1, True), (2, True)])
def test_closed_cases_are_found_from_their_closing_on(
    connection: Connection, days: int, *, found: bool
) -> None:
    closed, still_open = add(connection, 1), add(connection, 2)
    append(connection, closed, CaseState.RECEIVED, CaseState.CLOSED)
    append(connection, still_open, CaseState.RECEIVED, CaseState.DECIDED)
    assert find_closed(connection, until=NOW + days * DAY) == ({closed} if found else set())


def test_a_forgotten_case_keeps_its_kind_and_its_times(connection: Connection) -> None:
    gone, stays = add(connection, 1), add(connection, 2)
    for case_id in (gone, stays):
        append(connection, case_id, CaseState.RECEIVED, CaseState.CLOSED)
    assert count_remembered(connection, [gone, stays]) == 2
    forget_cases(connection, [gone])
    found = find_case(connection, make_uuid(1))
    assert found is not None
    assert (found.kind, found.opened_at, found.sealed) == (CaseKind.ERASURE, NOW, FORGOTTEN)
    assert [(event.state, event.sealed) for event in find_events(connection, gone)] == [
        (CaseState.RECEIVED, FORGOTTEN),
        (CaseState.CLOSED, FORGOTTEN),
    ]
    assert find_events(connection, stays)[0].sealed == b"event"
    assert count_remembered(connection, [gone, stays]) == 1
    assert find_closed(connection, until=NOW + 9 * DAY) == {stays}
    assert list(iter_remembered(connection)) == [(stays, make_uuid(2))]
    assert find_uuids(connection, [gone, stays]) == [(stays, make_uuid(2))]


def test_the_vault_knows_a_case_by_a_name_that_says_what_it_is() -> None:
    assert name_case(make_uuid(1)) == f"case:{make_uuid(1)}"
