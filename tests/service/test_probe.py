from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.errors import PhotoError, SettingsError
from mien.service.probe import Sought, look_for_faces, read_probes
from mien.testing import FakeModels, FakeVision, draw_photo
from mien.types import Look, PhotoAnalysis
from service.stage import PURPOSE, Stage

MODEL = FakeModels().model


class NotingModels(FakeModels):
    """Fake models that note how closely each photo was looked at."""

    def __init__(self) -> None:
        self.looks: list[Look] = []

    def open(self, *, threads: int) -> NotingModels:
        del threads
        return self

    def analyse(self, content: bytes, *, look: Look = Look.PHOTO) -> PhotoAnalysis:
        self.looks.append(look)
        return FakeVision().analyse(content, look=look)


def look(*photos: bytes, chosen: int | None = None) -> Sought:
    contents = read_probes(photos, max_bytes=10**6)
    return look_for_faces(list(contents), vision=FakeVision(), chosen=chosen)


def test_one_photo_is_searched_with_its_own_embedding() -> None:
    sought = look(draw_photo(7))
    (expected,) = FakeVision().analyse(draw_photo(7)).faces
    np.testing.assert_allclose(sought.fuse()[0], expected.embedding, atol=1e-6)
    assert sought.probes[0].searched == 0


def test_a_probe_is_looked_at_for_whom_it_shows_and_a_photo_for_everybody(stage: Stage) -> None:
    stage.models = NotingModels()
    with stage.open() as library:
        stage.draw("1.png", 7)
        library.add(stage.photos, grant=stage.grant(library))
        assert set(stage.models.looks) == {Look.PHOTO}
        stage.models.looks.clear()
        assert library.search(draw_photo(7, seed=5), purpose=PURPOSE).candidates
        assert stage.models.looks == [Look.PROBE]


def test_several_photos_are_fused_to_one_embedding_of_unit_length() -> None:
    sought = look(draw_photo(7, seed=1), draw_photo(7, seed=2), draw_photo(7, seed=3))
    assert sought.embeddings.shape == (3, MODEL.dimension)
    fused = sought.fuse()
    assert fused.shape == (1, MODEL.dimension)
    assert np.linalg.norm(fused) == pytest.approx(1, abs=1e-6)
    assert (sought.embeddings @ fused[0] > 0.9).all()


def test_a_fused_embedding_is_nearer_to_the_person_than_single_ones() -> None:
    photos = [draw_photo(7, seed=seed) for seed in range(6)]
    sought = look(*photos)
    (other,) = look(draw_photo(7, seed=99)).embeddings
    assert (sought.fuse() @ other)[0] > (sought.embeddings @ other).mean()


def test_photos_without_a_face_are_told_and_count_for_nothing() -> None:
    sought = look(draw_photo(), draw_photo(7))
    assert [probe.searched for probe in sought.probes] == [None, 0]
    assert len(sought.embeddings) == 1


def test_no_embedding_is_handed_out_with_the_probes() -> None:
    sought = look(draw_photo(7, 8), draw_photo(7))
    faces = [face for probe in sought.probes for face in probe.analysis.faces]
    assert len(faces) == 3
    assert all(face.embedding.size == 0 for face in faces)


def test_faces_of_two_people_are_doubted_and_those_of_one_are_not() -> None:
    assert look(draw_photo(7), draw_photo(8)).may_be_several(MODEL)
    assert not look(draw_photo(7, seed=1), draw_photo(7, seed=2)).may_be_several(MODEL)
    assert not look(draw_photo(7)).may_be_several(MODEL)


def test_the_chosen_face_is_searched() -> None:
    sought = look(draw_photo(7, 8), chosen=1)
    expected = FakeVision().analyse(draw_photo(7, 8)).faces[1]
    np.testing.assert_array_equal(sought.embeddings[0], expected.embedding)
    with pytest.raises(SettingsError, match="no face 2 in the probe: it shows 2"):
        look(draw_photo(7, 8), chosen=2)


def test_an_error_names_the_photo_that_it_is_about(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    good.write_bytes(draw_photo(1))
    bad.write_bytes(b"no photo")
    contents = list(read_probes([good, bad], max_bytes=10**6))
    with pytest.raises(PhotoError, match=r"bad\.png cannot be used"):
        look_for_faces(contents, vision=FakeVision(), chosen=None)
    with pytest.raises(PhotoError, match=r"gone\.png cannot be used"):
        list(read_probes([good, tmp_path / "gone.png"], max_bytes=10**6))
