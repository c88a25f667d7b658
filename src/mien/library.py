"""Mien from Python: one object for one deployment.

    from datetime import date
    from mien import Library

    with Library() as library:
        grant = library.grant("photos", grantor="A. Holder", purposes=["family-album"],
                              basis="household", until=date(2030, 1, 1))
        library.add("photos", grant=grant.grant_id)
        for candidate in library.search("me.jpg", purpose="family-album").candidates:
            print(candidate.rank, candidate.score, candidate.face.locations[0].uri)

A refusal is no exception: reports and results carry a verdict with reasons.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from mien.errors import MienError, PhotoError, SettingsError
from mien.permission.basis import Basis
from mien.permission.grant import Grant, GrantKind
from mien.service import collections, grants, retention
from mien.service.audit_checkpoint import leave_checkpoint
from mien.service.audit_log import AuditLog
from mien.service.audit_succession import settle_log
from mien.service.collections import DEFAULT_COLLECTION, CollectionSummary
from mien.service.deployment import Deployment, Home
from mien.service.doctor import Diagnosis, examine
from mien.service.erase import ErasureReport, Target, erase, preview_erasure
from mien.service.gallery import Galleries
from mien.service.grants import GrantDraft, Narrowing
from mien.service.ingest import AddReport, AddRequest, Progress, add_photos
from mien.service.ports import Clock, Models, Vision
from mien.service.replay import settle_erasures
from mien.service.retention import Deadline
from mien.service.search import Candidate, SearchRequest, SearchResult, search_photo
from mien.settings import Settings, load_settings
from mien.sources.address import show_path
from mien.types import EmbeddingModel
from mien.vault.vault import SealedPhoto

Word = TypeVar("Word", bound=StrEnum)


def _now() -> datetime:
    return datetime.now(UTC)


def _silent(_: AddReport) -> None:
    pass


class Library:
    """The grants, photos and faces of one home. Threads may share it."""

    def __init__(
        self,
        home: str | os.PathLike[str] | None = None,
        *,
        settings: Settings | None = None,
        models: Models | None = None,
        clock: Clock = _now,
    ) -> None:
        """Opens the home, made where there is none; without one, that of the environment.

        `models` and `clock` let a test stand in for the real ones.
        Raises `VaultError`, `CatalogError`, `SettingsError`.
        """
        chosen = None if home is None else Path(home)
        self.settings = settings or load_settings(os.environ, home=chosen)
        self._deployment = Deployment(
            Home(chosen or self.settings.home),
            root_key=self.settings.root_key,
            models=models or _DefaultPack(self.settings),
            clock=clock,
            actor=_find_user(),
        )
        self._galleries = Galleries(self._deployment)
        self._settle()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        leave_checkpoint(self._deployment)
        self._deployment.close()

    def grant(
        self,
        *scope: str | os.PathLike[str],
        grantor: str,
        purposes: Sequence[str],
        basis: Basis | str,
        until: date,
        kind: GrantKind | str = GrantKind.OWNER_ASSERTION,
    ) -> Grant:
        """Records that the grantor allows these folders for these purposes until that day.

        Raises `SettingsError` where it is incomplete. `record` takes grants with more terms.
        """
        return self.record(
            GrantDraft(
                kind=_parse_word(GrantKind, kind),
                grantor=grantor,
                scope=[os.fspath(part) for part in scope],
                purposes=purposes,
                basis=_parse_word(Basis, basis),
                until=until,
            )
        )

    def record(self, draft: GrantDraft) -> Grant:
        """Records a grant. Raises `SettingsError` where the draft is incomplete."""
        return grants.add_grant(self._deployment, draft)

    def grants(self) -> list[Grant]:
        """All grants, in the order they were recorded."""
        return grants.list_grants(self._deployment)

    def get_grant(self, grant_id: str) -> Grant:
        """Raises `NotFoundError`."""
        return grants.get_grant(self._deployment, grant_id)

    def revoke(self, grant_id: str) -> Grant:
        """Nothing enters and nothing is found under it from now on. Raises `NotFoundError`."""
        return grants.revoke_grant(self._deployment, grant_id)

    def narrow(self, grant_id: str, narrowing: Narrowing) -> Grant:
        """From now on the grant allows less. Raises `SettingsError` for more than it allowed."""
        return grants.narrow_grant(self._deployment, grant_id, narrowing=narrowing)

    def erase(self, target: Target) -> ErasureReport:
        """Erases a target, of `mien.service.erase`, from everything this home holds.

        Raises `NotFoundError` where there is nothing of that kind.
        """
        return erase(self._deployment, target, galleries=self._galleries)

    def preview_erasure(self, target: Target) -> Mapping[str, int]:
        """How much an erasure would take, by class. Raises as `erase`."""
        return preview_erasure(self._deployment, target)

    def enforce_retention(self) -> ErasureReport | None:
        """Erases what may not be kept any longer; nothing to tell where nothing is due.

        It is done before every `add`, `search` and `examine` too.
        """
        return retention.enforce_retention(self._deployment, self._galleries, grace=self._grace)

    def deadlines(self) -> list[Deadline]:
        """When the first of what each grant brought in is to be erased, the soonest first."""
        return retention.list_deadlines(self._deployment, grace=self._grace)

    def create_collection(self, name: str, *, basis: Basis | str) -> CollectionSummary:
        """Raises `ConflictError` where the name is taken, `SettingsError` for no basis."""
        return collections.create_collection(
            self._deployment, name, basis=_parse_word(Basis, basis)
        )

    def collections(self) -> list[CollectionSummary]:
        """All collections and how much they hold."""
        return collections.list_collections(self._deployment)

    def add(
        self,
        *paths: str | os.PathLike[str],
        grant: str | None,
        collection: str = DEFAULT_COLLECTION,
        progress: Progress = _silent,
    ) -> AddReport:
        """Adds the photos at and below these paths, as far as the grant covers them."""
        request = AddRequest(
            paths=[Path(path) for path in paths],
            grant_id=grant,
            collection=collection,
            workers=self.settings.workers,
            max_file_bytes=self.settings.max_file_bytes,
        )
        self.enforce_retention()
        return add_photos(self._deployment, request, progress=progress)

    def search(
        self,
        photo: str | os.PathLike[str] | bytes,
        *,
        purpose: str,
        collection: str = DEFAULT_COLLECTION,
        limit: int = 20,
        min_score: float = -1.0,
        face: int | None = None,
    ) -> SearchResult:
        """Every photo of the person shown, best first; of several faces the largest is searched.

        `face` chooses another, counted from 0 in the order of `result.probe.analysis.faces`.
        Raises `PhotoError` where the photo cannot be read, `NotFoundError` for an unknown
        collection.
        """
        request = SearchRequest(
            purpose=purpose,
            collection=collection,
            limit=limit,
            min_score=min_score,
            face=face,
            threads=os.cpu_count() or 1,
        )
        self.enforce_retention()
        try:
            return search_photo(
                self._deployment,
                request,
                galleries=self._galleries,
                read_probe=lambda: self._read(photo),
            )
        except PhotoError as error:
            name = "The probe" if isinstance(photo, bytes) else show_path(os.fsencode(photo))
            raise PhotoError(
                error.reason, f"{name} cannot be searched with: {error}. Choose another photo."
            ) from error

    def read_crop(self, candidate: Candidate) -> bytes | None:
        """A JPEG of the candidate's face; nothing where no grant allows showing it."""
        if not candidate.face.is_for_display:
            return None
        stored = candidate.face.stored
        place = SealedPhoto(stored.blob_id, stored.photo_uuid)
        return self._deployment.vault.read_crop(place, face_id=stored.uuid)

    def read_thumbnail(self, candidate: Candidate) -> bytes | None:
        """A small JPEG of the candidate's photo; nothing where no grant allows showing it.

        Nor where a face in it was erased: the thumbnail showed it too.
        """
        if not candidate.face.is_for_display:
            return None
        stored = candidate.face.stored
        return self._deployment.vault.find_thumbnail(SealedPhoto(stored.blob_id, stored.photo_uuid))

    def audit(self) -> AuditLog:
        """The log of what was done here, with all that can be asked of it."""
        return AuditLog(self._deployment)

    def examine(self) -> Diagnosis:
        """The state of the deployment: counts, index recall and latency."""
        self.enforce_retention()
        return examine(self._deployment, self._galleries)

    @property
    def _grace(self) -> timedelta:
        return timedelta(days=self.settings.grace_days)

    def _settle(self) -> None:
        """Before anything is served: erasures cut short, and what an old backup brought back."""
        try:
            settle_log(self._deployment)
            settle_erasures(self._deployment, self._galleries)
        except MienError:
            self.close()
            raise

    def _read(self, photo: str | os.PathLike[str] | bytes) -> bytes:
        if isinstance(photo, bytes):
            return photo
        try:
            with Path(photo).open("rb") as file:
                content = file.read(self.settings.max_file_bytes + 1)
        except OSError as error:
            raise PhotoError("unreadable", f"it cannot be read ({error.strerror})") from error
        if len(content) > self.settings.max_file_bytes:
            limit = self.settings.max_file_bytes
            raise PhotoError("too-many-bytes", f"it is larger than {limit:,} bytes")
        return content


class _DefaultPack:
    """The pack `open`, its weights in the cache; nothing is loaded before it is asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def model(self) -> EmbeddingModel:
        from mien.vision.cards import get_pack
        from mien.vision.pipeline import describe_model

        return describe_model(get_pack("open"))

    def open(self, *, threads: int) -> Vision:
        from mien.vision.decode import DecodeLimits
        from mien.vision.pipeline import open_pipeline
        from mien.vision.weights import WeightStore

        return open_pipeline(
            store=WeightStore(self._settings.cache / "models"),
            threads=threads,
            limits=DecodeLimits(
                size_bytes=self._settings.max_file_bytes, pixels=self._settings.max_pixels
            ),
        )


def _parse_word(words: type[Word], word: Word | str) -> Word:
    try:
        return words(word)
    except ValueError as error:
        known = ", ".join(words)
        raise SettingsError(f"{word!r} is none of {known}.") from error


def _find_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"
