"""Guests of a collection that keeps enrolled people only: their consent, and another look."""

from __future__ import annotations

from mien.catalog.guests import StoredGuestRequest
from mien.errors import ConflictError
from mien.service import audit
from mien.service.consent_draft import ConsentDraft
from mien.service.enrol import enrol_person
from mien.service.guest_record import HandedOver
from mien.service.link import Link
from mien.service.parts import Parts
from mien.service.portraits import Portraits
from mien.service.rescan import RescanRequest, rescan


def enrol_guest(
    parts: Parts, link: Link, *, handed: HandedOver, stored: StoredGuestRequest, person_id: str
) -> None:
    """Records a guest's consent with its evidence, the click, for a person of this new id.

    It holds for the link's purpose until the day on which the link ends. Raises `ConflictError`
    where it cannot be relied on.
    """
    said_at = audit.format_time(stored.asked_at)
    consent = ConsentDraft(
        evidence=(
            f"Ticked and sent by the person on the page of link {link.link_id} at {said_at}: "
            f"the words of version {stored.consent_version}"
        ),
        purposes=[link.purpose],
        until=link.terms.expires_at.date(),
    )
    enrolled = enrol_person(
        parts.deployment,
        handed.name,
        portraits=Portraits(photos=[handed.jpeg], max_bytes=parts.max_file_bytes),
        consent=consent,
        person_id=person_id,
    )
    if enrolled.person is None:
        reasons = " ".join(reason.explanation for reason in enrolled.verdict.reasons)
        raise ConflictError(f"Your consent could not be recorded. {reasons}")


def look_again(parts: Parts) -> None:
    """Looks through the photos for everybody who enrolled since; what was done stays done."""
    parts.session.prepare_to_add()
    request = RescanRequest(workers=parts.workers, max_file_bytes=parts.max_file_bytes)
    rescan(parts.deployment, request)
