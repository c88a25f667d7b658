"""`/v1/probes`: the faces of a photo that somebody is about to search with."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, UploadFile
from pydantic import BaseModel

from mien.http.asking import Asking, needs
from mien.http.problem import check
from mien.permission.caller import Operation
from mien.service.probing import FoundFace, find_faces

router = APIRouter(prefix="/v1/probes", tags=["searches"])


class ProbeFaceOut(BaseModel):
    """A face by the number that a search knows it by, its box in pixels, its quality, 0 to 100."""

    number: int
    box: tuple[float, float, float, float]
    quality: float
    flaws: list[str]


class ProbeOut(BaseModel):
    """The size of the photo as it is meant to be seen, and its faces, the largest first."""

    width_px: int
    height_px: int
    faces: list[ProbeFaceOut]


@router.post("")
def find_probe_faces(
    asking: Annotated[Asking, needs(Operation.SEARCH)],
    photo: UploadFile,
    purpose: Annotated[str, Form()],
    collection: Annotated[str, Form()],
) -> ProbeOut:
    """Find the faces of a photo, to choose one for a search. The photo is not kept."""
    asking.check(collection=collection, purpose=purpose)
    parts = asking.library.parts
    content = photo.file.read(parts.max_file_bytes + 1)
    with asking.site.turnstile.enter():
        found = find_faces(parts, content, purpose=purpose, collection=collection)
    check(found.verdict)
    faces = [_describe(face, number=number) for number, face in enumerate(found.faces)]
    return ProbeOut(width_px=found.width_px, height_px=found.height_px, faces=faces)


def _describe(face: FoundFace, *, number: int) -> ProbeFaceOut:
    box = (face.box.x1, face.box.y1, face.box.x2, face.box.y2)
    flaws = [str(flaw) for flaw in face.quality.flaws]
    return ProbeFaceOut(number=number, box=box, quality=round(face.quality.value, 1), flaws=flaws)
