"""What people said of candidates, all of them together, as far as it was said here.

A row that was edited, or written by somebody without this home's keys, counts for nothing. What
was said of two faces of a collection holds whichever of them is searched with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from mien.catalog import judgements as rows
from mien.catalog.audit import format_json
from mien.catalog.connect import Connection
from mien.catalog.judgements import JudgementKind, ProbeKey, StoredJudgement, other_of
from mien.catalog.parsing import format_instant
from mien.service.deployment import Deployment
from mien.types import FaceId

__all__ = ["JudgementKind", "Opinion", "ProbeKey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """How many people confirmed and rejected a candidate, and what the asker said, under which id.

    `needed` of them have to confirm a match, and nobody may reject it, before it counts as one.
    """

    confirmed_by: int
    rejected_by: int
    needed: int
    mine: JudgementKind | None = None
    judgement_id: str = ""

    @property
    def is_confirmed(self) -> bool:
        return not self.rejected_by and self.confirmed_by >= self.needed


def refer_to_photos(deployment: Deployment, digests: Iterable[tuple[str, int]]) -> ProbeKey:
    """What photos that were handed in are known by: their SHA-256, each with a face's number."""
    described = ",".join(sorted(f"{sha256}:{number}" for sha256, number in digests))
    return ProbeKey(deployment.vault.notary.refer("probe photos", described))


def refer_to_face(deployment: Deployment, *, uuid: str, face_id: FaceId) -> ProbeKey:
    """What a face of a collection is known by, when it is searched with."""
    return ProbeKey(deployment.vault.notary.refer("probe face", uuid), face_id)


def refer_to_actor(deployment: Deployment) -> str:
    """What the log knows the asker by, without saying who it is."""
    return deployment.vault.notary.refer("actor", deployment.actor)


def sign(deployment: Deployment, judgement: StoredJudgement) -> StoredJudgement:
    """The judgement with the mark that shows that it was written here, as it is."""
    return replace(judgement, mark=_mark(deployment, judgement))


def is_believed(deployment: Deployment, judgement: StoredJudgement) -> bool:
    """Was it written here, as it is?"""
    is_known = judgement.kind in set(JudgementKind)
    return is_known and judgement.mark == _mark(deployment, judgement)


def find_rejected(
    deployment: Deployment, connection: Connection, *, probe: ProbeKey
) -> frozenset[FaceId]:
    """The faces of which somebody said that they are not the probe's."""
    found = _find_believed(deployment, connection, probe=probe)
    return frozenset(face_id for face_id, one in found if one.kind == JudgementKind.REJECTED)


def find_opinions(
    deployment: Deployment,
    connection: Connection,
    *,
    probe: ProbeKey,
    face_ids: Sequence[FaceId],
    needed: int,
) -> dict[FaceId, Opinion]:
    """What people said of each of these candidates of the probe."""
    said: dict[FaceId, list[StoredJudgement]] = defaultdict(list)
    for face_id, one in _find_believed(deployment, connection, probe=probe):
        said[face_id].append(one)
    me = refer_to_actor(deployment)
    return {face_id: _sum_up(said[face_id], me=me, needed=needed) for face_id in face_ids}


def _find_believed(
    deployment: Deployment, connection: Connection, *, probe: ProbeKey
) -> list[tuple[FaceId, StoredJudgement]]:
    """Each judgement about the probe that counts, with the face that it sets beside it."""
    found = []
    for one in rows.find_judgements_of(connection, probe):
        face_id = other_of(one, probe)
        if face_id is not None and is_believed(deployment, one):
            found.append((face_id, one))
    return found


def _sum_up(said: Sequence[StoredJudgement], *, me: str, needed: int) -> Opinion:
    """One person counts once, by what they said last."""
    last = {one.actor: one for one in sorted(said, key=lambda one: one.made_at)}
    kinds = [one.kind for one in last.values()]
    mine = last.get(me)
    return Opinion(
        confirmed_by=kinds.count(JudgementKind.CONFIRMED),
        rejected_by=kinds.count(JudgementKind.REJECTED),
        needed=needed,
        mine=None if mine is None else JudgementKind(mine.kind),
        judgement_id="" if mine is None else mine.uuid,
    )


def _mark(deployment: Deployment, judgement: StoredJudgement) -> str:
    described = asdict(judgement) | {"made_at": format_instant(judgement.made_at), "mark": ""}
    return deployment.vault.notary.refer("judgement", format_json(described).decode())
