"""Keeps out, from now on, what a case is about."""

from __future__ import annotations

from collections.abc import Sequence

from mien.catalog.connect import Connection
from mien.service.case import About
from mien.service.deployment import Deployment


def block_places(deployment: Deployment, connection: Connection, about: About) -> list[str]:
    """Keeps everything from a host or an address out, at once; the ids of the blocks."""
    del deployment, connection, about
    return []


def block_photos(deployment: Deployment, connection: Connection, about: About) -> list[str]:
    """Keeps photos out that are going to be erased; the ids of the blocks."""
    del deployment, connection, about
    return []


def lift(deployment: Deployment, connection: Connection, block_ids: Sequence[str]) -> None:
    """Lets in again what a case kept out that was refused."""
    del deployment, connection, block_ids
