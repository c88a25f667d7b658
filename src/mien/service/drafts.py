"""What is written for the record, looked at before it is: what cannot be is told, and not kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from mien.errors import SettingsError
from mien.permission.basis import Basis, has_papers
from mien.permission.grant import LONGEST_RETENTION
from mien.permission.platforms import check_address, find_platform
from mien.permission.prohibited import find_prohibition
from mien.permission.purpose import is_purpose

Word = TypeVar("Word", bound=StrEnum)


def check_purposes(purposes: Sequence[str]) -> None:
    """Raises `SettingsError` for what is no purpose, or one that nothing is done for."""
    for purpose in purposes:
        if not is_purpose(purpose):
            raise SettingsError(
                f"{purpose!r} is no purpose: use a short slug in lower case, such as family-album."
            )
        prohibition = find_prohibition(purpose)
        if prohibition is not None:
            raise SettingsError(
                f"{purpose!r} is no purpose that anything is done for: {prohibition.sentence}. "
                "No grant can allow it (docs/reference/purposes.md)."
            )


def check_papers(
    bases: Collection[Basis],
    *,
    purposes: Collection[str],
    assessment: str,
    retention: timedelta | None,
) -> None:
    """Raises `SettingsError` for a documented basis that does not name what it rests on."""
    named = has_papers(purposes=purposes, assessment=assessment, retention=retention)
    if Basis.DOCUMENTED_BASIS in bases and not named:
        raise SettingsError(
            "A documented basis rests on a purpose, a reference to an impact assessment and a "
            "retention. Name all three: --purpose, --assessment, --retention."
        )


def check_platform(address: str) -> None:
    """Raises `SettingsError` for an address that no grant reaches."""
    if check_address(address).is_allowed:
        return
    platform = find_platform(address)
    if platform is None:
        raise SettingsError(
            f"{address!r} names no host but its number, or a name that stands for one: any "
            "platform could be behind it. Name the host."
        )
    raise SettingsError(
        f"{address!r} is of {platform.name}, which forbids scraping. {platform.reason} "
        f"Use instead {platform.instead}."
    )


def check_texts(*texts: str) -> None:
    """Raises `SettingsError` for what a shell handed on that is no text."""
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise SettingsError(f"{text!r} is no text: write it in UTF-8.") from error


def make_text(text: str) -> str:
    """A name from the machine as text, whatever bytes it is made of."""
    return text.encode(errors="backslashreplace").decode()


def parse_retention(days: int | None) -> timedelta | None:
    """Raises `SettingsError` where it is no number of days that can be counted."""
    if days is None:
        return None
    if not 1 <= days <= LONGEST_RETENTION.days:
        raise SettingsError(f"Retention is a number of days, from 1 to {LONGEST_RETENTION.days}.")
    return timedelta(days=days)


def parse_word(words: type[Word], word: Word | str) -> Word:
    """Raises `SettingsError` for what is none of these words."""
    try:
        return words(word)
    except ValueError as error:
        raise SettingsError(f"{word!r} is none of {', '.join(words)}.") from error
