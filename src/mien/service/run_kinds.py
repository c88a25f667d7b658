"""Does what a long run is for, telling as it goes: the same use cases as anybody else's."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mien.errors import SettingsError
from mien.service.audit_check import verify_log
from mien.service.drafts import check_texts
from mien.service.ingest import AddReport, AddRequest, StoppedError, add_photos
from mien.service.long_run import (
    TOLD_FAILURES,
    Asked,
    Outcome,
    RunKind,
    Tally,
    tally_added,
    tally_rescanned,
)
from mien.service.parts import Parts
from mien.service.rescan import RescanReport, RescanRequest, rescan
from mien.sources.base import FoundFile, UnreadablePath
from mien.sources.folder import FolderSource
from mien.sources.uploads import UploadedFile, UploadSource

Tell = Callable[[Tally], None]
"""Called often with what was counted so far; raises `StoppedError` where the run is to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """A run that is being done: as whom, within which folders, and who is told.

    What was counted after it was stopped is only noted.
    """

    parts: Parts
    asked: Asked
    served: Sequence[Path]
    tell: Tell
    note: Callable[[Tally], None]


def do_run(doing: Doing) -> Outcome:
    """Does it. Raises `StoppedError` of the one who is told, and `MienError`."""
    return _BY_KIND[doing.asked.kind](doing)


def check_served(paths: Sequence[str], served: Sequence[Path]) -> tuple[str, ...]:
    """The folders, where they really lie. Raises `SettingsError` for one that is not served."""
    check_texts(*paths)
    real = tuple(map(_resolve, paths))
    for path, shown in zip(real, paths, strict=True):
        if not path or not is_served(os.fsencode(path), served):
            raise SettingsError(
                f"The folder {shown} is none of those that may be added through the server. "
                "Its operator names them in MIEN_SERVED_FOLDERS."
            )
    if not real:
        raise SettingsError("Name at least one folder.")
    return real


def _resolve(path: str) -> str:
    """Where it really lies; nothing for what is no path."""
    try:
        return os.path.realpath(Path(path).expanduser())
    except (ValueError, RuntimeError, OSError):
        return ""


def is_served(path: bytes, served: Sequence[Path]) -> bool:
    """Does a real path lie at or below a folder that the operator allowed?"""
    folders = [os.fsencode(os.path.realpath(folder)).rstrip(b"/") for folder in served]
    return any(path == folder or path.startswith(folder + b"/") for folder in folders)


class _ServedSource:
    """Folders, without what links in them lead to elsewhere."""

    def __init__(self, doing: Doing) -> None:
        self._served = doing.served
        self._source = FolderSource(check_served(doing.asked.paths, doing.served))

    def iter_items(self) -> Iterator[FoundFile | UnreadablePath]:
        for item in self._source.iter_items():
            if isinstance(item, FoundFile) and not is_served(item.path, self._served):
                yield UnreadablePath(item.shown, "not-served")
            else:
                yield item


def _add_folder(doing: Doing) -> Outcome:
    total = 0
    for total, _ in enumerate(_ServedSource(doing).iter_items(), start=1):  # noqa: B007
        doing.tell(Tally())
    paths = [Path(path) for path in doing.asked.paths]
    return _add(
        doing, replace(_request(doing), paths=paths, source=_ServedSource(doing)), total=total
    )


def _add_uploads(doing: Doing) -> Outcome:
    upload = doing.parts.deployment.spool.open(doing.asked.upload_id)
    files = [
        UploadedFile(one.name, one.sha256, partial(upload.open_file, one))
        for one in upload.read_files()
    ]
    source = UploadSource(doing.asked.shelf, files)
    return _add(doing, replace(_request(doing), source=source), total=len(files))


def _request(doing: Doing) -> AddRequest:
    return AddRequest(
        grant_id=doing.asked.grant_id,
        collection=doing.asked.collection,
        workers=doing.parts.workers,
        max_file_bytes=doing.parts.max_file_bytes,
        quality=doing.asked.quality,
    )


def _add(doing: Doing, request: AddRequest, *, total: int) -> Outcome:
    session, report = doing.parts.session, AddReport()

    def tell(so_far: AddReport) -> None:
        nonlocal report
        report = so_far
        session.keep_signed()
        doing.tell(tally_added(report, total=total))

    try:
        report = add_photos(session.prepare_to_add(request.collection), request, progress=tell)
    except StoppedError:
        doing.note(tally_added(report, total=total))  # the last batch came in after it was told
        raise
    tally = tally_added(report, total=total)
    doing.note(tally)
    _look_again(doing, tell=lambda _: doing.tell(tally))
    return Outcome(
        failed=tuple(report.failed[:TOLD_FAILURES]),
        reasons=tuple(map(str, report.verdict.reasons)),
        message=" ".join(reason.explanation for reason in report.verdict.reasons),
    )


def _rescan(doing: Doing) -> Outcome:
    report = RescanReport()

    def tell(so_far: RescanReport) -> None:
        nonlocal report
        report = so_far
        doing.tell(tally_rescanned(report))

    try:
        report = _look_again(doing, tell=tell)
    finally:
        doing.note(tally_rescanned(report))
    return Outcome(failed=tuple(report.failed[:TOLD_FAILURES]))


def _look_again(doing: Doing, *, tell: Callable[[RescanReport], None]) -> RescanReport:
    request = RescanRequest(workers=doing.parts.workers, max_file_bytes=doing.parts.max_file_bytes)
    doing.parts.session.prepare_to_add()
    return rescan(doing.parts.deployment, request, progress=tell)


def _verify_log(doing: Doing) -> Outcome:
    report = verify_log(doing.parts.deployment)
    findings = report.findings
    doing.note(Tally(total=report.entries, photos_met=report.entries, findings=len(findings)))
    told = " ".join(finding.explanation for finding in findings[:TOLD_FAILURES])
    return Outcome(reasons=tuple({str(one.fault): 1 for one in findings}), message=told)


_BY_KIND: Mapping[RunKind, Callable[[Doing], Outcome]] = {
    RunKind.ADD_FOLDER: _add_folder,
    RunKind.ADD_UPLOADS: _add_uploads,
    RunKind.RESCAN: _rescan,
    RunKind.VERIFY_LOG: _verify_log,
}
