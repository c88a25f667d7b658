"""What went wrong, as RFC 9457 problem details: the same reason codes as everywhere in Mien."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from mien.errors import (
    CatalogError,
    ConflictError,
    EvaluationError,
    LicenceNotAcceptedError,
    MienError,
    ModelError,
    NotFoundError,
    PhotoError,
    SettingsError,
    SuppressionError,
)
from mien.permission.verdict import Reason, Verdict

MEDIA_TYPE = "application/problem+json"
Answer = TypeVar("Answer")

_TYPE = "urn:mien:problem:"

_STATUS_BY_ERROR: Mapping[type[MienError], HTTPStatus] = {
    PhotoError: HTTPStatus.UNPROCESSABLE_ENTITY,
    SettingsError: HTTPStatus.UNPROCESSABLE_ENTITY,
    EvaluationError: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    LicenceNotAcceptedError: HTTPStatus.FORBIDDEN,
    ModelError: HTTPStatus.CONFLICT,
    SuppressionError: HTTPStatus.SERVICE_UNAVAILABLE,
    CatalogError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The nearest class counts; whatever else Mien raises is an error of the server."""

_STATUS_BY_REASON = {
    Reason.NOT_SIGNED_IN: HTTPStatus.UNAUTHORIZED,
    Reason.LINK_NOT_IN_FORCE: HTTPStatus.NOT_FOUND,
    Reason.TOO_MANY_TRIES: HTTPStatus.TOO_MANY_REQUESTS,
}


@dataclass(eq=False)
class ProblemError(Exception):
    """An answer that is no: `code` is stable, `detail` says what happened and what to do next."""

    status: HTTPStatus
    code: str
    detail: str
    more: Mapping[str, Any] = field(default_factory=dict, kw_only=True)
    headers: Mapping[str, str] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__init__(self.detail)

    def as_response(self) -> JSONResponse:
        document = {
            "type": f"{_TYPE}{self.code}",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
            "code": self.code,
            **self.more,
        }
        return JSONResponse(
            document, self.status.value, headers=self.headers, media_type=MEDIA_TYPE
        )


Tell = Callable[[Scope, ProblemError], Response]
"""How a problem is told of a request that no route has seen."""


def tell_plainly(scope: Scope, problem: ProblemError) -> Response:
    """As it is, whoever asked."""
    del scope
    return problem.as_response()


def check(verdict: Verdict) -> None:
    """Raises the refusal as a problem, with all its reasons, where the verdict is a no."""
    if not verdict.is_allowed:
        raise tell_refusal(verdict)


def get_allowed(answer: Answer | Verdict) -> Answer:
    """What a use case hands out. Raises its refusal as a problem, where that is the answer."""
    if isinstance(answer, Verdict):
        raise tell_refusal(answer)
    return answer


def tell_refusal(verdict: Verdict) -> ProblemError:
    """A refusal; the first reason decides the status."""
    first = verdict.reasons[0]
    status = _STATUS_BY_REASON.get(first, HTTPStatus.FORBIDDEN)
    reasons = [{"code": one, "explanation": one.explanation} for one in verdict.reasons]
    return ProblemError(
        status,
        str(first),
        " ".join(one.explanation for one in verdict.reasons),
        more={"reasons": reasons},
        headers={"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None,
    )


def tell_error(error: MienError) -> ProblemError:
    """An exception of Mien's; what only concerns the operator is not told to strangers."""
    for kind in type(error).__mro__:
        status = _STATUS_BY_ERROR.get(kind)
        if status is not None:
            break
    else:
        status = HTTPStatus.INTERNAL_SERVER_ERROR
    is_ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    detail = "Mien cannot do this now; its operator finds out why with `mien doctor`."
    return ProblemError(
        status,
        error.code,
        detail if is_ours else str(error),
        headers={"Retry-After": "5"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None,
    )
