"""Corrections that a case asks for: which can be made, and how they are made."""

from __future__ import annotations

from collections.abc import Mapping

from mien.catalog.people import get_person, rename_person
from mien.catalog.photos import CREDIT_FIELDS, correct_credit
from mien.errors import NotFoundError, SettingsError
from mien.permission.case import CaseKind
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.case import About, Case
from mien.service.case_record import CaseRecord
from mien.service.consents import person_subject
from mien.service.grants import correct_grantor
from mien.vault.notary import Owner

_FIELDS = {"photo": CREDIT_FIELDS, "grantor": ("name", "contact"), "person": ("name",)}


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
    """Writes the corrections; to how many photos, grants or people."""
    if case.request is None:
        return 0
    about, corrections = case.request.about, case.request.corrections
    if about.grantor:
        return correct_grantor(
            record.deployment,
            record.connection,
            name=about.grantor,
            new_name=corrections.get("name"),
            contact=corrections.get("contact"),
        )
    if about.person:
        return _rename_person(record, case.request.person_id, name=corrections["name"])
    return sum(
        correct_credit(record.connection, sha256.lower(), values=corrections)
        for sha256 in about.photos
    )


def _rename_person(record: CaseRecord, person_id: str, *, name: str) -> int:
    """What the audit log's notes called them is forgotten; consents stay as they were given."""
    try:
        person = get_person(record.connection, person_id)
    except NotFoundError:
        return 0
    owner = Owner(subject=person_subject(person.uuid))
    rename_person(record.connection, person.id, name=name)
    audit.forget(record.deployment, record.connection, owners=[owner])
    event = Event(
        action=Action.PERSON_CORRECTED, subject_id=person.uuid, note=Note({"name": name}, owner)
    )
    audit.append(record.deployment, record.connection, event=event)
    return 1
