"""Requests signed by botocore's own signers, as a server would get them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from starlette.testclient import TestClient

from mien.http.signature import Signable

KEY_ID, SECRET = "MIENEXAMPLEKEY000001", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REGION, SERVICE = "us-east-1", "rekognition"
TARGET = "RekognitionService.ListFaces"
HEADERS = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": TARGET}
BODY = b'{"CollectionId":"people"}'


@dataclass(frozen=True)
class Signer:
    """Somebody who signs; anything of it can be wrong."""

    key_id: str = KEY_ID
    secret: str = SECRET
    token: str | None = None
    region: str = REGION
    service: str = SERVICE
    kind: Any = SigV4Auth

    def sign(
        self,
        *,
        method: str = "POST",
        url: str = "https://mien.example/",
        headers: Mapping[str, str] = HEADERS,
        more: Iterable[tuple[str, str]] = (),
        body: bytes = BODY,
        context: Mapping[str, object] | None = None,
    ) -> Signable:
        """The request as it arrives; `more` are headers of which a name may come again."""
        request = AWSRequest(method=method, url=url, headers=dict(headers), data=body)
        for name, value in more:
            request.headers.add_header(name, value)
        request.context.update(context or {})
        credentials = Credentials(self.key_id, self.secret, self.token)
        self.kind(credentials, self.service, self.region).add_auth(request)
        parts = urlsplit(url)
        sent = [("host", parts.netloc)]
        sent += [(name.lower(), str(value)) for name, value in request.headers.items()]
        return Signable(
            method=method, path=parts.path or "/", query=parts.query, headers=sent, body=body
        )


S3 = replace(Signer(), kind=S3SigV4Auth)


def signed_at(request: Signable) -> datetime:
    return datetime.strptime(request.get("x-amz-date"), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def without(request: Signable, name: str) -> Signable:
    return replace(request, headers=[one for one in request.headers if one[0] != name])


def with_header(request: Signable, name: str, value: str) -> Signable:
    """The same with another value there, or with that header added."""
    return replace(without(request, name), headers=[*without(request, name).headers, (name, value)])


def send(client: TestClient, request: Signable) -> Any:
    """The request as it is, every header of it once or twice."""
    query = f"?{request.query}" if request.query else ""
    return client.request(
        request.method,
        f"http://testserver{request.path}{query}",
        content=request.body,
        headers=list(request.headers),
    )
