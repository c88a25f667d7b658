"""`/v1/policy`: what is held here, by whose permission, for what, until when, and the way out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mien.http.asking import Asking, needs
from mien.http.etag import answer
from mien.permission.caller import Operation
from mien.service.policy import Form

router = APIRouter(prefix="/v1/policy", tags=["policy"])

_TYPES = {
    "application/json": Form.JSON,
    "text/html": Form.HTML,
    "text/markdown": Form.MARKDOWN,
}


@router.get(
    "",
    response_class=Response,
    responses={
        200: {
            "description": "The policy, in the form that `Accept` names first; JSON unless named.",
            "content": {
                kind: {"schema": {"type": "object" if form is Form.JSON else "string"}}
                for kind, form in _TYPES.items()
            },
        }
    },
)
def get_policy(asking: Annotated[Asking, needs(Operation.VIEW)], request: Request) -> Response:
    """The policy as the record has it now, as JSON, HTML or Markdown.

    It is made for everybody to read, and tells of all collections. Its ETag changes whenever
    anything that it says does.
    """
    policy = asking.library.policy()
    kind = _choose(request.headers.get("Accept", ""))
    content = policy.render(_TYPES[kind]).encode()
    etag = f'"{policy.version[:32]}-{_TYPES[kind]}"'
    headers = {"Vary": "Accept"}
    return answer(request, content, media_type=kind, etag=etag, headers=headers)


def _choose(accept: str) -> str:
    """The first form that is named, whatever weight it is given."""
    named = [one.partition(";")[0].strip().lower() for one in accept.split(",")]
    return next((kind for kind in named if kind in _TYPES), "application/json")
