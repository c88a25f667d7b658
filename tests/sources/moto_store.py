"""A real S3-compatible server on this machine, to be filled and read."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

KEYS: dict[str, Any] = {"access_key_id": "AK", "secret_access_key": "a secret word"}


@contextmanager
def serving_store() -> Iterator[str]:
    """The address of the server."""
    # It would tell of each request in the log, in which a test looks for Mien's own lines.
    logging.getLogger("werkzeug").disabled = True
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


def open_store(address: str, bucket: str) -> Any:
    """A client that fills the bucket, which is made."""
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id=KEYS["access_key_id"],
        aws_secret_access_key=KEYS["secret_access_key"],
        config=Config(retries={"total_max_attempts": 1}),
    )
    client.create_bucket(Bucket=bucket)
    return client
