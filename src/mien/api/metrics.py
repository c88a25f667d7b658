"""`/metrics`: numbers for Prometheus, to whoever may operate or has the token for it."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from mien.http.asking import Asking, find_asking
from mien.http.metrics import MEDIA_TYPE, Reading
from mien.http.site import site_of
from mien.permission.caller import Operation
from mien.service.gauges import count_holdings

router = APIRouter(tags=["health"])


async def _find_reader(request: Request) -> Asking | None:
    """Who may operate; nobody where the token of the settings was sent instead."""
    token = site_of(request).library.settings.metrics_token
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    if token and scheme.lower() == "bearer" and hmac.compare_digest(sent.encode(), token.encode()):
        return None
    asking = await find_asking(request, Operation.OPERATE)
    asking.check_everywhere()
    return asking


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def read_metrics(
    request: Request, asking: Annotated[Asking | None, Depends(_find_reader)]
) -> Response:
    """How much is asked, how fast it is answered, how much is held.

    Needs a key that may operate, or the token of `MIEN_METRICS_TOKEN`, which learns nothing about
    single collections. No label names a person, a photo or a caller.
    """
    site = site_of(request)
    held = count_holdings(site.library.parts)
    is_ours = asking is not None
    reading = Reading(
        at_work=site.turnstile.at_work,
        waiting=site.turnstile.waiting,
        photos=sum(one.photos for one in held.collections),
        faces=sum(one.faces for one in held.collections),
        runs=held.runs,
        photos_by_collection={one.name: one.photos for one in held.collections if is_ours},
        faces_by_collection={one.name: one.faces for one in held.collections if is_ours},
        recall_by_collection=site.recall.read(site.library.parts) if is_ours else {},
    )
    return Response(site.metrics.write(reading), media_type=MEDIA_TYPE)
