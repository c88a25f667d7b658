"""What the row of a long run says, sealed: only who has the home's keys can ask for anything."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from mien.catalog.long_runs import StoredLongRun
from mien.errors import KeyDestroyedError, TamperedError
from mien.service.deployment import Deployment
from mien.service.long_run import Asked, LongRun, Outcome, Tally, parse_asked, parse_outcome
from mien.vault.notary import Owner

_OWNER = Owner()


def seal_asked(deployment: Deployment, asked: Asked, *, run_id: str) -> bytes:
    """What was asked for, bound to the run."""
    return _seal(deployment, asked.as_json(), context=_name_asked(run_id))


def seal_outcome(
    deployment: Deployment, outcome: Outcome, *, run_id: str, grant_id: str = ""
) -> bytes:
    """What is told in the end, bound to the run; of photos, under the key of their grant.

    So whoever erases the grant has erased the names of the files that failed. Where it is gone
    already they are not kept at all.
    """
    context, notary = _name_outcome(run_id), deployment.vault.notary
    sealed = notary.seal_note(outcome.as_json(), owner=Owner(grant_id), context=context)
    return sealed or _seal(deployment, replace(outcome, failed=()).as_json(), context=context)


def open_run(deployment: Deployment, stored: StoredLongRun) -> LongRun:
    """Raises `VaultError` for a row that was not written with these keys."""
    unseal = deployment.vault.notary.unseal_note
    asked = parse_asked(unseal(stored.sealed, owner=_OWNER, context=_name_asked(stored.uuid)))
    return LongRun(
        run_id=stored.uuid,
        number=stored.number,
        state=stored.state,
        asked=asked,
        asked_at=stored.asked_at,
        started_at=stored.started_at,
        ended_at=stored.ended_at,
        cut_short=stored.cut_short,
        tally=Tally(**stored.counts),
        outcome=_open_outcome(deployment, stored, grant_id=asked.grant_id),
    )


def _open_outcome(deployment: Deployment, stored: StoredLongRun, *, grant_id: str) -> Outcome:
    """Nothing of a run whose grant was erased, nor of one that was not written here."""
    if stored.outcome is None:
        return Outcome()
    context, unseal = _name_outcome(stored.uuid), deployment.vault.notary.unseal_note
    for owner in (Owner(grant_id), _OWNER):
        with suppress(KeyDestroyedError, TamperedError):
            return parse_outcome(unseal(stored.outcome, owner=owner, context=context))
    return Outcome()


def _seal(deployment: Deployment, content: bytes, *, context: str) -> bytes:
    sealed = deployment.vault.notary.seal_note(content, owner=_OWNER, context=context)
    if sealed is None:
        raise AssertionError  # the home's own key is always there
    return sealed


def _name_asked(run_id: str) -> str:
    return f"run:{run_id}"


def _name_outcome(run_id: str) -> str:
    return f"outcome:{run_id}"
