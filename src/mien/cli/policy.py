"""`mien policy`: what is held and why, as a page for those whom it concerns."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mien.cli.options import Home, Json, open_library
from mien.cli.output import out, print_json, warn
from mien.service.policy import Form, Policy

app = typer.Typer()

_SUFFIXES = {".md": Form.MARKDOWN, ".html": Form.HTML, ".htm": Form.HTML, ".json": Form.JSON}


@app.command("policy")
def policy(
    *,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Write it there, and its version into the log."),
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option("--format", help="Default: as the file's name ends, else Markdown."),
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Write what is held, by whose permission, for what, until when, and how to get out."""
    suffix = "" if to is None else to.suffix.lower()
    chosen = form or (Form.JSON if as_json and to is None else _SUFFIXES.get(suffix, Form.MARKDOWN))
    with open_library(home) as library:
        made = library.policy(to=to, form=chosen)
    _warn(made)
    if to is None:
        sys.stdout.write(made.render(chosen))
    elif as_json:
        print_json({"file": str(to), "format": chosen, "version": made.version})
    else:
        out.print(f"Policy written to {to}. Version: {made.version}", soft_wrap=True)


def _warn(made: Policy) -> None:
    operator = made.facts.operator
    if not operator.controller:
        warn("The policy does not say who is responsible. Set MIEN_CONTROLLER.")
    if not operator.contact:
        warn("The policy does not say how to reach you. Set MIEN_CONTACT.")
