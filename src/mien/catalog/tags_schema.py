"""The table of tags: words that clients put on collections."""

from __future__ import annotations
