"""Cases to try things with: an album with names, and requests about it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from mien.library import Library
from mien.permission.case import CaseKind
from mien.service import ingest
from mien.service.case import About, Case
from mien.service.case_answer import Answer
from mien.service.cases import CaseDraft, OpenedCase
from mien.service.handed_in import HandedIn
from mien.service.ingest import AddReport
from mien.sources.base import FoundFile
from mien.testing import draw_photo
from service.stage import PURPOSE, Stage, names_of, query

ANN, BEN, EVE = 1, 2, 3
REQUESTER = "Zoe Requester"

HIDING = ("takedown", "objection", "erasure")


def fill(stage: Stage, library: Library, **terms: Any) -> str:
    """Ann alone, Ben alone, and both of them; the grant of the album."""
    stage.draw("ann.png", ANN)
    stage.draw("ben.png", BEN)
    stage.draw("both.png", ANN, BEN)
    grant = stage.grant(library, **terms)
    assert library.add(stage.photos, grant=grant).photos_new == 3
    return grant


def found(library: Library, person: int) -> set[str]:
    """The photos in which a search finds the person."""
    result = library.search(draw_photo(person), purpose=PURPOSE, limit=50, min_score=0.8)
    return set(names_of(result))


def sha256_of(stage: Stage, name: str) -> str:
    """Of the photo of this file name, as it was found."""
    statement = (
        "SELECT p.sha256 FROM photos p JOIN locations l ON l.photo_id = p.id WHERE uri LIKE ?"
    )
    return str(query(stage.home / "catalog.db", statement, f"%/{name}")[0])


def faces_of(stage: Stage, name: str) -> list[str]:
    """Outside ids of the faces in the photo of this file name, the largest first."""
    statement = (
        "SELECT f.uuid FROM faces f JOIN indexed_photos i ON i.id = f.indexed_photo_id"
        " JOIN photos p ON p.id = i.photo_id WHERE p.sha256 = ? ORDER BY f.id"
    )
    return query(stage.home / "catalog.db", statement, sha256_of(stage, name))


def request(
    library: Library, kind: CaseKind | str, *, like: HandedIn | None = None, **said: Any
) -> OpenedCase:
    """Opens a case; what is no part of a draft says what it is about."""
    ways = {name: said.pop(name) for name in About.__slots__ if name in said}
    draft: dict[str, Any] = {"requester": REQUESTER, "kind": CaseKind(kind), **said}
    return library.cases().open(CaseDraft(**draft, about=About(**ways)), like=like)


def grant_case(library: Library, opened: OpenedCase) -> Case:
    return library.cases().decide(opened.case.case_id, is_granted=True)


def refuse_case(library: Library, opened: OpenedCase) -> Case:
    return library.cases().decide(opened.case.case_id, is_granted=False, reason="No.")


def answer(stage: Stage, library: Library, opened: OpenedCase, name: str = "answer") -> Answer:
    return library.cases().answer(opened.case.case_id, stage.folder / name)


def read_json(folder: Path, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / name).read_text("utf-8"))
    return document


def entries_of(stage: Stage) -> list[dict[str, Any]]:
    """The audit log's entries, in order."""
    contents = query(stage.home / "catalog.db", "SELECT content FROM audit_entries ORDER BY seq")
    return [json.loads(content) for content in contents]


def locations(stage: Stage) -> Mapping[str, str]:
    """The state of each place by its file name."""
    rows = query(stage.home / "catalog.db", "SELECT uri, state FROM locations")
    return {uri.rsplit("/", 1)[-1]: state for uri, state in rows}


@dataclass(frozen=True)
class Published:
    """A source as one on the web will be: a photo that was found at an address."""

    path: Path
    uri: str

    def iter_items(self) -> Iterator[FoundFile]:
        yield FoundFile(os.fsencode(self.path), self.uri, self.uri, "1.1", is_named=True)


def publish(library: Library, path: Path, *, uri: str, grant: str) -> AddReport:
    """Adds a photo as found at an address."""
    source = Published(path, uri)
    with patch.object(ingest, "FolderSource", lambda _: source):
        return library.add(path, grant=grant)
