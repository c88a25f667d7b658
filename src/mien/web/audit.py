"""The pages of the audit log: what was done, in words; one entry; and the proof of all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from starlette.responses import Response

from mien.errors import AuditError
from mien.http.asking import Asking, needs
from mien.http.doorkeeper import accounts_of
from mien.permission.caller import Operation
from mien.permission.verdict import Reason
from mien.service.audit import refer_actor
from mien.service.audit_check import AuditReport
from mien.service.audit_log import AuditLog
from mien.service.audit_read import count_entries, list_checkpoints, read_range
from mien.web.filled import WHOLE, Filled, Typed
from mien.web.show import show, show_file

router = APIRouter(include_in_schema=False)

Auditing = Annotated[Asking, needs(Operation.AUDIT)]
Seq = Annotated[int, InPath(ge=0, le=2**53)]

_ON_A_PAGE = 50
_LAST_HEADS = 12


@router.get("/audit")
def list_entries(
    asking: Auditing, before: Annotated[int | None, Query(ge=1, le=2**53)] = None
) -> Response:
    """What was done, the newest first."""
    _open_log(asking)
    deployment = asking.library.parts.deployment
    size = count_entries(deployment)
    end = size if before is None else min(before, size)
    first = max(0, end - _ON_A_PAGE)
    return show(
        "audit",
        asking=asking,
        entries=read_range(deployment, first=first, limit=end - first)[::-1],
        names=_find_names(asking),
        size=size,
        first=first,
        newer=min(end + _ON_A_PAGE, size) if end < size else 0,
        reasons=_explanations(),
    )


@router.get("/audit/entries/{seq}")
def show_entry(asking: Auditing, seq: Seq) -> Response:
    """One entry with its details, as far as the keys exist that open them."""
    shown = _open_log(asking).entry(seq)
    return show(
        "audit_entry",
        asking=asking,
        entry=shown.entry,
        details=shown.details,
        matches=shown.matches,
        names=_find_names(asking),
        reasons=_explanations(),
    )


@router.get("/audit/proof")
def show_proof(asking: Auditing) -> Response:
    """How to check the log, and the heads that were signed."""
    _open_log(asking)
    return _show_proof(asking, Filled())


@router.post("/audit/proof")
def verify_log(asking: Auditing, typed: Typed) -> Response:
    """Checks everything, and says what that proves. It changes nothing."""
    log, kept = _open_log(asking), typed.text("kept")
    with asking.site.turnstile.enter():
        report = log.verify(against=f"{kept}\n" if kept else None)
    return _show_proof(asking, typed, report=report)


@router.post("/audit/checkpoint")
def sign_head(asking: Auditing) -> Response:
    """Signs the log as it is, as a file for somebody else to keep."""
    log = _open_log(asking)
    try:
        note = log.checkpoint() or ""
    except AuditError as error:  # a log that is not whole is not signed again
        return _show_proof(asking, Filled(errors={WHOLE: str(error)}))
    return show_file(note.encode(), name="checkpoint.txt")


def _open_log(asking: Asking) -> AuditLog:
    """The log is about everything that was done, so it is for those who may reach all of it."""
    asking.check_everywhere()
    return asking.library.audit()


def _show_proof(asking: Asking, form: Filled, *, report: AuditReport | None = None) -> Response:
    heads = list_checkpoints(asking.library.parts.deployment)
    return show(
        "audit_proof",
        asking=asking,
        status=form.status,
        form=form,
        heads=heads[: -_LAST_HEADS - 1 : -1],
        number=len(heads),
        key=asking.library.audit().verification_key,
        report=report,
        was_kept=bool(form.text("kept")),
    )


def _find_names(asking: Asking) -> Mapping[str, str]:
    """Whom the entries mean: their names by the reference that stands in an entry."""
    accounts = accounts_of(asking)
    deployment = asking.site.library.parts.deployment
    names = {one.actor: one.name for one in (*accounts.list(), *accounts.keys)}
    known = {deployment.actor: deployment.actor, "public": "public", **names}
    return known | {refer_actor(deployment, actor): name for actor, name in known.items()}


def _explanations() -> Mapping[str, str]:
    return {str(reason): reason.explanation for reason in Reason}
