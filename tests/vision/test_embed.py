from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.types import Rgb
from mien.vision.embed import Embedder
from vision.doubles import FakeSession


def describe(values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """A network that gives the planes' means, and the left half's mean of red."""
    means = values.mean(axis=(2, 3))
    left_red = values[:, :1, :, : values.shape[3] // 2].mean(axis=(2, 3))
    return [np.concatenate([means, left_red], axis=1).astype(np.float32)]


def chip_of(left: tuple[int, int, int], right: tuple[int, int, int]) -> Rgb:
    chip = np.empty((150, 150, 3), np.uint8)
    chip[:, :75], chip[:, 75:] = left, right
    return chip


def test_chip_and_mirror_are_averaged_and_brought_to_unit_length() -> None:
    embedder = Embedder(FakeSession(describe), dimension=4)
    found = embedder.embed([[chip_of((200, 10, 20), (100, 10, 20))]])[0][0]
    # Left red is 200 in the chip and 100 in its mirror image.
    raw = np.array([150, 10, 20, 150])
    np.testing.assert_allclose(found, raw / np.linalg.norm(raw), rtol=1e-6)


def test_the_network_sees_red_first_and_the_full_range() -> None:
    session = FakeSession(describe)
    Embedder(session, dimension=4).embed([[chip_of((255, 1, 0), (255, 1, 0))]])
    (seen,) = session.seen
    assert seen.shape == (2, 3, 150, 150)
    assert str(seen.dtype) == "float32"
    assert seen[:, :, 0, 0].tolist() == [[255, 1, 0], [255, 1, 0]]


def test_all_chips_of_a_face_are_averaged_before_the_length_is_taken() -> None:
    chips = [chip_of((200, 10, 20), (200, 10, 20)), chip_of((100, 30, 0), (100, 30, 0))]
    found = Embedder(FakeSession(describe), dimension=4).embed([chips])[0][0]
    raw = np.array([150, 20, 10, 150])
    np.testing.assert_allclose(found, raw / np.linalg.norm(raw), rtol=1e-6)


def test_a_model_that_wants_no_mirror_image_sees_each_chip_once() -> None:
    session = FakeSession(describe)
    found = Embedder(session, dimension=4, mirrored=False).embed(
        [[chip_of((200, 10, 20), (100, 10, 20))]]
    )[0][0]
    assert [len(batch) for batch in session.seen] == [1]
    raw = np.array([150, 10, 20, 200])
    np.testing.assert_allclose(found, raw / np.linalg.norm(raw), rtol=1e-6)


@pytest.mark.parametrize("chips_a_face", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 20])
def test_batches_do_not_change_what_comes_out(count: int, chips_a_face: int) -> None:
    session = FakeSession(describe)
    random = np.random.default_rng(3)
    faces = [
        [chip_of(*random.integers(1, 255, (2, 3)).tolist()) for _ in range(chips_a_face)]
        for _ in range(count)
    ]
    embedder = Embedder(session, dimension=4)
    together, consistencies = embedder.embed(faces)
    assert together.shape == (count, 4)
    assert consistencies.shape == (count,)
    assert all(len(batch) <= 16 for batch in session.seen)
    alone = [embedder.embed([chips])[0][0] for chips in faces]
    np.testing.assert_array_equal(together, np.array(alone).reshape(count, 4))


def test_images_that_all_say_the_same_are_consistent() -> None:
    even = [chip_of((90, 40, 10), (90, 40, 10))] * 2
    _, consistencies = Embedder(FakeSession(describe), dimension=4).embed([even])
    np.testing.assert_allclose(consistencies, [1.0], rtol=1e-6)


def test_consistency_is_the_length_of_the_mean_over_the_mean_length() -> None:
    chips = [chip_of((200, 0, 0), (200, 0, 0)), chip_of((0, 100, 0), (0, 100, 0))]
    _, consistencies = Embedder(FakeSession(describe), dimension=4).embed([chips])
    # The network says (200, 0, 0, 200) of the one and (0, 100, 0, 0) of the other.
    lengths = (200 * np.sqrt(2) + 100) / 2
    np.testing.assert_allclose(consistencies, [150 / lengths], rtol=1e-6)
