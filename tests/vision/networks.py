"""Small networks with the inputs and outputs of the published ones, built here."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

YUNET_SIDE_PX, CELL_PX = 640, 32
POINTS = (0.25, 0.25, 0.75, 0.25, 0.5, 0.5, 0.25, 0.75, 0.75, 0.75)
"""Where the network of `build_yunet` says that the points of a face are, as shares of its box."""


def build_yunet(*, without: str = "") -> bytes:
    """Takes BGR; each cell of 32 px that is wholly blue is a face of that size.

    `without` leaves an output out.
    """
    nodes: list[onnx.NodeProto] = []
    weights: list[onnx.TensorProto] = []

    def name(kind: str, value: np.ndarray) -> str:
        weights.append(numpy_helper.from_array(value, f"{kind}.{len(weights)}"))
        return str(weights[-1].name)

    for stride in (8, 16, 32):
        cells = (YUNET_SIDE_PX // stride) ** 2
        kernel = np.array([1, -1, -1], np.float32) / np.float32(255 * stride**2)
        if stride != CELL_PX:
            kernel *= 0
        filters = np.tile(kernel.reshape(1, 3, 1, 1), (1, 1, stride, stride))
        seen, shape = f"seen_{stride}", name("shape", np.array([1, cells, 1], np.int64))
        kernel_name = name("kernel", filters)
        nodes.append(
            helper.make_node("Conv", ["input", kernel_name], [seen], strides=[stride, stride])
        )
        nodes += [
            helper.make_node("Reshape", [seen, shape], [f"{part}_{stride}"])
            for part in ("cls", "obj")
        ]
        for part, values in (("bbox", (0.5, 0.5, 0.0, 0.0)), ("kps", POINTS)):
            table = np.tile(np.array(values, np.float32), (1, cells, 1))
            nodes.append(helper.make_node("Identity", [name(part, table)], [f"{part}_{stride}"]))
    widths = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    outputs = [
        helper.make_tensor_value_info(
            f"{part}_{stride}", TensorProto.FLOAT, [1, (YUNET_SIDE_PX // stride) ** 2, width]
        )
        for part, width in widths.items()
        for stride in (8, 16, 32)
        if f"{part}_{stride}" != without
    ]
    return finish(nodes, weights, shape=[1, 3, YUNET_SIDE_PX, YUNET_SIDE_PX], outputs=outputs)


def build_recogniser(
    dimension: int = 512,
    *,
    batch: int | str = "n",
    side_px: int = 112,
    opset: int = 13,
    spoiled: str = "",
    seed: int = 0,
) -> bytes:
    """A fixed projection of 8 x 8 means: other chips, other embeddings.

    `spoiled` makes it a model that gives no number, nothing, or the same for every chip.
    """
    cell, rng = side_px // 8, np.random.default_rng(dimension + seed)
    projection = rng.standard_normal((192, dimension)).astype(np.float32) / 8
    factor = {"nan": np.nan, "zero": 0.0, "same": 0.0}.get(spoiled, 1.0)
    bias = np.full(dimension, 1.0 if spoiled == "same" else 0.0, np.float32)
    weights = [
        numpy_helper.from_array(projection * np.float32(factor), "projection"),
        numpy_helper.from_array(bias, "bias"),
    ]
    nodes = [
        helper.make_node(
            "AveragePool", ["input"], ["means"], kernel_shape=[cell, cell], strides=[cell, cell]
        ),
        helper.make_node("Flatten", ["means"], ["flat"]),
        helper.make_node("Gemm", ["flat", "projection", "bias"], ["embedding"]),
    ]
    output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [batch, dimension])
    shape = [batch, 3, side_px, side_px]
    return finish(nodes, weights, shape=shape, outputs=[output], opset=opset)


def finish(
    nodes: list[onnx.NodeProto],
    weights: list[onnx.TensorProto],
    *,
    shape: list[int | str],
    outputs: list[onnx.ValueInfoProto],
    opset: int = 13,
) -> bytes:
    taken = helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "small", [taken], outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return bytes(model.SerializeToString())
