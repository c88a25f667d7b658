"""Tries that failed, and how long the next one has to wait: twice as long each time.

A try is counted before it is made, so that many at once are as many, and given back where it
succeeds. Names and addresses are kept as keyed references, for a day after the last try.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mien.catalog import sign_in as rows
from mien.catalog.sign_in import Tries
from mien.service.deployment import Deployment
from mien.service.user_record import fold_name

LONGEST_WAIT = timedelta(minutes=15)
REMEMBERED = timedelta(days=1)
_NETWORK_BITS = 64
_MOST_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class Target:
    """What tries are counted by, and how many may fail before the next one has to wait."""

    kind: str
    value: str
    free: int


def name_target(name: str) -> Target:
    return Target("name", fold_name(name), free=5)


def code_target(user_id: str) -> Target:
    return Target("code", user_id, free=5)


def address_target(address: str) -> Target:
    """Where a try comes from; of IPv6 the network, since one machine has many addresses in it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return Target("address", address, free=20)
    if parsed.version == 6 and parsed.ipv4_mapped is None:  # noqa: PLR2004  (IPv6)
        network = ipaddress.ip_network((parsed, _NETWORK_BITS), strict=False)
        return Target("address", str(network), free=20)
    return Target("address", str(parsed), free=20)


def begin_try(deployment: Deployment, targets: Sequence[Target]) -> int:
    """Counts a try by all of these; how many seconds are to be waited before, 0 for none.

    A try that has to wait is not counted.
    """
    now = deployment.clock()
    with deployment.database.writing() as connection:
        rows.forget_tries(connection, until=now - REMEMBERED)
        known = {
            target: rows.find_tries(connection, _refer(deployment, target)) for target in targets
        }
        blocked = [tries.blocked_until for tries in known.values() if tries is not None]
        wait = max(blocked, default=now) - now
        if wait > timedelta():
            return math.ceil(min(wait, LONGEST_WAIT).total_seconds())
        for target, tries in known.items():
            failures = 1 if tries is None else tries.failures + 1
            rows.put_tries(
                connection,
                _refer(deployment, target),
                tries=_count(failures, free=target.free, at=now),
            )
    return 0


def end_try(deployment: Deployment, *, forgotten: Target, given_back: Target) -> None:
    """After a try that succeeded: one target begins anew, the other had one failure less."""
    with deployment.database.writing() as connection:
        rows.delete_tries(connection, _refer(deployment, forgotten))
        reference = _refer(deployment, given_back)
        tries = rows.find_tries(connection, reference)
        if tries is not None:
            fewer = _count(tries.failures - 1, free=given_back.free, at=tries.last_at)
            rows.put_tries(connection, reference, tries=fewer)


def _count(failures: int, *, free: int, at: datetime) -> Tries:
    doublings = min(failures - free, _MOST_DOUBLINGS)
    wait = timedelta(seconds=2**doublings) if doublings >= 0 else timedelta()
    return Tries(failures=failures, last_at=at, blocked_until=at + min(wait, LONGEST_WAIT))


def _refer(deployment: Deployment, target: Target) -> str:
    return deployment.vault.notary.refer(f"tries by {target.kind}", target.value)
