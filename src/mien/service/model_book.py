"""Models as one object: list, fetch, add, choose and remove them, and migrate collections."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mien.catalog import collections as rows
from mien.catalog.audit import Json
from mien.errors import ConflictError, ModelError, WeightsError
from mien.permission.licence import may_use
from mien.permission.verdict import Verdict, combine
from mien.service import audit
from mien.service.audit import Action, Event
from mien.service.deployment import Deployment
from mien.service.gallery import Galleries
from mien.service.installed import OPEN, InstalledModels
from mien.service.migrate import abandon_migration, migrate_collection
from mien.service.migration import MigrationProgress, MigrationReport, MigrationRequest
from mien.service.model_measures import read_report, take_measures

if TYPE_CHECKING:
    from mien.vision.cards import Card, Pack
    from mien.vision.measures import Measures


@dataclass(frozen=True, slots=True)
class ModelState:
    """A card, and how things stand with it here."""

    card: Card
    is_pulled: bool
    is_own: bool
    is_accepted: bool
    is_used: bool


Steps = Callable[[str], None]
"""Told each step in words before it begins."""


def _silent(_: object) -> None:
    pass


class ModelBook:
    """The models of a deployment. `prepare` is done before any collection is migrated."""

    def __init__(
        self,
        deployment: Deployment,
        galleries: Galleries,
        *,
        installed: InstalledModels,
        workers: int,
        max_file_bytes: int,
        prepare: Callable[[], object],
    ) -> None:
        self._deployment = deployment
        self._galleries = galleries
        self._installed = installed
        self._workers = workers
        self._max_file_bytes = max_file_bytes
        self._prepare = prepare

    def list(self) -> list[ModelState]:
        """Every model, those that come with Mien first. Raises `ModelError` for a damaged card."""
        return list_models(self._installed)

    def get(self, model: str) -> ModelState:
        """Raises `ModelError` for an unknown id."""
        self._installed.shelf.get_card(model)
        return next(state for state in self.list() if state.card.id == model)

    def accept(self, model: str, *, licence: str) -> Verdict:
        """Accepts a model's licence by its name, for whatever is done here with the model.

        Nothing happens where it allows every use or was accepted; refused for another name.
        """
        return self._ask(self._installed.shelf.get_card(model), licence)

    def pull(
        self, name: str = "", *, accept_licence: str = "", progress: Steps = _silent
    ) -> Verdict:
        """Fetches, verifies and prepares a model, or both of a pack; without a name, that in use.

        Refused where a licence does not allow every use, unless it is accepted, now by its name
        or earlier. Raises `ModelError`, `WeightsError`.
        """
        cards = self._installed.find_cards(name)
        verdict = combine([self._ask(card, accept_licence) for card in cards])
        if verdict.is_allowed:
            for card in cards:
                self._installed.shelf.store.pull(card, progress=progress)
        return verdict

    def add(self, file: Path | str, *, card: Path | str) -> Card:
        """Adds a recogniser of the user's own, tried out first. Raises `ModelError`."""
        added = self._installed.shelf.add(Path(file), _read_card(Path(card)))
        self._tell(Action.MODEL_ADDED, added)
        return added

    def measure(self, model: str, *, report: Path | str) -> Measures:
        """Takes a model's thresholds from a report of `mien evaluate --json` about it.

        From then on opting out by face and enrolled-only collections work with it. Raises
        `ModelError` and `EvaluationError` for a report that gives none.
        """
        from mien.vision.pipeline import describe_model

        shelf = self._installed.shelf
        card = shelf.get_card(model)
        if not card.pack:
            raise ModelError(f"{model} is no recogniser.")
        described = describe_model(shelf.get_pack(card.pack))
        measures = take_measures(read_report(Path(report)), described)
        shelf.measure(card, measures)
        scores = {f"{rate:g}": score for rate, score in measures.score_by_fmr.items()}
        self._tell(Action.MODEL_MEASURED, card, score_by_fmr=scores)
        return measures

    def use(self, pack: str, *, accept_licence: str = "") -> Verdict:
        """New collections are made with this pack from now on.

        Refused as `pull`. Raises `ModelError`, and `WeightsError` where weights are not here.
        """
        chosen = self._installed.shelf.get_pack(pack)
        verdict = combine([self._ask(card, accept_licence) for card in _parts(chosen)])
        if verdict.is_allowed:
            if pack != OPEN and not self._installed.shelf.is_here(chosen):
                raise WeightsError(f"The weights are not here yet. Run: mien models pull {pack}")
            self._installed.choices.choose(pack)
            self._tell(Action.MODEL_CHOSEN, chosen.recogniser)
        return verdict

    def check(self, model: str) -> None:
        """Verifies a model's bytes and tries it out. Raises `WeightsError`, `ModelError`."""
        self._installed.shelf.check(self._installed.shelf.get_card(model))

    def remove(self, model: str) -> None:
        """Removes what is here of a model, a user's own with its card.

        Raises `ConflictError` where a collection is of it, or it is the one in use.
        """
        shelf = self._installed.shelf
        card = shelf.get_card(model)
        with self._deployment.database.reading() as connection:
            digests = {
                digest
                for found in rows.iter_collections(connection)
                for digest in (found.model_digest, found.next_digest)
            }
        for pack in shelf.packs():
            if card.id in {one.id for one in _parts(pack)}:
                self._check_unused(pack, card, digests=digests)
        shelf.remove(card)
        self._installed.choices.forget(card)
        self._tell(Action.MODEL_REMOVED, card)

    def migrate(
        self,
        collection: str,
        *,
        to: str,
        is_dry: bool = False,
        accept_loss: int | None = None,
        progress: MigrationProgress = _silent,
    ) -> MigrationReport:
        """Brings a collection to another pack; interrupted, the same call goes on.

        Refused where the pack's licence was not accepted. Raises as `migrate_collection` of
        `mien.service.migrate`.
        """
        self._prepare()
        request = MigrationRequest(
            collection=collection,
            pack=to,
            is_dry=is_dry,
            accepted_loss=accept_loss,
            workers=self._workers,
            max_file_bytes=self._max_file_bytes,
        )
        return migrate_collection(
            self._deployment, request, galleries=self._galleries, progress=progress
        )

    def abandon(self, collection: str) -> int:
        """Gives a migration up; how many new templates go. Raises `ConflictError` for none."""
        return abandon_migration(self._deployment, collection)

    def _ask(self, card: Card, accept_licence: str) -> Verdict:
        """Whether the licence allows all or was accepted; accepts it where it is named."""
        choices = self._installed.choices
        verdict = may_use(card.licence_terms, is_accepted=choices.has_accepted(card))
        if verdict.is_allowed or accept_licence != card.licence:
            return verdict
        deployment = self._deployment
        choices.accept(card, by=deployment.actor, at=deployment.clock())
        self._tell(Action.LICENCE_ACCEPTED, card)
        return may_use(card.licence_terms, is_accepted=choices.has_accepted(card))

    def _check_unused(self, pack: Pack, card: Card, *, digests: set[str]) -> None:
        from mien.vision.pipeline import describe_model

        if describe_model(pack).digest in digests:
            raise ConflictError(
                f"A collection is of {card.id}. Bring it to another model first: mien models "
                "migrate COLLECTION --to PACK"
            )
        if pack.name == self._installed.name != OPEN:
            raise ConflictError(f"{card.id} is in use. Choose another pack first: mien models use")

    def _tell(self, action: Action, card: Card, **facts: Json) -> None:
        event = Event(
            action=action,
            facts={
                "model": card.id,
                "sha256": card.source.sha256,
                "licence": card.licence,
                "licence_terms": card.licence_terms,
                **facts,
            },
        )
        with self._deployment.database.writing_durably() as connection:
            audit.append(self._deployment, connection, event=event)


def list_models(installed: InstalledModels) -> list[ModelState]:
    """Every model, and how things stand with it; opens no home."""
    shelf, choices = installed.shelf, installed.choices
    used: set[str] = set()
    with suppress(ModelError):  # a pack that is gone must not hide those that are here
        used = {card.id for card in _parts(shelf.get_pack(installed.name))}
    return [
        ModelState(
            card,
            is_pulled=shelf.store.is_pulled(card),
            is_own=shelf.is_own(card),
            is_accepted=choices.has_accepted(card),
            is_used=card.id in used,
        )
        for card in shelf.cards()
    ]


def _parts(pack: Pack) -> tuple[Card, Card]:
    return pack.detector, pack.recogniser


def _read_card(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"The card {path} cannot be read: {error}.") from error
