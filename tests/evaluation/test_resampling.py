from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mien.evaluation.resampling import (
    Resampling,
    count_stranger_pairs,
    fold_people,
    halve_people,
)


def test_a_replicate_draws_as_many_people_as_there_are() -> None:
    for weights in Resampling(replicates=20).iter_weights(37):
        assert weights.sum() == 37
        assert weights.shape == (37,)


def test_the_same_seed_draws_the_same_people() -> None:
    one = np.stack(list(Resampling(5, seed=3).iter_weights(50)))
    same = np.stack(list(Resampling(5, seed=3).iter_weights(50)))
    other = np.stack(list(Resampling(5, seed=4).iter_weights(50)))
    assert (one == same).all()
    assert (one != other).any()


def test_people_are_drawn_with_replacement_and_evenly() -> None:
    drawn = np.stack(list(Resampling(2000).iter_weights(10)))
    assert np.allclose(drawn.mean(axis=0), 1, atol=0.1)
    # A person is left out of a draw with probability (1 - 1/n)^n.
    assert abs((drawn == 0).mean() - 0.9**10) < 0.02


@given(people=st.integers(2, 60), seed=st.integers(0, 20))
def test_halves_part_everybody_evenly(people: int, seed: int) -> None:
    is_first = halve_people(people, seed=seed)
    assert is_first.sum() == people // 2
    assert (halve_people(people, seed=seed) == is_first).all()


def test_another_seed_parts_otherwise() -> None:
    assert (halve_people(100, seed=1) != halve_people(100, seed=2)).any()


@given(people=st.integers(5, 60), folds=st.integers(2, 5), seed=st.integers(0, 9))
def test_folds_are_as_large_as_each_other(people: int, folds: int, seed: int) -> None:
    sizes = np.bincount(fold_people(people, folds=folds, seed=seed), minlength=folds)
    assert sizes.sum() == people
    assert sizes.max() - sizes.min() <= 1


@given(photos=st.lists(st.integers(0, 4), min_size=2, max_size=7))
def test_pairs_of_strangers_are_counted_as_by_hand(photos: list[int]) -> None:
    by_hand = sum(one * other for one, other in combinations(photos, 2))
    assert count_stranger_pairs(np.array(photos, float)) == by_hand
