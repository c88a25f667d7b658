"""Face search for photos that their holder has permission to search."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mien.library import Library

__version__ = "0.1.0"
__all__ = ["Library", "__version__"]


def __getattr__(name: str) -> object:
    # Loaded when asked for: the library brings models and databases with it.
    if name == "Library":
        from mien.library import Library

        return Library
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
