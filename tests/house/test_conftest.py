"""The guards around every test hold."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from house.source import ROOT

CONFTEST = ROOT / "tests" / "conftest.py"


def test_no_test_reaches_another_machine() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"reached for 192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 9), timeout=0.1)


def test_no_test_connects_by_number_either() -> None:
    with socket.socket() as plain, pytest.raises(pytest.fail.Exception, match=r"192\.0\.2\.1"):
        plain.connect(("192.0.2.1", 9))


def test_no_test_asks_for_the_address_of_another_machine() -> None:
    with pytest.raises(pytest.fail.Exception, match="reached for photos"):
        socket.getaddrinfo("photos.example", 443)


def test_a_test_may_speak_to_its_own_machine() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=5) as client,
    ):
        client.sendall(b"x")
        accepted, _ = server.accept()
        with accepted:
            assert accepted.recv(1) == b"x"


def test_no_test_writes_into_the_folders_of_the_user(tmp_path: Path) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        assert Path(os.environ[name]).is_relative_to(tmp_path)


def test_no_setting_of_the_user_reaches_a_test(tmp_path: Path) -> None:
    seen = run_pytest(
        tmp_path,
        "import os\ndef test_clean(): assert 'MIEN_HOME' not in os.environ",
        MIEN_HOME="elsewhere",
    )
    assert seen.returncode == 0, seen.stdout


SKIPPED_REAL = """
import pytest
@pytest.mark.real
def test_weights(): pytest.skip({reason!r})
"""


@pytest.mark.parametrize(
    ("reason", "required", "code"),
    [
        ("the weights cannot be fetched", "1", 1),
        ("the weights cannot be fetched", "0", 0),
        ("no photos: ../shared/data is not there", "1", 0),
    ],
)
def test_a_skipped_real_test_fails_where_it_must_run(
    tmp_path: Path, reason: str, required: str, code: int
) -> None:
    program = SKIPPED_REAL.format(reason=reason)
    seen = run_pytest(tmp_path, program, MIEN_TEST_REQUIRE_REAL=required)
    assert seen.returncode == code, seen.stdout


def run_pytest(folder: Path, program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one test file under this project's conftest in a process of its own."""
    shutil.copy(CONFTEST, folder / "conftest.py")
    (folder / "test_it.py").write_text(program, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = real\n", encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
        cwd=folder,
        env=os.environ | environment,
        check=False,
        capture_output=True,
        text=True,
    )
