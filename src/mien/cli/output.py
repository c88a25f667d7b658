"""Where a command's words go: results to standard output, everything else to standard error.

Names, captions and messages come from files and other people. They are shown as they are,
but for characters that could steer a terminal; none is read as markup.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import NoReturn

import typer
from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.segment import Segment
from rich.text import Text

from mien.cli.exits import Exit
from mien.permission.verdict import Verdict

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class _Harmless:
    """Another renderable, without the control characters in its text."""

    def __init__(self, renderable: ConsoleRenderable) -> None:
        self._renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._renderable, options):
            yield (
                segment if segment.control else Segment(make_harmless(segment.text), segment.style)
            )


class _HarmlessHook(RenderHook):
    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Harmless(renderable) for renderable in renderables]


def make_harmless(text: str) -> str:
    """The text with a mark in the place of everything but printable characters and line ends."""
    return "".join(c if c.isprintable() or c == "\n" else _REPLACEMENT for c in text)


def _open_console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    console.push_render_hook(_HarmlessHook())
    return console


out = _open_console(stderr=False)
err = _open_console(stderr=True)


def print_json(document: Mapping[str, object]) -> None:
    """The one JSON document of a command, in ASCII, whatever the terminal can show."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
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
