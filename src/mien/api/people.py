"""`/v1/people`: who is known by name, what they consented to, and how they take it back."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, UploadFile
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from mien.api.erased import ErasureOut, describe_erasure
from mien.api.shapes import (
    BodyIn,
    Line,
    PageOut,
    Slug,
    Text,
    answer_tagged,
    hand_in,
    read_upload,
)
from mien.catalog.audit import Json
from mien.errors import SettingsError
from mien.http.asking import Asking, needs
from mien.http.idempotency import Once
from mien.http.paging import Paged
from mien.http.problem import check
from mien.permission.caller import Operation
from mien.permission.consent import ends_at
from mien.service.audit import format_time
from mien.service.consent_draft import ConsentDraft, RenewalDraft
from mien.service.enrol import Enrolled
from mien.service.evidence import HandedFile, Words
from mien.service.people import Person, Spoken
from mien.service.requests import Outcome

router = APIRouter(prefix="/v1/people", tags=["people"])


class PersonOut(BaseModel):
    """Somebody as they stand now; recognised under no consent where there are `reasons`."""

    person_id: str
    name: str
    state: str
    reasons: list[str]
    purposes: list[str]
    valid_until: datetime | None
    of_age_at: datetime | None
    templates: int
    enrolled_at: datetime
    templates_until: datetime
    record_until: datetime


class PeopleOut(PageOut[PersonOut]):
    """Everybody who is enrolled, or was and is still on record."""


class EnrolledOut(BaseModel):
    """Who was enrolled; `alike` are the ids of others whom the photos look like."""

    person: PersonOut
    alike: list[str]


class SpokenOut(BaseModel):
    """What was said of a consent, by whom, and what shows it."""

    consent_id: str
    state: str
    at: datetime
    valid_until: datetime | None
    party: str
    guardian: str
    evidence: dict[str, str | int] | None


class EventsOut(BaseModel):
    """What was said of somebody's consents, in order."""

    items: list[SpokenOut]


class ReceiptOut(BaseModel):
    """A signed JSON document, as text, to hand to the person."""

    receipt: str


class _ConsentIn(BodyIn):
    """What shows a consent: a file, of which a hash is kept, or words that say where it is."""

    consent: Text = Field(default="", description="Words that say where the consent is kept.")
    consent_file: UploadFile | None = Field(
        default=None, description="Or a file that shows it; its hash is kept, and no copy."
    )
    photos: list[UploadFile] = Field(default=[], max_length=20)
    faces: list[int] = Field(
        default=[],
        max_length=20,
        description="Which face of each photo, counted from 0, the largest first.",
    )
    until: date | None = Field(
        default=None, description="The last day, in UTC; in three years unless said."
    )
    guardian: Line = ""

    def read_evidence(self, asking: Asking) -> Words | HandedFile:
        """Raises `SettingsError` where it is not said in exactly one way."""
        upload, words = self.consent_file, self.consent.strip()
        if (upload is None) is not bool(words):
            raise SettingsError("Show the consent in one way: by a file, or in words.")
        if upload is None:
            return Words(words)
        return hand_in(asking, upload)

    def read_photos(self, asking: Asking) -> list[bytes]:
        return [read_upload(asking, photo) for photo in self.photos]


class EnrolmentIn(_ConsentIn):
    """Somebody who consents to be found, and photos of them alone; none is kept."""

    name: Line = Field(min_length=1)
    purposes: list[Slug] = Field(default=[], max_length=100)
    of_age_on: date | None = Field(default=None, description="When a minor comes of age.")
    language: Slug = "en"
    jurisdiction: Slug = ""
    notice: UploadFile | None = Field(default=None, description="The notice that was handed out.")


class RenewalIn(_ConsentIn):
    """That somebody consents to the same for longer; photos where no template is left."""


class WithdrawalIn(BodyIn):
    """Who withdraws, if not the person."""

    guardian: Line = ""


@router.get("")
def list_people(asking: Annotated[Asking, needs(Operation.ENROL)], paging: Paged) -> PeopleOut:
    """Everybody who is on record, in the order they were enrolled."""
    asking.check_everywhere()
    page, cursor = paging.cut(asking.library.people(), key=_sort_key)
    return PeopleOut(items=[_describe(one) for one in page], next_cursor=cursor)


@router.post("", status_code=201)
def enrol_person(
    asking: Annotated[Asking, needs(Operation.ENROL)],
    body: Annotated[EnrolmentIn, Form(media_type="multipart/form-data")],
    once: Once,
) -> EnrolledOut:
    """Record that somebody consents to be found, and how they look.

    The collections of enrolled people are looked through for them before this is answered.
    """
    asking.check_everywhere()
    for purpose in body.purposes:
        asking.check(purpose=purpose)

    def make() -> Outcome:
        enrolled = _enrol(asking, body)
        check(enrolled.verdict)
        person_id = enrolled.person.uuid if enrolled.person else ""
        facts: dict[str, Json] = {"alike": [other.uuid for other in enrolled.alike]}
        return Outcome(201, f"/v1/people/{person_id}", {"person": person_id, **facts})

    return _tell_enrolled(asking, once.do(asking, make))


@router.get("/{person_id}", response_model=PersonOut)
def get_person(
    asking: Annotated[Asking, needs(Operation.ENROL)], person_id: UUID, request: Request
) -> Response:
    """How things stand with one person."""
    asking.check_everywhere()
    return answer_tagged(request, _describe(asking.library.people().get(str(person_id))))


@router.get("/{person_id}/events")
def list_consent_events(
    asking: Annotated[Asking, needs(Operation.ENROL)], person_id: UUID
) -> EventsOut:
    """What was said of somebody's consents, by whom, and what shows it."""
    asking.check_everywhere()
    spoken = asking.library.people().events(str(person_id))
    return EventsOut(items=[_describe_event(one) for one in spoken])


@router.get("/{person_id}/receipt")
def get_receipt(asking: Annotated[Asking, needs(Operation.ENROL)], person_id: UUID) -> ReceiptOut:
    """The signed receipt of somebody's consent (ISO/IEC TS 27560), to hand to them."""
    asking.check_everywhere()
    return ReceiptOut(receipt=asking.library.people().receipt(str(person_id)))


@router.post("/{person_id}/renew")
def renew_consent(
    asking: Annotated[Asking, needs(Operation.ENROL)],
    person_id: UUID,
    *,
    body: Annotated[RenewalIn, Form(media_type="multipart/form-data")],
    once: Once,
) -> EnrolledOut:
    """Record that somebody consents to the same for longer."""
    asking.check_everywhere()

    def make() -> Outcome:
        renewal = RenewalDraft(
            evidence=body.read_evidence(asking), until=body.until, guardian=body.guardian
        )
        photos = body.read_photos(asking)
        with asking.site.turnstile.enter():
            renewed = asking.library.people().renew(
                str(person_id), *photos, renewal=renewal, faces=body.faces
            )
        check(renewed.verdict)
        return Outcome(200, f"/v1/people/{person_id}", {"person": str(person_id), "alike": []})

    return _tell_enrolled(asking, once.do(asking, make))


@router.post("/{person_id}/withdraw")
def withdraw_consent(
    asking: Annotated[Asking, needs(Operation.ENROL)], person_id: UUID, body: WithdrawalIn
) -> ErasureOut:
    """End what somebody consented to: out of every answer at once, templates and faces erased.

    May be repeated.
    """
    asking.check_everywhere()
    report = asking.library.people().withdraw(str(person_id), guardian=body.guardian)
    return describe_erasure(report)


def _enrol(asking: Asking, body: EnrolmentIn) -> Enrolled:
    notice = body.notice
    draft = ConsentDraft(
        evidence=body.read_evidence(asking),
        purposes=body.purposes,
        until=body.until,
        of_age_on=body.of_age_on,
        guardian=body.guardian,
        language=body.language,
        jurisdiction=body.jurisdiction,
        notice=None if notice is None else hand_in(asking, notice),
    )
    photos = body.read_photos(asking)
    with asking.site.turnstile.enter():
        return asking.library.people().enrol(body.name, *photos, consent=draft, faces=body.faces)


def _tell_enrolled(asking: Asking, outcome: Outcome) -> EnrolledOut:
    person = asking.library.people().get(str(outcome.facts["person"]))
    alike = outcome.facts["alike"]
    return EnrolledOut(
        person=_describe(person),
        alike=[str(one) for one in alike] if isinstance(alike, list | tuple) else [],
    )


def _sort_key(person: Person) -> str:
    return f"{format_time(person.stored.enrolled_at)} {person.stored.uuid}"


def _describe(person: Person) -> PersonOut:
    stored, consent = person.stored, person.consent
    return PersonOut(
        person_id=stored.uuid,
        name=stored.name,
        state=person.state,
        reasons=list(map(str, person.verdict.reasons)),
        purposes=sorted(consent.purposes) if consent else [],
        valid_until=ends_at(consent) if consent and consent.events else None,
        of_age_at=stored.of_age_at,
        templates=person.templates,
        enrolled_at=stored.enrolled_at,
        templates_until=person.templates_until,
        record_until=person.record_until,
    )


def _describe_event(spoken: Spoken) -> SpokenOut:
    event = spoken.event
    evidence = json.loads(json.dumps(spoken.evidence)) if spoken.evidence else None
    return SpokenOut(
        consent_id=spoken.consent_id,
        state=event.state,
        at=event.at,
        valid_until=event.valid_until,
        party=event.party,
        guardian=spoken.guardian,
        evidence=evidence,
    )
