"""What a model's card says of normalised scores is judged on the people of the sample."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.drawn import draw_people
from mien.evaluation.fusion import Fusion
from mien.evaluation.judge import Card, judge_sample
from mien.evaluation.likelihood import LikelihoodCurve
from mien.evaluation.report import Judgement, ScoreName
from mien.evaluation.resampling import Resampling
from mien.evaluation.sample import Sample, Scores
from mien.types import Vectors

FEW = Resampling(50)


def level(templates: Vectors) -> tuple[Scores, Scores]:
    """As if everybody scored 0.2 against a cohort on average, and spread by 0.1."""
    number = len(templates)
    return np.full(number, 0.2, np.float32), np.full(number, 0.1, np.float32)


@pytest.fixture(scope="module")
def sample() -> Sample:
    return draw_people(60, 4, noise=0.9)


def judge(sample: Sample, card: Card) -> Judgement:
    normalised = card.normalise(sample)
    return judge_sample(normalised, score=ScoreName.NORMALISED, resampling=FEW, card=card)


def test_a_card_gives_each_template_its_level(sample: Sample) -> None:
    pair = np.array([3]), np.array([77])
    cosine = sample.score_pairs(*pair)[0]
    normalised = Card(level).normalise(sample).score_pairs(*pair)[0]
    assert normalised == pytest.approx((cosine - 0.2) / 0.1, abs=1e-4)


def test_the_same_level_for_all_changes_no_rate(sample: Sample) -> None:
    plain = judge_sample(sample, score=ScoreName.COSINE, resampling=FEW)
    leveled = judge(sample, Card(level))
    for one, other in zip(plain.verification.points, leveled.verification.points, strict=True):
        if one.tmr.value is not None:
            assert other.tmr.value == pytest.approx(one.tmr.value, abs=0.02)
    assert leveled.card_calibration is None


def test_mean_templates_get_a_level_too(sample: Sample) -> None:
    (fused, *_) = judge(sample, Card(level)).fusion
    assert Fusion.MEAN_TEMPLATE in {rate.fusion for rate in fused.rates}


def test_ratios_that_overstate_are_found_out(sample: Sample) -> None:
    """A card that was fitted on easier people says too much of these."""
    modest = LikelihoodCurve((0.0, 8.0), (-4.0, 4.0))
    loud = LikelihoodCurve((0.0, 8.0), (-40.0, 40.0))
    prices = {}
    for name, ratios in (("modest", modest), ("loud", loud)):
        found = judge(sample, Card(level, ratios)).card_calibration
        assert found is not None
        assert found.cllr.value is not None
        assert found.mated_pairs == 60 * 6
        prices[name] = found.cllr_loss
    assert prices["loud"].low is not None
    assert prices["modest"].high is not None
    assert prices["loud"].low > prices["modest"].high
