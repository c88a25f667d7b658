"""Sealed data moved to where it does not belong; it must never open, nor be shown as another's."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

import pytest

from mien.errors import MienError, RootKeyError
from mien.permission.verdict import Reason
from mien.service.search import SearchResult
from mien.testing import draw_photo
from service.crowd import CrowdModels
from service.stage import PURPOSE, Stage, blobs_of, names_of, query


def fill(stage: Stage, *people: int, collection: str = "default") -> None:
    for person in people:
        stage.draw(f"{person}.png", person)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library), collection=collection)


def search(stage: Stage, person: int, *, collection: str = "default") -> SearchResult:
    with stage.open() as library:
        return library.search(draw_photo(person), purpose=PURPOSE, collection=collection)


def blob_of(stage: Stage, name: str, *, collection: str = "default") -> Path:
    statement = (
        "SELECT DISTINCT i.blob_id FROM indexed_photos i JOIN locations l USING (photo_id)"
        " JOIN collections c ON c.id = i.collection_id WHERE l.uri LIKE ? AND c.name = ?"
    )
    (blob_id,) = query(stage.home / "catalog.db", statement, f"%/{name}", collection)
    return stage.home / "blobs" / str(blob_id)[:2] / str(blob_id)


def swap(one: Path, other: Path) -> None:
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def test_blobs_swapped_between_photos_do_not_open(stage: Stage) -> None:
    fill(stage, 1, 2, 3)
    swap(blob_of(stage, "1.png"), blob_of(stage, "2.png"))
    result = search(stage, 1)
    assert result.unreadable_faces == 2
    assert names_of(result) == ["3.png"]


def test_blobs_swapped_between_collections_do_not_open(stage: Stage) -> None:
    fill(stage, 1, collection="one")
    fill(stage, 1, collection="two")
    swap(blob_of(stage, "1.png", collection="one"), blob_of(stage, "1.png", collection="two"))
    for collection in ("one", "two"):
        result = search(stage, 1, collection=collection)
        assert (result.unreadable_faces, result.candidates) == (1, ())


def test_rows_that_point_at_each_others_blobs_do_not_open_them(stage: Stage) -> None:
    fill(stage, 1, 2, 3)
    one, two = blob_of(stage, "1.png").name, blob_of(stage, "2.png").name
    catalog = stage.home / "catalog.db"
    query(catalog, "UPDATE indexed_photos SET blob_id = 'x' WHERE blob_id = ?", one)
    query(catalog, "UPDATE indexed_photos SET blob_id = ? WHERE blob_id = ?", one, two)
    query(catalog, "UPDATE indexed_photos SET blob_id = ? WHERE blob_id = 'x'", two)
    result = search(stage, 1)
    assert (result.unreadable_faces, names_of(result)) == (2, ["3.png"])


def test_faces_that_swap_their_names_do_not_swap_their_likeness(stage: Stage) -> None:
    """A row that names another photo's face finds no template there, rather than that one's."""
    fill(stage, 1, 2, 3)
    catalog = stage.home / "catalog.db"
    first, second, _ = query(catalog, "SELECT uuid FROM faces ORDER BY id")
    query(catalog, "UPDATE faces SET uuid = 'x' WHERE uuid = ?", first)
    query(catalog, "UPDATE faces SET uuid = ? WHERE uuid = ?", first, second)
    query(catalog, "UPDATE faces SET uuid = ? WHERE uuid = 'x'", second)
    result = search(stage, 1)
    assert (result.unreadable_faces, names_of(result)) == (2, ["3.png"])


@pytest.mark.parametrize("blob_id", ["../../catalog.db", "/etc/passwd", "..", "", "a" * 4000])
def test_a_blob_id_leads_to_no_other_file(stage: Stage, blob_id: str) -> None:
    fill(stage, 1, 2)
    query(
        stage.home / "catalog.db",
        "UPDATE indexed_photos SET blob_id = ? WHERE id = (SELECT min(id) FROM indexed_photos)",
        blob_id,
    )
    result = search(stage, 1)
    assert result.unreadable_faces == 1
    assert len(result.candidates) == 1


@pytest.fixture
def foreign(stage: Stage) -> Stage:
    """Another deployment that holds the same photos under the same names."""
    other = Stage(stage.folder / "other", models=stage.models)
    fill(other, 1, 2)
    return other


def test_blobs_of_another_deployment_do_not_open(stage: Stage, foreign: Stage) -> None:
    fill(stage, 1, 2)
    for own, others in zip(blobs_of(stage.home), blobs_of(foreign.home), strict=True):
        own.write_bytes(others.read_bytes())
    result = search(stage, 1)
    assert (result.unreadable_faces, result.candidates) == (2, ())


def test_catalog_and_blobs_of_another_deployment_are_no_use_without_its_keys(
    stage: Stage, foreign: Stage
) -> None:
    fill(stage, 1, 2)
    shutil.rmtree(stage.home / "blobs")
    shutil.copytree(foreign.home / "blobs", stage.home / "blobs")
    for path in stage.home.glob("catalog.db*"):
        path.unlink()
    query(foreign.home / "catalog.db", "VACUUM INTO ?", str(stage.home / "catalog.db"))
    result = search(stage, 1)
    assert result.verdict.reasons == (Reason.COLLECTION_CHANGED,)
    assert result.probe is None


def test_keys_of_another_deployment_are_no_use_without_its_root_key(
    stage: Stage, foreign: Stage
) -> None:
    shutil.copytree(foreign.home, stage.home)
    key = stage.home / "keys" / "root.key"
    key.write_text(secrets.token_hex(32))
    with pytest.raises(RootKeyError, match="not the one"):
        search(stage, 1)


def test_a_missing_root_key_is_never_made_anew(stage: Stage) -> None:
    fill(stage, 1)
    key = stage.home / "keys" / "root.key"
    key.unlink()
    with pytest.raises(RootKeyError, match="Restore it from where you keep it"):
        stage.open()
    assert not key.exists()
    (stage.home / "catalog.db").unlink()
    with pytest.raises(RootKeyError):
        stage.open()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o700 | 0o001])
def test_a_root_key_that_others_can_read_is_refused(stage: Stage, mode: int) -> None:
    fill(stage, 1)
    (stage.home / "keys" / "root.key").chmod(mode)
    with pytest.raises(RootKeyError, match="chmod 600"):
        stage.open()


@pytest.mark.parametrize("content", ["", "00", "g" * 64, "0" * 63, "0" * 66, "é" * 32])
def test_a_malformed_root_key_is_refused(stage: Stage, content: str) -> None:
    fill(stage, 1)
    (stage.home / "keys" / "root.key").write_text(content)
    with pytest.raises(RootKeyError):
        stage.open()
    with pytest.raises(RootKeyError):
        stage.open(root_key=content or "x")


def test_a_snapshot_of_another_deployment_is_passed_over(stage: Stage) -> None:
    stage.models = CrowdModels(2_000)
    other = Stage(stage.folder / "other", models=stage.models)
    for place, people in ((stage, (1, 2, 3)), (other, (61, 62, 63))):
        fill(place, *people)
        search(place, people[0])
    (own,) = (stage.home / "snapshots").iterdir()
    (foreign_snapshot,) = (other.home / "snapshots").iterdir()
    own.write_bytes(foreign_snapshot.read_bytes())
    assert names_of(search(stage, 2))[0] == "2.png"
    assert all(candidate.score < 0.8 for candidate in search(stage, 62).candidates)


def test_nothing_at_rest_holds_an_embedding_a_crop_or_a_thumbnail(stage: Stage) -> None:
    fill(stage, 1, 2)
    with stage.open() as library:
        result = library.search(stage.photos / "1.png", purpose=PURPOSE)
        crop = library.read_crop(result.candidates[0]) or b""
        thumbnail = library.read_thumbnail(result.candidates[0]) or b""
        vision = library._deployment.vision(threads=1)
        embedding = vision.analyse((stage.photos / "1.png").read_bytes()).faces[0].embedding
    needles = [
        *(embedding[:4].astype(kind).tobytes() for kind in ("<f2", "<f4", "<f8")),
        crop[-200:-100],
        thumbnail[-200:-100],
        b"\xff\xd8\xff\xe0",
    ]
    assert all(needles)
    for path in (path for path in stage.home.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert not [needle for needle in needles if needle in content], path.name


def test_a_home_full_of_nonsense_fails_with_a_clear_error(stage: Stage) -> None:
    for name in ("catalog.db", "keys/keys.db"):
        fill(stage, 1)
        path = stage.home / name
        for extra in stage.home.glob("catalog.db-*"):
            extra.unlink()
        path.write_bytes(os.urandom(10_000))
        with pytest.raises(MienError, match=path.name):
            search(stage, 1)
        shutil.rmtree(stage.home)
