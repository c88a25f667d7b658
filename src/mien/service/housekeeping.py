"""What goes by itself while a server runs, whether or not anybody asks anything of it.

What guests handed in, when their time is over; sessions, one-time links, failed tries and keys
of writes, when they are too old to matter. All of it counts for nothing already; from here on
it is not kept either.
"""

from __future__ import annotations

from mien.catalog import requests as request_rows
from mien.catalog import sign_in as sign_in_rows
from mien.service import one_time, requests, sessions, tries
from mien.service.deployment import Deployment
from mien.service.guest_record import close_ended


def forget_overdue(deployment: Deployment) -> None:
    """Cheap where there is nothing. Raises `CatalogError`, `VaultError`."""
    close_ended(deployment)
    now = deployment.clock()
    with deployment.database.writing() as connection:
        request_rows.forget_before(connection, now - requests.KEPT)
        sign_in_rows.forget_tries(connection, until=now - tries.REMEMBERED)
        one_time.end_expired(deployment, connection)
        sessions.end_expired(deployment, connection)
