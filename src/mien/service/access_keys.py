"""Access keys: what clients of Amazon's interface sign with, each bound to one grant and purpose.

Both sides need the secret to check a signature. It follows from the key's id and a secret of
the vault, so that it is made when it is needed and kept nowhere. The row is vouched for beside
the keys, all of it but the day of its last use, as those of API keys are.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC

from mien.catalog import access_keys as rows
from mien.catalog import accounts as user_rows
from mien.catalog.access_keys import AccessRow, StoredAccess
from mien.catalog.audit import Json, format_json
from mien.catalog.connect import Connection
from mien.errors import ConflictError, SettingsError
from mien.permission.access_key import (
    OPERATIONS,
    AccessKey,
    AccessTerms,
    call_as_access_key,
    make_rights,
    may_bind,
)
from mien.permission.account import Rights, User, may_give
from mien.permission.caller import Caller, Operation
from mien.permission.verdict import Verdict
from mien.service import audit, standing
from mien.service.account_drafts import AccessDraft, check_key_terms, check_name
from mien.service.audit import Action, Event, Note
from mien.service.days import begin_of
from mien.service.deployment import Deployment
from mien.service.drafts import check_purposes
from mien.service.user_record import believe as believe_user
from mien.service.user_record import get_stored, open_text, seal_text

_PREFIX, _RANDOM_BYTES = "MIEN", 10
_KEY_ID = re.compile(r"MIEN[A-Z0-9]{16}")
_COLLECTION = re.compile(r"[a-zA-Z0-9_.\-]{1,255}")
"""What Amazon's interface can name; another collection could never be asked for."""
_MOST_COLLECTIONS = 100


@dataclass(frozen=True, slots=True)
class MadeAccess:
    """A new key and its secret, which is shown once and kept nowhere."""

    key: AccessKey
    secret: str = field(repr=False)

    def as_environment(self, *, region: str, endpoint: str) -> dict[str, str]:
        """The variables that AWS SDKs read: some one name of the region, some the other."""
        return {
            "AWS_ACCESS_KEY_ID": self.key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "AWS_ENDPOINT_URL_REKOGNITION": endpoint,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Who signs with a key, if the signature fits the secret; `terms` as far as they reach now."""

    caller: Caller
    terms: AccessTerms
    secret: str = field(repr=False)


class AccessKeys:
    """All access keys of one deployment; `by` is what whoever asks may do."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def __iter__(self) -> Iterator[AccessKey]:
        """In the order they were made, those that have ended too."""
        with self._deployment.database.reading() as connection:
            found = [self._believe(stored) for stored in rows.iter_keys(connection)]
        yield from found

    def get(self, key_id: str) -> AccessKey:
        """Raises `NotFoundError`."""
        with self._deployment.database.reading() as connection:
            return self._believe(rows.get_key(connection, key_id))

    def make(self, draft: AccessDraft, *, by: Rights) -> MadeAccess | Verdict:
        """Raises `SettingsError`, `NotFoundError`, `ConflictError` for an owner not in force."""
        lasts = check_key_terms(draft)
        with self._deployment.database.writing_durably() as connection:
            owner = believe_user(
                self._deployment, get_stored(self._deployment, connection, name=draft.owner)
            )
            operations, terms = _choose_operations(draft, owner=owner), _make_terms(draft)
            for held in (by, owner.rights):
                verdict = may_give(held, make_rights(operations, terms))
                if not verdict.is_allowed:
                    return verdict
            if not owner.is_in_force:
                raise ConflictError("The account that the key would be for is not in force.")
            verdict = self._may_bind(connection, terms)
            if not verdict.is_allowed:
                return verdict
            now, key_id = self._deployment.clock(), _make_id()
            row = AccessRow(
                key_id=key_id,
                name=seal_text(self._deployment, check_name(draft.name), of=_label(key_id)),
                owner_uuid=owner.user_id,
                operations=operations,
                terms=terms,
                calls_a_minute=draft.calls_a_minute,
                made_at=now,
                expires_at=now + lasts,
            )
            stored = rows.add_key(connection, row)
            event = _tell(Action.ACCESS_KEY_MADE, row, name=draft.name)
            audit.append(self._deployment, connection, event=event)
            return MadeAccess(self._vouch_for(stored), self._derive(key_id))

    def revoke(self, key_id: str, *, by: Rights) -> AccessKey | Verdict:
        """Nothing can be signed with it from now on. Raises `NotFoundError`."""
        with self._deployment.database.writing_durably() as connection:
            key = self._believe(rows.get_key(connection, key_id))
            if not (verdict := may_give(by, key.rights)).is_allowed:
                return verdict
            stored = rows.revoke_key(connection, key_id, at=self._deployment.clock())
            event = _tell(Action.ACCESS_KEY_REVOKED, stored.row, name=key.name)
            audit.append(self._deployment, connection, event=event)
            return self._vouch_for(stored)

    def revoke_all_of(self, connection: Connection, owner_id: str) -> None:
        """Of a user who begins anew. In the transaction that does it."""
        for stored in list(rows.iter_keys(connection)):
            if stored.row.owner_uuid == owner_id and stored.row.revoked_at is None:
                at = self._deployment.clock()
                self._vouch_for(rows.revoke_key(connection, stored.row.key_id, at=at))

    def find(self, key_id: str) -> Signing | None:
        """Who signs with this key, as long as it and its owner's account are in force."""
        if not _KEY_ID.fullmatch(key_id):
            return None
        with self._deployment.database.reading() as connection:
            stored = rows.find_key(connection, key_id)
            if stored is None:
                return None
            owner = believe_user(
                self._deployment, user_rows.get_user(connection, stored.row.owner_uuid)
            )
        caller = call_as_access_key(self._believe(stored), owner=owner, at=self._deployment.clock())
        if caller is None or caller.collections is None:
            return None
        terms = replace(stored.row.terms, collections=caller.collections)
        return Signing(caller=caller, terms=terms, secret=self._derive(key_id))

    def note_use(self, key_id: str) -> None:
        """Notes the day, once a signature was right."""
        day = begin_of(self._deployment.clock().astimezone(UTC).date())
        with self._deployment.database.reading() as connection:
            stored = rows.find_key(connection, key_id)
        if stored is not None and stored.row.last_used_on != day:
            with self._deployment.database.writing() as connection:
                rows.note_use(connection, key_id, day=day)

    def _may_bind(self, connection: Connection, terms: AccessTerms) -> Verdict:
        stored = standing.get_grant(self._deployment, connection, grant_id=terms.grant_id)
        found = [
            standing.find_collection(self._deployment, connection, name=name)
            for name in sorted(terms.collections)
        ]
        return may_bind(
            stored.grant,
            purpose=terms.purpose,
            charters=[one.charter for one in found if one is not None],
            at=self._deployment.clock(),
        )

    def _derive(self, key_id: str) -> str:
        return self._deployment.vault.notary.derive_secret("access key", key_id)

    def _believe(self, stored: StoredAccess) -> AccessKey:
        row, notary = stored.row, self._deployment.vault.notary
        return AccessKey(
            access_key_id=row.key_id,
            name=open_text(self._deployment, row.name, of=_label(row.key_id)),
            owner_id=row.owner_uuid,
            operations=row.operations,
            terms=row.terms,
            calls_a_minute=row.calls_a_minute,
            made_at=row.made_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            last_used_on=row.last_used_on,
            is_vouched=notary.is_vouched(_name(row.key_id), _describe(stored)),
        )

    def _vouch_for(self, stored: StoredAccess) -> AccessKey:
        """Last in the transaction that writes the row."""
        self._deployment.vault.notary.vouch(_name(stored.row.key_id), _describe(stored))
        return self._believe(stored)


def _make_id() -> str:
    return _PREFIX + base64.b32encode(secrets.token_bytes(_RANDOM_BYTES)).decode()


def _choose_operations(draft: AccessDraft, *, owner: User) -> frozenset[Operation]:
    """Raises `SettingsError` for what no access key is for."""
    all_of_them = owner.rights.operations & OPERATIONS
    chosen = all_of_them if draft.operations is None else frozenset(draft.operations)
    words = ", ".join(sorted(OPERATIONS))
    if not chosen <= OPERATIONS:
        raise SettingsError(f"An access key is for these operations alone: {words}.")
    if not chosen:
        raise SettingsError(f"The owner may do nothing that an access key is for: {words}.")
    return chosen


def _make_terms(draft: AccessDraft) -> AccessTerms:
    """Raises `SettingsError`."""
    names = frozenset(draft.collections)
    if not 1 <= len(names) <= _MOST_COLLECTIONS:
        raise SettingsError(f"An access key names from 1 to {_MOST_COLLECTIONS} collections.")
    for name in sorted(names):
        if not _COLLECTION.fullmatch(name):
            raise SettingsError(
                f"{name!r} is no name that Amazon's interface knows: up to 255 of a-z, A-Z, 0-9, "
                "and _ . -"
            )
    check_purposes([draft.purpose])
    return AccessTerms(grant_id=draft.grant_id, collections=names, purpose=draft.purpose)


def _label(key_id: str) -> str:
    return f"access key name:{key_id}"


def _name(key_id: str) -> str:
    return f"access-key:{key_id}"


def _describe(stored: StoredAccess) -> bytes:
    row = stored.row
    described: dict[str, Json] = {
        "row": stored.id,
        "key_id": row.key_id,
        "name": row.name.hex(),
        "owner": row.owner_uuid,
        "grant": row.terms.grant_id,
        "operations": sorted(row.operations),
        "collections": sorted(row.terms.collections),
        "purpose": row.terms.purpose,
        "calls_a_minute": row.calls_a_minute,
        "made_at": audit.format_time(row.made_at),
        "expires_at": audit.format_time(row.expires_at),
        "revoked_at": None if row.revoked_at is None else audit.format_time(row.revoked_at),
    }
    return format_json(described)


def _tell(action: Action, row: AccessRow, *, name: str) -> Event:
    facts: dict[str, Json] = {
        "operations": sorted(row.operations),
        "expires_at": audit.format_time(row.expires_at),
    }
    return Event(
        action=action,
        purpose=row.terms.purpose,
        grant_id=row.terms.grant_id,
        subject_id=_name(row.key_id),
        facts=facts,
        note=Note({"access_key": name, "owner": row.owner_uuid}),
    )
