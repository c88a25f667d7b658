"""Open cases, decide them and see them through: one inbox, whichever way a request came.

What a takedown, an objection or an erasure means is held back in the transaction that opens
the case. Killed anywhere after that, the same command goes on where it was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from mien.catalog import holds
from mien.catalog.people import get_person
from mien.catalog.selection import Selection
from mien.errors import ConflictError, NotFoundError, SettingsError
from mien.permission.case import CaseKind, CaseState, Channel, is_undecided, may_counter
from mien.service import audit
from mien.service.acknowledgement import acknowledge
from mien.service.alike import find_alike_to
from mien.service.case import About, Case, CaseRequest, Decision
from mien.service.case_block import describe_photos
from mien.service.case_correct import check_corrections
from mien.service.case_execute import decide, execute
from mien.service.case_like import Likes, tell_likes
from mien.service.case_matters import seal_matters
from mien.service.case_record import CaseRecord
from mien.service.case_target import make_target
from mien.service.deployment import Deployment
from mien.service.gallery import Galleries
from mien.types import FaceId


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDraft:
    """What somebody asks for, as it came in; `is_by_stranger` on a page that anybody may use."""

    kind: CaseKind
    requester: str
    about: About = field(default_factory=About)
    contact: str = ""
    channel: Channel = Channel.DESK
    reason: str = ""
    statement: str = ""
    is_intimate: bool = False
    corrections: Mapping[str, str] = field(default_factory=dict)
    is_by_stranger: bool = False


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A case, what to send back at once (a signed JSON document), and how much is held back."""

    case: Case
    acknowledgement: str
    held: int


def open_case(
    deployment: Deployment, draft: CaseDraft, *, galleries: Galleries, likes: Likes | None = None
) -> OpenedCase:
    """Records a case, and holds back what it means to hide.

    Whoever asks without saying about what asks about themselves, under the name they give.
    Raises `SettingsError` for what cannot be meant.
    """
    draft = _complete(draft, has_photo=likes is not None)
    check_draft(draft, has_photo=likes is not None)
    lookalikes = likes.lookalikes if likes else ()
    meant = _find_meant(deployment, draft, galleries=galleries)
    target = make_target(
        draft.about, person_id=meant.person_id, faces=[like.face_id for like in lookalikes]
    )
    request = CaseRequest(
        requester=draft.requester.strip(),
        contact=draft.contact.strip(),
        channel=draft.channel,
        reason=draft.reason,
        statement=draft.statement,
        is_intimate=draft.is_intimate,
        about=draft.about,
        person_id=meant.person_id,
        corrections={name: value.strip() for name, value in draft.corrections.items()},
        lookalikes=lookalikes,
    )
    # On the disk before anybody is told that it was received.
    with deployment.database.writing_durably() as connection:
        selection = target.select(connection).with_more(Selection(face_ids=meant.alike))
        record = CaseRecord(deployment, connection)
        case = record.add(draft.kind, request)
        if likes is not None:
            event = tell_likes(likes, case, reference=record.refer(case))
            audit.append(deployment, connection, event=event)
        held = 0
        if draft.kind.hides and _may_hide(draft):
            case, held = _quarantine(record, case, selection=selection)
        elif draft.kind.hides:
            case = record.move(case, to=CaseState.QUARANTINED, details={"held": 0, "waits": True})
    return OpenedCase(case, acknowledge(deployment, case), held)


def _complete(draft: CaseDraft, *, has_photo: bool) -> CaseDraft:
    is_about_nothing = draft.about == About() and not has_photo
    if draft.kind is CaseKind.TAKEDOWN or not is_about_nothing:
        return draft
    return replace(draft, about=About(person=draft.requester.strip()))


def check_draft(draft: CaseDraft, *, has_photo: bool) -> None:
    """Raises `SettingsError` for what cannot be meant."""
    if not draft.requester.strip():
        raise SettingsError("A case needs somebody who asks: a name, or what they call themselves.")
    ways = [name for name in About.__slots__ if getattr(draft.about, name)]
    if len(ways) + has_photo != 1:
        raise SettingsError("Say what the case is about, in exactly one way. See --help.")
    check_corrections(draft.kind, draft.about, corrections=draft.corrections)


def list_cases(deployment: Deployment) -> list[Case]:
    """All cases, the one that is due first before the others."""
    with deployment.database.reading() as connection:
        return list(CaseRecord(deployment, connection).iter_cases())


def get_case(deployment: Deployment, case_id: str) -> Case:
    """Raises `NotFoundError`."""
    with deployment.database.reading() as connection:
        return CaseRecord(deployment, connection).get(case_id)


def find_due(deployment: Deployment, *, within: timedelta) -> list[Case]:
    """Open cases that are due by then, those that are overdue included, the first one first."""
    until = deployment.clock() + within
    return [case for case in list_cases(deployment) if not case.is_closed and case.due_at <= until]


def confirm_lookalikes(deployment: Deployment, case_id: str, *, faces: Sequence[str]) -> Case:
    """Somebody looked: of the faces that were found by a photo, these are the person's.

    Raises `ConflictError` once the case is decided, `SettingsError` for a face that was not
    found.
    """
    wanted = [face.strip().lower() for face in faces]
    with deployment.database.writing() as connection:
        record = CaseRecord(deployment, connection)
        case = record.get(case_id)
        if not is_undecided(case.state):
            raise ConflictError(f"The case {case.case_id} is {case.state}: it is too late to look.")
        found = {like.face_id for like in case.request.lookalikes} if case.request else set()
        unknown = sorted({*wanted} - found)
        if unknown:
            raise SettingsError(f"{unknown[0]} is none of the faces that were found by the photo.")
        details = {"faces": sorted({*wanted})}
        return record.note(case, did="confirmed", details=details)


def counter_case(deployment: Deployment, case_id: str, *, name: str, statement: str) -> Case:
    """Records what the other side says to a notice of rights, before it is decided.

    Raises `ConflictError` for other kinds, and later.
    """
    if not name.strip() or not statement.strip():
        raise SettingsError("A counter-notice says who makes it, and what they state.")
    with deployment.database.writing_durably() as connection:
        record = CaseRecord(deployment, connection)
        case = record.get(case_id)
        if not may_counter(case.kind, case.state):
            raise ConflictError(
                f"The case {case.case_id} is one of {case.kind} and {case.state}. A counter-notice "
                "is made to a takedown that is not decided yet."
            )
        details = {"by": name.strip(), "statement": statement.strip()}
        return record.note(case, did="countered", details=details)


def decide_case(
    deployment: Deployment,
    case_id: str,
    *,
    is_granted: bool,
    reason: str,
    galleries: Galleries,
) -> Case:
    """Decides a case and does what follows. Repeat it where it was cut short.

    Raises `ConflictError` where it was decided otherwise, or somebody has still to look at
    lookalikes; `SettingsError` for a refusal without a reason.
    """
    if not is_granted and not reason.strip():
        raise SettingsError("A refusal gives its reason: --reason TEXT.")
    items = describe_photos(deployment, get_case(deployment, case_id)) if is_granted else []
    with deployment.database.writing_durably() as connection:
        record = CaseRecord(deployment, connection)
        case = record.get(case_id)
        if is_undecided(case.state):
            decision = Decision(is_granted, reason.strip())
            case = decide(record, case, decision=decision, items=items)
        elif case.is_closed or case.decision is None or case.decision.is_granted is not is_granted:
            raise ConflictError(
                f"The case {case.case_id} is {case.state}, and is not decided anew. Whoever "
                "disagrees opens another: mien case open"
            )
    return execute(deployment, case, galleries=galleries) if is_granted else case


def close_case(deployment: Deployment, case_id: str) -> Case:
    """Ends a case that is done and answered. Raises `ConflictError` for any other."""
    with deployment.database.writing_durably() as connection:
        record = CaseRecord(deployment, connection)
        case = record.get(case_id)
        if case.state is CaseState.VERIFIED and not case.is_answered:
            raise ConflictError(
                f"The case {case.case_id} is done, but nobody was answered: "
                f"mien case answer {case.case_id} --to FOLDER"
            )
        return record.move(case, to=CaseState.CLOSED, details={})


def _may_hide(draft: CaseDraft) -> bool:
    """What a stranger means by an address waits for somebody: it could empty every search."""
    return not (draft.is_by_stranger and draft.about.is_wide)


def _quarantine(record: CaseRecord, case: Case, *, selection: Selection) -> tuple[Case, int]:
    matters = seal_matters(record.deployment, case)
    held = holds.hold(record.connection, case.id, selection=selection, matters=matters)
    return record.move(case, to=CaseState.QUARANTINED, details={"held": held}), held


@dataclass(frozen=True, slots=True)
class _Meant:
    """Who is meant by a name, and every face that is like theirs."""

    person_id: str = ""
    alike: Collection[FaceId] = ()


def _find_meant(deployment: Deployment, draft: CaseDraft, *, galleries: Galleries) -> _Meant:
    """Raises `ConflictError` where several people have the name."""
    if not draft.about.person:
        return _Meant()
    with deployment.database.reading() as connection:
        try:
            person = get_person(connection, draft.about.person)
        except NotFoundError:
            return _Meant()
        except ConflictError:
            if not draft.is_by_stranger:
                raise
            return _Meant()  # a stranger is not told that several people have the name
    if not draft.kind.hides:
        return _Meant(person.uuid)
    return _Meant(person.uuid, find_alike_to(deployment, galleries, person_ids={person.id}))
