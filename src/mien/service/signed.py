"""Signed statements: one JSON document that anybody can check, with no part of Mien.

`{NAME: {...}, "public_key": ..., "signature": ...}`, both of the latter in hexadecimal. Signed
(Ed25519) are the bytes of what stands under NAME as canonical JSON (RFC 8785; it holds whole
numbers and texts only). Its `type` says what it is, so that none passes for another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from mien.vault.signer import Signer


def sign_statement(signer: Signer, statement: Mapping[str, object], *, name: str) -> str:
    """The statement with the deployment's signature, as text."""
    signature = signer.sign_document(format_canonically(statement).encode())
    return format_canonically(
        {
            name: statement,
            "public_key": signer.public_key.hex(),
            "signature": signature.hex(),
        }
    )


def format_canonically(document: Mapping[str, object]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
