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


class CaseRecord:
    """The cases of a deployment, in one transaction of its catalog."""

    def __init__(self, deployment: Deployment, connection: Connection) -> None:
        self.deployment = deployment
        self.connection = connection

    def add(self, kind: CaseKind, request: CaseRequest) -> Case:
        """Records a case as received, with its deadline."""
        now = self.deployment.clock()
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
        sealed = self._seal(case, asdict(request), context=_request_context(case))
        new = NewCase(uuid=case.case_id, kind=kind, opened_at=now, due_at=due, sealed=sealed)
        case = replace(case, id=rows.add_case(self.connection, new))
        facts: Details = {
            "kind": kind,
            "channel": request.channel,
            "due": audit.format_time(due),
        }
        seq = self._enter(case, Action.CASE_OPENED, facts=facts)
        return self._append(case, CaseState.RECEIVED, details={"audit": seq})

    def get(self, case_id: str) -> Case:
        """Raises `NotFoundError`, and `TamperedError` where a row is not what was written."""
        stored = rows.find_case(self.connection, case_id.strip().lower())
        if stored is None:
            raise NotFoundError(f"There is no case {case_id}. List them with: mien case list")
        return self._open(stored)

    def iter_cases(self) -> Iterator[Case]:
        """All cases, the one that is due first before the others."""
        for stored in rows.iter_cases(self.connection):
            yield self._open(stored)

    def move(self, case: Case, *, to: CaseState, details: Details) -> Case:
        """Moves a case on. Raises `ConflictError` where that is not its next state."""
        if next_state(case.kind, case.state) is not to:
            raise ConflictError(
                f"The case {case.case_id} is {case.state} and cannot be {to} now. "
                f"See: mien case show {case.case_id}"
            )
        moved = self._append(case, to, details=details)
        facts: Details = {"state": to, "overdue": moved.is_overdue(self.deployment.clock())}
        if "granted" in details:
            facts = {**facts, "granted": details["granted"]}
        self._enter(moved, Action.CASE_MOVED, facts=facts)
        return moved

    def note(self, case: Case, *, did: str, details: Details) -> Case:
        """Adds to a case what does not move it. Raises `ConflictError` where it is closed."""
        if case.is_closed:
            raise ConflictError(
                f"The case {case.case_id} is closed. Open a new one with: mien case open"
            )
        noted = self._append(case, case.state, details={"did": did, **details})
        self._enter(noted, Action.CASE_NOTED, facts={"did": did})
        return noted

    def refer(self, case: Case) -> str:
        """What the audit log calls a case."""
        return self.deployment.vault.notary.refer("case", case.case_id)

    def _enter(self, case: Case, action: Action, *, facts: Details) -> int:
        event = Event(
            action=action,
            facts={"case": self.refer(case), **facts},
            note=Note({"case": case.case_id}, Owner(subject=name_case(case.case_id))),
        )
        return audit.append(self.deployment, self.connection, event=event)

    def _append(self, case: Case, state: CaseState, *, details: Details) -> Case:
        now = self.deployment.clock()
        event = CaseEvent(number=len(case.events), state=state, at=now, details=details)
        sealed = self._seal(case, details, context=_event_context(event))
        stored = StoredEvent(number=event.number, state=state, at=now, sealed=sealed)
        rows.append_event(self.connection, case.id, event=stored)
        return replace(case, events=(*case.events, event))

    def _open(self, stored: StoredCase) -> Case:
        case = Case(
            id=stored.id,
            case_id=stored.uuid,
            kind=stored.kind,
            opened_at=stored.opened_at,
            due_at=stored.due_at,
            request=None,
            events=(),
        )
        found = rows.find_events(self.connection, stored.id)
        events = tuple(self._open_event(case, event) for event in found)
        content = self._unseal(case, stored.sealed, context=_request_context(case))
        return replace(case, request=_parse_request(content) if content else None, events=events)

    def _open_event(self, case: Case, stored: StoredEvent) -> CaseEvent:
        event = CaseEvent(number=stored.number, state=stored.state, at=stored.at, details={})
        content = self._unseal(case, stored.sealed, context=_event_context(event))
        return replace(event, details=content)

    def _seal(self, case: Case, content: Mapping[str, Any], *, context: str) -> bytes:
        # In ASCII: what a shell handed on may be no text, and is kept all the same.
        document = json.dumps(dict(content)).encode("ascii")
        subject = name_case(case.case_id)
        return self.deployment.vault.subjects.seal(document, subject=subject, context=context)

    def _unseal(self, case: Case, sealed: bytes, *, context: str) -> dict[str, Any]:
        """What was sealed; nothing of a case that was forgotten."""
        if sealed == FORGOTTEN:
            return {}
        subject = name_case(case.case_id)
        try:
            content = self.deployment.vault.subjects.unseal(
                sealed, subject=subject, context=context
            )
        except KeyDestroyedError as error:
            raise KeyDestroyedError(
                f"The key of the case {case.case_id} is gone, though it is not over. Put back the "
                "newest keys."
            ) from error
        except TamperedError as error:
            raise TamperedError(
                f"The case {case.case_id} is not what was recorded here. Restore the newest "
                "catalog; the acknowledgement that was sent says when it came in and is due."
            ) from error
        opened: dict[str, Any] = json.loads(content)
        return opened


def _parse_request(content: Mapping[str, Any]) -> CaseRequest:
    about = content["about"]
    parsed = {
        "channel": Channel(content["channel"]),
        "about": About(**{**about, **{name: tuple(about[name]) for name in ("photos", "faces")}}),
        "lookalikes": tuple(Lookalike(**one) for one in content["lookalikes"]),
    }
    return CaseRequest(**{**content, **parsed})


def _request_context(case: Case) -> str:
    times = ":".join(audit.format_time(moment) for moment in (case.opened_at, case.due_at))
    return f"request:{case.kind}:{times}"


def _event_context(event: CaseEvent) -> str:
    return f"event:{event.number}:{event.state}:{audit.format_time(event.at)}"
