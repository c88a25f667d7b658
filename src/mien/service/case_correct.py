"""Corrections that a case asks for: which can be made, and how they are made."""

from __future__ import annotations

from collections.abc import Mapping

from mien.catalog.photos import CREDIT_FIELDS, correct_credit
from mien.errors import SettingsError
from mien.permission.case import CaseKind
from mien.service.case import About, Case
from mien.service.case_record import CaseRecord
from mien.service.grants import rename_grantor

_FIELDS = {"photo": CREDIT_FIELDS, "grantor": ("name",)}


def check_corrections(kind: CaseKind, about: About, *, corrections: Mapping[str, str]) -> None:
    """Raises `SettingsError` for a correction that cannot be made, and where one is lacking."""
    if kind is not CaseKind.RECTIFICATION:
        if corrections:
            raise SettingsError("Corrections belong to a case of rectification.")
        return
    fields = _FIELDS.get(about.kind)
    if fields is None:
        raise SettingsError(f"Corrections are made to {' or '.join(_FIELDS)}: name one of them.")
    if not corrections:
        raise SettingsError(f"What is to be put right? --correct with {', '.join(fields)}.")
    for name, value in corrections.items():
        if name not in fields:
            raise SettingsError(f"{name!r} of a {about.kind} is none of {', '.join(fields)}.")
        if name == "name" and not value.strip():
            raise SettingsError("A name cannot be corrected to nothing.")


def correct(record: CaseRecord, case: Case) -> int:
    """Writes the corrections; to how many photos or grants."""
    if case.request is None:
        return 0
    about, corrections = case.request.about, case.request.corrections
    if about.grantor:
        name = corrections["name"].strip()
        return rename_grantor(
            record.deployment, record.connection, name=about.grantor, new_name=name
        )
    return sum(
        correct_credit(record.connection, sha256.lower(), values=corrections)
        for sha256 in about.photos
    )
