"""The SDK for JavaScript does what boto3 does: it signs other headers, and is answered alike.

A program in TypeScript is compiled against the SDK's own types, so that names and kinds of
members are checked by them, and is run by Node.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from rekognition.conformance.endpoint import Endpoint
from rekognition.conformance.photos import BEN, DAD, draw_nobody

pytestmark = pytest.mark.real

SOURCES = Path(__file__).with_name("javascript")
NODE = 20
_INSTALL = ("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock")
_PATIENCE_S = 240


@pytest.fixture(scope="session")
def program(cache_folder: Path) -> Path:
    """Compiled, beside the SDK: kept in the user's cache, since it is fetched from a registry."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("no Node: install nodejs and npm")
    version = run("node", "--version").lstrip("v").partition(".")[0]
    if int(version) < NODE:
        pytest.skip(f"Node {version} is too old for the SDK, which needs {NODE}")
    sources = sorted(path for path in SOURCES.iterdir() if path.is_file())
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()
    folder = cache_folder / "tests" / f"javascript-{digest[:16]}"
    if not folder.is_dir():
        build(sources, folder)
    return folder / "smoke.js"


def build(sources: list[Path], folder: Path) -> None:
    """Elsewhere, and then brought there whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(dir=folder.parent))
    for path in sources:
        shutil.copy(path, made)
    run(*_INSTALL, folder=made)
    run("node", "node_modules/typescript/bin/tsc", "-p", ".", folder=made)
    try:
        made.rename(folder)
    except OSError:  # another was quicker
        shutil.rmtree(made)


def run(
    *words: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> str:
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, f"{words[0]}: {done.stderr or done.stdout}"
    return done.stdout


@pytest.fixture
def told(wire: Endpoint, program: Path, tmp_path: Path) -> dict[str, Any]:
    """What the program saw."""
    photos = {
        "first.png": wire.photos.of(DAD),
        "second.png": wire.photos.of(BEN),
        "probe.png": wire.photos.of(DAD, take=1),
        "nobody.png": draw_nobody(),
    }
    for name, content in photos.items():
        (tmp_path / name).write_bytes(content)
    collection_id = wire.name("smoke")
    wire.drop(collection_id)
    environment = {"SMOKE_COLLECTION": collection_id}
    if wire.served is not None:
        environment |= {
            "AWS_ENDPOINT_URL_REKOGNITION": wire.served.address,
            "AWS_ACCESS_KEY_ID": wire.served.key_id,
            "AWS_SECRET_ACCESS_KEY": wire.served.secret,
            "AWS_REGION": "us-east-1",
        }
    said = run(
        "node", str(program), *(str(tmp_path / name) for name in photos), environment=environment
    )
    return dict(json.loads(said))


def test_a_program_in_typescript_sees_what_one_in_python_sees(told: dict[str, Any]) -> None:
    signed = told.pop("signed")
    assert told == {
        "status": 200,
        "arn": True,
        "listed": ["first", "second"],
        "found": ["first"],
        "compared": 1,
        "detected": 1,
        "faces": 2,
        "created": True,
        "noFace": "There are no faces in the image. Should be at least 1.",
        "gone": "caught ResourceNotFoundException",
    }
    by_boto3 = {"content-type", "host", "x-amz-date", "x-amz-target"}
    assert len(signed) == 1
    assert set(signed[0].split(";")) > by_boto3


def test_no_registry_and_no_lock_is_named() -> None:
    package = json.loads((SOURCES / "package.json").read_text(encoding="utf-8"))
    versions = {**package["dependencies"], **package["devDependencies"]}
    assert all(version[0].isdigit() for version in versions.values()), "each is pinned"
    assert {path.name for path in SOURCES.iterdir()} == {
        *("package.json", "smoke.ts", "tsconfig.json")
    }
