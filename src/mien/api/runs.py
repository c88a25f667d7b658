"""`/v1/runs`: work that takes a while, how far it has come, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from mien.api.shapes import BodyIn, Text
from mien.errors import NotFoundError
from mien.http.asking import Asking, find_again, needs
from mien.http.idempotency import Once
from mien.http.paging import Paged
from mien.http.problem import check
from mien.permission.caller import Operation, may_operate, may_operate_everywhere, may_reach
from mien.permission.quality import QualityFilter
from mien.permission.verdict import Reason
from mien.service.collections import DEFAULT_COLLECTION
from mien.service.grant_reach import check_known
from mien.service.long_run import Asked, LongRun, RunKind
from mien.service.long_runs import Runs
from mien.service.requests import Outcome

router = APIRouter(prefix="/v1/runs", tags=["runs"])

_LOOKS_S = 0.2
_ELSEWHERE_S = 2.0
_HEARTBEAT_S = 15.0
_LONGEST_S = 3600.0
_ASKED_AGAIN_S = 5.0


class RunIn(BodyIn):
    """A run to be made.

    `add-folder` adds the photos at and below folders of the server that its operator allowed,
    `rescan` looks again at photos for whoever was enrolled since, `verify-log` checks the audit
    log. Photos that are handed in get their run by themselves (`POST /v1/uploads`).
    """

    kind: Literal["add-folder", "rescan", "verify-log"]
    grant: str = Field(default="", max_length=64)
    collection: str = Field(default=DEFAULT_COLLECTION, max_length=255)
    folders: list[Text] = Field(default=[], max_length=100)
    quality: QualityFilter = QualityFilter.NONE


class ReasonOut(BaseModel):
    """A stable code, and what it means."""

    code: str
    explanation: str


class FailedFileOut(BaseModel):
    """A file that gave no photo, and the code of why."""

    name: str
    reason: str


class ProgressOut(BaseModel):
    """What was counted so far. `total` is null until it is known.

    Of an audit log, `met` are its entries and `findings` what is wrong with it.
    """

    total: int | None
    met: int
    new: int
    known: int
    reopened: int
    faces: int
    ignored: int
    failed: int
    findings: int
    dropped: dict[str, int]
    refused: dict[str, int]
    a_second: float
    seconds_left: float | None


class ReportOut(BaseModel):
    """What is told in the end; of the files that failed, the first 200 by name."""

    failed: list[FailedFileOut]
    reasons: list[ReasonOut]
    message: str


class RunOut(BaseModel):
    """A run as it stands. `asked_by` is who asked for it, as the audit log knows them."""

    run_id: str
    kind: str
    state: str
    collection: str
    grant: str
    asked_by: str
    asked_at: AwareDatetime
    started_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    progress: ProgressOut
    report: ReportOut | None


class RunsOut(BaseModel):
    """Runs, the newest first."""

    items: list[RunOut]
    next_cursor: str | None


@router.post("", status_code=HTTPStatus.ACCEPTED)
def make_run(asking: Annotated[Asking, needs(Operation.ADD)], *, body: RunIn, once: Once) -> RunOut:
    """Ask for work that takes a while. It is done after what was asked for before."""
    kind = RunKind(body.kind)
    if kind is RunKind.ADD_FOLDER:
        asking.check(collection=body.collection)
        check_new_collection(asking, body.collection)
        check_known(asking.library.parts.deployment, asking.caller, grant_id=body.grant)
    else:
        asking.check_everywhere()
    if kind is RunKind.VERIFY_LOG:
        check(may_operate(asking.caller, Operation.AUDIT))
    is_adding = kind is RunKind.ADD_FOLDER
    asked = Asked(
        kind=kind,
        actor=asking.caller.actor,
        collection=body.collection if is_adding else "",
        grant_id=body.grant if is_adding else "",
        quality=body.quality,
        paths=tuple(body.folders) if is_adding else (),
    )
    runs = asking.site.runs

    def make() -> Outcome:
        return Outcome(HTTPStatus.ACCEPTED, f"/v1/runs/{runs.submit(asked).run_id}")

    outcome = once.do(asking, make)
    return describe_run(runs.get(outcome.location.rpartition("/")[-1]))


@router.get("")
def list_runs(asking: Annotated[Asking, needs(Operation.ADD)], paging: Paged) -> RunsOut:
    """All runs of what you may reach, the newest first; ended ones for 90 days."""
    runs = asking.site.runs
    items: list[RunOut] = []
    before = int(paging.after) if paging.after else None
    while page := runs.list(before=before, limit=paging.limit):
        for run in page:
            if len(items) == paging.limit:
                return RunsOut(items=items, next_cursor=paging.tell_next(str(before)))
            before = run.number
            if _may_see(asking, run):
                items.append(describe_run(run))
    return RunsOut(items=items, next_cursor=None)


@router.get("/{run_id}")
def get_run(asking: Annotated[Asking, needs(Operation.ADD)], run_id: str) -> RunOut:
    """One run, with how far it has come, and in the end with its report."""
    return describe_run(_get(asking, run_id))


@router.delete("/{run_id}")
def cancel_run(asking: Annotated[Asking, needs(Operation.ADD)], run_id: str) -> RunOut:
    """End a run as soon as can be. What it did stays; photos that still wait are destroyed."""
    _get(asking, run_id)
    return describe_run(asking.site.runs.cancel(run_id))


@router.get("/{run_id}/events", response_class=StreamingResponse)
async def stream_run(
    asking: Annotated[Asking, needs(Operation.ADD)], run_id: str, *, request: Request
) -> StreamingResponse:
    """The same as server-sent events: `progress`, five a second at most, and `end` at the end."""
    run = await run_in_threadpool(_get, asking, run_id)

    async def may_go_on() -> bool:
        again = await find_again(asking, request)
        return again is not None and _may_see(again, run)

    return StreamingResponse(
        iter_events(asking.site.runs, run, may_go_on=may_go_on),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _always() -> bool:
    return True


async def iter_events(
    runs: Runs, run: LongRun, *, may_go_on: Callable[[], Awaitable[bool]] = _always
) -> AsyncIterator[str]:
    """What becomes of a run, told whenever it changed; looking costs no thread and no query.

    It ends with the run, with the server, or after an hour; a browser then asks again. Whether
    it `may_go_on` is asked every five seconds: a key may be revoked while it is looked at.
    """
    clock = asyncio.get_running_loop().time
    began = said_at = asked_at = clock()
    number, told = 0, ""
    while True:
        content = describe_run(run).model_dump_json()
        if content != told:
            number, told, said_at = number + 1, content, clock()
            name = "end" if run.state.is_ended else "progress"
            yield f"id: {number}\nevent: {name}\ndata: {content}\n\n"
        elif clock() - said_at >= _HEARTBEAT_S:
            said_at = clock()
            yield ": still at it\n\n"
        if run.state.is_ended or runs.is_stopping or clock() - began > _LONGEST_S:
            return
        run = await _look_again(runs, run)
        if clock() - asked_at >= _ASKED_AGAIN_S:
            asked_at = clock()
            if not await may_go_on():
                return


async def _look_again(runs: Runs, run: LongRun) -> LongRun:
    known = runs.peek(run.run_id)
    if known is not None:
        await asyncio.sleep(_LOOKS_S)
        return runs.peek(run.run_id) or known
    await asyncio.sleep(_ELSEWHERE_S)  # another server is at it, and the catalog is asked
    return await run_in_threadpool(runs.get, run.run_id)


def check_new_collection(asking: Asking, name: str) -> None:
    """Raises a problem where adding would make a collection, and the caller may make none."""
    if all(one.name != name for one in asking.library.collections()):
        check(may_operate(asking.caller, Operation.GRANT))


def describe_run(run: LongRun) -> RunOut:
    """The run for an answer."""
    return RunOut(
        run_id=run.run_id,
        kind=run.asked.kind,
        state=run.state,
        collection=run.asked.collection,
        grant=run.asked.grant_id,
        asked_by=run.asked.actor,
        asked_at=run.asked_at,
        started_at=run.started_at,
        ended_at=run.ended_at,
        progress=_describe_progress(run),
        report=_describe_report(run) if run.state.is_ended else None,
    )


def _describe_progress(run: LongRun) -> ProgressOut:
    tally, left_s = run.tally, run.left_s
    return ProgressOut(
        total=tally.total,
        met=tally.photos_met,
        new=tally.photos_new,
        known=tally.photos_known,
        reopened=tally.reopened,
        faces=tally.faces,
        ignored=tally.ignored,
        failed=tally.failed,
        findings=tally.findings,
        dropped=dict(tally.dropped),
        refused=dict(tally.refused),
        a_second=round(run.a_second, 2),
        seconds_left=None if left_s is None else round(left_s, 1),
    )


def _describe_report(run: LongRun) -> ReportOut:
    codes = dict.fromkeys([*run.outcome.reasons, *run.tally.refused, *run.tally.dropped])
    known = {str(reason): reason for reason in Reason}
    return ReportOut(
        failed=[FailedFileOut(name=one.path, reason=one.reason) for one in run.outcome.failed],
        reasons=[
            ReasonOut(code=code, explanation=known[code].explanation if code in known else "")
            for code in codes
        ],
        message=run.outcome.message,
    )


def _get(asking: Asking, run_id: str) -> LongRun:
    """Raises `NotFoundError` for what the caller may not reach, too."""
    run = asking.site.runs.get(run_id)
    if not _may_see(asking, run):
        raise NotFoundError(f"There is no run {run_id} here.")
    return run


def _may_see(asking: Asking, run: LongRun) -> bool:
    if not run.asked.collection:
        return may_operate_everywhere(asking.caller).is_allowed
    return may_reach(asking.caller, run.asked.collection)
