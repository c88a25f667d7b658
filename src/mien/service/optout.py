"""Opt out: an item, a source or a face is erased at once, and stays out until it is lifted.

Whoever opts out hands in what has to be known again, and no proof of who they are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

from mien.catalog import selection as selections
from mien.catalog import suppressions as rows
from mien.catalog.connect import Connection
from mien.catalog.selection import Selection
from mien.catalog.suppressions import SuppressionRow
from mien.errors import SettingsError, SuppressionError
from mien.permission.scope import is_scope
from mien.permission.suppression import HOST, Level
from mien.service.audit import Action, Event, Note
from mien.service.deployment import Deployment, erasing
from mien.service.erase import ErasureReport, erase
from mien.service.gallery import Galleries
from mien.service.near_copies import sketch_held
from mien.service.optout_face import FaceDraft, describe_face
from mien.service.suppressing import enforce, record_suppression
from mien.service.suppression_records import (
    Facts,
    Suppression,
    encode_sketches,
    keep_copy,
    open_row,
    subject_of,
)
from mien.sources.address import file_uri, path_of
from mien.vision.sketch import sketch_file

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """One opt-out, as it may be shown: of a face nothing but that there is one.

    `kept_out` is a SHA-256 or an address. Of an item, `finds_copies` says whether photos that
    look the same are known too.
    """

    optout_id: str
    level: Level
    made_at: datetime
    kept_out: str = ""
    fmr: float | None = None
    finds_copies: bool = False
    is_readable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOutReport:
    """What is kept out from now on, and what of it was held and is gone."""

    optouts: tuple[OptOut, ...]
    erasure: ErasureReport | None


@dataclass(frozen=True, slots=True)
class _LiftedTarget:
    """An opt-out that is lifted: its record, its copy, its key."""

    uuid: str
    kind: ClassVar = "suppression"

    def select(self, connection: Connection) -> Selection:
        return selections.select_suppression(connection, self.uuid)


def is_sha256(text: str) -> bool:
    return _SHA256.fullmatch(text) is not None


def opt_out_items(
    deployment: Deployment, galleries: Galleries, *, items: Sequence[Facts]
) -> OptOutReport:
    """Keeps photos out, of `describe_item`, and photos that look the same."""
    return _opt_out(deployment, galleries, wanted=items, level=Level.ITEM)


def opt_out_source(
    deployment: Deployment, galleries: Galleries, *, place: str | Path
) -> OptOutReport:
    """Keeps everything out that lies at a place or below it. Raises `SettingsError`."""
    facts = Facts(address=_address_of(place))
    return _opt_out(deployment, galleries, wanted=[facts], level=Level.SOURCE)


def opt_out_face(deployment: Deployment, galleries: Galleries, *, draft: FaceDraft) -> OptOutReport:
    """Keeps somebody out by their face. Raises as `describe_face`."""
    facts, portrait = describe_face(deployment, draft)
    return _opt_out(deployment, galleries, wanted=[facts], level=Level.FACE, portrait=portrait)


def block_source(deployment: Deployment, connection: Connection, *, place: str | Path) -> str:
    """Keeps a source out from the end of this transaction on; the id of the opt-out.

    What is held of it is for the caller to erase.
    """
    return _block(deployment, connection, facts=Facts(address=_address_of(place)))


def block_host(deployment: Deployment, connection: Connection, *, host: str) -> str:
    """The same for a host, in plain ASCII, with those below it."""
    return _block(deployment, connection, facts=Facts(address=f"{HOST}{host}"))


def block_item(deployment: Deployment, connection: Connection, *, item: Facts) -> str:
    """The same for a photo, of `describe_item`, and photos that look the same."""
    return _block(deployment, connection, facts=item)


def settle_blocks(
    deployment: Deployment, galleries: Galleries, *, optout_ids: Sequence[str]
) -> ErasureReport | None:
    """Erases whatever is still held of sources and photos that were blocked; settles the rest."""
    with deployment.database.reading() as connection:
        found = [row for row in rows.iter_suppressions(connection) if row.uuid in optout_ids]
    kept = [open_row(deployment.vault, row) for row in found]
    erasure = enforce(deployment, galleries, some=kept)
    _copy(deployment, kept)
    return erasure


def list_optouts(deployment: Deployment) -> list[OptOut]:
    """All of them, in the order they were made, those that do not open too."""
    with deployment.database.reading() as connection:
        found = list(rows.iter_suppressions(connection))
    return [_show_row(deployment, row) for row in found]


def lift_optout(
    deployment: Deployment, galleries: Galleries, *, optout_id: str, reason: str
) -> ErasureReport:
    """Whoever opted out changed their mind: nothing of it is kept but that it was lifted, and why.

    Raises `NotFoundError`, and `SettingsError` without a reason.
    """
    if not reason.strip():
        raise SettingsError("Say why the opt-out is lifted: --reason TEXT.")
    uuid = optout_id.strip().lower()
    with deployment.database.reading() as connection:
        row = rows.get_suppression(connection, uuid)
    event = Event(
        action=Action.OPTOUT_LIFTED,
        subject_id=subject_of(uuid),
        facts={"level": row.level},
        note=Note({"reason": reason.strip()}),
    )
    return erase(deployment, _LiftedTarget(uuid), galleries=galleries, also=event)


def _opt_out(
    deployment: Deployment,
    galleries: Galleries,
    *,
    wanted: Sequence[Facts],
    level: Level,
    portrait: bytes | None = None,
) -> OptOutReport:
    """Records first, so that nothing comes in any more, then erases what is held."""
    kept: list[Suppression] = []
    # Whoever is adding a batch at this moment finishes it first, and it is looked through below.
    with erasing(deployment.home), deployment.database.writing() as connection:
        for facts in wanted:
            same = _find_same(deployment, connection, facts=facts)
            if same is None:
                same = Suppression(str(uuid4()), level, deployment.clock(), facts)
                record_suppression(deployment, connection, new=same, portrait=portrait)
            kept.append(same)
    erasure = enforce(deployment, galleries, some=kept)
    _copy(deployment, kept)
    return OptOutReport(optouts=tuple(map(_show, kept)), erasure=erasure)


def _block(deployment: Deployment, connection: Connection, *, facts: Facts) -> str:
    known = _find_same(deployment, connection, facts=facts)
    if known is not None:
        return known.uuid
    level = Level.SOURCE if facts.address else Level.ITEM
    new = Suppression(str(uuid4()), level, deployment.clock(), facts)
    record_suppression(deployment, connection, new=new)
    return new.uuid


def _copy(deployment: Deployment, kept: Sequence[Suppression]) -> None:
    """Only now: cut short before, whoever opens the home next erases what is held."""
    with erasing(deployment.home), deployment.database.reading() as connection:
        for row in rows.iter_suppressions(connection):
            if row.uuid in {one.uuid for one in kept}:
                keep_copy(deployment.vault, row)


def _find_same(
    deployment: Deployment, connection: Connection, *, facts: Facts
) -> Suppression | None:
    """The same photo or address, opted out before; never a face, whose record stands alone."""
    for row in rows.iter_suppressions(connection):
        with suppress(SuppressionError):  # one that does not open is no reason to refuse another
            known = open_row(deployment.vault, row)
            is_same = (known.facts.sha256, known.facts.address) == (facts.sha256, facts.address)
            knows_copies = bool(known.facts.sketches) or not facts.sketches
            if is_same and knows_copies and row.level is not Level.FACE:
                return known
    return None


def describe_item(deployment: Deployment, item: str | bytes) -> Facts:
    """A photo by its bytes, or by its SHA-256 and what is held of it.

    Raises `PhotoError` for bytes that give no photo, `SettingsError` for no SHA-256.
    """
    if isinstance(item, bytes):
        return Facts(sha256=sha256(item).hexdigest(), sketches=encode_sketches(sketch_file(item)))
    if not is_sha256(item):
        raise SettingsError(f"{item!r} is no SHA-256: it has 64 hexadecimal digits.")
    sketches = sketch_held(deployment, item.lower())
    return Facts(sha256=item.lower(), sketches=encode_sketches(sketches))


def _address_of(place: str | Path) -> str:
    """Spelled as addresses are here; a folder need not exist any more."""
    text = str(place)
    if isinstance(place, Path) or "://" not in text:
        return file_uri(os.fsencode(Path(place).expanduser().resolve()))
    path = path_of(text)
    if path is not None:
        return file_uri(os.fsencode(path))
    if not is_scope(text):
        raise SettingsError(f"{text!r} is no address that can be kept out.")
    scheme, _, rest = text.partition("://")
    host, slash, below = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{below}"


def _show_row(deployment: Deployment, row: SuppressionRow) -> OptOut:
    try:
        return _show(open_row(deployment.vault, row))
    except SuppressionError:
        return OptOut(optout_id=row.uuid, level=row.level, made_at=row.made_at, is_readable=False)


def _show(one: Suppression) -> OptOut:
    facts = one.facts
    return OptOut(
        optout_id=one.uuid,
        level=one.level,
        made_at=one.made_at,
        kept_out=facts.sha256 or facts.address,
        fmr=facts.fmr if one.level is Level.FACE else None,
        finds_copies=bool(facts.sketches),
    )
