"""Problem details: a status, a stable code, and no more told to strangers than concerns them."""

from __future__ import annotations

import json

import pytest

from mien import errors
from mien.errors import (
    CatalogError,
    ConflictError,
    MienError,
    NotFoundError,
    PhotoError,
    VaultError,
)
from mien.http.problem import ProblemError, check, tell_error, tell_refusal
from mien.permission.verdict import ALLOWED, Reason, refuse


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (PhotoError("not-a-photo", "It is no photo."), 422, "not-a-photo"),
        (NotFoundError("There is no grant 7."), 404, "not-found"),
        (ConflictError("The name is taken."), 409, "conflict"),
        (errors.SettingsError("A limit must be 1."), 422, "settings"),
        (errors.LicenceNotAcceptedError("Accept it."), 403, "licence-not-accepted"),
    ],
)
def test_what_the_asker_can_mend_is_told(error: MienError, status: int, code: str) -> None:
    problem = tell_error(error)
    assert (problem.status, problem.code, problem.detail) == (status, code, str(error))


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (CatalogError("/srv/mien/catalog.db cannot be used"), 503),
        (VaultError("/srv/mien/keys is gone"), 500),
        (errors.SuppressionError("an opt-out of A. Person is unreadable"), 503),
    ],
)
def test_what_concerns_the_operator_is_not_told_to_strangers(error: MienError, status: int) -> None:
    problem = tell_error(error)
    assert problem.status == status
    assert str(error) not in json.dumps(json.loads(bytes(problem.as_response().body)))


def test_every_error_has_a_status_of_its_own_or_of_its_kind() -> None:
    for name in errors.__all__:
        kind = getattr(errors, name)
        error = kind("a-code", "text") if issubclass(kind, PhotoError) else kind("text")
        assert 400 <= tell_error(error).status < 600


def test_a_refusal_carries_every_reason_with_its_explanation() -> None:
    problem = tell_refusal(refuse(Reason.GRANT_REVOKED, Reason.OUT_OF_SCOPE))
    document = json.loads(bytes(problem.as_response().body))
    assert document["status"] == 403
    assert document["type"] == "urn:mien:problem:grant-revoked"
    assert document["reasons"] == [
        {"code": "grant-revoked", "explanation": "The grant was revoked."},
        {"code": "out-of-scope", "explanation": Reason.OUT_OF_SCOPE.explanation},
    ]


def test_only_a_no_is_raised() -> None:
    check(ALLOWED)
    with pytest.raises(ProblemError):
        check(refuse(Reason.NO_GRANT))


def test_a_problem_is_of_its_own_media_type() -> None:
    answer = tell_error(NotFoundError("There is nothing.")).as_response()
    assert answer.headers["Content-Type"] == "application/problem+json"
