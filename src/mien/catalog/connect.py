"""Opens the catalog's database and brings its tables up to date.

SQLite keeps a write-ahead log and one writer at a time; a writer takes its place at the
start of its transaction and waits for its turn, so that two processes may add at once.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, column, create_engine, event, inspect, select, table
from sqlalchemy.exc import DBAPIError

from mien.errors import CatalogError
from mien.migrations import HEAD

__all__ = ["Connection", "Database", "open_database"]

_WAIT_S = 60.0
_VERSIONS = "alembic_version"
_SYNCHRONOUS = "synchronous"


class Database:
    """A database with the catalog's tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view. Raises `CatalogError` where the database fails."""
        with _told_plainly(self._engine), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it stays, or nothing. Raises `CatalogError`."""
        with _told_plainly(self._engine), self._engine.connect() as connection:
            connection.execution_options(is_writing=True)
            with connection.begin():
                yield connection

    @contextmanager
    def writing_durably(self) -> Iterator[Connection]:
        """As `writing`, and on the disk when it ends, with all that was written before."""
        with _told_plainly(self._engine), self._engine.connect() as connection:
            connection.execution_options(is_writing=True, is_durable=True)
            with connection.begin():
                yield connection

    def scrub(self) -> bool:
        """Leaves no trace of deleted rows in the files; whether that was possible now.

        Where somebody reads for longer than a minute it is not, and has to be asked again.
        """
        try:
            with closing(self._engine.raw_connection()) as connection:
                cursor = connection.cursor()
                # Deleted cells are zeroed anyway; what lingers where pages were split is not.
                cursor.execute("VACUUM")
                is_blocked, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                return not is_blocked
        except sqlite3.Error as error:
            if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                return False
            raise _tell(self._engine, error) from error

    def close(self) -> None:
        self._engine.dispose()


def open_database(path: Path) -> Database:
    """The SQLite catalog at this path, made and migrated as needed. Raises `CatalogError`."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _WAIT_S})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    database = Database(engine)
    with _opening(path):
        _migrate(database)
    return database


@contextmanager
def _opening(path: Path) -> Iterator[None]:
    """One process at a time: SQLite waits for no one while it turns to write-ahead logging."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        lock_path = path.with_suffix(".lock")
        lock_path.touch(mode=0o600)
        lock = lock_path.open("a")
    except OSError as error:
        raise CatalogError(
            f"The catalog {path} cannot be made: {error.strerror}. "
            "Give write access, or choose another home."
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate(database: Database) -> None:
    with database.reading() as connection:
        if find_revision(connection) == HEAD:
            return
    # Imported only when there is something to do: every command opens the catalog.
    from mien.catalog.migrate import migrate

    with database.writing() as connection:
        migrate(connection)


def find_revision(connection: Connection) -> str | None:
    """The step that the tables are at; nothing in a new database."""
    if not inspect(connection).has_table(_VERSIONS):
        return None
    return connection.execute(select(column("version_num")).select_from(table(_VERSIONS))).scalar()


def _prepare_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401  (any driver's)
    # The driver would open transactions by itself, and later than a writer needs.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "temp_store = MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    # A connection serves one transaction after another, each with what it asks for.
    synchronous = "FULL" if options.get("is_durable", False) else "NORMAL"
    if connection.info.get(_SYNCHRONOUS) != synchronous:
        connection.exec_driver_sql(f"PRAGMA synchronous = {synchronous}")
        connection.info[_SYNCHRONOUS] = synchronous
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("is_writing", False) else "BEGIN")


@contextmanager
def _told_plainly(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _tell(engine, error.orig or error) from error


def _tell(engine: Engine, error: BaseException) -> CatalogError:
    return CatalogError(
        f"The catalog {engine.url.database} cannot be used: {error}. Look at the disk's space "
        "and rights; nothing was half written, so the same command may be run again."
    )
