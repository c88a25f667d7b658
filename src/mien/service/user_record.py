"""Users as they stand: believed only where the vault vouches for their rows.

As with grants (mien.service.standing), a mark of the whole row lies beside the keys. A row that
was edited, inserted, or came back with an older catalog makes a user who may nothing, until
somebody who may begins the account anew.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import suppress

from mien.catalog import accounts as rows
from mien.catalog.accounts import StoredUser, UserRow, format_bound
from mien.catalog.audit import format_json
from mien.catalog.connect import Connection
from mien.errors import KeyDestroyedError, NotFoundError, TamperedError
from mien.permission.account import User
from mien.service import audit
from mien.service.audit import DEPLOYMENT
from mien.service.deployment import Deployment


def fold_name(name: str) -> str:
    """The form in which names to sign in with are compared."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def refer_name(deployment: Deployment, name: str) -> str:
    """What a name is looked up by."""
    return deployment.vault.notary.refer("user name", fold_name(name))


def iter_users(deployment: Deployment, connection: Connection) -> Iterator[User]:
    """All users, in the order they were made."""
    for stored in rows.iter_users(connection):
        yield believe(deployment, stored)


def get_stored(deployment: Deployment, connection: Connection, *, name: str) -> StoredUser:
    """By id or by name. Raises `NotFoundError`."""
    with suppress(NotFoundError):
        return rows.get_user(connection, name)
    found = rows.find_user_by_name(connection, refer_name(deployment, name))
    if found is None:
        raise NotFoundError("There is no such user. List them with: mien users list")
    return found


def believe(deployment: Deployment, stored: StoredUser) -> User:
    """The user, with whether it is what was last recorded here."""
    row = stored.row
    return User(
        user_id=row.uuid,
        name=open_text(deployment, row.name, of=f"name:{row.uuid}"),
        role=row.role,
        created_at=row.created_at,
        collections=row.collections,
        purposes=row.purposes,
        is_active=row.is_active,
        has_password=bool(row.password),
        has_second_factor=row.second_factor is not None,
        is_vouched=deployment.vault.notary.is_vouched(_name(row), _describe(stored)),
    )


def write_user(deployment: Deployment, connection: Connection, *, row: UserRow) -> User:
    """Writes the row and vouches for it. Last in its transaction, but for the log."""
    stored = rows.update_user(connection, row)
    deployment.vault.notary.vouch(_name(row), _describe(stored))
    return believe(deployment, stored)


def add_user(deployment: Deployment, connection: Connection, *, row: UserRow) -> User:
    """As `write_user`, of somebody new."""
    rows.add_user(connection, row)
    return write_user(deployment, connection, row=row)


def seal_text(deployment: Deployment, text: str, *, of: str) -> bytes:
    """Under the deployment's own key; `of` says what it is."""
    sealed = deployment.vault.notary.seal_note(
        text.encode(), owner=DEPLOYMENT, context=f"account:{of}"
    )
    if sealed is None:  # the deployment's own key is made when it is asked for
        raise KeyDestroyedError("The deployment has no key to seal with.")
    return sealed


def open_text(deployment: Deployment, sealed: bytes, *, of: str) -> str:
    """What was sealed as this; empty where it was not."""
    try:
        return deployment.vault.notary.unseal_note(
            sealed, owner=DEPLOYMENT, context=f"account:{of}"
        ).decode()
    except TamperedError:
        return ""


def _name(row: UserRow) -> str:
    return f"user:{row.uuid}"


def _describe(stored: StoredUser) -> bytes:
    """All of the row, and the number by which sessions and keys refer to it."""
    row = stored.row
    return format_json(
        {
            "row": stored.id,
            "uuid": row.uuid,
            "reference": row.reference,
            "name": row.name.hex(),
            "role": row.role,
            "is_active": row.is_active,
            "collections": format_bound(row.collections),
            "purposes": format_bound(row.purposes),
            "password": row.password,
            "second_factor": None if row.second_factor is None else row.second_factor.hex(),
            "created_at": audit.format_time(row.created_at),
        }
    )
