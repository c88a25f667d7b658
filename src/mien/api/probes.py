"""`POST /v1/probes`: the faces of a photo that somebody is about to search with."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, UploadFile

from mien.api.seen import ProbeOut, describe_probe
from mien.api.shapes import Slug, read_upload
from mien.http.asking import Asking, needs
from mien.http.problem import tell_refusal
from mien.permission.caller import Operation
from mien.permission.verdict import Verdict
from mien.service.collections import DEFAULT_COLLECTION
from mien.service.probing import find_faces

router = APIRouter(prefix="/v1/probes", tags=["searches"])


@router.post("")
def find_probe_faces(
    asking: Annotated[Asking, needs(Operation.SEARCH)],
    photo: UploadFile,
    purpose: Annotated[Slug, Form()] = "",
    collection: Annotated[str, Form(max_length=255)] = DEFAULT_COLLECTION,
) -> ProbeOut:
    """Find the faces of a photo, to choose one for a search. The photo is kept nowhere."""
    asking.check(collection=collection, purpose=purpose)
    content = read_upload(asking, photo)
    with asking.site.turnstile.enter():
        found = find_faces(asking.library.parts, content, purpose=purpose, collection=collection)
    if isinstance(found, Verdict):
        raise tell_refusal(found)
    return describe_probe(found)
