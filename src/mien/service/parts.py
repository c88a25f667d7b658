"""What an open library is made of, for use cases that stand beside it: a server's, above all."""

from __future__ import annotations

from dataclasses import dataclass

from mien.service.deployment import Deployment
from mien.service.gallery import Galleries
from mien.service.policy_facts import Operator
from mien.service.retention import Terms
from mien.service.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The open handles as one who acts sees them, and the limits that hold for all.

    Whoever adds, searches or shows begins with `session.prepare_to_add` or `prepare_to_search`.
    """

    deployment: Deployment
    galleries: Galleries
    session: Session
    operator: Operator
    terms: Terms
    workers: int
    max_file_bytes: int
