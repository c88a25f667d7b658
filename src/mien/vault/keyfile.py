"""The file that keys lie in: its tables, transactions, and what is no key but lies beside them.

Named secrets hang on the root key; vouchers tell what records said when they last changed;
copies of the ledger of erasures tell what an older catalog has forgotten. The file is
written with `secure_delete` and a truncated rollback journal, so that nothing deleted stays.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mien.errors import RootKeyError, TamperedError, VaultError
from mien.vault.seal import seal, unseal

_SCHEMA = """
CREATE TABLE IF NOT EXISTS grant_keys (
  grant_id TEXT PRIMARY KEY, wrapped BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS photo_keys (
  photo_id TEXT NOT NULL, grant_id TEXT NOT NULL, wrapped BLOB NOT NULL,
  PRIMARY KEY (photo_id, grant_id)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS photo_keys_of_grant ON photo_keys (grant_id);
CREATE TABLE IF NOT EXISTS face_keys (
  photo_id TEXT NOT NULL, face_id TEXT NOT NULL UNIQUE, wrapped BLOB NOT NULL,
  PRIMARY KEY (photo_id, face_id)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subject_keys (
  subject TEXT PRIMARY KEY, wrapped BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS suppressions (
  subject TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT;
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


class KeyFile:
    """A file of secrets under one root key.

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

    def put_secret(self, name: str, content: bytes) -> None:
        """Keeps the content under this name, in the place of what was there."""
        sealed = seal(self._root_key, content, context=f"secret:{name}")
        self._execute("INSERT OR REPLACE INTO secrets VALUES (?, ?)", name, sealed)

    def find_secret(self, name: str) -> bytes | None:
        row = self._find_row("SELECT sealed FROM secrets WHERE name = ?", name)
        return None if row is None else unseal(self._root_key, row[0], context=f"secret:{name}")

    def load_secret(self, name: str, *, make: Callable[[], bytes]) -> bytes:
        """What is kept under this name, made where there is nothing; two processes agree on it."""
        with self.transaction():
            found = self.find_secret(name)
            if found is None:
                found = make()
                self.put_secret(name, found)
            return found

    def destroy_secret(self, name: str) -> None:
        self._execute("DELETE FROM secrets WHERE name = ?", name)

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
