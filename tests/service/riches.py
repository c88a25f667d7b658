"""A home in which everything lies that a server can bring about, of two people."""

from __future__ import annotations

from dataclasses import dataclass, field

from mien.library import Library
from mien.service.browsing import BookPhoto
from mien.service.export import ExportForm, ExportRequest, export_candidates
from mien.service.guest_words import version_of
from mien.service.guests import Guests
from mien.service.ingest import AddReport
from mien.service.judgements import JudgementDraft, JudgementKind, Judgements
from mien.service.link import Link, LinkDraft, Selfie
from mien.service.links import Links
from mien.service.long_run import Asked, RunKind
from mien.service.long_runs import Runs
from mien.service.photo_book import PhotoBook
from mien.service.seeking import SearchResult
from mien.testing import draw_photo
from service.finding import BYTES, face_in, search, search_face
from service.shelves import SHELF, hand_in, shelf_grant
from service.stage import PURPOSE, Stage, query

ANN, BEN = 11, 12
ALIKE = 0.7
"""Drawn photos of one person score more, and of two less."""
TABLES = ("photos", "locations", "indexed_photos", "faces", "originals", "judgements", "grants")


@dataclass
class Riches:
    """Ann: one photo in a folder, one handed in. Ben the same. Both were searched and judged."""

    stage: Stage
    library: Library
    folder_grant: str = ""
    shelf_grant: str = ""
    originals: dict[str, bytes] = field(default_factory=dict)

    def fill(self) -> Riches:
        for name, person in (("ann", ANN), ("ben", BEN)):
            self.stage.draw(f"{name}.png", person)
            self.originals[name] = draw_photo(person, seed=500 + person)
        self.folder_grant = self.stage.grant(self.library)
        self.library.add(self.stage.photos, grant=self.folder_grant)
        self.shelf_grant = shelf_grant(self.stage, self.library, grantor="Shelf Keeper")
        self.hand_in()
        return self

    def hand_in(self) -> AddReport:
        named = {f"{name} handed.png": content for name, content in self.originals.items()}
        return hand_in(self.library, self.shelf_grant, named)

    def search(self, person: int, *, seed: int = 900, **terms: object) -> SearchResult:
        photo = draw_photo(person, seed=seed)
        return search(self.library, photo, **({"min_score": ALIKE} | terms))

    def judge(self, person: int, kind: JudgementKind = JudgementKind.KEPT) -> SearchResult:
        """All candidates of somebody; once by a photo, once by a stored face."""
        result = self.search(person)
        for one in result.candidates:
            self.say(result, one.face.stored.uuid, kind)
        stored = result.candidates[0].face.stored.uuid
        by_face = search_face(self.library, stored, min_score=ALIKE)
        for one in by_face.candidates[:1]:
            self.say(by_face, one.face.stored.uuid, JudgementKind.CONFIRMED)
        return result

    def say(self, result: SearchResult, face_id: str, kind: JudgementKind) -> str:
        draft = JudgementDraft(search_id=result.search_id, face_id=face_id, kind=kind)
        return Judgements(self.library.parts).judge(draft).judgement_id

    def take_along(self, result: SearchResult, form: ExportForm = ExportForm.TABLE) -> bytes:
        request = ExportRequest(search_id=result.search_id, form=form)
        return export_candidates(self.library.parts, request).content

    def photo(self, name: str) -> BookPhoto:
        """As the book shows the photo of this file name."""
        result = self.search(ANN if name.startswith("ann") else BEN)
        face = face_in(result, name)
        photo_uuid = next(
            one.face.stored.photo_uuid for one in result.candidates if one.face.stored.uuid == face
        )
        return PhotoBook(self.library.parts).get_photo(photo_uuid)

    def count(self) -> dict[str, int]:
        catalog = self.stage.home / "catalog.db"
        return {
            table: query(catalog, f"SELECT count(*) FROM {table}")[0]  # noqa: S608  (names above)
            for table in TABLES
        }

    def open_link(self, **terms: object) -> Link:
        draft = {"name": "The day", "collection": "default", "purpose": PURPOSE} | terms
        made = Links(self.library.parts).make(LinkDraft(**draft))  # type: ignore[arg-type]
        assert isinstance(made, Link)
        return made

    @property
    def guests(self) -> Guests:
        return Guests(self.library.parts, max_bytes=BYTES)

    def come_as_guest(self, link: Link, person: int, *, seed: int = 950) -> str:
        selfie = Selfie(
            content=draw_photo(person, seed=seed), consent_version=version_of(enrols=False)
        )
        token = self.guests.ask(link, selfie)
        assert isinstance(token, str)
        return token


def ask_for_uploads(grant: str, **changes: str) -> Asked:
    """What somebody asks for who hands photos in to the shelf."""
    known = {"actor": "user:a", "collection": "default", "grant_id": grant, "shelf": SHELF}
    return Asked(kind=RunKind.ADD_UPLOADS, **(known | changes))  # type: ignore[arg-type]


def send(runs: Runs, asked: Asked, *photos: bytes, name: str = "sent.png") -> str:
    """Hands photos in; the id of the run that waits then."""
    with runs.receiving() as reception:
        for photo in photos:
            reception.begin_file(name)
            reception.write(photo)
            reception.end_file()
        return reception.conclude(asked).run_id
