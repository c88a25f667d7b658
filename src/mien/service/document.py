"""Signed documents: one JSON object with a statement, the public key and the signature.

`{NAME: statement, "public_key": ..., "signature": ...}`, both of the latter in hexadecimal.
Signed are the bytes of the statement as canonical JSON (RFC 8785; a statement holds only
ASCII and whole numbers). docs/guide/erasure.md shows how to check one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from mien.vault.signer import Signer


def sign_statement(signer: Signer, name: str, *, statement: Mapping[str, object]) -> str:
    """The document, as text."""
    signature = signer.sign_document(_format_canonically(statement).encode())
    return _format_canonically(
        {
            name: statement,
            "public_key": signer.public_key.hex(),
            "signature": signature.hex(),
        }
    )


def _format_canonically(document: Mapping[str, object]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
