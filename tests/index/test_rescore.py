from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.galleries import DIMENSION, draw_templates
from mien.index.rescore import exhaust, get_kth_best, rank
from mien.index.segment import Entries, Segment
from mien.index.view import View


def make_view(count: int, *, seed: int) -> View:
    templates = draw_templates(count, seed=seed).astype(np.float16)
    entries = Entries(np.arange(count), templates, np.ones(count, np.bool_))
    return View((Segment.empty(count, DIMENSION).extended(entries),))


@pytest.mark.parametrize("limit", [1, 10, 100])
def test_exhaustion_keeps_all_that_may_be_of_the_best(limit: int) -> None:
    view = make_view(5000, seed=1)
    probes = draw_templates(300, seed=2)
    chosen = exhaust(view, probes, positions=np.arange(5000), limit=limit)
    scores = probes @ view.segments[0].templates.astype(np.float32).T
    best = np.argsort(-scores, axis=1)[:, :limit]
    missed = [np.setdiff1d(own, kept) for own, kept in zip(best, chosen, strict=True)]
    assert not any(len(own) for own in missed)


def test_ranking_gives_the_same_order_wherever_faces_stand() -> None:
    view = make_view(200, seed=1)
    probe = draw_templates(1, seed=2)[0]
    forwards = rank(view, probe, positions=np.arange(200), limit=20)
    backwards = rank(view, probe, positions=np.arange(200)[::-1], limit=20)
    assert forwards[0].tolist() == backwards[0].tolist()
    assert forwards[1].tolist() == backwards[1].tolist()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1, 1, width=32), max_size=30), st.integers(1, 30))
def test_the_kth_best_is_the_kth_of_the_sorted(scores: list[float], k: int) -> None:
    expected = sorted(scores, reverse=True)[k - 1] if k <= len(scores) else -np.inf
    assert get_kth_best(np.array(scores, np.float32), k) == expected
