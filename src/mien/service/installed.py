"""The models of a deployment: one pack, and whichever others are here to be asked for.

Nothing is loaded before it is asked for. Only the pack that comes with Mien is fetched when it
is first needed; any other is fetched by a command, after its licence was accepted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import LicenceNotAcceptedError, WeightsError
from mien.permission.licence import may_use
from mien.service.model_choices import ChoiceFile
from mien.service.ports import Models, Vision
from mien.types import EmbeddingModel

if TYPE_CHECKING:
    from mien.vision.cards import Card, Pack
    from mien.vision.shelf import Shelf

OPEN = "open"
"""The pack that works wherever packages can be installed, and is free for any use."""


@dataclass(frozen=True)
class InstalledModels:
    """Models under a cache folder and a user's own folder; `pack` is the one in use.

    Where no pack is named it is the one chosen before, and else `open`.
    """

    cache: Path
    own: Path
    pack: str = ""
    max_bytes: int = 256 * 1024 * 1024
    max_pixels: int = 200_000_000

    @property
    def name(self) -> str:
        return self.pack or self.choices.read().pack or OPEN

    @property
    def choices(self) -> ChoiceFile:
        return ChoiceFile(self.own / "choices.toml")

    @cached_property
    def shelf(self) -> Shelf:
        from mien.vision.shelf import Shelf

        return Shelf(self.own, cache=self.cache)

    def find_cards(self, name: str = "") -> tuple[Card, ...]:
        """A pack's detector and recogniser, or the one model of that id; of the pack in use.

        Raises `ModelError` for a name that nobody has.
        """
        for pack in self.shelf.packs():
            if pack.name == (name or self.name):
                return pack.detector, pack.recogniser
        return (self.shelf.get_card(name or self.name),)

    @property
    def model(self) -> EmbeddingModel:
        from mien.vision.pipeline import describe_model

        return describe_model(self.shelf.get_pack(self.name))

    def open(self, *, threads: int) -> Vision:
        """Raises `LicenceNotAcceptedError`, `WeightsError`, `ModelError`."""
        from mien.vision.decode import DecodeLimits
        from mien.vision.pipeline import open_pipeline

        pack = self.shelf.get_pack(self.name)
        for card in (pack.detector, pack.recogniser):
            self._check_ready(card, pack=pack)
        return open_pipeline(
            store=self.shelf.store,
            threads=threads,
            pack=pack,
            limits=DecodeLimits(size_bytes=self.max_bytes, pixels=self.max_pixels),
        )

    def get(self, pack: str) -> Models:
        self.shelf.get_pack(pack)
        return replace(self, pack=pack)

    def find(self, digest: str) -> Models | None:
        from mien.vision.pipeline import describe_model

        for pack in self.shelf.packs():
            parts = (pack.detector, pack.recogniser)
            if describe_model(pack).digest == digest and all(
                map(self.shelf.store.is_pulled, parts)
            ):
                return replace(self, pack=pack.name)
        return None

    def _check_ready(self, card: Card, *, pack: Pack) -> None:
        if not may_use(card.licence_terms, is_accepted=self.choices.has_accepted(card)).is_allowed:
            raise LicenceNotAcceptedError(
                f"The licence of {card.id} ({card.licence}) does not allow every use, and nobody "
                f"accepted it here. Read {card.licence_url or 'it'}, then: "
                f"mien models pull {card.id}"
            )
        if pack.name != OPEN and not self.shelf.store.is_pulled(card):
            raise WeightsError(
                f"The weights of {card.id} are not here. Fetch them: mien models pull {card.id}"
            )
