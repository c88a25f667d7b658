"""Tags: words that somebody puts on a collection, for their own programs to find.

What they say may be personal. It is sealed under a key of the collection's own, which goes with
the collection; the log knows how many there were.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from contextlib import suppress

from mien.catalog import collections as collection_rows
from mien.catalog import tags as rows
from mien.catalog.audit import format_json
from mien.catalog.collections import Collection as Gallery
from mien.catalog.connect import Connection
from mien.catalog.tags import StoredTag, name_tags
from mien.errors import ConflictError, KeyDestroyedError, NotFoundError, TamperedError
from mien.service import audit
from mien.service.audit import Action, Event
from mien.service.deployment import Deployment

MOST_TAGS = 200
_CONTEXT = "tag"


class Tags:
    """The tags of one collection."""

    def __init__(self, deployment: Deployment, collection: Gallery) -> None:
        self._deployment = deployment
        self._collection = collection
        self._subject = name_tags(collection.uuid)

    def read(self) -> Mapping[str, str]:
        """In the order they were put there; what does not open any more is left out."""
        with self._deployment.database.reading() as connection:
            return self._read(connection)

    def put(self, new: Mapping[str, str]) -> None:
        """Each takes the place of one that is called the same.

        Raises `ConflictError` where there would be too many, `NotFoundError` where the collection
        is gone.
        """
        with self._deployment.database.writing() as connection:
            self.write(connection, new)

    def write(self, connection: Connection, new: Mapping[str, str]) -> None:
        """The same within a transaction."""
        if not new:
            return
        if not collection_rows.is_there(connection, self._collection.id):
            raise NotFoundError(f"The collection {self._collection.name} was deleted meanwhile.")
        if len({*self._read(connection), *new}) > MOST_TAGS:
            raise ConflictError(f"A collection has {MOST_TAGS} tags at most.")
        sealed = [StoredTag(self._refer(key), self._seal(key, value)) for key, value in new.items()]
        rows.put_tags(connection, self._collection.id, new=sealed)
        self._enter(connection, tags=len(sealed))

    def remove(self, keys: Collection[str]) -> None:
        """Those that are not there count as removed."""
        if not keys:
            return
        with self._deployment.database.writing() as connection:
            references = [self._refer(key) for key in sorted(set(keys))]
            rows.delete_tags(connection, self._collection.id, references=references)
            self._enter(connection, removed=len(references))

    def _read(self, connection: Connection) -> dict[str, str]:
        opened = {}
        for stored in rows.find_tags(connection, self._collection.id):
            with suppress(KeyDestroyedError, TamperedError):
                content = self._deployment.vault.subjects.unseal(
                    stored.sealed, subject=self._subject, context=f"{_CONTEXT}:{stored.reference}"
                )
                key, value = json.loads(content)
                opened[str(key)] = str(value)
        return opened

    def _seal(self, key: str, value: str) -> bytes:
        return self._deployment.vault.subjects.seal(
            format_json([key, value]),
            subject=self._subject,
            context=f"{_CONTEXT}:{self._refer(key)}",
        )

    def _refer(self, key: str) -> str:
        return self._deployment.vault.notary.refer(self._subject, key)

    def _enter(self, connection: Connection, **facts: int) -> None:
        reference = audit.refer_collection(self._deployment, self._collection.uuid)
        event = Event(action=Action.COLLECTION_TAGGED, facts={"collection": reference, **facts})
        audit.append(self._deployment, connection, event=event)
