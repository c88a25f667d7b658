"""Old backups bring nothing back: what the ledger says was erased is erased again.

The ledger lies in the catalog, with a copy beside the keys. Where one of them lacks entries
that the other has, it was restored from a backup, and what those entries mark is looked for
in both before anything is served. Where both come from the same backup, as when the whole
home was put back, nothing here can know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mien.catalog import erasures as ledger
from mien.catalog.cases import iter_remembered, name_case
from mien.catalog.connect import Connection
from mien.catalog.erasures import ErasureState, LedgerEntry
from mien.catalog.face_groups import iter_group_references
from mien.catalog.references import (
    iter_enrolment_references,
    iter_face_references,
    iter_grant_references,
    iter_indexed_references,
    iter_location_references,
    iter_person_references,
    iter_suppression_references,
)
from mien.catalog.removal import Plan, Removal, iter_blobs, iter_covers, plan_removal
from mien.catalog.selection import Selection
from mien.service.deployment import Deployment, erasing
from mien.service.erasing import (
    RETENTION,
    begin_erasure,
    copy_of,
    entry_of,
    finish_erasures,
)
from mien.service.gallery import Galleries
from mien.vault.shreds import Shreds
from mien.vault.vault import MARK_BYTES

KIND = "replay"


def settle_erasures(deployment: Deployment, galleries: Galleries) -> None:
    """Ends what was cut short, and repeats what a restored backup has forgotten."""
    differs = _compare(deployment).differs
    if not differs and not _is_unfinished(deployment):
        return
    with erasing(deployment.home, waits=differs) as is_mine:
        if not is_mine:
            return  # somebody is at it
        finish_erasures(deployment, galleries)
        difference = _compare(deployment)
        if difference.differs:
            _replay(deployment, difference, galleries=galleries)


@dataclass(frozen=True, slots=True)
class _Difference:
    """Which entries the catalog and the copy beside the keys lack."""

    in_catalog: set[str]
    in_copy: set[str]

    @property
    def differs(self) -> bool:
        return bool(self.in_catalog or self.in_copy)


def _compare(deployment: Deployment) -> _Difference:
    copied = deployment.vault.find_erasure_uuids()
    with deployment.database.reading() as connection:
        states = ledger.find_states(connection)
    # The copy of one that has just begun is made by whoever finishes it.
    old = {uuid for uuid, state in states.items() if state is not ErasureState.DESTROYING}
    return _Difference(in_catalog=copied - states.keys(), in_copy=old - copied)


def _is_unfinished(deployment: Deployment) -> bool:
    with deployment.database.reading() as connection:
        states = ledger.find_states(connection).values()
    return any(state is not ErasureState.DONE for state in states)


def _replay(deployment: Deployment, difference: _Difference, *, galleries: Galleries) -> None:
    forgotten = [entry_of(c) for c in deployment.vault.read_erasures(difference.in_catalog)]
    with deployment.database.writing() as connection:
        known = list(ledger.iter_entries(connection, difference.in_copy))
        is_marked = _reader_of([*forgotten, *known], deployment)
        plan = _plan(deployment, connection, is_marked=is_marked)
        ledger.restore_entries(connection, forgotten)
        by_time = (entry for entry in forgotten if entry.kind == RETENTION)
        ledger.record_lapsed(connection, (mark for e in by_time for mark in _split(e.marks)))
        begin_erasure(deployment, connection, plan=plan, kind=KIND)
    # Only now: killed before, the copy still shows that there is something to be done.
    finish_erasures(deployment, galleries)
    deployment.vault.copy_erasures(map(copy_of, known))


def _reader_of(entries: Iterable[LedgerEntry], deployment: Deployment) -> Callable[[str], bool]:
    marks = {mark for entry in entries for mark in _split(entry.marks)}
    return lambda reference: deployment.vault.mark(reference) in marks


def _split(marks: bytes) -> Iterator[bytes]:
    for start in range(0, len(marks), MARK_BYTES):
        yield marks[start : start + MARK_BYTES]


def _plan(
    deployment: Deployment, connection: Connection, *, is_marked: Callable[[str], bool]
) -> Plan:
    """Rows that came back, what hangs on them, and what came back in the vault alone."""
    selection = Selection(
        face_ids=[face for face, name in iter_face_references(connection) if is_marked(name)],
        location_ids=[
            location for location, name in iter_location_references(connection) if is_marked(name)
        ],
        indexed_ids=[one for one, name in iter_indexed_references(connection) if is_marked(name)],
        grant_ids=[grant for grant, name in iter_grant_references(connection) if is_marked(name)],
        person_ids=[
            person for person, name in iter_person_references(connection) if is_marked(name)
        ],
        enrolment_ids=[
            enrolment
            for enrolment, name in iter_enrolment_references(connection)
            if is_marked(name)
        ],
        case_ids=[
            case_id
            for case_id, uuid in iter_remembered(connection)
            if is_marked(f"subject key:{name_case(uuid)}")
        ],
        suppression_ids=[
            row_id for row_id, name in iter_suppression_references(connection) if is_marked(name)
        ],
        face_group_ids=[one for one, name in iter_group_references(connection) if is_marked(name)],
    )
    plan = plan_removal(connection, selection)
    _add_shreds(connection, plan.removal, shreds=deployment.vault.find_marked(is_marked))
    _add_kept(connection, plan.removal, is_marked=is_marked)
    return plan


def _add_shreds(connection: Connection, removal: Removal, *, shreds: Shreds) -> None:
    """What lies in the vault though no row of the catalog asks for it."""
    photos = {uuid for _, uuid in removal.photos}
    lost = set(removal.covers)
    covers = {c for c in iter_covers(connection) if c[0] not in photos and c not in lost}
    covered = {photo for photo, _ in covers}
    originals = {blob for _, blob in removal.originals}
    faces = {uuid for _, uuid, _ in removal.faces}
    removal.stray_faces = sorted({*shreds.face_ids} - faces - originals)
    removal.stray_photos = sorted({*shreds.photo_ids} - covered - photos)
    blobs = {blob for _, blob in removal.blobs}
    removal.stray_blobs = sorted({*shreds.blob_ids} - blobs - originals)
    removal.stray_subjects = sorted(shreds.subjects)
    removal.covers = sorted(lost | ({*shreds.covers} - covers))
    removal.stray_vouchers = sorted(shreds.vouchers)
    removal.ended_grants = sorted({*shreds.grant_ids} - {uuid for _, uuid in removal.grants})


def _add_kept(
    connection: Connection, removal: Removal, *, is_marked: Callable[[str], bool]
) -> None:
    """Blobs of photos that stayed without some of their faces."""
    gone = {blob_id for _, blob_id in removal.blobs}
    marked = {blob for blob in iter_blobs(connection) if is_marked(f"kept blob:{blob[0]}")}
    kept = {blob for blob in marked if blob[0] not in gone}
    removal.kept_blobs = sorted({*removal.kept_blobs} | kept)
