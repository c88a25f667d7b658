"""The page of users and keys, for those who look after them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mien.errors import ConflictError, NotFoundError, SettingsError
from mien.http.asking import Asking, needs
from mien.http.doorkeeper import (
    accounts_of,
    check_known_grant,
    find_user_id,
    list_known_access_keys,
    list_known_grants,
    list_known_keys,
    list_known_users,
)
from mien.permission import access_key
from mien.permission.access_key import AccessKey
from mien.permission.account import ApiKey, User, rights_of
from mien.permission.caller import Operation, Role
from mien.permission.grant import Grant
from mien.permission.verdict import Verdict
from mien.service.account_drafts import AccessDraft, KeyDraft, UserChange, UserDraft
from mien.service.accounts import Accounts
from mien.service.drafts import parse_word
from mien.web.days import last_day
from mien.web.show import show

router = APIRouter(include_in_schema=False)

Operating = Annotated[Asking, needs(Operation.OPERATE)]
_Doing = Callable[[Accounts], Response | Verdict]


async def _read_form(request: Request) -> AsyncIterator[FormData]:
    async with request.form() as form:  # a file that came along is gone with the answer
        yield form


Sent = Annotated[FormData, Depends(_read_form)]

_NOTHING = FormData()
_TEXTS = (
    *("name", "role", "owner", "collections", "purposes", "days", "calls_a_minute"),
    *("grant", "purpose"),
)
_MOST_DIGITS = 9


@router.get("/users")
def show_users(asking: Operating) -> Response:
    """Everybody, every key, and the forms to make and change them."""
    return _show(asking)


@router.post("/users")
def invite(asking: Operating, form: Sent) -> Response:
    """Invites somebody, and shows the link to hand them."""

    def do(accounts: Accounts) -> Response | Verdict:
        draft = UserDraft(
            name=_text(form, "name"),
            role=parse_word(Role, _text(form, "role")),
            collections=_names(form, "collections"),
            purposes=_names(form, "purposes"),
        )
        made = accounts.invite(draft, by=rights_of(asking.caller))
        return made if isinstance(made, Verdict) else _hand_link(asking, made)

    return _try(asking, _saying(do), invited=form)


@router.post("/users/{user_id}/change")
def change(asking: Operating, user_id: str, *, form: Sent) -> Response:
    """Another role, other bounds."""

    def do(accounts: Accounts) -> Response | Verdict:
        wanted = UserChange(
            role=parse_word(Role, _text(form, "role")),
            collections=_names(form, "collections"),
            purposes=_names(form, "purposes"),
        )
        accounts.get(user_id)
        return _saying(
            lambda accounts: _go_back(accounts.change(user_id, wanted, by=rights_of(asking.caller)))
        )(accounts)

    return _try(asking, do)


@router.post("/users/{user_id}/disable")
def disable(asking: Operating, user_id: str) -> Response:
    """Ends what the user could do, at once."""
    by = rights_of(asking.caller)
    return _try(asking, lambda accounts: _go_back(accounts.disable(user_id, by=by)))


@router.post("/users/{user_id}/enable")
def enable(asking: Operating, user_id: str) -> Response:
    """The user may sign in again."""
    by = rights_of(asking.caller)
    return _try(asking, lambda accounts: _go_back(accounts.enable(user_id, by=by)))


@router.post("/users/{user_id}/link")
def make_link(asking: Operating, user_id: str) -> Response:
    """Shows a link with which the user chooses a password."""
    return _try(asking, lambda accounts: _hand_link(asking, accounts.get(user_id)))


@router.post("/users/{user_id}/second-factor/remove")
def remove_second_factor(asking: Operating, user_id: str) -> Response:
    """For whoever lost it."""
    by = rights_of(asking.caller)
    return _try(asking, lambda accounts: _go_back(accounts.remove_second_factor(user_id, by=by)))


@router.post("/keys")
def make_key(asking: Operating, form: Sent) -> Response:
    """Makes a key and shows its secret."""

    def do(accounts: Accounts) -> Response | Verdict:
        draft = KeyDraft(
            name=_text(form, "name"),
            owner=_text(form, "owner"),
            operations=[parse_word(Operation, str(one)) for one in form.getlist("operations")],
            collections=_names(form, "collections"),
            purposes=_names(form, "purposes"),
            calls_a_minute=_number(form, "calls_a_minute"),
            days=_number(form, "days"),
        )
        made = accounts.keys.make(draft, by=rights_of(asking.caller))
        if isinstance(made, Verdict):
            return made
        return _show(asking, secret=made.secret, secret_name=made.key.name)

    return _try(asking, _saying(do), wanted=form)


@router.post("/keys/{key_id}/revoke")
def revoke_key(asking: Operating, key_id: str) -> Response:
    """Nothing is answered to the key from now on."""
    by = rights_of(asking.caller)
    return _try(asking, lambda accounts: _go_back(accounts.keys.revoke(key_id, by=by)))


@router.post("/access-keys")
def make_access_key(asking: Operating, form: Sent) -> Response:
    """Makes an access key and shows what an AWS SDK needs, its secret with it."""

    def do(accounts: Accounts) -> Response | Verdict:
        check_known_grant(asking, _text(form, "grant"))
        draft = AccessDraft(
            name=_text(form, "name"),
            owner=_text(form, "owner"),
            grant_id=_text(form, "grant"),
            collections=_names(form, "collections") or [],
            purpose=_text(form, "purpose").strip(),
            operations=[parse_word(Operation, str(one)) for one in form.getlist("operations")],
            calls_a_minute=_number(form, "calls_a_minute"),
            days=_number(form, "days"),
        )
        made = accounts.access_keys.make(draft, by=rights_of(asking.caller))
        if isinstance(made, Verdict):
            return made
        site = asking.site
        lines = made.as_environment(region=site.region, endpoint=site.origin)
        environment = "\n".join(f"export {name}={value}" for name, value in lines.items())
        return _show(asking, environment=environment, secret_name=made.key.name)

    return _try(asking, _saying(do), bound=form)


@router.post("/access-keys/{key_id}/revoke")
def revoke_access_key(asking: Operating, key_id: str) -> Response:
    """Nothing is answered to the access key from now on."""
    by = rights_of(asking.caller)
    return _try(asking, lambda accounts: _go_back(accounts.access_keys.revoke(key_id, by=by)))


def _saying(do: _Doing) -> _Doing:
    """The same, where a name that nothing has is a mistake in the form and no wrong address."""

    def said(accounts: Accounts) -> Response | Verdict:
        try:
            return do(accounts)
        except NotFoundError as error:
            raise SettingsError(str(error)) from error

    return said


def _try(asking: Asking, do: _Doing, **typed: FormData) -> Response:
    """What comes of it, or the page once more with what was typed and what speaks against it."""
    try:
        answer = do(accounts_of(asking))
    except (SettingsError, ConflictError) as error:
        return _show(asking, typed=typed, refused=str(error))
    if isinstance(answer, Verdict):
        told = " ".join(one.explanation for one in answer.reasons)
        return _show(asking, typed=typed, refused=told)
    return answer


def _hand_link(asking: Asking, user: User) -> Response | Verdict:
    link = accounts_of(asking).link(user.user_id, by=rights_of(asking.caller))
    if isinstance(link, Verdict):
        return link
    return _show(asking, link=f"{asking.site.origin}{link.path}", link_name=user.name)


def _go_back(done: User | ApiKey | AccessKey | Verdict) -> Response | Verdict:
    if isinstance(done, Verdict):
        return done
    return RedirectResponse("/users", HTTPStatus.SEE_OTHER)


def _show(
    asking: Asking, *, typed: Mapping[str, FormData] = MappingProxyType({}), **told: str
) -> Response:
    """The page; `typed` are the forms whose fields are as somebody left them."""
    users = list_known_users(asking)
    wanted, bound = typed.get("wanted", _NOTHING), typed.get("bound", _NOTHING)
    told_of = ("refused", "link", "link_name", "secret", "environment", "secret_name")
    return show(
        "users",
        asking=asking,
        status=HTTPStatus.FORBIDDEN if told.get("refused") else HTTPStatus.OK,
        section="users",
        users=users,
        keys=list_known_keys(asking),
        access_keys=list_known_access_keys(asking),
        grants=[_tell_grant(grant) for grant in list_known_grants(asking)],
        owners={user.user_id: user.name for user in users},
        own_id=find_user_id(asking),
        roles=list(Role),
        operations=[one for one in Operation if one is not Operation.ACCOUNT],
        signed_operations=[one for one in Operation if one in access_key.OPERATIONS],
        invited=_tell_typed(typed.get("invited", _NOTHING)),
        wanted=_tell_typed(wanted),
        ticked=wanted.getlist("operations") or [Operation.VIEW, Operation.SEARCH],
        bound=_tell_typed(bound),
        bound_ticked=bound.getlist("operations") or sorted(access_key.OPERATIONS),
        **(dict.fromkeys(told_of, "") | told),
    )


def _tell_grant(grant: Grant) -> Mapping[str, Any]:
    return {
        "id": grant.grant_id,
        "grantor": grant.grantor,
        "purposes": sorted(grant.purposes),
        "until": last_day(grant.valid_until).isoformat(),
    }


def _tell_typed(form: FormData) -> Mapping[str, Any]:
    return {name: _text(form, name) for name in _TEXTS}


def _text(form: FormData, name: str) -> str:
    return str(form.get(name, ""))


def _names(form: FormData, name: str) -> list[str] | None:
    """Names with commas between them; nothing, which is all, where the field is empty."""
    text = _text(form, name).strip()
    names = [part.strip() for part in text.split(",") if part.strip()]
    if text and not names:
        raise SettingsError("Write names with commas between them, or leave the field empty.")
    return names or None


def _number(form: FormData, name: str) -> int:
    text = _text(form, name)
    if not text.isdecimal() or len(text) > _MOST_DIGITS:
        raise SettingsError("Days and requests a minute are whole numbers.")
    return int(text)
