"""How a command ends: its exit code, and what is said when it fails."""

from __future__ import annotations

from enum import IntEnum

from mien.errors import (
    ConflictError,
    LicenceNotAcceptedError,
    MienError,
    ModelError,
    NotFoundError,
    PhotoError,
    SettingsError,
)


class Exit(IntEnum):
    """Exit codes; docs/reference/exit-codes.md explains each."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    NO_FACE = 4
    UNREADABLE = 5
    DUE = 6
    INTERRUPTED = 130


def exit_for(error: MienError) -> Exit:
    """The code that an exception ends a command with."""
    if isinstance(error, PhotoError):
        return Exit.UNREADABLE
    if isinstance(error, LicenceNotAcceptedError):
        return Exit.REFUSED
    if isinstance(error, NotFoundError | ConflictError | SettingsError | ModelError):
        return Exit.USAGE
    return Exit.FAILED
