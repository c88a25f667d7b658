"""What a commit may hold: no photograph, no trace of a machine, no word that is not about Mien."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from house.source import ROOT, listing, read_text, tracked_files

IMAGE_SUFFIXES = {
    ".avif", ".bmp", ".gif", ".heic", ".heif", ".ico", ".jpeg", ".jpg", ".jxl",
    ".mp4", ".pdf", ".png", ".psd", ".svg", ".tif", ".tiff", ".webp",
}  # fmt: skip
IMAGE_STARTS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*", b"RIFF", b"BM6")

SYNTHETIC = ROOT / "tests" / "golden"
"""Chips drawn from a seed, nobody's face."""

DRAWN = {SYNTHETIC, ROOT / "src" / "mien" / "static", ROOT / "docs" / "guide" / "pictures"}
"""The only folders with images: chips, the mark on every page, and pages about drawn people."""

CARDS = ROOT / "src" / "mien" / "cards"
"""Numbers about a model: the mean and covariance of its embeddings, nobody's template."""

BYTES_MAX = 1_000_000

MACHINE_PATH = re.compile(
    r"(?<![\w.~*])/(?:work|tmp|root|home/\w+|Users/\w+|opt/\w+)(?=[/\s\"'`),]|$)", re.MULTILINE
)
REGISTRY_HOST = re.compile(
    r"\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|deb\.debian\.org|crates\.io)\b"
)
# The brackets keep the pattern from finding itself.
ASSISTANT = re.compile(
    r"\b(?:[c]laude|[a]nthropic|[o]penai|[c]hatgpt|[c]opilot|[l]lm|[a]i[- ]assistant"
    r"|[a]i[- ]generated|[l]anguage model|[s]ubagent)s?\b",
    re.IGNORECASE,
)

FORBIDDEN = {
    "a path of one machine": MACHINE_PATH,
    "the host of a package registry": REGISTRY_HOST,
    "a word about tools that write": ASSISTANT,
}

ALLOWED: dict[tuple[str, str], str] = {}
"""Places where a forbidden word is right: (file, word) with the reason."""


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_tracked_text_is_about_mien_alone(kind: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match.group()}"
        for path in tracked_files()
        for number, line in enumerate((read_text(path) or "").splitlines(), start=1)
        for match in FORBIDDEN[kind].finditer(line)
        if (str(path.relative_to(ROOT)), match.group()) not in ALLOWED
    ]
    assert not found, listing(f"this is {kind}, write it another way", found)


def test_no_photograph_is_tracked() -> None:
    found = [path for path in tracked_files() if is_image(path) and not DRAWN & set(path.parents)]
    assert not found, listing("draw a synthetic chip into tests/golden instead", found)


def test_no_tracked_file_is_large() -> None:
    large = [path for path in tracked_files() if path.stat().st_size > BYTES_MAX]
    assert not large, listing("weights, photos and results stay outside the repository", large)


def test_no_weights_vectors_or_databases_are_tracked() -> None:
    kinds = {".pyc", ".onnx", ".dat", ".db", ".faiss", ".whl", ".so", ".npy", ".npz"}
    found = [path for path in tracked_files() if path.suffix in kinds]
    strays = [path for path in found if not {SYNTHETIC, CARDS} & set(path.parents)]
    assert not strays, listing("make them when they are needed", strays)


def is_image(path: Path) -> bool:
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return path.stat().st_size > 0
    with path.open("rb") as file:
        start = file.read(12)
    return start.startswith(IMAGE_STARTS) or start[4:8] == b"ftyp"
