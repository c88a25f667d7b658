"""`/v1/models`: what recognises faces here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from mien.errors import NotFoundError
from mien.http.asking import Asking, needs
from mien.permission.caller import Operation
from mien.service.model_book import ModelState

router = APIRouter(prefix="/v1/models", tags=["models"])


class ModelOut(BaseModel):
    """A model: what it is, under which licence, and whether it is here and in use."""

    model: str
    kind: str
    title: str
    pack: str | None
    licence: str
    licence_terms: str
    licence_url: str
    note: str
    sha256: str
    is_pulled: bool
    is_own: bool
    is_accepted: bool
    is_used: bool


class ModelsOut(BaseModel):
    """Every model, those that come with Mien first."""

    items: list[ModelOut]


@router.get("")
def list_models(asking: Annotated[Asking, needs(Operation.OPERATE)]) -> ModelsOut:
    """Every model that is known here. Weights are fetched with `mien models pull` alone."""
    return ModelsOut(items=[_describe(one) for one in asking.library.models().list()])


@router.get("/{model}")
def get_model(asking: Annotated[Asking, needs(Operation.OPERATE)], model: str) -> ModelOut:
    """One model."""
    for state in asking.library.models().list():
        if state.card.id == model:
            return _describe(state)
    raise NotFoundError(f"There is no model {model!r}.")


def _describe(state: ModelState) -> ModelOut:
    card = state.card
    return ModelOut(
        model=card.id,
        kind=card.kind,
        title=card.title,
        pack=card.pack or None,
        licence=card.licence,
        licence_terms=card.licence_terms,
        licence_url=card.licence_url,
        note=card.note,
        sha256=card.source.sha256,
        is_pulled=state.is_pulled,
        is_own=state.is_own,
        is_accepted=state.is_accepted,
        is_used=state.is_used,
    )
