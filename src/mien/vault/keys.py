"""The keys of grants, photos and faces, each wrapped under the one above it.

    root key -> key per grant -> key per photo (wrapped under each grant that covers it)
             |                                 -> key per face
             -> key per subject: a person, a suppression, a case
             -> named secrets: the rotation, the keys of index snapshots

They live in one small SQLite file of their own, to be left out of ordinary backups: whoever
destroys a row here destroys what it sealed, wherever copies of that lie. The file is written
with `secure_delete` and a truncated rollback journal, so that no deleted key stays behind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mien.errors import KeyDestroyedError, RootKeyError, TamperedError, VaultError
from mien.vault.seal import make_key, seal, unseal

_SCHEMA = """
CREATE TABLE IF NOT EXISTS grant_keys (
  grant_id TEXT PRIMARY KEY, wrapped BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS photo_keys (
  photo_id TEXT NOT NULL, grant_id TEXT NOT NULL, wrapped BLOB NOT NULL,
  PRIMARY KEY (photo_id, grant_id)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS photo_keys_of_grant ON photo_keys (grant_id);
CREATE TABLE IF NOT EXISTS face_keys (
  face_id TEXT PRIMARY KEY, photo_id TEXT NOT NULL, wrapped BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS face_keys_of_photo ON face_keys (photo_id);
CREATE TABLE IF NOT EXISTS subject_keys (
  subject TEXT PRIMARY KEY, wrapped BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vouchers (
  name TEXT PRIMARY KEY, mark BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS secrets (
  name TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS erasures (
  uuid TEXT PRIMARY KEY, kind TEXT NOT NULL, began_us INTEGER NOT NULL, marks BLOB NOT NULL) STRICT;
"""
_WAIT_S = 60.0
_IDS_A_QUERY = 500
_CHECK = "root key check"


@dataclass(frozen=True, slots=True)
class ErasureCopy:
    """An entry of the ledger of erasures, as it is kept beside the keys; times in microseconds."""

    uuid: str
    kind: str
    began_us: int
    marks: bytes


class KeyStore:
    """Keys by the outside ids of what they open.

    Threads must take turns; several processes may hold the same file.
    """

    def __init__(self, path: Path, *, root_key: bytes) -> None:
        """Opens or makes the file. Raises `RootKeyError` where it belongs to another root key."""
        self._path = path
        self._root_key = root_key
        with self._told_plainly():
            self._connection = _connect(path)
        self._check_root_key()

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All keys made inside are on disk when it ends, or none is; joins one already open."""
        if self._connection.in_transaction:
            yield
            return
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
            self._execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def make_grant_key(self, grant_id: str) -> bytes:
        """The grant's key, made where there is none."""
        key = self.find_grant_key(grant_id)
        if key is None:
            key = make_key()
            wrapped = seal(self._root_key, key, context=f"grant key:{grant_id}")
            self._execute("INSERT INTO grant_keys VALUES (?, ?)", grant_id, wrapped)
        return key

    def find_grant_key(self, grant_id: str) -> bytes | None:
        """Nothing where it was never made, or is destroyed."""
        row = self._find_row("SELECT wrapped FROM grant_keys WHERE grant_id = ?", grant_id)
        return None if row is None else self._open_grant_key(grant_id, wrapped=row[0])

    def make_photo_key(self, photo_id: str, *, grant_id: str) -> bytes:
        """The photo's key, made where there is none, and wrapped under this grant too."""
        key = self._find_photo_key(photo_id) or make_key()
        self._wrap_photo_key(key, photo_id=photo_id, grant_id=grant_id)
        return key

    def add_cover(self, photo_id: str, *, grant_id: str) -> None:
        """Wraps the photo's key under another grant. Raises `KeyDestroyedError`."""
        self._wrap_photo_key(self.get_photo_key(photo_id), photo_id=photo_id, grant_id=grant_id)

    def get_photo_key(self, photo_id: str) -> bytes:
        """Raises `KeyDestroyedError` where no grant opens the photo any more."""
        key = self._find_photo_key(photo_id)
        if key is None:
            raise KeyDestroyedError(f"The key of photo {photo_id} is gone: it was erased.")
        return key

    def make_face_key(self, face_id: str, *, photo_id: str, photo_key: bytes) -> bytes:
        """A fresh key for a face, wrapped under its photo's."""
        key = make_key()
        self._wrap_face_key(key, face_id=face_id, photo_id=photo_id, photo_key=photo_key)
        return key

    def find_face_keys(self, photo_id: str, *, photo_key: bytes) -> Mapping[str, bytes]:
        """The keys of all faces in the photo that still have one, by face id."""
        rows = self._execute("SELECT face_id, wrapped FROM face_keys WHERE photo_id = ?", photo_id)
        return {
            face_id: unseal(photo_key, wrapped, context=f"face key:{face_id}:{photo_id}")
            for face_id, wrapped in rows
        }

    def find_face_key(self, face_id: str, *, photo_id: str, photo_key: bytes) -> bytes | None:
        """The key of one face in the photo; nothing where it is destroyed."""
        row = self._find_row("SELECT photo_id, wrapped FROM face_keys WHERE face_id = ?", face_id)
        if row is None or row[0] != photo_id:
            return None
        return unseal(photo_key, row[1], context=f"face key:{face_id}:{photo_id}")

    def make_subject_key(self, subject: str) -> bytes:
        """The subject's key, made where there is none."""
        key = self.find_subject_key(subject)
        if key is None:
            key = make_key()
            wrapped = seal(self._root_key, key, context=f"subject key:{subject}")
            self._execute("INSERT INTO subject_keys VALUES (?, ?)", subject, wrapped)
        return key

    def find_subject_key(self, subject: str) -> bytes | None:
        """Nothing where it was never made, or is destroyed."""
        row = self._find_row("SELECT wrapped FROM subject_keys WHERE subject = ?", subject)
        if row is None:
            return None
        return unseal(self._root_key, row[0], context=f"subject key:{subject}")

    def put_voucher(self, name: str, mark: bytes) -> None:
        """Remembers what a record was marked with last."""
        self._execute("INSERT OR REPLACE INTO vouchers VALUES (?, ?)", name, mark)

    def find_voucher(self, name: str) -> bytes | None:
        row = self._find_row("SELECT mark FROM vouchers WHERE name = ?", name)
        return None if row is None else row[0]

    def destroy_vouchers(self, names: Sequence[str]) -> None:
        self._delete("DELETE FROM vouchers WHERE name IN ({})", names)

    def count_vouchers(self, names: Sequence[str]) -> int:
        return self._count("SELECT count(*) FROM vouchers WHERE name IN ({})", names)

    def iter_vouchers(self) -> Iterator[str]:
        """Every record that is vouched for."""
        for (name,) in self._execute("SELECT name FROM vouchers"):
            yield name

    def put_secret(self, name: str, content: bytes) -> None:
        """Keeps the content under this name, in the place of what was there."""
        sealed = seal(self._root_key, content, context=f"secret:{name}")
        self._execute("INSERT OR REPLACE INTO secrets VALUES (?, ?)", name, sealed)

    def find_secret(self, name: str) -> bytes | None:
        row = self._find_row("SELECT sealed FROM secrets WHERE name = ?", name)
        return None if row is None else unseal(self._root_key, row[0], context=f"secret:{name}")

    def destroy_face_keys(self, face_ids: Sequence[str]) -> int:
        """How many of them there were."""
        return self._delete("DELETE FROM face_keys WHERE face_id IN ({})", face_ids)

    def destroy_photo_keys(self, photo_ids: Sequence[str]) -> int:
        """Destroys the photos' keys under every grant, and their faces'; how many there were."""
        self._delete("DELETE FROM face_keys WHERE photo_id IN ({})", photo_ids)
        return self._delete("DELETE FROM photo_keys WHERE photo_id IN ({})", photo_ids)

    def destroy_covers(self, covers: Iterable[tuple[str, str]]) -> int:
        """Takes photos, each with a grant, out of the grant's reach; how many were in it."""
        statement = "DELETE FROM photo_keys WHERE photo_id = ? AND grant_id = ?"
        return sum(self._execute(statement, *cover).rowcount for cover in covers)

    def destroy_grant_keys(self, grant_ids: Sequence[str]) -> int:
        """Destroys the grants' keys and what hangs on them alone; how many there were."""
        self._delete("DELETE FROM photo_keys WHERE grant_id IN ({})", grant_ids)
        return self._delete("DELETE FROM grant_keys WHERE grant_id IN ({})", grant_ids)

    def destroy_subject_keys(self, subjects: Sequence[str]) -> int:
        """How many of them there were."""
        return self._delete("DELETE FROM subject_keys WHERE subject IN ({})", subjects)

    def destroy_secret(self, name: str) -> None:
        self._execute("DELETE FROM secrets WHERE name = ?", name)

    def renew_photo_key(self, photo_id: str) -> None:
        """Another key for the photo, under the same grants and for the same faces.

        Copies of the thumbnail that lie elsewhere do not open any more.
        """
        old = self._find_photo_key(photo_id)
        if old is None:
            return
        faces = self.find_face_keys(photo_id, photo_key=old)
        grants = self._execute("SELECT grant_id FROM photo_keys WHERE photo_id = ?", photo_id)
        grant_ids = [grant_id for (grant_id,) in grants.fetchall()]
        self.destroy_photo_keys([photo_id])
        key = make_key()
        for grant_id in grant_ids:
            self._wrap_photo_key(key, photo_id=photo_id, grant_id=grant_id)
        for face_id, face_key in faces.items():
            self._wrap_face_key(face_key, face_id=face_id, photo_id=photo_id, photo_key=key)

    def count_keys(
        self,
        *,
        face_ids: Sequence[str],
        photo_ids: Sequence[str],
        covers: Iterable[tuple[str, str]],
        grant_ids: Sequence[str],
        subjects: Sequence[str],
    ) -> int:
        """How many keys of all these there are."""
        one = "SELECT count(*) FROM photo_keys WHERE photo_id = ? AND grant_id = ?"
        return (
            self._count("SELECT count(*) FROM face_keys WHERE face_id IN ({})", face_ids)
            + self._count("SELECT count(*) FROM photo_keys WHERE photo_id IN ({})", photo_ids)
            + sum(int(self._execute(one, *cover).fetchone()[0]) for cover in covers)
            + self._count("SELECT count(*) FROM grant_keys WHERE grant_id IN ({})", grant_ids)
            + self._count("SELECT count(*) FROM subject_keys WHERE subject IN ({})", subjects)
        )

    def put_erasure(self, erasure: ErasureCopy) -> None:
        """Keeps a copy of an entry of the ledger of erasures, unless it is kept already."""
        self._execute(
            "INSERT OR IGNORE INTO erasures VALUES (?, ?, ?, ?)",
            *(erasure.uuid, erasure.kind, erasure.began_us, erasure.marks),
        )

    def find_erasure_uuids(self) -> set[str]:
        return {uuid for (uuid,) in self._execute("SELECT uuid FROM erasures")}

    def get_erasure(self, uuid: str) -> ErasureCopy:
        """The copy of an entry that `find_erasure_uuids` names."""
        return ErasureCopy(*self._execute("SELECT * FROM erasures WHERE uuid = ?", uuid).fetchone())

    def scrub(self) -> None:
        """Leaves no trace of destroyed keys in the file, where pages were split for one."""
        self._execute("VACUUM")

    def iter_covers(self) -> Iterator[tuple[str, str]]:
        """Every photo that has a key, with each grant whose key opens it."""
        yield from self._execute("SELECT photo_id, grant_id FROM photo_keys")

    def iter_grant_ids(self) -> Iterator[str]:
        """Every grant that has a key."""
        for (grant_id,) in self._execute("SELECT grant_id FROM grant_keys"):
            yield grant_id

    def iter_photo_ids(self) -> Iterator[str]:
        """Every photo that has a key, each once."""
        for (photo_id,) in self._execute("SELECT DISTINCT photo_id FROM photo_keys"):
            yield photo_id

    def iter_face_ids(self) -> Iterator[str]:
        """Every face that has a key."""
        for (face_id,) in self._execute("SELECT face_id FROM face_keys"):
            yield face_id

    def iter_subjects(self) -> Iterator[str]:
        """Every subject that has a key."""
        for (subject,) in self._execute("SELECT subject FROM subject_keys"):
            yield subject

    def _wrap_photo_key(self, key: bytes, *, photo_id: str, grant_id: str) -> None:
        grant_key = self.make_grant_key(grant_id)
        wrapped = seal(grant_key, key, context=f"photo key:{photo_id}:{grant_id}")
        self._execute(
            "INSERT OR IGNORE INTO photo_keys VALUES (?, ?, ?)", photo_id, grant_id, wrapped
        )

    def _wrap_face_key(self, key: bytes, *, face_id: str, photo_id: str, photo_key: bytes) -> None:
        wrapped = seal(photo_key, key, context=f"face key:{face_id}:{photo_id}")
        self._execute("INSERT INTO face_keys VALUES (?, ?, ?)", face_id, photo_id, wrapped)

    def _open_grant_key(self, grant_id: str, *, wrapped: bytes) -> bytes:
        return unseal(self._root_key, wrapped, context=f"grant key:{grant_id}")

    def _find_photo_key(self, photo_id: str) -> bytes | None:
        row = self._find_row(
            "SELECT p.grant_id, p.wrapped, g.wrapped FROM photo_keys AS p"
            " JOIN grant_keys AS g USING (grant_id) WHERE p.photo_id = ? LIMIT 1",
            photo_id,
        )
        if row is None:
            return None
        grant_id, wrapped, wrapped_grant_key = row
        grant_key = self._open_grant_key(grant_id, wrapped=wrapped_grant_key)
        return unseal(grant_key, wrapped, context=f"photo key:{photo_id}:{grant_id}")

    def _check_root_key(self) -> None:
        """A sealed nothing tells whether the root key is the one that this file began with."""
        try:
            if self.find_secret(_CHECK) is None:
                self.put_secret(_CHECK, b"")
        except TamperedError as error:
            raise RootKeyError(
                f"The root key is not the one that {self._path} was made with. Hand in the right "
                "one; nothing in this home can be read with any other."
            ) from error

    def _roll_back(self) -> None:
        # SQLite may have done so by itself, on a full disk for one.
        if self._connection.in_transaction:
            self._execute("ROLLBACK")

    def _find_row(self, statement: str, value: str) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._execute(statement, value).fetchone()
        return row

    def _execute(self, statement: str, *values: str | bytes | int) -> sqlite3.Cursor:
        with self._told_plainly():
            return self._connection.execute(statement, values)

    @contextmanager
    def _told_plainly(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise VaultError(
                f"The key file {self._path} cannot be used: {error}. Look at the disk's space "
                "and rights; nothing was half written, so the same command may be run again."
            ) from error

    def _delete(self, statement: str, ids: Sequence[str]) -> int:
        return sum(cursor.rowcount for cursor in self._execute_in_parts(statement, ids))

    def _count(self, statement: str, ids: Sequence[str]) -> int:
        return sum(int(cursor.fetchone()[0]) for cursor in self._execute_in_parts(statement, ids))

    def _execute_in_parts(self, statement: str, ids: Sequence[str]) -> Iterator[sqlite3.Cursor]:
        for some in _in_parts(ids):
            yield self._execute(statement.format(",".join("?" * len(some))), *some)


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    connection = sqlite3.connect(
        path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA journal_mode = TRUNCATE")
    connection.execute("PRAGMA synchronous = FULL")
    connection.executescript(_SCHEMA)
    path.chmod(0o600)
    return connection


def _in_parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + _IDS_A_QUERY] for start in range(0, len(ids), _IDS_A_QUERY))
