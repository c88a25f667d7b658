"""Accounts: who may sign in, as what, and what they need for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from uuid import uuid4

from mien.catalog import accounts as rows
from mien.catalog.accounts import UserRow
from mien.catalog.audit import Json
from mien.catalog.connect import Connection
from mien.errors import ConflictError
from mien.permission.account import EVERYTHING, Rights, User, is_in_charge, may_give
from mien.permission.caller import OPERATIONS, Role
from mien.permission.verdict import Verdict
from mien.service import audit, sessions
from mien.service.access_keys import AccessKeys
from mien.service.account_drafts import UserChange, UserDraft, check_name, make_rights
from mien.service.api_keys import ApiKeys
from mien.service.audit import Action, Event, Note
from mien.service.one_time import LinkPurpose, OneTimeLink, end_links, make_link
from mien.service.own_account import OwnAccount
from mien.service.parts import Parts
from mien.service.sign_in import SignIn
from mien.service.user_record import (
    add_user,
    believe,
    get_stored,
    iter_users,
    refer_name,
    seal_text,
    write_user,
)
from mien.vault.passwords import Passwords

FIRST_NAME = "admin"


class Accounts:
    """All users of one deployment.

    `by` is what whoever asks may do: nobody makes, changes or ends what may more than they
    may. Users are named by id or by name. What is refused is a `Verdict`; the methods raise
    `NotFoundError` for nobody, and `ConflictError` where no admin would be left.
    """

    def __init__(self, parts: Parts, *, passwords: Passwords | None = None) -> None:
        self._deployment = parts.deployment
        self._passwords = passwords or Passwords()

    @cached_property
    def sign_in(self) -> SignIn:
        """Signing in and out."""
        return SignIn(self._deployment, passwords=self._passwords)

    @cached_property
    def own(self) -> OwnAccount:
        """What everybody does for themselves."""
        return OwnAccount(self._deployment, passwords=self._passwords)

    @cached_property
    def keys(self) -> ApiKeys:
        """What programs ask with."""
        return ApiKeys(self._deployment)

    @cached_property
    def access_keys(self) -> AccessKeys:
        """What clients of Amazon's interface sign with."""
        return AccessKeys(self._deployment)

    def list(self) -> list[User]:
        """All users, in the order they were made."""
        with self._deployment.database.reading() as connection:
            return list(iter_users(self._deployment, connection))

    def get(self, name: str) -> User:
        """One of them."""
        with self._deployment.database.reading() as connection:
            return believe(self._deployment, get_stored(self._deployment, connection, name=name))

    def invite(self, draft: UserDraft, *, by: Rights) -> User | Verdict:
        """Somebody new, who has no password yet; `link` lets them choose one.

        A name whose record is not what was recorded here begins anew, without anything it had.
        Raises `SettingsError`, `ConflictError` where the name is taken.
        """
        name = check_name(draft.name)
        with self._deployment.database.writing_durably() as connection:
            rights = self._make_rights(connection, draft)
            if not (verdict := may_give(by, rights)).is_allowed:
                return verdict
            taken = rows.find_user_by_name(connection, refer_name(self._deployment, name))
            if taken is not None and believe(self._deployment, taken).is_vouched:
                raise ConflictError("There is a user of this name. Choose another name.")
            row = self._make_row(
                name, draft, uuid=str(uuid4()) if taken is None else taken.row.uuid
            )
            audit.append(
                self._deployment,
                connection,
                event=_tell(Action.USER_INVITED, row.uuid, name=name, facts={"role": row.role}),
            )
            if taken is None:
                return add_user(self._deployment, connection, row=row)
            self._end_ways_in(connection, row.uuid)
            self.keys.revoke_all_of(connection, row.uuid)
            self.access_keys.revoke_all_of(connection, row.uuid)
            return write_user(self._deployment, connection, row=row)

    def change(self, name: str, change: UserChange, *, by: Rights) -> User | Verdict:
        """Another role, other bounds."""

        def edit(connection: Connection, row: UserRow) -> UserRow:
            rights = self._make_rights(connection, change)
            return replace(
                row,
                role=change.role,
                collections=rights.collections,
                purposes=rights.purposes,
            )

        return self._edit(name, edit, by=by, action=Action.USER_CHANGED)

    def disable(self, name: str, *, by: Rights) -> User | Verdict:
        """Sessions, links and keys of the user end at once."""
        return self._edit(
            name,
            lambda _, row: replace(row, is_active=False),
            by=by,
            action=Action.USER_DISABLED,
        )

    def enable(self, name: str, *, by: Rights) -> User | Verdict:
        """The user may sign in again; their keys that have not expired work again."""
        return self._edit(
            name, lambda _, row: replace(row, is_active=True), by=by, action=Action.USER_ENABLED
        )

    def remove_second_factor(self, name: str, *, by: Rights) -> User | Verdict:
        """For whoever lost it: the password alone counts again, and all sessions end."""
        return self._edit(
            name,
            lambda _, row: replace(row, second_factor=None),
            by=by,
            action=Action.SECOND_FACTOR_REMOVED,
        )

    def link(self, name: str, *, by: Rights) -> OneTimeLink | Verdict:
        """A link with which the user chooses a password, once, within a day.

        Raises `ConflictError` where the account is not in force.
        """
        with self._deployment.database.writing_durably() as connection:
            user = self._get(connection, name)
            if not (verdict := may_give(by, user.rights)).is_allowed:
                return verdict
            if not user.is_in_force:
                raise ConflictError(
                    "This account is not in force. Enable it first, or invite the same name again "
                    "where its record was changed."
                )
            audit.append(
                self._deployment,
                connection,
                event=_tell(Action.LINK_MADE, user.user_id, name=user.name),
            )
            return make_link(
                self._deployment,
                connection,
                user_id=user.user_id,
                purpose=LinkPurpose.SET_PASSWORD,
            )

    def first_link(self) -> OneTimeLink | None:
        """For the first admin, who is made where there is nobody; nothing once one can sign in."""
        users = self.list()
        if not users:
            made = self.invite(UserDraft(name=FIRST_NAME, role=Role.ADMIN), by=EVERYTHING)
            users = [made] if isinstance(made, User) else []
        admins = [user for user in users if is_in_charge(user)]
        if not admins or any(user.has_password for user in admins):
            return None
        link = self.link(admins[0].user_id, by=EVERYTHING)
        return link if isinstance(link, OneTimeLink) else None

    def _edit(
        self,
        name: str,
        edit: Callable[[Connection, UserRow], UserRow],
        *,
        by: Rights,
        action: Action,
    ) -> User | Verdict:
        with self._deployment.database.writing_durably() as connection:
            stored = get_stored(self._deployment, connection, name=name)
            before = believe(self._deployment, stored)
            row = edit(connection, stored.row)
            after = Rights(
                operations=OPERATIONS[row.role], collections=row.collections, purposes=row.purposes
            )
            for rights in (before.rights, after):
                if not (verdict := may_give(by, rights)).is_allowed:
                    return verdict
            if not before.is_vouched:
                row = _make_harmless(row)
            self._check_somebody_stays(connection, before, row=row)
            facts: dict[str, Json] = {"role": row.role}
            event = _tell(action, row.uuid, name=before.name, facts=facts)
            audit.append(self._deployment, connection, event=event)
            if not row.is_active or action is Action.SECOND_FACTOR_REMOVED:
                self._end_ways_in(connection, row.uuid)
            return write_user(self._deployment, connection, row=row)

    def _check_somebody_stays(self, connection: Connection, before: User, *, row: UserRow) -> None:
        stays = row.is_active and row.role is Role.ADMIN
        is_bounded = row.collections is not None or row.purposes is not None
        if not is_in_charge(before) or (stays and not is_bounded):
            return
        others = [
            user
            for user in iter_users(self._deployment, connection)
            if is_in_charge(user)
            and user.user_id != before.user_id
            and user.has_password >= before.has_password
        ]
        if not others:
            raise ConflictError(
                "This is the last admin who can look after everybody. Make another one first, "
                "and let them choose a password."
            )

    def _get(self, connection: Connection, name: str) -> User:
        return believe(self._deployment, get_stored(self._deployment, connection, name=name))

    def _make_rights(self, connection: Connection, draft: UserDraft | UserChange) -> Rights:
        return make_rights(
            self._deployment,
            connection,
            operations=OPERATIONS[draft.role],
            collections=draft.collections,
            purposes=draft.purposes,
        )

    def _make_row(self, name: str, draft: UserDraft, *, uuid: str) -> UserRow:
        return UserRow(
            uuid=uuid,
            reference=refer_name(self._deployment, name),
            name=seal_text(self._deployment, name, of=f"name:{uuid}"),
            role=draft.role,
            collections=None if draft.collections is None else frozenset(draft.collections),
            purposes=None if draft.purposes is None else frozenset(draft.purposes),
            created_at=self._deployment.clock(),
        )

    def _end_ways_in(self, connection: Connection, user_id: str) -> None:
        sessions.end_sessions(self._deployment, connection, user_id=user_id)
        end_links(self._deployment, connection, user_id=user_id)


def _make_harmless(row: UserRow) -> UserRow:
    """What somebody else changed is ended, and nothing of it comes back. Raises `ConflictError`."""
    if row.is_active:
        raise ConflictError(
            "This account is not what was last recorded here, and allows nothing. Disable it, "
            "or invite the same name again: it then begins anew."
        )
    return replace(row, role=Role.VIEWER, password="", second_factor=None)


def _tell(
    action: Action, user_id: str, *, name: str, facts: dict[str, Json] | None = None
) -> Event:
    return Event(
        action=action,
        subject_id=f"user:{user_id}",
        facts=facts or {},
        note=Note({"user": name}),
    )
