"""Where a command's words go: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import NoReturn

import typer
from rich.console import Console
from rich.text import Text

from mien.cli.exits import Exit
from mien.permission.verdict import Verdict

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def print_json(document: Mapping[str, object]) -> None:
    """The one JSON document of a command."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def warn(message: str) -> None:
    """Something the user should know; the command goes on."""
    err.print(Text.assemble(("Note: ", "yellow"), message), soft_wrap=True)


def explain(verdict: Verdict) -> None:
    """Every reason of a refusal, with its code."""
    for reason in verdict.reasons:
        err.print(
            Text.assemble(("Refused: ", "red"), f"{reason.explanation} [{reason}]"), soft_wrap=True
        )


def leave(code: Exit) -> NoReturn:
    """Ends the command with this code."""
    raise typer.Exit(code)
