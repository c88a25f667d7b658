"""Writes that were asked for with a key of the caller's: begun, ended, forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from mien.catalog.audit import Json
from mien.catalog.requests_schema import requests


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """A write. `status` is that of its answer; there is none until it has ended."""

    reference: str
    fingerprint: str
    process: str
    began_at: datetime
    status: int | None
    location: str
    facts: Mapping[str, Json]


def find_request(connection: Connection, reference: str) -> RequestRow | None:
    found = connection.execute(select(requests).where(requests.c.reference == reference))
    row = found.one_or_none()
    if row is None:
        return None
    values = row._asdict()
    del values["id"]
    return RequestRow(**values)


def begin_request(connection: Connection, row: RequestRow) -> None:
    """Only where there is none of that reference."""
    values = {name: getattr(row, name) for name in RequestRow.__slots__}
    connection.execute(insert(requests).values(**{**values, "facts": dict(row.facts)}))


def end_request(
    connection: Connection,
    reference: str,
    *,
    status: int,
    location: str,
    facts: Mapping[str, Json],
) -> None:
    done = {"status": status, "location": location, "facts": dict(facts)}
    connection.execute(update(requests).where(requests.c.reference == reference).values(done))


def forget_request(connection: Connection, reference: str) -> None:
    connection.execute(delete(requests).where(requests.c.reference == reference))


def forget_before(connection: Connection, moment: datetime) -> int:
    """Forgets those that began before this; how many."""
    return connection.execute(delete(requests).where(requests.c.began_at < moment)).rowcount
