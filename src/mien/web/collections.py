"""The pages of collections: what each is for and how much it holds, and the form to make one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from mien.http.asking import Asking, needs
from mien.permission.basis import Basis
from mien.permission.caller import Operation, may_operate, may_reach
from mien.permission.grant import LONGEST_RETENTION
from mien.web.filled import Filled, Typed, go
from mien.web.permission import BASES, need_papers, read_purposes
from mien.web.show import show

router = APIRouter(include_in_schema=False)

_LONGEST_NAME = 100
_ALONE = "alone"


@router.get("/collections")
def list_collections(asking: Annotated[Asking, needs(Operation.VIEW)], told: str = "") -> Response:
    """Those that the caller may reach."""
    deadlines = {one.name: one.erase_at for one in asking.library.collection_deadlines()}
    found = [one for one in asking.library.collections() if may_reach(asking.caller, one.name)]
    return show("collections", asking=asking, collections=found, deadlines=deadlines, told=told)


@router.get("/collections/new")
def ask_for_collection(asking: Annotated[Asking, needs(Operation.GRANT)]) -> Response:
    """The form to make one."""
    return _show_form(asking, Filled())


@router.post("/collections/new")
def make_collection(asking: Annotated[Asking, needs(Operation.GRANT)], typed: Typed) -> Response:
    """Makes an empty one, and shows it among the others."""
    name = _read_name(asking, typed)
    basis = typed.word(Basis, "basis")
    purposes = read_purposes(asking, typed)
    retention_days = typed.number("retention_days", most=LONGEST_RETENTION.days)
    need_papers(typed, basis)
    if basis is not None and typed.is_sound:
        with typed.telling():
            asking.library.create_collection(
                name,
                basis=basis,
                purposes=purposes,
                assessment=typed.text("assessment"),
                retention_days=retention_days,
                one_person_confirms=typed.text("confirmations") == _ALONE,
            )
            return go("/collections?told=made")
    return _show_form(asking, typed)


def _show_form(asking: Asking, form: Filled) -> Response:
    return show("collection_new", asking=asking, status=form.status, form=form, bases=BASES)


def _read_name(asking: Asking, typed: Filled) -> str:
    name = typed.text("name", is_needed=True)
    if len(name) > _LONGEST_NAME or not name.isprintable():
        typed.errors.setdefault("name", f"Use one line, {_LONGEST_NAME} characters at most.")
    verdict = may_operate(asking.caller, asking.operation, collection=name)
    if name and not verdict.is_allowed:
        typed.errors.setdefault("name", verdict.reasons[0].explanation)
    if any(one.name == name for one in asking.library.collections()):
        typed.errors.setdefault("name", "There is a collection of this name. Choose another.")
    return name
