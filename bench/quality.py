"""Whether the value of a face's quality says what it means: how often its person is found.

Photos of `lfw-view1` whose person has another one, as they are and made worse on purpose,
are compared with all other photos as they are. The score that one pair of strangers in
10,000 exceeds is taken from the photos as they are. An error-versus-discard curve tells
which share of a person's photos is missed when the worst faces are left out.
"""

from __future__ import annotations

import argparse
import io
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from bench.accuracy import find_central_face
from bench.rows import make_row
from bench.scenes import SEED, open_album
from bench.weights import WEIGHTS
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from mien.permission.quality import QualityFilter
from mien.types import EmbeddedFace, PhotoAnalysis
from mien.vision.decode import decode_photo
from mien.vision.pipeline import Pipeline, open_pipeline
from mien.vision.quality import Assessor
from mien.vision.weights import WeightStore

WORSENED = 30
FMR = 1e-4
DISCARDED = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3)
BINS = (0, 3, 10, 25, 40, 55, 70, 80, 100)
US = 1_000_000

Change = Callable[[Image.Image], Image.Image]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", type=Path, default=WEIGHTS)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A face: whose, as what, its value, and the share of their other photos that it finds."""

    person: str
    change: str
    value: float
    found: float
    embedding: NDArray[np.float32]


def run(arguments: argparse.Namespace) -> dict[str, object]:
    pipeline = open_pipeline(store=WeightStore(arguments.weights), threads=1)
    album = open_album(arguments.data)
    samples, threshold = sample_faces(pipeline, album.lfw)
    plain = [one for one in samples if one.change == ""]
    curves = {"as they are": plain, "with those made worse": samples}
    rows = [
        make_row(f"missed, {what}, {share:.0%} of the faces left out", missed, unit="%")
        for what, some in curves.items()
        for share, missed in draw_discard_curve(some).items()
    ]
    rows.append(make_row("measuring a face", measure_speed(pipeline, album.lfw), unit="µs"))
    tables = {
        "Value, and the share of other photos found at FMR 1e-4:": compare_values(samples),
        "What each filter keeps:": compare_filters(samples, threshold=threshold),
        "Made worse on purpose:": compare_changes(samples),
    }
    return {"rows": rows, "tables": tables}


def list_changes() -> Mapping[str, Change]:
    """Ways to make a photo worse, by name."""
    changes: dict[str, Change] = {}
    for sigma in (2, 4, 8):
        changes[f"blurred, sigma {sigma} px"] = _blur(sigma)
    for factor in (3, 5, 8):
        changes[f"shrunk {factor} times"] = _shrink(factor)
    for gain in (0.25, 0.12, 0.06):
        changes[f"darkened to {gain:.0%}"] = _light(gain)
    for gain in (2.5, 4.0):
        changes[f"overexposed {gain:g} times"] = _light(gain)
    for share in (0.44, 0.5):
        changes[f"cut, {share:.0%} of the photo from the left"] = _cut(share)
    return changes


def sample_faces(pipeline: Pipeline, photos: Sequence[Path]) -> tuple[list[Sample], float]:
    """Every face whose person has another photo, and the score at the false match rate."""
    plain = _analyse(pipeline, photos, choose=find_central_face)
    kept = [(path.name, face) for path, face in zip(photos, plain, strict=True) if face]
    names = np.array([name for name, _ in kept])
    people = np.array([_person_of(name) for name in names])
    vectors = np.stack([face.embedding for _, face in kept])
    is_pair = np.triu(people[:, None] != people[None], 1)
    threshold = float(np.quantile((vectors @ vectors.T)[is_pair], 1 - FMR))
    several = [p for p in photos if (people == _person_of(p.name)).sum() > 1]
    random = np.random.default_rng(SEED)
    chosen = [several[i] for i in random.choice(len(several), WORSENED, replace=False)]
    looks = [(name, "", face) for name, face in kept]
    for change, make in list_changes().items():
        worse = _analyse(pipeline, chosen, change=make, choose=find_largest_face)
        looks += [(p.name, change, face) for p, face in zip(chosen, worse, strict=True) if face]
    samples = []
    for name, change, face in looks:
        is_mate = (people == _person_of(name)) & (names != name)
        if is_mate.any():
            found = float((vectors[is_mate] @ face.embedding >= threshold).mean())
            samples.append(
                Sample(_person_of(name), change, face.quality.value, found, face.embedding)
            )
    return samples, threshold


def draw_discard_curve(samples: Sequence[Sample]) -> dict[float, float]:
    """Percent of photos missed by share of faces discarded, those of least value first."""
    ranked = sorted(samples, key=lambda one: one.value)
    return {
        share: 100 * float(1 - np.mean([one.found for one in ranked[int(share * len(ranked)) :]]))
        for share in DISCARDED
    }


def compare_values(samples: Sequence[Sample]) -> list[dict[str, object]]:
    table: list[dict[str, object]] = []
    for low, high in pairwise(BINS):
        some = [one for one in samples if low <= one.value < high]
        if some:
            table.append(
                {
                    "value": f"{low} to {high}",
                    "faces": len(some),
                    "mean value": round(float(np.mean([one.value for one in some])), 1),
                    "found %": round(100 * float(np.mean([one.found for one in some])), 1),
                }
            )
    return table


def compare_filters(samples: Sequence[Sample], *, threshold: float) -> list[dict[str, object]]:
    """What each filter drops: of photos as they are, and how alike strangers it drops are."""
    table: list[dict[str, object]] = []
    for chosen in QualityFilter:
        dropped = [one for one in samples if one.value < chosen.least_value]
        plain = [one for one in samples if one.change == ""]
        lost = sum(one.value < chosen.least_value for one in plain)
        table.append(
            {
                "filter": chosen.value,
                "from": chosen.least_value,
                "dropped of photos as they are": f"{lost} of {len(plain)}",
                "dropped in all": len(dropped),
                "those find %": round(100 * float(np.mean([d.found for d in dropped] or [0])), 1),
                "strangers among them alike %": round(100 * _share_alike(dropped, threshold), 2),
            }
        )
    return table


def compare_changes(samples: Sequence[Sample]) -> list[dict[str, object]]:
    table: list[dict[str, object]] = []
    for change in dict.fromkeys(one.change for one in samples):
        some = [one for one in samples if one.change == change]
        table.append(
            {
                "photos": change or "as they are",
                "faces": len(some),
                "median value": round(float(np.median([one.value for one in some])), 1),
                "found %": round(100 * float(np.mean([one.found for one in some])), 1),
            }
        )
    return table


def measure_speed(pipeline: Pipeline, photos: Sequence[Path]) -> float:
    """Microseconds of one core to measure a face: the median of the least of three turns."""
    assessor, times = Assessor(), []
    for path in photos[:20]:
        content = path.read_bytes()
        face = find_central_face(pipeline.analyse(content))
        photo = decode_photo(content)
        if face is not None:
            turns = []
            for _ in range(3):
                began_s = time.process_time()
                for _ in range(20):
                    assessor.assess(photo, face.face, consistency=1.0)
                turns.append((time.process_time() - began_s) / 20)
            times.append(min(turns))
    return float(np.median(times)) * US


def _share_alike(samples: Sequence[Sample], threshold: float) -> float:
    if not samples:
        return 0.0
    vectors = np.stack([one.embedding for one in samples])
    people = np.array([one.person for one in samples])
    is_pair = np.triu(people[:, None] != people[None], 1)
    return float(((vectors @ vectors.T)[is_pair] >= threshold).mean()) if is_pair.any() else 0.0


def find_largest_face(analysis: PhotoAnalysis) -> EmbeddedFace | None:
    """Where a photo was cut the face is no longer in its middle."""
    return analysis.faces[0] if analysis.faces else None


def _analyse(
    pipeline: Pipeline,
    photos: Sequence[Path],
    *,
    change: Change = lambda photo: photo,
    choose: Callable[[PhotoAnalysis], EmbeddedFace | None],
) -> list[EmbeddedFace | None]:
    def analyse(path: Path) -> EmbeddedFace | None:
        buffer = io.BytesIO()
        change(_open(path)).save(buffer, "PNG", compress_level=1)
        return choose(pipeline.analyse(buffer.getvalue()))

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(analyse, photos))


def _open(path: Path) -> Image.Image:
    with Image.open(path) as photo:
        return photo.convert("RGB")


def _person_of(name: str) -> str:
    return re.sub(r"_\d+\.jpg$", "", name)


def _blur(sigma_px: float) -> Change:
    return lambda photo: photo.filter(ImageFilter.GaussianBlur(sigma_px))


def _shrink(factor: float) -> Change:
    return lambda photo: photo.resize(
        (round(photo.width / factor), round(photo.height / factor)), Image.Resampling.BOX
    )


def _light(gain: float) -> Change:
    """As a sensor would: with a little noise that does not fade with the light."""

    def change(photo: Image.Image) -> Image.Image:
        rgb = np.asarray(photo, np.float32) * gain
        rgb += np.random.default_rng(SEED).normal(0, 2, rgb.shape)
        return Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))

    return change


def _cut(share: float) -> Change:
    return lambda photo: photo.crop((int(share * photo.width), 0, photo.width, photo.height))
