"""`/v1/users`: who may sign in, as what; `/v1/me`: who asks."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from mien.api.shapes import BodyIn, Line, Slug
from mien.http.asking import Asking, needs
from mien.http.doorkeeper import accounts_of, get_known_user, list_known_users
from mien.http.problem import check, get_allowed
from mien.permission.account import User, may_give, rights_of
from mien.permission.caller import Operation, Role
from mien.service.account_drafts import UserChange, UserDraft

router = APIRouter(prefix="/v1", tags=["users"])

Operating = Annotated[Asking, needs(Operation.OPERATE)]


class MeOut(BaseModel):
    """Who asks, and what they may."""

    actor: str
    name: str
    operations: list[Operation]
    collections: list[str] | None
    purposes: list[str] | None
    calls_a_minute: int


class UserOut(BaseModel):
    """Somebody who may sign in. `is_unchanged` is false where the record is not what it was."""

    id: str
    name: str
    role: Role
    collections: list[str] | None
    purposes: list[str] | None
    is_active: bool
    is_unchanged: bool
    has_password: bool
    has_second_factor: bool
    created_at: datetime


class UsersOut(BaseModel):
    """All users, in the order they were made."""

    items: list[UserOut]


class UserIn(BodyIn):
    """Somebody to invite; no collections or purposes named are all of them."""

    name: Line
    role: Role
    collections: list[Line] | None = None
    purposes: list[Slug] | None = None


class UserChangeIn(BodyIn):
    """What is to change: a role with its bounds, whether it is active, that a factor is gone."""

    role: Role | None = None
    collections: list[Line] | None = None
    purposes: list[Slug] | None = None
    is_active: bool | None = None
    has_second_factor: Literal[False] | None = None


class LinkOut(BaseModel):
    """A one-time link to choose a password, shown once: it stands nowhere else."""

    address: str
    expires_at: datetime


@router.get("/me")
def show_me(asking: Annotated[Asking, needs(Operation.ACCOUNT, is_signable=True)]) -> MeOut:
    """Who you are, and what you may."""
    caller = asking.caller
    return MeOut(
        actor=caller.actor,
        name=caller.name,
        operations=sorted(caller.operations),
        collections=list_bound(caller.collections),
        purposes=list_bound(caller.purposes),
        calls_a_minute=caller.calls_a_minute,
    )


@router.get("/users")
def list_users(asking: Operating) -> UsersOut:
    """All users that you may know of."""
    return UsersOut(items=[_describe(user) for user in list_known_users(asking)])


@router.post("/users", status_code=HTTPStatus.CREATED)
def invite_user(asking: Operating, user: UserIn) -> UserOut:
    """Invite somebody: they get in with a one-time link."""
    draft = UserDraft(
        name=user.name, role=user.role, collections=user.collections, purposes=user.purposes
    )
    return _describe(get_allowed(accounts_of(asking).invite(draft, by=rights_of(asking.caller))))


@router.get("/users/{user_id}")
def show_user(asking: Operating, user_id: str) -> UserOut:
    """One user."""
    return _describe(get_known_user(asking, user_id))


@router.patch("/users/{user_id}")
def change_user(asking: Operating, user_id: str, *, change: UserChangeIn) -> UserOut:
    """Give a role with its bounds, or take the account out of force and back."""
    accounts, by = accounts_of(asking), rights_of(asking.caller)
    changed = get_known_user(asking, user_id)
    check(may_give(by, changed.rights))
    fields = change.model_fields_set & {"role", "collections", "purposes"}
    if fields:
        wanted = UserChange(
            role=change.role or changed.role,
            collections=(
                change.collections if "collections" in fields else list_bound(changed.collections)
            ),
            purposes=(change.purposes if "purposes" in fields else list_bound(changed.purposes)),
        )
        changed = get_allowed(accounts.change(user_id, wanted, by=by))
    if change.has_second_factor is False:
        changed = get_allowed(accounts.remove_second_factor(user_id, by=by))
    if change.is_active is not None:
        switch = accounts.enable if change.is_active else accounts.disable
        changed = get_allowed(switch(user_id, by=by))
    return _describe(changed)


@router.post("/users/{user_id}/links", status_code=HTTPStatus.CREATED)
def make_user_link(asking: Operating, user_id: str) -> LinkOut:
    """Make a one-time link with which the user chooses a password within a day."""
    user = get_known_user(asking, user_id)
    link = get_allowed(accounts_of(asking).link(user.user_id, by=rights_of(asking.caller)))
    return LinkOut(address=f"{asking.site.origin}{link.path}", expires_at=link.expires_at)


def list_bound(names: frozenset[str] | None) -> list[str] | None:
    """What bounds somebody, in order."""
    return None if names is None else sorted(names)


def _describe(user: User) -> UserOut:
    return UserOut(
        id=user.user_id,
        name=user.name,
        role=user.role,
        collections=list_bound(user.collections),
        purposes=list_bound(user.purposes),
        is_active=user.is_active,
        is_unchanged=user.is_vouched,
        has_password=user.has_password,
        has_second_factor=user.has_second_factor,
        created_at=user.created_at,
    )
