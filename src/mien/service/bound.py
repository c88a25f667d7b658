"""What an access key may see of a collection: what came in under its grant, for its purpose."""

from __future__ import annotations

from mien.permission.access_key import AccessTerms
from mien.permission.verdict import Verdict
from mien.service.deployment import Deployment
from mien.service.leave import Filters, Leave, ask_leave


def ask_bound_leave(
    deployment: Deployment, terms: AccessTerms, *, collection: str
) -> Leave | Verdict:
    """As a search of the key's would have it; nothing where nothing came in yet.

    No other grant gives it leave: where its own has ended, it is refused. Raises
    `NotFoundError` for an unknown collection.
    """
    return ask_leave(
        deployment,
        purpose=terms.purpose,
        collection=collection,
        at=deployment.clock(),
        filters=filter_for(terms),
    )


def filter_for(terms: AccessTerms) -> Filters:
    """What keeps a search to what the key may see."""
    return Filters(grant_id=terms.grant_id, is_bound=True)
