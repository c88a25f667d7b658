"""The secret rotation keeps cosines and makes templates of two deployments strangers."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.errors import TamperedError
from mien.types import Gaussian
from mien.vault.rotation import make_rotation, parse_rotation
from vault.samples import draw_embedding, open_vault

DIMENSION = 128


def draw_vectors(count: int) -> NDArray[np.float32]:
    return np.stack([draw_embedding(seed, dimension=DIMENSION) for seed in range(count)])


def matrix_of(content: bytes) -> NDArray[np.float64]:
    return np.frombuffer(content, "<f4").reshape(DIMENSION, DIMENSION).astype(np.float64)


def test_the_matrix_is_orthogonal() -> None:
    matrix = matrix_of(make_rotation(DIMENSION).as_bytes())
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(DIMENSION), atol=1e-6)


def test_cosines_and_lengths_are_kept() -> None:
    vectors = draw_vectors(200)
    turned = make_rotation(DIMENSION).turn(vectors)
    assert turned.dtype == np.float32
    assert turned.flags.c_contiguous
    np.testing.assert_allclose(turned @ turned.T, vectors @ vectors.T, atol=1e-6)


def test_no_two_rotations_are_alike_and_each_hides_the_vector() -> None:
    vectors = draw_vectors(500)
    one, two = (make_rotation(DIMENSION).turn(vectors) for _ in range(2))
    for left, right in ((one, two), (one, vectors), (two, vectors)):
        cosines = np.sum(left * right, axis=1)
        # As strangers: deviation 1 / sqrt(128) about 0, so that 0.6 is beyond all chance.
        assert abs(cosines.mean()) < 0.1
        assert cosines.max() < 0.6


def test_rotations_are_spread_evenly() -> None:
    """A QR decomposition whose signs are not fixed favours some: its first column leans one way."""
    draws = [make_rotation(4).as_bytes() for _ in range(2000)]
    matrices = np.stack([np.frombuffer(d, "<f4").reshape(4, 4) for d in draws])
    np.testing.assert_allclose(matrices.mean(axis=0), np.zeros((4, 4)), atol=0.06)
    np.testing.assert_allclose((matrices**2).mean(axis=0), np.full((4, 4), 0.25), atol=0.03)


def test_bytes_bring_the_same_rotation_back() -> None:
    rotation = make_rotation(DIMENSION)
    again = parse_rotation(rotation.as_bytes(), dimension=DIMENSION)
    vectors = draw_vectors(5)
    np.testing.assert_array_equal(again.turn(vectors), rotation.turn(vectors))


@pytest.mark.parametrize("length", [0, 1, 3, 4, 4 * 128 * 128 - 1, 4 * 128 * 128 + 4, 4 * 64 * 64])
def test_bytes_of_another_dimension_are_refused(length: int) -> None:
    with pytest.raises(TamperedError, match="another dimension"):
        parse_rotation(bytes(length), dimension=DIMENSION)


def test_a_turned_gaussian_is_the_one_of_turned_vectors() -> None:
    generator = np.random.default_rng(7)
    root = generator.standard_normal((8, 8))
    gaussian = Gaussian(
        mean=generator.standard_normal(8).astype(np.float32),
        covariance=(root @ root.T).astype(np.float32),
    )
    rotation = make_rotation(8)
    turned = rotation.turn_gaussian(gaussian)
    assert turned.covariance.dtype == np.float32
    np.testing.assert_allclose(turned.mean, rotation.turn(gaussian.mean[np.newaxis])[0], atol=1e-6)
    # The density of a point is the density of the turned point.
    point = generator.standard_normal(8).astype(np.float32)
    for first, second in zip(
        distance_parts(gaussian, point),
        distance_parts(turned, rotation.turn(point[np.newaxis])[0]),
        strict=True,
    ):
        assert first == pytest.approx(second, rel=1e-3)


def distance_parts(gaussian: Gaussian, point: NDArray[np.float32]) -> tuple[float, float]:
    """Mahalanobis distance, squared, and the log determinant: all that a density is made of."""
    away = (point - gaussian.mean).astype(np.float64)
    covariance = gaussian.covariance.astype(np.float64)
    return float(away @ np.linalg.solve(covariance, away)), float(np.linalg.slogdet(covariance)[1])


def test_a_deployment_keeps_its_rotation(tmp_path: Path) -> None:
    vectors = draw_vectors(3)
    with open_vault(tmp_path) as vault:
        first = vault.rotation_of(DIMENSION).turn(vectors)
        np.testing.assert_array_equal(vault.rotation_of(DIMENSION).turn(vectors), first)
    with open_vault(tmp_path) as vault:
        np.testing.assert_array_equal(vault.rotation_of(DIMENSION).turn(vectors), first)


def test_two_deployments_with_the_same_root_key_turn_differently(tmp_path: Path) -> None:
    with open_vault(tmp_path / "a") as one, open_vault(tmp_path / "b") as two:
        assert one.rotation_of(DIMENSION).as_bytes() != two.rotation_of(DIMENSION).as_bytes()


def test_each_dimension_has_a_rotation_of_its_own(tmp_path: Path) -> None:
    with open_vault(tmp_path) as vault:
        assert len(vault.rotation_of(16).as_bytes()) == 4 * 16 * 16
        assert len(vault.rotation_of(32).as_bytes()) == 4 * 32 * 32


def test_processes_that_ask_at_once_agree_on_one_rotation(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier, found = context.Barrier(4), context.Queue()

    def ask() -> None:
        barrier.wait(timeout=30)
        with open_vault(tmp_path) as vault:
            found.put(vault.rotation_of(16).as_bytes())

    processes = [context.Process(target=ask) for _ in range(4)]
    for process in processes:
        process.start()
    matrices = {found.get(timeout=30) for _ in processes}
    for process in processes:
        process.join(timeout=30)
    assert len(matrices) == 1
