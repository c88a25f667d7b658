"""Photos on their way to an evaluation: which face counts, what is dropped, and in which order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.service.judged_photos import SeenPhotos, find_boxes, look_at
from mien.service.likeness import Likeness, know_nobody
from mien.sources.labels import LabelledPhoto
from mien.testing import DIMENSION, FakeModels, FakeVision, draw_photo
from mien.types import Box


def draw(folder: Path, name: str, *people: int, seed: int = 0) -> LabelledPhoto:
    path = folder / name
    path.write_bytes(draw_photo(*people, seed=seed))
    return LabelledPhoto(path, name, f"person {people[0] if people else 'none'}")


def look(*photos: LabelledPhoto, opted_out: Likeness | None = None) -> SeenPhotos:
    return look_at(
        photos,
        vision=FakeVision(),
        opted_out=opted_out or know_nobody(DIMENSION),
        threads=2,
        max_bytes=1_000_000,
        seen=lambda done, of: None,
    )


def test_photos_come_back_in_their_order(tmp_path: Path) -> None:
    photos = [draw(tmp_path, f"{number}.png", number, seed=number) for number in range(12)]
    looked = look(*photos)
    assert [seen.labelled for seen in looked.all] == photos
    assert looked.templates.shape == (12, DIMENSION)
    assert np.allclose(np.linalg.norm(looked.templates, axis=1), 1, atol=1e-5)


def test_every_reason_for_no_face_is_counted_apart(tmp_path: Path) -> None:
    broken = LabelledPhoto(tmp_path / "gone.png", "gone.png", "person 1")
    wanted = draw(tmp_path, "three.png", 3)
    empty = draw(tmp_path, "empty.png")
    template = FakeVision().analyse(wanted.path.read_bytes()).faces[0].embedding
    score = FakeModels().model.score_at(1e-2)
    known = Likeness(template[np.newaxis], (0,), np.array([score], np.float32))
    looked = look(broken, wanted, empty, draw(tmp_path, "four.png", 4), opted_out=known)
    assert (looked.unreadable, looked.opted_out) == (1, 1)
    assert looked.faceless == 2  # the unreadable one among them
    assert [seen.labelled.name for seen in looked.with_face] == ["four.png"]


def test_no_photo_with_a_face_gives_no_templates(tmp_path: Path) -> None:
    looked = look(draw(tmp_path, "empty.png"))
    assert looked.with_face == ()
    assert looked.templates.shape == (0, 0)
    assert all(list(of) == [] for of in looked.qualities.values())


def test_each_face_has_its_qualities(tmp_path: Path) -> None:
    looked = look(draw(tmp_path, "one.png", 1), draw(tmp_path, "two.png", 2))
    qualities = looked.qualities
    assert set(qualities) == {"quality", "detector confidence", "pixels between the eyes"}
    assert all(len(of) == 2 for of in qualities.values())
    assert qualities["detector confidence"] == [1.0, 1.0]


def test_a_photo_too_large_is_unreadable(tmp_path: Path) -> None:
    photo = draw(tmp_path, "one.png", 1)
    looked = look_at(
        [photo],
        vision=FakeVision(),
        opted_out=know_nobody(DIMENSION),
        threads=1,
        max_bytes=10,
        seen=lambda done, of: None,
    )
    assert looked.unreadable == 1


@pytest.mark.parametrize("name", ["inner/pair.png", "pair.png"])
def test_boxes_are_found_by_the_name_in_the_list_or_that_of_the_file(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "inner").mkdir()
    looked = look(draw(tmp_path, "inner/pair.png", 1, 2))
    found = find_boxes(looked, {name: [Box(0, 0, 1, 1)], "unknown.png": []})
    assert len(found[name]) == 2
    assert found["unknown.png"] == ()
