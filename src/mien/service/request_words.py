"""The ways in which a stranger says what they want, and about what."""

from __future__ import annotations

from enum import StrEnum


class Wish(StrEnum):
    """What somebody asks for on the public page."""

    ACCESS = "access"
    OPT_OUT = "opt-out"
    OBJECTION = "objection"
    TAKEDOWN = "takedown"
    CORRECTION = "correction"


class Matter(StrEnum):
    """What it is about."""

    NAME = "name"
    PHOTO = "photo"
    ADDRESS = "address"
    FACE = "face"
