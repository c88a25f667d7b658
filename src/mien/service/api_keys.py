"""API keys: what programs ask with, for a user, within what that user may do at that moment.

Of a key's secret (256 random bits) a keyed reference is kept. The row is vouched for beside the
keys, all of it but the day of its last use: one that was edited, inserted or restored from
before it was revoked opens nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from mien.catalog import accounts as user_rows
from mien.catalog import api_keys as rows
from mien.catalog.accounts import format_bound
from mien.catalog.api_keys import KeyRow, StoredKey
from mien.catalog.audit import Json, format_json
from mien.catalog.connect import Connection
from mien.errors import ConflictError
from mien.permission.account import ApiKey, Rights, User, call_as_key, may_give
from mien.permission.caller import Caller
from mien.permission.verdict import Verdict
from mien.service import audit
from mien.service.account_drafts import KeyDraft, check_key_terms, check_name, make_rights
from mien.service.audit import Action, Event, Note
from mien.service.days import begin_of
from mien.service.deployment import Deployment
from mien.service.user_record import believe as believe_user
from mien.service.user_record import get_stored, open_text, seal_text

PREFIX = "mien_"
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key and its secret, which is shown once and kept nowhere."""

    key: ApiKey
    secret: str = field(repr=False)


class ApiKeys:
    """All keys of one deployment; `by` is what whoever asks may do."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def __iter__(self) -> Iterator[ApiKey]:
        """In the order they were made, those that have ended too."""
        with self._deployment.database.reading() as connection:
            found = [self._believe(stored) for stored in rows.iter_keys(connection)]
        yield from found

    def get(self, key_id: str) -> ApiKey:
        """Raises `NotFoundError`."""
        with self._deployment.database.reading() as connection:
            return self._believe(rows.get_key(connection, key_id))

    def make(self, draft: KeyDraft, *, by: Rights) -> MadeKey | Verdict:
        """Raises `SettingsError`, `NotFoundError`, `ConflictError` for an owner not in force."""
        lasts = check_key_terms(draft)
        secret = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        with self._deployment.database.writing_durably() as connection:
            owner = believe_user(
                self._deployment, get_stored(self._deployment, connection, name=draft.owner)
            )
            rights = self._make_rights(connection, draft, owner=owner)
            for held in (by, owner.rights):
                if not (verdict := may_give(held, rights)).is_allowed:
                    return verdict
            if not owner.is_in_force:
                raise ConflictError("The account that the key would be for is not in force.")
            now, uuid = self._deployment.clock(), str(uuid4())
            row = KeyRow(
                uuid=uuid,
                reference=self._refer(secret),
                name=seal_text(self._deployment, check_name(draft.name), of=f"key name:{uuid}"),
                owner_uuid=owner.user_id,
                operations=rights.operations,
                collections=rights.collections,
                purposes=rights.purposes,
                calls_a_minute=draft.calls_a_minute,
                made_at=now,
                expires_at=now + lasts,
            )
            stored = rows.add_key(connection, row)
            audit.append(
                self._deployment, connection, event=_tell(Action.KEY_MADE, row, name=draft.name)
            )
            return MadeKey(self._vouch_for(stored), secret)

    def revoke(self, key_id: str, *, by: Rights) -> ApiKey | Verdict:
        """Nothing can be asked with it from now on. Raises `NotFoundError`."""
        with self._deployment.database.writing_durably() as connection:
            key = self._believe(rows.get_key(connection, key_id))
            if not (verdict := may_give(by, key.rights)).is_allowed:
                return verdict
            stored = rows.revoke_key(connection, key_id, at=self._deployment.clock())
            event = _tell(Action.KEY_REVOKED, stored.row, name=key.name)
            audit.append(self._deployment, connection, event=event)
            return self._vouch_for(stored)

    def revoke_all_of(self, connection: Connection, owner_id: str) -> None:
        """Of a user who begins anew. In the transaction that does it."""
        for stored in list(rows.iter_keys(connection)):
            if stored.row.owner_uuid == owner_id and stored.row.revoked_at is None:
                at = self._deployment.clock()
                self._vouch_for(rows.revoke_key(connection, stored.row.uuid, at=at))

    def find_caller(self, secret: str) -> Caller | None:
        """Whose key this is, as long as it and its owner's account are in force."""
        if not secret.startswith(PREFIX):
            return None
        with self._deployment.database.reading() as connection:
            stored = rows.find_key(connection, self._refer(secret))
            if stored is None:
                return None
            owner = believe_user(
                self._deployment, user_rows.get_user(connection, stored.row.owner_uuid)
            )
        now = self._deployment.clock()
        caller = call_as_key(self._believe(stored), owner=owner, at=now)
        if caller is not None:
            self._note_use(stored.row, at=now)
        return caller

    def get_owner_id(self, key_id: str) -> str:
        """The user whose key it is. Raises `NotFoundError`."""
        return self.get(key_id).owner_id

    def _note_use(self, row: KeyRow, *, at: datetime) -> None:
        day = begin_of(at.astimezone(UTC).date())
        if row.last_used_on != day:
            with self._deployment.database.writing() as connection:
                rows.note_use(connection, row.uuid, day=day)

    def _make_rights(self, connection: Connection, draft: KeyDraft, *, owner: User) -> Rights:
        """What is not said is as far as the owner may go."""
        rights = make_rights(
            self._deployment,
            connection,
            operations=owner.rights.operations if draft.operations is None else draft.operations,
            collections=draft.collections,
            purposes=draft.purposes,
        )
        return Rights(
            operations=rights.operations,
            collections=owner.collections if rights.collections is None else rights.collections,
            purposes=owner.purposes if rights.purposes is None else rights.purposes,
        )

    def _believe(self, stored: StoredKey) -> ApiKey:
        row = stored.row
        return ApiKey(
            key_id=row.uuid,
            name=open_text(self._deployment, row.name, of=f"key name:{row.uuid}"),
            owner_id=row.owner_uuid,
            rights=Rights(
                operations=row.operations, collections=row.collections, purposes=row.purposes
            ),
            calls_a_minute=row.calls_a_minute,
            made_at=row.made_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            last_used_on=row.last_used_on,
            is_vouched=self._deployment.vault.notary.is_vouched(_name(row), _describe(stored)),
        )

    def _vouch_for(self, stored: StoredKey) -> ApiKey:
        """Last in the transaction that writes the row."""
        self._deployment.vault.notary.vouch(_name(stored.row), _describe(stored))
        return self._believe(stored)

    def _refer(self, secret: str) -> str:
        return self._deployment.vault.notary.refer("API key", secret)


def _name(row: KeyRow) -> str:
    return f"key:{row.uuid}"


def _describe(stored: StoredKey) -> bytes:
    row = stored.row
    described: dict[str, Json] = {
        "row": stored.id,
        "uuid": row.uuid,
        "reference": row.reference,
        "name": row.name.hex(),
        "owner": row.owner_uuid,
        "operations": sorted(row.operations),
        "collections": format_bound(row.collections),
        "purposes": format_bound(row.purposes),
        "calls_a_minute": row.calls_a_minute,
        "made_at": audit.format_time(row.made_at),
        "expires_at": audit.format_time(row.expires_at),
        "revoked_at": None if row.revoked_at is None else audit.format_time(row.revoked_at),
    }
    return format_json(described)


def _tell(action: Action, row: KeyRow, *, name: str) -> Event:
    facts: dict[str, Json] = {
        "operations": sorted(row.operations),
        "expires_at": audit.format_time(row.expires_at),
    }
    return Event(
        action=action,
        subject_id=f"key:{row.uuid}",
        facts=facts,
        note=Note({"key": name, "owner": row.owner_uuid}),
    )
