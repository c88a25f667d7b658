"""The six things that can be done with a photo; a grant names each one it allows."""

from __future__ import annotations

from enum import StrEnum


class Use(StrEnum):
    """What the code does when it makes use of a photo."""

    FETCH = "fetch"
    """Request the file from where it is published."""

    STORE = "store"
    """Keep a record of it, a thumbnail and crops."""

    TEMPLATE = "template"
    """Detect faces and keep a template of each."""

    SEARCH = "search"
    """Let its templates answer searches, with a link to the source."""

    DISPLAY = "display"
    """Show the photo or a crop of it in results."""

    TRAIN = "train"
    """Change model weights with it. Recorded where a grantor names it; never implemented."""


ADDING = (Use.STORE, Use.TEMPLATE)
"""What must be allowed before a photo enters."""
