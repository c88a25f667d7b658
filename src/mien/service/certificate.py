"""Certificates of erasure: what went, when and how, signed; nothing in them names anybody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mien.catalog.erasures import UnfinishedErasure
from mien.service.document import sign_statement
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
    return sign_statement(signer, "certificate", statement=statement)
