"""Frees the CenterFace file of its fixed input size.

The published file fixes batch, height and width and lists its weights as inputs, which
keeps onnxruntime from folding them. Here only the photo stays an input, all its sides but
the channels are free, and what nothing reads is dropped. No weight changes.
"""

from __future__ import annotations

import onnx

from mien.errors import ModelError

__all__ = ["convert"]

_OUTPUTS = {"537": "heat", "538": "scale", "539": "offset", "540": "landmarks"}
_INPUT = "input.1"


def convert(content: bytes) -> bytes:
    """The same network with free sides: `photo` in, heat, scale, offset, landmarks out.

    Raises `ModelError` for another network.
    """
    model = onnx.load_model_from_string(content)
    graph = model.graph
    if [output.name for output in graph.output] != list(_OUTPUTS):
        raise ModelError("the CenterFace file has other outputs than the published one")
    _keep_only_used_weights(graph)
    _rename(graph, {_INPUT: "photo", **_OUTPUTS})
    for value, channels in zip([*graph.input, *graph.output], (3, 1, 2, 2, 10), strict=True):
        _free_sides(value, channels)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def _keep_only_used_weights(graph: onnx.GraphProto) -> None:
    used = {name for node in graph.node for name in node.input}
    weights = [weight for weight in graph.initializer if weight.name in used]
    inputs = [value for value in graph.input if value.name == _INPUT]
    del graph.initializer[:], graph.input[:]
    graph.initializer.extend(weights)
    graph.input.extend(inputs)


def _rename(graph: onnx.GraphProto, names: dict[str, str]) -> None:
    for node in graph.node:
        for ends in (node.input, node.output):
            ends[:] = [names.get(name, name) for name in ends]
    for value in (*graph.input, *graph.output):
        value.name = names[value.name]


def _free_sides(value: onnx.ValueInfoProto, channels: int) -> None:
    dimensions = value.type.tensor_type.shape.dim
    prefix = "photo" if value.name == "photo" else "map"
    dimensions[0].dim_param = "n"
    dimensions[1].dim_value = channels
    dimensions[2].dim_param = f"{prefix}_height"
    dimensions[3].dim_param = f"{prefix}_width"
