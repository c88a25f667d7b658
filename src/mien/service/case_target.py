"""What a case is about, as rows: to be held back, erased, or told of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mien.catalog.connect import Connection
from mien.catalog.grants import iter_grants
from mien.catalog.selection import Selection, select_host
from mien.errors import NotFoundError, SettingsError
from mien.permission.host import is_on_host, parse_host
from mien.service.case import About, Case
from mien.service.erase import FacesTarget, GrantorTarget, PhotoTarget, SourceTarget, Target


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
        found = [target.select(connection) for target in self.targets]
        return Selection(
            face_ids={face for one in found for face in one.face_ids},
            location_ids={location for one in found for location in one.location_ids},
            grant_ids={grant for one in found for grant in one.grant_ids},
            ended_grant_ids={grant for one in found for grant in one.ended_grant_ids},
        )


def target_of(case: Case) -> CaseTarget:
    """What the case is about, as far as that is known; of lookalikes only those confirmed."""
    if case.request is None:
        raise NotFoundError(f"What the case {case.case_id} was about was forgotten: it is over.")
    return make_target(case.request.about, faces=case.confirmed or ())


def make_target(about: About, *, faces: Sequence[str] = ()) -> CaseTarget:
    """What is meant, with faces that were found to be meant."""
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
