"""Who signed a request: one door for Amazon's interface and for routes that may be asked so."""

from __future__ import annotations

from starlette.requests import Request

from mien.http.signature import (
    ALGORITHM,
    Signable,
    SignatureError,
    SignatureFault,
    check_scope,
    check_signature,
    read_signature,
)
from mien.http.site import Access, Site

SERVICE = "rekognition"
"""What requests are signed for, whichever route they go to."""


def is_signed(request: Request) -> bool:
    """Whether the request says that it is signed, in whatever way."""
    return request.headers.get("Authorization", "").startswith(ALGORITHM)


def get_signer(site: Site, request: Signable) -> Access:
    """Whose access key the request was signed with, as long as it is in force.

    Raises `SignatureError`. That a key is revoked, expired or its owner's account not in force
    is told as that there is none.
    """
    signature = read_signature(request)
    check_scope(signature, region=site.region, service=SERVICE)
    access = site.doorkeeper.find_by_access_key(signature.access_key_id)
    if access is None:
        raise SignatureError(
            SignatureFault.UNKNOWN_KEY, "The security token included in the request is invalid."
        )
    now = site.library.parts.deployment.clock()
    check_signature(request, signature, secret=access.secret, now=now)
    site.doorkeeper.note_access(signature.access_key_id)
    return access


def as_signable(request: Request, body: bytes) -> Signable:
    """The request with every byte that can be signed, as it was sent."""
    raw_path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    headers = [
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in request.headers.raw
    ]
    return Signable(
        method=request.method,
        path=raw_path.partition(b"?")[0].decode("latin-1"),
        query=request.scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
    )
