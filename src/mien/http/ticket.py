"""Tickets: what one address may fetch, of which answer and until when, signed by this home."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from mien.http.site import Site

_KIND = "ticket"
_PARTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One picture of one guest's answer; `until_s` is in seconds since 1970."""

    link_id: str
    request_id: str
    number: int
    is_whole: bool
    until_s: int


def write_ticket(site: Site, ticket: Ticket) -> str:
    """As a part of an address. It does not tell the secret of the answer."""
    size = "whole" if ticket.is_whole else "small"
    said = f"{ticket.request_id}_{ticket.number}_{size}_{ticket.until_s}"
    return f"{said}_{_sign(site, said, link_id=ticket.link_id)}"


def read_ticket(site: Site, text: str, *, link_id: str) -> Ticket | None:
    """What was signed here, for this link, and is not over."""
    parts = text.split("_")
    if len(parts) != _PARTS:
        return None
    said, _, mark = text.rpartition("_")
    if not hmac.compare_digest(mark.encode(), _sign(site, said, link_id=link_id).encode()):
        return None
    request_id, number, size, until_s, _ = parts
    ticket = Ticket(
        link_id=link_id,
        request_id=request_id,
        number=int(number),
        is_whole=size == "whole",
        until_s=int(until_s),
    )
    now_s = site.library.parts.deployment.clock().timestamp()
    return ticket if now_s < ticket.until_s else None


def _sign(site: Site, said: str, *, link_id: str) -> str:
    return site.library.parts.deployment.vault.notary.refer(_KIND, f"{link_id}:{said}")
