"""Which collections grants brought photos into, for callers who are bound to some of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from mien.catalog.collections import iter_collections
from mien.catalog.grants import iter_grants_of
from mien.permission.caller import Caller, may_reach
from mien.service.deployment import Deployment

Reach = Mapping[str, frozenset[str]]
"""The names of the collections, by the id of the grant; none that brought in nothing yet."""


def find_reach(deployment: Deployment) -> Reach:
    """Of every grant under which anything was ever added."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    with deployment.database.reading() as connection:
        for collection in list(iter_collections(connection)):
            for stored in iter_grants_of(connection, collection.id):
                found[stored.grant.grant_id].add(collection.name)
    return {grant_id: frozenset(names) for grant_id, names in found.items()}


def may_see_grant(caller: Caller, grant_id: str, *, reach: Reach) -> bool:
    """May the caller know of the grant? Of one that brought nothing in yet, everybody may."""
    names = reach.get(grant_id, frozenset())
    return not names or any(may_reach(caller, name) for name in names)


def may_change_grant(caller: Caller, grant_id: str, *, reach: Reach) -> bool:
    """May the caller end it or cut it down? Not where that takes photos from other collections."""
    return all(may_reach(caller, name) for name in reach.get(grant_id, ()))
