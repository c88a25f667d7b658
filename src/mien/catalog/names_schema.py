"""The table of names that clients gave to photos they handed in."""

from __future__ import annotations
