"""What people say of candidates: worth keeping, not this person, this person; and taking it back.

The probe is not kept. It is known again by a keyed reference, so that the next search with the
same photo leaves out what was rejected. Whoever judges made the search and was shown the face in
it, and is asked for permission anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from mien.catalog import judgements as rows
from mien.catalog.audit import Json
from mien.catalog.browse import find_collection_of_face
from mien.catalog.collections import Collection
from mien.catalog.connect import Connection
from mien.catalog.faces import StoredFace, find_stored_faces
from mien.catalog.judgements import JudgementKind, ProbeKey, StoredJudgement
from mien.errors import NotFoundError
from mien.permission.caller import Caller, Operation, may_operate, may_reach
from mien.permission.judgement import may_confirm
from mien.permission.verdict import ALLOWED, Verdict
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.browsing import leave_out_suppressed
from mien.service.deployment import Deployment
from mien.service.leave import Leave, ask_leave
from mien.service.opinion import Opinion, find_opinions, is_believed, refer_to_actor, sign
from mien.service.parts import Parts
from mien.service.reach import find_reached
from mien.service.shown import Shown, get_shown
from mien.service.standing import get_collection
from mien.vault.notary import Owner

__all__ = ["Judged", "JudgementDraft", "JudgementKind", "Judgements", "Said"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementDraft:
    """What somebody says of a face that a search of theirs showed."""

    search_id: str
    face_id: str
    kind: JudgementKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A judgement of the asker's own, as it stands."""

    judgement_id: str
    search_id: str
    face_id: str
    collection: str
    kind: JudgementKind
    opinion: Opinion


@dataclass(frozen=True, slots=True)
class Judged:
    """What was recorded, as it stood then; nothing where the verdict is a no."""

    verdict: Verdict
    said: Said | None = None

    @property
    def judgement_id(self) -> str:
        return "" if self.said is None else self.said.judgement_id

    @property
    def opinion(self) -> Opinion | None:
        return None if self.said is None else self.said.opinion


class Judgements:
    """The asker's judgements; a caller is bound to their collections and purposes."""

    def __init__(self, parts: Parts, *, caller: Caller | None = None) -> None:
        self._parts = parts
        self._caller = caller

    def judge(self, draft: JudgementDraft) -> Judged:
        """Records it, in the place of what the asker said of it before.

        Raises `NotFoundError` where no search of theirs showed the face, or it may not be shown
        any more.
        """
        deployment = self._parts.deployment
        if draft.kind is JudgementKind.CONFIRMED:
            verdict = may_confirm(deployment.actor)
            if not verdict.is_allowed:
                return Judged(verdict)
        (shown,) = get_shown(deployment, search_id=draft.search_id, face_ids=[draft.face_id])
        leave = ask_again(self._parts, shown, caller=self._caller)
        if isinstance(leave, Verdict):
            return Judged(leave)
        with deployment.database.writing() as connection:
            _check_there(deployment, connection, leave=leave, shown=shown)
            judgement = sign(deployment, _describe(deployment, shown, kind=draft.kind))
            rows.put_judgement(connection, judgement)
            self._tell(connection, shown.face, judgement=judgement, kind=draft.kind)
            said = self._describe_said(
                connection, judgement, face=shown.face, collection=leave.collection
            )
        return Judged(ALLOWED, said)

    def get(self, judgement_id: str) -> Said:
        """A judgement of the asker's. Raises `NotFoundError`, for another's too."""
        with self._parts.deployment.database.reading() as connection:
            judgement, face, collection = self._get_own(connection, judgement_id)
            return self._describe_said(connection, judgement, face=face, collection=collection)

    def withdraw(self, judgement_id: str) -> None:
        """Takes back what the asker said. Raises `NotFoundError`, for another's too."""
        with self._parts.deployment.database.writing() as connection:
            judgement, face, _ = self._get_own(connection, judgement_id)
            rows.delete_judgement(connection, judgement.uuid)
            self._tell(connection, face, judgement=judgement, kind="withdrawn")

    def _get_own(
        self, connection: Connection, judgement_id: str
    ) -> tuple[StoredJudgement, StoredFace, Collection]:
        """With the candidate and its collection, which the caller may reach."""
        deployment = self._parts.deployment
        found = rows.find_judgement(connection, judgement_id.lower())
        faces = [] if found is None else find_stored_faces(connection, [found.face_id])
        for face in faces:
            place = find_collection_of_face(connection, face.uuid)
            is_own = found is not None and found.actor == refer_to_actor(deployment)
            if found is None or place is None or not is_own or not is_believed(deployment, found):
                break
            if self._caller is None or may_reach(self._caller, place[0]):
                return found, face, get_collection(deployment, connection, name=place[0])
        raise NotFoundError(f"There is no judgement {judgement_id} of yours.")

    def _describe_said(
        self,
        connection: Connection,
        judgement: StoredJudgement,
        *,
        face: StoredFace,
        collection: Collection,
    ) -> Said:
        """With what everybody says of the candidate now."""
        opinions = find_opinions(
            self._parts.deployment,
            connection,
            probe=ProbeKey(judgement.probe, judgement.probe_face_id),
            face_ids=[judgement.face_id],
            needed=collection.charter.confirmations,
        )
        return Said(
            judgement_id=judgement.uuid,
            search_id=judgement.search,
            face_id=face.uuid,
            collection=collection.name,
            kind=JudgementKind(judgement.kind),
            opinion=opinions[judgement.face_id],
        )

    def _tell(
        self, connection: Connection, face: StoredFace, *, judgement: StoredJudgement, kind: str
    ) -> None:
        """Who verified a match stands in the entry; of which face, under that face's key alone."""
        deployment = self._parts.deployment
        is_verified = kind == JudgementKind.CONFIRMED
        facts: dict[str, Json] = {
            "search": judgement.search,
            "probe": judgement.probe,
            "kind": kind,
            "verifiers": [judgement.actor] if is_verified else [],
        }
        owner = Owner(photo_id=face.photo_uuid, face_id=face.uuid)
        note = Note({"face": face.uuid, "kind": kind}, owner)
        event = Event(action=Action.JUDGED, facts=facts, shown=[note])
        audit.append(deployment, connection, event=event)


def ask_again(parts: Parts, shown: Shown, *, caller: Caller | None) -> Leave | Verdict:
    """Leave for what was searched, as things stand now. Raises `NotFoundError`.

    A caller who may not reach the collection any more is told as if it were not there.
    """
    if caller is not None:
        if not may_reach(caller, shown.collection):
            raise NotFoundError(f"There is no search {shown.search_id} of yours.")
        verdict = may_operate(caller, Operation.JUDGE, purpose=shown.purpose)
        if not verdict.is_allowed:
            return verdict
    deployment = parts.session.prepare_to_search(shown.collection)
    leave = ask_leave(
        deployment, purpose=shown.purpose, collection=shown.collection, at=deployment.clock()
    )
    if isinstance(leave, Verdict):
        return leave
    return leave_out_suppressed(parts, deployment, leave=leave)


def _check_there(
    deployment: Deployment, connection: Connection, *, leave: Leave, shown: Shown
) -> None:
    """Raises `NotFoundError` where the face may not be shown now, or the probe was erased."""
    face_id, probe = shown.face.id, shown.probe.face_id
    reached = find_reached(deployment, connection, leave=leave, face_ids=[face_id])
    is_probe_there = probe is None or bool(find_stored_faces(connection, [probe]))
    if face_id not in reached or not is_probe_there:
        raise NotFoundError(f"There is no face {shown.face.uuid} any more that may be judged.")


def _describe(deployment: Deployment, shown: Shown, *, kind: JudgementKind) -> StoredJudgement:
    return StoredJudgement(
        uuid=str(uuid4()),
        face_id=shown.face.id,
        probe_face_id=shown.probe.face_id,
        probe=shown.probe.reference,
        actor=refer_to_actor(deployment),
        kind=kind,
        search=shown.search_id,
        made_at=deployment.clock(),
    )
