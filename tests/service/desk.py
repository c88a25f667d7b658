"""A home with accounts in it, whose passwords are cheap to check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyotp

from mien.library import Library
from mien.permission.account import EVERYTHING, User
from mien.permission.caller import Role
from mien.service.access_keys import MadeAccess
from mien.service.account_drafts import AccessDraft, KeyDraft, UserDraft
from mien.service.accounts import Accounts
from mien.service.api_keys import MadeKey
from mien.service.one_time import OneTimeLink
from mien.service.own_account import BegunFactor
from mien.service.sign_in import Entry
from mien.vault.passwords import Passwords
from service.stage import PURPOSE, Stage

CHEAP = Passwords(memory_kib=64, passes=1)
PASSWORD = "seven blue herons wait"  # noqa: S105
HERE = "192.0.2.1"


@dataclass
class Desk:
    """Who looks after the accounts of a stage."""

    stage: Stage
    library: Library
    passwords: Passwords = CHEAP

    @property
    def accounts(self) -> Accounts:
        return Accounts(self.library.parts, passwords=self.passwords)

    def as_user(self, user: User) -> Accounts:
        """The accounts as that user acts in them."""
        return Accounts(self.library.acting(user.actor).parts, passwords=self.passwords)

    def invite(self, name: str, role: Role = Role.SEARCHER, **bounds: Any) -> User:
        made = self.accounts.invite(UserDraft(name=name, role=role, **bounds), by=EVERYTHING)
        assert isinstance(made, User)
        return made

    def link(self, user: User) -> str:
        made = self.accounts.link(user.user_id, by=EVERYTHING)
        assert isinstance(made, OneTimeLink)
        return made.token

    def make(self, name: str, role: Role = Role.SEARCHER, **bounds: Any) -> User:
        """Somebody who has chosen a password."""
        done = self.accounts.own.welcome(self.link(self.invite(name, role, **bounds)), PASSWORD)
        assert isinstance(done, User)
        return done

    def enter(self, name: str, password: str = PASSWORD, *, address: str = HERE) -> Entry:
        return self.accounts.sign_in.enter(name, password, address=address)

    def sign_in(self, name: str) -> str:
        """The token of a new session."""
        entry = self.enter(name)
        assert entry.token
        return entry.token

    def key(self, owner: str, **terms: Any) -> MadeKey:
        draft = KeyDraft(**({"name": "booth", "owner": owner} | terms))
        made = self.accounts.keys.make(draft, by=EVERYTHING)
        assert isinstance(made, MadeKey)
        return made

    def code(self, secret: str) -> str:
        """What the app of whoever has the secret shows now."""
        return str(pyotp.TOTP(secret).at(self.stage.now))

    def set_factor(self, user: User) -> str:
        """Gives a user a second factor; its secret."""
        own = self.as_user(user).own
        begun = own.begin_second_factor(user.user_id, password=PASSWORD)
        assert isinstance(begun, BegunFactor)
        done = own.set_second_factor(
            user.user_id, sealed=begun.sealed, code=self.code(begun.secret)
        )
        assert isinstance(done, User)
        return begun.secret

    def actions(self) -> list[object]:
        return [entry["action"] for entry in self.library.audit().entries()]

    def access_key(self, owner: str, **terms: Any) -> MadeAccess:
        """A key for the grant that `terms` name, to work in the collection `people`."""
        draft: dict[str, Any] = {"name": "gate", "owner": owner, "collections": ["people"]}
        made = self.accounts.access_keys.make(
            AccessDraft(**(draft | {"purpose": PURPOSE} | terms)), by=EVERYTHING
        )
        assert isinstance(made, MadeAccess), made
        return made
