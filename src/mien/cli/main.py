"""The `mien` command: its groups, and the one place where exceptions become exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from mien import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words == ["--version"]:
        # Before anything heavy is imported: scripts ask this often.
        sys.stdout.write(f"mien {__version__}\n")
        return 0
    return _run(words)


def _run(words: list[str]) -> int:
    import click

    from mien.cli.app import app
    from mien.cli.exits import Exit, exit_for, reason_for
    from mien.errors import MienError

    try:
        code = app(words, prog_name="mien", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except (KeyboardInterrupt, click.Abort):
        return _fail(
            words, "interrupted", "Interrupted. Run the same command to go on.", Exit.INTERRUPTED
        )
    except MienError as error:
        return _fail(words, reason_for(error), str(error), exit_for(error))
    except BrokenPipeError:
        # Whoever read the output has left; nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    return int(code or 0)


def _fail(words: Sequence[str], reason: str, message: str, code: int) -> int:
    from mien.cli.output import err, print_json

    if "--json" in words:
        print_json({"error": {"reason": reason, "message": message}})
    err.print(message, style="red", markup=False, soft_wrap=True)
    return code
