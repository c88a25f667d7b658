from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from mien.errors import ModelError
from mien.vision.cards import (
    Card,
    get_card,
    get_pack,
    load_calibration,
    load_cards,
    load_cohort,
    load_gaussian,
)
from mien.vision.package import parse_package_url
from mien.vision.pipeline import describe_model
from mien.vision.weights import converter_version

each_card = pytest.mark.parametrize("card", load_cards(), ids=lambda card: card.id)


@each_card
def test_a_card_names_its_weights_by_hash_and_its_licence(card: Card) -> None:
    assert re.fullmatch("[0-9a-f]{64}", card.source.sha256)
    assert re.fullmatch("[0-9a-f]{64}", card.source.archive_sha256 or "0" * 64)
    if card.source.url.startswith("pkg:"):
        assert parse_package_url(card.source.url).path_inside
    else:
        assert card.source.url.startswith("https://")
        assert card.source.url.endswith(".onnx")
        assert (".zip#" in card.source.url) == (card.source.archive_sha256 is not None)
    assert card.licence
    assert card.licence_url.startswith("https://")
    assert converter_version(card) >= 1


def test_the_default_pack_is_free_for_any_use() -> None:
    pack = get_pack("open")
    assert (pack.detector.id, pack.recogniser.id) == ("centerface", "dlib-resnet-v1")
    assert {pack.detector.licence, pack.recogniser.licence} == {"MIT", "CC0-1.0"}


@pytest.mark.parametrize(
    ("name", "recogniser", "terms"),
    [
        ("sface", "sface", "free"),
        ("auraface", "auraface-v1", "free"),
        ("buffalo_l", "arcface-w600k-r50", "non-commercial"),
        ("buffalo_s", "arcface-w600k-mbf", "non-commercial"),
        ("antelopev2", "arcface-glint360k-r100", "non-commercial"),
    ],
)
def test_every_other_pack_finds_faces_with_yunet(name: str, recogniser: str, terms: str) -> None:
    pack = get_pack(name)
    assert (pack.detector.id, pack.detector.licence_terms) == ("yunet", "free")
    assert (pack.recogniser.id, pack.recogniser.licence_terms) == (recogniser, terms)


def test_of_a_model_that_was_not_measured_no_direction_is_preferred() -> None:
    gaussian = load_gaussian(get_card("sface"))
    np.testing.assert_allclose(gaussian.covariance, np.eye(128) / 128)
    assert not gaussian.mean.any()
    with pytest.raises(ModelError, match="No score was measured for sface"):
        describe_model(get_pack("sface")).score_at(1e-3)


def test_the_arcface_template_is_the_published_one() -> None:
    """As in insightface's face_align.py and OpenCV's FaceRecognizerSF, to the last digit."""
    expected = [38.2946, 51.6963, 73.5318, 51.5014, 56.0252, 71.7366]
    expected += [41.5493, 92.3655, 70.7299, 92.2041]
    for name in ("sface", "auraface", "buffalo_l", "buffalo_s", "antelopev2"):
        alignment = get_pack(name).recogniser.alignment
        assert alignment is not None
        assert [value for point in alignment.points_px for value in point] == expected
        np.testing.assert_allclose(alignment.templates(), [alignment.points_px])


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


def test_the_cohort_has_the_mean_and_the_spread_of_the_gaussian() -> None:
    card = get_card("dlib-resnet-v1")
    gaussian, cohort = load_gaussian(card), load_cohort(card)
    assert cohort is not None
    assert cohort.centres.shape == (16, 128)
    assert cohort.weights.sum() == pytest.approx(1, abs=1e-5)
    mean = cohort.weights @ cohort.centres
    assert np.linalg.norm(mean - gaussian.mean) < 0.02
    away = cohort.centres - mean
    covariance = cohort.spread + (away.T * cohort.weights) @ away
    assert np.trace(covariance) == pytest.approx(np.trace(gaussian.covariance), rel=0.05)


def test_no_centre_of_the_cohort_stands_for_fewer_than_twenty_people() -> None:
    cohort = load_cohort(get_card("dlib-resnet-v1"))
    assert cohort is not None
    assert cohort.weights.min() * 963 >= 20 - 1e-3


def test_a_detector_has_neither_cohort_nor_calibration() -> None:
    assert load_cohort(get_card("centerface")) is None
    assert load_calibration(get_card("centerface")) is None


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
    if not card.embedding.measured_on:
        assert not card.embedding.score_by_fmr
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
