"""The pages of accounts: sign in and out, a first password, one's own account."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mien.errors import SettingsError
from mien.http.asking import Asking, find_signed_in, needs
from mien.http.cookies import (
    check_same_origin,
    clear_session,
    find_session_token,
    set_session,
)
from mien.http.doorkeeper import accounts_of, get_signed_in_id, get_user, open_accounts
from mien.http.problem import ProblemError
from mien.http.site import Site, site_of
from mien.pages.qr import embed_qr
from mien.permission.account import User
from mien.permission.caller import Operation
from mien.permission.verdict import Verdict
from mien.service.own_account import BegunFactor
from mien.service.sessions import find_session_id
from mien.service.sign_in import Entry
from mien.web.show import show

router = APIRouter(include_in_schema=False)

Own = Annotated[Asking, needs(Operation.ACCOUNT)]
Text = Annotated[str, Form(max_length=4096)]

_HOME = "/"
_SIGN_IN = "/sign-in"


def find_way_in(request: Request, problem: ProblemError) -> Response | None:
    """Where a browser goes that asks for a page and whose user is not signed in."""
    is_page = "text/html" in request.headers.get("Accept", "")
    is_interface = request.url.path.startswith("/v1/")
    if problem.status != HTTPStatus.UNAUTHORIZED or is_interface or not is_page:
        return None
    path = request.url.path if request.method == "GET" else _HOME
    return _go(_SIGN_IN if path == _HOME else f"{_SIGN_IN}?then={quote(path)}")


@router.get("/sign-in")
async def ask_to_sign_in(request: Request, then: str = "") -> Response:
    """The form; whoever is signed in is sent on."""
    if await find_signed_in(request) is not None:
        return _go(_clean_path(then))
    return show("sign_in", then=_clean_path(then), pending="", refused="", wait_s=0)


@router.post("/sign-in")
def sign_in(
    request: Request,
    *,
    name: Text = "",
    password: Text = "",
    code: Text = "",
    pending: Text = "",
    then: Text = "",
) -> Response:
    """A name with its password, or the code that is asked for afterwards."""
    check_same_origin(request)
    site = site_of(request)
    address = "" if request.client is None else request.client.host
    door = open_accounts(site).sign_in
    with site.turnstile.enter():
        if pending:
            entry = door.enter_code(pending, code, address=address)
        else:
            entry = door.enter(name, password, address=address)
    return _let_in(request, entry, then=_clean_path(then))


@router.post("/sign-out")
def sign_out(asking: Own, request: Request) -> Response:
    """Ends the session of this browser."""
    get_signed_in_id(asking)
    open_accounts(asking.site).sign_in.leave(find_session_token(request))
    answer = _go(_SIGN_IN)
    clear_session(answer, asking.site)
    return answer


@router.get("/welcome/{token}")
def welcome(request: Request, token: str) -> Response:
    """The form to choose a password, for whoever has the link; looking does not use it up."""
    user = open_accounts(site_of(request)).own.find_welcomed(token)
    return _show_welcome(user, token=token)


@router.post("/welcome/{token}")
def choose_password(
    request: Request, token: str, *, password: Text = "", again: Text = ""
) -> Response:
    """Sets the password and signs in, unless a code is needed for that."""
    check_same_origin(request)
    site = site_of(request)
    accounts = open_accounts(site)
    user = accounts.own.find_welcomed(token)
    if user is None or password != again:
        refused = "" if user is None else "different"
        return _show_welcome(user, token=token, refused=refused)
    try:
        with site.turnstile.enter():
            welcomed = accounts.own.welcome(token, password)
    except SettingsError as error:
        return _show_welcome(user, token=token, refused="unfit", detail=str(error))
    if isinstance(welcomed, Verdict):
        return _show_welcome(None, token=token)
    if welcomed.has_second_factor:
        return _go(_SIGN_IN)
    return _let_in(request, accounts.sign_in.open_session(welcomed), then=_HOME)


@router.get("/account")
def show_account(asking: Own, request: Request) -> Response:
    """One's own account."""
    get_signed_in_id(asking)
    return _show_account(asking, request)


@router.post("/account/password")
def change_password(
    asking: Own, request: Request, *, password: Text = "", new: Text = "", again: Text = ""
) -> Response:
    """Another password; every browser is signed out, and this one in again."""
    user_id = get_signed_in_id(asking)
    if new != again:
        return _show_account(asking, request, refused="different")
    accounts = accounts_of(asking)
    try:
        with asking.site.turnstile.enter():
            changed = accounts.own.change_password(user_id, password=password, new=new)
    except SettingsError as error:
        return _show_account(asking, request, refused="unfit", detail=str(error))
    return _go_on(asking, request, done=changed)


@router.post("/account/second-factor")
def begin_second_factor(asking: Own, request: Request, *, password: Text = "") -> Response:
    """Shows a fresh secret, which counts once a code of it was handed in."""
    user_id = get_signed_in_id(asking)
    with asking.site.turnstile.enter():
        begun = accounts_of(asking).own.begin_second_factor(user_id, password=password)
    if isinstance(begun, Verdict):
        return _show_account(asking, request, refused=str(begun.reasons[0]))
    return _show_factor(asking, begun)


@router.post("/account/second-factor/confirm")
def set_second_factor(
    asking: Own, request: Request, *, sealed: Text = "", code: Text = ""
) -> Response:
    """From now on a code is asked for."""
    user_id = get_signed_in_id(asking)
    own = accounts_of(asking).own
    done = own.set_second_factor(user_id, sealed=sealed, code=code)
    if isinstance(done, Verdict):
        begun = own.open_begun(user_id, sealed=sealed)
        if begun is None:
            return _show_account(asking, request, refused=str(done.reasons[0]))
        return _show_factor(asking, begun, refused=str(done.reasons[0]))
    return _go_on(asking, request, done=done)


@router.post("/account/second-factor/remove")
def remove_second_factor(asking: Own, request: Request, *, password: Text = "") -> Response:
    """From now on the password is enough."""
    user_id = get_signed_in_id(asking)
    with asking.site.turnstile.enter():
        done = accounts_of(asking).own.remove_second_factor(user_id, password=password)
    return _go_on(asking, request, done=done)


@router.post("/account/sessions/{session_id}/end")
def end_session(asking: Own, session_id: str) -> Response:
    """Signs out one browser."""
    accounts_of(asking).own.end_session(get_signed_in_id(asking), session_id)
    return _go("/account")


def _show_account(
    asking: Asking, request: Request, *, refused: str = "", detail: str = ""
) -> Response:
    user = get_user(asking)
    deployment = asking.library.parts.deployment
    return show(
        "account",
        asking=asking,
        status=HTTPStatus.FORBIDDEN if refused else HTTPStatus.OK,
        section="account",
        user=user,
        sessions=accounts_of(asking).own.sessions(user.user_id),
        this_session=find_session_id(deployment, find_session_token(request)),
        refused=refused,
        detail=detail,
    )


def _show_factor(asking: Asking, begun: BegunFactor, *, refused: str = "") -> Response:
    return show(
        "second_factor",
        asking=asking,
        status=HTTPStatus.FORBIDDEN if refused else HTTPStatus.OK,
        section="account",
        secret=begun.secret,
        qr=embed_qr(begun.address),
        sealed=begun.sealed,
        refused=refused,
    )


def _show_welcome(
    user: User | None, *, token: str, refused: str = "", detail: str = ""
) -> Response:
    gone = user is None
    status = HTTPStatus.NOT_FOUND if gone else HTTPStatus.FORBIDDEN if refused else HTTPStatus.OK
    return show(
        "welcome",
        status=status,
        whose="" if user is None else user.name,
        is_gone=gone,
        token=token,
        refused=refused,
        detail=detail,
    )


def _go_on(asking: Asking, request: Request, *, done: User | Verdict) -> Response:
    """Every session has ended with the change: this browser gets a new one."""
    if isinstance(done, Verdict):
        return _show_account(asking, request, refused=str(done.reasons[0]))
    entry = open_accounts(asking.site).sign_in.open_session(done)
    return _let_in(request, entry, then="/account")


def _let_in(request: Request, entry: Entry, *, then: str) -> Response:
    """A new session's cookie, never one that the browser brought along; or the form again."""
    site = site_of(request)
    if not entry.token:
        return _show_refused(entry, then=then)
    _leave_old(site, request)
    answer = _go(then)
    set_session(answer, site, token=entry.token)
    return answer


def _leave_old(site: Site, request: Request) -> None:
    open_accounts(site).sign_in.leave(find_session_token(request))


def _show_refused(entry: Entry, *, then: str) -> Response:
    is_waiting = entry.wait_s > 0
    refused = "" if entry.verdict.is_allowed else str(entry.verdict.reasons[0])
    status = HTTPStatus.OK if not refused else HTTPStatus.FORBIDDEN
    answer = show(
        "sign_in",
        status=HTTPStatus.TOO_MANY_REQUESTS if is_waiting else status,
        then=then,
        pending=entry.pending,
        refused=refused,
        wait_s=entry.wait_s,
    )
    if is_waiting:
        answer.headers["Retry-After"] = str(entry.wait_s)
    return answer


def _clean_path(then: str) -> str:
    """A path of this site, or its beginning: a link must not send anybody elsewhere."""
    path = unquote(then)
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    is_plain = path.isprintable() and "\\" not in path and "?" not in path and "#" not in path
    return quote(path) if is_ours and is_plain else _HOME


def _go(path: str) -> Response:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
