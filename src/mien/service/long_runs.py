"""Long runs: a queue in the catalog, and one worker that does them, one after the other.

Whatever is asked for is in the catalog before anybody is told that it will be done. A worker
holds a lock of the home, which the system lets go of however its process ends: whoever gets
it next goes on with what is queued, and with what was running. A run may be done again from
the start, since what it did is known by then. It works at low priority, so that who searches
does not wait for it.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from mien.catalog import long_runs as rows
from mien.catalog.long_runs import MOST_CUT_SHORT, LongRunState
from mien.errors import ConflictError, MienError, VaultError
from mien.service.housekeeping import forget_overdue
from mien.service.ingest import StoppedError
from mien.service.long_run import (
    Asked,
    LongRun,
    Outcome,
    RunKind,
    Tally,
)
from mien.service.parts import Parts
from mien.service.run_kinds import Doing, check_served, do_run
from mien.service.run_rows import open_run, seal_asked, seal_outcome
from mien.service.uploads import Reception

KEPT = timedelta(days=90)
"""How long an ended run is told of."""

_MOST_WAITING = 200
_MOST_ARRIVING = 8
_REMEMBERED = 256
_NICE = 10
_LOOKS_S = 1.0
_TOLD_S = 0.1
_NOTED_S = 1.0
_HOUSE_S = 60.0


class Runs:
    """The queue of one home, and the worker of one server. Threads may share it."""

    def __init__(self, parts: Parts, *, served: Sequence[Path] = ()) -> None:
        self._parts = parts
        self._deployment = parts.deployment
        self._served = tuple(served)
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._turn = threading.Lock()
        self._news: OrderedDict[str, LongRun] = OrderedDict()
        self._unwanted: set[str] = set()
        self._arriving: list[Reception] = []
        self._thread: threading.Thread | None = None
        self._kept_house_at = time.monotonic()

    def start(self) -> None:
        """Goes on with what is queued, until it is stopped."""
        self._thread = threading.Thread(target=self._work, name="runs", daemon=True)
        self._thread.start()

    def begin_stop(self) -> None:
        """From now on nothing is begun; what runs ends with its batch. May be called anywhere."""
        self._stopping.set()
        self._woken.set()

    def stop(self, *, patience_s: float = 30.0) -> None:
        """What runs is queued again at its next batch, for the next server to go on with."""
        self.begin_stop()
        if self._thread is not None:
            self._thread.join(patience_s)

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    @property
    def is_crowded(self) -> bool:
        """Whether so many uploads come in that no other one can."""
        with self._turn:
            return len(self._arriving) >= _MOST_ARRIVING

    @contextmanager
    def receiving(self) -> Iterator[Reception]:
        """While an upload comes in; what of it was not concluded is destroyed in the end.

        Raises `ConflictError` where too many come in at once.
        """
        reception = Reception(self._deployment, submit=self.submit)
        with self._turn:
            if len(self._arriving) >= _MOST_ARRIVING:
                raise ConflictError(
                    f"{_MOST_ARRIVING} uploads are coming in already. Come back in a minute."
                )
            self._arriving.append(reception)
        try:
            yield reception
        finally:
            reception.close()
            with self._turn:
                self._arriving.remove(reception)

    def submit(self, asked: Asked) -> LongRun:
        """Puts it at the end of the queue. Raises `SettingsError`, `ConflictError` when full."""
        if asked.kind is RunKind.ADD_FOLDER:
            asked = replace(asked, paths=check_served(asked.paths, self._served))
        run_id = str(uuid4())
        with self._deployment.database.writing_durably() as connection:
            if rows.count_waiting(connection) >= _MOST_WAITING:
                raise ConflictError(
                    f"{_MOST_WAITING} runs wait already. Come back when some of them are done."
                )
            sealed = seal_asked(self._deployment, asked, run_id=run_id)
            rows.add_long_run(connection, uuid=run_id, sealed=sealed, at=self._deployment.clock())
            run = open_run(self._deployment, rows.get_long_run(connection, run_id))
        self._tell(run)
        self._woken.set()
        return run

    def cancel(self, run_id: str) -> LongRun:
        """Ends it as soon as can be; what it did stays. Raises `NotFoundError`."""
        run = self.get(run_id)
        if run.state.is_ended:
            return run
        with self._turn:
            self._unwanted.add(run_id)
        with self._deployment.database.writing() as connection:
            rows.note_unwanted(connection, run_id)
            is_mine = rows.end_queued(connection, run_id, at=self._deployment.clock())
        if is_mine:
            self._end_unwanted(run_id)
        return self.get(run_id)

    def get(self, run_id: str) -> LongRun:
        """As it stands. Raises `NotFoundError`."""
        known = self.peek(run_id)
        if known is not None:
            return known
        with self._deployment.database.reading() as connection:
            stored = rows.get_long_run(connection, run_id)
        return open_run(self._deployment, stored)

    def peek(self, run_id: str) -> LongRun | None:
        """The same at no cost; nothing of a run that this server has not heard of for long."""
        with self._turn:
            return self._news.get(run_id)

    def list(self, *, before: int | None = None, limit: int = 50) -> list[LongRun]:
        """The newest first; those asked for before the one of this number."""
        with self._deployment.database.reading() as connection:
            stored = rows.find_long_runs(connection, before=before, limit=limit)
        found = []
        for one in stored:
            with suppress(VaultError):  # written by somebody who lacks the keys: it is none
                found.append(self.peek(one.uuid) or open_run(self._deployment, one))
        return found

    def _work(self) -> None:
        _lower_priority()
        with self._working_alone() as is_mine:
            is_settled = False
            while is_mine and not self.is_stopping:
                try:
                    if not is_settled:
                        self._settle()
                        is_settled = True
                    if self.keep_house():
                        self._parts.session.enforce_retention()
                    has_done = self._do_next()
                except MienError:
                    has_done = False  # the disk is full, say: it is tried again until it is not
                if not has_done:
                    self._woken.wait(_LOOKS_S)
                    self._woken.clear()

    @contextmanager
    def _working_alone(self) -> Iterator[bool]:
        """Waits until no other server of this home works; whether it came to that."""
        with self._deployment.home.running_lock.open("ab") as file:
            while not self.is_stopping:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    self._stopping.wait(_LOOKS_S)
                    continue
                yield True
                return
            yield False

    def _settle(self) -> None:
        """Puts right what servers left that are no more."""
        deployment = self._deployment
        # First: whatever came in whole by now has a row before the rows are read.
        with self._turn:
            arriving = {reception.upload_id for reception in self._arriving}
            left = deployment.spool.find_ids() - arriving
        with deployment.database.writing() as connection:
            rows.requeue_cut_short(connection)
            rows.forget_long_runs(connection, until=deployment.clock() - KEPT)
            waiting = rows.find_waiting(connection)
        for stored in waiting:
            with suppress(VaultError):
                run = open_run(self._deployment, stored)
                left.discard(run.asked.upload_id)
                self._tell(run)
        for upload_id in left:
            deployment.spool.drop(upload_id)

    def _do_next(self) -> bool:
        """Whether there was anything to do."""
        with self._deployment.database.reading() as connection:
            waiting = rows.find_waiting(connection)
        if not waiting:
            return False
        stored = waiting[0]
        try:
            run = open_run(self._deployment, stored)
        except VaultError:
            self._conclude(stored.uuid, state=LongRunState.FAILED, outcome=_UNREADABLE)
            return True
        if stored.is_unwanted:
            self._end_unwanted(run.run_id)
        elif stored.cut_short >= MOST_CUT_SHORT:
            self._conclude(run.run_id, state=LongRunState.CUT_SHORT, outcome=_CUT_SHORT)
            self._drop_upload(run)
        else:
            self._do(run)
        return True

    def _do(self, run: LongRun) -> None:
        begun = self._begin(run)
        if begun is None:
            return
        teller = _Teller(self, begun)
        deployment = self._deployment.acting(run.asked.actor)
        parts = replace(
            self._parts, deployment=deployment, session=self._parts.session.acting(deployment)
        )
        doing = Doing(
            parts=parts, asked=run.asked, served=self._served, tell=teller.tell, note=teller.take
        )
        try:
            outcome, state = do_run(doing), LongRunState.DONE
        except StoppedError:
            teller.note()
            if not teller.is_unwanted:
                self._set_state(teller.run, LongRunState.QUEUED)
                return
            outcome, state = Outcome(), LongRunState.CANCELLED
        except MienError as error:
            outcome, state = Outcome(message=str(error)), LongRunState.FAILED
        except Exception as error:  # noqa: BLE001  (the worker's edge)
            # One run that fails for whatever reason is not the end of those that wait.
            outcome = Outcome(message=f"Something unforeseen went wrong ({type(error).__name__}).")
            state = LongRunState.FAILED
        teller.note()
        self._conclude(run.run_id, state=state, outcome=outcome, grant_id=run.asked.grant_id)
        self._drop_upload(run)

    def note(self, run: LongRun) -> bool:
        """Keeps how far a run has come; whether it is still wanted."""
        with self._deployment.database.writing() as connection:
            return rows.note_progress(connection, run.run_id, counts=run.tally.as_counts())

    def keep_house(self) -> bool:
        """Now and then lets go what nobody may keep any longer; whether it did.

        On a server that nobody asks anything there is nobody else to see to it.
        """
        now = time.monotonic()
        if now - self._kept_house_at < _HOUSE_S:
            return False
        self._kept_house_at = now
        forget_overdue(self._deployment)
        return True

    def _tell(self, run: LongRun) -> None:
        with self._turn:
            self._news[run.run_id] = run
            self._news.move_to_end(run.run_id)
            while len(self._news) > _REMEMBERED:
                self._news.popitem(last=False)

    def tell_progress(self, run: LongRun) -> bool:
        """Makes known how far a run has come; whether it is to go on."""
        self._tell(run)
        with self._turn:
            return not (self.is_stopping or run.run_id in self._unwanted)

    def is_unwanted(self, run_id: str) -> bool:
        with self._turn:
            return run_id in self._unwanted

    def _end_unwanted(self, run_id: str) -> None:
        run = self.get(run_id)
        self._conclude(run_id, state=LongRunState.CANCELLED, outcome=Outcome())
        self._drop_upload(run)

    def _begin(self, run: LongRun) -> LongRun | None:
        """The run as it is begun; nothing where somebody cancelled it at this very moment."""
        with self._deployment.database.writing() as connection:
            if not rows.begin_queued(connection, run.run_id, at=self._deployment.clock()):
                return None
            stored = rows.get_long_run(connection, run.run_id)
        opened = open_run(self._deployment, stored)
        self._tell(opened)
        return opened

    def _set_state(self, run: LongRun, state: LongRunState) -> LongRun:
        with self._deployment.database.writing() as connection:
            rows.set_state(connection, run.run_id, state=state, at=self._deployment.clock())
            stored = rows.get_long_run(connection, run.run_id)
        opened = open_run(self._deployment, stored)
        self._tell(opened)
        return opened

    def _conclude(
        self, run_id: str, *, state: LongRunState, outcome: Outcome, grant_id: str = ""
    ) -> None:
        with self._deployment.database.writing_durably() as connection:
            sealed = seal_outcome(self._deployment, outcome, run_id=run_id, grant_id=grant_id)
            rows.note_outcome(connection, run_id, outcome=sealed)
            rows.set_state(connection, run_id, state=state, at=self._deployment.clock())
            stored = rows.get_long_run(connection, run_id)
        with self._turn:
            self._unwanted.discard(run_id)
        with suppress(VaultError):
            self._tell(open_run(self._deployment, stored))

    def _drop_upload(self, run: LongRun) -> None:
        if run.asked.upload_id:
            self._deployment.spool.drop(run.asked.upload_id)


class _Teller:
    """Tells how far one run has come: to whoever looks, often; to the catalog, now and then."""

    def __init__(self, runs: Runs, run: LongRun) -> None:
        self._runs = runs
        self._earlier = run.tally
        self._began = time.monotonic()
        self._told_at = 0.0
        self._noted_at = self._began
        self.run = run
        self.is_unwanted = False

    def take(self, tally: Tally) -> None:
        """Takes in how far it has come."""
        seconds = time.monotonic() - self._began
        a_second = tally.photos_met / max(seconds, 1e-9)
        self.run = replace(self.run, tally=tally.after(self._earlier), a_second=a_second)

    def tell(self, tally: Tally) -> None:
        """Raises `StoppedError` where the run is to end now."""
        self.take(tally)
        now = time.monotonic()
        if now - self._told_at >= _TOLD_S:
            self._told_at = now
            if not self._runs.tell_progress(self.run):
                self.is_unwanted = self._runs.is_unwanted(self.run.run_id)
                raise StoppedError
        if now - self._noted_at >= _NOTED_S:
            self._noted_at = now
            self._runs.keep_house()
            if not self._runs.note(self.run):
                self.is_unwanted = True
                raise StoppedError

    def note(self) -> None:
        self._runs.note(self.run)


_UNREADABLE = Outcome(message="The record of this run was not written here, and nothing was done.")
_CUT_SHORT = Outcome(
    message=f"The server ended {MOST_CUT_SHORT} times while it was at this run, so it is not begun "
    "again. What was done stays. Look at the server's memory and log, then ask for it anew."
)


def _lower_priority() -> None:
    """For this thread and those that it starts; Linux has a priority for each thread."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
