"""What the detector finds by size of face, what it finds where nobody is, and how long it takes.

Small faces are measured in scenes of 2560 x 1920, faces that fill the picture in close-ups
of 640 px, leaning ones in photos of both sets that were turned. A face counts as found
where a detection of about its size stands on it, and as straight where its landmarks are
within an eighth of the distance between the eyes of where they are in the upright photo.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from bench.rows import Row, make_row
from bench.scenes import (
    SEED,
    Album,
    Place,
    compose_close_up,
    compose_scene,
    iter_faceless,
    open_album,
)
from bench.weights import WEIGHTS
from PIL import Image

from mien.types import Box, Credit, Face
from mien.vision.cards import get_card
from mien.vision.decode import Photo
from mien.vision.detect import Detector
from mien.vision.findings import Findings, join, to_face
from mien.vision.session import open_session
from mien.vision.weights import WeightStore

SHARES = (0.005, 0.0065, 0.0075, 0.01, 0.0125, 0.015, 0.02, 0.03, 0.08, 0.15)
CLOSE_SHARES = (0.4, 0.8, 1.2)
SCENES = 2
CLOSE_UPS = 20
TURNS_DEG = (0, 30, 45, 90, 135, 180, 270)
TURNED = 30
OFF = 0.125
SURE = 0.7
CONFIDENT = 0.5
MS = 1000

Look = Callable[[Image.Image], Sequence[Face]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", type=Path, default=WEIGHTS)


def run(arguments: argparse.Namespace) -> dict[str, object]:
    graph = WeightStore(arguments.weights).pull(get_card("centerface"))
    detector = Detector(open_session(graph, threads=1))
    album = open_album(arguments.data)
    sizes = measure_sizes(detector, album)
    false, kinds = count_false(detector, album)
    turned = measure_turns(detector, album)
    speed = measure_speed(detector, album)
    rows = [
        make_row("faces of 1 % of a large photo's width found", _least(sizes[3:4]), unit="%"),
        make_row("faces of 1.5 % of the width and more found", _least(sizes[5:]), unit="%"),
        make_row(f"findings in {sum(kinds.values())} pictures without faces", false["found"]),
        make_row("of these sure (0.7 and more)", false["sure"], at_most=0),
        make_row("least share found straight, whatever the turn", _least(turned), unit="%"),
        *speed,
    ]
    return {"rows": rows, "tables": {"By size:": sizes, "By turn:": turned}}


def measure_sizes(detector: Detector, album: Album) -> list[dict[str, object]]:
    """For each share of the width: what is found by the first looks alone, and in all."""
    table: list[dict[str, object]] = []
    for share in (*SHARES, *CLOSE_SHARES):
        random = np.random.default_rng(SEED)
        is_close = share in CLOSE_SHARES
        compose = compose_close_up if is_close else compose_scene
        count = CLOSE_UPS if is_close else SCENES
        scenes = [compose(album, random, share=share) for _ in range(count)]
        shown = sum(len(places) for _, places in scenes)
        row: dict[str, object] = {"share of the width": f"{share:.2%}", "shown": shown}
        for name, look in _list_looks(detector).items():
            began_s = time.process_time()
            found = [look(scene) for scene, _ in scenes]
            took_ms = (time.process_time() - began_s) * MS / count
            hits = sum(count_found(f, p) for f, (_, p) in zip(found, scenes, strict=True))
            row[name] = hits
        row |= {"found %": 100 * hits / shown, "ms a picture": round(took_ms)}
        table.append(row)
    return table


def _list_looks(detector: Detector) -> dict[str, Look]:
    """The passes that see all of a photo, and the whole of them."""

    def trust(found: Findings) -> list[Face]:
        return [to_face(row) for row in found if row[0] >= CONFIDENT]

    return {
        "640": lambda picture: trust(detector.look(picture)),
        "640 and tiles": lambda picture: trust(
            join([detector.look(picture), detector.look_in_tiles(picture)])
        ),
        "all looks": lambda picture: detect(detector, picture),
    }


def detect(detector: Detector, picture: Image.Image) -> tuple[Face, ...]:
    return detector.detect(Photo(picture, *picture.size, "image/png", Credit()))


def count_found(faces: Sequence[Face], places: Sequence[Place]) -> int:
    return sum(any(_stands_on(face.box, place) for face in faces) for place in places)


def _stands_on(box: Box, place: Place) -> bool:
    x, y, width = place
    is_near = np.hypot((box.x1 + box.x2) / 2 - x, (box.y1 + box.y2) / 2 - y) < width / 2
    return bool(is_near and width / 2 < box.width < width * 2)


def count_false(detector: Detector, album: Album) -> tuple[Counter[str], Counter[str]]:
    """Findings where there is nobody, and how many pictures there are of each kind."""
    found, kinds = Counter({"found": 0, "sure": 0}), Counter[str]()
    for kind, picture in iter_faceless(album):
        faces = detect(detector, picture)
        kinds[kind] += 1
        found["found"] += len(faces)
        found["sure"] += sum(face.confidence >= SURE for face in faces)
    return found, kinds


def measure_turns(detector: Detector, album: Album) -> list[dict[str, object]]:
    """Of single faces turned counterclockwise: how many are found, and straight."""
    random = np.random.default_rng(SEED)
    photos = [
        album.draw_lfw(random) if number % 2 else album.draw_london(random)
        for number in range(TURNED)
    ]
    upright = [_find_middle(detect(detector, photo), photo) for photo in photos]
    table: list[dict[str, object]] = []
    for turn_deg in TURNS_DEG:
        found = straight = 0
        began_s = time.process_time()
        for photo, face in zip(photos, upright, strict=True):
            turned = photo.rotate(
                turn_deg, fillcolor=(128, 128, 128), resample=Image.Resampling.BILINEAR
            )
            seen = _find_middle(detect(detector, turned), turned)
            found += seen is not None
            straight += (
                face is not None
                and seen is not None
                and _is_straight(seen, face, turn_deg=turn_deg, middle=complex(*photo.size) / 2)
            )
        took_ms = (time.process_time() - began_s) * MS / TURNED
        table.append(
            {
                "turned by": f"{turn_deg}°",
                "shown": TURNED,
                "found": found,
                "straight": straight,
                "found %": 100 * straight / TURNED,
                "ms a picture": round(took_ms),
            }
        )
    return table


def _find_middle(faces: Sequence[Face], picture: Image.Image) -> Face | None:
    place = (picture.width / 2, picture.height / 2, 0.3 * picture.width)
    near = [f for f in faces if _distance(f.box, place) < place[2] / 2]
    return max(near, key=lambda face: face.confidence, default=None)


def _distance(box: Box, place: Place) -> float:
    return float(np.hypot((box.x1 + box.x2) / 2 - place[0], (box.y1 + box.y2) / 2 - place[1]))


def _is_straight(seen: Face, face: Face, *, turn_deg: float, middle: complex) -> bool:
    there, here = (one.landmarks.as_array() @ np.array([1, 1j]) for one in (seen, face))
    expected = (here - middle) * np.exp(-1j * np.radians(turn_deg)) + middle
    return bool(np.abs(there - expected).mean() < OFF * abs(here[1] - here[0]))


def measure_speed(detector: Detector, album: Album) -> list[Row]:
    """Over one pass at 640 px, which every photo costs; the least of three turns for each."""
    random = np.random.default_rng(SEED)
    small = [album.draw_lfw(random) for _ in range(20)]
    middling = [album.draw_london(random) for _ in range(6)]
    large = [photo.resize((2048, 2048)) for photo in middling[:3]]
    rows = []
    for name, photos in (
        ("LFW, 250 px", small),
        ("London, 900 px", middling),
        ("one face, 2048 px", large),
    ):
        pass_ms = np.mean([_least_ms(detector.look, photo) for photo in photos])
        all_ms = np.mean([_least_ms(lambda p: detect(detector, p), photo) for photo in photos])
        rows += [
            make_row(f"{name}: detection", float(all_ms), unit="ms of one core"),
            make_row(f"{name}: over one pass at 640 px", float(all_ms / pass_ms), unit="times"),
        ]
    return rows


def _least_ms(look: Callable[[Image.Image], object], picture: Image.Image) -> float:
    times = []
    for _ in range(3):
        began_s = time.process_time()
        look(picture)
        times.append(time.process_time() - began_s)
    return min(times) * MS


def _least(table: Sequence[dict[str, object]]) -> float:
    return min(float(str(row["found %"])) for row in table)
