"""What follows from a decision. Each step may be done again, so a killed one is repeated.

granted    grants for a host end; what is meant is erased, under an id that the decision holds;
           it is kept out; what was held back and stays comes back; it is looked for once more
refused    what was held back comes back, as far as its grant still covers it
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import uuid4

from mien.catalog import holds
from mien.catalog.audit import Json
from mien.catalog.photos import quarantine
from mien.errors import CatalogError, ConflictError, NotFoundError
from mien.permission.case import CaseKind, CaseState
from mien.permission.grant import Grant
from mien.permission.scope import covers
from mien.permission.use import ADDING
from mien.service import grants, standing
from mien.service.case import Case, Decision, Details
from mien.service.case_block import block
from mien.service.case_correct import correct
from mien.service.case_record import CaseRecord
from mien.service.case_target import CaseTarget, find_grants_on, target_of
from mien.service.deployment import Deployment
from mien.service.erase import erase, resume_erasure
from mien.service.gallery import Galleries
from mien.service.grants import Narrowing
from mien.service.optout import settle_blocks


@dataclass(slots=True)
class _Erased:
    """The erasures that were done, and how many files they left outside the home."""

    ids: list[str] = field(default_factory=list)
    outside: int = 0


def decide(record: CaseRecord, case: Case, *, decision: Decision, items: Sequence[Json]) -> Case:
    """Enters a decision. A refusal is done with it; what was granted is still to be executed.

    `items` are photos as they look, to be kept out once they are erased.
    """
    hides = decision.is_granted and case.kind.hides
    details: Details = {
        "granted": decision.is_granted,
        "reason": decision.reason,
        "erasure": str(uuid4()) if hides else "",
        "items": items if hides else [],
    }
    if not decision.is_granted:
        decided = record.move(case, to=CaseState.DECIDED, details=details)
        return _refuse(record, decided)
    if not case.is_checked:
        raise ConflictError(
            f"Nobody has looked yet at the faces that were found. See them with: mien case answer "
            f"{case.case_id} --to FOLDER, then say whose they are: mien case confirm --help"
        )
    return record.move(case, to=CaseState.DECIDED, details=details)


def execute(deployment: Deployment, case: Case, *, galleries: Galleries) -> Case:
    """Does what was granted, from where it was cut short. What access grants is handed out later.

    Raises `CatalogError` where another process reads for so long that it cannot be done now.
    """
    if case.kind is CaseKind.ACCESS:
        return case
    if case.state is CaseState.DECIDED:
        if case.kind.hides:
            case = _erase(deployment, case, galleries=galleries)
        else:
            case = _correct(deployment, case)
    if case.state is CaseState.EXECUTED:
        case = _verify(deployment, case, galleries=galleries)
    return case


def _refuse(record: CaseRecord, case: Case) -> Case:
    details: Details = {"released": _release(record, case)}
    done = record.move(case, to=CaseState.EXECUTED, details=details)
    return record.move(done, to=CaseState.VERIFIED, details={})


def _erase(deployment: Deployment, case: Case, *, galleries: Galleries) -> Case:
    _end_grants(deployment, case)
    erased = _erase_all(deployment, case, galleries=galleries)
    with deployment.database.writing_durably() as connection:
        record = CaseRecord(deployment, connection)
        now = record.get(case.case_id)
        if now.state is not CaseState.DECIDED:
            return now  # somebody else was as quick
        details: Details = {
            "erasures": erased.ids,
            "outside": erased.outside,
            "blocks": block(record, now),
            "released": _release(record, now),
        }
        return record.move(now, to=CaseState.EXECUTED, details=details)


def _erase_all(deployment: Deployment, case: Case, *, galleries: Galleries) -> _Erased:
    """Erases until nothing is left, first under the id that the decision holds."""
    target, erased = target_of(case), _Erased()
    planned = case.decision.erasure_id if case.decision else ""
    begun = resume_erasure(deployment, planned, galleries=galleries)
    while not _is_gone(deployment, target):
        # Where nothing is found to erase after all, somebody else has taken it just now.
        with suppress(NotFoundError):
            report = erase(
                deployment, target, galleries=galleries, erasure_id="" if begun else planned
            )
            erased.ids += [report.erasure_id]
            erased.outside += len(report.outside)
            begun = True
    if planned not in erased.ids and resume_erasure(deployment, planned, galleries=galleries):
        erased.ids.insert(0, planned)
    return erased


def _correct(deployment: Deployment, case: Case) -> Case:
    with deployment.database.writing_durably() as connection:
        record = CaseRecord(deployment, connection)
        now = record.get(case.case_id)
        if now.state is not CaseState.DECIDED:
            return now
        changed = correct(record, now)
        details: Details = {"corrected": changed}
        return record.move(now, to=CaseState.EXECUTED, details=details)


def _verify(deployment: Deployment, case: Case, *, galleries: Galleries) -> Case:
    """Looks again: whatever came in meanwhile goes too, and old values leave the pages."""
    erased = _Erased()
    if case.kind.hides:
        erased = _erase_all(deployment, case, galleries=galleries)
        settled = settle_blocks(deployment, galleries, optout_ids=case.block_ids)
        erased.ids += [settled.erasure_id] if settled else []
    elif not deployment.database.scrub():
        raise CatalogError(
            "It is corrected, but another process reads the catalog, so what stood there before "
            "cannot be cleaned from its pages. Let it end, then repeat the command."
        )
    with deployment.database.writing_durably() as connection:
        record = CaseRecord(deployment, connection)
        now = record.get(case.case_id)
        if now.state is not CaseState.EXECUTED:
            return now
        new = [one for one in erased.ids if one not in now.erasure_ids]
        return record.move(now, to=CaseState.VERIFIED, details={"erasures": new})


def _is_gone(deployment: Deployment, target: CaseTarget) -> bool:
    with deployment.database.reading() as connection:
        return target.select(connection).is_empty


def _end_grants(deployment: Deployment, case: Case) -> None:
    """Nothing more comes from a host: its grants end, others are narrowed to the rest of them."""
    if case.request is None:
        return
    with deployment.database.reading() as connection:
        found = find_grants_on(connection, case.request.about)
    for grant_id, left in found.items():
        try:
            if left:
                grants.narrow_grant(deployment, grant_id, narrowing=Narrowing(scope=left))
            else:
                grants.revoke_grant(deployment, grant_id)
        except ConflictError:  # it was changed behind Mien's back, and may end as a whole
            grants.revoke_grant(deployment, grant_id)


def _release(record: CaseRecord, case: Case) -> int:
    """Lets come back what the case alone held, and its grant still covers; how much."""
    believed = standing.iter_grants(record.deployment, record.connection)
    grant_by_id = {stored.id: stored.grant for stored in believed}
    released = holds.release(record.connection, case.id)
    lost = [
        one.location_id for one in released if not _covers(grant_by_id[one.grant_id], uri=one.uri)
    ]
    quarantine(record.connection, lost, at=record.deployment.clock())
    return len(released) - len(lost)


def _covers(grant: Grant, *, uri: str) -> bool:
    """Of a grant that is not believed nobody can tell; nothing is shown under it anyway."""
    if not grant.is_vouched:
        return True
    return grant.uses.issuperset(ADDING) and covers(grant.scope, uri)
