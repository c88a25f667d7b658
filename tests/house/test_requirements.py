"""The pinned files: in step with pyproject.toml, hashed, silent about where packages come from."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from house.source import ROOT

FILES = {
    "requirements.txt": [],
    "requirements-aws.txt": ["aws"],
    "requirements-evaluate.txt": ["evaluate"],
    "requirements-test.txt": ["aws", "evaluate", "test"],
    "requirements-bench.txt": ["aws", "evaluate", "test", "bench"],
}
"""Each file with the extras that it covers."""

RENEW = "run scripts/pin"

each_file = pytest.mark.parametrize("name", FILES)


@each_file
def test_every_declared_dependency_is_pinned_within_its_bounds(name: str) -> None:
    pins = {canonicalize_name(pin.name): pin for pin in pinned(name)}
    for wanted in declared(FILES[name]):
        pin = pins.get(canonicalize_name(wanted.name))
        assert pin, f"{name} does not pin {wanted}; {RENEW}"
        assert wanted.specifier.contains(version(pin)), f"{name} has {pin}, not {wanted}; {RENEW}"


@each_file
def test_every_line_is_a_pin_with_hashes_and_nothing_else(name: str) -> None:
    for entry in entries(name):
        requirement, *hashes = entry.split(" --hash=")
        assert re.search(r"==[\w.!+-]+( ;|$)", requirement), f"{name}: {requirement} is no pin"
        assert hashes, f"{name}: {requirement} has no hash"
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", digest) for digest in hashes)


@each_file
def test_no_file_names_an_index_or_a_place(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.findall(r"https?:|file:|://|--\w*(?:index|find-links|trusted-host)| @ ", text) == []


def test_all_files_pin_the_same_versions() -> None:
    pins = {name: {str(pin) for pin in pinned(name)} for name in FILES}
    runs, tests = pins["requirements.txt"], pins["requirements-test.txt"]
    for extra in ("requirements-aws.txt", "requirements-evaluate.txt"):
        assert runs <= pins[extra] <= tests, RENEW
    assert tests <= pins["requirements-bench.txt"], RENEW


def test_nothing_that_compiles_for_long_is_installed() -> None:
    assert "dlib" not in {pin.name for name in FILES for pin in pinned(name)}


def declared(extras: list[str]) -> Iterator[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    for line in [*project["dependencies"], *(line for extra in extras for line in optional[extra])]:
        if not line.startswith("mien["):  # another extra, which is named beside it
            yield Requirement(line)


def entries(name: str) -> list[str]:
    """The file's logical lines, continued ones joined, comments left out."""
    text = Path(ROOT / name).read_text(encoding="utf-8")
    lines = re.sub(r" *\\\n *", " ", text).splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def pinned(name: str) -> list[Requirement]:
    return [Requirement(entry.split(" --hash=")[0]) for entry in entries(name)]


def version(pin: Requirement) -> str:
    return next(iter(pin.specifier)).version
