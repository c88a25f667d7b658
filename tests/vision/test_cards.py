from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from mien.errors import ModelError
from mien.vision.cards import Card, get_card, get_pack, load_cards, load_gaussian
from mien.vision.package import parse_package_url
from mien.vision.pipeline import describe_model
from mien.vision.weights import converter_version

each_card = pytest.mark.parametrize("card", load_cards(), ids=lambda card: card.id)


@each_card
def test_a_card_names_its_weights_by_hash_and_its_licence(card: Card) -> None:
    assert re.fullmatch("[0-9a-f]{64}", card.source.sha256)
    assert re.fullmatch("[0-9a-f]{64}", card.source.archive_sha256 or "0" * 64)
    assert parse_package_url(card.source.url).path_inside
    assert card.licence
    assert card.licence_url.startswith("https://")
    assert converter_version(card) >= 1


def test_the_default_pack_is_free_for_any_use() -> None:
    pack = get_pack("open")
    assert (pack.detector.id, pack.recogniser.id) == ("centerface", "dlib-resnet-v1")
    assert {pack.detector.licence, pack.recogniser.licence} == {"MIT", "CC0-1.0"}


def test_unknown_names_are_errors_that_say_what_there_is() -> None:
    with pytest.raises(ModelError, match="centerface"):
        get_card("nobody")
    with pytest.raises(ModelError, match="'nothing'"):
        get_pack("nothing")


def test_the_gaussian_is_that_of_unit_vectors() -> None:
    gaussian = load_gaussian(get_card("dlib-resnet-v1"))
    assert gaussian.mean.shape == (128,)
    assert gaussian.covariance.shape == (128, 128)
    assert str(gaussian.mean.dtype) == str(gaussian.covariance.dtype) == "float32"
    np.testing.assert_array_equal(gaussian.covariance, gaussian.covariance.T)
    # Some directions are never used by this model, so the least spread is zero.
    assert np.linalg.eigvalsh(gaussian.covariance.astype(float)).min() > -1e-9
    # The mean square of unit vectors is one: that of the mean and the total spread.
    total = float(gaussian.mean @ gaussian.mean + np.trace(gaussian.covariance))
    assert total == pytest.approx(1.0, abs=2e-3)


def test_a_detector_has_no_gaussian() -> None:
    with pytest.raises(ModelError, match="no recogniser"):
        load_gaussian(get_card("centerface"))


def test_the_digest_changes_with_all_that_makes_templates_incomparable() -> None:
    pack = get_pack("open")
    digests = {describe_model(pack).digest}
    source = replace(pack.recogniser.source, sha256="0" * 64)
    changed = [replace(pack, recogniser=replace(pack.recogniser, source=source))]
    assert pack.recogniser.alignment is not None
    moved = replace(pack.recogniser.alignment, scales=(1.0, 1.09))
    changed.append(replace(pack, recogniser=replace(pack.recogniser, alignment=moved)))
    unmirrored = replace(pack.recogniser.alignment, mirrored=False)
    changed.append(replace(pack, recogniser=replace(pack.recogniser, alignment=unmirrored)))
    source = replace(pack.detector.source, sha256="0" * 64)
    changed.append(replace(pack, detector=replace(pack.detector, source=source)))
    digests |= {describe_model(one).digest for one in changed}
    assert len(digests) == 5
    assert describe_model(pack).digest == describe_model(get_pack("open")).digest


@pytest.mark.parametrize("card", load_cards(), ids=lambda card: card.id)
def test_a_stricter_score_lets_fewer_strangers_in_and_misses_more(card: Card) -> None:
    if card.embedding is None:
        assert card.kind == "detector"
        return
    scores, missed = card.embedding.score_by_fmr, card.embedding.missed_by_fmr
    assert set(scores) == set(missed)
    assert all(0 < share < 1 for share in (*scores, *missed.values()))
    strictest_last = sorted(scores, reverse=True)
    for table in (scores, missed):
        values = [table[rate] for rate in strictest_last]
        assert values == sorted(values)
        assert len(set(values)) == len(values)
    assert "pairs of one person" in card.embedding.measured_on
