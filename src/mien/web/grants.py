"""The pages of grants: who allowed what, what it brought in, and the forms to change that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from mien.catalog.photos import LocationState
from mien.errors import NotFoundError
from mien.http.asking import Asking, needs
from mien.permission.caller import Operation
from mien.permission.grant import Grant, GrantKind, may_apply
from mien.permission.use import Use
from mien.service.grant_reach import find_reach, may_change_grant, may_see_grant
from mien.service.grants import DEFAULT_USES, Narrowing
from mien.service.source_book import Source, SourceBook
from mien.web.filled import Filled, Typed, go
from mien.web.grant_form import read_draft
from mien.web.permission import BASES
from mien.web.show import show

router = APIRouter(include_in_schema=False)

Granting = Annotated[Asking, needs(Operation.GRANT)]

_IN_FORCE = "in-force"
_USUAL_DAYS = 365
_LONGEST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class GrantLine:
    """A grant in the list: how it stands, and how many photos it brought in."""

    grant: Grant
    state: str
    photos: int

    @property
    def last_day(self) -> date:
        """On which it holds, in UTC."""
        return _last_day_of(self.grant)


@router.get("/grants")
def list_grants(asking: Granting) -> Response:
    """All grants that the caller may know of, those in force first."""
    library = asking.library
    reach = find_reach(library.parts.deployment)
    photos = _count_photos(_list_sources(asking))
    lines = [
        GrantLine(one, _state_of(asking, one), photos.get(one.grant_id, 0))
        for one in reversed(library.grants())
        if may_see_grant(asking.caller, one, reach=reach)
    ]
    lines.sort(key=lambda line: line.state != _IN_FORCE)
    return show("grants", asking=asking, lines=lines)


@router.get("/grants/new")
def ask_for_grant(asking: Granting) -> Response:
    """The form to record one."""
    return _show_form(asking, Filled())


@router.post("/grants/new")
def record_grant(asking: Granting, typed: Typed) -> Response:
    """Records what the form says, and shows it."""
    draft = read_draft(asking, typed)
    if draft is not None:
        with typed.telling():
            return go(f"/grants/{asking.library.record(draft).grant_id}?told=recorded")
    return _show_form(asking, typed)


@router.get("/grants/{grant_id}")
def show_grant(asking: Granting, grant_id: UUID, *, told: str = "") -> Response:
    """One grant, its sources, and what can be done with it."""
    grant = _get(asking, grant_id)
    return show(
        "grant",
        asking=asking,
        grant=grant,
        state=_state_of(asking, grant),
        sources=_sources_of(asking, grant),
        last_day=_last_day_of(grant),
        deadline=_find_deadline(asking, grant),
        may_change=_may_change(asking, grant),
        told=told,
    )


@router.get("/grants/{grant_id}/narrow")
def ask_to_narrow(asking: Granting, grant_id: UUID) -> Response:
    """The form to let it allow less."""
    return _show_change(asking, _get_own(asking, grant_id), page="grant_narrow", form=Filled())


@router.post("/grants/{grant_id}/narrow")
def narrow_grant(asking: Granting, grant_id: UUID, *, typed: Typed) -> Response:
    """Lets it allow less from now on."""
    grant = _get_own(asking, grant_id)
    narrowing = Narrowing(
        scope=_kept(typed, "scope", held=grant.scope),
        purposes=_kept(typed, "purposes", held=sorted(grant.purposes)),
        uses=[Use(one) for one in _kept(typed, "uses", held=sorted(grant.uses))],
        until=typed.day("until"),
        retention_days=typed.number("retention_days", most=_LONGEST_DAYS),
    )
    if typed.is_sound:
        with typed.telling():
            asking.library.narrow(grant.grant_id, narrowing)
            return go(f"/grants/{grant.grant_id}?told=narrowed")
    return _show_change(asking, grant, page="grant_narrow", form=typed)


@router.get("/grants/{grant_id}/revoke")
def ask_to_revoke(asking: Granting, grant_id: UUID) -> Response:
    """What it means to withdraw it, before it is done."""
    return _show_change(asking, _get_own(asking, grant_id), page="grant_revoke", form=Filled())


@router.post("/grants/{grant_id}/revoke")
def revoke_grant(asking: Granting, grant_id: UUID) -> Response:
    """Withdraws it: nothing enters and nothing is found under it from now on."""
    grant = _get_own(asking, grant_id)
    asking.library.revoke(grant.grant_id)
    return go(f"/grants/{grant.grant_id}?told=revoked")


def _show_form(asking: Asking, form: Filled) -> Response:
    deployment = asking.library.parts.deployment
    return show(
        "grant_new",
        asking=asking,
        status=form.status,
        form=form,
        kinds=list(GrantKind),
        bases=BASES,
        uses=[one for one in Use if one is not Use.TRAIN],
        usual_uses=DEFAULT_USES,
        usual_until=(deployment.clock() + timedelta(days=_USUAL_DAYS)).date().isoformat(),
    )


def _show_change(asking: Asking, grant: Grant, *, page: str, form: Filled) -> Response:
    sources = _sources_of(asking, grant)
    return show(
        page,
        asking=asking,
        status=form.status,
        form=form,
        grant=grant,
        state=_state_of(asking, grant),
        photos=_count_photos(sources).get(grant.grant_id, 0),
        collections=sorted({source.collection for source in sources}),
        grace_days=asking.library.parts.terms.grace.days,
    )


def _get(asking: Asking, grant_id: UUID) -> Grant:
    """Raises `NotFoundError`, for one that the caller may not know of too."""
    grant = asking.library.get_grant(str(grant_id))
    reach = find_reach(asking.library.parts.deployment)
    if not may_see_grant(asking.caller, grant, reach=reach):
        raise NotFoundError(f"There is no grant {grant_id}.")
    return grant


def _get_own(asking: Asking, grant_id: UUID) -> Grant:
    """One that the caller may change: nothing goes from a collection or purpose not theirs."""
    grant = _get(asking, grant_id)
    reach = find_reach(asking.library.parts.deployment)
    for name in sorted(reach.get(grant.grant_id, ())):
        asking.check(collection=name)
    for purpose in sorted(grant.purposes):
        asking.check(purpose=purpose)
    return grant


def _may_change(asking: Asking, grant: Grant) -> bool:
    reach = find_reach(asking.library.parts.deployment)
    return may_change_grant(asking.caller, grant, reach=reach)


def _state_of(asking: Asking, grant: Grant) -> str:
    verdict = may_apply(grant, at=asking.library.parts.deployment.clock())
    return _IN_FORCE if verdict.is_allowed else str(verdict.reasons[0])


def _last_day_of(grant: Grant) -> date:
    return (grant.valid_until - timedelta(microseconds=1)).date()


def _list_sources(asking: Asking) -> list[Source]:
    return SourceBook(asking.library.parts, bounds=asking.caller.collections).list_sources()


def _sources_of(asking: Asking, grant: Grant) -> list[Source]:
    return [one for one in _list_sources(asking) if one.grant.grant_id == grant.grant_id]


def _count_photos(sources: Sequence[Source]) -> Mapping[str, int]:
    """Of each grant, those that are there: by place, so one in two collections counts twice."""
    counted: dict[str, int] = {}
    for source in sources:
        there = sum(folder.photos.get(LocationState.PRESENT, 0) for folder in source.folders)
        counted[source.grant.grant_id] = counted.get(source.grant.grant_id, 0) + there
    return counted


def _find_deadline(asking: Asking, grant: Grant) -> datetime | None:
    found = [one for one in asking.library.deadlines() if one.grant.grant_id == grant.grant_id]
    return found[0].erase_at if found else None


def _kept(typed: Filled, name: str, *, held: Sequence[str]) -> list[str]:
    """What stays ticked of what the grant allows; that something does is needed."""
    chosen = set(typed.many(name))
    kept = [one for one in held if one in chosen]
    if not kept:
        typed.errors.setdefault(name, "Leave at least one. To end all of it, withdraw the grant.")
    return kept
