"""Which libraries are imported where. What is not listed is refused: a new one is a decision."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from house.source import PACKAGE, ROOT, Module, listing, modules

HOMES = {
    "alembic": {"catalog", "migrations"},
    "argon2": {"vault"},
    "boto3": {"sources"},
    "botocore": {"sources"},
    "cryptography": {"vault"},
    "faiss": {"index"},
    "fastapi": {"api", "http", "rekognition", "server", "web"},
    "google": {"vision"},  # protobuf, which ONNX files are written in
    "jinja2": {"pages"},
    "matplotlib": {"pages"},
    "onnx": {"vision"},
    "onnxruntime": {"vision"},
    "PIL": {"vision"},
    "pillow_heif": {"vision"},
    "platformdirs": {"cli", "settings"},
    "prometheus_client": {"http"},
    "pydantic": {"api"},
    "pyotp": {"vault"},
    "python_multipart": {"http"},
    "rfc8785": {"catalog"},
    "rich": {"cli"},
    "scipy": {"evaluation"},
    "segno": {"pages"},
    "sqlalchemy": {"catalog", "migrations"},
    "starlette": {"api", "http", "rekognition", "server", "web"},
    "typer": {"cli"},
    "uvicorn": {"server"},
}
"""Third-party libraries and the layers that may import them."""

OWN = sys.stdlib_module_names | {"mien"}
EVERYWHERE = OWN | {"numpy"}


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.relative)
def test_a_library_is_imported_in_its_home_only(module: Module) -> None:
    strays = [
        f"line {line}: {library} belongs in {sorted(HOMES.get(library, ['HOMES of this test']))}"
        for library, line in imported_libraries(module)
        if library not in EVERYWHERE and module.layer not in HOMES.get(library, set())
    ]
    assert not strays, listing(f"{module.relative}: move it behind the layer that owns it", strays)


def test_every_imported_library_is_declared() -> None:
    undeclared = used_distributions() - declared_distributions()
    assert not undeclared, listing("add them to dependencies in pyproject.toml", undeclared)


def test_every_declared_library_is_imported() -> None:
    unused = declared_distributions() - used_distributions()
    assert not unused, listing("take them out of dependencies in pyproject.toml", unused)


@pytest.mark.parametrize("name", ["mien", "mien.cli"])
def test_importing_the_front_loads_no_heavy_library(name: str) -> None:
    program = f"import sys, {name}; print(*sys.modules)"
    source = os.environ | {"PYTHONPATH": str(PACKAGE.parent)}
    run = subprocess.run(
        [sys.executable, "-c", program], env=source, check=True, capture_output=True, text=True
    )
    heavy = {"numpy", *HOMES} - {"typer", "rich", "platformdirs"}
    loaded = heavy & set(run.stdout.split())
    assert not loaded, listing("import it in the function that needs it", loaded)


def imported_libraries(module: Module) -> Iterator[tuple[str, int]]:
    """Top-level names of all absolute imports, wherever in the module they stand."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.partition(".")[0], node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0], node.lineno


def used_distributions() -> set[str]:
    """Names under which the imported libraries are installed."""
    known = packages_distributions()
    imported = {name for module in modules() for name, _ in imported_libraries(module)}
    return {canonicalize_name(d) for name in imported - OWN for d in known.get(name, [name])}


def declared_distributions() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *extras["evaluate"], *extras["aws"]]
    return {canonicalize_name(Requirement(line).name) for line in lines}
