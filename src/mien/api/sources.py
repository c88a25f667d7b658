"""`/v1/sources`: where the photos came from: grants, folders, and what a run made of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from mien.api.seen import ReasonOut, describe_reasons
from mien.api.shapes import PageOut
from mien.catalog.photos import LocationState
from mien.catalog.sources import StoredRun
from mien.http.asking import Asking, needs
from mien.http.paging import Paged
from mien.permission.caller import Operation
from mien.service.source_book import Source, SourceBook

router = APIRouter(prefix="/v1/sources", tags=["sources"])


class FolderOut(BaseModel):
    """A part of a grant's scope, and how many photos there are at it or below it.

    Of those some may have vanished, been replaced by others, or wait for their erasure.
    """

    address: str
    present: int
    vanished: int
    replaced: int
    quarantined: int


class LastRunOut(BaseModel):
    """The last time something was added: what came of it, and why what was refused was."""

    run_id: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    photos_new: int
    photos_known: int
    faces: int
    failed: int
    refused: int
    reasons: dict[str, int]


class SourceOut(BaseModel):
    """A grant as a collection uses it; it is in force where there are no `reasons`."""

    collection: str
    grant_id: str
    kind: str
    grantor: str
    reasons: list[ReasonOut]
    uses: list[str]
    valid_until: datetime
    folders: list[FolderOut]
    last_run: LastRunOut | None


class SourcesOut(PageOut[SourceOut]):
    """The sources of all collections that you may reach."""


@router.get("")
def list_sources(asking: Annotated[Asking, needs(Operation.VIEW)], paging: Paged) -> SourcesOut:
    """Every grant under which photos were added, by collection."""
    book = SourceBook(asking.library.parts, bounds=asking.caller.collections)
    page, cursor = paging.cut(book.list_sources(), key=_sort_key)
    return SourcesOut(items=[_describe(one) for one in page], next_cursor=cursor)


def _sort_key(source: Source) -> str:
    return f"{source.collection}\n{source.grant.grant_id}"


def _describe(source: Source) -> SourceOut:
    grant = source.grant
    return SourceOut(
        collection=source.collection,
        grant_id=grant.grant_id,
        kind=grant.kind,
        grantor=grant.grantor,
        reasons=describe_reasons(source.verdict),
        uses=sorted(grant.uses),
        valid_until=grant.valid_until,
        folders=[
            FolderOut(
                address=folder.address,
                **{str(state): folder.photos.get(state, 0) for state in LocationState},
            )
            for folder in source.folders
        ],
        last_run=None if source.last_run is None else _describe_run(source.last_run),
    )


def _describe_run(run: StoredRun) -> LastRunOut:
    """One that has not ended, or never did, counted nothing."""
    numbers = ("photos_new", "photos_known", "faces", "failed", "refused")
    return LastRunOut(
        run_id=run.uuid,
        state=run.state,
        started_at=run.started_at,
        ended_at=run.ended_at,
        **{name: run.counts.get(name, 0) for name in numbers},
        reasons=run.counts.get("reasons", {}),
    )
