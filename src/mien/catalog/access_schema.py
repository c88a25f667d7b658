"""The table of access keys: what clients of Amazon's interface sign with."""

from __future__ import annotations
