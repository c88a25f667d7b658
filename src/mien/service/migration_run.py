"""One pass over the photos of a collection that is being migrated."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice

from mien.catalog.collections import Collection
from mien.catalog.connect import Connection
from mien.catalog.holds import is_held
from mien.catalog.indexed import is_there
from mien.catalog.people import count_enrolments, iter_people
from mien.catalog.reembed import HeldFace, HeldPhoto
from mien.errors import VaultError
from mien.permission.basis import Basis
from mien.permission.case import may_take_in
from mien.permission.charter import may_rely_on
from mien.permission.grant import may_add
from mien.permission.verdict import Reason, Verdict, combine
from mien.service import audit
from mien.service.ahead import iter_ahead
from mien.service.audit import Action, Event
from mien.service.deployment import Deployment, recording
from mien.service.gate import Gate, open_gate
from mien.service.intake import FailedFile, ReadPhoto, RefusedFile, take_in
from mien.service.migration import (
    MigrationProgress,
    MigrationReport,
    MigrationRequest,
    Obstacle,
)
from mien.service.migration_match import match_faces
from mien.service.originals import find_file
from mien.service.standing import get_grant
from mien.types import EmbeddedFace, PersonId
from mien.vault.vault import SealedPhoto

_BATCH_PHOTOS = 32
_AHEAD_A_WORKER = 2
_SAMPLE_PHOTOS = 8


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """A photo that may be described anew, where it was read, and what was found in it now."""

    held: HeldPhoto
    uri: str
    grant_id: str
    found: ReadPhoto


@dataclass(frozen=True, slots=True)
class _Missed:
    """A photo that cannot be described anew now, and why."""

    held: HeldPhoto
    reason: str


class MigrationRun:
    """Reads photos with the eyes of the new model; `view` is the deployment as that sees it."""

    def __init__(
        self,
        view: Deployment,
        request: MigrationRequest,
        *,
        collection: Collection,
        report: MigrationReport,
    ) -> None:
        """Raises `ModelError` where faces are to be kept out or in, and no score says which."""
        self._view = view
        self._request = request
        self._collection = collection
        self._report = report
        self._suppressed = view.suppressed.load(view.model)
        self._enrolled: frozenset[PersonId] = frozenset()
        if collection.basis is Basis.ENROLLED_ONLY:
            with view.database.reading() as connection:
                counts = count_enrolments(connection, model_digest=view.model.digest)
            self._enrolled = frozenset(counts)
        open_gate(view, collection)

    def work(self, waiting: Iterable[HeldPhoto], *, progress: MigrationProgress) -> None:
        """Makes what templates can be made. Interrupted, what was made stays."""
        with ThreadPoolExecutor(self._request.workers, "migrate") as pool:
            ahead = self._request.workers * _AHEAD_A_WORKER
            looks = iter_ahead(self._look, self._iter_enrolled(waiting), pool=pool, ahead=ahead)
            batch: list[_Look] = []
            try:
                for look in looks:
                    if isinstance(look, _Missed):
                        self._miss(look.reason, len(look.held.faces))
                    else:
                        batch.append(look)
                    if len(batch) >= _BATCH_PHOTOS:
                        done, batch = batch, []
                        self._commit(done)
                    progress(self._report)
            finally:
                looks.close()
                self._commit(batch)
        progress(self._report)

    def examine(self, waiting: Iterable[HeldPhoto]) -> None:
        """Finds out what could be done, without doing it."""
        readable: list[HeldPhoto] = []
        for held in self._iter_enrolled(waiting):
            look = self._find(held, is_seen=False)
            if isinstance(look, _Missed):
                self._miss(look.reason, len(held.faces))
            else:
                readable.append(held)
        began, sample = time.monotonic(), list(islice(readable, _SAMPLE_PHOTOS))
        for held in sample:
            look = self._find(held, is_seen=True)
            faces = _faces_of(look) if isinstance(look, _Look) else ()
            self._report.sampled += len(held.faces)
            self._report.matched += len(match_faces(held.faces, faces))
        if sample:
            a_photo = (time.monotonic() - began) / len(sample)
            self._report.estimated_s = a_photo * len(readable) / self._request.workers

    def _iter_enrolled(self, waiting: Iterable[HeldPhoto]) -> Iterator[HeldPhoto]:
        """Without faces that are kept for people whom the new model does not know."""
        again: set[PersonId] = set()
        for held in waiting:
            known = tuple(one for one in held.faces if self._may_know(one))
            again.update(
                one.person_id
                for one in held.faces
                if one not in known and one.person_id is not None
            )
            self._miss(Obstacle.ENROL_AGAIN, len(held.faces) - len(known))
            if known:
                yield replace(held, faces=known)
        with self._view.database.reading() as connection:
            people = [person.uuid for person in iter_people(connection) if person.id in again]
        self._report.again = tuple(people)

    def _may_know(self, face: HeldFace) -> bool:
        return self._collection.basis is not Basis.ENROLLED_ONLY or face.person_id in self._enrolled

    def _miss(self, reason: str, faces: int) -> None:
        self._report.miss(str(reason), faces)

    def _look(self, held: HeldPhoto) -> _Look | _Missed:
        return self._find(held, is_seen=True)

    def _find(self, held: HeldPhoto, *, is_seen: bool) -> _Look | _Missed:
        """Reads the photo at the first of its places where it may be taken from, and still is."""
        reason = str(Obstacle.NO_PLACE)
        for uri, grant_id in held.places:
            with self._view.database.reading() as connection:
                verdict = self._judge(connection, held, uri=uri, grant_id=grant_id)
            if not verdict.is_allowed:
                reason = str(verdict.reasons[0])
                continue
            found = self._read(held, uri=uri, is_seen=is_seen)
            if isinstance(found, ReadPhoto) and found.sha256 == held.sha256:
                return _Look(held, uri, grant_id, found)
            reason = str(Obstacle.CHANGED) if isinstance(found, ReadPhoto) else found
        if not held.places and held.is_withheld and self._is_held(held):
            reason = str(Reason.UNDER_CASE)
        return _Missed(held, reason)

    def _is_held(self, held: HeldPhoto) -> bool:
        with self._view.database.reading() as connection:
            return is_held(connection, sha256=held.sha256)

    def _judge(
        self, connection: Connection, held: HeldPhoto, *, uri: str, grant_id: str
    ) -> Verdict:
        """May templates be made of the photo that lies there, as things stand now?"""
        stored = get_grant(self._view, connection, grant_id=grant_id)
        at, basis = self._view.clock(), self._collection.basis
        return combine(
            [
                may_take_in(
                    is_under_case=is_held(connection, sha256=held.sha256, grant_id=stored.id)
                ),
                may_rely_on(self._collection.charter),
                may_add(stored.grant, uri=uri, basis=basis, at=at),
                self._suppressed.may_take(uri),
            ]
        )

    def _read(self, held: HeldPhoto, *, uri: str, is_seen: bool) -> ReadPhoto | str:
        """The photo, or a code that says why it cannot be had."""
        file = find_file(self._view, uri, sha256=held.sha256)
        if file is None:
            return str(Obstacle.NO_PLACE)
        found = take_in(
            file,
            vision=lambda: self._view.vision(threads=1),
            may_read=self._suppressed.may_read,
            is_indexed=lambda _: not is_seen,
            max_bytes=self._request.max_file_bytes,
        )
        if isinstance(found, FailedFile | RefusedFile):
            return str(found.reason)
        return found if isinstance(found, ReadPhoto) else str(Obstacle.CHANGED)

    def _commit(self, batch: Sequence[_Look]) -> None:
        """Seals the new templates of a batch, as permission stands now."""
        if not batch:
            return
        view = self._view
        with recording(view.home):
            self._suppressed = view.suppressed.load(view.model)
            gate = open_gate(view, self._collection)
            with view.database.writing() as connection:
                allowed = [look for look in batch if self._may_seal(connection, look)]
                # Only now: whoever asks for opt-outs must not hold the vault.
                with view.vault.writing():
                    made = sum(self._seal(look, gate=gate) for look in allowed)
                event = Event(
                    action=Action.FACES_REEMBEDDED,
                    facts={
                        "collection": audit.refer_collection(view, self._collection.uuid),
                        "photos": len(allowed),
                        "faces": made,
                    },
                )
                audit.append(view, connection, event=event)
        self._report.made += made

    def _may_seal(self, connection: Connection, look: _Look) -> bool:
        """Asked again inside the transaction: it may have been erased or revoked meanwhile."""
        if not is_there(connection, look.held.indexed_photo_id):
            self._report.faces -= len(look.held.faces)
            return False
        verdict = self._judge(connection, look.held, uri=look.uri, grant_id=look.grant_id)
        if look.found.analysis is not None:
            near = self._suppressed.may_keep(look.found.analysis.thumbnail_jpeg)
            verdict = combine([verdict, near])
        if not verdict.is_allowed:
            self._miss(verdict.reasons[0], len(look.held.faces))
        return verdict.is_allowed

    def _seal(self, look: _Look, *, gate: Gate) -> int:
        """New templates for those faces of a photo that may have one; how many that were."""
        found, held = _faces_of(look), look.held
        pairs = match_faces(held.faces, found)
        templates = {}
        for one, face in pairs:
            obstacle = self._find_obstacle(one, face, gate=gate)
            if obstacle:
                self._miss(obstacle, 1)
            else:
                templates[one.uuid] = face.embedding
        self._miss(Obstacle.FACE_NOT_FOUND, len(held.faces) - len(pairs))
        at = SealedPhoto(held.blob_id, held.photo_uuid, self._collection.other_slot)
        try:
            self._view.vault.add_templates(at, templates)
        except VaultError:
            self._miss(Obstacle.SEALED_AWAY, len(templates))
            return 0
        self._report.found += len(found) - len(pairs)
        return len(templates)

    def _find_obstacle(self, one: HeldFace, face: EmbeddedFace, *, gate: Gate) -> str:
        """Why a face that was found again is not kept; nothing where it is."""
        admissions = gate.admit([face])
        for reason in admissions.dropped:
            return str(reason)
        (kept,) = admissions.kept
        is_same = kept.person_id == one.person_id or gate.enrolled is None
        return "" if is_same else str(Obstacle.OTHER_PERSON)


def _faces_of(look: _Look) -> Sequence[EmbeddedFace]:
    return look.found.analysis.faces if look.found.analysis else ()
