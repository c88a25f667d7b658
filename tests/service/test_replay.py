"""Old backups, and moments of sudden death, bring nothing back."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from mien.catalog import erasures as ledger
from mien.catalog.connect import Database
from mien.catalog.photos import photo_uuid_of
from mien.errors import CatalogError, KeyDestroyedError, TamperedError, VaultError
from mien.library import Library
from mien.permission.verdict import Reason
from mien.service import erasing as steps
from mien.service.deployment import erasing
from mien.service.erase import FacesTarget, GrantTarget, PhotoTarget, Target
from mien.testing import draw_photo
from mien.vault.blobs import Batch
from mien.vault.keys import KeyStore
from mien.vault.vault import SealedPhoto, Vault
from service.stage import PURPOSE, Stage, check_sound, names_of, query
from service.traces import Traces, face_uuids, find_traces, traces_of_photo

ERASED = 5


@pytest.fixture
def album(stage: Stage) -> Stage:
    """Twelve photos of two people each, and a backup of the home as it then was."""
    stage.draw_many(12)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
    shutil.copytree(stage.home, backup_of(stage))
    return stage


def backup_of(stage: Stage) -> Path:
    return stage.folder / "backup"


def restore(stage: Stage, *names: str) -> None:
    """Puts these parts of the home back as they were."""
    for name in names:
        for old in stage.home.glob(f"{name}*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        source = backup_of(stage) / name
        if source.is_dir():
            shutil.copytree(source, stage.home / name)
        else:
            shutil.copy(source, stage.home / name)


def photo_of(stage: Stage, number: int = ERASED) -> tuple[int, str]:
    uri = (stage.photos / f"{number:05}.png").resolve().as_uri()
    found = "SELECT p.id, p.sha256 FROM photos p JOIN locations l ON l.photo_id = p.id"
    row: tuple[int, str] = query(stage.home / "catalog.db", f"{found} WHERE uri = ?", uri)[0]
    return row


def target_of(stage: Stage, kind: str) -> Target:
    photo_id, sha256 = photo_of(stage)
    if kind == "face":
        return FacesTarget((face_uuids(stage, photo_id)[0],))
    return PhotoTarget(sha256)


def names_in(library: Library, person: int = ERASED) -> list[str]:
    found = library.search(draw_photo(person), purpose=PURPOSE, limit=50, min_score=0.8)
    return names_of(found)


def traces(stage: Stage, library: Library, kind: str) -> Traces:
    found = traces_of_photo(stage, library, stage.photos / f"{ERASED:05}.png")
    if kind == "photo":
        return found
    return {name: trace for name, trace in found.items() if name.startswith("face 0")}


@pytest.mark.parametrize("kind", ["photo", "face"])
@pytest.mark.parametrize(
    "parts",
    [
        ("catalog.db",),
        ("catalog.db", "blobs"),
        ("keys",),
        ("keys", "blobs"),
        ("blobs",),
    ],
    ids="+".join,
)
def test_a_restored_backup_brings_nothing_back(
    album: Stage, kind: str, parts: tuple[str, ...]
) -> None:
    with album.open() as library:
        known = traces(album, library, kind)
        library.erase(target_of(album, kind))
    restore(album, *parts)
    with album.open() as library:
        assert names_in(library) == []
        assert len(names_in(library, person=3)) == 1
    found = [line for line in find_traces(album.home, known) if "blob id" not in line]
    assert found == []
    check_readable(album)


def check_readable(stage: Stage) -> None:
    """Everything that the catalog still knows can be read."""
    with stage.open() as library:
        (health,) = library.examine().collections
    assert health.unreadable_faces == 0


def test_an_old_catalog_with_old_blobs_cannot_be_read_with_the_present_keys(album: Stage) -> None:
    photo_id, _ = photo_of(album)
    uuids = face_uuids(album, photo_id)
    (blob_id,) = query(
        album.home / "catalog.db", "SELECT blob_id FROM indexed_photos WHERE photo_id = ?", photo_id
    )
    place = SealedPhoto(blob_id, photo_uuid_of(photo_of(album)[1]))
    with album.open() as library:
        library.erase(target_of(album, "photo"))
        shutil.rmtree(album.home / "blobs")
        shutil.copytree(backup_of(album) / "blobs", album.home / "blobs")
        vault = library._deployment.vault
        for read in (
            lambda: vault.read_templates(place),
            lambda: vault.read_crop(place, face_id=uuids[0]),
            lambda: vault.read_thumbnail(place),
        ):
            with pytest.raises(KeyDestroyedError):
                read()


def test_an_old_thumbnail_does_not_open_after_a_face_in_it_was_erased(album: Stage) -> None:
    photo_id, _ = photo_of(album)
    (blob_id,) = query(
        album.home / "catalog.db", "SELECT blob_id FROM indexed_photos WHERE photo_id = ?", photo_id
    )
    with album.open() as library:
        place = SealedPhoto(blob_id, photo_uuid_of(photo_of(album)[1]))
        library.erase(target_of(album, "face"))
        shutil.rmtree(album.home / "blobs")
        shutil.copytree(backup_of(album) / "blobs", album.home / "blobs")
        with pytest.raises(TamperedError):
            library._deployment.vault.read_thumbnail(place)
        assert len(library._deployment.vault.read_templates(place)) == 1


def test_a_photo_added_anew_survives_a_restored_backup_of_the_keys_alone(album: Stage) -> None:
    """The ledger knows the photo that was erased, not every photo of the same bytes."""
    with album.open() as library:
        library.erase(target_of(album, "photo"))
        library.add(album.photos, grant=library.grants()[0].grant_id)
        assert len(names_in(library)) == 1
    check_readable(album)
    with album.open() as library:
        assert len(names_in(library)) == 1
    check_sound(album.home)


def test_an_erased_grant_stays_erased_in_a_restored_catalog(album: Stage) -> None:
    with album.open() as library:
        grant = library.grants()[0].grant_id
        library.erase(GrantTarget(grant))
    restore(album, "catalog.db", "blobs")
    with album.open() as library:
        assert names_in(library) == []
    assert query(album.home / "catalog.db", "SELECT count(*) FROM photos") == [0]
    assert query(album.home / "keys" / "keys.db", "SELECT count(*) FROM face_keys") == [0]


def test_a_catalog_of_long_ago_repeats_every_erasure_since(album: Stage) -> None:
    with album.open() as library:
        for number in (2, 4, 6):
            library.erase(PhotoTarget(photo_of(album, number)[1]))
    restore(album, "catalog.db")
    with album.open() as library:
        assert [len(names_in(library, person=number)) for number in range(8)] == [
            *(1, 1, 0, 1, 0, 1, 0, 1)
        ]
    entries = "SELECT uuid FROM erasures ORDER BY uuid"
    here = query(album.home / "catalog.db", entries)
    assert here == query(album.home / "keys" / "keys.db", entries)
    assert len(here) == 4  # and the replay itself
    with album.open():
        assert query(album.home / "catalog.db", entries) == here  # which happens once


def test_what_was_added_after_the_backup_is_only_lost_with_it(album: Stage) -> None:
    """A replay destroys what the ledger names, and nothing that merely has no row."""
    with album.open() as library:
        library.erase(target_of(album, "photo"))
        late = album.draw("late.png", 70)
        library.add(late, grant=library.grants()[0].grant_id)
    before = query(album.home / "keys" / "keys.db", "SELECT face_id FROM face_keys ORDER BY 1")
    restore(album, "catalog.db")
    with album.open():
        pass
    after = query(album.home / "keys" / "keys.db", "SELECT face_id FROM face_keys ORDER BY 1")
    assert after == before


class DeathError(BaseException):
    """What no handler of the code under test survives."""


STEPS = {
    "rows": (steps, "delete_rows"),
    "copy of the ledger": (Vault, "copy_erasures"),
    "keys": (KeyStore, "destroy_photo_keys"),
    "files": (Batch, "delete"),
    "rewriting": (Batch, "write"),
    "syncing": (Batch, "settle"),
    "count": (Vault, "count_left"),
    "end of the work": (ledger, "begin_scrubbing"),
    "scrubbing of keys": (Vault, "scrub"),
    "scrubbing of the catalog": (Database, "scrub"),
    "certificate": (ledger, "end_erasure"),
}


@contextmanager
def dying_at(step: str, *, is_done: bool) -> Iterator[None]:
    """Everything ends when it comes to a step, before or after it is done."""
    owner, name = STEPS[step]
    real = getattr(owner, name)

    def die(*arguments: object, **options: object) -> object:
        if is_done:
            real(*arguments, **options)
        raise DeathError

    with patch.object(owner, name, die):
        yield


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", ["photo", "face"])
def test_an_erasure_that_dies_is_finished_by_whoever_comes_next(
    album: Stage, kind: str, *, step: str, is_done: bool
) -> None:
    with album.open() as library:
        known = traces(album, library, kind)
        target = target_of(album, kind)
        with suppress(DeathError), dying_at(step, is_done=is_done):
            library.erase(target)
    with album.open() as library:
        states = query(album.home / "catalog.db", "SELECT state, work FROM erasures")
        if not states:  # it died before it began, so that all is as it was
            assert step == "rows"
            library.erase(target)
        assert names_in(library) == []
        assert len(names_in(library, person=3)) == 1
    assert find_traces(album.home, known) == []
    done = query(album.home / "catalog.db", "SELECT state, work, certificate FROM erasures")
    assert [(state, work) for state, work, _ in done] == [("done", None)]
    assert '"erased"' in done[0][2]
    check_sound(album.home)
    check_readable(album)


def test_nothing_of_an_erasure_that_died_answers_before_it_is_finished(album: Stage) -> None:
    """From the first step on, in the very same library."""
    with album.open() as library:
        with suppress(DeathError), dying_at("copy of the ledger", is_done=False):
            library.erase(target_of(album, "photo"))
        assert names_in(library) == []


def test_whoever_comes_while_somebody_erases_neither_waits_nor_helps(album: Stage) -> None:
    with album.open() as library, suppress(DeathError), dying_at("count", is_done=False):
        library.erase(target_of(album, "photo"))
    with erasing(library._deployment.home), album.open() as other:
        assert names_in(other) == []
        assert query(album.home / "catalog.db", "SELECT state FROM erasures") == ["destroying"]


def test_a_long_reader_is_told_of_and_nothing_is_lost(
    album: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien.catalog.connect._WAIT_S", 0.2)
    with album.open() as library:
        known = traces(album, library, "photo")
        with closing(sqlite3.connect(album.home / "catalog.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM photos").fetchone()
            with pytest.raises(CatalogError, match="another process reads the catalog"):
                library.erase(target_of(album, "photo"))
            assert names_in(library) == []
    with album.open():
        assert find_traces(album.home, known) == []
    assert query(album.home / "catalog.db", "SELECT state FROM erasures") == ["done"]


def test_a_disk_that_refuses_is_told_of_and_the_erasure_goes_on_later(album: Stage) -> None:
    error = VaultError("Nothing can be written.")
    with album.open() as library:
        known = traces(album, library, "face")
        with patch.object(Batch, "write", side_effect=error), pytest.raises(VaultError):
            library.erase(target_of(album, "face"))
    with album.open():
        assert find_traces(album.home, known) == []


def test_retention_is_remembered_by_a_restored_catalog(album: Stage) -> None:
    with album.open() as library:
        grant = album.grant(library, retention_days=10)
        late = album.draw("late.png", 70)
        library.add(late, grant=grant)
    shutil.rmtree(backup_of(album))
    shutil.copytree(album.home, backup_of(album))
    album.now += timedelta(days=11)
    with album.open() as library:
        assert library.enforce_retention()
    restore(album, "catalog.db", "blobs")
    with album.open() as library:
        assert library.add(late, grant=grant).refused == {Reason.RETENTION_ENDED: 1}
        assert names_in(library, person=70) == []
