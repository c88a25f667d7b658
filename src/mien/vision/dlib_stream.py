"""Reads the layers of a network that dlib wrote, in the order from input to output.

The stream: an integer is one byte (its low nibble the length, the high bit the sign) and
that many little-endian bytes; a text is its length and its bytes; a tensor is the integer
2, four dimensions and raw little-endian float32. Between the layers stands bookkeeping of
dlib's own, which is skipped by looking for the next layer's name, never inside a tensor.
Reading is bounded by the content: a damaged file raises `ModelError` and nothing else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.errors import ModelError

__all__ = ["Affine", "Convolution", "Dense", "Layer", "Plain", "iter_layers"]

Weights = NDArray[np.float32]

_LAYER_NAME = re.compile(
    rb"\x01\x05(con_4)|\x01\x07(affine_)|\x01\x05(relu_)|\x01\x0a(max_pool_2)"
    rb"|\x01\x0a(avg_pool_2)|\x01\x09(add_prev_)|\x01\x04(fc_2)"
)
_TENSOR_VERSION = 2
_VIEW_VERSION = 1
_LONGEST_BOOKKEEPING = 512
_NEGATIVE = 0x80
_LONGEST_INTEGER = 8


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """Filters (out, in, height, width), one bias for each, and a square stride and padding."""

    filters: Weights
    biases: Weights
    stride: int
    padding: int


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """A factor and an offset for each channel."""

    gamma: Weights
    beta: Weights


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """A matrix (inputs, outputs), without bias."""

    matrix: Weights


@dataclass(frozen=True, slots=True)
class Plain:
    """A layer without weights: relu_, max_pool_2, avg_pool_2 or add_prev_."""

    name: str


Layer = Convolution | Affine | Dense | Plain


def iter_layers(content: bytes) -> Iterator[Layer]:
    """The layers of a dlib network, input first. Raises `ModelError` for a damaged stream."""
    reader = _Reader(content)
    while (name := reader.find_name()) is not None:
        if name == "con_4":
            yield _parse_convolution(reader)
        elif name == "affine_":
            yield _parse_affine(reader)
        elif name == "fc_2":
            yield _parse_dense(reader)
        else:
            yield Plain(name)


def _parse_convolution(reader: _Reader) -> Convolution:
    parameters = reader.tensor().ravel()
    count, _height, _width, stride, stride_x, padding, padding_x = (
        reader.integer() for _ in range(7)
    )
    shape = reader.shape(version=_VIEW_VERSION)
    size = math.prod(shape)
    if (stride, padding, count) != (stride_x, padding_x, shape[0]) or (
        parameters.size != size + count
    ):
        raise ModelError(f"a convolution of {shape} at byte {reader.position} does not add up")
    return Convolution(parameters[:size].reshape(shape), parameters[size:], stride, padding)


def _parse_affine(reader: _Reader) -> Affine:
    parameters = reader.tensor().ravel()
    half = parameters.size // 2
    return Affine(parameters[:half], parameters[half:])


def _parse_dense(reader: _Reader) -> Dense:
    outputs, inputs = reader.integer(), reader.integer()
    matrix = reader.tensor().reshape(-1)
    if matrix.size != inputs * outputs:
        raise ModelError(f"a dense layer of {inputs} to {outputs} does not add up")
    return Dense(matrix.reshape(inputs, outputs))


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.position = 0

    def find_name(self) -> str | None:
        """The next layer's name; None at the end of the stream."""
        end = len(self.content)
        if self.position:
            end = min(end, self.position + _LONGEST_BOOKKEEPING)
        match = _LAYER_NAME.search(self.content, self.position, end)
        if match is None:
            if end != len(self.content):
                raise ModelError(f"no layer follows byte {self.position} of the dlib stream")
            return None
        self.position = match.end()
        return next(name for name in match.groups() if name).decode()

    def integer(self) -> int:
        head = self.take(1)[0]
        length = head & 0x0F
        if not 1 <= length <= _LONGEST_INTEGER:
            raise ModelError(f"byte {self.position} of the dlib stream is no integer")
        value = int.from_bytes(self.take(length), "little")
        return -value if head & _NEGATIVE else value

    def shape(self, *, version: int) -> tuple[int, int, int, int]:
        if self.integer() != version:
            raise ModelError(f"byte {self.position} of the dlib stream is no tensor")
        return (self.integer(), self.integer(), self.integer(), self.integer())

    def tensor(self) -> Weights:
        shape = self.shape(version=_TENSOR_VERSION)
        if min(shape) < 0:
            raise ModelError(f"a tensor at byte {self.position} has a negative side")
        values = np.frombuffer(self.take(4 * math.prod(shape)), dtype="<f4")
        return values.reshape(shape)

    def take(self, size_bytes: int) -> bytes:
        taken = self.content[self.position : self.position + size_bytes]
        if len(taken) != size_bytes:
            raise ModelError("the dlib stream ends early; remove the file and pull it again")
        self.position += size_bytes
        return taken
