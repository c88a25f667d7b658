"""Real faces, as they should not be: turned, tiny, blurred, dark, cut off."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mien.types import EmbeddedFace, Flaw
from mien.vision.pipeline import Pipeline

pytestmark = pytest.mark.real

Change = Callable[[Image.Image], Image.Image]


@pytest.fixture(scope="module")
def portrait(data_folder: Path) -> Image.Image:
    """A face 150 px wide in a photo of 400."""
    with Image.open(data_folder / "london" / "001_neutral.jpg") as photo:
        return photo.convert("RGB").resize((400, 400))


def find(pipeline: Pipeline, picture: Image.Image) -> EmbeddedFace:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return pipeline.analyse(buffer.getvalue()).faces[0]


@pytest.mark.parametrize("turn_deg", [30, 90, 180, 270])
def test_a_photo_without_its_orientation_is_recognised_all_the_same(
    pipeline: Pipeline, portrait: Image.Image, turn_deg: int
) -> None:
    upright = find(pipeline, portrait)
    turned = find(pipeline, portrait.rotate(turn_deg, fillcolor=(128, 128, 128)))
    assert float(turned.embedding @ upright.embedding) > 0.98
    off_deg = turned.quality.roll_deg - upright.quality.roll_deg + turn_deg
    assert (off_deg + 180) % 360 - 180 == pytest.approx(0, abs=6)


def test_a_mirrored_photo_has_the_same_template_and_the_opposite_yaw(
    pipeline: Pipeline, portrait: Image.Image
) -> None:
    plain = find(pipeline, portrait)
    mirrored = find(pipeline, portrait.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert float(plain.embedding @ mirrored.embedding) > 0.99
    assert plain.quality.yaw_deg == pytest.approx(-mirrored.quality.yaw_deg, abs=5)


def test_a_face_of_a_hundredth_of_the_width_is_found(
    pipeline: Pipeline, portrait: Image.Image
) -> None:
    scene = Image.new("RGB", (2000, 1500), (90, 110, 90))
    scene.paste(portrait.resize((60, 60), Image.Resampling.LANCZOS), (1500, 300))
    found = find(pipeline, scene)
    box = found.face.box
    assert 15 < box.width < 30
    assert 1500 < box.x1 < box.x2 < 1560


def blur(sigma_px: float) -> Change:
    return lambda picture: picture.filter(ImageFilter.GaussianBlur(sigma_px))


def shrink(factor: float) -> Change:
    return lambda picture: picture.resize(
        (round(picture.width / factor), round(picture.height / factor)), Image.Resampling.BOX
    )


def darken(gain: float) -> Change:
    return lambda picture: Image.fromarray((np.asarray(picture) * gain).astype(np.uint8))


def cut(share: float) -> Change:
    return lambda picture: picture.crop((int(share * picture.width), 0, *picture.size))


@pytest.mark.parametrize(
    ("make", "steps", "name", "flaw"),
    [
        (blur, (3, 6, 9), "sharpness", Flaw.BLURRED),
        (shrink, (4, 7, 10), "inter_eye_px", Flaw.TOO_SMALL),
        (darken, (0.3, 0.1, 0.04), "luminance", Flaw.TOO_DARK),
        (cut, (0.42, 0.47, 0.52), "inside", Flaw.CUT_OFF),
    ],
)
def test_what_is_done_to_a_face_shows_in_its_quality(
    pipeline: Pipeline,
    portrait: Image.Image,
    *,
    make: Callable[[float], Change],
    steps: tuple[float, ...],
    name: str,
    flaw: Flaw,
) -> None:
    plain = find(pipeline, portrait).quality
    worse = [plain, *(find(pipeline, make(step)(portrait)).quality for step in steps)]
    measured = [getattr(quality, name) for quality in worse]
    assert measured == sorted(measured, reverse=True)
    values = [quality.value for quality in worse]
    assert all(after < before + 1 for before, after in pairwise(values)), values
    assert plain.flaws == ()
    assert plain.value > 70
    assert flaw in worse[-1].flaws
    assert worse[-1].value < 0.6 * plain.value
