"""A bar on standard error for work whose size is known, or found out on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn

from mien.cli.output import err


@contextmanager
def counting(words: str, *, clock: ProgressColumn) -> Iterator[Callable[[int, int], None]]:
    """Told how many are done, of how many; shown from then on, where that is a terminal."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        clock,
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )
    with bar:
        task = bar.add_task(words, total=None, visible=False)

        def show(done: int, of: int) -> None:
            bar.update(task, total=of, completed=done, visible=True)

        yield show
