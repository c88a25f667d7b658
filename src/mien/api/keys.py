"""`/v1/keys`: what programs ask with, for a user, and within what that user may."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from mien.api.shapes import BodyIn, Line, Slug
from mien.api.users import list_bound
from mien.http.asking import Asking, needs
from mien.http.doorkeeper import accounts_of, find_user_id, get_known_key, list_known_keys
from mien.http.problem import get_allowed
from mien.permission.account import CALLS_A_MINUTE, ApiKey, rights_of
from mien.permission.caller import Operation
from mien.service.account_drafts import KeyDraft

router = APIRouter(prefix="/v1/keys", tags=["keys"])

Operating = Annotated[Asking, needs(Operation.OPERATE)]


class KeyOut(BaseModel):
    """A key, without its secret. `is_unchanged` is false where the record is not what it was."""

    id: str
    name: str
    owner: str
    operations: list[Operation]
    collections: list[str] | None
    purposes: list[str] | None
    calls_a_minute: int
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_on: datetime | None
    is_unchanged: bool


class KeysOut(BaseModel):
    """All keys, in the order they were made, those that have ended too."""

    items: list[KeyOut]


class KeyIn(BodyIn):
    """A key to make: for you, if no owner is named, and for all that its owner may, if not said."""

    name: Line
    owner: Line | None = None
    operations: list[Operation] | None = None
    collections: list[Line] | None = None
    purposes: list[Slug] | None = None
    calls_a_minute: int = CALLS_A_MINUTE
    days: int = 90


class MadeKeyOut(BaseModel):
    """A new key and its secret, shown once: it stands nowhere else."""

    key: KeyOut
    secret: str


@router.get("")
def list_keys(asking: Operating) -> KeysOut:
    """All keys that you may know of."""
    return KeysOut(items=[_describe(key) for key in list_known_keys(asking)])


@router.post("", status_code=HTTPStatus.CREATED)
def make_key(asking: Operating, key: KeyIn) -> MadeKeyOut:
    """Make a key that may no more than you and its owner."""
    draft = KeyDraft(
        name=key.name,
        owner=key.owner or find_user_id(asking),
        operations=key.operations,
        collections=key.collections,
        purposes=key.purposes,
        calls_a_minute=key.calls_a_minute,
        days=key.days,
    )
    made = get_allowed(accounts_of(asking).keys.make(draft, by=rights_of(asking.caller)))
    return MadeKeyOut(key=_describe(made.key), secret=made.secret)


@router.get("/{key_id}")
def show_key(asking: Operating, key_id: str) -> KeyOut:
    """One key."""
    return _describe(get_known_key(asking, key_id))


@router.delete("/{key_id}")
def revoke_key(asking: Operating, key_id: str) -> KeyOut:
    """Revoke a key: nothing is answered to it from now on."""
    key, keys = get_known_key(asking, key_id), accounts_of(asking).keys
    return _describe(get_allowed(keys.revoke(key.key_id, by=rights_of(asking.caller))))


def _describe(key: ApiKey) -> KeyOut:
    return KeyOut(
        id=key.key_id,
        name=key.name,
        owner=key.owner_id,
        operations=sorted(key.rights.operations),
        collections=list_bound(key.rights.collections),
        purposes=list_bound(key.rights.purposes),
        calls_a_minute=key.calls_a_minute,
        made_at=key.made_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_on=key.last_used_on,
        is_unchanged=key.is_vouched,
    )
