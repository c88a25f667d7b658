"""Uploads: whether somebody may hand in photos, asked before a byte of them is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from mien.catalog.grants import StoredGrant
from mien.errors import SettingsError
from mien.permission.charter import make_charter, may_rely_on
from mien.permission.grant import may_add
from mien.permission.quality import QualityFilter
from mien.permission.verdict import Reason, Verdict, combine, refuse
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.deployment import Deployment
from mien.service.ingest import find_standing
from mien.service.long_run import Asked, LongRun
from mien.service.standing import find_collection
from mien.sources.address import find_shelf, is_shelf, upload_uri
from mien.vault.spool import FileWriter, SpooledFile, Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadDraft:
    """What somebody wants to hand photos in for. Without a shelf, the grant's only one."""

    grant_id: str
    collection: str
    shelf: str = ""
    quality: QualityFilter = QualityFilter.NONE


@dataclass(frozen=True, slots=True)
class UploadPlace:
    """Whether photos may come to lie there, and where that is."""

    verdict: Verdict
    shelf: str = ""


def judge_upload(deployment: Deployment, draft: UploadDraft) -> UploadPlace:
    """May photos be handed in under this grant? A no is entered into the audit log.

    Raises `SettingsError` where no shelf can be told.
    """
    place = _judge(deployment, draft)
    if not place.verdict.is_allowed:
        event = Event(
            action=Action.ADD,
            grant_id=draft.grant_id,
            reasons=place.verdict.reasons,
            note=Note({"collection": draft.collection}),
        )
        with deployment.database.writing() as connection:
            audit.append(deployment, connection, event=event)
    return place


def _judge(deployment: Deployment, draft: UploadDraft) -> UploadPlace:
    stored = find_standing(deployment, draft.grant_id)
    if isinstance(stored, Verdict):
        return UploadPlace(stored)
    shelf = draft.shelf or _find_only_shelf(stored)
    if shelf is None:
        return UploadPlace(refuse(Reason.OUT_OF_SCOPE))
    if not is_shelf(shelf):
        raise SettingsError(
            f"{shelf!r} is no name of a shelf: it has letters, digits, - and _, 64 at most."
        )
    with deployment.database.reading() as connection:
        known = find_collection(deployment, connection, name=draft.collection)
    charter = known.charter if known else make_charter(stored.grant)
    uri = upload_uri(shelf, "0" * 64, name="")
    suppressed = deployment.suppressed.load(deployment.model)
    verdicts = [
        may_rely_on(charter),
        may_add(stored.grant, uri=uri, basis=charter.basis, at=deployment.clock()),
        suppressed.may_take(uri),
    ]
    return UploadPlace(combine(verdicts), shelf)


def _find_only_shelf(stored: StoredGrant) -> str | None:
    """Nothing where the grant has none."""
    shelves = [shelf for part in stored.grant.scope if (shelf := find_shelf(part))]
    if len(shelves) > 1:
        raise SettingsError(
            f"The grant covers several shelves ({', '.join(shelves)}): say which one is meant."
        )
    return shelves[0] if shelves else None


class Reception:
    """One upload on its way in, sealed as it comes; nothing of it stays unless it is concluded."""

    def __init__(self, deployment: Deployment, *, submit: Callable[[Asked], LongRun]) -> None:
        self._spool = deployment.spool
        self._submit = submit
        self.upload_id = str(uuid4())
        self._upload: Upload | None = None
        self._file: FileWriter | None = None
        self._is_submitted = False

    @property
    def files(self) -> Sequence[SpooledFile]:
        """Those that came whole."""
        return self._upload.files if self._upload else ()

    def begin_file(self, name: str) -> None:
        """Raises `VaultError` where there is no room."""
        self._upload = self._upload or self._spool.begin(self.upload_id)
        self._file = self._upload.add(name)

    def write(self, content: bytes) -> None:
        if self._file is not None:
            self._file.write(content)

    def end_file(self) -> None:
        if self._file is not None:
            self._file.end()
            self._file = None

    def conclude(self, asked: Asked) -> LongRun:
        """All of it came: it is on the disk, and waits for its run. Raises as `Runs.submit`."""
        if self._upload is None:
            raise SettingsError("No photo was handed in.")
        self._upload.complete()
        run = self._submit(replace(asked, upload_id=self.upload_id))
        self._is_submitted = True
        return run

    def close(self) -> None:
        """Destroys what came, unless a run was made for it."""
        if self._file is not None:
            self._file.abandon()
        if self._upload is not None and not self._is_submitted:
            self._spool.drop(self.upload_id)
