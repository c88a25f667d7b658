"""The two looks side by side: a probe's is never the richer, and the same wherever it is unsure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mien.types import Credit, Face, Look
from mien.vision.decode import Photo
from mien.vision.detect import Detector
from mien.vision.detector import FaceDetector
from mien.vision.yunet import YuNet
from vision.doubles import FakeSession, empty_maps

MARK, GREY = (250, 20, 30), (128, 128, 128)
LANDMARKS = (0.42, 0.29, 0.42, 0.71, 0.63, 0.5, 0.83, 0.32, 0.83, 0.68)
Maps = list[NDArray[np.float32]]


def find_marks(rgb: NDArray[np.float32]) -> tuple[float, float, float] | None:
    """The middle and side of the marked square, where it can be seen well at this size."""
    is_marked = np.abs(rgb - np.array(MARK)[:, None, None]).max(axis=0) < 60
    rows, columns = np.nonzero(is_marked)
    if not len(rows) or not 12 <= np.ptp(columns) + 1 <= 300:
        return None
    if abs(np.ptp(columns) - np.ptp(rows)) > 3:  # cut by the edge of a tile
        return None
    side = float(np.ptp(columns)) + 1
    return float(columns.min()) + side / 2, float(rows.min()) + side / 2, side


def see_as_centerface(confidence: float) -> Callable[[NDArray[np.float32]], Maps]:
    def see(values: NDArray[np.float32]) -> Maps:
        parts = []
        for rgb in values:
            maps = empty_maps(*rgb.shape[1:])
            seen = find_marks(rgb)
            if seen is not None:
                x, y, side = seen
                row, column = int(y // 4), int(x // 4)
                heat, scale, offset, landmarks = (one[0, :, row, column] for one in maps)
                heat[0] = confidence
                scale[:] = np.log(side / 4)
                offset[:] = y / 4 - row - 0.5, x / 4 - column - 0.5
                landmarks[:] = LANDMARKS
            parts.append(maps)
        return [np.concatenate(one) for one in zip(*parts, strict=True)]

    return see


def see_as_yunet(confidence: float) -> Callable[[NDArray[np.float32]], Maps]:
    def see(values: NDArray[np.float32]) -> Maps:
        widths = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
        outputs = {
            (part, stride): np.zeros((1, (640 // stride) ** 2, width), np.float32)
            for part, width in widths.items()
            for stride in (8, 16, 32)
        }
        seen = find_marks(values[0])
        if seen is not None:
            x, y, side = seen
            row, column = int(y // 8), int(x // 8)
            cell = row * 80 + column
            for part in ("cls", "obj"):
                outputs[part, 8][0, cell] = confidence
            outputs["bbox", 8][0, cell] = (
                *(x / 8 - column, y / 8 - row),
                *(np.log(side / 8), np.log(side / 8)),
            )
        return list(outputs.values())

    return see


def centerface(confidence: float) -> tuple[FaceDetector, FakeSession]:
    session = FakeSession(see_as_centerface(confidence))
    return Detector(session), session


def yunet(confidence: float) -> tuple[FaceDetector, FakeSession]:
    session = FakeSession(see_as_yunet(confidence))
    session.output_names = tuple(
        f"{part}_{stride}" for part in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32)
    )
    return YuNet(session, side_px=640), session


Make = Callable[[float], tuple[FaceDetector, FakeSession]]
DETECTORS: Sequence[Make] = (centerface, yunet)
SURE, FAINT = 0.95, 0.65


def photo_of(size: tuple[int, int], mark: tuple[int, int, int] | None) -> Photo:
    picture = Image.new("RGB", size, GREY)
    if mark is not None:
        left, top, side = mark
        picture.paste(MARK, (left, top, left + side, top + side))
    return Photo(picture, *size, "image/png", Credit())


def look_twice(
    make: Make, photo: Photo, *, confidence: float = SURE
) -> tuple[tuple[Face, ...], tuple[Face, ...], int, int]:
    """What each look finds, as a photo first, and at how many pictures the network looked."""
    found = []
    for look in (Look.PHOTO, Look.PROBE):
        detector, session = make(confidence)
        found.append((detector.detect(photo, look=look), len(session.seen)))
    (as_photo, photo_looks), (as_probe, probe_looks) = found
    return as_photo, as_probe, photo_looks, probe_looks


@pytest.mark.parametrize("make", DETECTORS)
@pytest.mark.parametrize("size", [(64, 64), (640, 480), (999, 999), (300, 900)])
@pytest.mark.parametrize("mark", [(16, 10, 44), (8, 8, 30), None])
def test_photos_below_a_thousand_pixels_are_looked_at_alike(
    make: Make, size: tuple[int, int], mark: tuple[int, int, int] | None
) -> None:
    as_photo, as_probe, photo_looks, probe_looks = look_twice(make, photo_of(size, mark))
    assert as_photo == as_probe
    assert photo_looks == probe_looks
    assert len(as_photo) == (mark is not None)


@pytest.mark.parametrize("make", DETECTORS)
@pytest.mark.parametrize("size", [(1000, 800), (800, 1000), (2000, 1500)])
def test_one_plain_face_is_enough_for_a_probe_from_a_thousand_pixels_on(
    make: Make, size: tuple[int, int]
) -> None:
    as_photo, as_probe, photo_looks, probe_looks = look_twice(make, photo_of(size, (200, 200, 240)))
    assert len(as_photo) == len(as_probe) == 1
    assert probe_looks == 1 < photo_looks
    first, second = as_photo[0].box, as_probe[0].box
    assert (second.x1, second.y1, second.x2) == pytest.approx((first.x1, first.y1, first.x2), abs=8)


@pytest.mark.parametrize("make", DETECTORS)
@pytest.mark.parametrize("mark", [None, (600, 600, 16)], ids=["nobody", "tiny"])
def test_a_probe_that_shows_nobody_plainly_is_not_given_up(
    make: Make, mark: tuple[int, int, int] | None
) -> None:
    as_photo, as_probe, photo_looks, probe_looks = look_twice(make, photo_of((1280, 960), mark))
    assert as_photo == as_probe
    assert photo_looks == probe_looks > 1


@pytest.mark.parametrize("make", DETECTORS)
def test_an_unsure_face_is_not_enough(make: Make) -> None:
    photo = photo_of((1280, 960), (300, 300, 200))
    as_photo, as_probe, photo_looks, probe_looks = look_twice(make, photo, confidence=FAINT)
    assert as_photo == as_probe != ()
    assert photo_looks == probe_looks > 1


@pytest.mark.parametrize("make", DETECTORS)
@pytest.mark.parametrize("look", Look)
def test_the_same_photo_is_seen_the_same_again(make: Make, look: Look) -> None:
    detector, _ = make(SURE)
    photo = photo_of((1280, 960), (300, 300, 200))
    assert detector.detect(photo, look=look) == detector.detect(photo, look=look)
