"""Requests signed with AWS Signature Version 4, verified.

Source: "Create a signed AWS API request", AWS Identity and Access Management User Guide. What
was signed is read from `SignedHeaders`, since clients sign different ones. The body always
counts, whatever a header says of it, and path and query count as they were sent: dots and
slashes in a path are not tidied up, so that nothing is signed here and routed elsewhere.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from urllib.parse import quote, unquote_plus

ALGORITHM = "AWS4-HMAC-SHA256"
LONGEST_SKEW = timedelta(minutes=5)
"""How far the signer's clock may be from ours, and so how long a signature can be sent again."""

_TERMINATOR = "aws4_request"
_HEADER = re.compile(
    rf"{ALGORITHM} +"
    r"Credential=(?P<key>\w{1,128})/(?P<date>\d{8})/(?P<region>[\w-]+)/(?P<service>[\w-]+)/"
    rf"{_TERMINATOR} *, *SignedHeaders=(?P<headers>[a-z0-9;._-]+) *, *"
    r"Signature=(?P<signature>[0-9a-f]{64})",
    re.ASCII,
)
_STAMP = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_TIME = "%Y%m%dT%H%M%SZ"
_BLANKS = re.compile(r"[ \t]+")
_AMAZON = "x-amz-"
_AUTHORIZATION, _DATE, _DIGEST = "authorization", "x-amz-date", "x-amz-content-sha256"
_TOKEN, _PRESIGNED = "x-amz-security-token", ("x-amz-signature", "x-amz-algorithm")
_MUST_BE_SIGNED = frozenset({"host", _DATE})


class SignatureFault(StrEnum):
    """What is wrong with a signature."""

    MISSING = "missing"
    MALFORMED = "malformed"
    OUT_OF_TIME = "out-of-time"
    WRONG_SCOPE = "wrong-scope"
    UNKNOWN_KEY = "unknown-key"
    WRONG = "wrong"


class SignatureError(Exception):
    """A request that is not signed as it must be."""

    def __init__(self, fault: SignatureFault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Signable:
    """A request as it came.

    Path and query as they were sent, escapes and all; headers in order, their names in lower
    case; every character of these stands for one byte.
    """

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
    """Raises `SignatureError` where there is none, or none of a kind that is accepted here."""
    _check_form(request)
    header = request.get(_AUTHORIZATION)
    if not header.startswith(ALGORITHM):
        raise SignatureError(
            SignatureFault.MISSING,
            "Missing Authentication Token: sign the request with an access key.",
        )
    found = _HEADER.fullmatch(header.strip(" \t"))
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
    stamp = request.get(_DATE)
    digest = sha256(request.body).hexdigest()
    _check_time(stamp, signature, now=now)
    _check_covered(request, signature)
    _check_digest(request, digest=digest)
    canonical = _canonicalise(request, signature.signed_headers, digest=digest)
    wanted = _sign(canonical, stamp=stamp, signature=signature, secret=secret)
    if not hmac.compare_digest(wanted, signature.signature):
        raise SignatureError(
            SignatureFault.WRONG,
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method.",
        )


def _check_form(request: Signable) -> None:
    """What is signed in another way than here, and what says one thing twice."""
    names = [name for name, _ in request.headers]
    if _TOKEN in names:
        raise SignatureError(
            SignatureFault.MALFORMED,
            "There are no temporary credentials here: sign with the id and the secret of an "
            "access key alone, without X-Amz-Security-Token (AWS_SESSION_TOKEN).",
        )
    asked = [unquote_plus(key) for key, _ in _split_query(request.query)]
    if any(key.lower() in _PRESIGNED for key in asked):
        raise SignatureError(
            SignatureFault.MALFORMED,
            "Addresses that were signed beforehand are not accepted here: sign each request, "
            "in its Authorization header.",
        )
    decisive = [name for name in names if name == _AUTHORIZATION or _is_decisive(name)]
    if len(decisive) != len(set(decisive)) or len(asked) != len(set(asked)):
        raise SignatureError(
            SignatureFault.MALFORMED,
            "Authorization, Host, every X-Amz header and every name of the query may be sent once.",
        )


def _is_decisive(name: str) -> bool:
    return name in _MUST_BE_SIGNED or name.startswith(_AMAZON)


def _check_time(stamp: str, signature: Signature, *, now: datetime) -> None:
    signed_at = _parse_stamp(stamp)
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


def _parse_stamp(stamp: str) -> datetime:
    try:
        if _STAMP.fullmatch(stamp):
            return datetime.strptime(stamp, _TIME).replace(tzinfo=UTC)
    except ValueError:  # such as the thirteenth month
        pass
    raise SignatureError(
        SignatureFault.MALFORMED, "X-Amz-Date must be there once, as YYYYMMDD'T'HHMMSS'Z'."
    )


def _check_covered(request: Signable, signature: Signature) -> None:
    """What decides about a request must have been signed with it.

    The type of the body decides nothing here, and not every client signs it.
    """
    sent = {name for name, _ in request.headers}
    decides = _MUST_BE_SIGNED | {name for name in sent if _is_decisive(name)}
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


def _check_digest(request: Signable, *, digest: str) -> None:
    if _DIGEST not in {name for name, _ in request.headers}:
        return
    if request.get(_DIGEST) != digest:
        raise SignatureError(
            SignatureFault.WRONG,
            "X-Amz-Content-SHA256 is not the digest of the body, which must be signed.",
        )


def _canonicalise(request: Signable, names: Sequence[str], *, digest: str) -> str:
    lines = [
        f"{name}:{','.join(_squeeze(value) for key, value in request.headers if key == name)}"
        for name in names
    ]
    path = quote(request.path.encode("latin-1"), safe="/~-_.") or "/"
    query = "&".join(f"{key}={value}" for key, value in sorted(_split_query(request.query)))
    return "\n".join([request.method, path, query, *lines, "", ";".join(names), digest])


def _sign(canonical: str, *, stamp: str, signature: Signature, secret: str) -> str:
    key = f"AWS4{secret}".encode()
    for part in (signature.date, signature.region, signature.service, _TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    digest = sha256(canonical.encode("latin-1")).hexdigest()  # the bytes that were sent
    message = f"{ALGORITHM}\n{stamp}\n{signature.scope}\n{digest}"
    return hmac.digest(key, message.encode(), "sha256").hex()


def _split_query(query: str) -> list[tuple[str, str]]:
    """Names and values as they were sent: decoding would make two of them the same."""
    pairs = [pair.partition("=") for pair in query.split("&")] if query else []
    return [(key, value) for key, _, value in pairs]


def _squeeze(value: str) -> str:
    return _BLANKS.sub(" ", value.strip(" \t"))
