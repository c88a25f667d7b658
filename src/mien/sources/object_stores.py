"""Photos in S3-compatible stores: only those of the operator's file, and nothing beyond them.

A request names a bucket, a key and a version, and never an address. boto3 makes and signs the
address of the object, with the keys of the file alone; it is then asked for once, here: no
redirect is followed, no proxy is asked, and how long and how much is read has an end.
"""

from __future__ import annotations

import http.client
import logging
import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from http import HTTPStatus
from pathlib import Path
from socket import SHUT_RDWR, socket
from threading import Timer
from typing import Any
from urllib.parse import SplitResult, urlsplit

from mien.errors import NotFoundError, PhotoError, SettingsError
from mien.sources.store_file import Store, read_stores

_LONGEST_KEY = 1024
_VALID_S = 300
_PATIENCE_S = 20.0
_LOG = logging.getLogger(__name__)


class ObjectStores:
    """Reads objects by their bucket. Threads may share it."""

    def __init__(self, stores: tuple[Store, ...] = (), *, patience_s: float = _PATIENCE_S) -> None:
        """Raises `SettingsError` where boto3 is not installed, and there are stores."""
        clients = [_make_client(store) for store in stores]
        self._by_bucket: Mapping[str, tuple[int, Store, Any]] = {
            bucket: (number, store, client)
            for number, (store, client) in enumerate(zip(stores, clients, strict=True), 1)
            for bucket in store.buckets
        }
        self._patience_s = patience_s
        self._tls = ssl.create_default_context() if stores else None

    def read(self, *, bucket: str, key: str, version: str = "", max_bytes: int) -> bytes:
        """The bytes of an object, without a version of the newest.

        Raises `PhotoError` (too-many-bytes) for a larger one, and `NotFoundError` for any that
        is not to be had, whatever the reason: the log of the server tells the operator.
        """
        known = self._by_bucket.get(bucket)
        if known is None or not _may_be(key, version, prefix=known[1].prefix):
            raise _not_found()
        number, _, client = known
        named = {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
        address = urlsplit(
            client.generate_presigned_url("get_object", Params=named, ExpiresIn=_VALID_S)
        )
        try:
            return self._get(address, max_bytes=max_bytes)
        except (OSError, http.client.HTTPException, _RefusedError) as error:
            # Keys may name people, so that the log has the number of the store alone.
            told = error.status if isinstance(error, _RefusedError) else type(error).__name__
            _LOG.warning("object store %d of MIEN_OBJECT_STORES gave no object: %s", number, told)
            raise _not_found() from error

    def _get(self, address: SplitResult, *, max_bytes: int) -> bytes:
        target = f"{address.path}?{address.query}".rstrip("?")
        with self._asking(address, target=target) as answer:
            if answer.status != HTTPStatus.OK:
                raise _RefusedError(answer.status)
            if answer.length is None:
                raise http.client.HTTPException("an object of unknown length")
            size = answer.length
            if size > max_bytes:
                raise PhotoError("too-many-bytes", f"The object is over {max_bytes:,} bytes.")
            content = answer.read(size)
        if len(content) < size:
            raise http.client.IncompleteRead(content, size)
        return content

    @contextmanager
    def _asking(self, address: SplitResult, *, target: str) -> Iterator[http.client.HTTPResponse]:
        """An answer that ends when patience does, however steadily something trickles in."""
        host, port = address.hostname or "", address.port
        connection = (
            http.client.HTTPSConnection(host, port, timeout=self._patience_s, context=self._tls)
            if address.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=self._patience_s)
        )
        connection.connect()
        alarm = Timer(self._patience_s, _cut, args=[connection.sock])
        alarm.daemon = True
        alarm.start()
        try:
            connection.request("GET", target)
            with connection.getresponse() as answer:
                yield answer
        finally:
            alarm.cancel()
            connection.close()


class _RefusedError(Exception):
    """A store answered, and not with the object."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


def open_stores(path: Path | None, environment: Mapping[str, str]) -> ObjectStores:
    """The stores of the operator's file; none where there is no file. Raises `SettingsError`."""
    return ObjectStores() if path is None else ObjectStores(read_stores(path, environment))


def _may_be(key: str, version: str, *, prefix: str) -> bool:
    """Whether it may be asked for: whoever stands before a store might resolve dots in a path."""
    try:
        sizes = len(key.encode()), len(version.encode())
    except UnicodeEncodeError:  # half of a letter
        return False
    dots = {".", ".."} & set(key.split("/"))
    return bool(key) and max(sizes) <= _LONGEST_KEY and key.startswith(prefix) and not dots


def _not_found() -> NotFoundError:
    return NotFoundError("There is no such object in a store that may be read from here.")


def _cut(connected: socket) -> None:
    with suppress(OSError):  # it may have ended by itself
        connected.shutdown(SHUT_RDWR)


def _make_client(store: Store) -> Any:  # noqa: ANN401  (boto3 has no types)
    """What makes and signs addresses."""
    try:
        from botocore import UNSIGNED
        from botocore.config import Config

        session = _open_session()
    except ImportError as error:
        raise SettingsError(
            "MIEN_OBJECT_STORES needs boto3, which is not installed. Run: pip install 'mien[aws]'"
        ) from error
    has_dots = any("." in bucket for bucket in store.buckets)
    style = "path" if store.endpoint or has_dots else "virtual"
    return session.create_client(
        "s3",
        region_name=store.region,
        endpoint_url=store.endpoint or None,
        aws_access_key_id=store.access_key_id or None,
        aws_secret_access_key=store.secret_access_key or None,
        config=Config(
            signature_version="s3v4" if store.access_key_id else UNSIGNED,
            s3={"addressing_style": style},
            ignore_configured_endpoint_urls=True,
            use_fips_endpoint=False,
            use_dualstack_endpoint=False,
        ),
    )


@cache
def _open_session() -> Any:  # noqa: ANN401
    """Nothing of the environment's or the machine's is asked; what Amazon offers is read once."""
    import botocore.session

    nowhere = (None, None, os.devnull, None)
    return botocore.session.Session(
        {
            "profile": (None, None, None, None),
            "config_file": nowhere,
            "credentials_file": nowhere,
        }
    )
