"""Brings a catalog's tables up to date, step by step, with Alembic."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Any

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from mien.catalog import (
    access_schema,
    accounts_schema,
    groups_schema,
    links_schema,
    names_schema,
    requests_schema,
    tags_schema,
)
from mien.catalog.schema import metadata
from mien.errors import CatalogError

_SCHEMAS = (
    access_schema,
    accounts_schema,
    groups_schema,
    links_schema,
    names_schema,
    requests_schema,
    tags_schema,
)
"""Modules whose tables are on the same metadata."""


def migrate(connection: Connection) -> None:
    """All steps that are lacking. Raises `CatalogError` for tables of a later version."""
    with as_file(files("mien.migrations")) as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.set_main_option("version_locations", str(folder))
        config.set_main_option("path_separator", "os")
        try:
            _upgrade(connection, config=config, script=ScriptDirectory.from_config(config))
        except CommandError as error:
            raise CatalogError(
                f"The catalog was written by another version of Mien ({error}). "
                "Install that version, or a later one."
            ) from error


def _upgrade(connection: Connection, *, config: Config, script: ScriptDirectory) -> None:
    def steps(revision: Any, _: MigrationContext) -> Any:  # noqa: ANN401  (Alembic's own)
        return script._upgrade_revs("head", revision)  # noqa: SLF001  (as Alembic's documentation does)

    with EnvironmentContext(config, script, fn=steps) as environment:
        environment.configure(connection=connection, target_metadata=metadata)
        environment.run_migrations()
