"""All commands in one tree."""

from __future__ import annotations

from typing import Annotated

import typer

from mien import __version__
from mien.cli import (
    access_keys,
    add,
    audit,
    case,
    collection,
    demo,
    doctor,
    erase,
    evaluate,
    evidence,
    explain,
    grant,
    imports,
    keys,
    models,
    optout,
    people,
    policy,
    retention,
    search,
    serve,
    users,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Face search for photos that their holder has permission to search.",
)


def _print_version(is_asked: bool) -> None:  # noqa: FBT001  (Typer's own signature)
    if is_asked:
        typer.echo(f"mien {__version__}")
        raise typer.Exit


@app.callback()
def _mien(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    del version


for single in (demo, add, search, explain, erase, policy, evidence, evaluate, serve, doctor):
    app.add_typer(single.app)
app.add_typer(grant.app, name="grant")
app.add_typer(people.app, name="people")
app.add_typer(collection.app, name="collection")
app.add_typer(optout.app, name="optout")
app.add_typer(audit.app, name="audit")
app.add_typer(case.app, name="case")
app.add_typer(retention.app, name="retention")
app.add_typer(models.app, name="models")
app.add_typer(users.app, name="users")
app.add_typer(keys.app, name="keys")
app.add_typer(access_keys.app, name="access-keys")
app.add_typer(imports.app, name="import")
