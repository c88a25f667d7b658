from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.errors import ModelError
from mien.vision.cards import Card, InputFormat, get_card
from mien.vision.prepared import Prepared, open_network
from vision.doubles import FakeSession
from vision.networks import build_recogniser

CHIPS = np.random.default_rng(3).integers(0, 256, (5, 3, 112, 112)).astype(np.float32)
ARCFACE = get_card("auraface-v1")


def store(folder: Path, content: bytes) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(content)
    return path


def see_means(values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return [values.mean(axis=(2, 3)), values[:, :1, 0, 0]]


def prepared(form: InputFormat, *, batch: int | None = None) -> tuple[Prepared, FakeSession]:
    inner = FakeSession(see_means)
    inner.input_shape = (batch, 3, 112, 112)
    return Prepared(inner, form), inner


@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_pixels_come_in_the_form_of_the_card(order: str) -> None:
    form = replace(ARCFACE.input, colour_order=order, mean=(127.5, 100.0, 0.0))  # type: ignore[arg-type]
    session, inner = prepared(form)
    picture = np.zeros((1, 3, 2, 2), np.float32)
    picture[0, 0] = 255  # red
    session.run(picture)
    red = 255.0 if order == "rgb" else 0.0
    blue = 255.0 - red
    expected = ((red - 127.5) / 127.5, -100 / 127.5, blue / 127.5)
    np.testing.assert_allclose(inner.seen[0][0, :, 0, 0], expected, rtol=1e-6)
    assert inner.seen[0].dtype == np.float32


def test_arcface_takes_minus_one_to_one() -> None:
    session, inner = prepared(ARCFACE.input)
    session.run(np.array([0, 127.5, 255], np.float32).reshape(1, 1, 1, 3).repeat(3, axis=1))
    assert inner.seen[0][0, 0, 0].tolist() == [-1, 0, 1]


@pytest.mark.parametrize(("batch", "calls"), [(None, 1), (1, 5)])
def test_a_network_for_one_picture_is_asked_for_each(batch: int | None, calls: int) -> None:
    session, inner = prepared(ARCFACE.input, batch=batch)
    means, corners = session.run(CHIPS)
    assert len(inner.seen) == calls
    expected = (CHIPS - 127.5) / 127.5
    np.testing.assert_allclose(means, expected.mean(axis=(2, 3)), atol=1e-5)
    np.testing.assert_allclose(corners, expected[:, :1, 0, 0], atol=1e-6)


@pytest.mark.parametrize(("card_id", "batch"), [("sface", 1), ("auraface-v1", "n")])
def test_files_like_the_published_ones_run(card_id: str, batch: int | str, tmp_path: Path) -> None:
    card = get_card(card_id)
    assert card.embedding is not None
    dimension = card.embedding.dimension
    path = store(tmp_path, build_recogniser(dimension, batch=batch))
    (embeddings,) = open_network(path, card, threads=1).run(CHIPS)
    # What the network was built to do, done again by hand.
    form = card.input
    means = ((CHIPS - form.mean[0]) / form.divisor).reshape(5, 3, 8, 14, 8, 14).mean(axis=(3, 5))
    projection = np.random.default_rng(dimension).standard_normal((192, dimension)) / 8
    np.testing.assert_allclose(embeddings, means.reshape(5, 192) @ projection, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (build_recogniser(side_px=96), "any x 3 x 96 x 96, and its card says any x 3 x 112 x 112"),
        (build_recogniser(opset=99), "does not run"),
        (b"no network", "does not run"),
    ],
    ids=["other side", "unknown opset", "no network"],
)
def test_a_file_that_is_not_what_the_card_says_is_refused(
    content: bytes, says: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=says):
        open_network(store(tmp_path, content), ARCFACE, threads=1)


def test_a_converted_graph_is_left_alone(tmp_path: Path) -> None:
    """It takes 0 to 255 already, whatever its card says of the published weights."""
    card: Card = replace(ARCFACE, converter="dlib-resnet")
    session = open_network(store(tmp_path, build_recogniser()), card, threads=1)
    assert not isinstance(session, Prepared)
