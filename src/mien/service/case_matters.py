"""What open cases are about, as `mien add` has to know it: sealed, like all that is asked.

Photos by their SHA-256, addresses, and hosts as `//example.org`, whether anything of them is
held or not.
"""

from __future__ import annotations

import json

from mien.catalog.cases import name_case
from mien.catalog.connect import Connection
from mien.catalog.holds import find_matters
from mien.permission.host import parse_host
from mien.permission.suppression import HOST
from mien.service.case import Case
from mien.service.deployment import Deployment

_CONTEXT = "matters"


def seal_matters(deployment: Deployment, case: Case) -> bytes | None:
    """Nothing where whatever is meant can only be known by what is held."""
    if case.request is None:
        return None
    about = case.request.about
    host = parse_host(about.host)
    matters = [sha256.lower() for sha256 in about.photos]
    matters += [about.source] if about.source else []
    matters += [f"{HOST}{host}"] if host else []
    if not matters:
        return None
    content = json.dumps(matters).encode("ascii")
    subject = name_case(case.case_id)
    return deployment.vault.subjects.seal(content, subject=subject, context=_CONTEXT)


def open_matters(deployment: Deployment, connection: Connection) -> frozenset[str]:
    """Of all open cases. Raises `VaultError` for what does not open: nothing comes in then."""
    opened = (
        deployment.vault.subjects.unseal(sealed, subject=name_case(uuid), context=_CONTEXT)
        for uuid, sealed in find_matters(connection)
    )
    return frozenset(matter for content in opened for matter in json.loads(content))
