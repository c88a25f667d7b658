"""The doorkeeper that knows the accounts of this home."""

from __future__ import annotations

from datetime import date

from mien.errors import NotFoundError
from mien.http.asking import Asking
from mien.http.problem import check
from mien.http.site import Access, SignedIn, Site
from mien.library import Library
from mien.permission.access_key import AccessKey
from mien.permission.account import ApiKey, User, call_as_user, may_know, rights_of
from mien.permission.caller import Caller
from mien.permission.grant import Grant, may_apply
from mien.permission.verdict import Reason, refuse
from mien.service import sessions
from mien.service.access_keys import AccessKeys
from mien.service.accounts import Accounts
from mien.service.api_keys import ApiKeys
from mien.service.grant_reach import find_reach, may_see_grant
from mien.service.reviews import Reviews


class AccountsDoorkeeper:
    """Lets in whoever signed in, and whose key is in force."""

    def __init__(self, library: Library) -> None:
        self._deployment = library.parts.deployment
        self._noted: dict[str, date] = {}

    def find_by_session(self, token: str) -> SignedIn | None:
        """Who signed in with a browser, as long as the session and the account are in force."""
        user = sessions.find_user(self._deployment, token)
        caller = None if user is None else call_as_user(user)
        if caller is None:
            return None
        return SignedIn(caller, sessions.make_csrf_token(self._deployment, token))

    def find_by_key(self, key: str) -> Caller | None:
        """Whose API key this is, as long as it and the account are in force."""
        return ApiKeys(self._deployment).find_caller(key)

    def find_by_access_key(self, access_key_id: str) -> Access | None:
        """Who may sign with this key, and the secret that makes sure of it."""
        signing = AccessKeys(self._deployment).find(access_key_id)
        if signing is None:
            return None
        return Access(caller=signing.caller, terms=signing.terms, secret=signing.secret)

    def note_access(self, access_key_id: str) -> None:
        """Notes that a request was signed with the key, once its signature was right."""
        day = self._deployment.clock().date()
        if self._noted.get(access_key_id) != day:  # else nothing is read for it again
            AccessKeys(self._deployment).note_use(access_key_id)
            self._noted[access_key_id] = day


def accounts_of(asking: Asking) -> Accounts:
    """The accounts, as the caller looks after them."""
    return Accounts(asking.library.parts, passwords=asking.site.passwords)


def list_known_users(asking: Asking) -> list[User]:
    """Those that the caller may know of, in the order they were made."""
    by = rights_of(asking.caller)
    return [user for user in accounts_of(asking).list() if may_know(by, user.rights)]


def get_known_user(asking: Asking, name: str) -> User:
    """By name or id. Raises `NotFoundError` for one that the caller may not know of, too."""
    user = accounts_of(asking).get(name)
    if not may_know(rights_of(asking.caller), user.rights):
        raise NotFoundError("There is no such user. List them with: mien users list")
    return user


def list_known_keys(asking: Asking) -> list[ApiKey]:
    """The keys of users that the caller may know of, in the order they were made."""
    known = {user.user_id for user in list_known_users(asking)}
    return [key for key in accounts_of(asking).keys if key.owner_id in known]


def get_known_key(asking: Asking, key_id: str) -> ApiKey:
    """Raises `NotFoundError` for one that the caller may not know of, too."""
    for key in list_known_keys(asking):
        if key.key_id == key_id:
            return key
    raise NotFoundError(f"There is no key {key_id}. List them with: mien keys list")


def list_known_access_keys(asking: Asking) -> list[AccessKey]:
    """Those that the caller may know of, in the order they were made."""
    by, known = rights_of(asking.caller), {user.user_id for user in list_known_users(asking)}
    keys = accounts_of(asking).access_keys
    return [key for key in keys if key.owner_id in known and may_know(by, key.rights)]


def get_known_access_key(asking: Asking, key_id: str) -> AccessKey:
    """Raises `NotFoundError` for one that the caller may not know of, too."""
    for key in list_known_access_keys(asking):
        if key.access_key_id == key_id:
            return key
    raise NotFoundError(f"There is no access key {key_id}. List them with: mien access-keys list")


def list_known_grants(asking: Asking) -> list[Grant]:
    """Grants in force that the caller may know of, the newest first: what keys are bound to."""
    deployment = asking.library.parts.deployment
    reach, at = find_reach(deployment), deployment.clock()
    return [
        grant
        for grant in reversed(asking.library.grants())
        if may_see_grant(asking.caller, grant, reach=reach) and may_apply(grant, at=at).is_allowed
    ]


def check_known_grant(asking: Asking, grant_id: str) -> None:
    """Raises `NotFoundError` for one that is not there, or that the caller may not know of."""
    grant = asking.library.get_grant(grant_id)
    reach = find_reach(asking.library.parts.deployment)
    if not may_see_grant(asking.caller, grant, reach=reach):
        raise NotFoundError(f"There is no grant {grant_id}.")


def reviews_of(asking: Asking) -> Reviews:
    """The searches that stand for review, as far as the caller may know of them."""
    share = asking.library.settings.review_share
    return Reviews(asking.library.parts, caller=asking.caller, share=share)


def open_accounts(site: Site) -> Accounts:
    """The accounts, before it is known who asks."""
    return Accounts(site.library.parts, passwords=site.passwords)


def find_user_id(asking: Asking) -> str:
    """The user who asks: the one who signed in, or whose key it is."""
    kind, _, name = asking.caller.actor.partition(":")
    return name if kind == "user" else accounts_of(asking).keys.get_owner_id(name)


def get_signed_in_id(asking: Asking) -> str:
    """The user who asks with a browser. Raises a refusal for a key: accounts are no key's."""
    if not asking.csrf_token:
        check(refuse(Reason.OPERATION_NOT_YOURS))
    return asking.caller.actor.removeprefix("user:")


def get_user(asking: Asking) -> User:
    """The account of whoever asks."""
    return accounts_of(asking).get(find_user_id(asking))
