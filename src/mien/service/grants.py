"""Record, list and revoke grants."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import uuid4

from mien.catalog import grants as rows
from mien.catalog.connect import Connection
from mien.catalog.grants import StoredGrant
from mien.catalog.photos import iter_uris, quarantine
from mien.errors import ConflictError, SettingsError
from mien.permission.basis import Basis
from mien.permission.grant import Evidence, Grant, GrantKind, is_narrower
from mien.permission.scope import covers, is_scope
from mien.permission.use import ADDING, Use
from mien.service import audit, standing
from mien.service.audit import Action, Event, Note
from mien.service.deployment import Deployment
from mien.service.drafts import (
    check_papers,
    check_platform,
    check_purposes,
    check_texts,
    make_text,
    parse_retention,
)
from mien.service.grant_evidence import read_evidence
from mien.service.standing import vouch_for
from mien.sources.address import folder_scope
from mien.vault.notary import Owner

DEFAULT_USES = (Use.STORE, Use.TEMPLATE, Use.SEARCH, Use.DISPLAY)

_JURISDICTION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?|EEA")


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantDraft:
    """What somebody says they were allowed. `until` is the last day on which it holds, in UTC.

    `verified_by` is who made sure of it: who records it, if nobody else is named. `evidence`
    are files, or addresses that end in `#sha256=` and the hash of what lies there.
    """

    kind: GrantKind
    grantor: str
    scope: Sequence[Path | str]
    purposes: Sequence[str]
    bases: Sequence[Basis]
    until: date
    uses: Sequence[Use] = DEFAULT_USES
    contact: str = ""
    verified_by: str = ""
    jurisdiction: str = ""
    evidence: Sequence[Path | str | Evidence] = ()
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
        contact=draft.contact.strip(),
        verified_by=draft.verified_by.strip() or make_text(deployment.actor),
        jurisdiction=_parse_jurisdiction(draft.jurisdiction),
        evidence=tuple(read_evidence(one, at=now) for one in draft.evidence),
        assessment=draft.assessment.strip(),
        retention=parse_retention(draft.retention_days),
        terms=draft.terms,
    )
    with deployment.database.writing_durably() as connection:
        stored = rows.record_grant(connection, grant, at=now)
        deployment.vault.notary.make_grant_key(grant.grant_id)
        audit.append(deployment, connection, event=_tell(Action.GRANT_RECORDED, grant))
        return vouch_for(deployment, stored).grant


def warnings_about(grant: Grant, *, at: datetime) -> list[str]:
    """What the operator should know about a grant that is recorded as it stands."""
    if grant.valid_until <= at:
        return ["The last day of this grant has passed: nothing can be done with it."]
    return []


def list_grants(deployment: Deployment) -> list[Grant]:
    with deployment.database.reading() as connection:
        return [stored.grant for stored in standing.iter_grants(deployment, connection)]


def get_grant(deployment: Deployment, grant_id: str) -> Grant:
    """Raises `NotFoundError`."""
    with deployment.database.reading() as connection:
        return standing.get_grant(deployment, connection, grant_id=grant_id).grant


def revoke_grant(deployment: Deployment, grant_id: str) -> Grant:
    """From now on nothing enters and nothing is found under it. Raises `NotFoundError`.

    It may be one that was changed behind Mien's back: it is ended for good.
    """
    event = Event(action=Action.GRANT_REVOKED, grant_id=grant_id, note=Note(owner=Owner(grant_id)))
    with deployment.database.writing_durably() as connection:
        stored = rows.revoke_grant(connection, grant_id, at=deployment.clock())
        audit.append(deployment, connection, event=event)
        return vouch_for(deployment, stored).grant


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

    Raises `NotFoundError`, `SettingsError` for what it did not allow before, and
    `ConflictError` for a grant that was changed since: only what was cut short can be repeated.
    """
    with deployment.database.writing_durably() as connection:
        stored = standing.get_grant(deployment, connection, grant_id=grant_id)
        narrowed = _narrow(stored.grant, narrowing)
        _check_unchanged(deployment, stored, narrowed=narrowed)
        rows.narrow_grant(connection, narrowed)
        lost = [
            location_id
            for location_id, uri in iter_uris(connection, stored.id)
            if not narrowed.uses.issuperset(ADDING) or not covers(narrowed.scope, uri)
        ]
        quarantine(connection, lost, at=deployment.clock())
        audit.append(deployment, connection, event=_tell(Action.GRANT_NARROWED, narrowed))
        return vouch_for(deployment, StoredGrant(stored.id, narrowed)).grant


def _check_unchanged(deployment: Deployment, stored: StoredGrant, *, narrowed: Grant) -> None:
    """A grant is narrowed from what was recorded, or to what was being recorded."""
    resumed = standing.believe(deployment, StoredGrant(stored.id, narrowed))
    if not (stored.grant.is_vouched or resumed.grant.is_vouched):
        raise ConflictError(
            f"The grant {narrowed.grant_id} is not what was last recorded here, and allows "
            "nothing. Repeat the command that was cut short, restore the newest catalog, or "
            f"end it with: mien grant revoke {narrowed.grant_id}"
        )


def correct_grantor(
    deployment: Deployment,
    connection: Connection,
    *,
    name: str,
    new_name: str | None,
    contact: str | None,
) -> int:
    """Corrects a grantor's name or contact; of how many grants.

    What the audit log's notes called them is forgotten. A grant that was changed behind Mien's
    back is corrected too, and allows as little as before.
    """
    wanted, corrected = name.strip().casefold(), 0
    for stored in list(standing.iter_grants(deployment, connection)):
        if stored.grant.grantor.strip().casefold() != wanted:
            continue
        grant = replace(
            stored.grant,
            grantor=stored.grant.grantor if new_name is None else new_name,
            contact=stored.grant.contact if contact is None else contact,
        )
        # Where the correction was cut short, the mark is that of the corrected grant already.
        resumed = standing.believe(deployment, StoredGrant(stored.id, grant))
        rows.correct_grantor(connection, grant)
        audit.forget(deployment, connection, owners=[Owner(grant.grant_id)])
        audit.append(deployment, connection, event=_tell(Action.GRANT_CORRECTED, grant))
        if stored.grant.is_vouched or resumed.grant.is_vouched:
            vouch_for(deployment, StoredGrant(stored.id, grant))
        corrected += 1
    return corrected


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
            else parse_retention(narrowing.retention_days)
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
        "jurisdiction": grant.jurisdiction,
        "evidence_sha256": [one.sha256 for one in grant.evidence],
    }
    details = {
        "grant": grant.grant_id,
        "grantor": grant.grantor,
        "contact": grant.contact,
        "verified_by": grant.verified_by,
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
    if not draft.bases:
        raise SettingsError("A grant needs at least one basis.")
    check_texts(draft.grantor, draft.contact, draft.verified_by, draft.assessment, draft.terms)
    check_purposes(draft.purposes)
    check_papers(
        draft.bases,
        purposes=draft.purposes,
        assessment=draft.assessment,
        retention=parse_retention(draft.retention_days),
    )


def _parse_jurisdiction(text: str) -> str:
    tag = text.strip().upper()
    if tag and not _JURISDICTION.fullmatch(tag):
        raise SettingsError(
            f"{text!r} is no jurisdiction: use a code of ISO 3166, such as FR or US-IL, "
            "or EU or EEA."
        )
    return tag


def _scope_of(part: Path | str) -> str:
    if isinstance(part, str) and "://" in part:
        check_texts(part)
        if not is_scope(part):
            raise SettingsError(f"{part!r} is no address that a grant can cover.")
        check_platform(part)
        return part
    folder = Path(part).expanduser()
    if not folder.is_dir():
        raise SettingsError(f"The scope {folder} is no folder. Name one that exists.")
    return folder_scope(folder)


def _end_of(day: date) -> datetime:
    if day == date.max:  # which no day follows
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day, time.min, tzinfo=UTC) + timedelta(days=1)
