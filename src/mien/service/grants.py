"""Record, list and revoke grants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import uuid4

from mien.catalog import grants as rows
from mien.catalog.connect import Connection
from mien.catalog.photos import iter_uris, quarantine
from mien.errors import SettingsError
from mien.permission.basis import Basis
from mien.permission.grant import Grant, GrantKind, is_narrower
from mien.permission.purpose import is_purpose
from mien.permission.scope import covers, is_scope
from mien.permission.use import ADDING, Use
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.deployment import Deployment
from mien.sources.address import folder_scope
from mien.vault.notary import Owner

DEFAULT_USES = (Use.STORE, Use.TEMPLATE, Use.SEARCH, Use.DISPLAY)

_LONGEST_DAYS = 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantDraft:
    """What somebody says they were allowed. `until` is the last day on which it holds, in UTC."""

    kind: GrantKind
    grantor: str
    scope: Sequence[Path | str]
    purposes: Sequence[str]
    bases: Sequence[Basis]
    until: date
    uses: Sequence[Use] = DEFAULT_USES
    assessment: str = ""
    retention_days: int | None = None
    terms: str = ""


def add_grant(deployment: Deployment, draft: GrantDraft) -> Grant:
    """Records a grant. Raises `SettingsError` where the draft is incomplete or malformed."""
    _check(draft)
    now = deployment.clock()
    grant = Grant(
        grant_id=str(uuid4()),
        kind=draft.kind,
        grantor=draft.grantor.strip(),
        scope=tuple(_scope_of(part) for part in draft.scope),
        uses=frozenset(draft.uses),
        purposes=frozenset(draft.purposes),
        bases=frozenset(draft.bases),
        valid_from=now,
        valid_until=_end_of(draft.until),
        assessment=draft.assessment,
        retention=None if draft.retention_days is None else timedelta(days=draft.retention_days),
        terms=draft.terms,
    )
    with deployment.database.writing() as connection:
        rows.record_grant(connection, grant, at=now)
        deployment.vault.notary.make_grant_key(grant.grant_id)
        audit.append(deployment, connection, event=_tell(Action.GRANT_RECORDED, grant))
    return grant


def warnings_about(grant: Grant, *, at: datetime) -> list[str]:
    """What the operator should know about a grant that is recorded as it stands."""
    warnings = []
    if Basis.DOCUMENTED_BASIS in grant.bases and not grant.assessment:
        warnings.append("A documented basis should refer to an impact assessment: --assessment.")
    if Basis.DOCUMENTED_BASIS in grant.bases and grant.retention is None:
        warnings.append("No retention was given: what it covers is kept for the grant's life.")
    if grant.valid_until <= at:
        warnings.append("The last day of this grant has passed: nothing can be done with it.")
    return warnings


def list_grants(deployment: Deployment) -> list[Grant]:
    with deployment.database.reading() as connection:
        return [stored.grant for stored in rows.iter_grants(connection)]


def get_grant(deployment: Deployment, grant_id: str) -> Grant:
    """Raises `NotFoundError`."""
    with deployment.database.reading() as connection:
        return rows.get_grant(connection, grant_id).grant


def revoke_grant(deployment: Deployment, grant_id: str) -> Grant:
    """From now on nothing enters and nothing is found under it. Raises `NotFoundError`."""
    event = Event(action=Action.GRANT_REVOKED, grant_id=grant_id, note=Note(owner=Owner(grant_id)))
    with deployment.database.writing() as connection:
        rows.revoke_grant(connection, grant_id, at=deployment.clock())
        audit.append(deployment, connection, event=event)
    return get_grant(deployment, grant_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What a grant is to allow from now on; what is not given stays as it is."""

    scope: Sequence[Path | str] = ()
    purposes: Sequence[str] = ()
    uses: Sequence[Use] = ()
    until: date | None = None
    retention_days: int | None = None


def narrow_grant(deployment: Deployment, grant_id: str, *, narrowing: Narrowing) -> Grant:
    """From now on the grant allows less; what it does not cover any more waits for erasure.

    Raises `NotFoundError`, and `SettingsError` for what it did not allow before.
    """
    with deployment.database.writing() as connection:
        stored = rows.get_grant(connection, grant_id)
        narrowed = _narrow(stored.grant, narrowing)
        rows.narrow_grant(connection, narrowed)
        lost = [
            location_id
            for location_id, uri in iter_uris(connection, stored.id)
            if not narrowed.uses.issuperset(ADDING) or not covers(narrowed.scope, uri)
        ]
        quarantine(connection, lost, at=deployment.clock())
        audit.append(deployment, connection, event=_tell(Action.GRANT_NARROWED, narrowed))
    return narrowed


def rename_grantor(
    deployment: Deployment, connection: Connection, *, name: str, new_name: str
) -> int:
    """Corrects a grantor's name, and forgets what the audit log's notes called them; how often."""
    wanted, renamed = name.strip().casefold(), 0
    for stored in list(rows.iter_grants(connection)):
        if stored.grant.grantor.casefold() == wanted:
            renamed += 1
            grant = replace(stored.grant, grantor=new_name)
            rows.rename_grantor(connection, grant.grant_id, name=new_name)
            audit.forget(deployment, connection, owners=[Owner(grant.grant_id)])
            audit.append(deployment, connection, event=_tell(Action.GRANT_CORRECTED, grant))
    return renamed


def _narrow(grant: Grant, narrowing: Narrowing) -> Grant:
    narrowed = replace(
        grant,
        scope=tuple(map(_scope_of, narrowing.scope)) or grant.scope,
        purposes=frozenset(narrowing.purposes) or grant.purposes,
        uses=frozenset(narrowing.uses) or grant.uses,
        valid_until=grant.valid_until if narrowing.until is None else _end_of(narrowing.until),
        retention=(
            grant.retention
            if narrowing.retention_days is None
            else timedelta(days=narrowing.retention_days)
        ),
    )
    if not is_narrower(narrowed, grant):
        raise SettingsError(
            "A grant can only be narrowed: this asks for more than it allows. "
            "Record a new grant for that."
        )
    return narrowed


def _tell(action: Action, grant: Grant) -> Event:
    facts = {
        "kind": grant.kind,
        "bases": sorted(grant.bases),
        "uses": sorted(grant.uses),
        "purposes": sorted(grant.purposes),
        "valid_until": audit.format_time(grant.valid_until),
        "retention_days": None if grant.retention is None else grant.retention.days,
    }
    details = {
        "grant": grant.grant_id,
        "grantor": grant.grantor,
        "scope": grant.scope,
        "assessment": grant.assessment,
        "terms": grant.terms,
    }
    return Event(
        action=action,
        grant_id=grant.grant_id,
        facts=facts,
        note=Note(details, Owner(grant.grant_id)),
    )


def _check(draft: GrantDraft) -> None:
    if not draft.grantor.strip():
        raise SettingsError("A grant needs a grantor: who allows it?")
    if not draft.scope:
        raise SettingsError("A grant needs a scope: a folder, or an address.")
    if not draft.purposes:
        raise SettingsError("A grant needs at least one purpose.")
    for purpose in draft.purposes:
        if not is_purpose(purpose):
            raise SettingsError(
                f"{purpose!r} is no purpose: use a short slug in lower case, such as family-album."
            )
    if not draft.bases:
        raise SettingsError("A grant needs at least one basis.")
    if draft.retention_days is not None and not 1 <= draft.retention_days <= _LONGEST_DAYS:
        raise SettingsError(f"Retention is a number of days, from 1 to {_LONGEST_DAYS}.")


def _scope_of(part: Path | str) -> str:
    if isinstance(part, str) and "://" in part:
        if not is_scope(part):
            raise SettingsError(f"{part!r} is no address that a grant can cover.")
        return part
    folder = Path(part).expanduser()
    if not folder.is_dir():
        raise SettingsError(f"The scope {folder} is no folder. Name one that exists.")
    return folder_scope(folder)


def _end_of(day: date) -> datetime:
    if day == date.max:  # which no day follows
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day, time.min, tzinfo=UTC) + timedelta(days=1)
