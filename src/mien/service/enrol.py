"""Enrol somebody: their consent with its evidence, and a template of each photo they handed in.

Nothing else of the photos is kept. Without evidence, or with photos that do not show one and
the same person, nothing at all is recorded.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from mien.catalog import people as rows
from mien.catalog.audit import Json
from mien.catalog.connect import Connection
from mien.catalog.people import NewPerson, StoredPerson
from mien.errors import MienError, PhotoError, SettingsError
from mien.permission.consent import (
    Consent,
    ConsentEvent,
    ConsentState,
    Party,
    ends_at,
    may_append,
)
from mien.permission.purpose import is_purpose
from mien.permission.verdict import ALLOWED, Verdict
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.consents import (
    Statement,
    Terms,
    open_consent,
    person_subject,
    record_consent,
)
from mien.service.days import begin_of, end_of
from mien.service.deployment import Deployment, recording
from mien.service.enrolled import load_enrolled, seal_template, template_subject
from mien.service.evidence import describe_evidence, describe_file
from mien.service.ports import Vision
from mien.sources.address import show_path
from mien.vault.notary import Owner
from mien.vault.vault import Shreds

Embedding = NDArray[np.float32]

SAME_PERSON_FMR = 1e-2
"""Photos of one person must be as alike as strangers are once in so many times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDraft:
    """What somebody agreed to. `until` is the last day on which it holds, in UTC.

    Of a minor, `of_age_on` is the day on which they come of age, and a guardian consents.
    """

    evidence: str | Path
    purposes: Sequence[str]
    until: date
    of_age_on: date | None = None
    guardian: str = ""
    language: str = "en"
    jurisdiction: str = ""
    notice: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentDraft:
    """Who is to be known by which name; `faces` chooses one in each photo that shows several."""

    name: str
    photos: Sequence[Path]
    consent: ConsentDraft
    faces: Sequence[int] = ()
    max_bytes: int
    threads: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """Who was enrolled, unless the verdict is a no; `alike` are others that look like them."""

    verdict: Verdict
    person: StoredPerson | None = None
    consent: Consent | None = None
    alike: tuple[StoredPerson, ...] = ()


def enrol_person(deployment: Deployment, draft: EnrolmentDraft) -> Enrolled:
    """Enrols a person. Raises `SettingsError`, and `PhotoError` for a photo that will not do."""
    now, consent = deployment.clock(), draft.consent
    _check(draft, now=now)
    terms, first = describe_consent(consent, at=now, max_bytes=draft.max_bytes)
    of_age_at = None if consent.of_age_on is None else begin_of(consent.of_age_on)
    verdict = may_append(open_consent(of_age_at), first.event)
    if not verdict.is_allowed:
        return Enrolled(verdict=verdict)
    embeddings = read_embeddings(deployment, draft)
    new = NewPerson(uuid=str(uuid4()), name=draft.name.strip(), of_age_at=of_age_at)
    try:
        with recording(deployment.home), deployment.database.writing_durably() as connection:
            alike = _find_alike(deployment, connection, embeddings=embeddings, at=now)
            person = rows.add_person(connection, new, at=now)
            recorded = record_consent(
                deployment, connection, person=person, terms=terms, first=first
            )
            add_templates(deployment, connection, person=person, embeddings=embeddings)
            audit.append(
                deployment, connection, event=_tell(person, recorded, templates=len(embeddings))
            )
    except MienError:
        deployment.vault.shred(Shreds(subjects=subjects_of(new.uuid)))
        raise
    return Enrolled(verdict=ALLOWED, person=person, consent=recorded, alike=alike)


def describe_consent(
    draft: ConsentDraft, *, at: datetime, max_bytes: int
) -> tuple[Terms, Statement]:
    """What is recorded of a consent that is given now. Raises `SettingsError`."""
    notice = None if draft.notice is None else describe_file(draft.notice, max_bytes=max_bytes)
    terms = Terms(
        purposes=draft.purposes,
        details={
            "language": draft.language,
            "jurisdiction": draft.jurisdiction,
            "notice": notice,
        },
    )
    event = ConsentEvent(
        state=ConsentState.GIVEN,
        at=at,
        valid_until=end_of(draft.until),
        party=Party.GUARDIAN if draft.guardian.strip() else Party.PERSON,
    )
    details: dict[str, Json] = {
        "evidence": describe_evidence(draft.evidence, max_bytes=max_bytes),
        "guardian": draft.guardian.strip(),
    }
    return terms, Statement(event=event, details=details)


def read_embeddings(deployment: Deployment, draft: EnrolmentDraft) -> list[Embedding]:
    """One embedding of each photo. Raises `PhotoError` where they are not of one person."""
    vision = deployment.vision(threads=draft.threads)
    chosen: Sequence[int | None] = draft.faces or [None] * len(draft.photos)
    embeddings = [
        _read_embedding(vision, path, face=face, max_bytes=draft.max_bytes)
        for path, face in zip(draft.photos, chosen, strict=True)
    ]
    least = deployment.model.score_at(SAME_PERSON_FMR)
    for (path, one), (other_path, other) in combinations(
        zip(draft.photos, embeddings, strict=True), 2
    ):
        if float(one @ other) < least:
            raise PhotoError(
                "unlike-faces",
                f"{_show(path)} and {_show(other_path)} do not look like the same person. "
                "Hand in clear photos of one person only.",
            )
    return embeddings


def add_templates(
    deployment: Deployment,
    connection: Connection,
    *,
    person: StoredPerson,
    embeddings: Sequence[Embedding],
) -> None:
    """Seals and records templates of a person, of the deployment's present model."""
    rows.add_enrolments(
        connection,
        [seal_template(deployment, one, person_uuid=person.uuid) for one in embeddings],
        person_id=person.id,
        model_digest=deployment.model.digest,
        at=deployment.clock(),
    )


def subjects_of(person_uuid: str) -> list[str]:
    """Both keys of a person: of their templates, and of the record of their consent."""
    return [template_subject(person_uuid), person_subject(person_uuid)]


def _read_embedding(vision: Vision, path: Path, *, face: int | None, max_bytes: int) -> Embedding:
    try:
        faces = vision.analyse(_read(path, max_bytes=max_bytes)).faces
    except PhotoError as error:
        raise PhotoError(error.reason, f"{_show(path)}: {error}") from error
    if not faces:
        raise PhotoError("no-face", f"{_show(path)} shows no face. Choose another photo.")
    if face is None and len(faces) > 1:
        raise PhotoError(
            "several-faces",
            f"{_show(path)} shows {len(faces)} faces. Choose one with --face, counted from 0, "
            "the largest first; or hand in a photo of one person.",
        )
    if face is not None and not 0 <= face < len(faces):
        raise PhotoError(
            "no-face",
            f"There is no face {face} in {_show(path)}: it shows {len(faces)}, counted from 0.",
        )
    return faces[face or 0].embedding


def _read(path: Path, *, max_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise PhotoError("unreadable", f"it cannot be read ({error.strerror})") from error
    if len(content) > max_bytes:
        raise PhotoError("too-many-bytes", f"it is larger than {max_bytes:,} bytes")
    return content


def _find_alike(
    deployment: Deployment,
    connection: Connection,
    *,
    embeddings: Sequence[Embedding],
    at: datetime,
) -> tuple[StoredPerson, ...]:
    """Those already enrolled whom the photos look like."""
    likeness, _ = load_enrolled(deployment, connection, at=at)
    owners = {likeness.find_owner(embedding) for embedding in embeddings}
    return tuple(person for person in rows.iter_people(connection) if person.id in owners)


def _tell(person: StoredPerson, consent: Consent, *, templates: int) -> Event:
    return Event(
        action=Action.PERSON_ENROLLED,
        consent_id=consent.consent_id,
        subject_id=person.uuid,
        facts={
            "purposes": sorted(consent.purposes),
            "valid_until": audit.format_time(ends_at(consent)),
            "party": consent.events[-1].party,
            "templates": templates,
        },
        note=Note({"name": person.name}, Owner(subject=person_subject(person.uuid))),
    )


def _check(draft: EnrolmentDraft, *, now: datetime) -> None:
    if not draft.name.strip():
        raise SettingsError("A person needs a name.")
    if not draft.photos:
        raise SettingsError("Enrolling needs at least one photo of the person.")
    if draft.faces and len(draft.faces) != len(draft.photos):
        raise SettingsError("Choose one face for each photo, in the order of the photos.")
    check_consent(draft.consent, now=now)


def check_consent(draft: ConsentDraft, *, now: datetime) -> None:
    """Raises `SettingsError` for what nobody can have agreed to."""
    if not draft.purposes:
        raise SettingsError("A consent needs at least one purpose.")
    for purpose in draft.purposes:
        if not is_purpose(purpose):
            raise SettingsError(
                f"{purpose!r} is no purpose: use a short slug in lower case, such as family-album."
            )
    if end_of(draft.until) <= now:
        raise SettingsError("The last day of this consent has passed.")
    if draft.of_age_on and draft.guardian.strip() and begin_of(draft.of_age_on) <= now:
        raise SettingsError(
            "The person is of age, so no guardian consents for them. Leave out --of-age-on."
        )


def _show(path: Path) -> str:
    return show_path(os.fsencode(path))
