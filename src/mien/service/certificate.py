"""Certificates of erasure: what went, when and how, signed; nothing in them names anybody.

A certificate is one JSON document, `{"certificate": ..., "public_key": ..., "signature": ...}`,
both of the latter in hexadecimal. Signed are the bytes of the certificate as canonical JSON
(RFC 8785; it holds only ASCII and whole numbers). docs/guide/erasure.md shows how to check one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from mien.catalog.erasures import LedgerEntry
from mien.vault.vault import Vault

_TYPE = "mien-erasure-certificate/1"
_METHOD = (
    "Keys destroyed (AES-256-GCM), rows deleted and databases rewritten, sealed files deleted or "
    "rewritten, index snapshots rewritten under a new key; then counted again."
)


def issue_certificate(
    vault: Vault,
    entry: LedgerEntry,
    *,
    erased: Mapping[str, int],
    left: Mapping[str, int],
    at: datetime,
) -> str:
    """A certificate that an erasure is done, as text."""
    statement = {
        "type": _TYPE,
        "erasure": entry.uuid,
        "target": entry.kind,
        "began_at": entry.began_at.isoformat(),
        "done_at": at.isoformat(),
        "method": _METHOD,
        "erased": dict(erased),
        "left": dict(left),
        "ledger_sha256": hashlib.sha256(entry.marks).hexdigest(),
        "outside_files": "Files outside the data folder were not touched.",
    }
    signed = vault.sign(_format_canonically(statement).encode())
    return _format_canonically(
        {
            "certificate": statement,
            "public_key": signed.public_key.hex(),
            "signature": signed.signature.hex(),
        }
    )


def _format_canonically(document: Mapping[str, object]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
