"""Signs the head of the audit log.

Each head grows out of the one signed before, whose subtree roots lie sealed beside the
keys: whatever happens to the catalog, no two heads that one log signed contradict each
other. A head is on the disk with all its entries before it is told to anyone.
"""

from __future__ import annotations

from contextlib import suppress

from mien.catalog import audit as rows
from mien.catalog.audit import StoredCheckpoint
from mien.catalog.connect import Connection
from mien.catalog.merkle import Frontier, hash_leaf
from mien.errors import AuditError, MienError
from mien.service.audit_succession import Writers, is_whole
from mien.service.deployment import Deployment
from mien.vault.lineage import Head


def make_checkpoint(deployment: Deployment) -> str | None:
    """A signed note over all entries, the one at hand if none came since; nothing for none.

    Raises `AuditError` where entries that were signed are missing, or others were not
    written here: such a log is not signed again.
    """
    logs = deployment.vault.notary.logs
    with deployment.database.reading() as connection:
        log, size = logs.current, rows.find_next_seq(connection)
        head = logs.find_head(log)
        if size == head.size:
            _check_whole(deployment, connection)
            return log.signer.sign(size, Frontier(size, head.peaks).root) if size else None
    with deployment.database.writing_durably() as connection:
        _check_whole(deployment, connection)
        log = logs.current
        head = _grow(deployment, connection, head=logs.find_head(log))
        note = log.signer.sign(head.size, Frontier(head.size, head.peaks).root)
        last = rows.find_last_checkpoint(connection)
        if last is None or last.size < head.size:
            rows.add_checkpoint(connection, StoredCheckpoint(head.size, note))
    logs.keep_head(log, head)
    return note


def leave_checkpoint(deployment: Deployment) -> None:
    """At the end of a session. A log that cannot be signed is told of by `mien audit verify`."""
    with suppress(MienError):
        make_checkpoint(deployment)


def _check_whole(deployment: Deployment, connection: Connection) -> None:
    if not is_whole(deployment, connection):
        raise AuditError(
            "The audit log lacks entries that were signed: the catalog was exchanged while it was "
            "in use. Restore the newest catalog, or open it anew: the log then goes on as another."
        )


def _grow(deployment: Deployment, connection: Connection, *, head: Head) -> Head:
    """The head over all entries, from one that was signed."""
    notary = deployment.vault.notary
    frontier, last = Frontier(head.size, head.peaks), head.last
    # A successor's first head is over the entries of the logs before it, too.
    writers = Writers(notary, log=notary.logs.current if head.size else None)
    for entry in rows.iter_entries(connection, first=head.size):
        leaf_hash = hash_leaf(entry.content)
        is_own = entry.leaf_hash == leaf_hash and writers.is_marked(entry)
        if entry.seq != frontier.size or not is_own:
            raise AuditError(
                f"Entry {frontier.size} of the audit log is missing, or was not written here. "
                "The log is not signed as it is; see: mien audit verify"
            )
        frontier, last = frontier.append(leaf_hash), leaf_hash
    return Head(frontier.size, last, frontier.peaks)
