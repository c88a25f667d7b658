"""Writes dlib's face recognition network (29 convolutions, 128 numbers) as an ONNX graph.

In: `chips`, float32 (n, 3, 150, 150), red first, 0 to 255. Out: `embeddings`, float32
(n, 128), not normalised. The input's normalisation and every affine layer are folded into
the convolutions in float64, which moves an output by less than 1e-6 against dlib's own.

Where a block halves the picture dlib pools the skip path, then pads both paths with zeros
to one shape. Here channels are padded by a 1x1 convolution with ones on its diagonal,
because onnxruntime keeps its fast channel layout through convolutions and loses it at a pad.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from mien.errors import ModelError
from mien.vision.dlib_stream import Affine, Convolution, Dense, Layer, Plain, iter_layers

__all__ = ["convert"]

SIDE_PX = 150
_MEAN_RGB = np.array([122.782, 117.001, 104.298])
_RANGE = 256.0
_OPSET = 17
_IR_VERSION = 9


def convert(content: bytes) -> bytes:
    """The ONNX file for a dlib stream. Raises `ModelError` for another network."""
    layers = _iter_folded(iter_layers(content))
    first = next(layers, None)
    if not isinstance(first, _Folded):
        raise ModelError("the dlib stream does not start with a convolution")
    graph = _Graph()
    graph.convolve(_fold_input(first))
    for layer in layers:
        graph.append(layer)
    return graph.serialised()


@dataclass(frozen=True, slots=True, eq=False)
class _Folded:
    """A convolution with its affine layer, in float64."""

    filters: NDArray[np.float64]
    biases: NDArray[np.float64]
    stride: int
    padding: int


def _iter_folded(layers: Iterable[Layer]) -> Iterator[_Folded | Dense | Plain]:
    convolution: Convolution | None = None
    for layer in layers:
        if isinstance(layer, Convolution):
            convolution = layer
        elif not isinstance(layer, Affine):
            yield layer
        elif convolution is None:
            raise ModelError("an affine layer of the dlib stream follows no convolution")
        else:
            yield _fold_affine(convolution, layer)


def _fold_affine(convolution: Convolution, affine: Affine) -> _Folded:
    gamma = affine.gamma.astype(np.float64)
    return _Folded(
        convolution.filters * gamma[:, None, None, None],
        convolution.biases * gamma + affine.beta,
        convolution.stride,
        convolution.padding,
    )


def _fold_input(first: _Folded) -> _Folded:
    """Exact because the first convolution has no padding."""
    filters = first.filters / _RANGE
    shift = np.einsum("oihw,i->o", filters, _MEAN_RGB)
    return _Folded(filters, first.biases - shift, first.stride, first.padding)


@dataclass(slots=True)
class _Graph:
    """Grows node by node. `last` is the newest tensor, `skip` where the block began."""

    last: str = "chips"
    skip: str = "chips"
    side_px: int = SIDE_PX
    skip_side_px: int = SIDE_PX
    channels: int = 3
    skip_channels: int = 3
    is_pooled: bool = False
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)

    def append(self, layer: _Folded | Dense | Plain) -> None:
        if isinstance(layer, _Folded):
            self.convolve(layer)
        elif isinstance(layer, Dense):
            self._project(layer)
        elif layer.name == "relu_":
            self._rectify()
        elif layer.name == "add_prev_":
            self._add_skip()
        elif layer.name == "avg_pool_2":
            self.is_pooled = True
        else:
            self._pool_first()

    def convolve(self, layer: _Folded) -> None:
        kernel_px = layer.filters.shape[2]
        self.last = self._node(
            "Conv",
            [self.last, self._weight(layer.filters), self._weight(layer.biases)],
            strides=[layer.stride] * 2,
            pads=[layer.padding] * 4,
        )
        self.side_px = (self.side_px + 2 * layer.padding - kernel_px) // layer.stride + 1
        self.channels = layer.filters.shape[0]

    def _rectify(self) -> None:
        """A ReLU ends a block's half; the one after an addition starts the next block."""
        after_addition = self.nodes[-1].op_type != "Conv"
        self.last = self._node("Relu", [self.last])
        if after_addition:
            self._begin_block()

    def _begin_block(self) -> None:
        self.skip, self.skip_side_px, self.skip_channels = self.last, self.side_px, self.channels

    def _pool_first(self) -> None:
        self.last = self._node("MaxPool", [self.last], kernel_shape=[3, 3], strides=[2, 2])
        self.side_px = (self.side_px - 3) // 2 + 1
        self._begin_block()

    def _add_skip(self) -> None:
        skip = self._pooled_skip() if self.is_pooled else self.skip
        self.is_pooled = False
        missing = self.skip_side_px - self.side_px
        if missing > 0:
            pads = self._constant(np.array([0, 0, 0, 0, 0, 0, missing, missing]))
            self.last = self._node("Pad", [self.last, pads])
            self.side_px = self.skip_side_px
        self.last = self._node("Add", [self.last, skip])

    def _pooled_skip(self) -> str:
        pooled = self._node("AveragePool", [self.skip], kernel_shape=[2, 2], strides=[2, 2])
        self.skip_side_px //= 2
        if self.skip_channels == self.channels:
            return pooled
        eye = np.eye(self.channels, self.skip_channels)[:, :, None, None]
        return self._node("Conv", [pooled, self._weight(eye)])

    def _project(self, layer: Dense) -> None:
        pooled = self._node("GlobalAveragePool", [self.last])
        flat = self._node("Flatten", [pooled])
        matrix = self._weight(layer.matrix.astype(np.float64))
        self.last = self._node("MatMul", [flat, matrix])

    def _node(self, kind: str, inputs: list[str], **attributes: list[int]) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def _weight(self, values: NDArray[np.float64]) -> str:
        return self._constant(values.astype(np.float32))

    def _constant(self, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def serialised(self) -> bytes:
        self.nodes.append(helper.make_node("Identity", [self.last], ["embeddings"]))
        sides = ["n", 3, SIDE_PX, SIDE_PX]
        graph = helper.make_graph(
            self.nodes,
            "dlib-resnet-v1",
            [helper.make_tensor_value_info("chips", TensorProto.FLOAT, sides)],
            [helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, ["n", 128])],
            self.weights,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="mien",
        )
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))
