"""Keeps out, for good, what was granted: places, hosts, photos and what looks like them.

People and their faces are kept out by their own wish alone: see `mien optout face`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from mien.catalog.audit import Json
from mien.errors import SettingsError
from mien.permission.case import is_undecided
from mien.permission.host import parse_host
from mien.service.case import Case
from mien.service.case_record import CaseRecord
from mien.service.deployment import Deployment
from mien.service.optout import block_host, block_item, block_source, describe_item
from mien.service.suppression_records import Facts


def describe_photos(deployment: Deployment, case: Case) -> list[Json]:
    """How the photos of a case look, to be known again; to be asked for while they are held."""
    if case.request is None or not case.kind.hides or not is_undecided(case.state):
        return []
    photos = case.request.about.photos
    items = [describe_item(deployment, sha256) for sha256 in photos]
    return [{"sha256": item.sha256, "sketches": item.sketches} for item in items]


def block(record: CaseRecord, case: Case) -> list[str]:
    """Keeps it out from the end of this transaction on; the ids of the opt-outs."""
    if case.request is None:
        return []
    deployment, connection, about = record.deployment, record.connection, case.request.about
    made = [block_item(deployment, connection, item=item) for item in _iter_items(case)]
    host = parse_host(about.host)
    if host:
        made.append(block_host(deployment, connection, host=host))
    if about.source:
        # Of a link that no photo can have nothing needs to be kept out.
        with suppress(SettingsError):
            made.append(block_source(deployment, connection, place=about.source))
    return made


def _iter_items(case: Case) -> Iterator[Facts]:
    for event in case.events:
        items = event.details.get("items")
        for item in items if isinstance(items, Sequence) else ():
            if isinstance(item, Mapping):
                yield Facts(sha256=str(item["sha256"]), sketches=str(item["sketches"]))
