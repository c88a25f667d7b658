"""The cache of model weights: fetched once, verified, converted once.

Files as published lie under `weights/`, named by their SHA-256; converted graphs beside
them under `graphs/`, named by source digest and converter version, so that neither can be
taken for the other's. Every file is written whole and renamed; two processes that pull at
once both succeed. The cache may be deleted at any time and comes back with the next pull.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from mien.errors import ModelError, WeightsError, WeightsMismatchError
from mien.vision.cards import Card
from mien.vision.fetch import Source, fetch_file

__all__ = ["OWN", "PLAIN", "Progress", "WeightStore", "converter_version"]

PLAIN = "plain"
"""The converter of files that run as they were published."""
OWN = "file:"
"""Begins the URL of a file that a user added: it lies in the home, and is fetched nowhere."""

Progress = Callable[[str], None]
"""Told each step in words before it begins."""


_CONVERTERS = {
    "centerface": ("mien.vision.centerface", 1),
    "dlib-resnet": ("mien.vision.dlib_resnet", 1),
}
"""Module and version; a version rises with every change that moves what its model gives."""


def _ignore(step: str) -> None:
    del step


class WeightStore:
    """Weights under one folder, which is made where it is missing; a user's own under another."""

    def __init__(self, folder: Path, *, own: Path | None = None) -> None:
        self.folder = folder
        self._own = own or folder

    def path_of(self, card: Card) -> Path:
        """Where the weights lie once pulled, as published."""
        folder = self._own if card.source.url.startswith(OWN) else self.folder
        return folder / "weights" / f"{card.source.sha256}.bin"

    def graph_path_of(self, card: Card) -> Path:
        """Where the graph lies once pulled: converted, or the weights themselves."""
        if card.converter == PLAIN:
            return self.path_of(card)
        name = f"{card.source.sha256}.{card.converter}.v{converter_version(card)}.onnx"
        return self.folder / "graphs" / name

    def is_pulled(self, card: Card) -> bool:
        """True where the weights or the graph made of them are here."""
        return self.graph_path_of(card).is_file() or self.path_of(card).is_file()

    def pull(self, card: Card, *, progress: Progress = _ignore) -> Path:
        """Fetch, verify and convert what is not yet here; the path of the graph.

        Raises `WeightsError` where the weights cannot be had and `ModelError` where they
        are not the network that the card names.
        """
        graph = self.graph_path_of(card)
        if graph.is_file():
            return graph
        weights = self.path_of(card)
        if not weights.is_file():
            self._fetch(card, progress=progress)
        if card.converter == PLAIN:
            return weights
        progress(f"converting {card.title}")
        _write_atomically(graph, _convert(_read_verified(weights, card), card))
        return graph

    def verify(self, card: Card) -> None:
        """Reads what is here of a card. Raises `WeightsError` for nothing, or for other bytes."""
        weights = self.path_of(card)
        if not weights.is_file():
            raise WeightsError(f"The weights of {card.id} are not here; mien models pull {card.id}")
        with weights.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != card.source.sha256:
            raise WeightsMismatchError(
                f"{weights} has SHA-256 {digest}, and the card of {card.id} names "
                f"{card.source.sha256}; remove it and pull {card.id} again"
            )

    def remove(self, card: Card) -> None:
        """Deletes what is here of a card; nothing happens where nothing is."""
        for path in (self.graph_path_of(card), self.path_of(card)):
            path.unlink(missing_ok=True)

    def _fetch(self, card: Card, *, progress: Progress) -> None:
        known = card.source
        if known.url.startswith(OWN):
            raise WeightsError(
                f"The file of {card.id} is gone from {self.path_of(card)}. Put it back, or remove "
                f"the model and add it again: mien models remove {card.id}"
            )
        size_bytes = known.archive_bytes or known.size_bytes
        progress(f"fetching {card.title} ({max(1, size_bytes // 1_000_000)} MB)")
        fetch_file(
            Source(known.url, known.archive_sha256, known.archive_bytes),
            sha256=known.sha256,
            target=self.path_of(card),
            size_bytes=known.size_bytes,
        )


def converter_version(card: Card) -> int:
    """Rises with every change of the converter that moves what the model gives."""
    if card.converter == PLAIN:
        return 1
    return _get_converter(card)[1]


def _get_converter(card: Card) -> tuple[str, int]:
    try:
        return _CONVERTERS[card.converter]
    except KeyError as error:
        raise ModelError(f"{card.id} names the unknown converter {card.converter!r}") from error


def _convert(content: bytes, card: Card) -> bytes:
    """The converter's module is imported here, since onnx is needed only to convert."""
    module = import_module(_get_converter(card)[0])
    graph: bytes = module.convert(content)
    return graph


def _read_verified(path: Path, card: Card) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error}") from error
    if hashlib.sha256(content).hexdigest() != card.source.sha256:
        path.unlink(missing_ok=True)
        raise WeightsMismatchError(f"{path} was damaged and has been removed; pull {card.id} again")
    return content


def _write_atomically(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)
