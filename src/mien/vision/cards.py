"""Model cards: what a model is, where its weights come from, what it wants and gives.

Cards are data (mien/cards/*.toml). A card names weights by SHA-256, so that a model is the
same bytes wherever they were fetched. It does not promise that the weights are present.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mien.errors import ModelError
from mien.types import Calibration, Cohort, Gaussian

__all__ = [
    "Alignment",
    "Card",
    "Embedding",
    "InputFormat",
    "Pack",
    "WeightsSource",
    "find_pack",
    "get_card",
    "get_pack",
    "load_calibration",
    "load_cards",
    "load_cohort",
    "load_gaussian",
    "parse_card",
    "read_table",
]


@dataclass(frozen=True, slots=True)
class WeightsSource:
    """Where weights come from; what is said of an archive is empty where the URL is the file."""

    url: str
    sha256: str
    size_bytes: int
    archive_sha256: str | None = None
    archive_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class InputFormat:
    """What the published weights were trained on: (value - mean) / divisor, 0 to 255 in."""

    side_px: int
    colour_order: Literal["rgb", "bgr"]
    mean: tuple[float, float, float]
    divisor: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where five landmarks go in each chip of a face: at each scale about a centre.

    Where `mirrored` says so, the mirror image of each chip is looked at too.
    """

    points_px: tuple[tuple[float, float], ...]
    scales: tuple[float, ...]
    centre_px: tuple[float, float]
    mirrored: bool = True

    def templates(self) -> NDArray[np.float64]:
        """The scaled points of each chip, shape (chips, 5, 2), x before y."""
        centre: NDArray[np.float64] = np.array(self.centre_px)
        points: NDArray[np.float64] = np.array(self.points_px)
        scales: NDArray[np.float64] = np.array(self.scales)
        return (points - centre) * scales[:, np.newaxis, np.newaxis] + centre


@dataclass(frozen=True, slots=True)
class Embedding:
    """What a recogniser gives; `gaussian` names the file of its mean and covariance, if measured.

    The same file holds its cohort and its calibration, where they were measured.
    `score_by_fmr` holds the cosines that strangers exceed at measured false match rates, and
    `missed_by_fmr` the share of pairs of one person that score less.
    """

    dimension: int
    distance: Literal["cosine"]
    gaussian: str = ""
    measured_on: str = ""
    score_by_fmr: Mapping[float, float] = field(default_factory=dict)
    missed_by_fmr: Mapping[float, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Card:
    """One model. Recognisers have `alignment` and `embedding`, detectors have neither.

    A recogniser names its pack, and the detector that finds faces for it. `licence_terms` says
    whether the licence allows every use; where it does not, or nobody knows, it is asked about.
    """

    id: str
    kind: Literal["detector", "recogniser"]
    title: str
    licence: str
    licence_terms: Literal["free", "non-commercial", "unknown"]
    licence_url: str
    note: str
    converter: str
    source: WeightsSource
    input: InputFormat
    measured: Mapping[str, float]
    pack: str = ""
    detector: str = ""
    alignment: Alignment | None = None
    embedding: Embedding | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """A detector and a recogniser that work together."""

    name: str
    detector: Card
    recogniser: Card


def load_cards() -> tuple[Card, ...]:
    """Every card, by id."""
    return _load_all()


def get_card(card_id: str) -> Card:
    """Raises `ModelError` for an unknown id."""
    for card in load_cards():
        if card.id == card_id:
            return card
    known = ", ".join(card.id for card in load_cards())
    raise ModelError(f"there is no model {card_id!r}; there are: {known}")


def get_pack(name: str) -> Pack:
    """The pack of that name among the cards that come with Mien. Raises `ModelError`."""
    return find_pack(load_cards(), name)


def find_pack(cards: Iterable[Card], name: str) -> Pack:
    """The pack of that name. Raises `ModelError` where no cards form one."""
    by_id = {card.id: card for card in cards}
    for card in by_id.values():
        if card.kind == "recogniser" and card.pack == name and card.detector in by_id:
            return Pack(name, by_id[card.detector], card)
    known = ", ".join(sorted(card.pack for card in by_id.values() if card.pack))
    raise ModelError(f"There is no model pack {name!r}; there are: {known}.")


def load_gaussian(card: Card) -> Gaussian:
    """How a recogniser's embeddings are spread. Raises `ModelError` for a detector."""
    if card.embedding is None:
        raise ModelError(f"{card.id} is no recogniser, so it has no Gaussian")
    arrays = _load_arrays(card)
    if not arrays:
        return _assume_isotropic(card.embedding.dimension)
    return Gaussian(arrays["mean"], arrays["covariance"])


def load_cohort(card: Card) -> Cohort | None:
    """Nobody's faces, as a recogniser sees them; none where they were not measured."""
    arrays = _load_arrays(card)
    if "centres" not in arrays:
        return None
    return Cohort(arrays["centres"], arrays["weights"], arrays["spread"])


def load_calibration(card: Card) -> Calibration | None:
    """What a recogniser's normalised scores are worth; none where that was not measured."""
    arrays = _load_arrays(card)
    if "scores" not in arrays:
        return None
    return Calibration(
        scores=arrays["scores"],
        log10_fmr=arrays["log10_fmr"],
        log10_fmr_low=arrays["log10_fmr_low"],
        log10_fmr_high=arrays["log10_fmr_high"],
        log10_ratio=arrays["log10_ratio"],
        extrapolated_from=float(arrays["extrapolated_from"]),
    )


def _load_arrays(card: Card) -> dict[str, NDArray[Any]]:
    if card.embedding is None or not card.embedding.gaussian:
        return {}
    return _read_arrays(card.embedding.gaussian)


@cache
def _read_arrays(name: str) -> dict[str, NDArray[Any]]:
    """Read once: the Gaussian, the cohort and the calibration of a model lie in one file."""
    with (_folder() / name).open("rb") as file, np.load(file) as arrays:
        return dict(arrays)


def _assume_isotropic(dimension: int) -> Gaussian:
    """Unit vectors in all directions alike: of a model that nobody measured, nothing is known."""
    spread = np.eye(dimension, dtype=np.float32) / np.float32(dimension)
    return Gaussian(np.zeros(dimension, np.float32), spread)


def _folder() -> Traversable:
    return resources.files("mien.cards")


@cache
def _load_all() -> tuple[Card, ...]:
    files = sorted(_folder().iterdir(), key=lambda file: file.name)
    return tuple(
        parse_card(tomllib.loads(file.read_text(encoding="utf-8")))
        for file in files
        if file.name.endswith(".toml")
    )


def read_table(card_id: str) -> dict[str, Any]:
    """A card that comes with Mien, as it is written."""
    return tomllib.loads((_folder() / f"{card_id}.toml").read_text(encoding="utf-8"))


def parse_card(table: dict[str, Any]) -> Card:
    """A card of a table that is known to be in form."""
    parts: dict[str, Any] = dict(table)
    parts["source"] = WeightsSource(**table["source"])
    parts["input"] = InputFormat(**_frozen(table["input"]))
    parts["measured"] = dict(table.get("measured", {}))
    if "alignment" in table:
        parts["alignment"] = Alignment(**_frozen(table["alignment"]))
    if "embedding" in table:
        parts["embedding"] = _parse_embedding(table["embedding"])
    return Card(**parts)


def _parse_embedding(table: dict[str, Any]) -> Embedding:
    by_rate = {
        name: {float(rate): value for rate, value in table.get(name, {}).items()}
        for name in ("score_by_fmr", "missed_by_fmr")
    }
    return Embedding(**{**table, **by_rate})


def _frozen(table: dict[str, Any]) -> dict[str, Any]:
    return {name: _as_tuple(value) for name, value in table.items()}


def _as_tuple(value: Any) -> Any:  # noqa: ANN401  # a TOML value is of any type
    return tuple(_as_tuple(item) for item in value) if isinstance(value, list) else value
