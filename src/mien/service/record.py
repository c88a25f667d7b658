"""The record of one run: made with its first photo, so that a refused run leaves nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from mien.catalog import photos as photo_rows
from mien.catalog import runs as run_rows
from mien.catalog.collections import Collection
from mien.catalog.connect import Connection
from mien.catalog.grants import StoredGrant
from mien.catalog.indexed import is_indexed, may_reopen, reopen
from mien.permission.charter import Charter, make_charter
from mien.permission.quality import QualityFilter
from mien.permission.verdict import Reason
from mien.service import audit
from mien.service.audit import Action, Event, Note
from mien.service.collections import check_model, tell_made
from mien.service.deployment import Deployment
from mien.service.standing import find_collection, make_collection
from mien.sources.base import FoundFile


class Counts(Protocol):
    """What a run counted."""

    photos_new: int
    photos_known: int
    faces: int
    refused: Counter[Reason]

    @property
    def failed(self) -> Sequence[object]: ...


class RunRecord:
    """A run and its collection, each made when the first photo is to be kept."""

    def __init__(
        self,
        deployment: Deployment,
        stored: StoredGrant,
        *,
        collection: str,
        quality: QualityFilter,
    ) -> None:
        self._deployment = deployment
        self._stored = stored
        self._name = collection
        self._quality = quality
        self._run_id: int | None = None
        with deployment.database.reading() as connection:
            self._collection = find_collection(deployment, connection, name=collection)
            self._may_reopen = self._collection is not None and may_reopen(
                connection, self._collection.id, to=quality
            )

    @property
    def charter(self) -> Charter:
        """The collection's, or the one it would be made with."""
        return self._collection.charter if self._collection else make_charter(self._stored.grant)

    def is_known(self, item: FoundFile) -> bool:
        """Is this very file indexed already, as far as that shows without reading it?"""
        if self._collection is None:
            return False
        with self._deployment.database.reading() as connection:
            return photo_rows.is_known(
                connection,
                uri=item.uri,
                fingerprint=item.fingerprint,
                grant_id=self._stored.id,
                collection_id=self._collection.id,
            )

    def is_indexed(self, sha256: str) -> bool:
        """Are these bytes indexed already? Asked by several threads."""
        if self._collection is None:
            return False
        with self._deployment.database.reading() as connection:
            return is_indexed(connection, sha256, collection_id=self._collection.id)

    def reopen(self, item: FoundFile) -> bool:
        """Asks for another look at a known photo if a stricter filter left out faces of it."""
        if self._collection is None or not self._may_reopen:
            return False
        with self._deployment.database.writing() as connection:
            here = photo_rows.find_photos_at(connection, item.uri, grant_id=self._stored.id)
            return any(
                reopen(connection, photo_id, collection_id=self._collection.id, to=self._quality)
                for photo_id in here
            )

    def begin(self) -> Collection:
        """The collection, with the run recorded. Raises `ConflictError` for another model's."""
        if self._run_id is None or self._collection is None:
            model = self._deployment.model
            now = self._deployment.clock()
            with self._deployment.database.writing() as connection:
                self._collection = self._find_or_make(connection)
                check_model(self._collection, model)
                self._run_id = run_rows.start_run(
                    connection,
                    collection_id=self._collection.id,
                    grant_id=self._stored.id,
                    at=now,
                )
                self._tell(connection, Action.RUN_STARTED, quality_filter=self._quality)
        return self._collection

    def end(self, counts: Counts) -> None:
        """Marks the run as done, if anything was to be done."""
        if self._run_id is None:
            return
        counted = {
            "photos_new": counts.photos_new,
            "photos_known": counts.photos_known,
            "faces": counts.faces,
        }
        with self._deployment.database.writing() as connection:
            turned_away = {"failed": len(counts.failed), "refused": counts.refused.total()}
            reasons = {str(reason): number for reason, number in counts.refused.items()}
            run_rows.end_run(
                connection,
                self._run_id,
                counts={**counted, **turned_away, "reasons": reasons},
                at=self._deployment.clock(),
            )
            self._tell(connection, Action.RUN_ENDED, **counted)

    def _find_or_make(self, connection: Connection) -> Collection:
        deployment = self._deployment
        found = find_collection(deployment, connection, name=self._name)
        if found is not None:
            return found
        made = make_collection(deployment, connection, name=self._name, charter=self.charter)
        audit.append(deployment, connection, event=tell_made(deployment, made))
        return made

    def _tell(self, connection: Connection, action: Action, **facts: int | str) -> None:
        if self._collection is None:
            return
        reference = audit.refer_collection(self._deployment, self._collection.uuid)
        event = Event(
            action=action,
            grant_id=self._stored.grant.grant_id,
            facts={"collection": reference, **facts},
            note=Note({"collection": self._collection.name}),
        )
        audit.append(self._deployment, connection, event=event)
