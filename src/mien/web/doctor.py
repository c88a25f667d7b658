"""The page of the doctor: whether everything is in order here, and what to do where it is not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from mien import __version__
from mien.http.asking import Asking, needs
from mien.permission.caller import Operation, may_reach
from mien.service.doctor import find_versions
from mien.web.show import show

router = APIRouter(include_in_schema=False)


@router.get("/doctor")
def examine(asking: Annotated[Asking, needs(Operation.OPERATE)]) -> Response:
    """Counts, recall and speed of each index, models and versions, and what is wrong."""
    library = asking.library
    with asking.site.turnstile.enter():
        diagnosis = library.examine()
    mine = [one for one in diagnosis.collections if may_reach(asking.caller, one.name)]
    changed = [n for n in diagnosis.changed_collections if may_reach(asking.caller, n)]
    return show(
        "doctor",
        asking=asking,
        diagnosis=diagnosis,
        collections=mine,
        changed_collections=changed,
        models=[one for one in library.models().list() if one.is_pulled or one.is_used],
        versions=find_versions(__version__),
        home=library.settings.home,
    )
