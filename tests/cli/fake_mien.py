"""The `mien` command with stand-ins for its models: `python tests/cli/fake_mien.py add …`."""

from __future__ import annotations

import functools
import sys

import mien.cli.options
from mien.cli import main as command
from mien.library import Library
from mien.testing import FakeModels


def main(words: list[str]) -> int:
    mien.cli.options.Library = functools.partial(Library, models=FakeModels())  # type: ignore[misc, assignment]
    return command.main(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
