"""The tables of face groups: faces that somebody says are of one person."""

from __future__ import annotations
