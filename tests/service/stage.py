"""A home whose clock tests can move, drawn photos to fill it, and what lies in it."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.grant import GrantKind
from mien.service.grants import GrantDraft
from mien.service.ports import Models
from mien.service.search import SearchResult
from mien.settings import Settings
from mien.testing import FakeModels, draw_photo

PURPOSE = "family-album"
DOCUMENTED: dict[str, Any] = {
    "bases": [Basis.DOCUMENTED_BASIS],
    "assessment": "DPIA 7",
    "retention_days": 90,
}
"""What a grant of a documented basis names."""
NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)


@dataclass
class Stage:
    """One home, one folder of photos, one clock."""

    folder: Path
    now: datetime = NOON
    models: Models = field(default_factory=FakeModels)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def photos(self) -> Path:
        return self.folder / "photos"

    def open(self, **changes: Any) -> Library:
        settings = Settings(home=self.home, cache=self.folder / "cache", workers=2, **changes)
        return Library(settings=settings, models=self.models, clock=lambda: self.now)

    def draw(
        self,
        name: str | bytes,
        *people: int,
        seed: int | None = None,
        blurred: Sequence[int] = (),
    ) -> Path:
        """Writes a photo of these people; the name's own seed unless one is given."""
        path = self.photos / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        own = int.from_bytes(hashlib.sha256(os.fsencode(path.name)).digest()[:2], "big")
        chosen = own if seed is None else seed
        path.write_bytes(draw_photo(*people, seed=chosen, blurred=blurred))
        return path

    def draw_many(self, number: int) -> None:
        """That many photos, each of two people, no two with the same bytes."""
        for i in range(number):
            self.draw(f"{i:05}.png", i % 100, 100 + i % 100, seed=i)

    def grant(
        self,
        library: Library,
        *purposes: str,
        scope: Path | str | None = None,
        days: int = 365,
        **terms: Any,
    ) -> str:
        """A household grant for the photos' folder, unless said otherwise."""
        self.photos.mkdir(parents=True, exist_ok=True)
        draft: dict[str, Any] = {
            "kind": GrantKind.OWNER_ASSERTION,
            "grantor": "A. Holder",
            "scope": [scope or self.photos],
            "purposes": purposes or (PURPOSE,),
            "bases": [Basis.HOUSEHOLD],
            "until": (self.now + timedelta(days=days)).date(),
        }
        return library.record(GrantDraft(**(draft | terms))).grant_id


def names_of(result: SearchResult) -> list[str]:
    """The file names of the candidates, best first."""
    uris = [candidate.face.locations[0].uri for candidate in result.candidates]
    return [uri.rsplit("/", 1)[-1] for uri in uris]


def query(database: Path, statement: str, *values: object) -> list[Any]:
    """Rows of a database in the home, each of one column as that column."""
    with closing(sqlite3.connect(database)) as connection, connection:
        rows = connection.execute(statement, values).fetchall()
    return [row[0] if len(row) == 1 else row for row in rows]


def blobs_of(home: Path) -> list[Path]:
    return sorted(path for path in (home / "blobs").rglob("*") if path.is_file())


def counts_of(home: Path) -> dict[str, int]:
    """How much of everything a home holds, on the disk and in both databases."""
    catalog, keys = home / "catalog.db", home / "keys" / "keys.db"
    tables = ("photos", "locations", "indexed_photos", "faces", "collections")
    counts = {name: query(catalog, f"SELECT count(*) FROM {name}")[0] for name in tables}  # noqa: S608  (names above)
    counts["photo keys"] = query(keys, "SELECT count(DISTINCT photo_id) FROM photo_keys")[0]
    counts["face keys"] = query(keys, "SELECT count(*) FROM face_keys")[0]
    counts["blobs"] = len(blobs_of(home))
    return counts


EMPTY = dict.fromkeys(
    (
        *("photos", "locations", "indexed_photos", "faces", "collections"),
        *("photo keys", "face keys", "blobs"),
    ),
    0,
)


def check_sound(home: Path) -> None:
    """Both databases are whole, and every row of one has what belongs to it in the other."""
    catalog, keys = home / "catalog.db", home / "keys" / "keys.db"
    for database in (catalog, keys):
        assert query(database, "PRAGMA integrity_check") == ["ok"]
    assert query(catalog, "PRAGMA foreign_key_check") == []
    assert set(query(catalog, "SELECT blob_id FROM indexed_photos")) <= {
        path.name for path in blobs_of(home)
    }
    assert set(query(catalog, "SELECT uuid FROM faces")) <= set(
        query(keys, "SELECT face_id FROM face_keys")
    )
    doubled = "SELECT uri FROM locations WHERE state = 'present' GROUP BY uri HAVING count(*) > 1"
    assert query(catalog, doubled) == []


def check_complete(stage: Stage) -> None:
    """The home holds every photo of the folder once, every face findable, and nothing else."""
    home = stage.home
    check_sound(home)
    catalog, keys = home / "catalog.db", home / "keys" / "keys.db"
    files = {path for path in stage.photos.rglob("*") if path.is_file()}
    hashes = {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    present = query(catalog, "SELECT uri FROM locations WHERE state = 'present'")
    assert sorted(present) == sorted(path.resolve().as_uri() for path in files)
    assert sorted(query(catalog, "SELECT sha256 FROM photos")) == sorted(hashes)
    assert {path.name for path in blobs_of(home)} == set(
        query(catalog, "SELECT blob_id FROM indexed_photos")
    )
    assert set(query(keys, "SELECT face_id FROM face_keys")) == set(
        query(catalog, "SELECT uuid FROM faces")
    )
    assert set(query(keys, "SELECT photo_id FROM photo_keys")) == {
        str(UUID(sha256[:32])) for sha256 in hashes
    }
    with stage.open() as library:
        (health,) = library.examine().collections
    assert health.unreadable_faces == 0
    assert (health.photos, health.faces) == (len(hashes), 2 * len(hashes))


def last_day(now: datetime, *, days: int) -> date:
    return (now + timedelta(days=days)).date()
