"""The `mien` command with stand-ins for its models: `python tests/cli/fake_mien.py add …`."""

from __future__ import annotations

import functools
import sys
from unittest.mock import patch

from mien.cli import main as command
from mien.cli import options
from mien.library import Library
from service.packs import usual_packs


def main(words: list[str]) -> int:
    """Runs one command; the exit code."""
    with patch.object(options, "Library", functools.partial(Library, models=usual_packs())):
        return command.main(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
