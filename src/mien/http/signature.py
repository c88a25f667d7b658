"""Requests signed with AWS Signature Version 4, verified.

Source: "Create a signed AWS API request", AWS Identity and Access Management User Guide. What
was signed is read from `SignedHeaders`, since clients sign different ones; the body always
counts, whatever a header says of it.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from urllib.parse import parse_qsl, quote, unquote

ALGORITHM = "AWS4-HMAC-SHA256"
LONGEST_SKEW = timedelta(minutes=5)
"""How far the signer's clock may be from ours, and so how long a signature can be sent again."""

_TERMINATOR = "aws4_request"
_HEADER = re.compile(
    rf"{ALGORITHM}\s+"
    r"Credential=(?P<key>[\w]{1,128})/(?P<date>\d{8})/(?P<region>[\w-]+)/(?P<service>[\w-]+)/"
    rf"{_TERMINATOR}\s*,\s*SignedHeaders=(?P<headers>[a-z0-9;.-]+)\s*,\s*"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
_TIME = "%Y%m%dT%H%M%SZ"
_MUST_BE_SIGNED = frozenset({"host", "x-amz-date"})


class SignatureFault(StrEnum):
    """What is wrong with a signature."""

    MISSING = "missing"
    MALFORMED = "malformed"
    OUT_OF_TIME = "out-of-time"
    WRONG_SCOPE = "wrong-scope"
    WRONG = "wrong"


class SignatureError(Exception):
    """A request that is not signed as it must be."""

    def __init__(self, fault: SignatureFault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Signable:
    """A request as it came: the path as sent, the headers in order with names in lower case."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes = field(repr=False)

    def get(self, name: str) -> str:
        """The header of that name, empty where there is none or more than one."""
        found = [value for key, value in self.headers if key == name]
        return found[0] if len(found) == 1 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What the Authorization header says."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str = field(repr=False)

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{_TERMINATOR}"


def read_signature(request: Signable) -> Signature:
    """Raises `SignatureError` where there is none, or none that can be read."""
    header = request.get("authorization")
    if not header.startswith(ALGORITHM):
        raise SignatureError(SignatureFault.MISSING, "Missing Authentication Token")
    found = _HEADER.fullmatch(header.strip())
    if found is None:
        raise SignatureError(
            SignatureFault.MALFORMED, "The Authorization header is none of Signature Version 4."
        )
    names = tuple(found["headers"].split(";"))
    if list(names) != sorted(set(names)):
        raise SignatureError(SignatureFault.MALFORMED, "SignedHeaders must be sorted, each once.")
    return Signature(
        access_key_id=found["key"],
        date=found["date"],
        region=found["region"],
        service=found["service"],
        signed_headers=names,
        signature=found["signature"],
    )


def check_scope(signature: Signature, *, region: str, service: str) -> None:
    """Raises `SignatureError` for another region or service than this."""
    if signature.region != region:
        raise SignatureError(
            SignatureFault.WRONG_SCOPE,
            f"Credential should be scoped to a valid region: this server is {region!r}, and the "
            f"request was signed for {signature.region!r}. Set region_name={region!r}.",
        )
    if signature.service != service:
        raise SignatureError(
            SignatureFault.WRONG_SCOPE,
            f"Credential should be scoped to correct service: {service!r}.",
        )


def check_signature(request: Signable, signature: Signature, *, secret: str, now: datetime) -> None:
    """Raises `SignatureError` unless exactly this was signed with the secret, and just now."""
    stamp = request.get("x-amz-date")
    _check_time(stamp, signature, now=now)
    _check_covered(request, signature)
    canonical = _canonicalise(request, signature.signed_headers)
    wanted = _sign(canonical, stamp=stamp, signature=signature, secret=secret)
    if not hmac.compare_digest(wanted, signature.signature):
        raise SignatureError(
            SignatureFault.WRONG,
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method.",
        )


def _check_time(stamp: str, signature: Signature, *, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(stamp, _TIME).replace(tzinfo=UTC)
    except ValueError as error:
        raise SignatureError(
            SignatureFault.MALFORMED, "X-Amz-Date must be there once, as YYYYMMDD'T'HHMMSS'Z'."
        ) from error
    if stamp[:8] != signature.date:
        raise SignatureError(
            SignatureFault.WRONG_SCOPE, "Date in Credential scope does not match X-Amz-Date."
        )
    if abs(now - signed_at) > LONGEST_SKEW:
        word = "expired" if signed_at < now else "not yet current"
        raise SignatureError(
            SignatureFault.OUT_OF_TIME,
            f"Signature {word}: {stamp} is more than {LONGEST_SKEW.seconds // 60} minutes from the "
            "server's clock. Set the clocks right.",
        )


def _check_covered(request: Signable, signature: Signature) -> None:
    """What decides about a request must have been signed with it."""
    sent = {name for name, _ in request.headers}
    decides = _MUST_BE_SIGNED | {name for name in sent if name.startswith("x-amz-")}
    lacking = sorted(decides - set(signature.signed_headers))
    if lacking:
        raise SignatureError(
            SignatureFault.WRONG, f"These headers must be signed: {', '.join(lacking)}."
        )
    unsent = [name for name in signature.signed_headers if name not in sent]
    if unsent:
        raise SignatureError(
            SignatureFault.WRONG, f"These headers were signed and not sent: {', '.join(unsent)}."
        )
    digest = request.get("x-amz-content-sha256")
    if digest and not hmac.compare_digest(digest, sha256(request.body).hexdigest()):
        raise SignatureError(
            SignatureFault.WRONG, "X-Amz-Content-SHA256 is not the digest of the body."
        )


def _canonicalise(request: Signable, names: Sequence[str]) -> str:
    lines = [
        f"{name}:{','.join(_squeeze(value) for key, value in request.headers if key == name)}"
        for name in names
    ]
    path = quote(request.path, safe="/~-_.") or "/"
    query = "&".join(
        sorted(f"{_encode(key)}={_encode(value)}" for key, value in _split_query(request.query))
    )
    digest = sha256(request.body).hexdigest()
    return "\n".join([request.method, path, query, *lines, "", ";".join(names), digest])


def _sign(canonical: str, *, stamp: str, signature: Signature, secret: str) -> str:
    key = f"AWS4{secret}".encode()
    for part in (signature.date, signature.region, signature.service, _TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    digest = sha256(canonical.encode()).hexdigest()
    message = f"{ALGORITHM}\n{stamp}\n{signature.scope}\n{digest}"
    return hmac.digest(key, message.encode(), "sha256").hex()


def _split_query(query: str) -> list[tuple[str, str]]:
    # A plus is a plus here, and no blank.
    return parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)


def _squeeze(value: str) -> str:
    return " ".join(value.split())


def _encode(text: str) -> str:
    return quote(unquote(text), safe="~-_.")
