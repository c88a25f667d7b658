"""The audit log as one object: check it, read it, sign it, hand it out."""

from __future__ import annotations

from pathlib import Path

from mien.service import audit_read
from mien.service.audit_bundle import Bundle, export_log
from mien.service.audit_check import AuditReport, verify_log
from mien.service.audit_checkpoint import make_checkpoint
from mien.service.audit_read import Document, InclusionProof, ShownEntry
from mien.service.audit_succession import Cut, acknowledge_cuts
from mien.service.deployment import Deployment


class AuditLog:
    """The log of one deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    @property
    def verification_key(self) -> str:
        """What others need to check checkpoints of the log as it goes on now."""
        return self._deployment.vault.notary.logs.current.signer.verification_key

    def verify(self, *, against: str | None = None) -> AuditReport:
        """Checks everything, and that a checkpoint kept elsewhere is still contained."""
        return verify_log(self._deployment, against=against)

    def checkpoint(self) -> str | None:
        """The signed head over all entries; nothing for an empty log. Raises `AuditError`."""
        return make_checkpoint(self._deployment)

    def succeed(self, reason: str) -> list[Cut]:
        """Acknowledges that signed entries are missing, and why; the cuts that were not yet.

        Raises `NotFoundError` where there is none.
        """
        cuts = [cut for cut in self.verify().cuts if cut.acknowledged_in is None]
        acknowledge_cuts(self._deployment, cuts, reason=reason)
        return cuts

    def export(self, folder: Path) -> Bundle:
        """Writes what anybody can verify without Mien. Raises `AuditError`, `SettingsError`."""
        return export_log(self._deployment, folder)

    def entries(self, *, last: int | None = None) -> list[Document]:
        """All entries in order, or the last so many."""
        return audit_read.read_entries(self._deployment, last=last)

    def entry(self, seq: int) -> ShownEntry:
        """One entry with its details. Raises `NotFoundError`."""
        return audit_read.read_entry(self._deployment, seq)

    def searches_of(self, face_id: str) -> list[ShownEntry]:
        """Every search that showed the face of this outside id. Raises `NotFoundError`."""
        return audit_read.find_searches_of(self._deployment, face_id)

    def prove(self, seq: int, *, checkpoint: str) -> InclusionProof:
        """That a signed head holds the entry. Raises `NotFoundError`, `AuditError`."""
        return audit_read.prove_entry(self._deployment, seq, checkpoint=checkpoint)
