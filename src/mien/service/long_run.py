"""A long run: what was asked for, how far it has come, and what is told of it in the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from mien.catalog.long_runs import LongRunState
from mien.permission.quality import QualityFilter
from mien.service.ingest import AddReport
from mien.service.intake import FailedFile
from mien.service.rescan import RescanReport

TOLD_FAILURES = 200
"""So many files that failed are named in the end; the others are counted."""


class RunKind(StrEnum):
    """What a long run does."""

    ADD_FOLDER = "add-folder"
    """Adds photos from folders of the server."""

    ADD_UPLOADS = "add-uploads"
    """Adds photos that were handed in."""

    RESCAN = "rescan"
    """Looks again at photos, for whoever was enrolled since."""

    VERIFY_LOG = "verify-log"
    """Checks the audit log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asked for; it is kept sealed, so that nobody else can write it."""

    kind: RunKind
    actor: str
    collection: str = ""
    grant_id: str = ""
    quality: QualityFilter = QualityFilter.NONE
    paths: tuple[str, ...] = ()
    upload_id: str = ""
    shelf: str = ""

    def as_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()


def parse_asked(content: bytes) -> Asked:
    """What `as_json` wrote."""
    known = json.loads(content)
    return Asked(
        **{
            **known,
            "kind": RunKind(known["kind"]),
            "quality": QualityFilter(known["quality"]),
            "paths": tuple(known["paths"]),
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was counted so far; `total` is lacking as long as nobody knows it.

    Of an audit log, `photos_met` are its entries and `findings` what is wrong with it.
    """

    total: int | None = None
    photos_met: int = 0
    photos_new: int = 0
    photos_known: int = 0
    reopened: int = 0
    faces: int = 0
    ignored: int = 0
    failed: int = 0
    findings: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)

    def as_counts(self) -> Mapping[str, Any]:
        return asdict(self)

    def after(self, earlier: Tally) -> Tally:
        """With what an earlier attempt at the same run did: its new photos are known now."""
        return replace(
            self,
            photos_new=earlier.photos_new + self.photos_new,
            photos_known=max(0, self.photos_known - earlier.photos_new),
            faces=earlier.faces + self.faces,
            reopened=earlier.reopened + self.reopened,
            dropped=_add(earlier.dropped, self.dropped),
        )


def tally_added(report: AddReport, *, total: int | None) -> Tally:
    """Of photos that are being added."""
    return Tally(
        total=total,
        photos_met=report.met + report.ignored,
        photos_new=report.photos_new,
        photos_known=report.photos_known,
        reopened=report.reopened,
        faces=report.faces,
        ignored=report.ignored,
        failed=len(report.failed),
        dropped={str(reason): number for reason, number in report.dropped.items()},
        refused={str(reason): number for reason, number in report.refused.items()},
    )


def tally_rescanned(report: RescanReport) -> Tally:
    """Of photos that are looked at again."""
    return Tally(
        total=report.waiting,
        photos_met=report.photos + len(report.failed),
        photos_known=report.photos,
        faces=report.faces,
        failed=len(report.failed),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is told in the end: files that failed, and why nothing, or no more, was done."""

    failed: tuple[FailedFile, ...] = ()
    reasons: tuple[str, ...] = ()
    message: str = ""

    def as_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()


def parse_outcome(content: bytes) -> Outcome:
    """What `as_json` wrote."""
    known = json.loads(content)
    failed = tuple(FailedFile(**one) for one in known["failed"])
    return Outcome(failed=failed, reasons=tuple(known["reasons"]), message=known["message"])


@dataclass(frozen=True, slots=True, kw_only=True)
class LongRun:
    """A run as it stands. `a_second` is how many photos were met a second, this time around."""

    run_id: str
    number: int
    state: LongRunState
    asked: Asked
    asked_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    cut_short: int = 0
    tally: Tally = field(default_factory=Tally)
    a_second: float = 0.0
    outcome: Outcome = field(default_factory=Outcome)

    @property
    def left_s(self) -> float | None:
        """Seconds until it ends, if it goes on as it does; nothing where that is not known."""
        if self.tally.total is None or self.a_second <= 0 or self.state.is_ended:
            return None
        return max(0, self.tally.total - self.tally.photos_met) / self.a_second


def _add(some: Mapping[str, int], more: Mapping[str, int]) -> Mapping[str, int]:
    return {key: some.get(key, 0) + more.get(key, 0) for key in {**some, **more}}
