"""Erase: out of every answer at once, then out of keys, files, indexes and databases.

Nothing outside the home is touched: photos in the holder's own folders stay where they are,
and the report says which. A photo that is added again later is a new photo.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import ClassVar, Protocol

from mien.catalog import erasures as ledger
from mien.catalog import selection as rows
from mien.catalog.connect import Connection
from mien.catalog.grants import get_grant
from mien.catalog.removal import plan_removal
from mien.catalog.selection import Selection
from mien.errors import CatalogError, NotFoundError, SettingsError
from mien.service import audit
from mien.service.audit import Event
from mien.service.deployment import Deployment, erasing
from mien.service.erasing import NOTHING_LEFT, begin_erasure, count_removal, finish_erasures
from mien.service.gallery import Galleries

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Target(Protocol):
    """What is to be erased. Its kind stands in ledger and certificate, and nothing else of it."""

    @property
    def kind(self) -> str: ...

    def select(self, connection: Connection) -> Selection:
        """Raises `NotFoundError` or `SettingsError` for what cannot be."""
        ...


@dataclass(frozen=True, slots=True)
class FacesTarget:
    """Faces by their outside ids. Their photos stay, without thumbnails."""

    face_ids: tuple[str, ...]
    kind: ClassVar = "face"

    def select(self, connection: Connection) -> Selection:
        return rows.select_faces(connection, [face_id.lower() for face_id in self.face_ids])


@dataclass(frozen=True, slots=True)
class PhotoTarget:
    """A photo by the SHA-256 of its bytes, as searches show it."""

    sha256: str
    kind: ClassVar = "photo"

    def select(self, connection: Connection) -> Selection:
        sha256 = self.sha256.lower()
        if not _SHA256.fullmatch(sha256):
            raise SettingsError(f"{self.sha256!r} is no SHA-256: it has 64 hexadecimal digits.")
        return rows.select_photo(connection, sha256)


@dataclass(frozen=True, slots=True)
class SourceTarget:
    """Everything found at an address or below it; of what is also elsewhere, only the place."""

    address: str
    kind: ClassVar = "source"

    def select(self, connection: Connection) -> Selection:
        if not self.address:
            raise SettingsError("A source is a folder or an address.")
        return rows.select_below(connection, self.address)


@dataclass(frozen=True, slots=True)
class GrantorTarget:
    """All grants of a grantor with everything found under them, the name included."""

    name: str
    kind: ClassVar = "grantor"

    def select(self, connection: Connection) -> Selection:
        return rows.select_grantor(connection, self.name)


@dataclass(frozen=True, slots=True)
class GrantTarget:
    """Everything found under a grant. The grant ends with it, and stays on record."""

    grant_id: str
    kind: ClassVar = "grant"

    def select(self, connection: Connection) -> Selection:
        return rows.select_grant(connection, get_grant(connection, self.grant_id).id)


@dataclass(frozen=True, slots=True)
class BeforeTarget:
    """Everything taken in before a day, in UTC."""

    day: date
    kind: ClassVar = "before"

    def select(self, connection: Connection) -> Selection:
        return rows.select_before(connection, datetime.combine(self.day, time.min, tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureReport:
    """What was erased, by class, and what of it is left: nothing.

    `outside` are the addresses of files that were not touched. `certificate` is a JSON document.
    """

    erasure_id: str
    kind: str
    erased: Mapping[str, int]
    left: Mapping[str, int]
    outside: tuple[str, ...]
    certificate: str


def preview_erasure(deployment: Deployment, target: Target) -> Mapping[str, int]:
    """How much an erasure would take, by class; changes nothing. Raises as `erase`."""
    with deployment.database.reading() as connection:
        selection = _select(connection, target)
        return count_removal(plan_removal(connection, selection).removal)


def erase(
    deployment: Deployment, target: Target, *, galleries: Galleries, also: Event | None = None
) -> ErasureReport:
    """Erases a target. Killed anywhere, the next command of any kind finishes it.

    Another event is entered in the same transaction where there is one.
    Raises `NotFoundError` where there is nothing of that kind, `CatalogError` where another
    process reads for so long that the databases cannot be cleaned now.
    """
    with erasing(deployment.home):
        with deployment.database.writing() as connection:
            plan = plan_removal(connection, _select(connection, target))
            entry = begin_erasure(deployment, connection, plan=plan, kind=target.kind)
            if also is not None:
                audit.append(deployment, connection, event=also)
        if not finish_erasures(deployment, galleries):
            raise CatalogError(
                f"The erasure {entry.uuid} is out of every answer, and its keys and files are "
                "gone; but another process reads the catalog, so its pages cannot be cleaned. "
                "Let it end, then run any command."
            )
    with deployment.database.reading() as connection:
        certificate = ledger.get_certificate(connection, entry.uuid)
    return ErasureReport(
        erasure_id=entry.uuid,
        kind=entry.kind,
        erased=count_removal(plan.removal),
        left=NOTHING_LEFT,
        outside=plan.uris,
        certificate=certificate or "",
    )


def _select(connection: Connection, target: Target) -> Selection:
    selection = target.select(connection)
    if selection.is_empty:
        raise NotFoundError(f"There is nothing to erase: no {target.kind} of that name is here.")
    return selection
