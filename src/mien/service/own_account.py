"""What everybody does for themselves: password, second factor, sessions.

Whoever changes how they sign in says their password first, and their other sessions end.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta

from mien.catalog import accounts as rows
from mien.catalog import sign_in as sign_in_rows
from mien.catalog.accounts import UserRow
from mien.catalog.audit import format_json
from mien.catalog.connect import Connection
from mien.permission.account import User
from mien.permission.verdict import Reason, Verdict, refuse
from mien.service import audit, sessions
from mien.service.account_drafts import check_password
from mien.service.audit import Action, Event, Note
from mien.service.deployment import Deployment
from mien.service.one_time import LinkPurpose, end_links, find_user_of
from mien.service.sessions import SessionView
from mien.service.sign_in import NOBODY
from mien.service.tries import Target, begin_try, end_try
from mien.service.user_record import believe, open_text, seal_text, write_user
from mien.vault.passwords import Passwords
from mien.vault.second_factor import find_step, make_address, make_secret

_SITE = "Mien"
_BEGUN_LASTS = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class BegunFactor:
    """A second factor that is not in force yet: `sealed` is handed in again with a code of it."""

    secret: str = field(repr=False)
    address: str = field(repr=False)
    sealed: str = field(repr=False)


class OwnAccount:
    """One's own account; `user_id` is always that of whoever asks."""

    def __init__(self, deployment: Deployment, *, passwords: Passwords) -> None:
        self._deployment = deployment
        self._passwords = passwords

    def get(self, user_id: str) -> User:
        """Raises `NotFoundError`."""
        with self._deployment.database.reading() as connection:
            return believe(self._deployment, rows.get_user(connection, user_id))

    def find_welcomed(self, token: str) -> User | None:
        """Whose one-time link it is, as long as it and the account are in force."""
        acting = self._deployment.acting(NOBODY)
        with acting.database.reading() as connection:
            user_id = find_user_of(
                acting, connection, token=token, purpose=LinkPurpose.SET_PASSWORD
            )
            user = None if user_id is None else believe(acting, rows.get_user(connection, user_id))
        return user if user is not None and user.is_in_force else None

    def welcome(self, token: str, password: str) -> User | Verdict:
        """Sets the password with a one-time link, which ends with it. Raises `SettingsError`."""
        user = self.find_welcomed(token)
        if user is None:
            return refuse(Reason.LINK_NOT_IN_FORCE)
        check_password(password, name=user.name)
        kept = self._passwords.make_hash(password)
        acting = self._deployment.acting(user.actor)
        with acting.database.writing_durably() as connection:
            still = find_user_of(acting, connection, token=token, purpose=LinkPurpose.SET_PASSWORD)
            stored = rows.get_user(connection, user.user_id)
            if still != user.user_id or not believe(acting, stored).is_in_force:
                return refuse(Reason.LINK_NOT_IN_FORCE)
            return self._write(
                acting,
                connection,
                row=replace(stored.row, password=kept),
                action=Action.PASSWORD_SET,
            )

    def change_password(self, user_id: str, *, password: str, new: str) -> User | Verdict:
        """All sessions end, this one too. Raises `SettingsError`."""
        checked = self._check(user_id, password=password)
        if isinstance(checked, Verdict):
            return checked
        check_password(new, name=self.get(user_id).name)
        row = replace(checked, password=self._passwords.make_hash(new))
        return self._replace(checked, by=row, action=Action.PASSWORD_SET)

    def begin_second_factor(self, user_id: str, *, password: str) -> BegunFactor | Verdict:
        """A fresh secret, to be shown once; it counts once a code of it was handed in."""
        checked = self._check(user_id, password=password)
        if isinstance(checked, Verdict):
            return checked
        secret = make_secret()
        begun = format_json({"secret": secret, "at": self._deployment.clock().timestamp()})
        sealed = seal_text(self._deployment, begun.decode(), of=f"begun factor:{user_id}").hex()
        address = make_address(secret, name=self.get(user_id).name, site=_SITE)
        return BegunFactor(secret, address, sealed)

    def open_begun(self, user_id: str, *, sealed: str) -> BegunFactor | None:
        """What was begun, as long as it may still be ended."""
        try:
            content = bytes.fromhex(sealed)
        except ValueError:
            return None
        opened = open_text(self._deployment, content, of=f"begun factor:{user_id}")
        if not opened:
            return None
        begun = json.loads(opened)
        if self._deployment.clock().timestamp() - begun["at"] > _BEGUN_LASTS.total_seconds():
            return None
        address = make_address(begun["secret"], name=self.get(user_id).name, site=_SITE)
        return BegunFactor(begun["secret"], address, sealed)

    def set_second_factor(self, user_id: str, *, sealed: str, code: str) -> User | Verdict:
        """From now on a code is asked for. All sessions end."""
        begun = self.open_begun(user_id, sealed=sealed)
        step = None
        if begun is not None:
            step = find_step(begun.secret, code, at=self._deployment.clock())
        if begun is None or step is None:
            return refuse(Reason.SIGN_IN_FAILED)
        with self._deployment.database.writing_durably() as connection:
            stored = rows.get_user(connection, user_id)
            is_in_force = believe(self._deployment, stored).is_in_force
            if not is_in_force or not sign_in_rows.use_code(connection, user_id, step=step):
                return refuse(Reason.SIGN_IN_FAILED)
            secret = seal_text(self._deployment, begun.secret, of=f"second factor:{user_id}")
            return self._write(
                self._deployment,
                connection,
                row=replace(stored.row, second_factor=secret),
                action=Action.SECOND_FACTOR_SET,
            )

    def remove_second_factor(self, user_id: str, *, password: str) -> User | Verdict:
        """From now on the password is enough. All sessions end."""
        checked = self._check(user_id, password=password)
        if isinstance(checked, Verdict):
            return checked
        row = replace(checked, second_factor=None)
        return self._replace(checked, by=row, action=Action.SECOND_FACTOR_REMOVED)

    def sessions(self, user_id: str) -> list[SessionView]:
        """Those in force, in the order they began."""
        return sessions.list_sessions(self._deployment, user_id)

    def end_session(self, user_id: str, session_id: str) -> None:
        """Signs out a browser, this one or another. Raises `NotFoundError`."""
        user = self.get(user_id)
        with self._deployment.database.writing() as connection:
            sessions.end_session(
                self._deployment, connection, user_id=user_id, session_id=session_id
            )
            audit.append(self._deployment, connection, event=_tell(Action.SIGNED_OUT, user.user_id))

    def _check(self, user_id: str, *, password: str) -> UserRow | Verdict:
        """The row, where this is the password; guesses are counted as those of signing in are."""
        by_password = Target("password", user_id, free=5)
        by_user = Target("own account", user_id, free=20)
        if begin_try(self._deployment, [by_password, by_user]):
            return refuse(Reason.TOO_MANY_TRIES)
        with self._deployment.database.reading() as connection:
            stored = rows.get_user(connection, user_id)
        is_in_force = believe(self._deployment, stored).is_in_force
        if not self._passwords.fits(stored.row.password if is_in_force else "", password):
            return refuse(Reason.SIGN_IN_FAILED)
        end_try(self._deployment, forgotten=by_password, given_back=by_user)
        return stored.row

    def _replace(self, checked: UserRow, *, by: UserRow, action: Action) -> User | Verdict:
        """Writes the row in the place of what was checked, if it still is that."""
        with self._deployment.database.writing_durably() as connection:
            stored = rows.get_user(connection, checked.uuid)
            if stored.row != checked or not believe(self._deployment, stored).is_in_force:
                return refuse(Reason.SIGN_IN_FAILED)
            return self._write(self._deployment, connection, row=by, action=action)

    def _write(
        self, deployment: Deployment, connection: Connection, *, row: UserRow, action: Action
    ) -> User:
        """Whoever signed in with what counted before has to do it again."""
        audit.append(deployment, connection, event=_tell(action, row.uuid))
        sessions.end_sessions(deployment, connection, user_id=row.uuid)
        end_links(deployment, connection, user_id=row.uuid)
        return write_user(deployment, connection, row=row)


def _tell(action: Action, user_id: str) -> Event:
    return Event(action=action, subject_id=f"user:{user_id}", note=Note({"user": user_id}))
