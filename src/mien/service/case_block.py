"""Keeps out, from now on, what a case is about."""

from __future__ import annotations

from mien.service.case import Case
from mien.service.case_record import CaseRecord


def block_places(record: CaseRecord, case: Case) -> list[str]:
    """Keeps everything from a host or an address out, at once; the ids of the blocks."""
    del record, case
    return []


def block_photos(record: CaseRecord, case: Case) -> list[str]:
    """Keeps photos out that are going to be erased; the ids of the blocks."""
    del record, case
    return []


def lift(record: CaseRecord, case: Case) -> None:
    """Lets in again what a case kept out that was refused."""
    del record, case
