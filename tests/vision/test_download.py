from __future__ import annotations

import fcntl
import hashlib
import http.client
import io
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mien.errors import WeightsError, WeightsMismatchError
from mien.vision import url
from mien.vision.download import Bounds, download
from mien.vision.fetch import Source, fetch_file
from vision.site import Site, serving

CONTENT = bytes(range(256)) * 3000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
BOUNDS = Bounds(most_bytes=len(CONTENT), timeout_s=5)
HALF = len(CONTENT) // 2


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(CONTENT) as site:
        yield site


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "weights" / "a.bin"


def fetch(
    site: Site, target: Path, bounds: Bounds = BOUNDS, *, sha256: str | None = SHA256
) -> None:
    download(site.url, target, sha256=sha256, bounds=bounds)


def parts_of(target: Path) -> list[Path]:
    """What lies beside the target."""
    return [path for path in target.parent.iterdir() if path != target]


def test_a_file_is_fetched_whole_with_nothing_left_beside_it(site: Site, target: Path) -> None:
    fetch(site, target)
    assert target.read_bytes() == CONTENT
    assert parts_of(target) == []
    assert site.asked == [None]


def test_what_breaks_off_goes_on_from_where_it_was(site: Site, target: Path) -> None:
    site.breaks_off_after = [1000, 5000]
    fetch(site, target)
    assert target.read_bytes() == CONTENT
    assert site.asked == [None, "bytes=1000-", "bytes=6000-"]


def test_what_one_call_began_another_finishes(site: Site, target: Path) -> None:
    once = replace(BOUNDS, attempts=1)
    site.breaks_off_after = [HALF]
    with pytest.raises(WeightsError, match=r"bytes are missing; try again"):
        fetch(site, target, once)
    assert not target.exists()
    (part,) = parts_of(target)
    assert part.read_bytes() == CONTENT[:HALF]
    fetch(site, target, once)
    assert target.read_bytes() == CONTENT
    assert site.asked[-1] == f"bytes={HALF}-"
    assert parts_of(target) == []


def test_a_server_that_gives_no_parts_is_read_from_the_beginning(site: Site, target: Path) -> None:
    site.gives_parts = False
    site.breaks_off_after = [HALF]
    fetch(site, target)
    assert target.read_bytes() == CONTENT
    assert site.asked == [None, f"bytes={HALF}-"]


def test_a_server_without_progress_is_not_asked_for_ever(site: Site, target: Path) -> None:
    site.breaks_off_after = [0] * 9
    with pytest.raises(WeightsError, match="broke off"):
        fetch(site, target)
    assert len(site.asked) == 1
    assert parts_of(target) == []


def test_attempts_have_an_end_even_with_progress(site: Site, target: Path) -> None:
    site.breaks_off_after = [10] * 9
    with pytest.raises(WeightsError, match="broke off"):
        fetch(site, target)
    assert len(site.asked) == BOUNDS.attempts


def test_a_file_that_changed_meanwhile_is_fetched_anew(site: Site, target: Path) -> None:
    site.content = bytes(len(CONTENT))
    site.breaks_off_after = [HALF]
    with pytest.raises(WeightsError):
        fetch(site, target, replace(BOUNDS, attempts=1))
    site.content = CONTENT
    fetch(site, target)
    assert target.read_bytes() == CONTENT
    assert site.asked == [None, f"bytes={HALF}-", None]


def test_a_longer_part_than_the_file_is_thrown_away(site: Site, target: Path) -> None:
    site.content = CONTENT[:HALF]
    site.breaks_off_after = [HALF - 1]
    with pytest.raises(WeightsError):
        fetch(site, target, replace(BOUNDS, attempts=1))
    (part,) = parts_of(target)
    part.write_bytes(CONTENT)
    fetch(site, target, sha256=hashlib.sha256(CONTENT[:HALF]).hexdigest())
    assert target.read_bytes() == CONTENT[:HALF]


def test_other_bytes_than_wanted_leave_nothing(site: Site, target: Path) -> None:
    site.content = CONTENT[:-1] + b"!"
    with pytest.raises(WeightsMismatchError, match=SHA256):
        fetch(site, target)
    assert not target.exists()
    assert parts_of(target) == []


def test_an_older_file_stays_where_the_new_one_is_wrong(site: Site, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"older")
    with pytest.raises(WeightsMismatchError):
        fetch(site, target, sha256="0" * 64)
    assert target.read_bytes() == b"older"


@pytest.mark.parametrize("announces", [None, -1], ids=["announced", "not announced"])
def test_more_than_the_card_says_is_not_kept(
    site: Site, target: Path, announces: int | None
) -> None:
    site.announces = announces
    with pytest.raises(WeightsError, match=f"larger than {len(CONTENT) - 1} bytes"):
        fetch(site, target, replace(BOUNDS, most_bytes=len(CONTENT) - 1))
    assert not target.exists()
    assert parts_of(target) == []


def test_what_is_announced_too_large_is_not_even_read(site: Site, target: Path) -> None:
    site.announces = 10**15
    with pytest.raises(WeightsError, match="larger than"):
        fetch(site, target)
    assert parts_of(target) == []


def test_a_server_that_says_nothing_is_left(site: Site, target: Path) -> None:
    site.pause_s = 5
    with pytest.raises(WeightsError, match="timed out"):
        fetch(site, target, replace(BOUNDS, timeout_s=0.1))


def test_a_server_that_drips_is_left_and_may_be_asked_again(site: Site, target: Path) -> None:
    site.pause_s, site.chunk_bytes = 0.02, 10
    drip = replace(BOUNDS, timeout_s=0.2, slowest_bytes_s=1e6)
    with pytest.raises(WeightsError, match="too slowly"):
        fetch(site, target, drip)
    (part,) = parts_of(target)
    had = part.stat().st_size
    assert had > 0
    site.pause_s, site.chunk_bytes = 0, 1 << 20
    fetch(site, target)
    assert target.read_bytes() == CONTENT
    assert site.asked[-1] == f"bytes={had}-"


@pytest.mark.parametrize("said", ["bytes 7-9/10", "nonsense"])
def test_another_part_than_was_asked_for_is_refused(site: Site, target: Path, said: str) -> None:
    site.breaks_off_after = [HALF]
    site.range_said = said
    with pytest.raises(WeightsError, match="part of"):
        fetch(site, target)
    assert not target.exists()


def test_redirects_have_an_end(site: Site, target: Path) -> None:
    site.location = "/file"
    with pytest.raises(WeightsError, match="infinite loop"):
        fetch(site, target)
    assert len(site.asked) < 12


@pytest.mark.parametrize("place", ["ftp://127.0.0.1/a", "file:///etc/hostname", "data:,a"])
def test_redirects_lead_to_the_web_alone(site: Site, target: Path, place: str) -> None:
    site.location = place
    with pytest.raises(WeightsError):
        fetch(site, target)
    assert not target.exists()


def test_two_processes_do_not_write_into_one_another(site: Site, target: Path) -> None:
    """Another process holds the part: this one fetches all of it on its own."""
    site.breaks_off_after = [HALF]
    with pytest.raises(WeightsError):
        fetch(site, target, replace(BOUNDS, attempts=1))
    (part,) = parts_of(target)
    with part.open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        fetch(site, target)
    assert target.read_bytes() == CONTENT
    assert part.read_bytes() == CONTENT[:HALF]
    assert site.asked[-1] is None


def zipped(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.onnx", content)
    return stream.getvalue()


def test_one_file_is_taken_out_of_an_archive_that_resumes(site: Site, target: Path) -> None:
    site.content = zipped(model=CONTENT, traits=b"unwanted")
    site.breaks_off_after = [HALF]
    pin = hashlib.sha256(site.content).hexdigest()
    source = Source(f"{site.url}#model.onnx", pin, len(site.content))
    fetch_file(source, sha256=SHA256, target=target, size_bytes=len(CONTENT))
    assert target.read_bytes() == CONTENT
    assert parts_of(target) == []
    assert site.asked == [None, f"bytes={HALF}-"]


@pytest.mark.parametrize(
    ("archive", "member", "size_bytes", "says"),
    [
        ("0" * 64, "model", len(CONTENT), "it was not kept"),
        (None, "nothing", len(CONTENT), "holds no file"),
        (None, "traits", len(CONTENT), "it was not kept"),
        (None, "model", len(CONTENT) - 1, "larger than"),
    ],
)
def test_an_archive_with_anything_wrong_leaves_nothing(
    site: Site, target: Path, archive: str | None, member: str, size_bytes: int, says: str
) -> None:
    site.content = zipped(model=CONTENT, traits=b"unwanted")
    source = Source(f"{site.url}#{member}.onnx", archive)
    with pytest.raises(WeightsError, match=says):
        fetch_file(source, sha256=SHA256, target=target, size_bytes=size_bytes)
    assert list(target.parent.iterdir()) == []


def test_a_redirect_from_https_to_http_is_refused() -> None:
    """Asked of the handler itself, since a server here has no certificate to be believed."""
    request = urllib.request.Request("https://example.org/a")
    answer = io.BytesIO()
    with pytest.raises(WeightsError, match="from https to http"):
        url._Redirects().redirect_request(
            request, answer, 302, "Found", http.client.HTTPMessage(), "http://example.org/b"
        )
    assert answer.closed
