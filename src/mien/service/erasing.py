"""The steps of an erasure. Each may be done again, so a killed erasure is finished by anybody.

rows and ledger   one transaction of the catalog, with the audit log's entry and without the
                  log's notes about it: from here on nothing of it answers
keys              destroyed, with a copy of the ledger's entry beside them
files             sealed files deleted, or written anew without what goes
snapshots         written anew under a new key
pages             both databases rewritten, so that nothing lingers in them
certificate       issued once nothing is left
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from mien.catalog import collections as collection_rows
from mien.catalog import erasures as ledger
from mien.catalog.cases import name_case
from mien.catalog.connect import Connection
from mien.catalog.erasures import ErasureState, LedgerEntry, UnfinishedErasure
from mien.catalog.face_groups import name_group
from mien.catalog.indexed import close_photos
from mien.catalog.references import refer_to_grant, refer_to_sighting
from mien.catalog.removal import Plan, Removal, count_left, delete_rows
from mien.errors import VaultError
from mien.service import audit
from mien.service.audit import Action, Event
from mien.service.certificate import issue_certificate
from mien.service.consents import person_subject, voucher_names
from mien.service.deployment import Deployment
from mien.service.enrolled import template_subject
from mien.service.gallery import Galleries
from mien.service.snapshots import erase_from_snapshot
from mien.service.standing import name_grant, vouch_for_ended
from mien.service.suppression_records import renew_recoveries, subject_of
from mien.vault.keyfile import ErasureCopy
from mien.vault.notary import Owner
from mien.vault.shreds import Shreds, references_of

NOTHING_LEFT = dict.fromkeys(
    (
        *("faces", "photos", "locations", "grants", "people", "consents", "templates", "cases"),
        *("originals", "judgements", "suppressions", "face_groups"),
        *("keys", "vouchers", "sealed_files", "sealed_parts", "snapshot_faces"),
    ),
    0,
)
"""What is counted again before an erasure counts as done, and how much of it may be there."""

_FINAL = ("face", "face-group", "replay")
"""Kinds after which a photo that stays is not looked at again, for whoever enrols later."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


RETENTION = "retention"
"""The kind of erasures by time: what they take does not come in under the same grant again."""


def begin_erasure(
    deployment: Deployment, connection: Connection, *, plan: Plan, kind: str, uuid: str = ""
) -> LedgerEntry:
    """Takes the rows of a plan away; enters it into audit log and ledger, with what remains.

    Under the uuid that a caller wants to know it again by, if any.
    """
    removal = plan.removal
    lapsed = plan.sightings if kind == RETENTION else ()
    references = [
        *(refer_to_sighting(*sighting) for sighting in lapsed),
        *plan.references,
        *(refer_to_grant(uuid) for _, uuid in removal.grants),
        *references_of(shreds_of(removal)),
    ]
    marks = [deployment.vault.mark(reference) for reference in references]
    entry = LedgerEntry(
        uuid=uuid or str(uuid4()),
        kind=kind,
        began_at=deployment.clock(),
        marks=b"".join(marks),
    )
    ledger.record_lapsed(connection, marks[: len(lapsed)])
    delete_rows(connection, removal, at=entry.began_at)
    if kind in _FINAL:
        close_photos(connection, (blob_id for blob_id, _ in removal.kept_blobs))
    vouch_for_ended(deployment, connection, grant_ids=removal.ended_grants)
    counts = count_removal(removal)
    ledger.record_erasure(
        connection,
        entry,
        work=asdict(removal),
        counts=counts,
        audit_seq=_enter(deployment, connection, entry=entry, removal=removal),
    )
    return entry


def finish_erasures(deployment: Deployment, galleries: Galleries) -> bool:
    """Does what is left of all erasures that have begun; whether it could be done.

    Only while nobody else erases. It cannot where another process reads for very long.
    """
    with deployment.database.reading() as connection:
        unfinished = ledger.find_unfinished(connection)
    for erasure in unfinished:
        if erasure.state is ErasureState.DESTROYING:
            _destroy(deployment, erasure, galleries=galleries)
    return not unfinished or _scrub(deployment, unfinished)


def count_removal(removal: Removal) -> dict[str, int]:
    """How much goes, by class."""
    return {
        "faces": len(removal.faces) + len(removal.stray_faces),
        "photos": len(removal.photos) + len(removal.stray_photos),
        "locations": len(removal.locations),
        "grants": len(removal.grants),
        "people": len(removal.people),
        "consents": len(removal.consents),
        "templates": len(removal.enrolments),
        "originals": len(removal.originals),
        "cases": len(removal.cases),
        "suppressions": len(removal.suppressions),
        "face_groups": len(removal.face_groups),
        "sealed_files": len(removal.blobs) + len(removal.stray_blobs),
        "rewritten_files": len(removal.kept_blobs),
    }


def shreds_of(removal: Removal) -> Shreds:
    """What of the vault goes with these rows."""
    return Shreds(
        # The key of an original hangs on its photo's as a face's does, under the id of its blob.
        face_ids=[
            *(uuid for _, uuid, _ in removal.faces),
            *(blob_id for _, blob_id in removal.originals),
            *removal.stray_faces,
        ],
        photo_ids=[*(uuid for _, uuid in removal.photos), *removal.stray_photos],
        covers=[(photo, grant) for photo, grant in removal.covers],
        grant_ids=[*removal.ended_grants, *(uuid for _, uuid in removal.grants)],
        subjects=_subjects_of(removal),
        vouchers=[
            *map(name_grant, (uuid for _, uuid in removal.grants)),
            *(name for _, uuid in removal.consents for name in voucher_names(uuid)),
            *removal.stray_vouchers,
        ],
        blob_ids=[
            *(blob_id for _, blob_id in (*removal.blobs, *removal.originals)),
            *removal.stray_blobs,
        ],
        kept_blobs=[(blob_id, photo) for blob_id, photo in removal.kept_blobs],
    )


def _subjects_of(removal: Removal) -> list[str]:
    """Whose keys go: of people, templates, cases, opt-outs and face groups; each once."""
    people = (person_subject(uuid) for _, uuid in removal.people)
    templates = (template_subject(key_uuid) for _, key_uuid in removal.enrolments)
    cases = (name_case(uuid) for _, uuid in removal.cases)
    optouts = (subject_of(uuid) for _, uuid in removal.suppressions)
    groups = (name_group(uuid) for _, uuid in removal.face_groups)
    strays = removal.stray_subjects
    return list(dict.fromkeys([*people, *templates, *cases, *optouts, *groups, *strays]))


def copy_of(entry: LedgerEntry) -> ErasureCopy:
    """The entry as it is kept beside the keys."""
    began_us = (entry.began_at - _EPOCH) // timedelta(microseconds=1)
    return ErasureCopy(entry.uuid, entry.kind, began_us, entry.marks)


def entry_of(copy: ErasureCopy) -> LedgerEntry:
    """The entry that a copy beside the keys was made of."""
    began_at = _EPOCH + timedelta(microseconds=copy.began_us)
    return LedgerEntry(uuid=copy.uuid, kind=copy.kind, began_at=began_at, marks=copy.marks)


def _enter(
    deployment: Deployment, connection: Connection, *, entry: LedgerEntry, removal: Removal
) -> int:
    """Into the audit log, whose notes about what goes are deleted; the number of the entry."""
    shreds = shreds_of(removal)
    faces = (Owner(face_id=face_id) for face_id in shreds.face_ids)
    grants = (Owner(grant_id) for grant_id in shreds.grant_ids)
    subjects = (Owner(subject=subject) for subject in shreds.subjects)
    audit.forget(deployment, connection, owners=[*faces, *grants, *subjects])
    event = Event(
        action=Action.RETENTION if entry.kind == RETENTION else Action.ERASURE,
        facts={
            "erasure": entry.uuid,
            "target": entry.kind,
            "erased": count_removal(removal),
            "ledger_sha256": entry.marks_sha256,
            "grants": [audit.refer_grant(deployment, grant) for grant in shreds.grant_ids],
        },
    )
    return audit.append(deployment, connection, event=event)


def _destroy(deployment: Deployment, erasure: UnfinishedErasure, *, galleries: Galleries) -> None:
    removal = Removal(**erasure.work)
    shreds = shreds_of(removal)
    galleries.erase(face_id for face_id, _, _ in removal.faces)
    deployment.vault.copy_erasures([copy_of(erasure.entry)])
    deployment.vault.shred(shreds)
    left = deployment.vault.count_left(shreds)
    left["snapshot_faces"] = sum(_erase_from_snapshots(deployment, removal))
    with deployment.database.writing() as connection:
        if shreds.subjects:
            renew_recoveries(deployment.vault, connection)
        left |= count_left(connection, removal)
        if left != NOTHING_LEFT:
            raise VaultError(
                f"The erasure {erasure.entry.uuid} is not complete: {_describe(left)} could not "
                "be removed. Nothing of it answers; run any command again to finish it."
            )
        ledger.begin_scrubbing(connection, erasure.entry.uuid)


def _erase_from_snapshots(deployment: Deployment, removal: Removal) -> Iterator[int]:
    with deployment.database.reading() as connection:
        collections = list(collection_rows.iter_collections(connection))
    for collection in collections:
        uuid_by_id = {i: uuid for i, uuid, owner in removal.faces if owner == collection.id}
        if uuid_by_id:
            yield erase_from_snapshot(deployment, collection, uuid_by_id=uuid_by_id)


def _scrub(deployment: Deployment, erasures: Iterable[UnfinishedErasure]) -> bool:
    deployment.vault.scrub()
    if not deployment.database.scrub():
        return False
    with deployment.database.writing() as connection:
        for erasure in erasures:
            now, notary = deployment.clock(), deployment.vault.notary
            certificate = issue_certificate(
                notary.signer,
                erasure,
                left=NOTHING_LEFT,
                audit_log=notary.logs.current.origin,
                at=now,
            )
            ledger.end_erasure(connection, erasure.entry.uuid, certificate=certificate, at=now)
    return True


def _describe(left: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in left.items() if number)
