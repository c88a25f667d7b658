"""Searches over a stage as somebody asks for them, for tests of what is made of their answers."""

from __future__ import annotations

from typing import Any

from mien.library import Library
from mien.service.handed_in import HandedIn
from mien.service.judgements import Judged, JudgementDraft, JudgementKind, Judgements
from mien.service.search_desk import SearchDesk
from mien.service.seeking import SearchRequest, SearchResult
from service.stage import PURPOSE, Stage

BYTES = 10_000_000


def ask(**terms: Any) -> SearchRequest:
    known: dict[str, Any] = {"purpose": PURPOSE, "collection": "default", "max_file_bytes": BYTES}
    return SearchRequest(**(known | terms))


def search(library: Library, *photos: HandedIn, **terms: Any) -> SearchResult:
    return SearchDesk(library.parts).search_photos(photos, ask(**terms))


def search_face(library: Library, face_id: str, **terms: Any) -> SearchResult:
    return SearchDesk(library.parts).search_face(face_id, ask(**terms))


def say(library: Library, result: SearchResult, kind: str, *, of: str) -> Judged:
    """What somebody says of the candidate in the photo of this name."""
    draft = JudgementDraft(
        search_id=result.search_id, face_id=face_in(result, of), kind=JudgementKind(kind)
    )
    return Judgements(library.parts).judge(draft)


def face_in(result: SearchResult, name: str) -> str:
    """The face of the candidate in the photo of this name."""
    return next(
        one.face.stored.uuid
        for one in result.candidates
        if any(place.uri.endswith(f"/{name}") for place in one.face.locations)
    )


def fill(stage: Stage, library: Library, **terms: Any) -> str:
    """Three photos of person 1, one of 2, one of 3, and one of 4 and 5 together."""
    for name, people in (
        ("a1.png", (1,)),
        ("a2.png", (1,)),
        ("a3.png", (1,)),
        ("b.png", (2,)),
        ("c.png", (3,)),
        ("both.png", (4, 5)),
    ):
        stage.draw(name, *people)
    grant = stage.grant(library, **terms)
    library.add(stage.photos, grant=grant)
    return grant
