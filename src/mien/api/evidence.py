"""`/v1/evidence`: what an authority asks for, in one file under one signature."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from mien.api.shapes import answer_file
from mien.http.asking import Asking, needs
from mien.permission.caller import Operation
from mien.service.packing import pack_folder

router = APIRouter(prefix="/v1/evidence", tags=["audit"])


@router.post(
    "",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}, "description": "A ZIP archive."}},
)
def export_evidence(asking: Annotated[Asking, needs(Operation.AUDIT)]) -> Response:
    """The log with its proofs, all grants, certificates and the policy, under one signature.

    Unlike the log it names names: grants tell grantors and places. That it was handed out is
    entered into the log.
    """
    asking.check_everywhere()
    library = asking.library
    with asking.site.turnstile.enter():
        packed = pack_folder(library.parts.deployment.home, library.export_evidence)
    return answer_file(packed, name="mien-evidence.zip")
