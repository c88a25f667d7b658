"""What is erased is gone from every byte of the home, and what stays is whole."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from mien.errors import NotFoundError, SettingsError
from mien.library import Library
from mien.service.erase import (
    BeforeTarget,
    FacesTarget,
    GrantorTarget,
    GrantTarget,
    PhotoTarget,
    SourceTarget,
    Target,
)
from mien.service.erasing import NOTHING_LEFT
from mien.sources.address import folder_scope
from mien.testing import FakeModels, draw_photo
from service.crowd import CrowdModels
from service.stage import PURPOSE, Stage, check_sound, names_of, query
from service.traces import face_uuids, find_traces, places, traces_of_face, traces_of_photo


def sha256_of(stage: Stage, path: Path) -> str:
    return str(
        query(
            stage.home / "catalog.db",
            "SELECT p.sha256 FROM photos p JOIN locations l ON l.photo_id = p.id WHERE uri = ?",
            path.resolve().as_uri(),
        )[0]
    )


def photo_id_of(stage: Stage, path: Path) -> int:
    sha256 = sha256_of(stage, path)
    return int(
        query(stage.home / "catalog.db", "SELECT id FROM photos WHERE sha256 = ?", sha256)[0]
    )


def found_names(library: Library, person: int) -> set[str]:
    """The photos that show the person."""
    found = library.search(draw_photo(person), purpose=PURPOSE, limit=1000, min_score=0.8)
    return set(names_of(found))


def all_names(library: Library) -> set[str]:
    return set(names_of(library.search(draw_photo(1), purpose=PURPOSE, limit=1000)))


@pytest.fixture
def album(stage: Stage) -> Stage:
    """Sixty photos of two people each, in two folders, under a grant each."""
    for number in range(60):
        folder = "north" if number % 2 else "south"
        stage.draw(f"{folder}/{number:02}.png", number, 100 + number, seed=number)
    with stage.open() as library:
        for folder, grantor in (("north", "Nora Nordmann"), ("south", "Sam Suedmann")):
            grant = stage.grant(library, scope=stage.photos / folder, grantor=grantor)
            library.add(stage.photos / folder, grant=grant)
    return stage


def paths_of(stage: Stage) -> list[Path]:
    return sorted(stage.photos.rglob("*.png"), key=lambda path: path.name)


def test_the_scan_finds_what_is_there(album: Stage) -> None:
    """Or it could not tell that something is gone."""
    path = paths_of(album)[7]
    with album.open() as library:
        traces = traces_of_photo(album, library, path)
    found = {line.partition(" in ")[0] for line in find_traces(album.home, traces)}
    readable = {name for name in traces if name.endswith(("wrapped key", "face id"))}
    assert found == readable | {"sha256", "file name", "uri", "blob id"}


@pytest.mark.parametrize("place", [0, 30, 59])
def test_an_erased_photo_leaves_no_byte(album: Stage, place: int) -> None:
    path = paths_of(album)[place]
    with album.open() as library:
        traces = traces_of_photo(album, library, path)
        report = library.erase(PhotoTarget(sha256_of(album, path)))
    assert find_traces(album.home, traces) == []
    assert report.erased["photos"] == 1
    assert report.erased["faces"] == 2
    assert report.left == NOTHING_LEFT
    assert report.outside == (path.resolve().as_uri(),)
    assert path.exists()
    check_sound(album.home)


@pytest.mark.parametrize("place", [0, 30, 59])
def test_an_erased_face_leaves_no_byte_and_its_neighbour_stays(album: Stage, place: int) -> None:
    path = paths_of(album)[place]
    with album.open() as library:
        uuid, neighbour = face_uuids(album, photo_id_of(album, path))
        seen = library._deployment.vision(threads=1).analyse(path.read_bytes())
        traces = traces_of_face(library, uuid, seen=seen.faces[0])
        library.erase(FacesTarget((uuid,)))
        assert find_traces(album.home, traces) == []
        assert path.name not in found_names(library, place)
        best = library.search(draw_photo(100 + place), purpose=PURPOSE).candidates[0]
        assert best.face.stored.uuid == neighbour
        assert library.read_crop(best) == seen.faces[1].crop_jpeg
        assert library.read_thumbnail(best) is None
    with album.open() as library:
        assert path.name in found_names(library, 100 + place)


def test_an_erased_face_does_not_come_back_with_its_photo(album: Stage) -> None:
    path = paths_of(album)[4]
    with album.open() as library:
        library.erase(FacesTarget((face_uuids(album, photo_id_of(album, path))[0],)))
        report = library.add(path.parent, grant=library.grants()[1].grant_id)
        assert (report.photos_new, report.photos_known) == (0, 30)
        assert path.name not in found_names(library, 4)


def test_several_faces_go_in_one_erasure(album: Stage) -> None:
    chosen = paths_of(album)[:3]
    with album.open() as library:
        faces = tuple(face_uuids(album, photo_id_of(album, path))[0] for path in chosen)
        report = library.erase(FacesTarget(faces))
    assert report.erased["faces"] == 3
    assert report.erased["rewritten_files"] == 3


def test_a_face_goes_from_every_collection_that_has_it(album: Stage) -> None:
    path = paths_of(album)[4]
    with album.open() as library:
        grant = library.grants()[1].grant_id
        library.add(path, grant=grant, collection="second")
        uuid = face_uuids(album, photo_id_of(album, path))[0]
        assert library.erase(FacesTarget((uuid,))).erased["faces"] == 2
        found = library.search(draw_photo(4), purpose=PURPOSE, collection="second")
        assert [candidate.face.box.x1 for candidate in found.candidates] == [96.0]


def test_an_erased_source_leaves_no_byte_of_its_folder(album: Stage) -> None:
    with album.open() as library:
        chosen = list(places(paths_of(album)[1::2]))
        traces = {
            f"{path.name} {name}": trace
            for path in chosen
            for name, trace in traces_of_photo(album, library, path).items()
        }
        report = library.erase(SourceTarget(folder_scope(album.photos / "north")))
        assert report.erased["photos"] == 30
        assert find_traces(album.home, traces) == []
        assert all_names(library) == {path.name for path in paths_of(album)[::2]}


def test_a_folder_that_only_begins_alike_is_another(album: Stage) -> None:
    album.draw("northern/x.png", 3)
    with album.open() as library:
        grant = album.grant(library, scope=album.photos / "northern")
        library.add(album.photos / "northern", grant=grant)
        library.erase(SourceTarget(folder_scope(album.photos / "north").rstrip("/")))
        assert "x.png" in found_names(library, 3)


def test_an_erased_grantor_leaves_no_name(album: Stage) -> None:
    with album.open() as library:
        traces = traces_of_photo(album, library, paths_of(album)[1])
        grant_id = next(g.grant_id for g in library.grants() if g.grantor == "Nora Nordmann")
        traces |= {"grantor": b"Nora Nordmann", "grant id": grant_id.encode()}
        report = library.erase(GrantorTarget("nora nordmann "))
        assert report.erased["grants"] == 1
        assert find_traces(album.home, traces) == []
        assert [grant.grantor for grant in library.grants()] == ["Sam Suedmann"]
        assert len(all_names(library)) == 30


def test_an_erased_grant_ends_and_stays_on_record(album: Stage) -> None:
    with album.open() as library:
        grant = library.grants()[0]
        traces = traces_of_photo(album, library, paths_of(album)[1])
        library.erase(GrantTarget(grant.grant_id))
        assert library.get_grant(grant.grant_id).revoked_at == album.now
        assert find_traces(album.home, traces) == []
        assert query(album.home / "keys" / "keys.db", "SELECT grant_id FROM grant_keys") == [
            library.grants()[1].grant_id
        ]


def test_what_was_taken_in_before_a_day_goes(album: Stage) -> None:
    album.now += timedelta(days=2)
    late = album.draw("south/late.png", 50)
    with album.open() as library:
        library.add(late, grant=library.grants()[1].grant_id)
        traces = traces_of_photo(album, library, paths_of(album)[0])
        report = library.erase(BeforeTarget(date(2030, 5, 2)))
        assert report.erased["photos"] == 60
        assert find_traces(album.home, traces) == []
        assert found_names(library, 50) == {"late.png"}


def test_a_photo_under_two_grants_stays_under_the_other(album: Stage) -> None:
    path = paths_of(album)[1]
    with album.open() as library:
        first = library.grants()[0].grant_id
        second = album.grant(library, scope=path.parent)
        library.add(path, grant=second)
        library.erase(GrantTarget(first))
        assert found_names(library, 1) == {path.name}
        best = library.search(draw_photo(1), purpose=PURPOSE).candidates[0]
        assert library.read_thumbnail(best)
    keys = album.home / "keys" / "keys.db"
    assert first not in query(keys, "SELECT grant_id FROM grant_keys")
    assert first not in query(keys, "SELECT grant_id FROM photo_keys")
    assert second in query(keys, "SELECT grant_id FROM photo_keys")


def test_a_photo_at_two_places_loses_the_erased_one_only(album: Stage) -> None:
    path = paths_of(album)[1]
    copy = album.photos / "south" / "copy.png"
    shutil.copy(path, copy)
    with album.open() as library:
        library.add(copy, grant=library.grants()[1].grant_id)
        library.erase(SourceTarget(folder_scope(path.parent)))
        assert found_names(library, 1) == {"copy.png"}
    assert find_traces(album.home, {"uri": path.resolve().as_uri().encode()}) == []


def test_an_erased_photo_may_be_added_anew(album: Stage) -> None:
    path = paths_of(album)[1]
    with album.open() as library:
        library.erase(PhotoTarget(sha256_of(album, path)))
        assert library.add(path, grant=library.grants()[0].grant_id).photos_new == 1
        assert path.name in found_names(library, 1)
    with album.open() as library:
        assert path.name in found_names(library, 1)


@pytest.mark.parametrize(
    "target",
    [
        FacesTarget(("8f14e45f-ceea-467f-ab2f-000000000001",)),
        PhotoTarget("ab" * 32),
        SourceTarget("file:///nowhere/"),
        GrantorTarget("Nobody"),
        GrantTarget("8f14e45f-ceea-467f-ab2f-000000000001"),
        BeforeTarget(date(1999, 1, 1)),
    ],
)
def test_what_is_not_here_cannot_be_erased(album: Stage, target: Target) -> None:
    with album.open() as library, pytest.raises(NotFoundError):
        library.erase(target)
    assert query(album.home / "catalog.db", "SELECT count(*) FROM erasures") == [0]


def test_what_is_no_sha256_is_refused(album: Stage) -> None:
    with album.open() as library, pytest.raises(SettingsError, match="64 hexadecimal digits"):
        library.erase(PhotoTarget("00.png"))


def test_a_preview_counts_and_changes_nothing(album: Stage) -> None:
    with album.open() as library:
        target = SourceTarget(folder_scope(album.photos / "north"))
        assert library.preview_erasure(target)["photos"] == 30
        assert len(all_names(library)) == 60
        assert library.erase(target).erased == library.preview_erasure(
            SourceTarget(folder_scope(album.photos / "south"))
        )


def test_a_library_beside_forgets_at_once(album: Stage) -> None:
    path = paths_of(album)[1]
    with album.open() as one, album.open() as other:
        assert path.name in found_names(other, 1)
        one.erase(PhotoTarget(sha256_of(album, path)))
        assert path.name not in found_names(other, 1)


def test_the_ledger_names_nothing_that_was_erased(album: Stage) -> None:
    path = paths_of(album)[1]
    with album.open() as library:
        report = library.erase(PhotoTarget(sha256_of(album, path)))
    kept = query(album.home / "catalog.db", "SELECT uuid, kind, state, work FROM erasures")
    assert kept == [(report.erasure_id, "photo", "done", None)]
    assert set(json.loads(report.certificate)["certificate"]["left"].values()) == {0}


@dataclass(frozen=True)
class Crowd:
    """Six thousand faces with a snapshot, and a photo of them."""

    stage: Stage
    photo: Path


@pytest.fixture
def crowd(tmp_path: Path) -> Crowd:
    stage = Stage(tmp_path, models=CrowdModels(2_000))
    photos = [stage.draw(f"{person}.png", person) for person in range(3)]
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        library.search(draw_photo(1), purpose=PURPOSE)
    assert len(list((stage.home / "snapshots").iterdir())) == 1
    return Crowd(stage, photos[1])


@pytest.mark.parametrize("place", [0, 1000, 1999])
def test_a_face_of_a_large_collection_leaves_no_byte(crowd: Crowd, place: int) -> None:
    stage = crowd.stage
    before = next((stage.home / "snapshots").iterdir()).read_bytes()
    with stage.open() as library:
        seen = library._deployment.vision(threads=1).analyse(crowd.photo.read_bytes())
        uuid = face_uuids(stage, photo_id_of(stage, crowd.photo))[place]
        traces = traces_of_face(library, uuid, seen=seen.faces[place])
        del traces["crop"]  # all of a crowd have the same
        library.erase(FacesTarget((uuid,)))
    assert find_traces(stage.home, traces) == []
    after = next((stage.home / "snapshots").iterdir()).read_bytes()
    assert after[:64] != before[:64]
    with stage.open() as library:
        reads: list[object] = []
        library._deployment.vault.read_templates = reads.append  # type: ignore[method-assign,assignment]
        result = library.search(draw_photo(1), purpose=PURPOSE, limit=6000)
        assert reads == []  # the snapshot that was written anew has everybody else
    assert uuid not in {candidate.face.stored.uuid for candidate in result.candidates}
    assert len(result.candidates) == 5_999


def test_a_photo_of_a_large_collection_leaves_no_byte(crowd: Crowd) -> None:
    stage = crowd.stage
    with stage.open() as library:
        uuid = face_uuids(stage, photo_id_of(stage, crowd.photo))[0]
        library.erase(PhotoTarget(sha256_of(stage, crowd.photo)))
        assert len(library.search(draw_photo(1), purpose=PURPOSE, limit=6000).candidates) == 4_000
    traces = {"name": crowd.photo.resolve().as_uri().encode(), "face": uuid.encode()}
    assert find_traces(stage.home, traces) == []


@pytest.mark.slow
def test_photos_of_thousands_leave_no_byte(tmp_path: Path) -> None:
    stage = Stage(tmp_path, models=FakeModels())
    stage.draw_many(2_600)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        library.search(draw_photo(1), purpose=PURPOSE)
        for path in places(sorted(stage.photos.iterdir())):
            traces = traces_of_photo(stage, library, path)
            library.erase(PhotoTarget(sha256_of(stage, path)))
            assert find_traces(stage.home, traces) == []
    check_sound(stage.home)
