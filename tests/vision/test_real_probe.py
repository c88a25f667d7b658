"""A probe is looked at less closely than a photo, and shows the same faces all the same."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mien.types import EmbeddedFace, Look
from mien.vision.pipeline import Pipeline

pytestmark = pytest.mark.real

PIXELS = 2_000_000
PLAIN = 0.7
"""How sure the detector is of a face that nobody would overlook."""
LARGER = 1.3


def enlarge(path: Path) -> bytes:
    """The photo as a JPEG of two megapixels."""
    with Image.open(path) as photo:
        factor = (PIXELS / (photo.width * photo.height)) ** 0.5
        size = (round(photo.width * factor), round(photo.height * factor))
        large = photo.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    large.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def corners_of(found: EmbeddedFace) -> NDArray[np.float64]:
    box = found.face.box
    return np.array([box.x1, box.y1, box.x2, box.y2])


def find_same(wanted: EmbeddedFace, among: tuple[EmbeddedFace, ...]) -> EmbeddedFace:
    return min(among, key=lambda one: float(np.abs(corners_of(one) - corners_of(wanted)).max()))


def test_a_probe_shows_every_plain_face_of_a_scene(data_folder: Path, pipeline: Pipeline) -> None:
    for path in sorted((data_folder / "families").glob("[dit]*.jpg")):
        content = enlarge(path)
        everybody = pipeline.analyse(content).faces
        shown = pipeline.analyse(content, look=Look.PROBE).faces
        plain = [one for one in everybody if one.face.confidence >= PLAIN]
        assert plain
        for one in plain:
            same = find_same(one, shown)
            off_px = np.abs(corners_of(same) - corners_of(one)).max()
            assert off_px < 0.15 * one.face.box.width, path.name
            assert float(same.embedding @ one.embedding) >= 0.99, path.name
        if len(plain) == 1 or plain[0].face.box.area > LARGER * plain[1].face.box.area:
            assert find_same(plain[0], shown) is shown[0], path.name


def test_a_portrait_of_two_megapixels_gives_the_template_of_a_closer_look(
    data_folder: Path, pipeline: Pipeline
) -> None:
    for path in sorted((data_folder / "london").glob("*_smiling.jpg"))[::17]:
        content = enlarge(path)
        (closely,) = pipeline.analyse(content).faces
        (found,) = pipeline.analyse(content, look=Look.PROBE).faces
        assert float(found.embedding @ closely.embedding) >= 0.99
        np.testing.assert_allclose(corners_of(found), corners_of(closely), atol=8)


def test_a_probe_is_cut_from_all_the_pixels_that_its_file_holds(
    data_folder: Path, pipeline: Pipeline
) -> None:
    with Image.open(data_folder / "families" / "Family1-Dad1.jpg") as photo:
        scene = Image.new("RGB", (3200, 2400), (90, 110, 90))
        scene.paste(photo.resize((400, 400 * photo.height // photo.width)), (1700, 900))
    buffer = io.BytesIO()
    scene.save(buffer, "JPEG", quality=95)
    (closely,) = pipeline.analyse(buffer.getvalue()).faces
    (found,) = pipeline.analyse(buffer.getvalue(), look=Look.PROBE).faces
    assert float(found.embedding @ closely.embedding) >= 0.99
    assert found.quality.inter_eye_px == pytest.approx(closely.quality.inter_eye_px, rel=0.05)


def test_a_probe_whose_only_face_is_tiny_is_looked_at_closely(
    data_folder: Path, pipeline: Pipeline
) -> None:
    scene = Image.new("RGB", (2000, 1500), (90, 110, 90))
    with Image.open(data_folder / "london" / "001_neutral.jpg") as photo:
        scene.paste(photo.resize((60, 60), Image.Resampling.LANCZOS), (1500, 300))
    buffer = io.BytesIO()
    scene.save(buffer, "PNG", compress_level=1)
    (found,) = pipeline.analyse(buffer.getvalue(), look=Look.PROBE).faces
    assert 1500 < found.face.box.x1 < found.face.box.x2 < 1560
