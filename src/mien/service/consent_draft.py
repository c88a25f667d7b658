"""What an operator writes down when somebody consents, checked and put in form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from mien.catalog.audit import Json
from mien.errors import SettingsError
from mien.permission.consent import ConsentEvent, ConsentState, Party
from mien.permission.purpose import is_purpose
from mien.service.consents import Statement, Terms
from mien.service.days import begin_of, end_of
from mien.service.evidence import describe_evidence, describe_file


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

    @property
    def of_age_at(self) -> datetime | None:
        return None if self.of_age_on is None else begin_of(self.of_age_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalDraft:
    """What somebody agreed to once more: the same, for longer."""

    evidence: str | Path
    until: date
    guardian: str = ""


def check_consent(draft: ConsentDraft, *, at: datetime) -> None:
    """Raises `SettingsError` for what nobody can have agreed to."""
    if not draft.purposes:
        raise SettingsError("A consent needs at least one purpose.")
    for purpose in draft.purposes:
        if not is_purpose(purpose):
            raise SettingsError(
                f"{purpose!r} is no purpose: use a short slug in lower case, such as family-album."
            )
    check_until(draft.until, at=at)
    if draft.of_age_at and draft.guardian.strip() and draft.of_age_at <= at:
        raise SettingsError(
            "The person is of age, and no guardian speaks for them. Leave out --of-age-on."
        )


def check_until(until: date, *, at: datetime) -> None:
    """Raises `SettingsError` for a last day that has passed."""
    if end_of(until) <= at:
        raise SettingsError(f"The last day of the consent, {until}, has passed.")


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
        valid_until=end_of(draft.until),
        party=Party.GUARDIAN if guardian else Party.PERSON,
    )
    details: dict[str, Json] = {
        "evidence": describe_evidence(draft.evidence, max_bytes=max_bytes),
        "guardian": guardian,
    }
    return Statement(event=event, details=details)
