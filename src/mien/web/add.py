"""`/add`: photos from a browser or a folder of the server, and the runs that add them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from mien.http.asking import Asking, needs
from mien.permission.caller import Operation, may_reach
from mien.permission.grant import Grant, may_apply
from mien.permission.use import ADDING
from mien.service.collections import DEFAULT_COLLECTION, CollectionSummary
from mien.service.grant_reach import find_reach, may_see_grant
from mien.service.long_run import LongRun
from mien.sources.address import find_shelf, path_of
from mien.web.days import last_day
from mien.web.show import show

router = APIRouter(include_in_schema=False)

_RUNS_SHOWN = 8
_A_LOOK = 50


@router.get("/add")
def show_add(asking: Annotated[Asking, needs(Operation.ADD)], grant: str = "") -> Response:
    """The page; with a grant, that one is chosen."""
    collections = [
        one for one in asking.library.collections() if may_reach(asking.caller, one.name)
    ]
    grants = [_tell(one, collections=collections) for one in _list_usable(asking)]
    names = [one.name for one in asking.library.collections()]
    return show(
        "add",
        asking=asking,
        section="add",
        grants=grants,
        chosen=grant,
        may_make=Operation.GRANT in asking.caller.operations,
        suggestion="" if DEFAULT_COLLECTION in names else DEFAULT_COLLECTION,
        folders=[str(folder) for folder in asking.library.settings.find_served_folders()],
        limits={
            "bytes": asking.library.settings.max_upload_bytes,
            "files": asking.library.settings.max_upload_files,
        },
        runs=_list_runs(asking),
    )


def _list_usable(asking: Asking) -> Sequence[Grant]:
    """Grants in force that allow adding, the newest first."""
    deployment = asking.library.parts.deployment
    reach, at = find_reach(deployment), deployment.clock()
    return [
        one
        for one in reversed(asking.library.grants())
        if may_see_grant(asking.caller, one, reach=reach)
        and may_apply(one, at=at).is_allowed
        and one.uses.issuperset(ADDING)
    ]


def _tell(grant: Grant, *, collections: Sequence[CollectionSummary]) -> dict[str, Any]:
    """What the page asks a grant about: where photos may come from, and into which collections."""
    return {
        "id": grant.grant_id,
        "grantor": grant.grantor,
        "purposes": sorted(grant.purposes),
        "until": last_day(grant.valid_until).isoformat(),
        "shelves": [shelf for part in grant.scope if (shelf := find_shelf(part))],
        "folders": [str(path) for part in grant.scope if (path := path_of(part))],
        "collections": [one.name for one in collections if one.basis in grant.bases],
    }


def _list_runs(asking: Asking) -> list[LongRun]:
    """The latest runs of what the caller may reach."""
    return [
        run
        for run in asking.site.runs.list(before=None, limit=_A_LOOK)
        if run.asked.collection and may_reach(asking.caller, run.asked.collection)
    ][:_RUNS_SHOWN]
