"""What goes wrong, in Amazon Rekognition's own words and codes.

Names and messages are those of its service model and its page on error handling; where a
program compares a message word for word, the words are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from uuid import uuid4

from starlette.responses import JSONResponse

from mien.errors import ConflictError, MienError, NotFoundError, PhotoError, SettingsError
from mien.http.problem import ProblemError, tell_error
from mien.http.turnstile import BusyError
from mien.permission.verdict import Verdict

MEDIA_TYPE = "application/x-amz-json-1.1"
REQUEST_ID = "x-amzn-RequestId"


class Code(StrEnum):
    """The names of errors, as every SDK maps them to its exceptions."""

    ACCESS_DENIED = "AccessDeniedException"
    CONFLICT = "ConflictException"
    TOKEN_MISMATCH = "IdempotentParameterMismatchException"  # noqa: S105
    IMAGE_TOO_LARGE = "ImageTooLargeException"
    INVALID_IMAGE = "InvalidImageFormatException"
    INVALID_PAGE = "InvalidPaginationTokenException"
    INVALID = "InvalidParameterException"
    INVALID_S3_OBJECT = "InvalidS3ObjectException"
    LIMIT_EXCEEDED = "LimitExceededException"
    RATE_EXCEEDED = "ProvisionedThroughputExceededException"
    ALREADY_EXISTS = "ResourceAlreadyExistsException"
    IN_USE = "ResourceInUseException"
    NOT_FOUND = "ResourceNotFoundException"
    QUOTA_EXCEEDED = "ServiceQuotaExceededException"
    THROTTLING = "ThrottlingException"
    INTERNAL = "InternalServerError"
    # Of every service of AWS that is signed for.
    UNKNOWN_OPERATION = "UnknownOperationException"
    MALFORMED = "SerializationException"
    NO_TOKEN = "MissingAuthenticationTokenException"  # noqa: S105
    INCOMPLETE_SIGNATURE = "IncompleteSignatureException"
    WRONG_SIGNATURE = "InvalidSignatureException"
    UNKNOWN_KEY = "UnrecognizedClientException"


_STATUS = {Code.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR}

_INVALID = "Request has invalid parameters."
_INTERNAL = "Internal server error"
_BUSY = "Slow down; sudden increase in rate of requests."


@dataclass(eq=False)
class ServiceError(Exception):
    """An answer that is no."""

    code: Code
    message: str

    def __post_init__(self) -> None:
        super().__init__(self.message)

    def as_response(self, request_id: str) -> JSONResponse:
        document = {
            "__type": self.code,
            "Code": self.code,
            "Logref": str(uuid4()),
            "Message": self.message,
            "message": self.message,
        }
        status = _STATUS.get(self.code, HTTPStatus.BAD_REQUEST)
        return JSONResponse(
            document, status.value, headers={REQUEST_ID: request_id}, media_type=MEDIA_TYPE
        )


def invalid(detail: str = "") -> ServiceError:
    """A parameter that cannot be used, and which."""
    return ServiceError(Code.INVALID, f"{_INVALID} {detail}".strip())


def no_collection(collection_id: str) -> ServiceError:
    return ServiceError(Code.NOT_FOUND, f"The collection id: {collection_id} does not exist")


def denied(verdict: Verdict) -> ServiceError:
    """A refusal, with its reasons in words and as the codes that are used everywhere."""
    words = " ".join(one.explanation for one in verdict.reasons)
    codes = ", ".join(str(one) for one in verdict.reasons)
    return ServiceError(Code.ACCESS_DENIED, f"{words} ({codes})")


def check(verdict: Verdict) -> None:
    """Raises the refusal where the verdict is a no."""
    if not verdict.is_allowed:
        raise denied(verdict)


_CODE_BY_ERROR: Mapping[type[MienError], Code] = {
    SettingsError: Code.INVALID,
    NotFoundError: Code.NOT_FOUND,
    ConflictError: Code.CONFLICT,
}


def crash() -> ServiceError:
    """What nobody expected; the log of the server says what."""
    return ServiceError(Code.INTERNAL, _INTERNAL)


def tell(error: Exception) -> ServiceError:
    """Any exception of Mien's; what only concerns the operator is not told to strangers."""
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, BusyError):
        return ServiceError(Code.THROTTLING, _BUSY)
    if isinstance(error, ProblemError):
        return _tell_problem(error)
    return _tell_mien(error) if isinstance(error, MienError) else crash()


def _tell_mien(error: MienError) -> ServiceError:
    if isinstance(error, PhotoError):
        return _tell_photo(error)
    for kind in type(error).__mro__:
        if kind in _CODE_BY_ERROR:
            return ServiceError(_CODE_BY_ERROR[kind], str(error))
    return _tell_problem(tell_error(error))


def _tell_photo(error: PhotoError) -> ServiceError:
    """What gives no picture, in the words of the service and then in ours."""
    if error.reason in _TOO_LARGE:
        return ServiceError(Code.IMAGE_TOO_LARGE, f"Image size is too large. {error}")
    return ServiceError(Code.INVALID_IMAGE, f"Request has invalid image format. {error}")


_TOO_LARGE = frozenset({"too-many-bytes", "too-many-pixels"})


def _tell_problem(problem: ProblemError) -> ServiceError:
    """A problem of the server's own, such as one request too many."""
    if problem.status == HTTPStatus.TOO_MANY_REQUESTS:
        return ServiceError(Code.RATE_EXCEEDED, "Provisioned Rate exceeded.")
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return ServiceError(Code.THROTTLING, _BUSY)
    if problem.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return ServiceError(Code.IMAGE_TOO_LARGE, "Image size is too large.")
    if problem.status in (HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED):
        return ServiceError(Code.ACCESS_DENIED, problem.detail)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServiceError(Code.INTERNAL, _INTERNAL)
    return ServiceError(Code.INVALID, problem.detail)
