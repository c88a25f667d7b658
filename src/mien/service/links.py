"""Links as one object, for hosts: make, look at, end; see who asks, and decide."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from mien.catalog import guests as guest_rows
from mien.catalog import links as rows
from mien.catalog.audit import Json
from mien.catalog.connect import Connection
from mien.catalog.guests import StoredGuestRequest
from mien.catalog.links import NewLink
from mien.errors import ConflictError, NotFoundError, SettingsError
from mien.permission.link import LONGEST, MAX_FMR, WAITED_FOR, GuestState, LinkTerms
from mien.permission.verdict import Verdict
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.collections import see_collection
from mien.service.deployment import Deployment
from mien.service.drafts import check_purposes, check_texts
from mien.service.guest_record import (
    HandedOver,
    close_ended,
    describe,
    destroy_selfies,
    find_crop,
    move,
)
from mien.service.leave import Leave, ask_leave
from mien.service.link import GuestRequest, Link, LinkDraft
from mien.service.link_record import (
    get_link,
    hash_token,
    iter_links,
    make_token,
    seal_name,
    vouch_for_link,
)
from mien.service.parts import Parts
from mien.service.weigh import check_can_tell

_LONGEST_NAME = 120
_MOST_EACH, _MOST_HOURLY, _MOST_TOTAL = 20, 1_000, 20_000


class Links:
    """The links of one deployment, as whoever acts sees them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._deployment = parts.deployment

    def make(self, draft: LinkDraft) -> Link | Verdict:
        """Opens a collection to guests; a verdict where no grant there covers the purpose.

        Raises `SettingsError`, `NotFoundError`, and `ModelError` where nothing tells how often
        the collection's model errs: then nothing says which candidates are safe to show.
        """
        _check(draft)
        deployment, now = self._deployment, self._deployment.clock()
        seen = see_collection(deployment, draft.collection)
        leave = ask_leave(seen, purpose=draft.purpose, collection=draft.collection, at=now)
        if isinstance(leave, Verdict):
            return leave
        check_can_tell(seen.model, fmr=MAX_FMR)
        link_id = str(uuid4())
        with deployment.database.writing_durably() as connection:
            rows.add_link(connection, self._describe(draft, leave=leave, link_id=link_id))
            _enter(deployment, connection, leave=leave, link_id=link_id)
            return vouch_for_link(deployment, connection, link_id=link_id)

    def list_all(self) -> list[Link]:
        """All links, the newest first."""
        with self._deployment.database.reading() as connection:
            return list(iter_links(self._deployment, connection))

    def get(self, link_id: str) -> Link:
        """Raises `NotFoundError`."""
        with self._deployment.database.reading() as connection:
            return get_link(self._deployment, connection, link_id=link_id)

    def token(self, link: Link) -> str:
        """What the address for guests ends with."""
        return make_token(self._deployment, link.link_id)

    def revoke(self, link_id: str) -> Link:
        """Ends a link, with all that waits there. May be repeated. Raises `NotFoundError`."""
        deployment = self._deployment
        with deployment.database.writing_durably() as connection:
            link = get_link(deployment, connection, link_id=link_id)
            rows.revoke_link(connection, link.link_id, at=deployment.clock())
            note = Note({"link": link.link_id})
            event = Event(action=Action.GUEST_LINK_ENDED, facts=_refer(deployment, link), note=note)
            audit.append(deployment, connection, event=event)
            ended = vouch_for_link(deployment, connection, link_id=link.link_id)
        close_ended(deployment)
        return ended

    def requests(self, link_id: str) -> list[GuestRequest]:
        """The log of a link, the newest request first. Raises `NotFoundError`."""
        close_ended(self._deployment)
        with self._deployment.database.reading() as connection:
            link = get_link(self._deployment, connection, link_id=link_id)
            return [describe(one) for one in guest_rows.find_guest_requests(connection, link.id)]

    def look(self, link_id: str, request_id: str) -> HandedOver:
        """The face of who waits, and their name where one was asked; for the host alone.

        Raises `NotFoundError` where nobody of that id waits there.
        """
        close_ended(self._deployment)
        with self._deployment.database.reading() as connection:
            stored = self._get_request(connection, link_id, request_id=request_id)
        crop = find_crop(self._deployment, stored)
        if crop is None:
            raise NotFoundError(f"Nobody waits under the request {request_id}.")
        return crop

    def decide(self, link_id: str, request_id: str, *, is_approved: bool) -> GuestRequest:
        """Lets a guest see their photos, or not; the face that the host looked at goes.

        Raises `NotFoundError`, and `ConflictError` where it was decided before, or in vain.
        """
        deployment = self._deployment
        close_ended(deployment)
        with deployment.database.writing_durably() as connection:
            stored = self._get_request(connection, link_id, request_id=request_id)
            if stored.state is not GuestState.WAITING:
                raise ConflictError(f"The request {request_id} is {stored.state} already.")
            now = deployment.clock()
            if is_approved:
                moved = move(deployment, connection, stored=stored, to=GuestState.APPROVED)
                if moved is None:
                    raise ConflictError(f"The request {request_id} is not what was recorded here.")
            state = GuestState.APPROVED if is_approved else GuestState.DENIED
            ends_at = now + WAITED_FOR if is_approved else now
            guest_rows.change_guest_request(
                connection, stored.id, decided_at=now, ends_at=ends_at, state=state, crop=None
            )
            facts: dict[str, Json] = {
                "request": refer_request(deployment, request_id),
                "approved": is_approved,
            }
            event = Event(action=Action.GUEST_DECIDED, facts=facts)
            audit.append(deployment, connection, event=event)
        if not is_approved:
            self._forget(stored)
        with deployment.database.reading() as connection:
            return describe(self._get_request(connection, link_id, request_id=request_id))

    def _forget(self, stored: StoredGuestRequest) -> None:
        destroy_selfies(self._deployment, [stored.uuid])
        with self._deployment.database.writing() as connection:
            guest_rows.change_guest_request(connection, stored.id, selfie=None)

    def _get_request(
        self, connection: Connection, link_id: str, *, request_id: str
    ) -> StoredGuestRequest:
        """Of this link and no other. Raises `NotFoundError`."""
        link = get_link(self._deployment, connection, link_id=link_id)
        stored = guest_rows.find_guest_request(connection, request_id.strip().lower())
        if stored is None or stored.link_id != link.id:
            raise NotFoundError(f"There is no request {request_id} to this link.")
        return stored

    def _describe(self, draft: LinkDraft, *, leave: Leave, link_id: str) -> NewLink:
        now = self._deployment.clock()
        name = draft.name.strip()
        return NewLink(
            uuid=link_id,
            token_hash=hash_token(make_token(self._deployment, link_id)),
            collection_id=leave.collection.id,
            purpose=draft.purpose,
            made_at=now,
            terms=LinkTerms(
                expires_at=now + timedelta(days=draft.days),
                approves=draft.approves,
                searches_each=draft.searches_each,
                searches_hourly=draft.searches_hourly,
                searches_total=draft.searches_total,
            ),
            sealed=seal_name(self._deployment, name, link_id=link_id),
        )


def refer_request(deployment: Deployment, request_id: str) -> str:
    """What the audit log calls a guest's request."""
    return deployment.vault.notary.refer("guest", request_id)


def _refer(deployment: Deployment, link: Link) -> dict[str, str]:
    return {"link": deployment.vault.notary.refer("link", link.link_id)}


def _enter(deployment: Deployment, connection: Connection, *, leave: Leave, link_id: str) -> None:
    event = Event(
        action=Action.GUEST_LINK_MADE,
        purpose=leave.purpose or "",
        facts={
            "link": deployment.vault.notary.refer("link", link_id),
            "collection": audit.refer_collection(deployment, leave.collection.uuid),
        },
        note=Note({"link": link_id, "collection": leave.collection.name}),
    )
    audit.append(deployment, connection, event=event)


def _check(draft: LinkDraft) -> None:
    check_texts(draft.name)
    check_purposes([draft.purpose])
    if not 0 < len(draft.name.strip()) <= _LONGEST_NAME:
        raise SettingsError(
            f"Name the event as guests know it, in at most {_LONGEST_NAME} characters."
        )
    for number, most, what in (
        (draft.days, LONGEST.days, "A link is open for 1 to {} days."),
        (draft.searches_each, _MOST_EACH, "One guest may search 1 to {} times."),
        (draft.searches_hourly, _MOST_HOURLY, "A link allows 1 to {} searches an hour."),
        (draft.searches_total, _MOST_TOTAL, "A link allows 1 to {} searches in all."),
    ):
        if not 1 <= number <= most:
            raise SettingsError(what.format(f"{most:,}"))
