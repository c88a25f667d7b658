"""Cases as they are known here: rows, opened with the key that each case has of its own.

Kind, deadline, number, state and time are bound into what they are sealed with: a row that
was edited does not open. Every event is entered into the audit log in its transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any
from uuid import uuid4

from mien.catalog import cases as rows
from mien.catalog.cases import FORGOTTEN, NewCase, StoredCase, StoredEvent, name_case
from mien.catalog.connect import Connection
from mien.errors import ConflictError, KeyDestroyedError, NotFoundError, TamperedError
from mien.permission.case import CaseKind, CaseState, Channel, due_at, next_state
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.case import About, Case, CaseEvent, CaseRequest, Details, Lookalike
from mien.service.deployment import Deployment
from mien.vault.notary import Owner


def record_case(
    deployment: Deployment, connection: Connection, *, kind: CaseKind, request: CaseRequest
) -> Case:
    """Records a case as received, with its deadline."""
    now = deployment.clock()
    due = due_at(kind, received_at=now, is_intimate=request.is_intimate)
    case = Case(
        id=0,
        case_id=str(uuid4()),
        kind=kind,
        opened_at=now,
        due_at=due,
        request=request,
        events=(),
    )
    sealed = _seal(deployment, case, content=asdict(request), context=_request_context(case))
    new = NewCase(uuid=case.case_id, kind=kind, opened_at=now, due_at=due, sealed=sealed)
    recorded = replace(case, id=rows.add_case(connection, new))
    facts: Details = {
        "kind": kind,
        "channel": request.channel,
        "due": audit.format_time(due),
    }
    seq = _enter(deployment, connection, case=recorded, action=Action.CASE_OPENED, facts=facts)
    return _append(
        deployment, connection, case=recorded, state=CaseState.RECEIVED, details={"audit": seq}
    )


def get_case(deployment: Deployment, connection: Connection, case_id: str) -> Case:
    """Raises `NotFoundError`, and `TamperedError` where a row is not what was written."""
    stored = rows.find_case(connection, case_id.strip().lower())
    if stored is None:
        raise NotFoundError(f"There is no case {case_id}. List them with: mien case list")
    return _open(deployment, connection, stored)


def iter_cases(deployment: Deployment, connection: Connection) -> Iterator[Case]:
    """All cases, the one that is due first before the others."""
    for stored in rows.iter_cases(connection):
        yield _open(deployment, connection, stored)


def move(
    deployment: Deployment, connection: Connection, case: Case, *, to: CaseState, details: Details
) -> Case:
    """Moves a case on. Raises `ConflictError` where that is not its next state."""
    if next_state(case.kind, case.state) is not to:
        raise ConflictError(
            f"The case {case.case_id} is {case.state} and cannot be {to} now. "
            f"See: mien case show {case.case_id}"
        )
    moved = _append(deployment, connection, case=case, state=to, details=details)
    facts: Details = {"state": to, "overdue": moved.is_overdue(deployment.clock())}
    if "granted" in details:
        facts = {**facts, "granted": details["granted"]}
    _enter(deployment, connection, case=moved, action=Action.CASE_MOVED, facts=facts)
    return moved


def note(
    deployment: Deployment, connection: Connection, case: Case, *, did: str, details: Details
) -> Case:
    """Adds to a case what does not move it. Raises `ConflictError` where it is closed."""
    if case.is_closed:
        raise ConflictError(
            f"The case {case.case_id} is closed. Open a new one with: mien case open"
        )
    noted = _append(
        deployment, connection, case=case, state=case.state, details={"did": did, **details}
    )
    _enter(deployment, connection, case=noted, action=Action.CASE_NOTED, facts={"did": did})
    return noted


def refer_case(deployment: Deployment, case_id: str) -> str:
    """What the audit log calls a case."""
    return deployment.vault.notary.refer("case", case_id)


def _enter(
    deployment: Deployment, connection: Connection, *, case: Case, action: Action, facts: Details
) -> int:
    event = Event(
        action=action,
        facts={"case": refer_case(deployment, case.case_id), **facts},
        note=Note({"case": case.case_id}, Owner(subject=name_case(case.case_id))),
    )
    return audit.append(deployment, connection, event=event)


def _append(
    deployment: Deployment,
    connection: Connection,
    *,
    case: Case,
    state: CaseState,
    details: Details,
) -> Case:
    event = CaseEvent(number=len(case.events), state=state, at=deployment.clock(), details=details)
    sealed = _seal(deployment, case, content=dict(details), context=_event_context(event))
    stored = StoredEvent(number=event.number, state=state, at=event.at, sealed=sealed)
    rows.append_event(connection, case.id, event=stored)
    return replace(case, events=(*case.events, event))


def _open(deployment: Deployment, connection: Connection, stored: StoredCase) -> Case:
    case = Case(
        id=stored.id,
        case_id=stored.uuid,
        kind=stored.kind,
        opened_at=stored.opened_at,
        due_at=stored.due_at,
        request=None,
        events=(),
    )
    events = tuple(
        _open_event(deployment, case, event=event)
        for event in rows.find_events(connection, stored.id)
    )
    content = _unseal(deployment, case, sealed=stored.sealed, context=_request_context(case))
    return replace(case, request=_parse_request(content) if content else None, events=events)


def _open_event(deployment: Deployment, case: Case, *, event: StoredEvent) -> CaseEvent:
    opened = CaseEvent(number=event.number, state=event.state, at=event.at, details={})
    content = _unseal(deployment, case, sealed=event.sealed, context=_event_context(opened))
    return replace(opened, details=content)


def _parse_request(content: Mapping[str, Any]) -> CaseRequest:
    about = content["about"]
    parsed = {
        "channel": Channel(content["channel"]),
        "about": About(**{**about, **{name: tuple(about[name]) for name in ("photos", "faces")}}),
        "lookalikes": tuple(Lookalike(**one) for one in content["lookalikes"]),
    }
    return CaseRequest(**{**content, **parsed})


def _seal(deployment: Deployment, case: Case, *, content: Mapping[str, Any], context: str) -> bytes:
    subject = name_case(case.case_id)
    # In ASCII: what a shell handed on may be no text, and is kept all the same.
    sealed = json.dumps(content).encode("ascii")
    return deployment.vault.subjects.seal(sealed, subject=subject, context=context)


def _unseal(deployment: Deployment, case: Case, *, sealed: bytes, context: str) -> dict[str, Any]:
    """What was sealed; nothing of a case that was forgotten."""
    if sealed == FORGOTTEN:
        return {}
    subject = name_case(case.case_id)
    try:
        content = deployment.vault.subjects.unseal(sealed, subject=subject, context=context)
    except KeyDestroyedError as error:
        raise KeyDestroyedError(
            f"The key of the case {case.case_id} is gone, though it is not over. Put back the "
            "newest keys."
        ) from error
    except TamperedError as error:
        raise TamperedError(
            f"The case {case.case_id} is not what was recorded here. Restore the newest catalog; "
            "the acknowledgement that was sent says when it came in and is due."
        ) from error
    opened: dict[str, Any] = json.loads(content)
    return opened


def _request_context(case: Case) -> str:
    times = ":".join(audit.format_time(moment) for moment in (case.opened_at, case.due_at))
    return f"request:{case.kind}:{times}"


def _event_context(event: CaseEvent) -> str:
    return f"event:{event.number}:{event.state}:{audit.format_time(event.at)}"
