"""dlib's stream, written here as its source describes it and read back."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien.errors import ModelError
from mien.vision.dlib_resnet import convert
from mien.vision.dlib_stream import Affine, Convolution, Dense, Layer, Plain, iter_layers


def integer(value: int) -> bytes:
    size = max(1, (abs(value).bit_length() + 7) // 8)
    sign = 0x80 if value < 0 else 0
    return bytes([size | sign]) + abs(value).to_bytes(size, "little")


def name(text: str) -> bytes:
    return integer(len(text)) + text.encode()


def tensor(values: NDArray[np.float32]) -> bytes:
    shape = [*values.shape, 1, 1, 1][:4]
    return b"".join(map(integer, [2, *shape])) + values.astype("<f4").tobytes()


def convolution(filters: NDArray[np.float32], biases: NDArray[np.float32]) -> bytes:
    count, channels, height, width = filters.shape
    flat = np.concatenate([filters.ravel(), biases])
    counts = [count, height, width, 2, 2, 0, 0, 1, count, channels, height, width]
    return name("con_4") + tensor(flat) + b"".join(map(integer, counts)) + integer(-7) * 9


FILTERS = np.arange(4 * 3 * 2 * 2, dtype=np.float32).reshape(4, 3, 2, 2)
BIASES = np.array([1, -2, 3, -4], np.float32)
AFFINE = name("affine_") + tensor(np.arange(8, dtype=np.float32)) + integer(0) * 6
DENSE = (
    name("fc_2") + integer(2) + integer(3) + tensor(np.arange(6, dtype=np.float32).reshape(3, 2))
)
STREAM = b"\1\1head" + convolution(FILTERS, BIASES) + AFFINE + name("relu_") + b"110" + DENSE


def read(stream: bytes) -> list[Layer]:
    return list(iter_layers(stream))


def test_layers_come_with_their_weights_in_order() -> None:
    first, affine, plain, dense = read(STREAM)
    assert isinstance(first, Convolution)
    np.testing.assert_array_equal(first.filters, FILTERS)
    np.testing.assert_array_equal(first.biases, BIASES)
    assert (first.stride, first.padding) == (2, 0)
    assert isinstance(affine, Affine)
    np.testing.assert_array_equal(affine.gamma, [0, 1, 2, 3])
    np.testing.assert_array_equal(affine.beta, [4, 5, 6, 7])
    assert plain == Plain("relu_")
    assert isinstance(dense, Dense)
    np.testing.assert_array_equal(dense.matrix, [[0, 1], [2, 3], [4, 5]])


def test_a_layers_name_among_the_weights_is_not_read_as_a_layer() -> None:
    (trap,) = struct.unpack("<8s", b"\1\5relu_\0")
    biases = np.frombuffer(trap * 2, np.float32).copy()
    layers = read(b"head" + convolution(FILTERS, biases))
    assert len(layers) == 1


@given(st.integers(0, len(STREAM) - 1))
def test_a_stream_that_ends_early_is_an_error_or_fewer_layers(size: int) -> None:
    try:
        layers = read(STREAM[:size])
    except ModelError:
        return
    assert len(layers) < 4


@given(st.integers(0, len(STREAM) - 1), st.integers(0, 255))
def test_damage_ends_in_layers_or_a_model_error(place: int, value: int) -> None:
    damaged = bytearray(STREAM)
    damaged[place] = value
    try:
        layers = read(bytes(damaged))
    except ModelError:
        return
    assert len(layers) <= 4


@pytest.mark.parametrize("stream", [b"", b"no layers", AFFINE, DENSE])
def test_another_network_is_refused(stream: bytes) -> None:
    with pytest.raises(ModelError):
        convert(stream)
