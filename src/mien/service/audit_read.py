"""Reads the audit log: entries, what can still be opened of their details, proofs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from mien.catalog import audit as rows
from mien.catalog import faces as face_rows
from mien.catalog import grants as grant_rows
from mien.catalog.audit import StoredCheckpoint, StoredEntry, StoredNote
from mien.catalog.connect import Connection
from mien.catalog.merkle import Tree, hash_leaf
from mien.errors import NotFoundError
from mien.service.audit import DEPLOYMENT
from mien.service.audit_check import open_note, verify_checkpoint
from mien.service.deployment import Deployment
from mien.vault.notary import Owner

Document = dict[str, object]
"""An entry or details of one, as JSON values."""


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry and its details, as far as their keys exist; `matches` of the faces shown."""

    entry: Document
    details: Document | None
    matches: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That the entry is among those of the checkpoint: hashes from it up to the root."""

    seq: int
    leaf_hash: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str


def read_entries(deployment: Deployment, *, last: int | None = None) -> list[Document]:
    """The entries in order, or only the last so many."""
    with deployment.database.reading() as connection:
        size = rows.find_next_seq(connection)
        first = 0 if last is None else max(0, size - last)
        return [json.loads(entry.content) for entry in rows.iter_entries(connection, first=first)]


def read_range(deployment: Deployment, *, first: int, limit: int) -> list[Document]:
    """So many entries in order from this number on, as far as there are any."""
    with deployment.database.reading() as connection:
        found = islice(rows.iter_entries(connection, first=max(0, first)), limit)
        return [json.loads(entry.content) for entry in found]


def count_entries(deployment: Deployment) -> int:
    """How many there are; the number that the next one gets."""
    with deployment.database.reading() as connection:
        return rows.find_next_seq(connection)


def list_checkpoints(deployment: Deployment) -> list[StoredCheckpoint]:
    """Every signed head, the smallest first, as it stands in its row."""
    with deployment.database.reading() as connection:
        return list(rows.iter_checkpoints(connection))


def read_entry(deployment: Deployment, seq: int) -> ShownEntry:
    """One entry with its details. Raises `NotFoundError`."""
    with deployment.database.reading() as connection:
        entry = _get_entry(connection, seq)
        notes = rows.find_notes(connection, seq)
        owners = _find_owners(deployment, connection, notes=notes)
    opened = {
        note.number: open_note(
            deployment.vault.notary, entry, note=note, owner=owners.get(note.owner, DEPLOYMENT)
        )
        for note in notes
    }
    matches = [details for number, details in sorted(opened.items()) if number and details]
    return ShownEntry(json.loads(entry.content), opened.get(0), tuple(matches))


def find_searches_of(deployment: Deployment, face_uuid: str) -> list[ShownEntry]:
    """Every search that showed this face, with the details about it alone."""
    with deployment.database.reading() as connection:
        owner = next(iter(_owners_of_faces(connection, {face_uuid})), None)
        if owner is None:
            raise NotFoundError(f"There is no face {face_uuid}.")
    return find_entries_about(deployment, owner)


def find_entries_about(deployment: Deployment, owner: Owner) -> list[ShownEntry]:
    """Every entry with a note under this owner's key, with the details of that note alone."""
    with deployment.database.reading() as connection:
        reference = deployment.vault.notary.refer_owner(owner)
        found = [
            (note, _get_entry(connection, note.seq), rows.find_notes(connection, note.seq)[:1])
            for note in rows.find_notes_of(connection, reference)
        ]
    notary, shown = deployment.vault.notary, []
    for note, entry, own in found:
        details = [open_note(notary, entry, note=first, owner=DEPLOYMENT) for first in own]
        match = open_note(notary, entry, note=note, owner=owner)
        matches = () if match is None else (match,)
        shown.append(ShownEntry(json.loads(entry.content), next(iter(details), None), matches))
    return shown


def prove_entry(deployment: Deployment, seq: int, *, checkpoint: str) -> InclusionProof:
    """That a signed checkpoint holds the entry. Raises `NotFoundError` where it does not."""
    (proof,) = prove_entries(deployment, [seq], checkpoint=checkpoint)
    return proof


def prove_entries(
    deployment: Deployment, seqs: Sequence[int], *, checkpoint: str
) -> list[InclusionProof]:
    """As `prove_entry`, of several entries in one pass over the log."""
    size = verify_checkpoint(deployment.vault.notary, checkpoint).size
    with deployment.database.reading() as connection:
        tree = Tree(hash_leaf(entry.content) for entry in rows.iter_entries(connection))
        leaves = [hash_leaf(_get_entry(connection, seq).content) for seq in seqs]
    late = [seq for seq in seqs if seq >= size]
    if late:
        raise NotFoundError(
            f"The checkpoint is over {size} entries, and entry {late[0]} came later."
        )
    return [
        InclusionProof(seq, leaf, tuple(tree.prove_inclusion(seq, size=size)), checkpoint)
        for seq, leaf in zip(seqs, leaves, strict=True)
    ]


def _get_entry(connection: Connection, seq: int) -> StoredEntry:
    entry = rows.find_entry(connection, seq)
    if entry is None:
        raise NotFoundError(f"There is no entry {seq}. List them with: mien audit show")
    return entry


def _find_owners(
    deployment: Deployment, connection: Connection, *, notes: Sequence[StoredNote]
) -> dict[str, Owner]:
    """Whose keys open the notes; references do not tell, so all who may be meant are tried."""
    notary = deployment.vault.notary
    wanted = {note.owner for note in notes} - {notary.refer_owner(DEPLOYMENT)}
    owners: dict[str, Owner] = {}
    subjects = (Owner(subject=subject) for subject in deployment.vault.subjects.list_all())
    for owner in (*_iter_grant_owners(connection), *subjects):
        owners.setdefault(notary.refer_owner(owner), owner)
    if wanted <= owners.keys():
        return owners
    faces = {
        uuid
        for uuid in face_rows.iter_face_uuids(connection)
        if notary.refer_owner(Owner(face_id=uuid)) in wanted
    }
    return owners | {
        notary.refer_owner(owner): owner for owner in _owners_of_faces(connection, faces)
    }


def _iter_grant_owners(connection: Connection) -> Iterator[Owner]:
    for stored in grant_rows.iter_grants(connection):
        yield Owner(grant_id=stored.grant.grant_id)


def _owners_of_faces(connection: Connection, uuids: set[str]) -> list[Owner]:
    stored = face_rows.find_faces_by_uuid(connection, uuids)
    return [Owner(photo_id=face.photo_uuid, face_id=face.uuid) for face in stored]
