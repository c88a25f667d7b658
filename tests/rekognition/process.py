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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cli.children import clean_environment
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.caller import Role
from mien.permission.grant import GrantKind
from mien.server.app import make_app
from mien.server.listen import Address, make_server, open_socket
from mien.server.opening import open_site
from mien.service.access_keys import MadeAccess
from mien.service.grants import GrantDraft
from mien.settings import Settings
from mien.testing import FakeModels
from service.desk import Desk
from service.stage import Stage

DRAWN, REAL = "drawn", "real"
PURPOSE = "conformance"
STORES = "MIEN_OBJECT_STORES"
LONGEST_S = 300.0
_MOST_REQUESTS = 20_000
_MOST_CALLS = 6_000


@dataclass(frozen=True)
class Served:
    """Where the server is, and what to sign with."""

    address: str
    key_id: str
    secret: str


def serve(home: Path, models: str, *, cache: Path, collections: Sequence[str]) -> None:
    """Until it is told to stop."""
    stores = os.environ.get(STORES, "")
    settings = Settings(home=home, cache=cache, workers=2, object_stores=stores)
    chosen = FakeModels() if models == DRAWN else None
    address = Address(port=0)
    with Library(settings=settings, models=chosen) as library, open_socket(address) as opened:
        made = _make_key(library, collections)
        origin = address.origin_at(opened.getsockname()[1])
        threading.Timer(LONGEST_S, os._exit, [3]).start()
        with open_site(library, origin=origin, is_secure=False) as site:
            server = make_server(make_app(site), address, on_stop=site.runs.begin_stop)
            server.config.limit_max_requests = _MOST_REQUESTS
            served = Served(origin, made.key.access_key_id, made.secret)
            print(json.dumps(vars(served)), flush=True)  # noqa: T201  (for the parent)
            server.run(sockets=[opened])
    os._exit(0)


def _make_key(library: Library, collections: Sequence[str]) -> MadeAccess:
    """Of a curator, for one grant."""
    desk = Desk(Stage(library.settings.home), library)
    desk.make("Client", Role.CURATOR)
    return desk.access_key(
        "Client",
        grant_id=_grant(library),
        collections=collections,
        purpose=PURPOSE,
        calls_a_minute=_MOST_CALLS,
    )


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
    home: Path,
    models: str = DRAWN,
    *,
    cache: Path,
    collections: Sequence[str],
    environment: Mapping[str, str] | None = None,
) -> Iterator[Served]:
    """A server of its own for as long as it is wanted."""
    words = ["-m", "rekognition.process", str(home), models, str(cache), *collections]
    with subprocess.Popen(
        [sys.executable, *words],
        env=clean_environment(**(environment or {})),
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
