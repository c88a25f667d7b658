"""What the audit log asks of the vault: references, marks, sealed notes, and signatures.

Names and ids become keyed references, which say nothing to whoever lacks this vault. An
entry is marked, so that one written elsewhere is known. A note is sealed under the key of
the face or grant that it is about: whoever destroys that key, to erase it, has erased the
note, wherever copies of it lie.
"""

from __future__ import annotations

import base64
import hmac
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from mien.errors import KeyDestroyedError
from mien.vault.keys import KeyStore
from mien.vault.lineage import Lineage, Log
from mien.vault.seal import make_key, seal, unseal
from mien.vault.signer import Signer, make_signing_key

_REFERENCES, _NOTES, _SIGNER = "audit references", "audit notes", "audit signer"
_REFERENCE_CHARACTERS = 32
_DERIVED, _DERIVED_CHARACTERS = "derived secrets", 40


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose key seals a note: a face's in its photo, a grant's, a subject's, or the deployment's.

    A subject is named with its kind, as `person:UUID`.
    """

    grant_id: str = ""
    photo_id: str = ""
    face_id: str = ""
    subject: str = ""

    @property
    def label(self) -> str:
        if self.subject:
            return self.subject
        kind = "face" if self.face_id else "grant" if self.grant_id else "home"
        return f"{kind}:{self.face_id or self.grant_id}"


class Notary:
    """The secrets of the audit log, made when first asked for. Threads may share it."""

    def __init__(self, keys: KeyStore, *, turn: threading.RLock) -> None:
        self._keys = keys
        self._turn = turn
        self._secrets: dict[str, bytes] = {}
        self.logs = Lineage(keys, turn=turn, first_signer=lambda: self.signer)

    def refer(self, kind: str, value: str) -> str:
        """A keyed reference: the same for the same value, and without this vault nothing."""
        return self._authenticate(f"reference:{kind}", value.encode(errors="surrogatepass")).hex()[
            :_REFERENCE_CHARACTERS
        ]

    def derive_secret(self, kind: str, value: str) -> str:
        """A secret of the value's own: 40 characters, of 240 bits.

        It is made again whenever it is asked for, so that it need be kept nowhere; without this
        vault nobody makes it, whatever other secrets of its kind they know.
        """
        content = f"{kind}\0{value}".encode(errors="surrogatepass")
        derived = hmac.digest(self._secret(_DERIVED), content, "sha256")
        return base64.urlsafe_b64encode(derived).decode()[:_DERIVED_CHARACTERS]

    def refer_owner(self, owner: Owner) -> str:
        return self.refer("owner", owner.label)

    def mark(self, seq: int, leaf_hash: bytes, *, log: Log) -> bytes:
        """Shows that the entry was written with this vault, at this place in the log."""
        return self._authenticate(f"entry:{log.origin}:{seq}", leaf_hash)

    def vouch(self, name: str, content: bytes) -> None:
        """Remembers, beside the keys, that this is what the record of that name says now.

        A record that was edited, or restored from before it last changed, is told by that.
        """
        with self._turn, self._keys.transaction():
            self._keys.put_voucher(name, self._authenticate(f"voucher:{name}", content))

    def is_vouched(self, name: str, content: bytes) -> bool:
        """Is this what the record of that name said when it last changed here?"""
        with self._turn:
            known = self._keys.find_voucher(name)
        mark = self._authenticate(f"voucher:{name}", content)
        return known is not None and hmac.compare_digest(known, mark)

    def disown(self, names: Sequence[str]) -> None:
        """Forgets what records of these names said: whatever they say now is not vouched for."""
        with self._turn, self._keys.transaction():
            self._keys.destroy_vouchers(names)

    def seal_note(self, note: bytes, *, owner: Owner, context: str) -> bytes | None:
        """The note under its owner's key; nothing where that key is destroyed."""
        key = self._find_key(owner)
        return None if key is None else seal(key, note, context=f"note:{context}")

    def unseal_note(self, sealed: bytes, *, owner: Owner, context: str) -> bytes:
        """Raises `KeyDestroyedError`, or `TamperedError` where it does not belong there."""
        key = self._find_key(owner)
        if key is None:
            raise KeyDestroyedError("The note was erased together with what it was about.")
        return unseal(key, sealed, context=f"note:{context}")

    def make_grant_key(self, grant_id: str) -> None:
        """Makes the key that notes about a grant are sealed under."""
        with self._turn, self._keys.transaction():
            self._keys.make_grant_key(grant_id)

    @cached_property
    def signer(self) -> Signer:
        """The deployment's key: it signs documents, and the first of the logs."""
        return Signer(self._secret(_SIGNER, make=make_signing_key))

    def _find_key(self, owner: Owner) -> bytes | None:
        with self._turn:
            if owner.face_id:
                return self._find_face_key(owner)
            if owner.grant_id:
                return self._keys.find_grant_key(owner.grant_id)
            if owner.subject:
                return self._keys.find_subject_key(owner.subject)
        return self._secret(_NOTES)

    def _find_face_key(self, owner: Owner) -> bytes | None:
        try:
            photo_key = self._keys.get_photo_key(owner.photo_id)
        except KeyDestroyedError:
            return None
        return self._keys.find_face_key(owner.face_id, photo_id=owner.photo_id, photo_key=photo_key)

    def _authenticate(self, context: str, content: bytes) -> bytes:
        key = self._secret(_REFERENCES)
        return hmac.digest(key, context.encode() + b"\0" + content, "sha256")

    def _secret(self, name: str, *, make: Callable[[], bytes] = make_key) -> bytes:
        with self._turn:
            if name not in self._secrets:
                self._secrets[name] = self._keys.load_secret(name, make=make)
            return self._secrets[name]
