"""A server as its operator starts it, on a home of nobody's faces, and a key to ask it with."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

from bench.home import PURPOSE, find_home
from bench.load import Client
from bench.machine import read_processor_s, read_resident_bytes

from mien.library import Library
from mien.permission.account import EVERYTHING
from mien.permission.caller import Role
from mien.permission.verdict import Verdict
from mien.service.access_keys import AccessKeys
from mien.service.account_drafts import AccessDraft, KeyDraft, UserDraft
from mien.service.accounts import Accounts
from mien.settings import Settings

__all__ = ["INDEXED", "SHELF", "Access", "Served", "serve"]

SHELF, INDEXED = "bench", "indexed"
_CALLS_A_MINUTE = 6000
_KEYS = 8
"""Each may ask a hundred times a second: what is measured is the server, not its throttle."""
_GRACE_S = 30
_PROGRAM = (sys.executable, "-m", "mien")


@dataclass(frozen=True, slots=True)
class Access:
    """What a client signs with."""

    key_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Served:
    """A server that listens, and the grant under which photos are handed in there.

    `access` are a client's of Amazon's interface: one for what the home held from the beginning,
    one for the collection `indexed`, which is empty, under the grant for photos handed in.
    """

    origin: str
    keys: tuple[str, ...]
    grant_id: str
    access: tuple[Access, Access]
    process_id: int

    def connect(self, *, number: int = 0) -> Client:
        return Client(self.origin, self.keys[number % len(self.keys)])

    def read_processor_s(self) -> float:
        return read_processor_s(self.process_id)

    def read_resident_bytes(self) -> int:
        return read_resident_bytes(self.process_id)


@contextmanager
def serve(shared: Path, *, faces: int) -> Iterator[Served]:
    """`mien serve` on a copy of the home that benches share, until it is left."""
    home = shared / "served home"
    shutil.copytree(find_home(shared, faces=faces), home)
    with Library(settings=Settings(home=home)) as library:
        held = library.grants()[0].grant_id
        grant_id, keys = _let_in(library)
        library.create_collection(INDEXED, basis="household")
        access = _bind(library, held, "default"), _bind(library, grant_id, INDEXED)
    command = [*_PROGRAM, "serve", "--port", "0", "--home", str(home), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        origin = _read_origin(process)
        yield Served(origin, keys, grant_id, access, process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(home)


def _let_in(library: Library) -> tuple[str, tuple[str, ...]]:
    """A grant for photos that are handed in, and keys that may do everything."""
    grant = partial(library.grant, grantor="bench", purposes=[PURPOSE], basis="household")
    accounts = Accounts(library.parts)
    invited = accounts.invite(UserDraft(name="bench", role=Role.ADMIN), by=EVERYTHING)
    if isinstance(invited, Verdict):
        raise SystemExit(f"no account for the bench: {invited.reasons}")
    keys = []
    for number in range(_KEYS):
        draft = KeyDraft(name=f"bench {number}", owner="bench", calls_a_minute=_CALLS_A_MINUTE)
        made = accounts.keys.make(draft, by=EVERYTHING)
        if isinstance(made, Verdict):
            raise SystemExit(f"no key for the bench: {made.reasons}")
        keys.append(made.secret)
    scope = f"upload:///{SHELF}/"
    return grant(scope, until=date(2099, 1, 1)).grant_id, tuple(keys)


def _bind(library: Library, grant_id: str, collection: str) -> Access:
    draft = AccessDraft(
        name=f"bench {collection}",
        owner="bench",
        grant_id=grant_id,
        collections=[collection],
        purpose=PURPOSE,
        calls_a_minute=_CALLS_A_MINUTE,
    )
    made = AccessKeys(library.parts.deployment).make(draft, by=EVERYTHING)
    if isinstance(made, Verdict):
        raise SystemExit(f"no access key for the bench: {made.reasons}")
    return Access(made.key.access_key_id, made.secret)


def _read_origin(process: subprocess.Popen[str]) -> str:
    said = ""
    for line in process.stdout or ():
        said += line
        if line.startswith("}"):
            return str(json.loads(said)["origin"])
    raise SystemExit("the server did not start")
