"""Recall of the detector by size of face, and what each of its passes costs.

    PYTHONPATH=src python -m bench.detection ../shared/data/lfw-view1/images --weights DIR

Scenes are composed at 2560 x 1920 from photos whose face stands in the middle and is about
0.4 of the photo wide, scattered over blurred noise with a fixed seed. A face counts as found
where a detection of the right size stands on it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from mien.types import Credit
from mien.vision.cards import get_card
from mien.vision.decode import Photo
from mien.vision.detect import Detector, Findings, keep_best
from mien.vision.session import open_session
from mien.vision.weights import WeightStore

SEED = 20
SCENE_PX = (2560, 1920)
FACE_SHARE = 0.4
SCENES = 3
MOST_FACES = 12
SHARES = (0.01, 0.0125, 0.015, 0.02, 0.03, 0.05, 0.08, 0.15, 0.25)
CLOSE_SHARES = (0.4, 0.6, 0.8, 1.0, 1.2)

Pass = Callable[[Image.Image], Findings]
Places = list[tuple[float, float, float]]


def draw_ground(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    noise = random.integers(0, 256, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
    small = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(3))
    return small.resize(size, Image.Resampling.BICUBIC)


def compose_scene(
    random: np.random.Generator, photos: Sequence[Path], share: float
) -> tuple[Image.Image, Places]:
    """A scene with faces of one size; each place is centre x, centre y and face width."""
    scene = draw_ground(random, SCENE_PX)
    side = round(share * SCENE_PX[0] / FACE_SHARE)
    columns, rows = SCENE_PX[0] // side, SCENE_PX[1] // side
    count = min(MOST_FACES, columns * rows)
    places: Places = []
    for cell in random.choice(columns * rows, count, replace=False):
        left, top = int(cell % columns) * side, int(cell // columns) * side
        with Image.open(photos[int(random.integers(len(photos)))]) as photo:
            scene.paste(photo.convert("RGB").resize((side, side)), (left, top))
        places.append((left + side / 2, top + side / 2, side * FACE_SHARE))
    return scene, places


def compose_close_up(
    random: np.random.Generator, photos: Sequence[Path], share: float
) -> tuple[Image.Image, Places]:
    """A photo cut so that its face is `share` of it wide."""
    with Image.open(photos[int(random.integers(len(photos)))]) as photo:
        side = photo.width * FACE_SHARE / share
        margin = (photo.width - side) / 2
        box = (margin, margin, photo.width - margin, photo.height - margin)
        picture = photo.convert("RGB").resize((640, 640), box=box)
    return picture, [(320.0, 320.0, 640 * share)]


def count_found(found: Findings, places: Places) -> int:
    middles = (found[:, 1:3] + found[:, 3:5]) / 2
    widths = found[:, 3] - found[:, 1]
    hits = 0
    for x, y, width in places:
        is_near = np.hypot(middles[:, 0] - x, middles[:, 1] - y) < width / 2
        hits += bool((is_near & (widths > width / 2) & (widths < width * 2)).any())
    return hits


def list_passes(detector: Detector) -> dict[str, Pass]:
    def look_twice(picture: Image.Image) -> Findings:
        return np.concatenate([detector.look(picture), detector.look_in_tiles(picture)])

    def ship(picture: Image.Image) -> Findings:
        photo = Photo(picture, picture.width, picture.height, "image/png", Credit())
        faces = [face.box for face in detector.detect(photo)]
        rows = [[1.0, box.x1, box.y1, box.x2, box.y2, *[0.0] * 10] for box in faces]
        return np.array(rows).reshape(-1, 15)

    return {
        "640": detector.look,
        "1280 whole": lambda picture: detector.look(picture, side_px=1280),
        "1280 tiles": detector.look_in_tiles,
        "640 + 1280 tiles": lambda picture: keep_best(look_twice(picture)),
        "bordered 160": detector.look_within_border,
        "as shipped": ship,
    }


def iter_rows(
    detector: Detector, photos: Sequence[Path], *, is_close: bool
) -> Iterator[tuple[str, float, int, int, float, int]]:
    """Pass, share, faces found, faces shown, milliseconds a picture, findings beside."""
    compose = compose_close_up if is_close else compose_scene
    for share in CLOSE_SHARES if is_close else SHARES:
        random = np.random.default_rng(SEED)
        count = 30 if is_close else SCENES
        scenes = [compose(random, photos, share) for _ in range(count)]
        for name, look in list_passes(detector).items():
            began_s = time.process_time()
            found = [look(scene) for scene, _ in scenes]
            took_ms = (time.process_time() - began_s) * 1000 / count
            hits = sum(
                count_found(findings, places)
                for findings, (_, places) in zip(found, scenes, strict=True)
            )
            shown = sum(len(places) for _, places in scenes)
            beside = max(0, sum(map(len, found)) - hits)
            yield name, share, hits, shown, took_ms, beside


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--weights", type=Path, required=True)
    arguments = parser.parse_args()
    photos = sorted(arguments.photos.glob("*.jpg"))
    graph = WeightStore(arguments.weights).pull(get_card("centerface"))
    detector = Detector(open_session(graph, threads=1))
    for is_close in (False, True):
        for name, share, hits, shown, took_ms, beside in iter_rows(
            detector, photos, is_close=is_close
        ):
            print(f"{share:7.2%}  {name:18} {hits:3} of {shown:3}  +{beside:<3} {took_ms:6.0f} ms")


if __name__ == "__main__":
    main()
