"""Keeps out what a case is about, from now on."""

from __future__ import annotations

from collections.abc import Sequence

from mien.catalog.connect import Connection
from mien.service.case import About
from mien.service.deployment import Deployment


def block(deployment: Deployment, connection: Connection, about: About) -> list[str]:
    """Keeps photos, an address or a host out; the ids of the blocks."""
    del deployment, connection, about
    return []


def unblock(deployment: Deployment, connection: Connection, block_ids: Sequence[str]) -> None:
    """Lifts blocks again, where a case was refused."""
    del deployment, connection, block_ids
