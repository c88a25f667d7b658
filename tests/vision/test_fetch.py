from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mien.errors import WeightsError, WeightsMismatchError
from mien.vision import fetch
from mien.vision.fetch import Source, Wanted, fetch_file, fetch_files

CONTENT = bytes(range(256)) * 5000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answers: dict[str, Callable[[], None]] = {
            "/file": self.send_file,
            "/cut": self.send_cut,
            "/moved": lambda: self.send_redirect("/file"),
            "/loop": lambda: self.send_redirect("/loop"),
            "/elsewhere": lambda: self.send_redirect("file:///etc/hostname"),
        }
        answers.get(self.path, self.send_nothing)()

    def send_file(self, size: int = len(CONTENT)) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:size])

    def send_nothing(self) -> None:
        self.send_error(404)

    def send_cut(self) -> None:
        self.send_file(len(CONTENT) // 2)

    def send_redirect(self, place: str) -> None:
        self.send_response(302)
        self.send_header("Location", place)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its own name
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_a_file_is_put_at_its_target_with_its_folders(site: str, tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "weights.bin"
    fetch_file(Source(f"{site}/file"), sha256=SHA256, target=target)
    assert target.read_bytes() == CONTENT
    assert names_in(target.parent) == ["weights.bin"]


def test_redirects_are_followed(site: str, tmp_path: Path) -> None:
    fetch_file(Source(f"{site}/moved"), sha256=SHA256, target=tmp_path / "weights.bin")
    assert (tmp_path / "weights.bin").read_bytes() == CONTENT


def test_other_bytes_than_named_are_not_kept(site: str, tmp_path: Path) -> None:
    target = tmp_path / "weights.bin"
    target.write_bytes(b"older")
    with pytest.raises(WeightsMismatchError, match=SHA256):
        fetch_file(Source(f"{site}/file"), sha256="0" * 64, target=target)
    assert target.read_bytes() == b"older"
    assert names_in(tmp_path) == ["weights.bin"]


@pytest.mark.parametrize("path", ["/missing", "/loop", "/elsewhere"])
def test_nothing_is_left_where_a_file_cannot_be_had(site: str, path: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError) as raised:
        fetch_file(Source(f"{site}{path}"), sha256=SHA256, target=tmp_path / "weights.bin")
    assert f"{site}{path}" in str(raised.value)
    assert names_in(tmp_path) == []


def test_a_file_beyond_the_limit_is_broken_off(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "LARGEST_FILE_BYTES", len(CONTENT) - 1)
    with pytest.raises(WeightsError, match="larger than"):
        fetch_file(Source(f"{site}/file"), sha256=SHA256, target=tmp_path / "weights.bin")
    assert names_in(tmp_path) == []


def test_a_dead_host_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"http://127\.0\.0\.1:9/file"):
        fetch_file(Source("http://127.0.0.1:9/file"), sha256=SHA256, target=tmp_path / "a")


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/a", "weights.bin", ""])
def test_only_web_and_package_urls_are_fetched(url: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError):
        fetch_file(Source(url), sha256=SHA256, target=tmp_path / "a")


def test_a_web_url_is_one_file(site: str, tmp_path: Path) -> None:
    wanted = [Wanted("a", SHA256, tmp_path / "a"), Wanted("b", SHA256, tmp_path / "b")]
    with pytest.raises(WeightsError, match="one file, not 2"):
        fetch_files(Source(f"{site}/file"), wanted)
