"""What was done, entered into the audit log in the transaction that does it.

An entry names nobody. Actor, grant, collection, consent and subject are keyed references;
`facts` hold numbers, codes, references and commitments only. What an operator may want to
read again goes into notes, each a random salt of 32 bytes and canonical JSON, sealed: of
each shown face under that face's key, of a grant under the grant's, of the rest under the
deployment's own. The entry holds SHA-256 of each note. Erasing a face or a grant destroys
the key, with it the salt, and what is left in the log is a random number; the log still
verifies. What the deployment's own key seals (who searched, in which collection) stays.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256

from mien.catalog import audit as rows
from mien.catalog.audit import Json, StoredEntry, StoredNote, format_json
from mien.catalog.connect import Connection
from mien.catalog.merkle import hash_leaf
from mien.permission.purpose import is_purpose
from mien.permission.verdict import Reason
from mien.service.deployment import Deployment
from mien.vault.notary import Owner

SALT_BYTES = 32
DEPLOYMENT = Owner()


class Action(StrEnum):
    """What can happen; docs/guide/audit.md explains each."""

    GRANT_RECORDED = "grant-recorded"
    GRANT_NARROWED = "grant-narrowed"
    GRANT_REVOKED = "grant-revoked"
    GRANT_CORRECTED = "grant-corrected"
    COLLECTION_MADE = "collection-made"
    COLLECTION_TAGGED = "collection-tagged"
    COLLECTION_DELETED = "collection-deleted"
    RUN_STARTED = "run-started"
    PHOTOS_ADDED = "photos-added"
    RUN_ENDED = "run-ended"
    RUNS_CUT_SHORT = "runs-cut-short"
    RESCANNED = "rescanned"
    PERSON_ENROLLED = "person-enrolled"
    PERSON_CORRECTED = "person-corrected"
    CONSENT_RENEWED = "consent-renewed"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    ADD = "add"
    SEARCH = "search"
    VIEWED = "viewed"
    COMPARISON = "comparison"
    JUDGED = "judged"
    EXPORTED = "exported"
    EVALUATION = "evaluation"
    ERASURE = "erasure"
    RETENTION = "retention"
    LOG_SUCCEEDED = "log-succeeded"
    CUT_ACKNOWLEDGED = "cut-acknowledged"
    POLICY_PUBLISHED = "policy-published"
    EVIDENCE_EXPORTED = "evidence-exported"
    CASE_OPENED = "case-opened"
    CASE_MOVED = "case-moved"
    CASE_NOTED = "case-noted"
    CASE_SEARCH = "case-search"
    OPTED_OUT = "opted-out"
    OPTOUT_LIFTED = "optout-lifted"
    LICENCE_ACCEPTED = "licence-accepted"
    MODEL_ADDED = "model-added"
    MODEL_CHOSEN = "model-chosen"
    MODEL_MEASURED = "model-measured"
    MODEL_REMOVED = "model-removed"
    MIGRATION_BEGAN = "migration-began"
    FACES_REEMBEDDED = "faces-reembedded"
    MODEL_SWITCHED = "model-switched"
    MIGRATION_ENDED = "migration-ended"
    MIGRATION_ABANDONED = "migration-abandoned"
    USER_INVITED = "user-invited"
    USER_CHANGED = "user-changed"
    USER_DISABLED = "user-disabled"
    USER_ENABLED = "user-enabled"
    FACE_GROUP_MADE = "face-group-made"
    FACE_GROUP_DELETED = "face-group-deleted"
    FACES_GROUPED = "faces-grouped"
    FACES_UNGROUPED = "faces-ungrouped"
    LINK_MADE = "link-made"
    PASSWORD_SET = "password-set"  # noqa: S105  (no password)
    SECOND_FACTOR_SET = "second-factor-set"
    SECOND_FACTOR_REMOVED = "second-factor-removed"
    SIGNED_IN = "signed-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGNED_OUT = "signed-out"
    KEY_MADE = "key-made"
    KEY_REVOKED = "key-revoked"
    ACCESS_KEY_MADE = "access-key-made"
    ACCESS_KEY_REVOKED = "access-key-revoked"
    SEARCH_REVIEWED = "search-reviewed"
    GUEST_LINK_MADE = "guest-link-made"
    GUEST_LINK_ENDED = "guest-link-ended"
    GUEST_ASKED = "guest-asked"
    GUEST_DECIDED = "guest-decided"
    GUEST_ANSWERED = "guest-answered"
    PHOTO_HANDED_OUT = "photo-handed-out"


@dataclass(frozen=True, slots=True)
class Note:
    """Details for the operator, and whose key they are sealed under."""

    details: Mapping[str, Json] = field(default_factory=dict)
    owner: Owner = DEPLOYMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened; refused where there are reasons. `shown` has a note for each face shown.

    A purpose that is no slug might hold anything, and does not enter the log.
    """

    action: Action
    purpose: str = ""
    grant_id: str = ""
    consent_id: str = ""
    subject_id: str = ""
    reasons: Sequence[Reason] = ()
    facts: Mapping[str, Json] = field(default_factory=dict)
    note: Note = field(default_factory=Note)
    shown: Sequence[Note] | None = None


def append(deployment: Deployment, connection: Connection, *, event: Event) -> int:
    """Enters the event with the rest of this transaction; its number."""
    seq = rows.find_next_seq(connection)
    own = Note({"actor": deployment.actor, **event.note.details}, event.note.owner)
    salted = [(note, _salt(note)) for note in (own, *(event.shown or ()))]
    commitments = [commit(content) for _, content in salted]
    entry = _describe(deployment, event, seq=seq, commitments=commitments)
    content = format_json(entry)
    leaf_hash = hash_leaf(content)
    notary = deployment.vault.notary
    mark = notary.mark(seq, leaf_hash, log=notary.logs.current)
    rows.add_entry(connection, StoredEntry(seq, content, leaf_hash, mark))
    _add_notes(deployment, connection, seq=seq, salted=salted)
    return seq


def commit(content: bytes) -> str:
    """The commitment to a salted note, or to anything else that begins with a salt."""
    return sha256(content).hexdigest()


def format_time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def refer_collection(deployment: Deployment, uuid: str) -> str:
    return deployment.vault.notary.refer("collection", uuid)


def refer_grant(deployment: Deployment, grant_id: str) -> str:
    return deployment.vault.notary.refer("grant", grant_id)


def refer_actor(deployment: Deployment, actor: str) -> str:
    return deployment.vault.notary.refer("actor", actor)


def forget(deployment: Deployment, connection: Connection, *, owners: Sequence[Owner]) -> int:
    """Deletes the notes about faces and grants that are being erased; how many there were."""
    notary = deployment.vault.notary
    return sum(rows.delete_notes_of(connection, notary.refer_owner(owner)) for owner in owners)


def _salt(note: Note) -> bytes:
    details = {name: _make_unicode(value) for name, value in note.details.items()}
    return secrets.token_bytes(SALT_BYTES) + format_json(details)


def _make_unicode(value: Json) -> Json:
    """What a shell handed on may be no text, and is entered all the same."""
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value


def _describe(
    deployment: Deployment, event: Event, *, seq: int, commitments: Sequence[str]
) -> dict[str, Json]:
    def refer(kind: str, value: str) -> str | None:
        return deployment.vault.notary.refer(kind, value) if value else None

    own, *shown = commitments
    facts = dict(event.facts)
    if event.shown is not None:
        facts["matches"] = shown
    return {
        "seq": seq,
        "time": format_time(deployment.clock()),
        "actor": refer("actor", deployment.actor),
        "action": event.action,
        "purpose": event.purpose if is_purpose(event.purpose) else None,
        "grant": refer("grant", event.grant_id),
        "consent": refer("consent", event.consent_id),
        "subject_ref": refer("subject", event.subject_id),
        "details_commit": own,
        "outcome": "refused" if event.reasons else "done",
        "reasons": list(event.reasons),
        "facts": facts,
    }


def _add_notes(
    deployment: Deployment,
    connection: Connection,
    *,
    seq: int,
    salted: Sequence[tuple[Note, bytes]],
) -> None:
    """Keeps the notes; one whose owner is being erased at this moment is left out."""
    notary, notes = deployment.vault.notary, []
    for number, (note, content) in enumerate(salted):
        sealed = notary.seal_note(content, owner=note.owner, context=f"{seq}:{number}")
        if sealed is not None:
            notes.append(StoredNote(seq, number, notary.refer_owner(note.owner), sealed))
    rows.add_notes(connection, notes)
