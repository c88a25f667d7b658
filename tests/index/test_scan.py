from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from contract.vector_index import VectorIndexContract
from index.galleries import DIMENSION, draw_templates, make_gaussian
from mien.index import VectorIndex, open_index
from mien.index.base import Mode
from mien.index.codebook import Codebook
from mien.index.exact import ExactIndex
from mien.index.query import Query
from mien.index.scan import ScanIndex
from mien.index.view import Positions
from mien.types import Gaussian

SMALL = 64


def open_small(dimension: int = DIMENSION) -> ScanIndex:
    """An index whose segments are so short that few faces fill several."""
    return ScanIndex(dimension, make_gaussian(dimension), threads=2, segment_rows=SMALL)


class TestScanIndex(VectorIndexContract):
    def open_index(self) -> VectorIndex:
        return open_small()


class TestScanIndexOfOneSegment(VectorIndexContract):
    """Long enough that the newest faces have no codes yet."""

    def open_index(self) -> VectorIndex:
        return ScanIndex(DIMENSION, make_gaussian(), threads=1, segment_rows=8192)


@pytest.mark.parametrize("dimension", [16, 128, 130, 131])
def test_scan_equals_exact_search(dimension: int) -> None:
    templates = draw_templates(5000, seed=1, dimension=dimension)
    scan = ScanIndex(dimension, make_gaussian(dimension), segment_rows=2048)
    exact = ExactIndex(dimension)
    for index in (scan, exact):
        index.add(np.arange(5000), templates)
    probes = draw_templates(100, seed=2, dimension=dimension)
    for among in (None, np.arange(0, 5000, 2), np.arange(0, 5000, 30), np.arange(20)):
        found = scan.search(probes, limit=10, among=among)
        assert found.ids.tolist() == exact.search(probes, limit=10, among=among).ids.tolist()


def test_scan_finds_all_photos_of_one_person_that_stand_together() -> None:
    rng = np.random.default_rng(3)
    crowd = draw_templates(4000, seed=1)
    person = draw_templates(1, seed=2) + 0.02 * rng.standard_normal((500, DIMENSION))
    photos = (person / np.linalg.norm(person, axis=1, keepdims=True)).astype(np.float32)
    scan = ScanIndex(DIMENSION, make_gaussian(), segment_rows=2048)
    scan.add(np.arange(4000), crowd)
    scan.add(np.arange(4000, 4500), photos)
    exact = ExactIndex(DIMENSION)
    exact.restore(scan.snapshot())
    found, expected = (index.search(photos[:20], limit=400) for index in (scan, exact))
    assert found.ids.tolist() == expected.ids.tolist()


def test_one_probe_and_many_give_the_same_answers() -> None:
    scan = open_small()
    scan.add(np.arange(1000), draw_templates(1000, seed=1))
    probes = draw_templates(150, seed=2)
    together = scan.search(probes, limit=7).ids
    assert together.tolist() == [
        scan.search(probe[None], limit=7).ids[0].tolist() for probe in probes
    ]


def test_erased_codes_are_overwritten_in_memory() -> None:
    scan = open_small()
    templates = draw_templates(200, seed=1)
    scan.add(np.arange(200), templates)
    view = scan._view
    old_codes = [block.codes.as_bytes() for block in view.code_blocks]
    old_scanners = [block.codes._scanner for block in view.code_blocks]
    old_rows = view.segments[0].templates
    assert all(codes.any() for codes in old_codes)
    del view
    scan.erase(np.arange(200))
    assert not any(codes.any() for codes in old_codes)
    assert not old_rows.any()
    assert len(old_scanners) == 4


def test_codes_after_an_erasure_are_those_of_the_faces_that_stay() -> None:
    scan, fresh = open_small(), open_small()
    templates = draw_templates(SMALL, seed=1)
    scan.add(np.arange(SMALL), templates)
    scan.erase(np.array([3, 40]))
    stay = np.setdiff1d(np.arange(SMALL), [3, 40])
    fresh.add(stay, templates[stay])
    assert _codes_of(scan) == _codes_of(fresh)


@pytest.mark.parametrize("dimension", [16, 130])
def test_codes_are_those_that_faiss_itself_would_choose(dimension: int) -> None:
    import faiss

    codebook = Codebook(make_gaussian(dimension))
    templates = draw_templates(100, seed=1, dimension=dimension)
    points = codebook._find_points()[: dimension // codebook._find_points().shape[2]]
    quantizer = faiss.ProductQuantizer(dimension, len(points), 4)
    faiss.copy_array_to_vector(np.ascontiguousarray(points).ravel(), quantizer.centroids)
    packed = quantizer.compute_codes((templates @ codebook._axes).astype(np.float32))
    codes = codebook.encode(templates)[:, : len(points)]
    halves = np.pad(codes, ((0, 0), (0, len(points) % 2)))
    assert packed.tolist() == (halves[:, ::2] | (halves[:, 1::2] << 4)).tolist()


def test_directions_in_which_no_template_varies_have_no_axis() -> None:
    mean = np.eye(1, DIMENSION, dtype=np.float32)[0]
    covariance = np.diag(np.arange(DIMENSION) < 5).astype(np.float32)
    axes = Codebook(Gaussian(mean, covariance))._axes
    assert axes.shape[1] == 5
    assert np.allclose(axes.T @ axes, np.eye(5), atol=1e-6)
    assert not axes[5:].any()


def test_a_codebook_follows_from_the_gaussian_alone() -> None:
    templates = draw_templates(50, seed=1)
    first, second = (Codebook(make_gaussian()).encode(templates).tolist() for _ in range(2))
    assert first == second


def test_an_index_measures_its_own_recall_when_it_is_loaded() -> None:
    scan, loaded = open_small(), open_small()
    scan.add(np.arange(500), draw_templates(500, seed=1))
    assert scan.health.recall is None
    loaded.restore(scan.snapshot())
    assert loaded.health.recall == 1.0
    assert loaded.health.mode is Mode.SCAN


def test_a_scan_that_misses_faces_gives_way_to_exact_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scan = open_small()
    templates = draw_templates(500, seed=1)
    scan.add(np.arange(500), templates)
    margins: list[float] = []

    def settle_for_nobody(query: Query, _: int, **__: object) -> Positions:
        margins.append(query.margin)
        return np.empty(0, np.int64)

    monkeypatch.setattr("mien.index.scan.settle", settle_for_nobody)
    health = scan.check(floor=0.99, sample=10)
    assert health.mode is Mode.EXACT
    assert health.recall == 0.0
    assert sorted(set(margins)) == [5.5, 11.0, 22.0]
    assert scan.search(templates, limit=1).ids[:, 0].tolist() == list(range(500))


def test_small_galleries_are_compared_in_full_and_large_ones_scanned() -> None:
    opened = [
        open_index(dimension=DIMENSION, gaussian=make_gaussian(), expected_size=size)
        for size in (49_999, 50_000)
    ]
    assert [type(index) for index in opened] == [ExactIndex, ScanIndex]


def test_importing_the_index_does_not_import_faiss() -> None:
    program = "import sys, mien.index; sys.exit('faiss' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], check=False, env=environment)
    assert done.returncode == 0


def _codes_of(index: ScanIndex) -> list[bytes]:
    return [block.codes.as_bytes().tobytes() for block in index._view.code_blocks]
