"""Find my photos, for those who come through a link: ask, wait, see, take along, withdraw.

Whoever brings a token gets what its link opens and nothing else: one collection, one purpose,
photos that may be shown, of the one face that they handed in.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from mien.catalog import guests as rows
from mien.catalog.connect import Connection
from mien.catalog.guests import NewGuestRequest, StoredGuestRequest
from mien.catalog.people import find_person
from mien.errors import MienError, NotFoundError, SettingsError
from mien.permission.basis import Basis
from mien.permission.link import WAITED_FOR, GuestState, may_ask, may_open
from mien.permission.verdict import Verdict
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.collections import see_collection
from mien.service.guest_answer import GuestAnswer
from mien.service.guest_enrolment import enrol_guest, look_again
from mien.service.guest_record import (
    CROP,
    HandedOver,
    close,
    close_ended,
    describe,
    destroy_selfies,
    find_selfie,
    move,
    open_person,
    seal_handed_over,
    seal_person,
    selfie_part,
)
from mien.service.guest_words import version_of
from mien.service.leave import ask_leave
from mien.service.link import GuestRequest, Link, Selfie
from mien.service.link_record import find_link_by_token, get_link, hash_token
from mien.service.links import refer_request
from mien.service.long_run import Asked, RunKind
from mien.service.long_runs import Runs
from mien.service.parts import Parts
from mien.service.selfie import CheckedSelfie, check_selfie
from mien.service.standing import get_collection
from mien.service.withdraw import withdraw_consent

_TOKEN_BYTES = 24
_LONGEST_NAME = 120
_HOUR = timedelta(hours=1)


class Guests:
    """The guests of one deployment; each acts as the link they came through."""

    def __init__(self, parts: Parts, *, max_bytes: int, runs: Runs | None = None) -> None:
        """A selfie has at most so many bytes. `runs` look again for whoever enrolled."""
        self._parts = parts
        self._runs = runs
        self._deployment = parts.deployment
        self._max_bytes = max_bytes

    def find(self, token: str) -> tuple[Link, Verdict] | None:
        """The link of a token, and whether it is in force; nothing for a token of none.

        It is in force as long as the grants of its collection allow what it is for.
        """
        with self._deployment.database.reading() as connection:
            link = find_link_by_token(self._deployment, connection, token=token)
        return None if link is None else (link, self._may_open(link))

    def enrols(self, link: Link) -> bool:
        """Whether a guest's consent is recorded as an enrolment there."""
        return self._basis_of(link) is Basis.ENROLLED_ONLY

    def ask(self, link: Link, selfie: Selfie) -> str | Verdict:
        """A guest asks, having consented; the token of their request, or why they may not.

        Raises `PhotoError` for a photo that is no usable selfie, `SettingsError` for words that
        were not these or no name where one is needed.
        """
        close_ended(self._deployment)
        enrols = self.enrols(link)
        _check(selfie, enrols=enrols)
        refused = self._refuse(link, selfie)
        if refused is not None:
            return refused
        deployment = see_collection(self._deployment, link.collection)
        checked = check_selfie(deployment, selfie.content, max_bytes=self._max_bytes)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        asked = self._record(link, selfie, checked=checked, token=token)
        if isinstance(asked, Verdict):
            return asked
        if not link.terms.approves:
            self.show(link, token)
        return token

    def get(self, link: Link, token: str) -> GuestRequest:
        """How a request stands. Raises `NotFoundError` for none of this link's."""
        close_ended(self._deployment)
        stored = self._get(link, token)
        if stored.state is GuestState.LOOKING and self._has_looked(link, stored):
            self._set_ready(stored)
            stored = self._get(link, token)
        return describe(stored)

    def find_request(self, link: Link, token: str) -> GuestRequest | None:
        """As `get`; nothing for none of this link's."""
        try:
            return self.get(link, token)
        except NotFoundError:
            return None

    def show(self, link: Link, token: str) -> GuestRequest:
        """Looks for the guest's photos, once, if the host let them; the selfie goes before.

        Where only enrolled people are kept they are enrolled first, and have to wait for
        `look_again`. Nothing happens where it is not their turn, or the link is not in force.
        Raises `NotFoundError`.
        """
        close_ended(self._deployment)
        stored = self._get(link, token)
        enrols = self.enrols(link)
        if not self._may_open(link).is_allowed:
            return describe(stored)
        if stored.state is GuestState.APPROVED and enrols:
            self._enrol(link, stored)
        elif stored.state is (GuestState.READY if enrols else GuestState.APPROVED):
            person_id = open_person(self._deployment, stored) if enrols else None
            GuestAnswer(self._act(link), link).find(stored, person_id=person_id)
        return self.get(link, token)

    def look_again(self, link: Link, token: str) -> None:
        """Looks through the photos for somebody who enrolled; may take long, and be repeated."""
        stored = self._get(link, token)
        if stored.state is not GuestState.LOOKING:
            return
        look_again(self._act(link))
        self._set_ready(stored)

    def answer(self, link: Link) -> GuestAnswer:
        """What was found for guests of this link, to be seen and taken along."""
        close_ended(self._deployment)
        return GuestAnswer(self._act(link), link)

    def withdraw(self, link: Link, token: str) -> GuestRequest:
        """Ends the consent of somebody who enrolled, and erases what was kept for them.

        It may be done after the link ended, and repeated. Raises `NotFoundError`.
        """
        stored = self._get(link, token)
        person_id, acting = open_person(self._deployment, stored), self._act(link)
        if person_id:
            with suppress(NotFoundError):  # erased before
                withdraw_consent(acting.deployment, person_id, galleries=acting.galleries)
            close(self._deployment, [(stored.id, stored.uuid)])
            with self._deployment.database.writing() as connection:
                rows.change_guest_request(
                    connection, stored.id, state=GuestState.WITHDRAWN, person=None
                )
        return describe(self._get(link, token))

    def _may_open(self, link: Link) -> Verdict:
        now = self._deployment.clock()
        verdict = may_open(
            link.terms, is_vouched=link.is_vouched, revoked_at=link.revoked_at, at=now
        )
        if not verdict.is_allowed:
            return verdict
        leave = ask_leave(
            self._deployment, purpose=link.purpose, collection=link.collection, at=now
        )
        return leave if isinstance(leave, Verdict) else verdict

    def _refuse(self, link: Link, selfie: Selfie) -> Verdict | None:
        """Asked before anything is looked at, and entered into the log where it is a no."""
        verdict = self._may_open(link)
        if verdict.is_allowed:
            with self._deployment.database.reading() as connection:
                verdict = self._may_ask(connection, link, guest=selfie.guest)
        if verdict.is_allowed:
            return None
        with self._deployment.database.writing() as connection:
            self._tell(connection, link, verdict=verdict)
        return verdict

    def _may_ask(self, connection: Connection, link: Link, *, guest: str) -> Verdict:
        """Of the link as its row has it now: it may have been ended since it was read."""
        now = self._deployment.clock()
        known = get_link(self._deployment, connection, link_id=link.link_id)
        verdict = may_open(
            known.terms, is_vouched=known.is_vouched, revoked_at=known.revoked_at, at=now
        )
        if not verdict.is_allowed:
            return verdict
        since = now - _HOUR
        guest_hash = hash_token(guest) if guest else ""
        use = rows.count_use(connection, link.id, guest_hash=guest_hash, since=since)
        return may_ask(link.terms, use)

    def _record(
        self, link: Link, selfie: Selfie, *, checked: CheckedSelfie, token: str
    ) -> Verdict | None:
        """Counts once more in the transaction that records it: two may have come at once."""
        uuid = str(uuid4())
        new = self._seal(link, selfie, checked=checked, uuid=uuid)
        try:
            with self._deployment.database.writing_durably() as connection:
                verdict = self._may_ask(connection, link, guest=selfie.guest)
                if verdict.is_allowed:
                    rows.add_guest_request(connection, replace(new, token_hash=hash_token(token)))
                self._tell(connection, link, verdict=verdict, new=new)
        except MienError:
            destroy_selfies(self._deployment, [uuid])
            raise
        if verdict.is_allowed:
            return None
        destroy_selfies(self._deployment, [uuid])
        return verdict

    def _seal(
        self, link: Link, selfie: Selfie, *, checked: CheckedSelfie, uuid: str
    ) -> NewGuestRequest:
        deployment, now, approves = self._deployment, self._deployment.clock(), link.terms.approves
        state = GuestState.WAITING if approves else GuestState.APPROVED
        photo = HandedOver(checked.photo_jpeg, selfie.name.strip())
        crop = HandedOver(checked.crop_jpeg, selfie.name.strip())
        part = selfie_part(state)
        return NewGuestRequest(
            uuid=uuid,
            link_id=link.id,
            token_hash="",
            guest_hash=hash_token(selfie.guest) if selfie.guest else "",
            state=state,
            consent_version=selfie.consent_version,
            asked_at=now,
            ends_at=now + WAITED_FOR,
            selfie=seal_handed_over(deployment, photo, uuid=uuid, part=part),
            crop=seal_handed_over(deployment, crop, uuid=uuid, part=CROP) if approves else None,
        )

    def _tell(
        self,
        connection: Connection,
        link: Link,
        *,
        verdict: Verdict,
        new: NewGuestRequest | None = None,
    ) -> None:
        deployment = self._act(link).deployment
        facts = {"link": deployment.vault.notary.refer("link", link.link_id)}
        if new is not None:
            facts["request"] = refer_request(deployment, new.uuid)
            facts["consent_version"] = new.consent_version
        event = Event(
            action=Action.GUEST_ASKED,
            purpose=link.purpose,
            reasons=verdict.reasons,
            facts=facts,
            note=Note({"link": link.link_id}),
        )
        audit.append(deployment, connection, event=event)

    def _enrol(self, link: Link, stored: StoredGuestRequest) -> None:
        """Once, whoever presses the button twice; under an id that the request knows before.

        So whoever is enrolled can withdraw, even where this is killed in between.
        """
        handed = find_selfie(self._deployment, stored)
        person_id = str(uuid4())
        moved = self._begin_enrolment(stored, person_id=person_id)
        if handed is None or moved is None:
            return
        try:
            enrol_guest(self._act(link), link, handed=handed, stored=stored, person_id=person_id)
        except MienError:
            with self._deployment.database.writing() as connection:
                rows.change_guest_request(connection, stored.id, person=None)
                move(self._deployment, connection, stored=moved, to=GuestState.APPROVED)
            raise
        self._has_looked(link, moved)

    def _begin_enrolment(
        self, stored: StoredGuestRequest, *, person_id: str
    ) -> StoredGuestRequest | None:
        """Nothing where somebody else does it."""
        person = seal_person(self._deployment, person_id, uuid=stored.uuid)
        with self._deployment.database.writing_durably() as connection:
            moved = move(self._deployment, connection, stored=stored, to=GuestState.LOOKING)
            if moved is not None:
                rows.change_guest_request(connection, stored.id, person=person)
        return None if moved is None else replace(moved, person=person)

    def _has_looked(self, link: Link, stored: StoredGuestRequest) -> bool:
        """Whether the look that was asked for is over; asks for one where nobody did yet.

        Not before the guest is enrolled: it would look for everybody else.
        """
        if self._runs is None or not self._is_enrolled(stored):
            return False
        try:
            return self._runs.get(stored.run_uuid).state.is_ended
        except NotFoundError:
            run = self._runs.submit(Asked(kind=RunKind.RESCAN, actor=link.actor))
        with self._deployment.database.writing() as connection:
            rows.change_guest_request(connection, stored.id, run_uuid=run.run_id)
        return False

    def _set_ready(self, stored: StoredGuestRequest) -> None:
        with self._deployment.database.writing() as connection:
            move(self._deployment, connection, stored=stored, to=GuestState.READY)

    def _is_enrolled(self, stored: StoredGuestRequest) -> bool:
        person_id = open_person(self._deployment, stored)
        with self._deployment.database.reading() as connection:
            return bool(person_id) and find_person(connection, person_id) is not None

    def _get(self, link: Link, token: str) -> StoredGuestRequest:
        """Raises `NotFoundError`."""
        with self._deployment.database.reading() as connection:
            stored = rows.find_guest_request_by_token(connection, hash_token(token))
            known = get_link(self._deployment, connection, link_id=link.link_id)
        if stored is None or stored.link_id != known.id:
            raise NotFoundError("There is no such request here.")
        return stored

    def _basis_of(self, link: Link) -> Basis:
        """The strictest where the collection is not what it was made as."""
        with self._deployment.database.reading() as connection:
            return get_collection(self._deployment, connection, name=link.collection).basis

    def _act(self, link: Link) -> Parts:
        """The parts as the link acts in them."""
        deployment = self._deployment.acting(link.actor)
        session = self._parts.session.acting(deployment)
        return replace(self._parts, deployment=deployment, session=session)


def _check(selfie: Selfie, *, enrols: bool) -> None:
    if selfie.consent_version != version_of(enrols=enrols):
        raise SettingsError(
            "Nothing was searched: without your consent to the words on this page it may not be. "
            "Read them, tick the box, and send it again."
        )
    if enrols and not 0 < len(selfie.name.strip()) <= _LONGEST_NAME:
        raise SettingsError(f"Give your name, in at most {_LONGEST_NAME} characters.")
