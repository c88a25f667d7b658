"""The index in memory follows the catalog, and a snapshot is trusted no further than it fits."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from mien.catalog.collections import Collection
from mien.library import Library
from mien.service.erase import PhotoTarget
from mien.service.gallery import Galleries
from mien.testing import FakeModels, draw_photo
from mien.types import Ids
from mien.vault.vault import SealedPhoto, Templates
from service.crowd import CrowdModels
from service.stage import PURPOSE, Stage, blobs_of, names_of, query

CROWD = 2_000


def add_crowds(
    stage: Stage, library: Library, *, people: range = range(3), collection: str = "default"
) -> str:
    """A photo of two thousand faces for each person: enough for a snapshot from three on."""
    for person in people:
        stage.draw(f"{person}.png", person)
    grant = stage.grant(library)
    library.add(stage.photos, grant=grant, collection=collection)
    return grant


def find(library: Library, person: int, *, collection: str = "default") -> list[str]:
    probe = draw_photo(person)
    found = library.search(probe, purpose=PURPOSE, limit=3, collection=collection)
    return names_of(found)


def snapshots_of(home: Path) -> list[Path]:
    return sorted((home / "snapshots").glob("*"))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A collection whose snapshot is written, by a library that is closed again."""
    stage = Stage(tmp_path_factory.mktemp("crowd"), models=CrowdModels(CROWD))
    with stage.open() as library:
        add_crowds(stage, library)
        find(library, 1)
    shutil.copytree(stage.home, stage.folder / "home as made")
    shutil.copytree(stage.photos, stage.folder / "photos as made")
    return stage


@pytest.fixture
def crowded(original: Stage) -> Stage:
    """The same collection for every test, as it was made."""
    for folder in (original.home, original.photos):
        shutil.rmtree(folder)
        shutil.copytree(folder.with_name(f"{folder.name} as made"), folder)
    return Stage(original.folder, models=original.models)


def count_reads(library: Library, monkeypatch: pytest.MonkeyPatch) -> list[SealedPhoto]:
    """The places that templates are read from, as they are read."""
    vault = library._deployment.vault
    read: list[SealedPhoto] = []
    templates_of = vault.iter_templates

    def iter_templates(places: Sequence[SealedPhoto]) -> Iterator[tuple[SealedPhoto, Templates]]:
        read.extend(places)
        return templates_of(places)

    monkeypatch.setattr(vault, "iter_templates", iter_templates)
    return read


def test_a_small_collection_gets_no_snapshot(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        find(library, 1)
    assert snapshots_of(stage.home) == []


def test_a_large_collection_is_opened_from_its_snapshot(
    crowded: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(snapshots_of(crowded.home)) == 1
    with crowded.open() as library:
        places = count_reads(library, monkeypatch)
        assert find(library, 2) == ["2.png"] * 3
        assert places == []


def test_faces_that_a_snapshot_lacks_are_read_from_the_vault(
    crowded: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshots_of(crowded.home)[0].read_bytes()
    crowded.models = FakeModels()
    with crowded.open() as library:
        crowded.draw("late.png", 77)
        library.add(crowded.photos, grant=library.grants()[0].grant_id)
    with crowded.open() as library:
        places = count_reads(library, monkeypatch)
        assert find(library, 77)[0] == "late.png"
        assert len(places) == 1
    assert snapshots_of(crowded.home)[0].read_bytes() == before


def test_a_snapshot_is_replaced_when_it_lacks_many(crowded: Stage) -> None:
    before = snapshots_of(crowded.home)[0].stat().st_size
    with crowded.open() as library:
        add_crowds(crowded, library, people=range(3, 4))
        find(library, 1)
    assert len(snapshots_of(crowded.home)) == 1
    assert snapshots_of(crowded.home)[0].stat().st_size > 1.2 * before


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def cut_between_frames(path: Path) -> None:
    """The first frame alone: whole, but not all there is."""
    content = path.read_bytes()
    path.write_bytes(content[: 8 + int.from_bytes(content[:8], "little")])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def claim_a_huge_frame(path: Path) -> None:
    path.write_bytes((2**62).to_bytes(8, "little") + path.read_bytes()[8:])


def make_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "harm", [flip_a_bit, cut_short, cut_between_frames, empty, claim_a_huge_frame, Path.unlink]
)
def test_a_damaged_snapshot_is_passed_over_and_replaced(crowded: Stage, harm: object) -> None:
    (snapshot,) = snapshots_of(crowded.home)
    assert callable(harm)
    harm(snapshot)
    with crowded.open() as library:
        for person in range(3):
            assert find(library, person) == [f"{person}.png"] * 3
        (health,) = library.examine().collections
    assert health.unreadable_faces == 0
    assert snapshot.stat().st_size > 100_000


def test_the_snapshot_of_another_collection_is_passed_over(stage: Stage) -> None:
    stage.models = CrowdModels(CROWD)
    with stage.open() as library:
        add_crowds(stage, library, collection="one")
        shutil.rmtree(stage.photos)
        add_crowds(stage, library, people=range(50, 53), collection="two")
        find(library, 1, collection="one")
        find(library, 50, collection="two")
    one, two = snapshots_of(stage.home)
    one_bytes = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(one_bytes)
    with stage.open() as library:
        assert find(library, 51, collection="two") == ["51.png"] * 3
        stage.now = stage.now.replace(hour=13)
        scores = library.search(draw_photo(51), purpose=PURPOSE, collection="one").candidates
        assert all(candidate.score < 0.8 for candidate in scores)


def test_an_older_snapshot_of_the_same_collection_is_passed_over(crowded: Stage) -> None:
    """Its key was replaced: nobody can bring back what was erased since."""
    (snapshot,) = snapshots_of(crowded.home)
    old = snapshot.read_bytes()
    with crowded.open() as library:
        add_crowds(crowded, library, people=range(3, 4))
        find(library, 1)
    snapshot.write_bytes(old)
    with crowded.open() as library:
        assert find(library, 3) == ["3.png"] * 3


def test_a_snapshot_newer_than_a_restored_catalog_shows_nobody_else(crowded: Stage) -> None:
    """The catalog goes back to before a photo; another photo then gets the same face ids."""
    backup = crowded.folder / "backup.db"
    query(crowded.home / "catalog.db", "VACUUM INTO ?", str(backup))
    with crowded.open() as library:
        add_crowds(crowded, library, people=range(3, 5))
        find(library, 3)
    for name in ("catalog.db", "catalog.db-wal", "catalog.db-shm"):
        (crowded.home / name).unlink(missing_ok=True)
    backup.rename(crowded.home / "catalog.db")
    for person in (3, 4):
        (crowded.photos / f"{person}.png").unlink()
    with crowded.open() as library:
        add_crowds(crowded, library, people=range(60, 62))
        assert find(library, 60) == ["60.png"] * 3
        strangers = library.search(draw_photo(3), purpose=PURPOSE)
        assert all(candidate.score < 0.8 for candidate in strangers.candidates)


def test_a_snapshot_folder_that_cannot_be_written_does_not_stop_a_search(crowded: Stage) -> None:
    shutil.rmtree(crowded.home / "snapshots")
    (crowded.home / "snapshots").write_text("in the way")
    with crowded.open() as library:
        assert find(library, 1) == ["1.png"] * 3


def test_a_lost_blob_is_counted_and_stops_nobody(stage: Stage) -> None:
    stage.draw_many(6)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
    blobs = blobs_of(stage.home)
    blobs[0].unlink()
    cut_short(blobs[1])
    blobs[2].write_bytes(bytes(blobs[2].stat().st_size))
    with stage.open() as library:
        result = library.search(draw_photo(1), purpose=PURPOSE)
        (health,) = library.examine().collections
    assert result.unreadable_faces == health.unreadable_faces == 6
    assert len(result.candidates) == 6


def test_a_library_sees_what_another_one_adds_and_loses(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as searching, stage.open() as adding:
        grant = stage.grant(adding)
        adding.add(stage.photos, grant=grant)
        assert find(searching, 1) == ["ann.png"]
        stage.draw("ann2.png", 1)
        adding.add(stage.photos, grant=grant)
        assert sorted(find(searching, 1)) == ["ann.png", "ann2.png"]
        (stage.photos / "ann.png").unlink()
        adding.add(stage.photos, grant=grant)
        assert find(searching, 1) == ["ann2.png"]


def count_listings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows whenever every face of a collection is listed."""
    listings: list[int] = []
    ids_of = Galleries._ids_of

    def list_ids(galleries: Galleries, collection: Collection) -> Ids:
        listings.append(collection.id)
        return ids_of(galleries, collection)

    monkeypatch.setattr(Galleries, "_ids_of", list_ids)
    return listings


def test_of_a_loaded_collection_only_new_faces_are_asked_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage.open() as library:
        stage.draw_many(5)
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
        find(library, 1)
        listings, places = count_listings(monkeypatch), count_reads(library, monkeypatch)
        for number in range(200, 203):
            stage.draw(f"{number}.png", number)
            library.add(stage.photos, grant=grant)
            assert find(library, number)[0] == f"{number}.png"
        assert (len(places), listings) == (3, [])


def test_where_another_library_erased_somebody_all_is_looked_at_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many new faces as erased ones do not hide it."""
    with stage.open() as searching, stage.open() as other:
        for person in (1, 2):
            stage.draw(f"{person}.png", person)
        grant = stage.grant(other)
        other.add(stage.photos, grant=grant)
        assert find(searching, 1)[0] == "1.png"
        listings = count_listings(monkeypatch)
        content = (stage.photos / "1.png").read_bytes()
        (stage.photos / "1.png").unlink()
        other.erase(PhotoTarget(hashlib.sha256(content).hexdigest()))
        stage.draw("3.png", 3)
        other.add(stage.photos, grant=grant)
        assert find(searching, 3)[0] == "3.png"
        assert "1.png" not in find(searching, 1)
        assert len(listings) >= 1
        (gallery,) = searching._galleries._galleries.values()
        assert sorted(gallery.index.ids().tolist()) == [2, 3]


def test_faces_that_were_unreadable_are_tried_again(stage: Stage) -> None:
    with stage.open() as library:
        stage.draw("ann.png", 1)
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
        (blob,) = blobs_of(stage.home)
        blob.rename(stage.folder / "lost")
        assert library.search(draw_photo(1), purpose=PURPOSE).unreadable_faces == 1
        (stage.folder / "lost").rename(blob)
        stage.draw("bob.png", 2)
        library.add(stage.photos, grant=grant)
        result = library.search(draw_photo(1), purpose=PURPOSE)
    assert (result.unreadable_faces, names_of(result)[0]) == (0, "ann.png")


def test_threads_may_search_and_add_at_once(stage: Stage) -> None:
    stage.draw_many(60)
    failures: list[BaseException] = []

    def search(library: Library, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                result = library.search(draw_photo(1), purpose=PURPOSE, limit=3)
                assert not result.unreadable_faces
        except BaseException as error:  # noqa: BLE001  (handed to the test)
            failures.append(error)

    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos / "00001.png", grant=grant)
        stop = threading.Event()
        threads = [threading.Thread(target=search, args=(library, stop)) for _ in range(3)]
        for thread in threads:
            thread.start()
        adders = [
            threading.Thread(target=library.add, args=(stage.photos,), kwargs={"grant": grant})
            for _ in range(2)
        ]
        for thread in adders:
            thread.start()
        for thread in adders:
            thread.join()
        stop.set()
        for thread in threads:
            thread.join()
        assert failures == []
        (collection,) = library.collections()
    assert (collection.photos, collection.faces) == (60, 120)
