"""`POST /v1/exports`: takes candidates of a search along, as a table or as a page of faces."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from mien.api.shapes import BodyIn
from mien.http.asking import Asking, needs
from mien.http.problem import check
from mien.permission.caller import Operation
from mien.service.export import MOST_TAKEN, ExportForm, ExportRequest, export_candidates

router = APIRouter(prefix="/v1/exports", tags=["judgements"])

_TYPES = {ExportForm.TABLE: "text/csv; charset=utf-8", ExportForm.PAGE: "text/html; charset=utf-8"}


class ExportIn(BodyIn):
    """Which candidates of a search of yours; all that you kept, where none is named."""

    search_id: UUID
    faces: list[UUID] = Field(default=[], max_length=MOST_TAKEN)
    form: ExportForm = ExportForm.TABLE


@router.post(
    "",
    response_class=Response,
    responses={
        200: {
            "description": "The file.",
            "content": {
                kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in _TYPES.values()
            },
            "headers": {
                "X-Candidates": {"schema": {"type": "integer"}},
                "X-Left-Out": {"schema": {"type": "integer"}},
            },
        }
    },
)
def export(asking: Annotated[Asking, needs(Operation.JUDGE)], body: ExportIn) -> Response:
    """Take candidates along. Each is asked about anew, and what may not be shown is left out.

    The page has faces of those alone whose grants allow showing them. It is entered into the log.
    """
    request = ExportRequest(
        search_id=str(body.search_id),
        face_ids=[str(face_id) for face_id in body.faces],
        form=body.form,
    )
    found = export_candidates(asking.library.parts, request, caller=asking.caller)
    check(found.verdict)
    headers = {
        "Content-Disposition": f'attachment; filename="candidates.{body.form}"',
        "X-Candidates": str(found.taken),
        "X-Left-Out": str(found.left_out),
    }
    return Response(found.content, headers=headers, media_type=_TYPES[body.form])
