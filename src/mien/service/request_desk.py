"""Requests of strangers: what somebody wrote on the public page becomes a case, with a secret link.

Whoever has the link learns how the case stands, and its answer once it was given. Nothing that
is said here depends on what is held, but the answer itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from mien.catalog import links as rows
from mien.catalog.cases import name_case
from mien.errors import SettingsError, VaultError
from mien.permission.case import CaseKind, Channel
from mien.service.acknowledgement import acknowledge, tell_next
from mien.service.case import About, Case
from mien.service.case_answer import make_answer
from mien.service.case_book import BookTerms, CaseBook
from mien.service.case_record import CaseRecord
from mien.service.cases import CaseDraft
from mien.service.erase import parse_sha256
from mien.service.link_record import hash_token
from mien.service.parts import Parts
from mien.service.request_words import Matter, Wish

ANSWER_KEPT = timedelta(days=30)
"""How long an answer can be fetched."""
NAMELESS = "Somebody who gave no name"

_TOKEN_BYTES = 24
_CONTEXT = "link"
_LONGEST_NAME, _LONGEST_WORDS, _LONGEST_ADDRESS = 200, 5_000, 2_000
_KINDS = {
    Wish.ACCESS: CaseKind.ACCESS,
    Wish.OPT_OUT: CaseKind.ERASURE,
    Wish.OBJECTION: CaseKind.OBJECTION,
    Wish.TAKEDOWN: CaseKind.TAKEDOWN,
    Wish.CORRECTION: CaseKind.RECTIFICATION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StrangersDraft:
    """What was written on the page; a photo is looked at and kept nowhere."""

    wish: Wish
    matter: Matter
    name: str = ""
    contact: str = ""
    words: str = ""
    number: str = ""
    address: str = ""
    photo: bytes = b""
    field: str = ""
    value: str = ""
    is_intimate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a request stands, as far as whoever has its link may know."""

    case_id: str
    kind: CaseKind
    state: str
    received_at: datetime
    due_at: datetime
    next: str
    has_contact: bool
    answer: Mapping[str, bytes] | None


class RequestDesk:
    """Where strangers hand in what they ask for; `parts` are those of the public."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._deployment = parts.deployment
        terms = BookTerms(parts.terms, parts.operator, parts.max_file_bytes)
        self._book = CaseBook(parts.deployment, parts.galleries, terms=terms)

    def open(self, draft: StrangersDraft) -> str:
        """Opens a case; the token of its link.

        Raises `SettingsError` for what cannot be meant, `PhotoError` for a photo that is none.
        """
        _check(draft)
        like = draft.photo if draft.matter is Matter.FACE else None
        opened = self._book.open(_describe(draft), like=like)
        return self._link(opened.case)

    def find(self, token: str) -> Standing | None:
        """Nothing for a token of none, and once the case was forgotten."""
        case = self._find_case(token)
        if case is None or case.request is None:
            return None
        return Standing(
            case_id=case.case_id,
            kind=case.kind,
            state=str(case.state),
            received_at=case.opened_at,
            due_at=case.due_at,
            next=tell_next(case),
            has_contact=bool(case.request.contact),
            answer=self._answer(case),
        )

    def acknowledge(self, token: str) -> str | None:
        """The signed acknowledgement, to keep."""
        case = self._find_case(token)
        return None if case is None else acknowledge(self._deployment, case)

    def _answer(self, case: Case) -> Mapping[str, bytes] | None:
        """What was answered, as long as it is to be had; made anew, and so as things stand."""
        given = [one.at for one in case.events if one.details.get("did") == "answered"]
        if not given or self._deployment.clock() >= given[-1] + ANSWER_KEPT:
            return None
        return make_answer(
            self._deployment, case, terms=self._parts.terms, operator=self._parts.operator
        )

    def _link(self, case: Case) -> str:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        token_hash = hash_token(token)
        sealed = self._deployment.vault.subjects.seal(
            token_hash.encode(), subject=name_case(case.case_id), context=_CONTEXT
        )
        with self._deployment.database.writing_durably() as connection:
            rows.add_case_link(connection, case.id, token_hash=token_hash, sealed=sealed)
        return token

    def _find_case(self, token: str) -> Case | None:
        """A row that somebody else put in does not open with the key of the case it names."""
        token_hash = hash_token(token)
        with self._deployment.database.reading() as connection:
            found = rows.find_linked_case(connection, token_hash)
            if found is None:
                return None
            case_id, sealed = found
            try:
                content = self._deployment.vault.subjects.unseal(
                    sealed, subject=name_case(case_id), context=_CONTEXT
                )
            except VaultError:
                return None
            if content != token_hash.encode():
                return None
            return CaseRecord(self._deployment, connection).get(case_id)


def _describe(draft: StrangersDraft) -> CaseDraft:
    corrections = {draft.field: draft.value.strip()} if draft.wish is Wish.CORRECTION else {}
    return CaseDraft(
        kind=_KINDS[draft.wish],
        requester=draft.name.strip() or NAMELESS,
        about=_about(draft),
        contact=draft.contact.strip(),
        channel=Channel.WEB,
        reason=draft.words.strip(),
        is_intimate=draft.is_intimate,
        corrections=corrections,
        is_by_stranger=True,
    )


def _about(draft: StrangersDraft) -> About:
    if draft.matter is Matter.FACE:
        return About()
    if draft.matter is Matter.PHOTO:
        number = sha256(draft.photo).hexdigest() if draft.photo else draft.number.strip()
        return About(photos=(parse_sha256(number),))
    if draft.matter is Matter.ADDRESS:
        return About(source=draft.address.strip())
    return About(person=draft.name.strip())


def _check(draft: StrangersDraft) -> None:
    """Raises `SettingsError` in words for whoever filled in the page."""
    for text, most, what in (
        (draft.name, _LONGEST_NAME, "The name"),
        (draft.contact, _LONGEST_NAME, "The address for the answer"),
        (draft.words, _LONGEST_WORDS, "What you write"),
        (draft.address, _LONGEST_ADDRESS, "The address of the photo"),
        (draft.value, _LONGEST_WORDS, "The correction"),
    ):
        if len(text) > most:
            raise SettingsError(f"{what} has more than {most:,} characters. Make it shorter.")
    lacking = {
        Matter.NAME: (draft.name, "Give the name that you may be known by."),
        Matter.PHOTO: (draft.photo or draft.number, "Attach the photo, or give its number."),
        Matter.ADDRESS: (draft.address, "Give the address: the link where it can be seen."),
        Matter.FACE: (draft.photo, "Attach a photo of yourself, or choose another way."),
    }
    said, sentence = lacking[draft.matter]
    if not said or (isinstance(said, str) and not said.strip()):
        raise SettingsError(sentence)
    _check_correction(draft)


def _check_correction(draft: StrangersDraft) -> None:
    if draft.wish is not Wish.CORRECTION:
        return
    fields = {Matter.PHOTO: ("caption", "credit", "copyright"), Matter.NAME: ("name",)}
    if draft.matter not in fields:
        raise SettingsError("A correction is about one photo, or about the name you are known by.")
    if draft.field not in fields[draft.matter]:
        raise SettingsError(f"Say what is wrong: {', '.join(fields[draft.matter])}.")
    if not draft.value.strip():
        raise SettingsError("Write how it should read.")
