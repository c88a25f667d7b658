"""Checks the audit log against itself, its signatures, its marks, and a checkpoint kept outside.

An entry is believed where its hash bears the mark of this vault for its place; whatever was
changed by somebody without the keys is told by number. The roots are then computed from all
entries and compared with every checkpoint. Entries that were removed from the end together
with their checkpoints show against the head that is remembered beside the keys; if the keys
were exchanged as well, only a checkpoint that was kept elsewhere tells. A log that was cut
and goes on as another is no longer faulty once somebody has acknowledged it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from mien.catalog import audit as rows
from mien.catalog.audit import StoredEntry, StoredNote
from mien.catalog.connect import Connection
from mien.catalog.merkle import Frontier, Tree, hash_leaf
from mien.errors import AuditError, KeyDestroyedError, TamperedError
from mien.service.audit import DEPLOYMENT, SALT_BYTES, commit
from mien.service.audit_succession import Cut, Writers, find_acknowledged, list_cuts
from mien.service.deployment import Deployment
from mien.vault.notary import Notary, Owner
from mien.vault.signer import Checkpoint


class Fault(StrEnum):
    """What can be wrong; the value is the stable code."""

    CHANGED = "entry-changed"
    FOREIGN = "entry-foreign"
    MOVED = "entry-moved"
    MISSING = "entries-missing"
    TRUNCATED = "log-truncated"
    NOTE = "note-changed"
    FORGED = "checkpoint-forged"
    INCONSISTENT = "checkpoint-inconsistent"
    NOT_CONTAINED = "kept-checkpoint-not-contained"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, with the number of the entry or the size of the checkpoint."""

    fault: Fault
    number: int
    explanation: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What was checked, and everything that is wrong; cuts are told for ever."""

    entries: int
    checkpoints: int
    findings: tuple[Finding, ...]
    cuts: tuple[Cut, ...] = ()

    @property
    def is_sound(self) -> bool:
        return not self.findings


def verify_log(deployment: Deployment, *, against: str | None = None) -> AuditReport:
    """Checks everything. `against` is the text of a checkpoint that was kept outside."""
    with deployment.database.reading() as connection:
        check = _Check(deployment, connection)
        findings = [*check.iter_entry_findings(), *check.iter_checkpoint_findings()]
    cuts = check.list_cuts()
    findings += check.iter_head_findings()
    findings += [_tell_cut(cut) for cut in cuts if cut.acknowledged_in is None]
    if against is not None:
        findings += check.iter_kept_findings(against)
    return AuditReport(check.entries, check.checkpoints, tuple(findings), tuple(cuts))


class _Check:
    """One pass over the log; the entries first."""

    def __init__(self, deployment: Deployment, connection: Connection) -> None:
        self._notary: Notary = deployment.vault.notary
        self._connection = connection
        self._writers = Writers(self._notary)
        self._log = self._notary.logs.current
        self._acknowledged: dict[str, int] = {}
        self._tree = Tree()
        self._gap: int | None = None
        self._next_seq = 0
        self._signed_size = 0
        self.entries = 0
        self.checkpoints = 0

    def iter_entry_findings(self) -> Iterator[Finding]:
        for entry in rows.iter_entries(self._connection):
            if entry.seq != self._next_seq:
                yield _tell_gap(self._next_seq, entry.seq)
                self._gap = self._next_seq if self._gap is None else self._gap
            yield from self._judge(entry)
            self._next_seq = entry.seq + 1
            self.entries += 1

    def iter_checkpoint_findings(self) -> Iterator[Finding]:
        """Every forged one, and the first of those that do not fit the entries."""
        is_consistent = True
        for stored in rows.iter_checkpoints(self._connection):
            self.checkpoints += 1
            try:
                checkpoint = verify_checkpoint(self._notary, stored.note)
            except AuditError as error:
                yield _tell_forged(stored.size, str(error))
                continue
            if checkpoint.origin == self._log.origin:
                self._signed_size = max(self._signed_size, checkpoint.size)
            if checkpoint.size != stored.size:
                yield _tell_forged(stored.size, f"It is one over {checkpoint.size} entries.")
            elif is_consistent and not self._fits(checkpoint.size, checkpoint.root):
                is_consistent = False
                yield Finding(
                    Fault.INCONSISTENT,
                    stored.size,
                    f"The first {stored.size} entries are not those that were signed.",
                )

    def iter_head_findings(self) -> Iterator[Finding]:
        """The end of the log, and the head that the vault remembers."""
        stored = self._notary.logs.find_head(self._log)
        head = Frontier(stored.size, stored.peaks)
        signed_size = max(head.size, self._signed_size)
        if signed_size > self._next_seq:
            yield Finding(
                Fault.TRUNCATED,
                self._next_seq,
                f"The log ends before entry {self._next_seq}; {signed_size} entries were signed.",
            )
        if not self._fits(head.size, head.root):
            yield Finding(
                Fault.INCONSISTENT,
                head.size,
                f"The first {head.size} entries are not those that the vault remembers signing.",
            )

    def list_cuts(self) -> list[Cut]:
        """All of them, with the entries that acknowledge them."""
        return [
            replace(cut, acknowledged_in=self._acknowledged.get(cut.successor))
            for cut in list_cuts(self._notary)
        ]

    def iter_kept_findings(self, note: str) -> Iterator[Finding]:
        try:
            kept = verify_checkpoint(self._notary, note)
        except AuditError as error:
            yield Finding(
                Fault.NOT_CONTAINED, 0, f"The kept checkpoint is none of this log: {error}"
            )
            return
        if kept.size > self._next_seq or not self._fits(kept.size, kept.root):
            yield Finding(
                Fault.NOT_CONTAINED,
                kept.size,
                f"The {kept.size} entries of the kept checkpoint are not all there as they were.",
            )

    def _judge(self, entry: StoredEntry) -> Iterator[Finding]:
        """Adds the entry to the tree, by the hash that can be believed."""
        seq, leaf_hash = entry.seq, hash_leaf(entry.content)
        is_marked = self._writers.is_marked(entry)
        if self._gap is None:
            self._tree.append(entry.leaf_hash if is_marked else leaf_hash)
        if is_marked:
            if leaf_hash == entry.leaf_hash:
                self._acknowledged |= dict.fromkeys(find_acknowledged(entry), seq)
                yield from self._judge_notes(entry)
            else:
                yield Finding(Fault.CHANGED, seq, f"Entry {seq} was changed.")
            return
        written_as = _find_seq(entry.content)
        is_moved = written_as not in {None, seq}
        if is_moved and self._writers.may_be_of(written_as or 0, leaf_hash, mark=entry.mark):
            told = f"Entry {written_as} stands in the place of entry {seq}."
            yield Finding(Fault.MOVED, seq, told)
        else:
            told = f"Entry {seq} was not written here: it was inserted, or put in another's place."
            yield Finding(Fault.FOREIGN, seq, told)

    def _judge_notes(self, entry: StoredEntry) -> Iterator[Finding]:
        """Notes of the deployment's own key; those of faces and grants may be gone rightly."""
        own = self._notary.refer_owner(DEPLOYMENT)
        for note in rows.find_notes(self._connection, entry.seq):
            if note.owner == own and not self._is_note_sound(entry, note):
                told = f"The details of entry {entry.seq} are not those that it was made with."
                yield Finding(Fault.NOTE, entry.seq, told)

    def _is_note_sound(self, entry: StoredEntry, note: StoredNote) -> bool:
        return open_note(self._notary, entry, note=note, owner=DEPLOYMENT) is not None

    def _fits(self, size: int, root: bytes) -> bool:
        """Beyond entries that are missing nothing more can be said; that they are is told."""
        return size > len(self._tree) or self._tree.root_at(size) == root


def verify_checkpoint(notary: Notary, note: str) -> Checkpoint:
    """What a note says that one of this home's logs signed. Raises `AuditError` for any other."""
    signers = {log.origin: log.signer for log in notary.logs.list_logs()}
    origin = note.partition("\n")[0]
    return signers.get(origin, notary.signer).verify(note)


def open_note(
    notary: Notary, entry: StoredEntry, *, note: StoredNote, owner: Owner
) -> dict[str, object] | None:
    """The details of a note, if they open and are what the entry commits to."""
    context = f"{note.seq}:{note.number}"
    try:
        content = notary.unseal_note(note.sealed, owner=owner, context=context)
    except (KeyDestroyedError, TamperedError):
        return None
    described = json.loads(entry.content)
    commitments = [described["details_commit"], *described["facts"].get("matches", ())]
    if note.number >= len(commitments) or commit(content) != commitments[note.number]:
        return None
    details: dict[str, object] = json.loads(content[SALT_BYTES:])
    return details


def _tell_cut(cut: Cut) -> Finding:
    told = "If you know why, say so: mien audit succeed --reason TEXT"
    return Finding(Fault.TRUNCATED, cut.kept, f"{cut.explanation} {told}")


def _tell_gap(first: int, next_seq: int) -> Finding:
    last = next_seq - 1
    told = (
        f"Entry {first} is missing." if first == last else f"Entries {first} to {last} are missing."
    )
    return Finding(Fault.MISSING, first, told)


def _tell_forged(size: int, why: str) -> Finding:
    return Finding(Fault.FORGED, size, f"The checkpoint over {size} entries is forged. {why}")


def _find_seq(content: bytes) -> int | None:
    """The number that an entry gives itself."""
    try:
        seq = json.loads(content)["seq"]
    except (ValueError, LookupError, TypeError):
        return None
    return seq if isinstance(seq, int) and 0 <= seq < 1 << 63 else None
