"""`ClientRequestToken`: the same request under the same token is done once, and answered the same.

A token is its access key's own, and lasts a day. Nothing of a request is kept but what
`mien.service.requests` keeps: facts are numbers and codes, and ids stay in the request itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from mien.rekognition.call import Call
from mien.rekognition.errors import Code, ServiceError
from mien.service.requests import (
    Claim,
    Outcome,
    claim_request,
    conclude_request,
    refer_request,
    release_request,
)

Facts = Mapping[str, Any]


def do_once(call: Call, asked: object, *, token: str, make: Callable[[], Facts]) -> Facts:
    """Does it, or finds what was done before; `asked` shows all its members as text.

    Raises `ServiceError` for a token that was used for something else.
    """
    if not token:
        return make()
    deployment = call.parts.deployment
    request = refer_request(deployment, f"rekognition\0{token}", content=repr(asked))
    claim, known = claim_request(deployment, request)
    if claim is not Claim.NEW:
        if known is None:
            raise _tell(claim, token)
        return known.facts
    try:
        facts = make()
    except BaseException:
        release_request(deployment, request)
        raise
    conclude_request(deployment, request, outcome=Outcome(HTTPStatus.OK, facts=facts))
    return facts


def _tell(claim: Claim, token: str) -> ServiceError:
    if claim is Claim.OTHER:
        return ServiceError(
            Code.TOKEN_MISMATCH,
            f"The ClientRequestToken: {token} you have supplied is already in use.",
        )
    if claim is Claim.RUNNING:
        return ServiceError(  # an SDK waits, and asks again by itself
            Code.THROTTLING,
            "The request with this ClientRequestToken is being worked on. Repeat it in a moment.",
        )
    return ServiceError(
        Code.CONFLICT,
        "The server stopped while it worked on the request with this ClientRequestToken, and "
        "cannot say how far it came. Look whether it was done; if not, ask with a new token.",
    )
