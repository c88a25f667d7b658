"""A grant from its guided form: each answer is looked at by itself, and told where it stands."""

from __future__ import annotations

import os

from mien.http.asking import Asking
from mien.permission.basis import Basis
from mien.permission.grant import LONGEST_RETENTION, Evidence, GrantKind
from mien.permission.use import Use
from mien.service.drafts import check_platform
from mien.service.grant_evidence import hash_evidence
from mien.service.grants import GrantDraft
from mien.sources.address import file_uri, is_shelf, shelf_scope
from mien.web.filled import Filled
from mien.web.permission import need_papers, read_purposes


def read_draft(asking: Asking, typed: Filled) -> GrantDraft | None:
    """What the form says; nothing, with errors at its fields, where something is wrong."""
    grantor = typed.text("grantor", is_needed=True)
    kind = typed.word(GrantKind, "kind")
    scope = _read_scope(typed)
    purposes = read_purposes(asking, typed, is_needed=True)
    basis = typed.word(Basis, "basis")
    uses = typed.words(Use, "uses")
    until = typed.day("until", is_needed=True)
    assessment = typed.text("assessment")
    retention_days = typed.number("retention_days", most=LONGEST_RETENTION.days)
    need_papers(typed, basis)
    evidence = _read_evidence(asking, typed)
    if kind is None or basis is None or until is None or not typed.is_sound:
        return None
    return GrantDraft(
        kind=kind,
        grantor=grantor,
        scope=scope,
        purposes=purposes,
        bases=[basis],
        until=until,
        uses=uses,
        contact=typed.text("contact"),
        verified_by=asking.caller.name,
        jurisdiction=typed.text("jurisdiction"),
        evidence=evidence,
        assessment=assessment,
        retention_days=retention_days,
        terms=typed.text("terms"),
    )


def _read_scope(typed: Filled) -> list[str]:
    """A shelf for photos that are handed in, and addresses; no file of the server is looked at."""
    shelf, addresses = typed.text("shelf"), typed.lines("addresses")
    if not shelf and not addresses:
        typed.errors.setdefault("shelf", "Name a shelf here, or a place below.")
    if shelf and not is_shelf(shelf):
        typed.errors.setdefault("shelf", "Use letters, digits, - and _, 64 at most.")
    addresses = [_read_address(one) for one in addresses]
    for address in addresses:
        if "://" not in address:
            told = f"{address!r} is no address: it begins with /, file://, https:// or the like."
            typed.errors.setdefault("addresses", told)
        with typed.telling("addresses"):
            check_platform(address)
    return [*([shelf_scope(shelf)] if shelf else []), *addresses]


def _read_address(text: str) -> str:
    """A folder of this machine may be written as its path; whether it is there is not looked at."""
    return f"{file_uri(os.fsencode(text.rstrip('/')))}/" if text.startswith("/") else text


def _read_evidence(asking: Asking, typed: Filled) -> list[Evidence]:
    """A file that was handed in: its hash is kept, and no copy."""
    parts = asking.library.parts
    found = typed.file("evidence", max_bytes=parts.max_file_bytes)
    if found is None:
        return []
    with typed.telling("evidence"):
        return [hash_evidence(*found, at=parts.deployment.clock())]
    return []
