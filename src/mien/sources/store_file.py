"""Which object stores an operator lets requests name, read once from a file of their own.

    [[store]]
    buckets = ["photos", "archive"]
    endpoint = "https://minio.example.org"
    access_key_id = "…"
    secret_access_key = "…"

docs/guide/rekognition.md explains each entry.
"""

from __future__ import annotations

import ipaddress
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from mien.errors import SettingsError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_BUCKET = re.compile(r"(?!.*--x-s3$)[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
_REGION = re.compile(r"[a-z0-9-]{1,63}")
_DEFAULT_REGION = "us-east-1"
_NEAR = (".local", ".internal", ".localhost")
_TEXTS = frozenset({"endpoint", "region", "prefix"})
_KEYS = ("access_key_id", "secret_access_key")
_FROM = "_from"
_KNOWN = {"buckets", *_TEXTS, *_KEYS, *(key + _FROM for key in _KEYS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Where some buckets are, and what reads them; without a key, whatever anybody may read.

    Without an `endpoint` it is Amazon S3 in the region. Only keys that begin with the `prefix`
    are read.
    """

    buckets: Sequence[str]
    endpoint: str = ""
    region: str = _DEFAULT_REGION
    prefix: str = ""
    access_key_id: str = field(default="", repr=False)
    secret_access_key: str = field(default="", repr=False)


def read_stores(path: Path, environment: Mapping[str, str]) -> tuple[Store, ...]:
    """The stores of a file; keys may stand in the environment, under names that the file gives.

    Raises `SettingsError`, naming the file and the entry, never a key.
    """
    document = _read(path)
    unknown = sorted(set(document) - {"store"})
    if unknown:
        raise SettingsError(f"{path} holds {unknown[0]!r}. It may only hold [[store]] entries.")
    entries = document.get("store", [])
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise SettingsError(f"{path}: write each store as an entry of its own, under [[store]].")
    stores = tuple(
        _Entry(one, at=f"{path}, store {number}", environment=environment).parse()
        for number, one in enumerate(entries, 1)
    )
    _check_buckets(stores, path=path)
    return stores


def _read(path: Path) -> Mapping[str, object]:
    try:
        with path.open("rb") as file:
            is_open = bool(path.stat().st_mode & _OTHERS)
            document = {} if is_open else tomllib.load(file)
    except OSError as error:
        raise SettingsError(
            f"{path}, which MIEN_OBJECT_STORES names, cannot be read ({error.strerror})."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        # What a parser says of a line may show a key of it.
        where = re.search(r"at line \d+", str(error))
        at = f" ({where[0]})" if where else ""
        raise SettingsError(f"{path} is no TOML document{at}. Correct it there.") from None
    if is_open:
        raise SettingsError(f"{path} holds keys and is open to others. Run: chmod 600 {path}")
    return document


def _check_buckets(stores: Sequence[Store], *, path: Path) -> None:
    met: dict[str, int] = {}
    for number, store in enumerate(stores, 1):
        for bucket in store.buckets:
            if bucket in met:
                raise SettingsError(
                    f"{path}: stores {met[bucket]} and {number} both have the bucket {bucket!r}. "
                    "A request names nothing but the bucket: name it in one store, once."
                )
            met[bucket] = number


@dataclass(frozen=True, slots=True)
class _Entry:
    """One [[store]] as it stands in the file."""

    values: Mapping[str, object]
    at: str
    environment: Mapping[str, str]

    def parse(self) -> Store:
        unknown = sorted(set(self.values) - _KNOWN)
        if unknown:
            raise self._wrong(f"there is no {unknown[0]!r}; known are {', '.join(sorted(_KNOWN))}")
        endpoint, region = self._text("endpoint"), self._text("region") or _DEFAULT_REGION
        key_id, secret = (self._find_key(name) for name in _KEYS)
        if bool(key_id) != bool(secret):
            raise self._wrong(
                "access_key_id and secret_access_key go together; leave out both to read what "
                "anybody may read"
            )
        if endpoint:
            self._check_endpoint(endpoint)
        if not _REGION.fullmatch(region):
            raise self._wrong(f"region {region!r} is none; us-east-1 is one")
        return Store(
            buckets=tuple(self._iter_buckets()),
            endpoint=endpoint.rstrip("/"),
            region=region,
            prefix=self._text("prefix"),
            access_key_id=key_id,
            secret_access_key=secret,
        )

    def _wrong(self, what: str) -> SettingsError:
        return SettingsError(f"{self.at}: {what}.")

    def _text(self, name: str) -> str:
        value = self.values.get(name, "")
        if not isinstance(value, str):
            raise self._wrong(f"{name} must be text in quotes")
        return value.strip()

    def _iter_buckets(self) -> Iterator[str]:
        buckets = self.values.get("buckets")
        if not isinstance(buckets, list) or not buckets:
            raise self._wrong('name the buckets that may be read: buckets = ["photos"]')
        for bucket in buckets:
            if not isinstance(bucket, str) or not _BUCKET.fullmatch(bucket):
                raise self._wrong(f"{bucket!r} is no name of a bucket; each is named in full")
            yield bucket

    def _find_key(self, name: str) -> str:
        """A key as it stands there, or in the variable that the entry names."""
        written, variable = self._text(name), self._text(name + _FROM)
        if written and variable:
            raise self._wrong(f"give {name} or {name}{_FROM}, and not both")
        if not variable:
            return written
        found = self.environment.get(variable, "").strip()
        if not found:
            raise self._wrong(f"{name}{_FROM} names the variable {variable}, which is not set")
        return found

    def _check_endpoint(self, endpoint: str) -> None:
        try:
            parts = urlsplit(endpoint)
            host, _ = parts.hostname, parts.port
        except ValueError:
            parts, host = urlsplit(""), None
        if not host or parts.scheme not in {"http", "https"} or parts.query or parts.fragment:
            raise self._wrong("endpoint must be an address such as https://minio.example.org")
        if parts.username or parts.password:
            raise self._wrong("endpoint holds a key; give access_key_id and secret_access_key")
        if parts.scheme == "http" and not _is_near(host):
            raise self._wrong(
                f"photos would come from {host} unencrypted: use https, or http within a private "
                "network (an address of one, a name without a dot, or one that ends in .local, "
                ".internal or .localhost)"
            )


def _is_near(host: str) -> bool:
    """Whether what goes there stays on this machine or in its network, as far as a name tells."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_NEAR)
    return address.is_loopback or address.is_private
