"""Writes that are asked for with a key of the caller's: each is done once, however often it comes.

catalog   the key is taken, before anything is done
...       what was asked for is done, in transactions of its own
catalog   how it was answered is kept, for a day

Whoever is killed in between leaves a key that nobody can say more of than that it was taken:
it is not done again under it. Nothing of the request itself is kept, nor of what it was about:
keyed references, a status, and the ids of what was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from functools import cache
from uuid import uuid4

from mien.catalog import requests as rows
from mien.catalog.audit import Json
from mien.catalog.requests import RequestRow
from mien.service.deployment import Deployment

KEPT = timedelta(days=1)


class Claim(Enum):
    """What is known of a key."""

    NEW = auto()
    """Nothing: it is taken now, and what was asked for is to be done."""
    DONE = auto()
    RUNNING = auto()
    CUT_SHORT = auto()
    """It was begun, and whoever did it was killed."""
    OTHER = auto()
    """Something else was asked for under it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a write was answered: a status of HTTP, where the thing is, ids and numbers of it."""

    status: int
    location: str = ""
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what: the reference of caller and key, and that of the request."""

    reference: str
    fingerprint: str


def refer_request(deployment: Deployment, key: str, *, content: str) -> Asked:
    """What stands for a request of whoever acts; `content` says all that it asks for."""
    notary = deployment.vault.notary
    return Asked(
        notary.refer("idempotency-key", f"{deployment.actor}\0{key}"),
        notary.refer("idempotent-request", content),
    )


def claim_request(deployment: Deployment, asked: Asked) -> tuple[Claim, Outcome | None]:
    """Takes the key where nobody has; otherwise what became of it, with the answer if it is done.

    Keys of more than a day ago are forgotten.
    """
    now = deployment.clock()
    with deployment.database.writing() as connection:
        rows.forget_before(connection, now - KEPT)
        known = rows.find_request(connection, asked.reference)
        if known is None:
            new = RequestRow(
                reference=asked.reference,
                fingerprint=asked.fingerprint,
                process=name_process(),
                began_at=now,
                status=None,
                location="",
                facts={},
            )
            rows.begin_request(connection, new)
            return Claim.NEW, None
    if known.fingerprint != asked.fingerprint:
        return Claim.OTHER, None
    if known.status is not None:
        return Claim.DONE, Outcome(known.status, known.location, known.facts)
    return Claim.RUNNING if known.process == name_process() else Claim.CUT_SHORT, None


def conclude_request(deployment: Deployment, asked: Asked, *, outcome: Outcome) -> None:
    """It is done, and from now on the same is answered."""
    with deployment.database.writing_durably() as connection:
        rows.end_request(
            connection,
            asked.reference,
            status=outcome.status,
            location=outcome.location,
            facts=outcome.facts,
        )


def release_request(deployment: Deployment, asked: Asked) -> None:
    """It was not done, and may be asked for again."""
    with deployment.database.writing() as connection:
        rows.forget_request(connection, asked.reference)


@cache
def name_process() -> str:
    """Tells this process from those that were here before it."""
    return str(uuid4())
