"""The service that the suite is driven against: a server of Mien's own, or Amazon's.

By default a real server process on this machine, once with drawn photos and once with real ones.
With MIEN_CONFORMANCE_ENDPOINT=aws it is Amazon's, with the usual credentials and region: what the
suite makes there has names of its own and is deleted again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from rekognition.conformance.photos import DrawnPhotos, Photos, RealPhotos
from rekognition.conformance.store import serving_objects
from rekognition.conformance.watch import Watch
from rekognition.process import DRAWN, REAL, STORES, Served, serving

AWS = "aws"
CHOSEN = os.environ.get("MIEN_CONFORMANCE_ENDPOINT", "mien")
"""Read once, before tests are kept from the user's settings."""

PREFIX = "mien-conformance-"
COLLECTIONS = tuple(
    f"{PREFIX}{name}"
    for name in (
        *("made", "Made", "listed-1", "listed-2", "listed-3", "indexed", "searched", "users"),
        *("tagged", "deleted", "flow", "smoke", "more-users", "couples", "seen", "kept"),
    )
)
LONGEST_NAME = PREFIX.ljust(255, "x")
OF_THE_GUIDE = "people"


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A client of the service, what its answers were held against, and photos that it can read."""

    client: Any
    photos: Photos
    is_aws: bool
    watch: Watch = field(default_factory=Watch)
    unchecked: Any = None
    """A client that sends whatever it is given."""
    served: Served | None = None

    def name(self, name: str) -> str:
        """A collection of the suite's own, which may or may not be there."""
        return f"{PREFIX}{name}"

    @contextmanager
    def collection(self, name: str) -> Iterator[str]:
        """An empty collection, gone afterwards."""
        collection_id = self.name(name)
        self.drop(collection_id)
        self.client.create_collection(CollectionId=collection_id)
        yield collection_id
        self.drop(collection_id)

    def drop(self, collection_id: str) -> None:
        with suppress(self.client.exceptions.ResourceNotFoundException):
            self.client.delete_collection(CollectionId=collection_id)

    def index(self, collection_id: str, photo: bytes, **more: Any) -> list[str]:
        """The ids of the faces that were indexed, largest first."""
        found = self.client.index_faces(CollectionId=collection_id, Image={"Bytes": photo}, **more)
        return [record["Face"]["FaceId"] for record in found["FaceRecords"]]

    def differs(self, reason: str) -> None:
        """What follows is so at Mien, knowingly, and not at Amazon."""
        if self.is_aws:
            pytest.skip(f"Mien differs: {reason}")

    @contextmanager
    def refusing(self, *codes: str) -> Iterator[Refusal]:
        """What is asked within is refused with one of these codes."""
        refusal = Refusal()
        with pytest.raises(ClientError) as refused:
            yield refusal
        error = refused.value.response["Error"]
        refusal.code, refusal.message = error["Code"], error["Message"]
        wanted = {*codes} | ({"ValidationException"} if self.is_aws else set())
        assert refusal.code in wanted, f"{refusal.code}: {refusal.message}"


@dataclass
class Refusal:
    """An error, once it came."""

    code: str = ""
    message: str = ""


def kinds() -> list[Any]:
    """The endpoints to run against, as parameters of a fixture."""
    real = pytest.param(REAL, marks=pytest.mark.real)
    return [pytest.param(AWS, marks=pytest.mark.real)] if CHOSEN == AWS else [DRAWN, real]


@contextmanager
def opening(kind: str, *, home: Path, cache: Path, photos: Path | None) -> Iterator[Endpoint]:
    """The endpoint; `photos` is the folder of real ones, which drawn ones do without."""
    chosen = DrawnPhotos() if photos is None else RealPhotos(photos)
    if kind == AWS:
        yield _watched(Endpoint(client=None, photos=chosen, is_aws=True), served=None)
        return
    names = (*COLLECTIONS, LONGEST_NAME, OF_THE_GUIDE)
    home.mkdir(parents=True)
    with (
        serving_objects(home.parent) as stores,
        serving(
            home, kind, cache=cache, collections=names, environment={STORES: str(stores)}
        ) as served,
    ):
        endpoint = _watched(Endpoint(client=None, photos=chosen, is_aws=False), served=served)
        # Here two photos are compared only by whoever has a collection.
        endpoint.client.create_collection(CollectionId=endpoint.name("kept"))
        yield endpoint


def _watched(endpoint: Endpoint, *, served: Served | None) -> Endpoint:
    client, unchecked = make_client(served), make_client(served, parameter_validation=False)
    endpoint = replace(endpoint, client=client, unchecked=unchecked, served=served)
    for one in (client, unchecked):
        endpoint.watch.attach(one)
    return endpoint


def make_client(served: Served | None, *, region: str = "us-east-1", **config: Any) -> Any:
    """Of a server of Mien's, or of Amazon's own as the environment says."""
    if served is None:
        retries = {"mode": "standard", "total_max_attempts": 10}
        return boto3.client("rekognition", config=Config(retries=retries, **config))
    return boto3.client(
        "rekognition",
        endpoint_url=served.address,
        region_name=region,
        aws_access_key_id=served.key_id,
        aws_secret_access_key=served.secret,
        config=Config(retries={"total_max_attempts": 1}, read_timeout=20, **config),
    )
