"""Links as a host may reach them: those to their own collections, for their own purposes."""

from __future__ import annotations

from mien.errors import NotFoundError
from mien.http.asking import Asking
from mien.permission.caller import may_operate
from mien.service.link import Link
from mien.service.links import Links


def links_of(asking: Asking) -> Links:
    """The links, as the caller acts on them."""
    return Links(asking.library.parts)


def list_reached(asking: Asking) -> list[Link]:
    """Those that the caller may reach, the newest first."""
    return [one for one in links_of(asking).list_all() if _may_reach(asking, one)]


def get_reached(asking: Asking, link_id: str) -> Link:
    """Raises `NotFoundError` for one that the caller may not reach, as if it were not there."""
    found = links_of(asking).get(link_id)
    if not _may_reach(asking, found):
        raise NotFoundError(f"There is no link {link_id}.")
    return found


def describe_address(asking: Asking, link: Link) -> str:
    """Where guests go."""
    return f"{asking.site.origin}/find/{links_of(asking).token(link)}"


def _may_reach(asking: Asking, link: Link) -> bool:
    verdict = may_operate(
        asking.caller, asking.operation, collection=link.collection, purpose=link.purpose
    )
    return verdict.is_allowed
