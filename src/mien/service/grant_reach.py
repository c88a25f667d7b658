"""Which grants callers may know of who are bound to some collections, or to some purposes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from mien.catalog.collections import iter_collections
from mien.catalog.grants import iter_grants_of
from mien.errors import NotFoundError
from mien.permission.caller import Caller, may_operate_everywhere, may_reach
from mien.permission.grant import Grant
from mien.service.deployment import Deployment
from mien.service.standing import get_grant

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


def may_see_grant(caller: Caller, grant: Grant, *, reach: Reach) -> bool:
    """May the caller know of the grant? It is for a purpose of theirs, and in a collection.

    One that brought nothing in yet is in none, and hidden from nobody for that.
    """
    names = reach.get(grant.grant_id, frozenset())
    is_within = not names or any(may_reach(caller, name) for name in names)
    return is_within and (caller.purposes is None or bool(caller.purposes & grant.purposes))


def may_change_grant(caller: Caller, grant: Grant, *, reach: Reach) -> bool:
    """May the caller end it or cut it down?

    Not where that takes photos from other collections, or from searches for other purposes.
    """
    is_within = all(may_reach(caller, name) for name in reach.get(grant.grant_id, ()))
    return is_within and (caller.purposes is None or grant.purposes <= caller.purposes)


def check_known(deployment: Deployment, caller: Caller, *, grant_id: str) -> None:
    """Raises `NotFoundError` for a grant that whoever is bound may not know of, or that is none."""
    if may_operate_everywhere(caller).is_allowed:
        return
    reach = find_reach(deployment)
    with deployment.database.reading() as connection:
        grant = get_grant(deployment, connection, grant_id=grant_id).grant
    if not may_see_grant(caller, grant, reach=reach):
        raise NotFoundError(f"There is no grant {grant_id}.")
