"""The deployment's signature: on documents, and on checkpoints in the form of C2SP.

A checkpoint (c2sp.org/tlog-checkpoint) is a text and its signature (c2sp.org/signed-note):

    <origin>
    <number of entries, decimal>
    <root of their Merkle tree, base64>

    — <origin> <base64 of key id and Ed25519 signature>

The origin is made from the public key, so that no two logs have the same one. The key for
verifying is handed out in the form of Go's note package: `origin+key id+base64(1, key)`.
A document is JSON, and so can never be taken for a checkpoint.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from mien.errors import AuditError

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_ROOT_BYTES = 32
_DASH = "\N{EM DASH}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: of this log, that many first entries have this root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def make_signing_key() -> bytes:
    """A fresh Ed25519 key of 32 bytes."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


class Signer:
    """An Ed25519 key and the name it signs under."""

    def __init__(self, key: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(key)
        self._public = self._private.public_key().public_bytes_raw()
        self.origin = f"mien-log/{sha256(self._public).hexdigest()[:16]}"

    @property
    def verification_key(self) -> str:
        """What others need to check the signatures; nobody can sign with it."""
        return f"{self.origin}+{self._key_id.hex()}+{b64encode(_ED25519 + self._public).decode()}"

    @property
    def public_key(self) -> bytes:
        """The 32 bytes that signatures are checked with."""
        return self._public

    def sign_document(self, document: bytes) -> bytes:
        """The 64 bytes of a signature on a JSON object."""
        return self._private.sign(document)

    def sign(self, size: int, root: bytes) -> str:
        """A checkpoint as a signed note; the same one for the same head."""
        text = Checkpoint(self.origin, size, root).text
        signature = b64encode(self._key_id + self._private.sign(text.encode())).decode()
        return f"{text}\n{_DASH} {self.origin} {signature}\n"

    def verify(self, note: str) -> Checkpoint:
        """What a note says that this key signed. Raises `AuditError` for any other."""
        text, signatures = _split_note(note)
        own = [
            parsed
            for line in signatures.splitlines()
            if (parsed := _parse_signature(line, origin=self.origin)) is not None
        ]
        mine = [signature for key_id, signature in own if key_id == self._key_id]
        if not mine:
            raise AuditError("It bears no signature of this log's key.")
        try:
            for signature in mine:
                Ed25519PublicKey.from_public_bytes(self._public).verify(signature, text.encode())
        except InvalidSignature as error:
            raise AuditError("Its signature is false.") from error
        checkpoint = parse_checkpoint(text)
        if checkpoint.origin != self.origin:
            raise AuditError("It is about another log.")
        return checkpoint

    @property
    def _key_id(self) -> bytes:
        named = self.origin.encode() + b"\n" + _ED25519 + self._public
        return sha256(named).digest()[:_KEY_ID_BYTES]


def parse_checkpoint(text: str) -> Checkpoint:
    """The signed part of a note. Raises `AuditError` where it is no checkpoint."""
    lines = text.split("\n")
    try:
        origin, size, root, end = lines
        checkpoint = Checkpoint(origin, int(size), b64decode(root, validate=True))
    except ValueError as error:
        raise AuditError("It does not have the form of a checkpoint.") from error
    if end or checkpoint.text != text or len(checkpoint.root) != _ROOT_BYTES:
        raise AuditError("It does not have the form of a checkpoint.")
    return checkpoint


def read_checkpoint(note: str) -> Checkpoint:
    """What a note says, whoever signed it. Raises `AuditError` where it is no checkpoint."""
    return parse_checkpoint(_split_note(note)[0])


def _split_note(note: str) -> tuple[str, str]:
    """The text that was signed, and the signatures."""
    text, _, signatures = note.rpartition("\n\n")
    return text + "\n", signatures


def _parse_signature(line: str, *, origin: str) -> tuple[bytes, bytes] | None:
    """The key id and signature of a line, if it was made under this name."""
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.rpartition(" ")
    if dash != _DASH or name != origin:
        return None
    try:
        content = b64decode(encoded, validate=True)
    except Base64Error:
        return None
    return content[:_KEY_ID_BYTES], content[_KEY_ID_BYTES:]
