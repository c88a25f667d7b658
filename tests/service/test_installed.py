"""Which models a deployment has, and what it takes before one of them runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from mien.errors import LicenceNotAcceptedError, ModelError, WeightsError
from mien.service.installed import InstalledModels
from mien.testing import draw_photo
from mien.vision.pipeline import describe_model
from service.model_shop import shop
from vision.site import Site

NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def sites() -> Iterator[dict[str, Site]]:
    with shop() as sites:
        yield sites


@pytest.fixture
def models(tmp_path: Path, sites: dict[str, Site]) -> InstalledModels:
    return InstalledModels(tmp_path / "cache", tmp_path / "home" / "models")


def pull(models: InstalledModels, pack: str) -> None:
    for card in models.find_cards(pack):
        models.shelf.store.pull(card)


def test_open_is_the_pack_where_nothing_was_chosen(models: InstalledModels) -> None:
    assert models.name == "open"
    assert models.model.model_id == "dlib-resnet-v1"
    assert [card.id for card in models.find_cards()] == ["centerface", "dlib-resnet-v1"]


def test_what_was_chosen_counts_until_the_settings_name_another(models: InstalledModels) -> None:
    models.choices.choose("sface")
    assert models.name == "sface"
    named = InstalledModels(models.cache, models.own, pack="auraface")
    assert named.name == "auraface"
    assert named.model.dimension == 512


def test_a_pack_or_a_model_is_found_by_its_name(models: InstalledModels) -> None:
    assert [card.id for card in models.find_cards("sface")] == ["yunet", "sface"]
    assert [card.id for card in models.find_cards("yunet")] == ["yunet"]
    with pytest.raises(ModelError, match="no model 'nothing'"):
        models.find_cards("nothing")


def test_only_the_pack_that_comes_with_mien_is_fetched_unasked(
    models: InstalledModels, sites: dict[str, Site]
) -> None:
    with pytest.raises(WeightsError, match="mien models pull yunet"):
        models.get("sface").open(threads=1)
    assert all(site.asked == [] for site in sites.values())
    with patch("mien.vision.pipeline.open_pipeline") as opened:
        models.open(threads=3)
    assert opened.call_args.kwargs["threads"] == 3
    assert opened.call_args.kwargs["pack"].name == "open"


def test_weights_alone_do_not_make_a_licence_accepted(models: InstalledModels) -> None:
    pull(models, "buffalo_l")
    research = models.get("buffalo_l")
    with pytest.raises(LicenceNotAcceptedError, match="does not allow every use"):
        research.open(threads=1)
    (_, card) = models.find_cards("buffalo_l")
    models.choices.accept(card, by="ann", at=NOON)
    assert research.open(threads=1).analyse(draw_photo(1)).width_px == 80


def test_a_damaged_file_of_choices_lets_nothing_run(models: InstalledModels) -> None:
    pull(models, "buffalo_l")
    (_, card) = models.find_cards("buffalo_l")
    models.choices.accept(card, by="ann", at=NOON)
    (models.own / "choices.toml").write_bytes(b"accepted = [")
    with pytest.raises(ModelError, match="cannot be read"):
        models.get("buffalo_l").open(threads=1)


def test_an_unknown_pack_is_an_error_at_once(models: InstalledModels) -> None:
    with pytest.raises(ModelError, match="There is no model pack 'nothing'; there are: antelopev2"):
        models.get("nothing")


def test_a_model_is_found_by_its_digest_where_its_weights_are(models: InstalledModels) -> None:
    digest = describe_model(models.shelf.get_pack("sface")).digest
    assert models.find(digest) is None
    pull(models, "sface")
    found = models.find(digest)
    assert found is not None
    assert found.model.digest == digest
    assert models.find("0" * 64) is None


def test_every_pack_has_a_digest_of_its_own(models: InstalledModels) -> None:
    packs = models.shelf.packs()
    assert len({describe_model(pack).digest for pack in packs}) == len(packs) >= 6
