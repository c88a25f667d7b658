"""`/v1/retention`: until when what is held may be kept."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from mien.api.erased import ErasureOut, describe_erasure
from mien.http.asking import Asking, needs
from mien.permission.caller import Operation, may_reach
from mien.service.grant_reach import find_reach, may_see_grant

router = APIRouter(prefix="/v1/retention", tags=["retention"])


class GrantDeadlineOut(BaseModel):
    """When the first of what a grant brought in is to be erased."""

    grant_id: str
    grantor: str
    erase_at: datetime


class CollectionDeadlineOut(BaseModel):
    """When the first of what a collection holds is to be erased."""

    collection: str
    erase_at: datetime


class RetentionOut(BaseModel):
    """The next deadlines, the soonest first."""

    grants: list[GrantDeadlineOut]
    collections: list[CollectionDeadlineOut]


class EnforcedOut(BaseModel):
    """What was overdue and is erased; null where nothing was."""

    erasure: ErasureOut | None


@router.get("")
def list_deadlines(asking: Annotated[Asking, needs(Operation.GRANT)]) -> RetentionOut:
    """When the first of what each grant and collection holds is to be erased."""
    library, caller = asking.library, asking.caller
    reach = find_reach(library.parts.deployment)
    return RetentionOut(
        grants=[
            GrantDeadlineOut(
                grant_id=one.grant.grant_id, grantor=one.grant.grantor, erase_at=one.erase_at
            )
            for one in library.deadlines()
            if may_see_grant(caller, one.grant, reach=reach)
        ],
        collections=[
            CollectionDeadlineOut(collection=one.name, erase_at=one.erase_at)
            for one in library.collection_deadlines()
            if may_reach(caller, one.name)
        ],
    )


@router.post("/enforce")
def enforce_retention(asking: Annotated[Asking, needs(Operation.CASE)]) -> EnforcedOut:
    """Erase what may not be kept any longer. It is done before photos are added, too."""
    asking.check_everywhere()
    report = asking.library.enforce_retention()
    return EnforcedOut(erasure=describe_erasure(report) if report else None)
