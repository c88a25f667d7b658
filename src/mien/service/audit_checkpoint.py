"""Signs the head of the audit log.

Each head grows out of the one signed before, whose subtree roots lie sealed beside the
keys: whatever happens to the catalog, no two heads that were signed contradict each other.
A head is on the disk with all its entries before it is told to anyone.
"""

from __future__ import annotations

from contextlib import suppress

from mien.catalog import audit as rows
from mien.catalog.audit import StoredCheckpoint
from mien.catalog.connect import Connection
from mien.catalog.merkle import Frontier, hash_leaf
from mien.errors import AuditError, MienError
from mien.service.deployment import Deployment


def make_checkpoint(deployment: Deployment) -> str | None:
    """A signed note over all entries, the one at hand if none came since; nothing for none.

    Raises `AuditError` where entries that were signed are missing, or others were not
    written here: such a log is not signed again.
    """
    notary = deployment.vault.notary
    signed = Frontier(*notary.find_head())
    with deployment.database.reading() as connection:
        size = rows.find_next_seq(connection)
    if size == signed.size:
        return notary.signer.sign(size, signed.root) if size else None
    with deployment.database.writing_durably() as connection:
        frontier = _grow(deployment, connection)
        note = notary.signer.sign(frontier.size, frontier.root)
        last = rows.find_last_checkpoint(connection)
        if last is None or last.size < frontier.size:
            rows.add_checkpoint(connection, StoredCheckpoint(frontier.size, note))
    notary.keep_head(frontier.size, frontier.peaks)
    return note


def leave_checkpoint(deployment: Deployment) -> None:
    """At the end of a session. A log that cannot be signed is told of by `mien audit verify`."""
    with suppress(MienError):
        make_checkpoint(deployment)


def _grow(deployment: Deployment, connection: Connection) -> Frontier:
    """The edge of the log: that of the last signed head, and the entries since."""
    notary = deployment.vault.notary
    frontier = Frontier(*notary.find_head())
    if rows.find_next_seq(connection) < frontier.size:
        raise AuditError(
            f"The audit log ends before its entry {frontier.size - 1}, which was signed. Restore "
            "the newest catalog; the log is not signed again without what was signed before."
        )
    for entry in rows.iter_entries(connection, first=frontier.size):
        leaf_hash = hash_leaf(entry.content)
        if entry.seq != frontier.size or entry.mark != notary.mark(entry.seq, leaf_hash):
            raise AuditError(
                f"Entry {frontier.size} of the audit log is missing, or was not written here. "
                "The log is not signed as it is; see: mien audit verify"
            )
        frontier = frontier.append(leaf_hash)
    return frontier
