"""The SQL that the catalog really sends, one file a module in `tests/catalog/sql`.

    PYTHONPATH=src:tests python -m catalog.statements

writes the files anew; the test beside compares them, so that a changed query shows in review.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event

from catalog.samples import (
    FACE,
    MODEL,
    NOW,
    add_collection,
    add_faces,
    add_grant,
    locate,
    make_sha256,
    make_uuid,
    new_photo,
    open_catalog,
)
from mien.catalog import (
    access_keys,
    accounts,
    api_keys,
    audit,
    browse,
    cases,
    collections,
    consents,
    dossier,
    dropping,
    erasures,
    face_groups,
    face_lists,
    faces,
    grants,
    guests,
    holdings,
    holds,
    image_names,
    indexed,
    judgements,
    landed,
    landmarks,
    links,
    long_runs,
    originals,
    people,
    photos,
    provenance,
    reembed,
    references,
    removal,
    requests,
    reviews,
    runs,
    selection,
    sign_in,
    sources,
    suppressions,
    tags,
)
from mien.permission.access_key import AccessTerms
from mien.permission.basis import Basis
from mien.permission.caller import Operation, Role
from mien.permission.case import CaseKind, CaseState
from mien.permission.charter import Charter
from mien.permission.link import GuestState, LinkTerms
from mien.permission.quality import QualityFilter
from mien.permission.suppression import Level
from mien.testing import GOOD
from mien.types import CollectionId, FaceId, GrantId, PersonId, PhotoId
from permission.samples import make_grant

FOLDER = Path(__file__).parent / "sql"

Call = Callable[[Connection], object]

# Numbers that the rows of `fill` have, each the first of its kind.
COLLECTION, PHOTO, GRANT = CollectionId(1), PhotoId(1), GrantId(1)
SCOPE = faces.SearchScope(
    COLLECTION,
    (faces.CoveringGrant(GRANT, None, True), faces.CoveringGrant(GrantId(2), NOW, False)),
)
NARROW = replace(
    SCOPE,
    kept_after=NOW,
    wanted=faces.Wanted(below="file:///", added_from=NOW, added_before=NOW),
)
SIGHTING = photos.Sighting(uri="file:///b.jpg", fingerprint="1", grant_id=GRANT, at=NOW)
NAMED = image_names.Named(
    photo_id=PHOTO, collection_id=COLLECTION, grant_id=GRANT, uri="file:///a.jpg", name="ada"
)
SUPPRESSION = suppressions.SuppressionRow(
    uuid=make_uuid(1),
    level=Level.FACE,
    made_at=NOW,
    sealed=b"{}",
    portrait=b"jpeg",
    recovery=b"key",
)
AUDITED, NEXT_AUDITED = (audit.StoredEntry(seq, b"{}", bytes(32), bytes(32)) for seq in (0, 1))

PERSON = PersonId(1)
ADA = people.NewPerson(uuid=make_uuid(1), name="Ada", of_age_at=None)
OTHER_PERSON = replace(ADA, uuid=make_uuid(2))
ENROLMENTS = people.NewEnrolments(
    person_id=PERSON, model_digest="", key_uuid=make_uuid(1), sealed=[b""]
)
CONSENT = consents.NewConsent(uuid=make_uuid(1), person_id=PERSON, purposes=["press"], sealed=b"")
OTHER_CONSENT = replace(CONSENT, uuid=make_uuid(2))
GIVEN = consents.StoredConsentEvent(
    number=0, state="ConsentGiven", at=NOW, valid_until=NOW, party="person", sealed=b""
)
RENEWED = replace(GIVEN, number=1, state="RenewedConsentGiven")

ENTRY = erasures.LedgerEntry(uuid=make_uuid(1), kind="photo", began_at=NOW, marks=bytes(16))
OTHER_ENTRY = replace(ENTRY, uuid=make_uuid(2))
REMOVAL = removal.Removal(
    faces=[(1, make_uuid(1), 1), (2, make_uuid(2), 1)],
    blobs=[(1, make_uuid(1))],
    photos=[(1, make_uuid(1))],
    locations=[1, 2],
    grants=[(1, make_uuid(1))],
    people=[(1, make_uuid(1))],
    consents=[(1, make_uuid(1))],
    enrolments=[(1, make_uuid(1))],
    ended_grants=[make_uuid(2)],
    cases=[(1, make_uuid(1))],
    suppressions=[(1, make_uuid(1))],
    originals=[(1, make_uuid(1))],
    face_groups=[(1, make_uuid(1))],
)
SELECTION = selection.Selection(
    enrolment_ids=[1],
    person_ids=[PERSON],
    indexed_ids=[1],
    face_ids=[FaceId(1)],
    location_ids=[1],
    grant_ids=[GrantId(1)],
    ended_grant_ids=[GrantId(2)],
)
PROBE = judgements.ProbeKey("ab", FaceId(1))
JUDGEMENT = judgements.StoredJudgement(
    uuid=make_uuid(1),
    face_id=FaceId(2),
    probe_face_id=FaceId(1),
    probe="ab",
    actor="cd",
    kind=judgements.JudgementKind.REJECTED,
    search=make_uuid(3),
    made_at=NOW,
    mark="ef",
)
GROUP = face_groups.NewFaceGroup(
    uuid=make_uuid(1), collection_id=COLLECTION, grant_id=GRANT, reference="ab", name=b"sealed"
)
NEW_CASE = cases.NewCase(
    uuid=make_uuid(2), kind=CaseKind.TAKEDOWN, opened_at=NOW, due_at=NOW, sealed=b"sealed"
)
REQUEST = requests.RequestRow(
    reference="",
    fingerprint="",
    process=make_uuid(1),
    began_at=NOW,
    status=None,
    location="",
    facts={},
)
CASE_EVENT = cases.StoredEvent(number=0, state=CaseState.RECEIVED, at=NOW, sealed=b"sealed")

USER = accounts.UserRow(
    uuid=make_uuid(1), reference="1", name=b"", role=Role.VIEWER, created_at=NOW
)
KEY = api_keys.KeyRow(
    uuid=make_uuid(1),
    reference="1",
    name=b"",
    owner_uuid=USER.uuid,
    operations=frozenset({Operation.VIEW}),
    calls_a_minute=1,
    made_at=NOW,
    expires_at=NOW,
)
ACCESS_KEY = access_keys.AccessRow(
    key_id="MIEN0000000000000001",
    name=b"",
    owner_uuid=USER.uuid,
    operations=frozenset({Operation.VIEW}),
    terms=AccessTerms(
        grant_id=make_uuid(1), collections=frozenset({"people"}), purpose="family-album"
    ),
    calls_a_minute=1,
    made_at=NOW,
    expires_at=NOW,
)
OTHER_ACCESS_KEY = replace(ACCESS_KEY, key_id="MIEN0000000000000002")
SESSION = sign_in.SessionRow(
    uuid=make_uuid(1),
    reference="1",
    user_uuid=USER.uuid,
    made_at=NOW,
    seen_at=NOW,
    expires_at=NOW,
)
LINK = sign_in.LinkRow(reference="1", user_uuid=USER.uuid, purpose="", expires_at=NOW)
TRIES = sign_in.Tries(failures=1, last_at=NOW, blocked_until=NOW)
GUEST_LINK = links.NewLink(
    uuid=make_uuid(1),
    token_hash="ab" * 32,
    collection_id=1,
    purpose="find-my-photos",
    made_at=NOW,
    terms=LinkTerms(expires_at=NOW),
    sealed=b"sealed",
)
OTHER_GUEST_LINK = replace(GUEST_LINK, uuid=make_uuid(2), token_hash="cd" * 32)
GUEST = guests.NewGuestRequest(
    uuid=make_uuid(1),
    link_id=1,
    token_hash="ab" * 32,
    guest_hash="",
    state=GuestState.WAITING,
    consent_version="1",
    asked_at=NOW,
    ends_at=NOW,
    selfie=b"sealed",
    crop=None,
)
OTHER_GUEST = replace(GUEST, uuid=make_uuid(2), token_hash="cd" * 32)


def _end_small_runs(connection: Connection) -> None:
    """The second one has one before it."""
    for _ in range(2):
        runs.end_small_run(connection, _start_run(connection), counts={"new": 1}, at=NOW)


def _start_run(connection: Connection) -> int:
    return runs.start_run(connection, collection_id=COLLECTION, grant_id=GRANT, at=NOW)


CALLS: Mapping[str, Mapping[str, Call]] = {
    "access_keys": {
        "add_key": lambda c: access_keys.add_key(c, OTHER_ACCESS_KEY),
        "find_key": lambda c: access_keys.find_key(c, ""),
        "get_key": lambda c: access_keys.get_key(c, ACCESS_KEY.key_id),
        "iter_keys": lambda c: list(access_keys.iter_keys(c)),
        "note_use": lambda c: access_keys.note_use(c, ACCESS_KEY.key_id, day=NOW),
        "revoke_key": lambda c: access_keys.revoke_key(c, ACCESS_KEY.key_id, at=NOW),
    },
    "accounts": {
        "add_user": lambda c: accounts.add_user(c, replace(USER, uuid=make_uuid(2), reference="2")),
        "find_user_by_name": lambda c: accounts.find_user_by_name(c, "1"),
        "get_user": lambda c: accounts.get_user(c, USER.uuid),
        "iter_users": lambda c: list(accounts.iter_users(c)),
        "update_user": lambda c: accounts.update_user(c, USER),
    },
    "api_keys": {
        "add_key": lambda c: api_keys.add_key(c, replace(KEY, uuid=make_uuid(2), reference="2")),
        "find_key": lambda c: api_keys.find_key(c, "1"),
        "get_key": lambda c: api_keys.get_key(c, KEY.uuid),
        "iter_keys": lambda c: list(api_keys.iter_keys(c)),
        "note_use": lambda c: api_keys.note_use(c, KEY.uuid, day=NOW),
        "revoke_key": lambda c: api_keys.revoke_key(c, KEY.uuid, at=NOW),
    },
    "audit": {
        "add_checkpoint": lambda c: audit.add_checkpoint(c, audit.StoredCheckpoint(2, "")),
        "add_entry": lambda c: audit.add_entry(c, NEXT_AUDITED),
        "add_notes": lambda c: audit.add_notes(c, [audit.StoredNote(0, 0, "", b"")]),
        "delete_beyond": lambda c: audit.delete_beyond(c, 0),
        "delete_notes_of": lambda c: audit.delete_notes_of(c, ""),
        "find_entry": lambda c: audit.find_entry(c, 0),
        "find_last_checkpoint": audit.find_last_checkpoint,
        "find_next_seq": audit.find_next_seq,
        "find_notes": lambda c: audit.find_notes(c, 0),
        "find_notes_of": lambda c: audit.find_notes_of(c, ""),
        "iter_checkpoints": lambda c: list(audit.iter_checkpoints(c)),
        "iter_entries": lambda c: list(audit.iter_entries(c)),
        "iter_entries_back": lambda c: list(audit.iter_entries_back(c, before=1)),
    },
    "browse": {
        "find_by_place": lambda c: browse.find_by_place(
            c, NARROW, after=browse.Position("file:///a.jpg", 1), limit=9
        ),
        "find_collection_of_face": lambda c: browse.find_collection_of_face(c, make_uuid(1)),
        "find_collections_of_person": lambda c: browse.find_collections_of_person(c, PERSON),
        "find_collections_of_photo": lambda c: browse.find_collections_of_photo(
            c, photos.photo_uuid_of(make_sha256(1))
        ),
        "find_face_ids": lambda c: browse.find_face_ids(c, [1]),
        "find_face_ids_beside": lambda c: browse.find_face_ids_beside(c, FaceId(1)),
        "find_newest": lambda c: browse.find_newest(
            c, NARROW, of_people=[PERSON], after=browse.Position(NOW, 1), limit=9
        ),
        "find_places": lambda c: browse.find_places(c, SCOPE, photo_ids=[PHOTO]),
        "find_visible_photo": lambda c: browse.find_visible_photo(
            c, SCOPE, photo_uuid=photos.photo_uuid_of(make_sha256(1))
        ),
    },
    "cases": {
        "add_case": lambda c: cases.add_case(c, NEW_CASE),
        "append_event": lambda c: cases.append_event(c, 1, event=replace(CASE_EVENT, number=1)),
        "count_remembered": lambda c: cases.count_remembered(c, [1]),
        "find_case": lambda c: cases.find_case(c, make_uuid(1)),
        "find_closed": lambda c: cases.find_closed(c, until=NOW),
        "find_events": lambda c: cases.find_events(c, 1),
        "find_uuids": lambda c: cases.find_uuids(c, [1]),
        "forget_cases": lambda c: cases.forget_cases(c, [1]),
        "iter_cases": lambda c: list(cases.iter_cases(c)),
        "iter_remembered": lambda c: list(cases.iter_remembered(c)),
    },
    "collections": {
        "create_collection": lambda c: collections.create_collection(
            c, "other", charter=Charter(basis=Basis.HOUSEHOLD), model=MODEL, at=NOW
        ),
        "find_collection": lambda c: collections.find_collection(c, "default"),
        "get_collection": lambda c: collections.get_collection(c, "default"),
        "is_there": lambda c: collections.is_there(c, COLLECTION),
        "iter_collections": lambda c: list(collections.iter_collections(c)),
        "raise_revision": lambda c: collections.raise_revision(c, COLLECTION),
        "set_next_model": lambda c: collections.set_next_model(c, COLLECTION, digest="ab" * 32),
        "switch_model": lambda c: collections.switch_model(
            c, collections.get_collection(c, "default"), model=MODEL
        ),
    },
    "consents": {
        "add_consent": lambda c: consents.add_consent(c, OTHER_CONSENT),
        "add_event": lambda c: consents.add_event(c, consent_id=1, event=RENEWED),
        "find_consents": lambda c: consents.find_consents(c, [PERSON]),
        "get_consent": lambda c: consents.get_consent(c, make_uuid(1)),
        "iter_consents": lambda c: list(consents.iter_consents(c)),
    },
    "dossier": {
        "find_photo_ids": lambda c: dossier.find_photo_ids(c, SELECTION),
        "iter_held": lambda c: list(dossier.iter_held(c, [PHOTO])),
    },
    "dropping": {
        "delete_collection": lambda c: dropping.delete_collection(c, add_collection(c, "empty").id),
        "is_shared": lambda c: dropping.is_shared(c, COLLECTION, grant_id=GRANT),
        "select_added": lambda c: dropping.select_added(c, COLLECTION, grant_id=GRANT),
        "select_held_faces": lambda c: dropping.select_held_faces(c, [FaceId(1)]),
    },
    "erasures": {
        "begin_scrubbing": lambda c: erasures.begin_scrubbing(c, make_uuid(1)),
        "end_erasure": lambda c: erasures.end_erasure(c, make_uuid(1), certificate="{}", at=NOW),
        "find_states": erasures.find_states,
        "find_unfinished": erasures.find_unfinished,
        "get_certificate": lambda c: erasures.get_certificate(c, make_uuid(1)),
        "has_lapsed": lambda c: erasures.has_lapsed(c, bytes(16)),
        "iter_certificates": lambda c: list(erasures.iter_certificates(c)),
        "iter_entries": lambda c: list(erasures.iter_entries(c, [make_uuid(1)])),
        "record_erasure": lambda c: erasures.record_erasure(
            c, OTHER_ENTRY, work={}, counts={}, audit_seq=0
        ),
        "record_lapsed": lambda c: erasures.record_lapsed(c, [bytes(16)]),
        "restore_entries": lambda c: erasures.restore_entries(c, [OTHER_ENTRY]),
    },
    "face_groups": {
        "add_group": lambda c: face_groups.add_group(
            c, replace(GROUP, uuid=make_uuid(2), reference="cd"), at=NOW
        ),
        "count_groups": lambda c: face_groups.count_groups(c, SCOPE),
        "count_groups_left": lambda c: face_groups.count_groups_left(c, [1]),
        "delete_groups": lambda c: face_groups.delete_groups(c, [1]),
        "find_faces_of": lambda c: face_groups.find_faces_of(c, [1]),
        "find_going": lambda c: face_groups.find_going(
            c, group_ids=[1], grant_ids=[GRANT], face_ids=[1]
        ),
        "find_group": lambda c: face_groups.find_group(c, SCOPE, reference="ab"),
        "find_group_ids": lambda c: face_groups.find_group_ids(c, [1, 2]),
        "find_groups": lambda c: face_groups.find_groups(c, SCOPE, after=0, limit=9),
        "find_groups_by_id": lambda c: face_groups.find_groups_by_id(c, SCOPE, group_ids=[1]),
        "find_groups_of": lambda c: face_groups.find_groups_of(
            c, collection_id=COLLECTION, reference="ab"
        ),
        "find_groups_with": lambda c: face_groups.find_groups_with(c, [1]),
        "find_of_grants": lambda c: face_groups.find_of_grants(c, [GRANT]),
        "iter_group_references": lambda c: list(face_groups.iter_group_references(c)),
        "iter_visible_members": lambda c: list(face_groups.iter_visible_members(c, NARROW)),
        "tie_faces": lambda c: face_groups.tie_faces(c, 1, face_ids=[FaceId(2)]),
        "untie_faces": lambda c: face_groups.untie_faces(c, 1, face_ids=[FaceId(1)]),
    },
    "face_lists": {
        "count_visible": lambda c: face_lists.count_visible(c, NARROW),
        "find_ids": lambda c: face_lists.find_ids(c, COLLECTION, uuids=[make_uuid(1)]),
        "find_page": lambda c: face_lists.find_page(c, NARROW, after=1, limit=9),
    },
    "faces": {
        "count_faces": lambda c: [
            faces.count_faces(c, COLLECTION),
            faces.count_faces(c, COLLECTION, up_to=7),
        ],
        "count_photos": lambda c: faces.count_photos(c, COLLECTION),
        "find_kept_for": lambda c: faces.find_kept_for(c, [FaceId(1), FaceId(2)]),
        "find_faces_by_uuid": lambda c: faces.find_faces_by_uuid(c, [make_uuid(1)]),
        "find_newer_ids": lambda c: faces.find_newer_ids(c, COLLECTION, than=7),
        "find_stored_faces": lambda c: faces.find_stored_faces(c, [FaceId(1), FaceId(3)]),
        "find_visible_faces": lambda c: faces.find_visible_faces(
            c, SCOPE, face_ids=[FaceId(1), FaceId(2)]
        ),
        "iter_blob_ids": lambda c: list(faces.iter_blob_ids(c)),
        "iter_face_uuids": lambda c: list(faces.iter_face_uuids(c)),
        "iter_identities": lambda c: list(faces.iter_identities(c, COLLECTION)),
        "iter_visible_ids": lambda c: list(faces.iter_visible_ids(c, SCOPE)),
    },
    "grants": {
        "correct_grantor": lambda c: grants.correct_grantor(c, make_grant(grant_id=make_uuid(1))),
        "find_first_additions": grants.find_first_additions,
        "find_grant": lambda c: grants.find_grant(c, make_uuid(1)),
        "find_latest_runs": lambda c: grants.find_latest_runs(c, COLLECTION, at=NOW),
        "get_grant": lambda c: grants.get_grant(c, make_uuid(1)),
        "iter_grants": lambda c: list(grants.iter_grants(c)),
        "iter_grants_of": lambda c: list(grants.iter_grants_of(c, COLLECTION)),
        "narrow_grant": lambda c: grants.narrow_grant(c, make_grant(grant_id=make_uuid(1))),
        "record_grant": lambda c: grants.record_grant(c, make_grant(), at=NOW),
        "revoke_grant": lambda c: grants.revoke_grant(c, make_uuid(1), at=NOW),
    },
    "guests": {
        "add_guest_request": lambda c: guests.add_guest_request(c, OTHER_GUEST),
        "change_guest_request": lambda c: guests.change_guest_request(c, 1, crop=None),
        "close_guest_requests": lambda c: guests.close_guest_requests(c, [1]),
        "count_download": lambda c: guests.count_download(c, 1),
        "count_use": lambda c: guests.count_use(c, 1, guest_hash="ab", since=NOW),
        "find_ended": lambda c: guests.find_ended(c, at=NOW),
        "find_guest_request": lambda c: guests.find_guest_request(c, make_uuid(1)),
        "find_guest_request_by_token": lambda c: guests.find_guest_request_by_token(c, "ab"),
        "find_guest_requests": lambda c: guests.find_guest_requests(c, 1),
        "move_guest_request": lambda c: guests.move_guest_request(
            c, 1, of=GuestState.WAITING, to=GuestState.APPROVED
        ),
    },
    "holdings": {
        "count_cases": holdings.count_cases,
        "count_holdings": holdings.count_holdings,
        "count_originals": holdings.count_originals,
        "count_people": holdings.count_people,
        "count_photos_by_grant": holdings.count_photos_by_grant,
        "count_suppressions": holdings.count_suppressions,
        "find_sources": holdings.find_sources,
    },
    "holds": {
        "find_matters": holds.find_matters,
        "hold": lambda c: holds.hold(c, 1, selection=SELECTION, matters=b"sealed"),
        "is_held": lambda c: holds.is_held(c, sha256=make_sha256(1), grant_id=GRANT),
        "release": lambda c: [holds.hold(c, 1, selection=SELECTION), holds.release(c, 1)],
    },
    "image_names": {
        "add_name": lambda c: image_names.add_name(c, NAMED, at=NOW),
        "count_names": image_names.count_names,
        "delete_names_of_nobody": image_names.delete_names_of_nobody,
        "find_faces_named": lambda c: image_names.find_faces_named(c, SCOPE, name="ada"),
        "find_names": lambda c: image_names.find_names(c, SCOPE, face_ids=[FaceId(1)]),
        "find_names_at": lambda c: image_names.find_names_at(c, [PHOTO]),
    },
    "indexed": {
        "add_faces": lambda c: indexed.add_faces(
            c,
            [indexed.KeptFace(make_uuid(9), FACE, GOOD)],
            indexed_photo_id=1,
            collection_id=COLLECTION,
        ),
        "close_photos": lambda c: indexed.close_photos(c, [make_uuid(1)]),
        "count_stale": lambda c: indexed.count_stale(c, COLLECTION, scanned_to=1),
        "find_boxes": lambda c: indexed.find_boxes(c, 1),
        "find_first_indexings": indexed.find_first_indexings,
        "find_stale": lambda c: indexed.find_stale(c, COLLECTION, scanned_to=1, after=0, limit=32),
        "index_photo": lambda c: add_faces(c, 2, collection_id=COLLECTION, faces=2),
        "is_indexed": lambda c: indexed.is_indexed(c, make_sha256(1), collection_id=COLLECTION),
        "is_there": lambda c: indexed.is_there(c, 1),
        "mark_scanned": lambda c: indexed.mark_scanned(c, 1, scanned_to=1, dropped=0, unfit=0),
        "may_reopen": lambda c: indexed.may_reopen(c, COLLECTION, to=QualityFilter.AUTO),
        "reopen": lambda c: indexed.reopen(
            c, PHOTO, collection_id=COLLECTION, to=QualityFilter.NONE
        ),
    },
    "judgements": {
        "count_judgements_of": lambda c: judgements.count_judgements_of(c, [1]),
        "delete_judgement": lambda c: judgements.delete_judgement(c, make_uuid(1)),
        "delete_judgements_of": lambda c: judgements.delete_judgements_of(c, [1]),
        "find_judgement": lambda c: judgements.find_judgement(c, make_uuid(1)),
        "find_judgements_of": lambda c: judgements.find_judgements_of(c, PROBE),
        "find_judgements_about": lambda c: judgements.find_judgements_about(c, [1]),
        "find_judgements_in": lambda c: judgements.find_judgements_in(c, make_uuid(3)),
        "put_judgement": lambda c: judgements.put_judgement(c, JUDGEMENT),
    },
    "landed": {
        "find_landed": lambda c: landed.find_landed(
            c, "file:///a.jpg", grant_id=GRANT, collection_id=COLLECTION
        ),
    },
    "landmarks": {
        "find_ids_of_photo": lambda c: landmarks.find_ids_of_photo(
            c, make_sha256(1), collection_id=COLLECTION
        ),
        "find_landmarks": lambda c: landmarks.find_landmarks(c, [FaceId(1)]),
    },
    "links": {
        "add_case_link": lambda c: links.add_case_link(
            c, 1, token_hash=GUEST_LINK.token_hash, sealed=b"sealed"
        ),
        "add_link": lambda c: links.add_link(c, OTHER_GUEST_LINK),
        "find_link": lambda c: links.find_link(c, make_uuid(1)),
        "find_link_by_token": lambda c: links.find_link_by_token(c, "ab"),
        "find_linked_case": lambda c: links.find_linked_case(c, "ab"),
        "iter_links": lambda c: list(links.iter_links(c)),
        "revoke_link": lambda c: links.revoke_link(c, make_uuid(1), at=NOW),
    },
    "long_runs": {
        "add_long_run": lambda c: long_runs.add_long_run(
            c, uuid=make_uuid(2), sealed=b"sealed", at=NOW
        ),
        "begin_queued": lambda c: long_runs.begin_queued(c, make_uuid(1), at=NOW),
        "count_waiting": long_runs.count_waiting,
        "end_queued": lambda c: long_runs.end_queued(c, make_uuid(1), at=NOW),
        "find_long_runs": lambda c: long_runs.find_long_runs(c, before=9, limit=5),
        "find_waiting": long_runs.find_waiting,
        "forget_long_runs": lambda c: long_runs.forget_long_runs(c, until=NOW),
        "get_long_run": lambda c: long_runs.get_long_run(c, make_uuid(1)),
        "note_outcome": lambda c: long_runs.note_outcome(c, make_uuid(1), outcome=b"sealed"),
        "note_progress": lambda c: long_runs.note_progress(c, make_uuid(1), counts={}),
        "note_unwanted": lambda c: long_runs.note_unwanted(c, make_uuid(1)),
        "requeue_cut_short": long_runs.requeue_cut_short,
        "set_state": lambda c: long_runs.set_state(
            c, make_uuid(1), state=long_runs.LongRunState.DONE, at=NOW
        ),
    },
    "originals": {
        "add_original": lambda c: originals.add_original(c, PHOTO, blob_id=make_uuid(7), at=NOW),
        "find_original": lambda c: originals.find_original(c, make_sha256(1)),
        "iter_original_ids": lambda c: list(originals.iter_original_ids(c)),
    },
    "people": {
        "add_enrolments": lambda c: people.add_enrolments(c, ENROLMENTS, at=NOW),
        "add_person": lambda c: people.add_person(c, OTHER_PERSON, at=NOW),
        "find_enrolments": lambda c: people.find_enrolments(c, [PERSON], model_digest=""),
        "count_enrolments": lambda c: people.count_enrolments(c, model_digest=""),
        "find_perhaps_overdue": lambda c: people.find_perhaps_overdue(
            c, ended_until=NOW, untouched_since=NOW
        ),
        "find_people": lambda c: people.find_people(c, [PERSON]),
        "find_person": lambda c: people.find_person(c, make_uuid(1)),
        "get_person": lambda c: people.get_person(c, "Ada"),
        "iter_people": lambda c: list(people.iter_people(c)),
        "renew_enrolments": lambda c: people.renew_enrolments(c, PERSON),
        "rename_person": lambda c: people.rename_person(c, PersonId(1), name="Eva"),
        "touch_person": lambda c: people.touch_person(c, PERSON, at=NOW),
    },
    "photos": {
        "add_location": lambda c: photos.add_location(c, PHOTO, sighting=SIGHTING),
        "add_photo": lambda c: photos.add_photo(c, new_photo(9), at=NOW),
        "correct_credit": lambda c: photos.correct_credit(
            c, make_sha256(1), values={"credit": "Eva", "sha256": "not a field"}
        ),
        "find_photo_id": lambda c: photos.find_photo_id(c, make_sha256(1)),
        "is_known": lambda c: photos.is_known(
            c, uri="file:///a.jpg", fingerprint="1.1", grant_id=GRANT, collection_id=COLLECTION
        ),
        "iter_photo_uuids": lambda c: list(photos.iter_photo_uuids(c)),
        "find_photos_at": lambda c: photos.find_photos_at(c, "file:///a.jpg", grant_id=GRANT),
        "iter_present_uris": lambda c: list(
            photos.iter_present_uris(c, prefix="file:///", grant_id=GRANT)
        ),
        "iter_uris": lambda c: list(photos.iter_uris(c, GRANT)),
        "mark_vanished": lambda c: photos.mark_vanished(c, [1]),
        "quarantine": lambda c: photos.quarantine(c, [1], at=NOW),
    },
    "provenance": {
        "find_photo": lambda c: provenance.find_photo(c, make_sha256(1)),
        "iter_indexings": lambda c: list(provenance.iter_indexings(c, PHOTO)),
        "iter_places": lambda c: list(provenance.iter_places(c, PHOTO)),
    },
    "reembed": {
        "find_held": lambda c: reembed.find_held(c, COLLECTION, after=0, limit=32),
    },
    "references": {
        "iter_enrolment_references": lambda c: list(references.iter_enrolment_references(c)),
        "iter_face_references": lambda c: list(references.iter_face_references(c)),
        "iter_grant_references": lambda c: list(references.iter_grant_references(c)),
        "iter_indexed_references": lambda c: list(references.iter_indexed_references(c)),
        "iter_location_references": lambda c: list(references.iter_location_references(c)),
        "iter_person_references": lambda c: list(references.iter_person_references(c)),
        "iter_suppression_references": lambda c: list(references.iter_suppression_references(c)),
    },
    "removal": {
        "count_left": lambda c: removal.count_left(c, REMOVAL),
        "delete_rows": lambda c: removal.delete_rows(c, REMOVAL, at=NOW),
        "iter_blobs": lambda c: list(removal.iter_blobs(c)),
        "iter_covers": lambda c: list(removal.iter_covers(c)),
        "plan_removal": lambda c: removal.plan_removal(
            c, replace(SELECTION, case_ids=[1], suppression_ids=[1], face_group_ids=[1])
        ),
    },
    "requests": {
        "begin_request": lambda c: requests.begin_request(c, REQUEST),
        "end_request": lambda c: requests.end_request(c, "", status=201, location="", facts={}),
        "find_request": lambda c: requests.find_request(c, ""),
        "forget_before": lambda c: requests.forget_before(c, NOW),
        "forget_request": lambda c: requests.forget_request(c, ""),
    },
    "reviews": {
        "iter_reviews": lambda c: list(reviews.iter_reviews(c, [0])),
        "put_review": lambda c: reviews.put_review(c, 0, review_seq=1),
    },
    "runs": {
        "close_cut_short": lambda c: runs.close_cut_short(c, at=NOW),
        "count_runs": runs.count_runs,
        "drop_run": lambda c: runs.drop_run(c, 1),
        "end_run": lambda c: runs.end_run(c, 1, counts={"new": 1}, at=NOW),
        "end_small_run": _end_small_runs,
        "start_run": _start_run,
    },
    "selection": {
        "select_before": lambda c: selection.select_before(c, NOW),
        "select_below": lambda c: selection.select_below(c, "file:///photos/"),
        "select_enrolled": lambda c: selection.select_enrolled(c, [PERSON]),
        "select_face_groups": lambda c: selection.select_face_groups(c, [1]),
        "select_faces": lambda c: selection.select_faces(c, [make_uuid(1)]),
        "select_grant": lambda c: selection.select_grant(c, GRANT),
        "select_grantor": lambda c: selection.select_grantor(c, "Ada"),
        "select_host": lambda c: selection.select_host(c, "example.org"),
        "select_overdue": lambda c: selection.select_overdue(
            c,
            selection.Deadlines(
                ended=[GRANT],
                kept_until={GrantId(2): NOW},
                indexed_until={COLLECTION: NOW},
                quarantined_until=NOW,
            ),
        ),
        "select_photo": lambda c: selection.select_photo(c, make_sha256(1)),
        "select_suppression": lambda c: selection.select_suppression(c, make_uuid(1)),
    },
    "sources": {
        "count_photos_below": lambda c: sources.count_photos_below(
            c, COLLECTION, grant_id=GRANT, address="file:///"
        ),
        "iter_latest_runs": lambda c: list(sources.iter_latest_runs(c, COLLECTION)),
    },
    "sign_in": {
        "add_link": lambda c: sign_in.add_link(c, replace(LINK, reference="2")),
        "add_session": lambda c: sign_in.add_session(
            c, replace(SESSION, uuid=make_uuid(2), reference="2")
        ),
        "delete_links": lambda c: sign_in.delete_links(c, ["1"]),
        "delete_sessions": lambda c: sign_in.delete_sessions(c, [SESSION.uuid]),
        "delete_tries": lambda c: sign_in.delete_tries(c, "1"),
        "find_expired_links": lambda c: sign_in.find_expired_links(c, at=NOW),
        "find_expired_sessions": lambda c: sign_in.find_expired_sessions(c, at=NOW),
        "find_link": lambda c: sign_in.find_link(c, "1"),
        "find_links_of": lambda c: sign_in.find_links_of(c, USER.uuid),
        "find_session": lambda c: sign_in.find_session(c, "1"),
        "find_sessions_of": lambda c: sign_in.find_sessions_of(c, USER.uuid),
        "find_tries": lambda c: sign_in.find_tries(c, "1"),
        "forget_tries": lambda c: sign_in.forget_tries(c, until=NOW),
        "note_seen": lambda c: sign_in.note_seen(c, SESSION.uuid, at=NOW),
        "put_tries": lambda c: sign_in.put_tries(c, "1", tries=TRIES),
        "use_code": lambda c: sign_in.use_code(c, USER.uuid, step=1),
    },
    "suppressions": {
        "find_places": lambda c: suppressions.find_places(c, make_sha256(1)),
        "find_recoveries": suppressions.find_recoveries,
        "find_uuids": suppressions.find_uuids,
        "get_suppression": lambda c: suppressions.get_suppression(c, make_uuid(1)),
        "iter_held_photos": lambda c: [
            *suppressions.iter_held_photos(c),
            *suppressions.iter_held_photos(c, make_sha256(1)),
        ],
        "iter_suppressions": lambda c: list(suppressions.iter_suppressions(c)),
        "put_recoveries": lambda c: suppressions.put_recoveries(c, {make_uuid(1): b"other"}),
        "record_suppression": lambda c: suppressions.record_suppression(
            c, replace(SUPPRESSION, uuid=make_uuid(2))
        ),
    },
    "tags": {
        "delete_tags": lambda c: tags.delete_tags(c, COLLECTION, references=["ab"]),
        "find_tags": lambda c: tags.find_tags(c, COLLECTION),
        "put_tags": lambda c: tags.put_tags(c, COLLECTION, new=[tags.StoredTag("ab", b"sealed")]),
    },
}
"""Every function of the catalog that takes a connection, called once."""


def record_all() -> dict[str, str]:
    """What each module's file should say."""
    with (
        tempfile.TemporaryDirectory() as folder,
        open_catalog(Path(folder)) as database,
        database.writing() as connection,
    ):
        fill(connection)
        return {module: record_module(connection, calls) for module, calls in CALLS.items()}


def record_module(connection: Connection, calls: Mapping[str, Call]) -> str:
    blocks = (record(connection, name, call=call) for name, call in calls.items())
    return "\n\n".join(blocks) + "\n"


def fill(connection: Connection) -> None:
    collection = add_collection(connection)
    photo_id = add_faces(connection, 1, collection_id=collection.id, faces=2)
    for number in (1, 2):
        grant_id = add_grant(connection, number)
        locate(connection, photo_id, uri="file:///a.jpg", grant_id=grant_id)
    people.add_person(connection, ADA, at=NOW)
    consents.add_event(
        connection, consent_id=consents.add_consent(connection, CONSENT), event=GIVEN
    )
    audit.add_entry(connection, AUDITED)
    erasures.record_erasure(connection, ENTRY, work={}, counts={}, audit_seq=0)
    cases.append_event(
        connection,
        cases.add_case(connection, replace(NEW_CASE, uuid=make_uuid(1))),
        event=CASE_EVENT,
    )
    suppressions.record_suppression(connection, SUPPRESSION)
    long_runs.add_long_run(connection, uuid=make_uuid(1), sealed=b"sealed", at=NOW)
    accounts.add_user(connection, USER)
    api_keys.add_key(connection, KEY)
    access_keys.add_key(connection, ACCESS_KEY)
    sign_in.add_session(connection, SESSION)
    sign_in.add_link(connection, LINK)
    links.add_link(connection, GUEST_LINK)
    guests.add_guest_request(connection, GUEST)
    group = face_groups.add_group(connection, GROUP, at=NOW)
    face_groups.tie_faces(connection, group.id, face_ids=[FaceId(1)])


def record(connection: Connection, name: str, *, call: Call) -> str:
    """The statements of one call, under its name; what it changes is undone."""
    with listening(connection) as statements:
        savepoint = connection.begin_nested()
        call(connection)
        savepoint.rollback()
    sent = [line for line in statements if "SAVEPOINT" not in line]
    # The same again and again is told once.
    return f"-- {name}\n" + "\n".join(f"{statement};" for statement, _ in groupby(sent))


@contextmanager
def listening(connection: Connection) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_: Any, __: Any, statement: str, *rest: Any) -> None:
        del rest
        statements.append("\n".join(line.rstrip() for line in statement.splitlines()))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(connection, "before_cursor_execute", note)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for module, text in record_all().items():
        (FOLDER / f"{module}.sql").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
