"""The database: its tables, its settings, two writers at once, and what fails told plainly."""

from __future__ import annotations

import multiprocessing
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

import mien.migrations
from catalog.samples import (
    NOW,
    add_collection,
    add_faces,
    add_grant,
    locate,
    new_photo,
    open_catalog,
)
from mien.catalog.collections import find_collection, iter_collections
from mien.catalog.connect import Database, open_database
from mien.catalog.faces import iter_identities
from mien.catalog.photos import add_photo, find_photo_id
from mien.catalog.schema import metadata
from mien.errors import CatalogError
from mien.migrations import HEAD
from mien.types import CollectionId

MIGRATIONS = Path(mien.migrations.__file__).parent


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_catalog(tmp_path) as opened:
        yield opened


def pragma(database: Database, name: str) -> object:
    with database.reading() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def test_the_migrations_make_exactly_the_declared_tables(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_tables_made_by_migration_and_by_declaration_have_the_same_sql(
    tmp_path: Path,
) -> None:
    with open_catalog(tmp_path):
        pass
    engine = create_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    metadata.create_all(engine)
    engine.dispose()
    assert schema_of(tmp_path / "catalog.db") == schema_of(tmp_path / "declared.db")


def schema_of(path: Path) -> dict[str, list[str]]:
    """The columns and constraints of every table and index, in no order."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT name, sql FROM sqlite_master"
            " WHERE sql IS NOT NULL AND name NOT IN ('alembic_version', 'sqlite_sequence')"
        ).fetchall()
    return {name: sorted(line.strip(" ,\t") for line in sql.splitlines()) for name, sql in rows}


def test_migrations_are_one_chain_in_the_order_of_their_names() -> None:
    script = ScriptDirectory(str(MIGRATIONS), version_locations=[str(MIGRATIONS)])
    chain = [step.revision for step in script.walk_revisions()][::-1]
    assert len(script.get_heads()) == 1
    files = sorted(path.stem for path in MIGRATIONS.glob("v*.py"))
    assert [name[1:5] for name in files] == chain


def test_a_database_from_before_its_first_step_is_brought_up_to_date(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    with open_catalog(tmp_path) as database:
        context_is_current(database)
        with database.writing() as connection:
            add_collection(connection)


def context_is_current(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection)
        script = ScriptDirectory(str(MIGRATIONS), version_locations=[str(MIGRATIONS)])
        assert context.get_current_revision() == script.get_current_head() == HEAD


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    with open_catalog(tmp_path) as database, database.writing() as connection:
        made = add_collection(connection)
    before = schema_of(tmp_path / "catalog.db")
    with open_catalog(tmp_path) as database, database.reading() as connection:
        assert find_collection(connection, "default") == made
    assert schema_of(tmp_path / "catalog.db") == before


def test_a_catalog_of_a_later_version_is_refused(tmp_path: Path) -> None:
    with open_catalog(tmp_path) as database, database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CatalogError, match=r"another version of Mien .*9999.*later one"):
        open_database(tmp_path / "catalog.db")


def test_what_is_written_durably_waits_for_the_disk_and_nothing_else_does(
    database: Database,
) -> None:
    full, normal = 2, 1
    for transaction, expected in (
        (database.writing, normal),
        (database.writing_durably, full),
        (database.writing, normal),
        (database.reading, normal),
    ):
        with transaction() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == expected


def test_sqlite_is_set_up_for_it(database: Database) -> None:
    assert pragma(database, "journal_mode") == "wal"
    assert pragma(database, "foreign_keys") == 1
    assert pragma(database, "secure_delete") == 1
    assert pragma(database, "busy_timeout") == 60_000


def test_the_files_are_for_their_owner_alone(database: Database, tmp_path: Path) -> None:
    with database.writing() as connection:
        add_collection(connection)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("cat*")}
    assert modes.keys() == {f"catalog.{end}" for end in ("db", "db-wal", "db-shm", "lock")}
    assert set(modes.values()) == {0o600}


def test_rows_that_others_name_cannot_be_deleted(database: Database) -> None:
    with database.writing() as connection:
        collection = add_collection(connection)
        photo_id = add_faces(connection, 1, collection_id=collection.id)
        locate(connection, photo_id, uri="file:///a.jpg", grant_id=add_grant(connection))
    for table in ("photos", "grants", "collections", "indexed_photos"):
        with (
            pytest.raises(CatalogError, match="FOREIGN KEY constraint failed") as raised,
            database.writing() as connection,
        ):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608  (names of this test)
        assert isinstance(raised.value.__cause__, IntegrityError)


def test_rows_that_name_nobody_cannot_be_made(database: Database) -> None:
    with (
        pytest.raises(CatalogError, match="FOREIGN KEY constraint failed"),
        database.writing() as connection,
    ):
        add_faces(connection, 1, collection_id=CollectionId(77))


@pytest.mark.parametrize("table", [t.name for t in metadata.sorted_tables if "id" in t.c])
def test_ids_are_never_used_twice(database: Database, table: str) -> None:
    with database.reading() as connection:
        sql = connection.execute(
            text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table}
        ).scalar_one()
    assert "AUTOINCREMENT" in sql


def test_the_id_of_a_deleted_face_goes_to_nobody(database: Database) -> None:
    with database.writing() as connection:
        collection = add_collection(connection)
        add_faces(connection, 1, collection_id=collection.id, faces=3)
        connection.execute(text("DELETE FROM faces"))
    with database.writing() as connection:
        add_faces(connection, 2, collection_id=collection.id)
        assert [face_id for face_id, _ in iter_identities(connection, collection.id)] == [4]


def test_what_is_deleted_leaves_nothing_in_the_file(tmp_path: Path) -> None:
    with open_catalog(tmp_path) as database:
        with database.writing() as connection:
            collection = add_collection(connection)
            grant_id = add_grant(connection)
            for number in range(200):
                photo_id = add_faces(connection, number, collection_id=collection.id)
                uri = f"file:///photos/{'gone' if number % 2 else 'kept'}-{number:04}.jpg"
                locate(connection, photo_id, uri=uri, grant_id=grant_id)
        with database.writing() as connection:
            connection.execute(text("DELETE FROM locations WHERE uri LIKE '%gone%'"))
    # The last one to close writes the log back and removes it.
    assert [path.name for path in tmp_path.glob("catalog.db*")] == ["catalog.db"]
    content = (tmp_path / "catalog.db").read_bytes()
    assert b"kept-0000.jpg" in content
    assert b"gone-" not in content


def test_a_writing_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_and_fail(database)
    with database.reading() as connection:
        assert list(iter_collections(connection)) == []


def write_and_fail(database: Database) -> None:
    with database.writing() as connection:
        add_collection(connection)
        raise KeyboardInterrupt


def test_a_reader_keeps_its_view_while_another_writes(database: Database) -> None:
    with database.writing() as connection:
        add_collection(connection, "one")
    with database.reading() as reader:
        assert len(list(iter_collections(reader))) == 1
        with database.writing() as writer:
            add_collection(writer, "two")
        assert len(list(iter_collections(reader))) == 1
    with database.reading() as reader:
        assert len(list(iter_collections(reader))) == 2


def test_a_reader_sees_nothing_of_a_writing_that_has_not_ended(database: Database) -> None:
    with database.writing() as writer:
        add_collection(writer)
        with database.reading() as reader:
            assert list(iter_collections(reader)) == []


def test_a_writer_takes_its_place_before_it_reads(database: Database, tmp_path: Path) -> None:
    """Else two that read first and write later could both be right, and one would fail."""
    with (
        database.writing(),
        closing(sqlite3.connect(tmp_path / "catalog.db", timeout=0)) as other,
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("BEGIN IMMEDIATE")


def test_processes_that_open_and_write_at_once_all_succeed(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier, failures = context.Barrier(4), context.Queue()

    def write(first: int) -> None:
        try:
            barrier.wait(timeout=30)
            with open_catalog(tmp_path) as database:
                for number in range(first, first + 10):
                    with database.writing() as connection:
                        add_collection(connection, f"collection {number}")
            failures.put("")
        except CatalogError as error:
            failures.put(str(error))

    processes = [context.Process(target=write, args=(100 * n,)) for n in range(4)]
    for process in processes:
        process.start()
    assert [failures.get(timeout=60) for _ in processes] == [""] * 4
    for process in processes:
        process.join(timeout=30)
    with open_catalog(tmp_path) as database, database.reading() as connection:
        assert len(list(iter_collections(connection))) == 40


def test_two_writers_that_meet_the_same_bytes_agree_on_one_photo(tmp_path: Path) -> None:
    with open_catalog(tmp_path) as one, open_catalog(tmp_path) as two:
        with one.writing() as connection:
            first = add_photo(connection, new_photo(1), at=NOW)
        with two.writing() as connection:
            assert add_photo(connection, new_photo(1), at=NOW) == first
            assert find_photo_id(connection, new_photo(1).sha256) == first


def test_a_file_that_is_no_database_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_bytes(b"no database at all" * 300)
    with pytest.raises(CatalogError, match="file is not a database"):
        open_database(tmp_path / "catalog.db")


def test_a_folder_in_its_place_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").mkdir()
    with pytest.raises(CatalogError, match="cannot be used: unable to open database file"):
        open_database(tmp_path / "catalog.db")


def test_a_folder_that_cannot_be_made_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / "home").write_bytes(b"")
    with pytest.raises(CatalogError, match=r"home/catalog\.db cannot be made: .*choose another"):
        open_database(tmp_path / "home" / "catalog.db")


def test_a_full_disk_is_told_plainly_and_leaves_nothing_half_written(database: Database) -> None:
    with pytest.raises(CatalogError, match=r"disk is full.*nothing was half written"):
        fill(database)
    with database.writing() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        assert list(iter_collections(connection)) == []
        add_collection(connection)


def fill(database: Database) -> None:
    with database.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        for number in range(2000):
            add_collection(connection, f"collection {number}")


def test_a_damaged_file_is_told_plainly(tmp_path: Path) -> None:
    with open_catalog(tmp_path) as database, database.writing() as connection:
        add_collection(connection)
    whole = tmp_path / "catalog.db"
    damaged = tmp_path / "damaged.db"
    shutil.copyfile(whole, damaged)
    content = bytearray(damaged.read_bytes())
    content[4096:] = b"\xaa" * (len(content) - 4096)
    damaged.write_bytes(content)
    with pytest.raises(CatalogError, match="malformed"):
        read_collections(damaged)


def read_collections(path: Path) -> None:
    database = open_database(path)
    try:
        with database.reading() as connection:
            list(iter_collections(connection))
    finally:
        database.close()
