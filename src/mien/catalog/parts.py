"""Ids a few at a time, for any database's limit on the parameters of a query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

_IDS_A_QUERY = 500

Item = TypeVar("Item")


def in_parts(values: Iterable[Item]) -> Iterator[list[Item]]:
    """The values in order, few enough at a time."""
    remaining = iter(values)
    while some := list(islice(remaining, _IDS_A_QUERY)):
        yield some
