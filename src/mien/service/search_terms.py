"""What somebody may ask of each collection: for which purposes, and among which sources."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mien.catalog.collections import Collection
from mien.catalog.connect import Connection
from mien.catalog.faces import count_faces
from mien.permission.basis import Basis
from mien.permission.charter import may_serve
from mien.permission.grant import Grant, may_search
from mien.service.deployment import Deployment
from mien.service.standing import iter_collections, iter_grants_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTerms:
    """A collection, the purposes that it may be searched for now, and the grants that allow it."""

    collection: str
    basis: Basis
    faces: int
    confirmations: int
    purposes: tuple[str, ...]
    sources: tuple[Grant, ...]


def list_search_terms(deployment: Deployment) -> list[SearchTerms]:
    """Of every collection, whether or not there is a purpose for it now."""
    with deployment.database.reading() as connection:
        return [
            _describe(deployment, connection, collection=one)
            for one in iter_collections(deployment, connection)
        ]


def _describe(
    deployment: Deployment, connection: Connection, *, collection: Collection
) -> SearchTerms:
    stored = iter_grants_of(deployment, connection, collection_id=collection.id)
    allowed = {
        one.grant.grant_id: (one.grant, purposes)
        for one in stored
        if (purposes := set(_iter_purposes(deployment, collection, grant=one.grant)))
    }
    return SearchTerms(
        collection=collection.name,
        basis=collection.basis,
        faces=count_faces(connection, collection.id),
        confirmations=collection.charter.confirmations,
        purposes=tuple(sorted(set().union(*(purposes for _, purposes in allowed.values())))),
        sources=tuple(grant for grant, _ in allowed.values()),
    )


def _iter_purposes(
    deployment: Deployment, collection: Collection, *, grant: Grant
) -> Iterable[str]:
    """Those that the grant and the collection both allow now."""
    at = deployment.clock()
    for purpose in grant.purposes:
        is_served = may_serve(collection.charter, purpose=purpose).is_allowed
        verdict = may_search(grant, purpose=purpose, basis=collection.basis, at=at)
        if is_served and verdict.is_allowed:
            yield purpose
