from __future__ import annotations

import functools
import hashlib
import http.server
import multiprocessing
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mien.errors import ModelError, WeightsError, WeightsMismatchError
from mien.vision.cards import Card, WeightsSource, get_card
from mien.vision.weights import WeightStore


def build_network() -> bytes:
    """Named like CenterFace at both ends: five convolutions of 1 x 1, and a weight nobody reads."""
    nodes, weights = [], []
    for name, channels in (("537", 1), ("538", 2), ("539", 2), ("540", 10)):
        kernel = np.ones((channels, 3, 4, 4), np.float32)
        weights.append(numpy_helper.from_array(kernel, f"w{name}"))
        nodes.append(helper.make_node("Conv", ["input.1", f"w{name}"], [name], strides=[4, 4]))
    weights.append(numpy_helper.from_array(np.zeros(1, np.int64), "num_batches_tracked"))
    inputs = [helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [10, 3, 32, 32])]
    inputs += [helper.make_tensor_value_info(w.name, w.data_type, w.dims) for w in weights]
    outputs = [
        helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, [10, n, 8, 8])
        for node, n in zip(nodes, (1, 2, 2, 10), strict=True)
    ]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=4)
    return bytes(model.SerializeToString())


NETWORK = build_network()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its own name
        """Say nothing."""


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    """A detector card whose weights a server on this machine gives."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "tiny.onnx").write_bytes(NETWORK)
    handler = functools.partial(QuietHandler, directory=str(tmp_path / "site"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}/tiny.onnx"
    source = WeightsSource(url, hashlib.sha256(NETWORK).hexdigest(), len(NETWORK))
    yield replace(get_card("centerface"), id="tiny", title="Tiny", source=source)
    server.shutdown()
    server.server_close()
    thread.join()


def test_weights_are_fetched_and_converted_once(card: Card, tmp_path: Path) -> None:
    store = WeightStore(tmp_path / "models")
    steps: list[str] = []
    assert not store.is_pulled(card)
    graph = store.pull(card, progress=steps.append)
    assert store.is_pulled(card)
    assert store.path_of(card).read_bytes() == NETWORK
    assert [step.split()[0] for step in steps] == ["fetching", "converting"]
    assert store.pull(card, progress=steps.append) == graph
    assert len(steps) == 2


def test_the_graph_is_made_anew_from_weights_that_are_here(card: Card, tmp_path: Path) -> None:
    store = WeightStore(tmp_path / "models")
    before = store.pull(card).read_bytes()
    store.graph_path_of(card).unlink()
    gone = replace(card, source=replace(card.source, url="http://127.0.0.1:9/"))
    assert store.pull(gone).read_bytes() == before


def test_damaged_weights_are_removed_and_not_converted(card: Card, tmp_path: Path) -> None:
    store = WeightStore(tmp_path / "models")
    store.pull(card)
    store.graph_path_of(card).unlink()
    store.path_of(card).write_bytes(NETWORK[:-1] + b"\0")
    with pytest.raises(WeightsMismatchError, match="pull tiny again"):
        store.pull(card)
    assert store.pull(card).is_file()


def test_weights_that_cannot_be_had_leave_nothing(card: Card, tmp_path: Path) -> None:
    store = WeightStore(tmp_path / "models")
    gone = replace(card, source=replace(card.source, url=f"{card.source.url}.missing"))
    with pytest.raises(WeightsError):
        store.pull(gone)
    assert [path for path in tmp_path.glob("models/**/*") if path.is_file()] == []


def test_an_unknown_converter_is_an_error(card: Card, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'mystery'"):
        WeightStore(tmp_path).pull(replace(card, converter="mystery"))


def pull(folder: Path, card: Card) -> None:
    WeightStore(folder).pull(card)


def test_two_processes_that_pull_at_once_both_succeed(card: Card, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    children = [spawn.Process(target=pull, args=(tmp_path / "models", card)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0]
    files = [path.name for path in tmp_path.glob("models/**/*") if path.is_file()]
    assert len(files) == 2, files


def test_the_converted_detector_takes_photos_of_any_size(card: Card, tmp_path: Path) -> None:
    graph = onnx.load(str(WeightStore(tmp_path).pull(card))).graph
    assert [value.name for value in graph.input] == ["photo"]
    assert [value.name for value in graph.output] == ["heat", "scale", "offset", "landmarks"]
    sides = [side.dim_param or side.dim_value for side in graph.input[0].type.tensor_type.shape.dim]
    assert sides == ["n", 3, "photo_height", "photo_width"]
    assert len(graph.initializer) == 4
