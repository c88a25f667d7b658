"""`/healthz` and `/readyz`: whether the server is alive, and whether it can answer; no more."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request

from mien.errors import MienError
from mien.http.problem import ProblemError
from mien.http.site import site_of
from mien.service.doctor import check_ready

router = APIRouter(tags=["health"])


class HealthOut(BaseModel):
    """That there is somebody."""

    status: Literal["ok"] = "ok"


@router.get("/healthz")
def tell_alive() -> HealthOut:
    """The server is alive. Public, and tells no more."""
    return HealthOut()


@router.get("/readyz")
def tell_ready(request: Request) -> HealthOut:
    """Catalog and vault answer; 503 where they do not. Public, and tells no more."""
    try:
        check_ready(site_of(request).library.parts.deployment)
    except MienError as error:
        detail = "Catalog or vault does not answer; `mien doctor` tells why."
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "not-ready", detail) from error
    return HealthOut()
