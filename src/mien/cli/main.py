"""The `mien` command: its groups, and the one place where exceptions become exit codes."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence

from mien import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words == ["--version"]:
        # Before anything heavy is imported: scripts ask this often.
        sys.stdout.write(f"mien {__version__}\n")
        return 0
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that the terminal's encoding lacks must not end a command.
        sys.stdout.reconfigure(errors="backslashreplace")
    return _run(words)


def _run(words: list[str]) -> int:
    import typer

    from mien.cli.app import app
    from mien.cli.exits import Exit, exit_for
    from mien.errors import MienError

    # The class of all usage errors, which has no public name in Typer.
    usage_error: type[Exception] = typer.BadParameter.__mro__[1]
    try:
        code = int(app(words, prog_name="mien", standalone_mode=False) or 0)
    except usage_error as error:
        return _fail_usage(words, error)
    except (KeyboardInterrupt, typer.Abort):
        code = Exit.INTERRUPTED
    except MienError as error:
        return _fail(words, error.code, message=str(error), code=exit_for(error))
    except BrokenPipeError:
        # Whoever read the output has left; nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except Exception as error:  # noqa: BLE001  (the last edge: anything else is a traceback)
        return _fail(words, "unexpected", message=_describe_surprise(error), code=Exit.FAILED)
    if code == Exit.INTERRUPTED:
        again = "Interrupted. What was done is kept; run the same command to go on."
        return _fail(words, "interrupted", message=again, code=code)
    return code


def _fail_usage(words: Sequence[str], error: Exception) -> int:
    """A command that is not one; one without arguments has shown its help already."""
    from mien.cli.exits import Exit

    message: str = getattr(error, "format_message", error.__str__)().strip()
    context = getattr(error, "ctx", None)
    if not message or context is None or not words:
        return Exit.USAGE
    advice = f"{message}\nSee: {context.command_path} --help"
    return _fail(words, "usage", message=advice, code=Exit.USAGE)


def _describe_surprise(error: Exception) -> str:
    """Where it happened; what the exception says may name photos or people, and stays unsaid."""
    steps = traceback.extract_tb(error.__traceback__)
    places = [f"{os.path.basename(step.filename)}:{step.lineno}" for step in steps[-4:]]  # noqa: PTH119  (no path, a label)
    return (
        f"This should not happen: {type(error).__name__} at {' > '.join(places)}. What was "
        "recorded before is kept. Please report it with this message and the output of mien doctor."
    )


def _fail(words: Sequence[str], reason: str, *, message: str, code: int) -> int:
    from mien.cli.output import err, print_json

    if "--json" in words:
        print_json({"error": {"reason": reason, "message": message}})
    err.print(message, style="red", soft_wrap=True)
    return code
