"""The homes that benches measure are like any other, however quickly they are made."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import erasing, home, loading
from bench.home import FACES_A_PHOTO, find_home, load_gallery, open_home

from service.stage import check_sound, counts_of, query

FACES = 61
PHOTOS = -(-FACES // FACES_A_PHOTO)


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In three steps, the last one short."""
    monkeypatch.setattr(home, "_PHOTOS_A_BATCH", 7)
    return find_home(tmp_path, faces=FACES)


def test_every_row_key_and_file_is_there(filled: Path) -> None:
    check_sound(filled)
    counts = counts_of(filled)
    assert (counts["faces"], counts["face keys"]) == (FACES, FACES)
    for name in ("photos", "locations", "indexed_photos", "photo keys", "blobs"):
        assert counts[name] == PHOTOS
    assert len(set(query(filled / "catalog.db", "SELECT uri FROM locations"))) == PHOTOS
    assert query(filled / "catalog.db", "SELECT DISTINCT count(*) FROM faces GROUP BY uuid") == [1]


def test_every_face_is_loaded(filled: Path) -> None:
    with open_home(filled) as library:
        gallery = load_gallery(library)
    assert (len(gallery.index), gallery.unreadable) == (FACES, 0)


def test_a_home_is_made_once_for_all_who_share_the_folder(filled: Path) -> None:
    before = (filled / "keys" / "root.key").read_bytes()
    assert find_home(filled.parent, faces=FACES) == filled
    assert (filled / "keys" / "root.key").read_bytes() == before
    assert find_home(filled.parent, faces=4) != filled
    assert len(list(filled.parent.iterdir())) == 2


def test_reading_alone_and_together_is_timed(filled: Path) -> None:
    assert all(milliseconds > 0 for milliseconds in loading.read_in_turns(filled))


@pytest.mark.parametrize("is_loaded", [False, True])
def test_what_the_erasing_bench_erases_is_gone(filled: Path, *, is_loaded: bool) -> None:
    measured = erasing._erase(filled, first=3, is_loaded=is_loaded)
    assert 0 < measured["out_s"] < measured["gone_s"]
    assert measured["traces"] == 0
    assert counts_of(filled)["faces"] == FACES - 20
