"""Where the photos came from: grants and folders with what they brought in, and what was refused.

A list for whoever keeps a collection; no photo is shown in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mien.catalog import sources as rows
from mien.catalog.collections import Collection
from mien.catalog.connect import Connection
from mien.catalog.photos import LocationState
from mien.catalog.sources import StoredRun
from mien.permission.grant import Grant, may_apply
from mien.permission.verdict import Verdict
from mien.service.parts import Parts
from mien.service.standing import iter_collections, iter_grants_of
from mien.types import GrantId


@dataclass(frozen=True, slots=True)
class Folder:
    """A part of a grant's scope, and how many photos there are at it or below it, by state."""

    address: str
    photos: Mapping[LocationState, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A grant as a collection uses it: whether it is in force, its folders and its last run."""

    collection: str
    grant: Grant
    verdict: Verdict
    folders: tuple[Folder, ...]
    last_run: StoredRun | None


class SourceBook:
    """The sources of all collections; of these alone, where `bounds` are set."""

    def __init__(self, parts: Parts, *, bounds: frozenset[str] | None = None) -> None:
        self._deployment = parts.deployment
        self._bounds = bounds

    def list_sources(self) -> list[Source]:
        """Every grant under which photos were added, by collection, as they were recorded."""
        with self._deployment.database.reading() as connection:
            return [
                source
                for collection in iter_collections(self._deployment, connection)
                if self._bounds is None or collection.name in self._bounds
                for source in self._list_of(connection, collection)
            ]

    def _list_of(self, connection: Connection, collection: Collection) -> list[Source]:
        runs = {run.grant_id: run for run in rows.iter_latest_runs(connection, collection.id)}
        at = self._deployment.clock()
        stored = list(iter_grants_of(self._deployment, connection, collection_id=collection.id))
        return [
            Source(
                collection=collection.name,
                grant=one.grant,
                verdict=may_apply(one.grant, at=at),
                folders=_count_folders(connection, collection, grant=one.grant, row_id=one.id),
                last_run=runs.get(one.id),
            )
            for one in stored
        ]


def _count_folders(
    connection: Connection, collection: Collection, *, grant: Grant, row_id: GrantId
) -> tuple[Folder, ...]:
    return tuple(
        Folder(
            address,
            rows.count_photos_below(connection, collection.id, grant_id=row_id, address=address),
        )
        for address in grant.scope
    )
