"""Which faces of a photo may be kept; asked in memory, before anything is written.

A face of somebody who opted out is dropped, whatever else is allowed. Where a collection
keeps enrolled people only, so is every face that is like none of theirs. What is dropped
leaves a number behind, and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from mien.catalog.collections import Collection
from mien.catalog.indexed import KeptFace
from mien.permission.basis import Basis
from mien.permission.verdict import Reason
from mien.service.deployment import Deployment
from mien.service.enrolled import load_enrolled
from mien.service.likeness import Likeness
from mien.types import EmbeddedFace, PersonId


@dataclass(frozen=True, slots=True)
class Admission:
    """A face that may be kept, and for whom where only enrolled people are."""

    face: EmbeddedFace
    person_id: PersonId | None = None

    def to_keep(self) -> KeptFace:
        """The face as the catalog keeps it, under an id that it never had before."""
        return KeptFace(str(uuid4()), self.face.face, self.face.quality, self.person_id)


@dataclass(slots=True)
class Admissions:
    """What became of the faces of a photo."""

    kept: list[Admission] = field(default_factory=list)
    dropped: Counter[Reason] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Decides about faces as things stand now. `scanned_to` is the newest enrolment it knows."""

    suppressed: Likeness
    enrolled: Likeness | None = None
    scanned_to: int = 0

    def admit(self, faces: Sequence[EmbeddedFace]) -> Admissions:
        admissions = Admissions()
        for face in faces:
            if self.suppressed.find_owner(face.embedding) is not None:
                admissions.dropped[Reason.FACE_SUPPRESSED] += 1
            elif self.enrolled is None:
                admissions.kept.append(Admission(face))
            elif (owner := self.enrolled.find_owner(face.embedding)) is not None:
                admissions.kept.append(Admission(face, PersonId(owner)))
            else:
                admissions.dropped[Reason.NOT_ENROLLED] += 1
        return admissions


def open_gate(deployment: Deployment, collection: Collection) -> Gate:
    """The gate of a collection. Ask for it anew for each batch: what changed holds at once.

    Raises `SuppressionError` where an opt-out cannot be kept.
    """
    suppressed = deployment.suppressed.load(deployment.model).faces
    if collection.basis is not Basis.ENROLLED_ONLY:
        return Gate(suppressed=suppressed)
    with deployment.database.reading() as connection:
        enrolled, newest = load_enrolled(deployment, connection, at=deployment.clock())
    return Gate(suppressed=suppressed, enrolled=enrolled, scanned_to=newest)
