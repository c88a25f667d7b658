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
from mien.catalog.erasures import LedgerEntry
from mien.catalog.grants import get_grant
from mien.catalog.people import get_person
from mien.catalog.removal import Plan, plan_removal
from mien.catalog.selection import Selection
from mien.errors import CatalogError, NotFoundError, SettingsError
from mien.service import audit
from mien.service.alike import find_alike_to
from mien.service.audit import Event
from mien.service.collections import find_views
from mien.service.deployment import Deployment, erasing
from mien.service.erasing import NOTHING_LEFT, begin_erasure, count_removal, finish_erasures
from mien.service.gallery import Galleries
from mien.sources.address import is_upload
from mien.types import FaceId

_SHA256 = re.compile(r"[0-9a-f]{64}")


def parse_sha256(text: str) -> str:
    """Raises `SettingsError`."""
    sha256 = text.lower()
    if not _SHA256.fullmatch(sha256):
        raise SettingsError(f"{text!r} is no SHA-256: it has 64 hexadecimal digits.")
    return sha256


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
        return rows.select_photo(connection, parse_sha256(self.sha256))


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


@dataclass(frozen=True, slots=True)
class PersonTarget:
    """Somebody by name or id: all that is recorded, all faces kept for them or like theirs."""

    name: str
    kind: ClassVar = "person"

    def select(self, connection: Connection) -> Selection:
        return rows.select_person(get_person(connection, self.name).id)


@dataclass(frozen=True, slots=True)
class FaceGroupTarget:
    """Face groups with all of their faces. `mien.service.face_groups` finds them by name."""

    group_ids: tuple[int, ...]
    kind: ClassVar = "face-group"

    def select(self, connection: Connection) -> Selection:
        return rows.select_face_groups(connection, self.group_ids)


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


def preview_erasure(
    deployment: Deployment, target: Target, *, galleries: Galleries
) -> Mapping[str, int]:
    """How much an erasure would take, by class; changes nothing. Raises as `erase`."""
    alike = _find_alike(deployment, target, galleries=galleries)
    with deployment.database.reading() as connection:
        selection = _select(connection, target, alike=alike)
        return count_removal(plan_removal(connection, selection).removal)


def erase(
    deployment: Deployment,
    target: Target,
    *,
    galleries: Galleries,
    erasure_id: str = "",
    also: Event | None = None,
) -> ErasureReport:
    """Erases a target. Killed anywhere, the next command of any kind finishes it.

    The erasure gets the id that the caller wants it to have, if any; another event is entered
    in the same transaction where there is one. Raises `NotFoundError` where there is nothing
    of that kind, `CatalogError` where another process reads for so long that the databases
    cannot be cleaned now.
    """
    with erasing(deployment.home):
        alike = _find_alike(deployment, target, galleries=galleries)
        with deployment.database.writing() as connection:
            plan = plan_removal(connection, _select(connection, target, alike=alike))
            entry = begin_erasure(
                deployment, connection, plan=plan, kind=target.kind, uuid=erasure_id
            )
            if also is not None:
                audit.append(deployment, connection, event=also)
        return conclude_erasure(deployment, galleries, plan=plan, entry=entry)


def withdraw(deployment: Deployment, target: Target, *, galleries: Galleries) -> bool:
    """Only the first step of an erasure, for whoever cannot wait; whether there is more to do.

    From then on nothing of the target answers. Whoever settles erasures does the rest. While
    somebody else erases, nothing is done, and the next one asks again.
    """
    with erasing(deployment.home, waits=False) as is_mine:
        if not is_mine:
            return False
        with deployment.database.writing() as connection:
            selection = target.select(connection)
            if selection.is_empty:
                return False
            plan = plan_removal(connection, selection)
            begin_erasure(deployment, connection, plan=plan, kind=target.kind)
        galleries.erase(face_id for face_id, _, _ in plan.removal.faces)
    return True


def conclude_erasure(
    deployment: Deployment, galleries: Galleries, *, plan: Plan, entry: LedgerEntry
) -> ErasureReport:
    """Does what is left to do of an erasure that has begun, and tells. Only while erasing.

    Raises `CatalogError` where another process reads for too long.
    """
    return ErasureReport(
        erasure_id=entry.uuid,
        kind=entry.kind,
        erased=count_removal(plan.removal),
        left=NOTHING_LEFT,
        outside=tuple(uri for uri in plan.uris if not is_upload(uri)),
        certificate=_finish(deployment, entry.uuid, galleries=galleries),
    )


def resume_erasure(deployment: Deployment, erasure_id: str, *, galleries: Galleries) -> bool:
    """Finishes an erasure that may have begun; whether it had. Raises `CatalogError` as `erase`."""
    with deployment.database.reading() as connection:
        if erasure_id not in ledger.find_states(connection):
            return False
    with erasing(deployment.home):
        _finish(deployment, erasure_id, galleries=galleries)
    return True


def _finish(deployment: Deployment, erasure_id: str, *, galleries: Galleries) -> str:
    """The certificate of an erasure that has begun."""
    if not finish_erasures(deployment, galleries):
        raise CatalogError(
            f"The erasure {erasure_id} is out of every answer, and its keys and files are "
            "gone; but another process reads the catalog, so its pages cannot be cleaned. "
            "Let it end, then run any command."
        )
    with deployment.database.reading() as connection:
        return ledger.get_certificate(connection, erasure_id) or ""


def _find_alike(deployment: Deployment, target: Target, *, galleries: Galleries) -> set[FaceId]:
    """Only whoever erases a person wants more than rows can tell."""
    if target.kind != PersonTarget.kind:
        return set()
    with deployment.database.reading() as connection:
        person_ids = target.select(connection).alike_to
    return {
        face_id
        for view in find_views(deployment)
        for face_id in find_alike_to(view, galleries, person_ids=person_ids)
    }


def _select(connection: Connection, target: Target, *, alike: set[FaceId]) -> Selection:
    selection = target.select(connection).with_more(Selection(face_ids=alike))
    if selection.is_empty:
        raise NotFoundError(f"There is nothing to erase: no {target.kind} of that name is here.")
    return selection
