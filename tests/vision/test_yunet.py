from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mien.errors import ModelError
from mien.types import Credit, Face, Look
from mien.vision.cards import get_card
from mien.vision.decode import Photo
from mien.vision.prepared import open_network
from mien.vision.yunet import YuNet, parse_outputs
from vision.doubles import FakeSession
from vision.networks import POINTS, build_yunet

BLUE, GREY = (0, 0, 255), (128, 128, 128)


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> YuNet:
    """The decoder on a network that takes BGR and calls blue squares of 32 px faces."""
    path = tmp_path_factory.mktemp("yunet") / "yunet.onnx"
    path.write_bytes(build_yunet())
    return YuNet(open_network(path, get_card("yunet"), threads=1), side_px=640)


def photo_of(size: tuple[int, int], *marks: tuple[int, int, int], scale: float = 1.0) -> Photo:
    """A grey photo with blue squares, each by left and top edge and side."""
    picture = Image.new("RGB", size, GREY)
    for left, top, side in marks:
        picture.paste(BLUE, (left, top, left + side, top + side))
    full = (round(size[0] / scale), round(size[1] / scale))
    return Photo(picture, *full, "image/png", Credit())


def box_of(face: Face) -> tuple[float, float, float, float]:
    return (face.box.x1, face.box.y1, face.box.x2, face.box.y2)


def empty_outputs(side_px: int = 64) -> dict[str, NDArray[np.float32]]:
    widths = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    return {
        f"{part}_{stride}": np.zeros((1, (side_px // stride) ** 2, width), np.float32)
        for part, width in widths.items()
        for stride in (8, 16, 32)
    }


def test_outputs_are_read_as_opencv_reads_them() -> None:
    """Row 2 and column 3 of the four by four cells of stride 16, worked out by hand."""
    outputs = empty_outputs()
    cell = 2 * 4 + 3
    outputs["cls_16"][0, cell], outputs["obj_16"][0, cell] = 0.81, 0.64
    outputs["bbox_16"][0, cell] = 0.25, 0.5, math.log(1.5), math.log(2)
    outputs["kps_16"][0, cell] = (0.1, 0.2, 0.9, 0.2, 0.5, 0.6, 0.2, 1.0, 0.8, 1.0)
    (found,) = parse_outputs(outputs, side_px=64)
    # The middle is at (3.25, 2.5) strides, the box 1.5 by 2 strides.
    box = (52 - 12, 40 - 16, 52 + 12, 40 + 16)
    points = (49.6, 35.2, 62.4, 35.2, 56, 41.6, 51.2, 48, 60.8, 48)
    np.testing.assert_allclose(found, (0.72, *box, *points), rtol=1e-6)


@pytest.mark.parametrize(
    ("sure", "there", "counts"),
    [(1.0, 0.37, True), (1.0, 0.35, False), (0.6, 0.6, True), (9.0, 0.3, False), (-1, 1, False)],
)
def test_what_counts_is_the_geometric_mean_of_clipped_scores(
    sure: float, there: float, *, counts: bool
) -> None:
    outputs = empty_outputs()
    outputs["cls_8"][0, 0], outputs["obj_8"][0, 0] = sure, there
    assert len(parse_outputs(outputs, side_px=64)) == counts


@pytest.mark.parametrize("place", [(0, 0), (64, 96), (608, 448)])
def test_a_face_is_given_in_pixels_of_the_photo(detector: YuNet, place: tuple[int, int]) -> None:
    (face,) = detector.detect(photo_of((640, 480), (*place, 32)))
    left, top = place
    np.testing.assert_allclose(box_of(face), (left, top, left + 32, top + 32), atol=1e-3)
    assert face.confidence == pytest.approx(1.0, abs=1e-3)
    expected = np.array(POINTS).reshape(5, 2) * 32 + place
    np.testing.assert_allclose(face.landmarks.as_array(), expected, atol=1e-3)
    assert face.landmarks.left_eye.x < face.landmarks.right_eye.x


@pytest.mark.parametrize("colour", [(255, 0, 0), (255, 255, 255)], ids=["red", "white"])
def test_colours_are_handed_over_in_the_networks_order(
    detector: YuNet, colour: tuple[int, int, int]
) -> None:
    picture = Image.new("RGB", (640, 640), GREY)
    picture.paste(colour, (64, 96, 96, 128))
    assert detector.detect(Photo(picture, 640, 640, "image/png", Credit())) == ()


def test_a_reduced_picture_gives_faces_in_pixels_of_the_full_photo(detector: YuNet) -> None:
    (face,) = detector.detect(photo_of((640, 480), (64, 96, 32), scale=0.25))
    np.testing.assert_allclose(box_of(face), (256, 384, 384, 512), atol=1e-2)


def test_a_small_photo_is_looked_at_enlarged(detector: YuNet) -> None:
    (face,) = detector.detect(photo_of((160, 160), (40, 80, 8)))
    np.testing.assert_allclose(box_of(face), (40, 80, 48, 88), atol=0.2)


@pytest.mark.parametrize("left", [0, 512, 544, 576, 1024, 1248])
def test_a_small_face_of_a_large_photo_is_found_once_in_squares(detector: YuNet, left: int) -> None:
    """At the first look's scale it is half a cell, and nothing."""
    (face,) = detector.detect(photo_of((1280, 640), (left, 320, 32)))
    np.testing.assert_allclose(box_of(face), (left, 320, left + 32, 352), atol=1e-3)


def see_up_to_300_px(values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Reports one blue square of up to 300 px, as the published network would."""
    outputs = empty_outputs(640)
    rows, columns = np.nonzero((values[0, 2] > 200) & (values[0, 0] < 60))
    if len(rows) and np.ptp(columns) < 300:
        left, top = columns.min(), rows.min()
        width, height = np.ptp(columns) + 1, np.ptp(rows) + 1
        middle = np.array([left + width / 2, top + height / 2])
        column, row = (middle // 32).astype(int)
        cell = row * 20 + column
        outputs["cls_32"][0, cell] = outputs["obj_32"][0, cell] = 0.9
        sides = np.log(np.array([width, height]) / 32)
        outputs["bbox_32"][0, cell] = [*(middle / 32 - (column, row)), *sides]
    return list(outputs.values())


def test_a_face_that_fills_the_photo_is_found_in_the_small_look() -> None:
    session = FakeSession(see_up_to_300_px)
    session.output_names = tuple(empty_outputs())
    (face,) = YuNet(session, side_px=640).detect(photo_of((600, 400), (0, 0, 400)))
    np.testing.assert_allclose(box_of(face), (0, 0, 400, 400), atol=5)
    assert len(session.seen) == 2


def test_the_small_look_is_left_out_where_a_face_was_found() -> None:
    session = FakeSession(see_up_to_300_px)
    session.output_names = tuple(empty_outputs())
    YuNet(session, side_px=640).detect(photo_of((600, 400), (100, 100, 100)))
    assert len(session.seen) == 1


@pytest.mark.parametrize(("look", "looks"), [(Look.PROBE, 1), (Look.PHOTO, 5)])
def test_a_large_probe_that_shows_a_face_plainly_is_looked_at_once(look: Look, looks: int) -> None:
    session = FakeSession(see_up_to_300_px)
    session.output_names = tuple(empty_outputs())
    photo = photo_of((1100, 800), (100, 20, 120))
    (face,) = YuNet(session, side_px=640).detect(photo, look=look)
    np.testing.assert_allclose(box_of(face), (100, 20, 220, 140), atol=3)
    assert len(session.seen) == looks


def test_a_large_probe_that_shows_nobody_plainly_is_looked_at_in_squares(detector: YuNet) -> None:
    """As a photo is: at the first look's scale the face is half a cell, and nothing."""
    photo = photo_of((1280, 640), (576, 320, 32))
    assert detector.detect(photo, look=Look.PROBE) == detector.detect(photo) != ()


def test_no_face_is_no_error(detector: YuNet) -> None:
    assert detector.detect(photo_of((1, 1))) == ()
    assert detector.detect(photo_of((3000, 20))) == ()


def test_a_network_that_lacks_an_output_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(build_yunet(without="kps_16"))
    session = open_network(tmp_path / "a.onnx", get_card("yunet"), threads=1)
    with pytest.raises(ModelError, match="kps_16"):
        YuNet(session, side_px=640)
