"""A search or comparison begins: leave is asked first, and a refusal is in the log."""

from __future__ import annotations

from mien.permission.verdict import Verdict
from mien.service.audit import Action
from mien.service.collections import check_model
from mien.service.deployment import Deployment
from mien.service.leave import NO_FILTERS, Filters, Leave, ask_leave
from mien.service.searched import Asked, SearchSession


def begin_session(
    deployment: Deployment,
    asked: Asked,
    *,
    action: Action = Action.SEARCH,
    filters: Filters = NO_FILTERS,
) -> tuple[SearchSession, Leave] | Verdict:
    """What is under way and how far it may go, or why it may not, which is in the log then.

    Raises `NotFoundError` for an unknown collection, `ConflictError` for one of another model.
    """
    session = SearchSession(deployment, asked, action=action)
    leave = ask_leave(
        deployment,
        purpose=asked.purpose,
        collection=asked.collection,
        at=session.began,
        filters=filters,
    )
    if isinstance(leave, Verdict):
        session.end(leave)
        return leave
    session.collection = leave.collection
    check_model(leave.collection, deployment.model)
    return session, leave
