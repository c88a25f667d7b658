"""A real server in a process of its own, for clients of Amazon's: `python -m rekognition.process`.

    python -m rekognition.process HOME MODELS CACHE COLLECTION...

makes a home with one grant and an access key for these collections, prints one line of JSON (the
address, the key and its secret) and serves until it is told to stop, by a signal. MODELS are
`drawn`, which see drawn people, or `real`. It ends by itself after five minutes, or so many
requests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cli.children import clean_environment
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.grant import GrantKind
from mien.server.app import make_app
from mien.server.listen import Address, make_server, open_socket
from mien.service.grants import GrantDraft
from mien.settings import Settings
from mien.testing import FakeModels
from rekognition.client import KEY_ID, SECRET, Key
from server.door import Door, make_site

DRAWN, REAL = "drawn", "real"
PURPOSE = "conformance"
LONGEST_S = 300.0
_MOST_REQUESTS = 20_000


@dataclass(frozen=True)
class Served:
    """Where the server is, and what to sign with."""

    address: str
    key_id: str
    secret: str


def serve(home: Path, models: str, *, cache: Path, collections: Sequence[str]) -> None:
    """Until it is told to stop."""
    settings = Settings(home=home, cache=cache, workers=2)
    chosen = FakeModels() if models == DRAWN else None
    address = Address(port=0)
    with Library(settings=settings, models=chosen) as library, open_socket(address) as opened:
        grant_id = _grant(library)
        key = Key(grant_id, PURPOSE, collections=frozenset(collections))
        door = Door(access_keys={KEY_ID: key.as_access()})
        origin = address.origin_at(opened.getsockname()[1])
        site = replace(make_site(library, door), origin=origin)
        server = make_server(make_app(site), address, on_stop=site.runs.begin_stop)
        server.config.limit_max_requests = _MOST_REQUESTS
        site.runs.start()
        threading.Timer(LONGEST_S, os._exit, [3]).start()
        print(json.dumps(vars(Served(origin, KEY_ID, SECRET))), flush=True)  # noqa: T201  (for the parent)
        server.run(sockets=[opened])
        site.runs.stop()
    os._exit(0)


def _grant(library: Library) -> str:
    draft = GrantDraft(
        kind=GrantKind.OWNER_ASSERTION,
        grantor="A. Holder",
        scope=["upload:///conformance/"],
        purposes=[PURPOSE],
        bases=[Basis.HOUSEHOLD],
        until=(datetime.now(UTC) + timedelta(days=30)).date(),
    )
    return library.record(draft).grant_id


@contextmanager
def serving(
    home: Path, models: str = DRAWN, *, cache: Path, collections: Sequence[str], **environment: str
) -> Iterator[Served]:
    """A server of its own for as long as it is wanted."""
    words = ["-m", "rekognition.process", str(home), models, str(cache), *collections]
    with subprocess.Popen(
        [sys.executable, *words],
        env=clean_environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line, process.stderr.read() if process.stderr else ""
            yield Served(**json.loads(line))
        finally:
            process.kill()
            process.communicate()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2], cache=Path(sys.argv[3]), collections=sys.argv[4:])
