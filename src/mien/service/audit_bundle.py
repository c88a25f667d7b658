"""Writes the audit log as a folder that anybody can verify, without Mien.

    entries.jsonl      every entry, one a line, as the bytes that were hashed
    checkpoint         the newest signed head, over all of them (C2SP tlog-checkpoint)
    checkpoints.json   every signed head, the smallest first
    proofs.json        of each head but the first, that it grew out of the one before
    successions.json   where the log was cut and goes on under another key: the number of the
                       entry that says so, and the first key's signature on that entry
    key.txt            the public key that the log began with, which signs the others
    verify.py          checks all of it with nothing but Python's own library

No name is in it: entries hold keyed references, and the details stay sealed in the home.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

from mien.catalog import audit as rows
from mien.catalog.merkle import Tree, hash_leaf
from mien.errors import AuditError, SettingsError
from mien.service.audit_checkpoint import make_checkpoint
from mien.service.audit_succession import is_succession
from mien.service.deployment import Deployment
from mien.vault.signer import Signer, read_checkpoint


@dataclass(frozen=True, slots=True)
class Bundle:
    """A written bundle."""

    folder: Path
    entries: int
    checkpoints: int
    verification_key: str


def export_log(deployment: Deployment, folder: Path) -> Bundle:
    """Writes the bundle into a new folder, and signs what was not signed yet.

    Raises `SettingsError` where the folder cannot be made, `AuditError` where the log cannot
    be signed or is empty.
    """
    newest = make_checkpoint(deployment)
    signer = deployment.vault.notary.signer
    if newest is None:
        raise AuditError("The audit log is empty: there is nothing to export.")
    size = read_checkpoint(newest).size
    with deployment.database.reading() as connection:
        entries = [entry.content for entry in rows.iter_entries(connection)][:size]
        stored = [c for c in rows.iter_checkpoints(connection) if 0 < c.size < size]
    if len(entries) != size:
        raise AuditError("The audit log lacks entries that were signed. See: mien audit verify")
    notes = [*(checkpoint.note for checkpoint in stored), newest]
    tree = Tree(map(hash_leaf, entries))
    sizes = [*(checkpoint.size for checkpoint in stored), size]
    proofs = [
        [node.hex() for node in tree.prove_consistency(old, size=new)]
        for old, new in pairwise(sizes)
    ]
    _write(
        folder,
        {
            "entries.jsonl": b"".join(entry + b"\n" for entry in entries),
            "checkpoint": newest.encode(),
            "checkpoints.json": json.dumps(notes, indent=1).encode(),
            "proofs.json": json.dumps(proofs, indent=1).encode(),
            "successions.json": json.dumps(_sign_successions(signer, entries), indent=1).encode(),
            "key.txt": (signer.verification_key + "\n").encode(),
            "verify.py": (files("mien.service") / "bundle_verifier.py").read_bytes(),
        },
    )
    return Bundle(folder, len(entries), len(notes), signer.verification_key)


def _sign_successions(signer: Signer, entries: Sequence[bytes]) -> list[dict[str, object]]:
    return [
        {"entry": seq, "signature": signer.sign_document(entry).hex()}
        for seq, entry in enumerate(entries)
        if is_succession(entry)
    ]


def _write(folder: Path, contents: dict[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
    except FileExistsError as error:
        raise SettingsError(f"{folder} is there already. Name a folder to be made.") from error
    except OSError as error:
        raise SettingsError(f"{folder} cannot be written: {error.strerror}.") from error
