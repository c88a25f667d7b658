"""A real boto3 client of a site in this process: what it sends is handed over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from starlette.testclient import TestClient

from mien.http.site import Access, Site
from mien.library import Library
from mien.permission.access_key import OPERATIONS, AccessTerms
from mien.permission.caller import Caller, Operation
from mien.server.app import make_app
from server.door import Door, make_site

KEY_ID, SECRET = "MIENEXAMPLEKEY000001", "a secret for tests alone"


@dataclass(frozen=True)
class Key:
    """What the client's access key is bound to."""

    grant_id: str
    purpose: str
    collections: frozenset[str] = frozenset({"people", "others"})
    operations: frozenset[Operation] = field(default=OPERATIONS)

    def as_access(self) -> Access:
        terms = AccessTerms(
            grant_id=self.grant_id, collections=self.collections, purpose=self.purpose
        )
        caller = Caller(
            actor=f"access-key:{KEY_ID}",
            name="Client",
            operations=self.operations,
            collections=self.collections,
            purposes=frozenset({self.purpose}),
            calls_a_minute=1_000_000,
        )
        return Access(caller=caller, terms=terms, secret=SECRET)


@contextmanager
def calling(library: Library, key: Key) -> Iterator[Any]:
    """A client that signs with the key."""
    door = Door(access_keys={KEY_ID: key.as_access()})
    with using(make_site(library, door)) as client:
        yield client


@contextmanager
def using(site: Site, *, key_id: str = KEY_ID, secret: str = SECRET) -> Iterator[Any]:
    """A client of the site."""
    with TestClient(make_app(site), raise_server_exceptions=False) as server:
        yield make_client(server, key_id=key_id, secret=secret)


def make_client(
    server: TestClient, *, key_id: str = KEY_ID, secret: str = SECRET, attempts: int = 1
) -> Any:
    client = boto3.client(
        "rekognition",
        endpoint_url="http://testserver",
        region_name="us-east-1",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": attempts}),
    )

    def hand_over(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        headers = {
            name: value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        answer = server.request(request.method, request.url, content=request.body, headers=headers)
        return AWSResponse(request.url, answer.status_code, answer.headers, _Raw(answer.content))

    client.meta.events.register("before-send.rekognition", hand_over)
    return client


class _Raw(BytesIO):
    """A body as urllib3 hands it out."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
