"""Two packs side by side: a home whose collections can be brought from one to the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from mien.errors import ModelError
from mien.library import Library
from mien.service.migration import MigrationReport
from mien.service.ports import Models, Vision
from mien.testing import FakeModels
from mien.types import Box, EmbeddedFace, EmbeddingModel, Look, PhotoAnalysis
from service.other_models import OtherModels, OtherVision
from service.stage import Stage, query

OPEN, OTHER = "open", "other"


@dataclass
class Packs(FakeModels):
    """Whichever pack is chosen, and the others beside it; `gone` ones have no weights here."""

    packs: dict[str, Models]
    chosen: str = OPEN
    gone: set[str] = field(default_factory=set)

    @property
    def model(self) -> EmbeddingModel:
        return self.packs[self.chosen].model

    def open(self, *, threads: int) -> Vision:
        return self.packs[self.chosen].open(threads=threads)

    def get(self, pack: str) -> Models:
        if pack not in self.packs:
            raise ModelError(f"There is no model pack {pack!r}.")
        return replace(self, chosen=pack)

    def find(self, digest: str) -> Models | None:
        for name, models in self.packs.items():
            if models.model.digest == digest and name not in self.gone:
                return replace(self, chosen=name)
        return None


@dataclass(frozen=True)
class SeeingModels(OtherModels):
    """The other model, whose detector finds faces elsewhere, or fewer, or more of them."""

    see: Callable[[tuple[EmbeddedFace, ...]], tuple[EmbeddedFace, ...]] = lambda faces: faces
    digest: str = OtherModels().model.digest
    measured: bool = True

    @property
    def model(self) -> EmbeddingModel:
        model = replace(OtherModels().model, digest=self.digest)
        unmeasured = replace(model, score_by_fmr={}, missed_by_fmr={}, calibration=None)
        return model if self.measured else unmeasured

    def open(self, *, threads: int) -> Vision:
        return _SeeingVision(self.see)


@dataclass(frozen=True)
class _SeeingVision:
    see: Callable[[tuple[EmbeddedFace, ...]], tuple[EmbeddedFace, ...]]

    def analyse(self, content: bytes, *, look: Look = Look.PHOTO) -> PhotoAnalysis:
        found = OtherVision().analyse(content, look=look)
        return replace(found, faces=self.see(found.faces))


def moved(face: EmbeddedFace, *, by_px: float, grown: float = 0.0) -> EmbeddedFace:
    box = face.face.box
    other = Box(box.x1 + by_px - grown, box.y1 - grown, box.x2 + by_px + grown, box.y2 + grown)
    return replace(face, face=replace(face.face, box=other))


def usual_packs() -> Packs:
    """The usual pack, which is chosen, and another one."""
    return Packs({OPEN: FakeModels(), OTHER: OtherModels()})


def two_packs(stage: Stage, other: Models | None = None) -> Packs:
    """The stage has the usual pack and another one; the usual one is chosen."""
    packs = usual_packs()
    packs.packs[OTHER] = other or packs.packs[OTHER]
    stage.models = packs
    return packs


def migrate(
    library: Library,
    collection: str = "default",
    *,
    to: str = OTHER,
    accept_loss: int | None = None,
) -> MigrationReport:
    return library.models().migrate(collection, to=to, accept_loss=accept_loss)


def faces_of(stage: Stage) -> list[tuple[object, ...]]:
    """Everything the catalog says of faces, in order."""
    columns = "id, uuid, person_id, x1, y1, x2, y2, landmarks, confidence"
    return query(stage.home / "catalog.db", f"SELECT {columns} FROM faces ORDER BY id")  # noqa: S608


def photos_in(stage: Stage) -> list[Path]:
    return sorted(path for path in stage.photos.rglob("*") if path.is_file())
