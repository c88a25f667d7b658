"""What a case is about, as rows: to be held back, erased, or told of."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from mien.catalog.connect import Connection
from mien.catalog.grants import iter_grants
from mien.catalog.selection import Selection, select_host
from mien.errors import NotFoundError, SettingsError
from mien.permission.host import is_on_host, parse_host
from mien.service.case import About, Case
from mien.service.erase import (
    FacesTarget,
    GrantorTarget,
    PersonTarget,
    PhotoTarget,
    SourceTarget,
    Target,
)


@dataclass(frozen=True, slots=True)
class HostTarget:
    """Everything found on a host or one below it; grants for nothing else end."""

    host: str
    kind: str = "host"

    def select(self, connection: Connection) -> Selection:
        host = parse_host(self.host)
        if host is None:
            raise SettingsError(
                f"{self.host!r} is no host. Write its name alone and in ASCII, as "
                "photos.example.org; for a link there is --source."
            )
        return select_host(connection, host)


@dataclass(frozen=True, slots=True)
class CaseTarget:
    """All of several targets, of one kind."""

    kind: str
    targets: Sequence[Target]

    def select(self, connection: Connection) -> Selection:
        """Nothing of what is not there, or not any more."""
        found = Selection()
        for target in self.targets:
            with suppress(NotFoundError):
                found = found.with_more(target.select(connection))
        return found


def target_of(case: Case) -> CaseTarget:
    """What the case is about, as far as that is known; of lookalikes only those confirmed."""
    if case.request is None:
        raise NotFoundError(f"What the case {case.case_id} was about was forgotten: it is over.")
    request = case.request
    return make_target(request.about, person_id=request.person_id, faces=case.confirmed or ())


def make_target(about: About, *, person_id: str = "", faces: Sequence[str] = ()) -> CaseTarget:
    """What is meant, with faces that were found to be meant, and who is meant by a name."""
    chosen = (*about.faces, *faces)
    targets: list[Target] = [PhotoTarget(sha256) for sha256 in about.photos]
    if chosen:
        targets.append(FacesTarget(chosen))
    if about.source:
        targets.append(SourceTarget(about.source))
    if about.host:
        targets.append(HostTarget(about.host))
    if about.grantor:
        targets.append(GrantorTarget(about.grantor))
    if person_id:
        targets.append(PersonTarget(person_id))
    # What a photo found is erased as faces are: none of them comes back with a later look.
    return CaseTarget("face" if about.kind == "like" else about.kind, targets)


def find_grants_on(connection: Connection, about: About) -> dict[str, tuple[str, ...]]:
    """Grants for the host of a case that are not revoked, each with the scope left without it."""
    host = parse_host(about.host)
    if host is None:
        return {}
    found = {}
    for stored in iter_grants(connection):
        scope = stored.grant.scope
        left = tuple(part for part in scope if not is_on_host(part, host))
        if left != scope and stored.grant.revoked_at is None:
            found[stored.grant.grant_id] = left
    return found
