"""Signing in, with a name, a password and where it is set a code; and signing out.

Whoever fails hears the same, after the same work, whether the name is known or not.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from mien.catalog import accounts as user_rows
from mien.catalog import sign_in as rows
from mien.catalog.accounts import StoredUser, UserRow
from mien.permission.account import User
from mien.permission.verdict import ALLOWED, Reason, Verdict, refuse
from mien.service import audit, sessions
from mien.service.audit import Action, Event, Note
from mien.service.deployment import Deployment
from mien.service.one_time import LinkPurpose, end_links, find_user_of, make_link
from mien.service.tries import address_target, begin_try, code_target, end_try, name_target
from mien.service.user_record import believe, open_text, refer_name, write_user
from mien.vault.passwords import Passwords
from mien.vault.second_factor import find_step

NOBODY = "nobody"
"""Who acts while it is not known who it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What came of trying to sign in.

    `token` is that of the new session. Where a code is asked for there is none yet, and `pending`
    is to be handed in with the code. `wait_s` seconds pass before another try is looked at.
    """

    verdict: Verdict = ALLOWED
    user: User | None = None
    token: str = field(default="", repr=False)
    pending: str = field(default="", repr=False)
    wait_s: int = 0


FAILED = Entry(verdict=refuse(Reason.SIGN_IN_FAILED))


class SignIn:
    """The door to one deployment."""

    def __init__(self, deployment: Deployment, *, passwords: Passwords) -> None:
        self._deployment = deployment.acting(NOBODY)
        self._passwords = passwords

    def enter(self, name: str, password: str, *, address: str) -> Entry:
        """With a password; `address` is where the request comes from."""
        by_name, by_address = name_target(name), address_target(address)
        wait_s = begin_try(self._deployment, [by_name, by_address])
        if wait_s:
            return Entry(verdict=refuse(Reason.TOO_MANY_TRIES), wait_s=wait_s)
        stored, user = self._find(name)
        kept = stored.row.password if stored and user and user.is_in_force else ""
        if not self._passwords.fits(kept, password) or user is None:
            return self._fail(user)
        end_try(self._deployment, forgotten=by_name, given_back=by_address)
        return self._let_in(user, kept=kept, password=password)

    def enter_code(self, pending: str, code: str, *, address: str) -> Entry:
        """With the code of a second factor, after the password."""
        with self._deployment.database.reading() as connection:
            user_id = find_user_of(
                self._deployment, connection, token=pending, purpose=LinkPurpose.SECOND_FACTOR
            )
        if user_id is None:
            return FAILED
        by_code, by_address = code_target(user_id), address_target(address)
        wait_s = begin_try(self._deployment, [by_code, by_address])
        if wait_s:
            return Entry(verdict=refuse(Reason.TOO_MANY_TRIES), wait_s=wait_s, pending=pending)
        entry = self._spend_code(user_id, pending=pending, code=code)
        if entry.verdict.is_allowed:
            end_try(self._deployment, forgotten=by_code, given_back=by_address)
        return entry

    def leave(self, token: str) -> None:
        """Ends the session of this token, where there is one."""
        user = sessions.find_user(self._deployment, token)
        session_id = sessions.find_session_id(self._deployment, token)
        if user is None or session_id is None:
            return
        acting = self._deployment.acting(user.actor)
        with acting.database.writing() as connection:
            sessions.end_session(acting, connection, user_id=user.user_id, session_id=session_id)
            audit.append(acting, connection, event=_tell(Action.SIGNED_OUT, user))

    def open_session(self, user: User) -> Entry:
        """Signs in somebody who just showed who they are, with a link."""
        acting = self._deployment.acting(user.actor)
        with acting.database.writing() as connection:
            audit.append(acting, connection, event=_tell(Action.SIGNED_IN, user))
            token = sessions.open_session(acting, connection, user_id=user.user_id)
        return Entry(user=user, token=token)

    def _find(self, name: str) -> tuple[StoredUser | None, User | None]:
        with self._deployment.database.reading() as connection:
            stored = user_rows.find_user_by_name(connection, refer_name(self._deployment, name))
        return stored, None if stored is None else believe(self._deployment, stored)

    def _let_in(self, user: User, *, kept: str, password: str) -> Entry:
        """What was checked is looked at again, in the transaction that lets somebody in."""
        fresh = self._passwords.make_hash(password) if self._passwords.is_outdated(kept) else kept
        acting = self._deployment.acting(user.actor)
        with acting.database.writing_durably() as connection:
            stored = user_rows.get_user(connection, user.user_id)
            row, now = stored.row, believe(acting, stored)
            if row.password != kept or not now.is_in_force:
                return FAILED
            if fresh != kept:
                write_user(acting, connection, row=replace(row, password=fresh))
            if now.has_second_factor:
                link = make_link(
                    acting, connection, user_id=user.user_id, purpose=LinkPurpose.SECOND_FACTOR
                )
                return Entry(user=now, pending=link.token)
            audit.append(acting, connection, event=_tell(Action.SIGNED_IN, now))
            token = sessions.open_session(acting, connection, user_id=user.user_id)
        return Entry(user=now, token=token)

    def _spend_code(self, user_id: str, *, pending: str, code: str) -> Entry:
        """Lets in whoever has the right code for the first time."""
        acting = self._deployment.acting(f"user:{user_id}")
        with acting.database.writing() as connection:
            still = find_user_of(
                acting, connection, token=pending, purpose=LinkPurpose.SECOND_FACTOR
            )
            stored = user_rows.get_user(connection, user_id)
            user = believe(acting, stored)
            step = find_code_step(acting, stored.row, code=code)
            is_right = (
                still == user_id
                and user.is_in_force
                and step is not None
                and rows.use_code(connection, user_id, step=step)
            )
            if not is_right:
                event = _tell(Action.SIGN_IN_FAILED, user)
                audit.append(self._deployment, connection, event=event)
                return replace(FAILED, pending=pending if still else "")
            end_links(acting, connection, user_id=user_id, purpose=LinkPurpose.SECOND_FACTOR)
            audit.append(acting, connection, event=_tell(Action.SIGNED_IN, user))
            token = sessions.open_session(acting, connection, user_id=user_id)
        return Entry(user=user, token=token)

    def _fail(self, user: User | None) -> Entry:
        event = (
            Event(action=Action.SIGN_IN_FAILED)
            if user is None
            else _tell(Action.SIGN_IN_FAILED, user)
        )
        with self._deployment.database.writing() as connection:
            audit.append(self._deployment, connection, event=event)
        return FAILED


def find_code_step(deployment: Deployment, row: UserRow, *, code: str) -> int | None:
    """The half minute whose code it is, of the user's second factor."""
    if row.second_factor is None:
        return None
    secret = open_text(deployment, row.second_factor, of=f"second factor:{row.uuid}")
    return find_step(secret, code, at=deployment.clock()) if secret else None


def _tell(action: Action, user: User) -> Event:
    return Event(action=action, subject_id=user.actor, note=Note({"user": user.name}))
