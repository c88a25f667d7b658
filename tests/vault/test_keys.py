"""The hierarchy of keys: each opens what hangs from it, and what is destroyed leaves no trace."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from mien.errors import KeyDestroyedError, RootKeyError, TamperedError, VaultError
from mien.vault.keys import KeyStore
from vault.samples import GRANT, OTHER_GRANT, ROOT_KEY

PHOTO, OTHER_PHOTO = str(UUID(int=1)), str(UUID(int=2))
FACE, OTHER_FACE = str(UUID(int=3)), str(UUID(int=4))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "keys.db"


@pytest.fixture
def keys(path: Path) -> Iterator[KeyStore]:
    store = KeyStore(path, root_key=ROOT_KEY)
    yield store
    store.close()


def random_ids(seed: int, count: int) -> list[str]:
    generator = np.random.default_rng(seed)
    return [str(UUID(bytes=generator.bytes(16))) for _ in range(count)]


def make_keys(
    keys: KeyStore, photo_ids: list[str], *, then: type[BaseException] | None = None
) -> None:
    """Keys of photos in one transaction, which may end badly."""
    with keys.transaction():
        for photo_id in photo_ids:
            keys.make_photo_key(photo_id, grant_id=GRANT)
        if then is not None:
            raise then


def wrapped_keys(path: Path) -> dict[str, bytes]:
    """The sealed keys of all faces and photos, as they stand in the file."""
    with sqlite3.connect(path) as connection:
        faces = connection.execute("SELECT face_id, wrapped FROM face_keys").fetchall()
        photos = connection.execute("SELECT photo_id, wrapped FROM photo_keys").fetchall()
    connection.close()
    return dict(faces + photos)


def test_the_file_is_for_its_owner_alone(keys: KeyStore, path: Path) -> None:
    with keys.transaction():
        keys.make_photo_key(PHOTO, grant_id=GRANT)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"keys.db": 0o600, "keys.db-journal": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_file_is_for_its_owner_alone_before_anything_is_in_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[tuple[int, int]] = []
    connect = sqlite3.connect

    def note(database: Path, **options: Any) -> sqlite3.Connection:
        status = database.stat()
        found.append((stat.S_IMODE(status.st_mode), status.st_size))
        opened: sqlite3.Connection = connect(database, **options)
        return opened

    monkeypatch.setattr(sqlite3, "connect", note)
    KeyStore(path, root_key=ROOT_KEY).close()
    assert found == [(0o600, 0)]


def test_a_file_that_was_opened_to_others_is_closed_again(path: Path) -> None:
    KeyStore(path, root_key=ROOT_KEY).close()
    path.chmod(0o644)
    KeyStore(path, root_key=ROOT_KEY).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_photo_has_one_key_under_any_number_of_grants(keys: KeyStore) -> None:
    key = keys.make_photo_key(PHOTO, grant_id=GRANT)
    assert keys.make_photo_key(PHOTO, grant_id=GRANT) == key
    assert keys.make_photo_key(PHOTO, grant_id=OTHER_GRANT) == key
    assert keys.get_photo_key(PHOTO) == key
    assert keys.make_photo_key(OTHER_PHOTO, grant_id=GRANT) != key


@pytest.mark.parametrize(("gone", "kept"), [(GRANT, OTHER_GRANT), (OTHER_GRANT, GRANT)])
def test_a_photo_under_two_grants_outlives_either(
    keys: KeyStore, path: Path, gone: str, kept: str
) -> None:
    key = keys.make_photo_key(PHOTO, grant_id=gone)
    keys.make_photo_key(PHOTO, grant_id=kept)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM grant_keys WHERE grant_id = ?", (gone,))
    connection.close()
    assert keys.get_photo_key(PHOTO) == key
    assert key == keys.make_photo_key(PHOTO, grant_id=kept)


def test_destroying_the_only_grant_key_closes_exactly_its_photos(
    keys: KeyStore, path: Path
) -> None:
    keys.make_photo_key(PHOTO, grant_id=GRANT)
    other = keys.make_photo_key(OTHER_PHOTO, grant_id=OTHER_GRANT)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM grant_keys WHERE grant_id = ?", (GRANT,))
    connection.close()
    with pytest.raises(KeyDestroyedError, match=f"The key of photo {PHOTO} is gone"):
        keys.get_photo_key(PHOTO)
    assert keys.get_photo_key(OTHER_PHOTO) == other


def test_every_face_has_a_key_of_its_own(keys: KeyStore) -> None:
    photo_key = keys.make_photo_key(PHOTO, grant_id=GRANT)
    made = {
        face: keys.make_face_key(face, photo_id=PHOTO, photo_key=photo_key)
        for face in (FACE, OTHER_FACE)
    }
    assert keys.find_face_keys(PHOTO, photo_key=photo_key) == made
    assert len({photo_key, *made.values()}) == 3
    assert keys.find_face_keys(OTHER_PHOTO, photo_key=photo_key) == {}


def test_destroying_a_face_key_leaves_all_others(keys: KeyStore) -> None:
    photo_key = keys.make_photo_key(PHOTO, grant_id=GRANT)
    for face in (FACE, OTHER_FACE):
        keys.make_face_key(face, photo_id=PHOTO, photo_key=photo_key)
    assert keys.destroy_face_keys([FACE]) == 1
    assert keys.destroy_face_keys([FACE]) == 0
    assert list(keys.find_face_keys(PHOTO, photo_key=photo_key)) == [OTHER_FACE]
    assert keys.get_photo_key(PHOTO) == photo_key


def test_destroying_a_photo_key_takes_it_from_every_grant_with_its_faces(keys: KeyStore) -> None:
    for photo, face in ((PHOTO, FACE), (OTHER_PHOTO, OTHER_FACE)):
        photo_key = keys.make_photo_key(photo, grant_id=GRANT)
        keys.make_photo_key(photo, grant_id=OTHER_GRANT)
        keys.make_face_key(face, photo_id=photo, photo_key=photo_key)
    assert keys.destroy_photo_keys([PHOTO]) == 2
    assert list(keys.iter_photo_ids()) == [OTHER_PHOTO]
    assert list(keys.iter_face_ids()) == [OTHER_FACE]
    with pytest.raises(KeyDestroyedError):
        keys.get_photo_key(PHOTO)


def test_more_keys_than_a_query_takes_are_destroyed_at_once(keys: KeyStore) -> None:
    faces = random_ids(1, 1201)
    with keys.transaction():
        photo_key = keys.make_photo_key(PHOTO, grant_id=GRANT)
        for face in faces:
            keys.make_face_key(face, photo_id=PHOTO, photo_key=photo_key)
    assert keys.destroy_face_keys(faces[:-1]) == 1200
    assert list(keys.iter_face_ids()) == faces[-1:]
    assert keys.destroy_face_keys([]) == 0


def test_a_key_moved_to_another_face_or_photo_does_not_open(keys: KeyStore, path: Path) -> None:
    photo_key = keys.make_photo_key(PHOTO, grant_id=GRANT)
    other_key = keys.make_photo_key(OTHER_PHOTO, grant_id=GRANT)
    keys.make_face_key(FACE, photo_id=PHOTO, photo_key=photo_key)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE face_keys SET face_id = ?", (OTHER_FACE,))
        connection.execute(
            "UPDATE photo_keys SET wrapped = (SELECT wrapped FROM photo_keys WHERE photo_id = ?)"
            " WHERE photo_id = ?",
            (OTHER_PHOTO, PHOTO),
        )
    connection.close()
    with pytest.raises(TamperedError, match="sealed face key"):
        keys.find_face_keys(PHOTO, photo_key=photo_key)
    with pytest.raises(TamperedError, match="sealed photo key"):
        keys.get_photo_key(PHOTO)
    assert keys.get_photo_key(OTHER_PHOTO) == other_key


def test_secrets_are_kept_and_replaced(keys: KeyStore) -> None:
    assert keys.find_secret("rotation") is None
    keys.put_secret("rotation", b"first")
    keys.put_secret("rotation", b"second")
    assert keys.find_secret("rotation") == b"second"


def test_a_secret_under_another_name_does_not_open(keys: KeyStore, path: Path) -> None:
    keys.put_secret("rotation", b"numbers")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE secrets SET name = 'other' WHERE name = 'rotation'")
    connection.close()
    with pytest.raises(TamperedError, match="sealed secret"):
        keys.find_secret("other")


def test_no_key_stands_in_the_file_in_the_clear(keys: KeyStore, path: Path) -> None:
    photo_key = keys.make_photo_key(PHOTO, grant_id=GRANT)
    face_key = keys.make_face_key(FACE, photo_id=PHOTO, photo_key=photo_key)
    keys.put_secret("rotation", b"a secret of 32 bytes, to be found")
    content = path.read_bytes()
    for secret in (ROOT_KEY, photo_key, face_key, b"a secret of 32 bytes, to be found"):
        assert secret not in content
        assert secret.hex().encode() not in content


def test_a_destroyed_key_leaves_nothing_in_the_file_or_its_journal(
    keys: KeyStore, path: Path
) -> None:
    """Ids in random order split and join pages, which is where copies could be left."""
    photos, faces = random_ids(2, 150), iter(random_ids(3, 900))
    with keys.transaction():
        for photo in photos:
            photo_key = keys.make_photo_key(photo, grant_id=GRANT)
            for _ in range(6):
                keys.make_face_key(next(faces), photo_id=photo, photo_key=photo_key)
    wrapped = wrapped_keys(path)
    gone = photos[:20] + random_ids(3, 900)[::2]
    with keys.transaction():
        keys.destroy_photo_keys(photos[:20])
    for start in range(0, len(gone), 50):
        with keys.transaction():
            keys.destroy_face_keys(gone[start : start + 50])
    left = wrapped_keys(path)
    bytes_on_disk = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert len(wrapped.keys() - left.keys()) > 400
    for owner, sealed in wrapped.items():
        assert (sealed in bytes_on_disk) is (owner in left)
        # Not even half of it: the nonce and the first bytes of the ciphertext.
        assert (sealed[:20] in bytes_on_disk) is (owner in left)


def test_a_replaced_secret_leaves_nothing_in_the_file(keys: KeyStore, path: Path) -> None:
    """Long ones lie on pages of their own, which are freed."""
    sealed = []
    for seed in range(4):
        keys.put_secret("rotation", np.random.default_rng(seed).bytes(20_000))
        with sqlite3.connect(path) as connection:
            row = connection.execute("SELECT sealed FROM secrets WHERE name = 'rotation'")
            sealed.append(row.fetchone()[0])
        connection.close()
    content = path.read_bytes()
    # A page is 4,096 bytes: each of the first ones' pieces would be found whole.
    pieces = [old[at : at + 64] for old in sealed[:-1] for at in range(0, 20_000, 500)]
    assert not any(piece in content for piece in pieces)
    assert sealed[-1][:64] in content


def test_a_transaction_stays_whole_or_leaves_nothing(keys: KeyStore) -> None:
    with pytest.raises(KeyboardInterrupt):
        make_keys(keys, [PHOTO], then=KeyboardInterrupt)
    assert list(keys.iter_photo_ids()) == []
    with keys.transaction(), keys.transaction():
        keys.make_photo_key(PHOTO, grant_id=GRANT)
    assert list(keys.iter_photo_ids()) == [PHOTO]


def test_an_inner_transaction_ends_with_the_outer_one(keys: KeyStore, path: Path) -> None:
    with keys.transaction():
        with keys.transaction():
            keys.make_photo_key(PHOTO, grant_id=GRANT)
        assert wrapped_keys(path) == {}
    assert list(wrapped_keys(path)) == [PHOTO]


def test_what_is_committed_is_there_for_another_process(keys: KeyStore, path: Path) -> None:
    key = keys.make_photo_key(PHOTO, grant_id=GRANT)
    other = KeyStore(path, root_key=ROOT_KEY)
    assert other.get_photo_key(PHOTO) == key
    other.close()


def test_another_root_key_is_refused_at_the_door(keys: KeyStore, path: Path) -> None:
    key = keys.make_photo_key(PHOTO, grant_id=GRANT)
    with pytest.raises(RootKeyError, match=r"not the one that .*keys\.db was made with"):
        KeyStore(path, root_key=bytes(32))
    assert keys.get_photo_key(PHOTO) == key


def test_another_root_key_is_refused_even_where_no_photo_was_added(
    keys: KeyStore, path: Path
) -> None:
    del keys
    with pytest.raises(RootKeyError):
        KeyStore(path, root_key=bytes(32))


def test_a_file_that_is_no_database_is_told_plainly(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 300)
    with pytest.raises(VaultError, match=r"keys\.db cannot be used: file is not a database"):
        KeyStore(path, root_key=ROOT_KEY)


def test_a_folder_that_is_a_file_is_told_plainly(path: Path) -> None:
    path.parent.write_bytes(b"")
    with pytest.raises(VaultError, match="cannot be used"):
        KeyStore(path, root_key=ROOT_KEY)


def test_a_full_disk_undoes_the_transaction_and_the_next_one_works(keys: KeyStore) -> None:
    keys.make_photo_key(PHOTO, grant_id=GRANT)
    pages = keys._connection.execute("PRAGMA page_count").fetchone()[0]
    keys._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(VaultError, match=r"database or disk is full.*may be run again"):
        make_keys(keys, random_ids(4, 2000))
    assert list(keys.iter_photo_ids()) == [PHOTO]
    keys._connection.execute("PRAGMA max_page_count = 100000")
    with keys.transaction():
        keys.make_photo_key(OTHER_PHOTO, grant_id=GRANT)
    assert sorted(keys.iter_photo_ids()) == [PHOTO, OTHER_PHOTO]


def test_a_commit_that_fails_leaves_no_transaction_open(keys: KeyStore, path: Path) -> None:
    """An open one would swallow every later write: they would seem kept and be lost."""
    keys._connection.execute("PRAGMA busy_timeout = 0")
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM photo_keys").fetchone()
    with pytest.raises(VaultError, match="database is locked"), keys.transaction():
        keys.make_photo_key(PHOTO, grant_id=GRANT)
    reader.execute("COMMIT")
    assert list(keys.iter_photo_ids()) == []
    with keys.transaction():
        keys.make_photo_key(OTHER_PHOTO, grant_id=GRANT)
    assert reader.execute("SELECT photo_id FROM photo_keys").fetchall() == [(OTHER_PHOTO,)]
    reader.close()
