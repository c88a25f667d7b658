"""Which faces of a photo may be kept; asked in memory, before anything is written.

A face of somebody who opted out is dropped, whatever else is allowed. Where a collection
keeps enrolled people only, so is every face that is like none of theirs; then those that
fall short of the quality that was asked for. What is dropped leaves a number behind, and
nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from mien.catalog.collections import Collection
from mien.catalog.indexed import KeptFace
from mien.permission.basis import Basis
from mien.permission.quality import QualityFilter, may_keep
from mien.permission.verdict import Reason
from mien.service.deployment import Deployment
from mien.service.enrolled import load_enrolled
from mien.service.likeness import Likeness, PersonLikeness
from mien.types import Box, EmbeddedFace, PersonId


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
    """What became of the faces of a photo.

    Of the dropped ones those `unfit_faces` fell short of the filter, and nothing else spoke
    against them; neither did it against those `beyond` what was wanted of a photo.
    """

    kept: list[Admission] = field(default_factory=list)
    dropped: Counter[Reason] = field(default_factory=Counter)
    unfit_faces: list[EmbeddedFace] = field(default_factory=list)
    beyond: list[EmbeddedFace] = field(default_factory=list)

    @property
    def left_out(self) -> int:
        """How many faces were found and not kept."""
        return self.dropped.total() + len(self.beyond)

    @property
    def unfit(self) -> int:
        """How many were dropped for their quality alone."""
        return self.dropped[Reason.POOR_QUALITY]

    @property
    def hides_somebody(self) -> bool:
        """Whether the photo shows a face that may not be kept, however good it is."""
        return self.dropped.total() > self.unfit

    def keep_wanted(self, is_wanted: Callable[[Box], bool]) -> None:
        """Keeps the faces that are where one is wanted."""
        self.beyond += [one.face for one in self.kept if not is_wanted(one.face.face.box)]
        self.kept = [one for one in self.kept if is_wanted(one.face.face.box)]

    def keep_most(self, number: int) -> None:
        """Keeps so many: of the others the worst go first, and of equally good ones the smallest.

        Those that stay do so in their order.
        """
        best = sorted(self.kept, key=lambda one: (one.face.quality.value, one.face.face.box.area))
        going = {id(one) for one in best[: max(0, len(best) - number)]}
        self.beyond += [one.face for one in self.kept if id(one) in going]
        self.kept = [one for one in self.kept if id(one) not in going]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Decides about faces as things stand now. `scanned_to` is the newest enrolment it knows."""

    suppressed: Likeness
    enrolled: Likeness | PersonLikeness | None = None
    scanned_to: int = 0

    def admit(
        self, faces: Sequence[EmbeddedFace], *, quality: QualityFilter = QualityFilter.NONE
    ) -> Admissions:
        admissions = Admissions()
        for face in faces:
            judged = self._judge(face)
            if isinstance(judged, Admission):
                verdict = may_keep(face.quality, chosen=quality)
                if not verdict.is_allowed:
                    judged = verdict.reasons[0]
                    admissions.unfit_faces.append(face)
            if isinstance(judged, Admission):
                admissions.kept.append(judged)
            else:
                admissions.dropped[judged] += 1
        return admissions

    def _judge(self, face: EmbeddedFace) -> Admission | Reason:
        """By whose face it is."""
        if self.suppressed.find_owner(face.embedding) is not None:
            return Reason.FACE_SUPPRESSED
        if self.enrolled is None:
            return Admission(face)
        owner = self.enrolled.find_owner(face.embedding)
        return Reason.NOT_ENROLLED if owner is None else Admission(face, PersonId(owner))


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
