"""`/v1/access-keys`: what clients of Amazon's interface sign with, for a user, bound to a grant."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from mien.api.shapes import BodyIn, Line, Slug
from mien.http.asking import Asking, needs
from mien.http.doorkeeper import (
    accounts_of,
    check_known_grant,
    find_user_id,
    get_known_access_key,
    list_known_access_keys,
)
from mien.http.problem import get_allowed
from mien.permission.access_key import AccessKey
from mien.permission.account import CALLS_A_MINUTE, rights_of
from mien.permission.caller import Operation
from mien.service.account_drafts import AccessDraft

router = APIRouter(prefix="/v1/access-keys", tags=["access-keys"])

Operating = Annotated[Asking, needs(Operation.OPERATE)]


class AccessKeyOut(BaseModel):
    """An access key, without its secret. `is_unchanged` is false where the record was changed."""

    id: str
    name: str
    owner: str
    grant_id: str
    collections: list[str]
    purpose: str
    operations: list[Operation]
    calls_a_minute: int
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_on: datetime | None
    is_unchanged: bool


class AccessKeysOut(BaseModel):
    """All access keys, in the order they were made, those that have ended too."""

    items: list[AccessKeyOut]


class AccessKeyIn(BodyIn):
    """An access key to make: for you, if no owner is named, and for all that a key can be for."""

    name: Line
    owner: Line | None = None
    grant_id: Line
    collections: list[Line]
    purpose: Slug
    operations: list[Operation] | None = None
    calls_a_minute: int = CALLS_A_MINUTE
    days: int = 90


class MadeAccessKeyOut(BaseModel):
    """A new access key and its secret, shown once; `environment` is what an AWS SDK reads."""

    key: AccessKeyOut
    secret: str
    environment: dict[str, str]


@router.get("")
def list_access_keys(asking: Operating) -> AccessKeysOut:
    """All access keys that you may know of."""
    return AccessKeysOut(items=[_describe(key) for key in list_known_access_keys(asking)])


@router.post("", status_code=HTTPStatus.CREATED)
def make_access_key(asking: Operating, key: AccessKeyIn) -> MadeAccessKeyOut:
    """Make an access key that may no more than you, its owner and its grant."""
    check_known_grant(asking, key.grant_id)
    draft = AccessDraft(
        name=key.name,
        owner=key.owner or find_user_id(asking),
        grant_id=key.grant_id,
        collections=key.collections,
        purpose=key.purpose,
        operations=key.operations,
        calls_a_minute=key.calls_a_minute,
        days=key.days,
    )
    keys, site = accounts_of(asking).access_keys, asking.site
    made = get_allowed(keys.make(draft, by=rights_of(asking.caller)))
    return MadeAccessKeyOut(
        key=_describe(made.key),
        secret=made.secret,
        environment=made.as_environment(region=site.region, endpoint=site.origin),
    )


@router.get("/{key_id}")
def show_access_key(asking: Operating, key_id: str) -> AccessKeyOut:
    """One access key."""
    return _describe(get_known_access_key(asking, key_id))


@router.delete("/{key_id}")
def revoke_access_key(asking: Operating, key_id: str) -> AccessKeyOut:
    """Revoke an access key: nothing is answered to it from now on."""
    key, keys = get_known_access_key(asking, key_id), accounts_of(asking).access_keys
    return _describe(get_allowed(keys.revoke(key.access_key_id, by=rights_of(asking.caller))))


def _describe(key: AccessKey) -> AccessKeyOut:
    return AccessKeyOut(
        id=key.access_key_id,
        name=key.name,
        owner=key.owner_id,
        grant_id=key.terms.grant_id,
        collections=sorted(key.terms.collections),
        purpose=key.terms.purpose,
        operations=sorted(key.operations),
        calls_a_minute=key.calls_a_minute,
        made_at=key.made_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_on=key.last_used_on,
        is_unchanged=key.is_vouched,
    )
