"""Certificates of erasure: what went, when and how, signed; nothing in them names anybody.

A certificate is one JSON document, `{"certificate": ..., "public_key": ..., "signature": ...}`,
both of the latter in hexadecimal. Signed are the bytes of the certificate as canonical JSON
(RFC 8785; it holds only ASCII and whole numbers). docs/guide/erasure.md shows how to check one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from mien.catalog.erasures import UnfinishedErasure
from mien.vault.signer import Signer

_TYPE = "mien-erasure-certificate/1"
_METHOD = (
    "Keys destroyed (AES-256-GCM), rows deleted and databases rewritten, sealed files deleted or "
    "rewritten, index snapshots rewritten under a new key; then counted again."
)


def issue_certificate(
    signer: Signer,
    erasure: UnfinishedErasure,
    *,
    left: Mapping[str, int],
    audit_log: str,
    at: datetime,
) -> str:
    """A certificate that an erasure is done, as text; it names the audit log and its entry."""
    entry = erasure.entry
    statement = {
        "type": _TYPE,
        "erasure": entry.uuid,
        "target": entry.kind,
        "began_at": entry.began_at.isoformat(),
        "done_at": at.isoformat(),
        "method": _METHOD,
        "erased": dict(erasure.counts),
        "left": dict(left),
        "ledger_sha256": entry.marks_sha256,
        "audit_log": audit_log,
        "audit_entry": erasure.audit_seq,
        "outside_files": "Files outside the data folder were not touched.",
    }
    signature = signer.sign_document(_format_canonically(statement).encode())
    return _format_canonically(
        {
            "certificate": statement,
            "public_key": signer.public_key.hex(),
            "signature": signature.hex(),
        }
    )


def _format_canonically(document: Mapping[str, object]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
