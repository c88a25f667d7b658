"""What a library does around each call, so that nobody who uses it has to think of it.

When it opens, it puts right what a sudden end or an old backup left. Before anything is added
or searched, what is overdue goes, and every opt-out is known. A search does not wait for files
and databases to be rewritten: it takes the rows away, and the next call that is no search, or
the end of the session, does the rest. While it is open, the log is signed now and then.
"""

from __future__ import annotations

from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta

from mien.errors import MienError
from mien.service import retention
from mien.service.audit_checkpoint import leave_checkpoint
from mien.service.audit_succession import settle_log
from mien.service.collections import find_views, see_collection
from mien.service.deployment import Deployment
from mien.service.erase import ErasureReport
from mien.service.gallery import Galleries
from mien.service.guest_record import close_ended
from mien.service.migration_end import settle_migrations
from mien.service.replay import settle_erasures
from mien.service.retention import Terms
from mien.service.suppression_replay import keep_up, settle_suppressions

SIGNED_EVERY = timedelta(minutes=1)


@dataclass(slots=True)
class _Pending:
    """When the log was signed last, and whether rows of a search's withdrawal are to be cleared.

    Shared by all who act in one session.
    """

    signed_at: datetime
    has_withdrawn: bool = False


class Session:
    """A deployment in use, from when a library opens it until that is closed."""

    def __init__(self, deployment: Deployment, galleries: Galleries, *, terms: Terms) -> None:
        self._deployment = deployment
        self._galleries = galleries
        self._terms = terms
        self._pending = _Pending(deployment.clock())

    def acting(self, deployment: Deployment) -> Session:
        """The same session, as somebody else acts in it."""
        other = copy(self)
        other._deployment = deployment  # noqa: SLF001  (its own class)
        return other

    def begin(self) -> None:
        """Before anything is served. Closes what it cannot put right."""
        try:
            settle_log(self._deployment)
            settle_erasures(self._deployment, self._galleries)
            settle_suppressions(self._deployment, self._galleries)
            settle_migrations(self._deployment)
            close_ended(self._deployment)
        except MienError:
            self.end()
            raise

    def enforce_retention(self) -> ErasureReport | None:
        """Erases what is overdue, and finishes what searches have left to do."""
        self._finish()
        close_ended(self._deployment)
        return retention.enforce_retention(self._deployment, self._galleries, terms=self._terms)

    def prepare_to_add(self, collection: str = "") -> Deployment:
        """The deployment as the collection's model sees it; every model here knows opt-outs."""
        self.enforce_retention()
        for view in find_views(self._deployment):
            keep_up(view, self._galleries)
        return see_collection(self._deployment, collection)

    def prepare_to_search(self, collection: str) -> Deployment:
        """The deployment as the collection's model sees it, which knows every opt-out."""
        terms = self._terms
        if retention.withdraw_overdue(self._deployment, self._galleries, terms=terms):
            self._pending.has_withdrawn = True
        view = see_collection(self._deployment, collection)
        keep_up(view, self._galleries)
        return view

    def keep_signed(self) -> None:
        """Signs the log, if that was not done for a while."""
        now = self._deployment.clock()
        if not timedelta() <= now - self._pending.signed_at < SIGNED_EVERY:
            self._pending.signed_at = now
            leave_checkpoint(self._deployment)

    def end(self) -> None:
        """Whoever was waiting for an answer has it; what is left to do is done now."""
        with suppress(MienError):  # the next session does it
            self._finish()
        leave_checkpoint(self._deployment)
        self._deployment.close()

    def _finish(self) -> None:
        if self._pending.has_withdrawn:
            settle_erasures(self._deployment, self._galleries)
            self._pending.has_withdrawn = False
