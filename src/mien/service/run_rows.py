"""What the row of a long run says, sealed: only who has the home's keys can ask for anything."""

from __future__ import annotations

from mien.catalog.long_runs import StoredLongRun
from mien.service.deployment import Deployment
from mien.service.long_run import Asked, LongRun, Outcome, Tally, parse_asked, parse_outcome
from mien.vault.notary import Owner

_OWNER = Owner()


def seal_asked(deployment: Deployment, asked: Asked, *, run_id: str) -> bytes:
    """What was asked for, bound to the run."""
    return _seal(deployment, asked.as_json(), context=_name_asked(run_id))


def seal_outcome(deployment: Deployment, outcome: Outcome, *, run_id: str) -> bytes:
    """What is told in the end, bound to the run."""
    return _seal(deployment, outcome.as_json(), context=_name_outcome(run_id))


def open_run(deployment: Deployment, stored: StoredLongRun) -> LongRun:
    """Raises `VaultError` for a row that was not written with these keys."""
    unseal = deployment.vault.notary.unseal_note
    asked = unseal(stored.sealed, owner=_OWNER, context=_name_asked(stored.uuid))
    outcome = Outcome()
    if stored.outcome is not None:
        told = unseal(stored.outcome, owner=_OWNER, context=_name_outcome(stored.uuid))
        outcome = parse_outcome(told)
    return LongRun(
        run_id=stored.uuid,
        number=stored.number,
        state=stored.state,
        asked=parse_asked(asked),
        asked_at=stored.asked_at,
        started_at=stored.started_at,
        ended_at=stored.ended_at,
        cut_short=stored.cut_short,
        tally=Tally(**stored.counts),
        outcome=outcome,
    )


def _seal(deployment: Deployment, content: bytes, *, context: str) -> bytes:
    sealed = deployment.vault.notary.seal_note(content, owner=_OWNER, context=context)
    if sealed is None:
        raise AssertionError  # the home's own key is always there
    return sealed


def _name_asked(run_id: str) -> str:
    return f"run:{run_id}"


def _name_outcome(run_id: str) -> str:
    return f"outcome:{run_id}"
