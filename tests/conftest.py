"""What every test gets: a clean environment, a closed network, and the photos where they are."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Generator, Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import platformdirs
import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from mien.catalog.connect import Database

# A busy machine is no reason for a property to fail.
settings.register_profile("mien", deadline=None)
settings.load_profile("mien")

DATA_FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
NO_PHOTOS = "no photos: ../shared/data is not there"

REAL_IS_REQUIRED = os.environ.get("MIEN_TEST_REQUIRE_REAL") == "1"
"""Set where a real test that skips is a failure; that the photos are absent is nobody's fault."""


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Photos of real people, which are no part of the repository; skips where they are absent."""
    if not DATA_FOLDER.is_dir():
        pytest.skip(NO_PHOTOS)
    return DATA_FOLDER


@pytest.fixture(scope="session")
def cache_folder() -> Path:
    """The user's own cache, where real tests find weights that were fetched before."""
    return platformdirs.user_cache_path("mien")


@pytest.fixture(autouse=True, scope="session")
def _tables_are_made_once() -> Iterator[None]:
    """The first catalog is made step by step, and every other new one of what came of it.

    The steps take longer than nearly all tests do. Commands in processes of their own take them.
    """
    if find_spec("mien") is None:  # this file alone is being tried
        yield
        return
    from mien.catalog import connect

    migrate, script = connect._migrate, list[str]()

    def make_tables(database: Database) -> None:
        path = Path(str(database._engine.url.database))
        is_new = path.is_file() and path.stat().st_size == 0
        if is_new and script:
            with closing(database._engine.raw_connection()) as connection:
                connection.cursor().executescript(script[0])
        migrate(database)
        if is_new and not script:
            with closing(database._engine.raw_connection()) as connection:
                copied: Any = connection.driver_connection
                script.append("\n".join(copied.iterdump()))

    with patch.object(connect, "_migrate", make_tables):
        yield


@pytest.fixture(autouse=True)
def _clean_environment(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No setting of the user's reaches a test, and no test writes into the user's folders.

    Real tests keep the cache, so that weights are fetched once, and the settings of pip.
    """
    for name in [name for name in os.environ if name.startswith("MIEN_")]:
        monkeypatch.delenv(name)
    own = {"XDG_DATA_HOME": "data", "XDG_STATE_HOME": "state", "XDG_RUNTIME_DIR": "runtime"}
    if not request.node.get_closest_marker("real"):
        own |= {"HOME": "home", "XDG_CACHE_HOME": "cache", "XDG_CONFIG_HOME": "config"}
    for name, folder in own.items():
        monkeypatch.setenv(name, str(tmp_path / "user" / folder))


@pytest.fixture(autouse=True)
def _closed_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only real tests may speak to another machine, or ask for the address of one."""
    if request.node.get_closest_marker("real"):
        return
    look_up = socket.getaddrinfo
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))

    def guarded_look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        _refuse_beyond_this_machine(host)
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)


def _guarded(connect: Any) -> Any:
    def connect_on_this_machine(self: socket.socket, address: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            _refuse_beyond_this_machine(address[0])
        return connect(self, address)

    return connect_on_this_machine


def _refuse_beyond_this_machine(host: str | bytes | None) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name not in {None, "", "localhost"} and not _is_loopback(str(name)):
        pytest.fail(f"a test that is not marked real reached for {name}")


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a test that must run into a failure where MIEN_TEST_REQUIRE_REAL is 1."""
    report = yield
    if REAL_IS_REQUIRED and report.skipped and _must_run(item):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        if NO_PHOTOS not in reason and not hasattr(report, "wasxfail"):
            report.outcome = "failed"
            report.longrepr = f"this test must run here, and it was skipped: {reason}"
    return report


def _must_run(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("real", "browser"))
