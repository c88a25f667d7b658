"""`/v1/collections`: galleries of faces that are searched together."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from mien.http.asking import Asking, needs
from mien.permission.caller import Operation, may_reach
from mien.service.collections import CollectionSummary

router = APIRouter(prefix="/v1/collections", tags=["collections"])


class CollectionOut(BaseModel):
    """A collection, what it is for, and how much it holds."""

    name: str
    basis: str
    purposes: list[str]
    model: str
    photos: int
    faces: int
    confirmations: int


class CollectionsOut(BaseModel):
    """All collections that the caller may reach."""

    items: list[CollectionOut]


@router.get("")
def list_collections(asking: Annotated[Asking, needs(Operation.VIEW)]) -> CollectionsOut:
    """All collections that you may reach."""
    found = [
        _describe(one) for one in asking.library.collections() if may_reach(asking.caller, one.name)
    ]
    return CollectionsOut(items=found)


def _describe(found: CollectionSummary) -> CollectionOut:
    return CollectionOut(
        name=found.name,
        basis=found.basis,
        purposes=sorted(found.charter.purposes),
        model=found.model_id,
        photos=found.photos,
        faces=found.faces,
        confirmations=found.charter.confirmations,
    )
