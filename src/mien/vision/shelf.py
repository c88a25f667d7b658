"""All models that a deployment knows: those that come with Mien, and those that a user added.

A user's card lies in a folder of the home as `<id>.json`, with the SHA-256 of its file, which
lies beside it under `weights/`. It does not promise that the file is still there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from mien.errors import ModelError
from mien.vision.card_form import check_table, parse_own_card
from mien.vision.cards import Card, Pack, find_pack, load_cards, parse_card
from mien.vision.measures import Measures, read_measures, write_measures
from mien.vision.pipeline import describe_model
from mien.vision.trial import try_recogniser
from mien.vision.weights import OWN, WeightStore

__all__ = ["Shelf"]

LARGEST_FILE_BYTES = 2 * 1024**3
"""What one ONNX file may hold: more does not fit into a protocol buffer."""


class Shelf:
    """The models of a deployment; `folder` is where a user's own lie."""

    def __init__(self, folder: Path, *, cache: Path) -> None:
        self.folder = folder
        self.store = WeightStore(cache, own=folder)

    def cards(self) -> tuple[Card, ...]:
        """Every card, those that come with Mien first. Raises `ModelError` for a damaged one."""
        written = self._written_cards()
        return tuple(self._complete(card, among=written) for card in written)

    def get_card(self, card_id: str) -> Card:
        """Raises `ModelError` for an unknown id."""
        by_id = {card.id: card for card in self.cards()}
        if card_id not in by_id:
            raise ModelError(f"There is no model {card_id!r}; there are: {', '.join(by_id)}.")
        return by_id[card_id]

    def get_pack(self, name: str) -> Pack:
        """Raises `ModelError` where no cards form one."""
        return find_pack(self.cards(), name)

    def packs(self) -> tuple[Pack, ...]:
        """Every pack, in the order of its recognisers' cards."""
        return tuple(self.get_pack(card.pack) for card in self.cards() if card.pack)

    def is_here(self, pack: Pack) -> bool:
        """Are the weights of both parts here?"""
        return self.store.is_pulled(pack.detector) and self.store.is_pulled(pack.recogniser)

    def add(self, file: Path, text: str, *, most_bytes: int = LARGEST_FILE_BYTES) -> Card:
        """Keeps a user's model, tried out and under its SHA-256.

        The same model may be added anew with a card that says more of it: what was measured, say.
        Raises `ModelError`.
        """
        sha256, size_bytes = _measure(file, most_bytes=most_bytes)
        source = {"url": f"{OWN}{file.name}", "sha256": sha256, "size_bytes": size_bytes}
        card, table = parse_own_card(text, source=source)
        self.get_card(card.detector)
        others = [one for one in self.cards() if not self._is_renewed(one, by=card)]
        if {card.id, card.pack} & {name for one in others for name in (one.id, one.pack)}:
            raise ModelError(f"There is a model {card.id} already. Choose another id.")
        try_recogniser(file, card)
        _copy_verified(file, self.store.path_of(card), sha256=sha256)
        _write(self.folder / f"{card.id}.json", json.dumps(table, indent=1).encode())
        return card

    def remove(self, card: Card) -> None:
        """Forgets a user's model with its file; of another's only the fetched weights go."""
        (self.folder / f"{card.id}.json").unlink(missing_ok=True)
        self._measures_of(card).unlink(missing_ok=True)
        if not any(one.source.sha256 == card.source.sha256 for one in self._others(card)):
            self.store.remove(card)

    def measure(self, card: Card, measures: Measures) -> None:
        """Keeps what was measured. Raises `ModelError` for a model that has it in its card."""
        if card.embedding is None or (known := self._find_written(card).embedding) is None:
            raise ModelError(f"{card.id} is no recogniser.")
        if known.measured_on:
            raise ModelError(f"{card.id} was measured already: on {known.measured_on}.")
        write_measures(self._measures_of(card), measures)

    def is_own(self, card: Card) -> bool:
        return card.source.url.startswith(OWN)

    def check(self, card: Card) -> None:
        """Whether what is here is what the card names, and runs.

        Raises `WeightsError` where nothing is here or other bytes are, `ModelError` where they
        do not do what the card says.
        """
        self.store.verify(card)
        if card.kind == "recogniser":
            try_recogniser(self.store.pull(card), card)

    def _is_renewed(self, card: Card, *, by: Card) -> bool:
        """Is it the same model of the user's own, whose templates stay what they are?"""
        return (
            self.is_own(card)
            and (card.id, card.source.sha256) == (by.id, by.source.sha256)
            and describe_model(find_pack([*load_cards(), card], card.pack)).digest
            == describe_model(find_pack([*load_cards(), by], by.pack)).digest
        )

    def _written_cards(self) -> tuple[Card, ...]:
        return *load_cards(), *(_read(path) for path in sorted(self.folder.glob("*.json")))

    def _find_written(self, card: Card) -> Card:
        return next(one for one in self._written_cards() if one.id == card.id)

    def _measures_of(self, card: Card) -> Path:
        return self.folder / "measured" / f"{card.id}.json"

    def _complete(self, card: Card, *, among: tuple[Card, ...]) -> Card:
        """With what was measured of the very same model since its card was written."""
        if card.embedding is None or card.embedding.measured_on:
            return card
        measures = read_measures(self._measures_of(card))
        if measures is None or card.detector not in {one.id for one in among}:
            return card
        if describe_model(find_pack(among, card.pack)).digest != measures.model_digest:
            return card
        embedding = replace(
            card.embedding,
            measured_on=measures.measured_on,
            score_by_fmr=measures.score_by_fmr,
            missed_by_fmr=measures.missed_by_fmr,
        )
        return replace(card, embedding=embedding)

    def _others(self, card: Card) -> list[Card]:
        return [one for one in self.cards() if one.id != card.id]


def _read(path: Path) -> Card:
    try:
        table = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelError(f"The card {path} cannot be read: {error}.") from error
    check_table(table, Card)
    return parse_card(table)


def _measure(file: Path, *, most_bytes: int) -> tuple[str, int]:
    """SHA-256 and size of a file that is not too large."""
    try:
        size_bytes = file.stat().st_size
        if size_bytes > most_bytes:
            raise ModelError(f"{file} is larger than {most_bytes:,} bytes.")
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest(), size_bytes
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}.") from error


def _copy_verified(file: Path, target: Path, *, sha256: str) -> None:
    """The file may change while it is read: what is kept is what was tried out."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        copy = Path(folder) / target.name
        shutil.copyfile(file, copy)
        if _measure(copy, most_bytes=LARGEST_FILE_BYTES)[0] != sha256:
            raise ModelError(f"{file} changed while it was read. Add it again.")
        copy.replace(target)


def _write(target: Path, content: bytes) -> None:
    unfinished = target.with_suffix(".new")
    unfinished.write_bytes(content)
    unfinished.replace(target)
