"""Add photos: walk, ask for permission, read, find faces, seal, record.

Whatever one file holds never stops a run. A run may be interrupted anywhere and repeated:
what is recorded is known again, nothing is lost or doubled.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from mien.catalog.grants import StoredGrant
from mien.permission.charter import may_rely_on
from mien.permission.grant import may_add, may_apply
from mien.permission.quality import QualityFilter
from mien.permission.verdict import ALLOWED, Reason, Verdict, combine, refuse
from mien.service import audit
from mien.service.ahead import iter_ahead
from mien.service.audit import Action, Event, Note
from mien.service.clearing import clear_up, mark_vanished
from mien.service.commit import BatchCounts, Entrance, commit_batch
from mien.service.deployment import Deployment, adding
from mien.service.intake import FailedFile, IgnoredFile, Intake, ReadPhoto, RefusedFile, take_in
from mien.service.record import RunRecord
from mien.service.standing import find_grant, get_grant
from mien.sources.base import FoundFile, Source, UnreadablePath
from mien.sources.folder import FolderSource
from mien.types import Box

_BATCH_PHOTOS = 32
_BATCH_S = 1.0
_AHEAD_A_WORKER = 2


@dataclass(slots=True)
class AddReport:
    """What became of everything met. `verdict` is about the run as a whole.

    `dropped` faces were found in photos that entered, and not kept. Of the known photos,
    those `reopened` are to be read again: an earlier run left out faces that this one keeps.
    """

    verdict: Verdict = ALLOWED
    photos_new: int = 0
    photos_known: int = 0
    reopened: int = 0
    faces: int = 0
    dropped: Counter[Reason] = field(default_factory=Counter)
    ignored: int = 0
    refused: Counter[Reason] = field(default_factory=Counter)
    failed: list[FailedFile] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def met(self) -> int:
        """Everything met that was or claimed to be a photo."""
        taken = self.photos_new + self.photos_known
        return taken + self.refused.total() + len(self.failed)

    def count(self, counts: BatchCounts) -> None:
        self.photos_new += counts.new
        self.photos_known += counts.known
        self.reopened += counts.reopened
        self.faces += counts.faces
        self.dropped.update(counts.dropped)
        self.refused.update(counts.refused)


Progress = Callable[[AddReport], None]
"""Called with the report so far, often; it must not keep it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddRequest:
    """What to add, under which grant, into which collection, and how good a face must be.

    Files and folders by their `paths`; else `source`, which may be iterated once. With
    `is_wanted`, only faces that are where one is wanted.
    """

    paths: Sequence[Path] = ()
    source: Source | None = None
    grant_id: str | None
    collection: str
    workers: int
    max_file_bytes: int
    quality: QualityFilter = QualityFilter.NONE
    is_wanted: Callable[[ReadPhoto, Box], bool] | None = None

    def iter_items(self) -> Iterator[FoundFile | UnreadablePath]:
        return (self.source or FolderSource(self.paths)).iter_items()

    def count_files(self) -> int:
        """How many files a run would meet."""
        return sum(isinstance(item, FoundFile) for item in self.iter_items())


class StoppedError(Exception):
    """Raised by whoever is told of the progress: the run ends here, and may go on later."""


def add_photos(
    deployment: Deployment, request: AddRequest, *, progress: Progress = lambda _: None
) -> AddReport:
    """Adds what the grant covers; an interrupt is raised after what was done is recorded.

    So is a `StoppedError` of the one who is told of the progress. Raises `VaultError` or
    `CatalogError` where nothing more can be written.
    """
    report = AddReport()
    began = time.monotonic()
    stored = find_standing(deployment, request.grant_id)
    if isinstance(stored, Verdict):
        _refuse_all(request, report, verdict=stored)
        _tell_refused(deployment, request, report=report)
    else:
        with adding(deployment.home, clear_up=lambda: clear_up(deployment)):
            _Run(deployment, request, stored=stored, report=report).work(progress)
    report.seconds = time.monotonic() - began
    return report


def count_files(paths: Sequence[Path]) -> int:
    """How many files a run over these paths will meet."""
    return sum(isinstance(item, FoundFile) for item in FolderSource(paths).iter_items())


def find_standing(deployment: Deployment, grant_id: str | None) -> StoredGrant | Verdict:
    """The grant, if it is in force; else why nothing is added under it."""
    if not grant_id:
        return refuse(Reason.NO_GRANT)
    with deployment.database.reading() as connection:
        stored = find_grant(deployment, connection, grant_id=grant_id)
    if stored is None:
        return refuse(Reason.UNKNOWN_GRANT)
    verdict = may_apply(stored.grant, at=deployment.clock())
    return stored if verdict.is_allowed else verdict


def _refuse_all(request: AddRequest, report: AddReport, *, verdict: Verdict) -> None:
    """Counts what is refused, without reading any of it."""
    report.verdict = verdict
    report.refused[verdict.reasons[0]] = request.count_files()


def _tell_refused(deployment: Deployment, request: AddRequest, *, report: AddReport) -> None:
    event = Event(
        action=Action.ADD,
        grant_id=request.grant_id or "",
        reasons=report.verdict.reasons,
        facts={"refused": {str(reason): n for reason, n in report.refused.items()}},
        note=Note({"collection": request.collection}),
    )
    with deployment.database.writing() as connection:
        audit.append(deployment, connection, event=event)


class _Run:
    """One run over the paths of a request."""

    def __init__(
        self, deployment: Deployment, request: AddRequest, *, stored: StoredGrant, report: AddReport
    ) -> None:
        self._deployment = deployment
        self._request = request
        self._stored = stored
        self._report = report
        self._suppressed = deployment.suppressed.load(deployment.model)
        self._record = RunRecord(
            deployment, stored, collection=request.collection, quality=request.quality
        )
        self._batch: list[ReadPhoto] = []
        self._batch_began = time.monotonic()

    def work(self, progress: Progress) -> None:
        with ThreadPoolExecutor(self._request.workers, "intake") as pool:
            ahead = self._request.workers * _AHEAD_A_WORKER
            files = self._iter_files(progress)
            intakes = iter_ahead(self._take_in, files, pool=pool, ahead=ahead)
            try:
                for intake in intakes:
                    self._receive(intake)
                    progress(self._report)
            except (KeyboardInterrupt, StoppedError):
                self._commit()
                raise
            finally:
                intakes.close()
        self._commit()
        mark_vanished(self._deployment, self._request.paths, grant_id=self._stored.id)
        if may_apply(self._stored.grant, at=self._deployment.clock()).is_allowed:
            self._record.end(self._report)  # else the next run clears up what was sealed in vain
        progress(self._report)

    def _iter_files(self, progress: Progress) -> Iterator[FoundFile]:
        """The files to be read; all others are counted on the way."""
        for item in self._request.iter_items():
            if isinstance(item, UnreadablePath):
                self._report.failed.append(FailedFile(item.shown, item.reason))
            elif not (verdict := self._may_add(item)).is_allowed:
                self._report.refused[verdict.reasons[0]] += 1
            elif self._record.is_known(item):
                self._report.photos_known += 1
                self._report.reopened += self._record.reopen(item)
            else:
                yield item
                continue
            progress(self._report)

    def _may_add(self, item: FoundFile) -> Verdict:
        charter = self._record.charter
        now = self._deployment.clock()
        may_enter = may_add(self._stored.grant, uri=item.uri, basis=charter.basis, at=now)
        wanted = self._suppressed.may_take(item.uri)
        return combine([may_rely_on(charter), may_enter, wanted])

    def _renew_leave(self) -> None:
        """Somebody may have revoked it or opted out meanwhile: then the rest is not even read."""
        self._suppressed = self._deployment.suppressed.load(self._deployment.model)
        with self._deployment.database.reading() as connection:
            self._stored = get_grant(
                self._deployment, connection, grant_id=self._stored.grant.grant_id
            )

    def _take_in(self, item: FoundFile) -> Intake:
        return take_in(
            item,
            vision=lambda: self._deployment.vision(threads=1),
            may_read=self._suppressed.may_read,
            is_indexed=self._record.is_indexed,
            max_bytes=self._request.max_file_bytes,
        )

    def _receive(self, intake: Intake) -> None:
        if isinstance(intake, FailedFile):
            self._report.failed.append(intake)
        elif isinstance(intake, IgnoredFile):
            self._report.ignored += 1
        elif isinstance(intake, RefusedFile):
            self._report.refused[intake.reason] += 1
        else:
            self._batch.append(intake)
        is_late = time.monotonic() - self._batch_began > _BATCH_S
        if len(self._batch) >= _BATCH_PHOTOS or is_late:
            self._commit()

    def _commit(self) -> None:
        batch, self._batch = self._batch, []
        if batch:
            collection = self._record.begin()
            self._report.count(
                commit_batch(
                    self._deployment,
                    batch,
                    entrance=Entrance(
                        collection=collection,
                        grant_id=self._stored.grant.grant_id,
                        quality=self._request.quality,
                        is_wanted=self._request.is_wanted,
                    ),
                )
            )
            self._renew_leave()
        self._batch_began = time.monotonic()
