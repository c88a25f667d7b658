"""What is said of a user or a key, looked at before it is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from mien.catalog.connect import Connection
from mien.errors import SettingsError
from mien.permission.account import CALLS_A_MINUTE, LONGEST_KEY, Rights
from mien.permission.caller import Operation, Role
from mien.service.deployment import Deployment
from mien.service.drafts import check_purposes, check_texts
from mien.service.standing import get_collection
from mien.service.user_record import fold_name

SHORTEST_PASSWORD = 12
_LONGEST_PASSWORD = 1024
_LONGEST_NAME = 64
_MOST_CALLS = 6000

WORST_PASSWORDS = frozenset(
    {
        *("123456789012", "1234567890123", "12345678901234", "123456789012345", "012345678901"),
        *("123123123123", "121212121212", "987654321098", "1234567890ab", "abcdefghijkl"),
        *("abc123abc123", "abcd12345678", "a1b2c3d4e5f6", "1q2w3e4r5t6y", "1qaz2wsx3edc"),
        *("qwertyuiop12", "qwertyuiop123", "qwertyuiopas", "qwertyuiop[]", "qwerty123456"),
        *("qwerty12345678", "asdfghjkl123", "zaq12wsxcde3", "password1234", "password12345"),
        *("password123456", "password!123", "passwordpassword", "p@ssw0rd1234", "passw0rd1234"),
        *("mypassword12", "mypassword123", "letmeinletmein", "letmein12345", "iloveyou1234"),
        *("iloveyouforever", "changemechangeme", "changeme1234", "changeme12345", "welcome12345"),
        *("welcomewelcome", "administrator", "administrator1", "adminadminadmin", "admin1234567"),
        *("admin12345678", "superman1234", "princess1234", "sunshine1234", "football1234"),
        *(
            "baseball1234",
            "dragondragon",
            "monkeymonkey",
            "trustno1trustno1",
            "correcthorsebatterystaple",
        ),
    }
)
"""A few of those that lists of leaked passwords begin with, of those that are long enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDraft:
    """Somebody to be invited; no collections or purposes named are all of them."""

    name: str
    role: Role
    collections: Sequence[str] | None = None
    purposes: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChange:
    """What a user is to be from now on, all of it."""

    role: Role
    collections: Sequence[str] | None = None
    purposes: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDraft:
    """A key to be made for a user; no operations named are all that its owner may do."""

    name: str
    owner: str
    operations: Sequence[Operation] | None = None
    collections: Sequence[str] | None = None
    purposes: Sequence[str] | None = None
    calls_a_minute: int = CALLS_A_MINUTE
    days: int = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDraft:
    """An access key to be made for a user, bound to a grant, collections and one purpose.

    A collection need not be there yet. No operations named are all that a key can be for, as far
    as its owner may do them.
    """

    name: str
    owner: str
    grant_id: str
    collections: Sequence[str]
    purpose: str
    operations: Sequence[Operation] | None = None
    calls_a_minute: int = CALLS_A_MINUTE
    days: int = 90


def check_name(name: str) -> str:
    """The name as it is kept. Raises `SettingsError`."""
    kept = " ".join(name.split())
    check_texts(kept)
    if not fold_name(kept) or len(kept) > _LONGEST_NAME or not kept.isprintable():
        raise SettingsError(f"A name has from 1 to {_LONGEST_NAME} letters that can be printed.")
    return kept


def check_password(password: str, *, name: str) -> None:
    """Raises `SettingsError` for one that is too short, the name itself, or among the worst."""
    if len(password) < SHORTEST_PASSWORD:
        raise SettingsError(
            f"The password needs at least {SHORTEST_PASSWORD} characters. "
            "Four or five words that have nothing to do with each other are a good one."
        )
    if len(password) > _LONGEST_PASSWORD:
        raise SettingsError(f"The password has more than {_LONGEST_PASSWORD} characters.")
    folded = fold_name(password)
    letters = {*folded}
    is_name = folded in _repeat(fold_name(name))
    if folded in WORST_PASSWORDS or is_name or len(letters) == 1:
        raise SettingsError(
            "This password is among the first that anybody would try. Choose another one."
        )


def make_rights(
    deployment: Deployment,
    connection: Connection,
    *,
    operations: Iterable[Operation],
    collections: Sequence[str] | None,
    purposes: Sequence[str] | None,
) -> Rights:
    """Raises `SettingsError` for what is no purpose, `NotFoundError` for an unknown collection."""
    check_texts(*(collections or ()), *(purposes or ()))
    for name in collections or ():
        get_collection(deployment, connection, name=name)
    check_purposes(purposes or ())
    if collections == [] or purposes == []:
        raise SettingsError("Name at least one collection or purpose, or none at all for any.")
    return Rights(
        operations=frozenset(operations),
        collections=None if collections is None else frozenset(collections),
        purposes=None if purposes is None else frozenset(purposes),
    )


def check_key_terms(draft: KeyDraft | AccessDraft) -> timedelta:
    """How long the key is to last. Raises `SettingsError`."""
    check_name(draft.name)
    if not 1 <= draft.days <= LONGEST_KEY.days:
        raise SettingsError(f"A key lasts from 1 to {LONGEST_KEY.days} days.")
    if not 1 <= draft.calls_a_minute <= _MOST_CALLS:
        raise SettingsError(f"A key may ask from 1 to {_MOST_CALLS} times a minute.")
    if draft.operations is not None and not draft.operations:
        raise SettingsError("A key is for at least one operation.")
    return timedelta(days=draft.days)


def _repeat(name: str) -> set[str]:
    """The name, once or several times in a row."""
    return {name * times for times in range(1, SHORTEST_PASSWORD + 1)}
