"""Where signed entries are lost, the log goes on as another one, which says so.

A catalog that was restored from a backup, or cut, lacks entries that were signed. No second
history is signed under the same key: before anything else is entered, a successor begins.
Its first entry names the log before it, with its last checkpoint and how many entries of it
are left, and the successor signs those together with its own. What is lost stays a fault
until somebody acknowledges it, with a reason; that it was cut is told for ever.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from mien.catalog import audit as rows
from mien.catalog.audit import Json, StoredEntry
from mien.catalog.connect import Connection
from mien.catalog.merkle import Frontier, hash_leaf
from mien.errors import NotFoundError, SettingsError
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.deployment import Deployment
from mien.vault.lineage import Log
from mien.vault.notary import Notary
from mien.vault.signer import read_checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where a log ended before its signed end, and which one went on from there.

    Of `signed` entries the first `kept` were left. `acknowledged_in` is the number of an entry.
    """

    predecessor: str
    successor: str
    signed: int
    kept: int
    acknowledged_in: int | None = None

    @property
    def explanation(self) -> str:
        """In words, for whoever verifies the log."""
        left = (
            f"{self.kept} were left"
            if self.kept < self.signed
            else "others were found in the place of some"
        )
        return (
            f"The log was cut: {self.signed} entries of {self.predecessor} were signed, "
            f"and {left}. It goes on from entry {self.kept} as {self.successor}."
        )


class Writers:
    """Tells of entries, in their order, whether they are of the log that wrote at that place."""

    def __init__(self, notary: Notary, *, log: Log | None = None) -> None:
        self._notary = notary
        self._logs = notary.logs.list_logs()
        self._log = log or self._logs[0]

    def is_marked(self, entry: StoredEntry) -> bool:
        """Believes the hash that stands beside the entry, which the caller compares."""
        for log in self._logs[self._log.number :]:
            is_possible = log.number == self._log.number or log.first == entry.seq
            if is_possible and self._is_of(
                log, entry.seq, leaf_hash=entry.leaf_hash, mark=entry.mark
            ):
                self._log = log
                return True
        return False

    def may_be_of(self, seq: int, leaf_hash: bytes, *, mark: bytes) -> bool:
        """Did any of the logs write this, at that place?"""
        return any(self._is_of(log, seq, leaf_hash=leaf_hash, mark=mark) for log in self._logs)

    def _is_of(self, log: Log, seq: int, *, leaf_hash: bytes, mark: bytes) -> bool:
        return mark == self._notary.mark(seq, leaf_hash, log=log)


def settle_log(deployment: Deployment) -> None:
    """Begins a successor where entries that were signed are missing. Cheap where none are."""
    with deployment.database.reading() as connection:
        if is_whole(deployment, connection):
            return
    with deployment.database.writing_durably() as connection:
        if not is_whole(deployment, connection):  # nobody was faster
            _succeed(deployment, connection)


def is_whole(deployment: Deployment, connection: Connection) -> bool:
    """Does the log end no earlier than where it was signed, and with the entry signed there?

    What is missing or changed before that was not cut off; `mien audit verify` tells of it.
    """
    notary = deployment.vault.notary
    log = notary.logs.current
    head = notary.logs.find_head(log)
    if not head.size:
        return log.number == 0 or _holds_beginning(notary, connection, log=log)
    entry = rows.find_entry(connection, head.size - 1)
    if entry is None:
        return rows.find_next_seq(connection) >= head.size
    found = hash_leaf(entry.content)
    is_own = Writers(notary).may_be_of(entry.seq, found, mark=entry.mark)
    return found == head.last or not is_own


def list_cuts(notary: Notary) -> list[Cut]:
    """Every cut that there ever was, none of them acknowledged yet."""
    return [
        Cut(predecessor=before.origin, successor=log.origin, signed=before.size, kept=log.first)
        for log in notary.logs.list_logs()[1:]
        for before in [read_checkpoint(log.predecessor)]
    ]


def find_acknowledged(entry: StoredEntry) -> Sequence[str]:
    """Of which successors an entry acknowledges that they began."""
    if f'"action":"{Action.CUT_ACKNOWLEDGED}"'.encode() not in entry.content:
        return ()
    described = json.loads(entry.content)
    is_one = described["action"] == Action.CUT_ACKNOWLEDGED
    return described["facts"]["logs"] if is_one else ()


def is_succession(entry: bytes) -> bool:
    """Does this entry say that another log begins with it?"""
    if f'"action":"{Action.LOG_SUCCEEDED}"'.encode() not in entry:
        return False
    return bool(json.loads(entry)["action"] == Action.LOG_SUCCEEDED)


def acknowledge_cuts(deployment: Deployment, cuts: Sequence[Cut], *, reason: str) -> None:
    """Enters that somebody knows of these cuts, and why they are there.

    Raises `NotFoundError` where there is none, `SettingsError` where nothing is said.
    """
    if not reason.strip():
        raise SettingsError("Say why entries are missing: which backup was restored, and when.")
    if not cuts:
        raise NotFoundError("The audit log was not cut, or all of it is acknowledged already.")
    event = Event(
        action=Action.CUT_ACKNOWLEDGED,
        facts={"logs": [cut.successor for cut in cuts]},
        note=Note({"reason": reason}),
    )
    with deployment.database.writing() as connection:
        audit.append(deployment, connection, event=event)


def _holds_beginning(notary: Notary, connection: Connection, *, log: Log) -> bool:
    """Killed between the two, the vault knows of a log that the catalog does not."""
    entry = rows.find_entry(connection, log.first)
    return entry is not None and entry.mark == notary.mark(entry.seq, entry.leaf_hash, log=log)


def _succeed(deployment: Deployment, connection: Connection) -> None:
    logs = deployment.vault.notary.logs
    cut = logs.current
    head = logs.find_head(cut)
    note = cut.predecessor  # of one that never signed, and is replaced
    if head.size:
        note = cut.signer.sign(head.size, Frontier(head.size, head.peaks).root)
    kept = rows.find_next_seq(connection)
    rows.delete_beyond(connection, kept)
    log = logs.begin(first=kept, predecessor=note)
    before = read_checkpoint(note)
    facts: dict[str, Json] = {
        "log": log.origin,
        "key": log.signer.verification_key,
        "predecessor": before.origin,
        "signed": before.size,
        "kept": kept,
        "checkpoint": note,
    }
    event = Event(action=Action.LOG_SUCCEEDED, facts=facts)
    audit.append(deployment, connection, event=event)
