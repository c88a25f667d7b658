"""Takes candidates of a search along: as a table, or as a page of faces that stands by itself.

The search is not made again. What it showed is read from the log, and each face is asked
about anew: what may not be shown now is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mien.catalog import judgements as judgement_rows
from mien.catalog.browse import VisiblePlace, find_visible_photo
from mien.catalog.connect import Connection
from mien.catalog.faces import VisibleFace, find_stored_faces
from mien.errors import NotFoundError, SettingsError
from mien.permission.caller import Caller
from mien.permission.verdict import ALLOWED, Verdict
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.export_page import make_page
from mien.service.export_table import make_table
from mien.service.judgements import ask_again
from mien.service.leave import Leave
from mien.service.opinion import JudgementKind, Opinion, find_opinions, is_believed, refer_to_actor
from mien.service.parts import Parts
from mien.service.reach import find_reached
from mien.service.shown import Shown, get_shown
from mien.service.taken import Taken
from mien.vault.notary import Owner

MOST_TAKEN = 200
_KEPT = frozenset({JudgementKind.KEPT, JudgementKind.CONFIRMED})


class ExportForm(StrEnum):
    """What is taken along."""

    TABLE = "csv"
    PAGE = "html"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """Which candidates of which search; without faces, all that the asker kept or confirmed."""

    search_id: str
    face_ids: Sequence[str] = ()
    form: ExportForm = ExportForm.TABLE


@dataclass(frozen=True, slots=True)
class Export:
    """A file, and how many candidates stand in it; nothing where the verdict is a no."""

    verdict: Verdict
    content: bytes = b""
    taken: int = 0
    left_out: int = 0


def export_candidates(
    parts: Parts, request: ExportRequest, *, caller: Caller | None = None
) -> Export:
    """Raises `NotFoundError` where the search did not show them, or none may be taken along."""
    deployment = parts.deployment
    face_ids = list(dict.fromkeys(request.face_ids)) or _find_kept(parts, request.search_id)
    if len(face_ids) > MOST_TAKEN:
        raise SettingsError(f"At most {MOST_TAKEN} candidates are taken along at once.")
    if not face_ids:
        raise NotFoundError("There is nothing to take along: keep some candidates first.")
    shown = get_shown(deployment, search_id=request.search_id, face_ids=face_ids)
    leave = ask_again(parts, shown[0], caller=caller)
    if isinstance(leave, Verdict):
        return Export(leave)
    with deployment.database.reading() as connection:
        taken = _take(parts, connection, shown=shown, leave=leave)
    if request.form is ExportForm.PAGE:
        taken = [one for one in taken if one.face.is_for_display]
    if not taken:
        raise NotFoundError("None of these candidates may be taken along now.")
    left_out = len(shown) - len(taken)
    if request.form is ExportForm.PAGE:
        content = make_page(parts, taken, left_out=left_out)
    else:
        content = make_table(taken)
    _enter(parts, request, leave=leave, taken=taken)
    return Export(ALLOWED, content, len(taken), left_out)


def _find_kept(parts: Parts, search_id: str) -> list[str]:
    """What the asker kept of a search of theirs, by outside ids."""
    deployment = parts.deployment
    me = refer_to_actor(deployment)
    with deployment.database.reading() as connection:
        said = judgement_rows.find_judgements_in(connection, search_id)
        kept = [
            one.face_id
            for one in said
            if one.actor == me and one.kind in _KEPT and is_believed(deployment, one)
        ]
        return [face.uuid for face in find_stored_faces(connection, kept)] if kept else []


def _take(
    parts: Parts, connection: Connection, *, shown: Sequence[Shown], leave: Leave
) -> list[Taken]:
    """Those that may be shown now, in the order of their ranks."""
    ids = [one.face.id for one in shown]
    reached = find_reached(parts.deployment, connection, leave=leave, face_ids=ids)
    opinions = _find_opinions(parts, connection, shown=shown, leave=leave)
    return [
        Taken(
            shown=one,
            face=reached[one.face.id],
            opinion=opinions[one.face.uuid],
            places=_find_places(connection, reached[one.face.id], leave=leave),
        )
        for one in sorted(shown, key=lambda one: one.rank)
        if one.face.id in reached
    ]


def _find_opinions(
    parts: Parts, connection: Connection, *, shown: Sequence[Shown], leave: Leave
) -> dict[str, Opinion]:
    """Of each candidate for its own probe: one search may have had several."""
    return {
        one.face.uuid: find_opinions(
            parts.deployment,
            connection,
            probe=one.probe,
            face_ids=[one.face.id],
            needed=leave.collection.charter.confirmations,
        )[one.face.id]
        for one in shown
    }


def _find_places(
    connection: Connection, face: VisibleFace, *, leave: Leave
) -> tuple[VisiblePlace, ...]:
    photo = find_visible_photo(connection, leave.scope, photo_uuid=face.stored.photo_uuid)
    return () if photo is None else photo.places


def _enter(parts: Parts, request: ExportRequest, *, leave: Leave, taken: Sequence[Taken]) -> None:
    """Numbers, and what was taken along under each face's own key."""
    deployment = parts.deployment
    event = Event(
        action=Action.EXPORTED,
        purpose=taken[0].shown.purpose,
        facts={
            "search": request.search_id,
            "collection": audit.refer_collection(deployment, leave.collection.uuid),
            "form": request.form,
            "candidates": len(taken),
        },
        shown=[
            Note(
                {"face": one.face.stored.uuid},
                Owner(photo_id=one.face.stored.photo_uuid, face_id=one.face.stored.uuid),
            )
            for one in taken
        ],
    )
    with deployment.database.writing() as connection:
        audit.append(deployment, connection, event=event)
