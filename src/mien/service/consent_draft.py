"""What an operator writes down when somebody consents, checked and put in form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from mien.catalog.audit import Json
from mien.errors import SettingsError
from mien.permission.consent import ConsentEvent, ConsentState, Party
from mien.permission.grant import may_apply
from mien.permission.purpose import is_purpose
from mien.service.consents import Statement, Terms
from mien.service.days import begin_of, end_of
from mien.service.deployment import Deployment
from mien.service.evidence import HandedFile, ShownBy, describe_evidence, describe_file
from mien.service.standing import iter_collections, iter_grants

USUAL_TERM = timedelta(days=3 * 365)
"""No longer than a record may be kept without a word from the person (BIPA 15(a))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDraft:
    """What somebody agreed to. `until` is the last day on which it holds, in UTC.

    Where no purpose is named it is the only one on record here; where no day is, three years.
    Of a minor, `of_age_on` is the day on which they come of age, and a guardian consents.
    """

    evidence: ShownBy
    purposes: Sequence[str] = ()
    until: date | None = None
    of_age_on: date | None = None
    guardian: str = ""
    language: str = "en"
    jurisdiction: str = ""
    notice: Path | HandedFile | None = None

    @property
    def of_age_at(self) -> datetime | None:
        return None if self.of_age_on is None else begin_of(self.of_age_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalDraft:
    """What somebody agreed to once more: the same, for longer; three years unless said."""

    evidence: ShownBy
    until: date | None = None
    guardian: str = ""


def complete_draft(deployment: Deployment, draft: ConsentDraft, *, at: datetime) -> ConsentDraft:
    """With the purpose that need not be named. Raises `SettingsError` where it must be."""
    if draft.purposes:
        return draft
    purposes = _find_purposes(deployment, at=at)
    if len(purposes) != 1:
        known = f"On record here are: {', '.join(sorted(purposes))}." if purposes else ""
        raise SettingsError(f"Say what the consent is for, with --purpose. {known}".strip())
    return replace(draft, purposes=tuple(purposes))


def _find_purposes(deployment: Deployment, *, at: datetime) -> set[str]:
    """What grants in force and collections are for."""
    with deployment.database.reading() as connection:
        grants = [stored.grant for stored in iter_grants(deployment, connection)]
        charters = [found.charter for found in iter_collections(deployment, connection)]
    granted = {p for g in grants if may_apply(g, at=at).is_allowed for p in g.purposes}
    return granted.union(*(charter.purposes for charter in charters))


def check_consent(draft: ConsentDraft, *, at: datetime) -> None:
    """Raises `SettingsError` for what nobody can have agreed to."""
    if not draft.purposes:
        raise SettingsError("A consent needs at least one purpose.")
    for purpose in draft.purposes:
        if not is_purpose(purpose):
            raise SettingsError(
                f"{purpose!r} is no purpose: use a short slug in lower case, such as family-album."
            )
    check_until(draft, at=at)
    if draft.of_age_at and draft.guardian.strip() and draft.of_age_at <= at:
        raise SettingsError(
            "The person is of age, and no guardian speaks for them. Leave out --of-age-on."
        )


def check_until(draft: ConsentDraft | RenewalDraft, *, at: datetime) -> None:
    """Raises `SettingsError` for a last day that has passed."""
    if draft.until is not None and end_of(draft.until) <= at:
        raise SettingsError(f"The last day of the consent, {draft.until}, has passed.")


def describe_terms(draft: ConsentDraft, *, max_bytes: int) -> Terms:
    """Raises `SettingsError` for a notice that cannot be read."""
    notice = None if draft.notice is None else describe_file(draft.notice, max_bytes=max_bytes)
    details: dict[str, Json] = {
        "language": draft.language,
        "jurisdiction": draft.jurisdiction,
        "notice": notice,
    }
    return Terms(purposes=draft.purposes, details=details)


def describe_statement(
    draft: ConsentDraft | RenewalDraft, *, at: datetime, max_bytes: int
) -> Statement:
    """What is said now, with its evidence. Raises `SettingsError` where there is none."""
    guardian = draft.guardian.strip()
    event = ConsentEvent(
        state=ConsentState.GIVEN if isinstance(draft, ConsentDraft) else ConsentState.RENEWED,
        at=at,
        valid_until=at + USUAL_TERM if draft.until is None else end_of(draft.until),
        party=Party.GUARDIAN if guardian else Party.PERSON,
    )
    details: dict[str, Json] = {
        "evidence": describe_evidence(draft.evidence, max_bytes=max_bytes),
        "guardian": guardian,
    }
    return Statement(event=event, details=details)
