"""What a user may import from `mien`, and nothing else."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

import mien
from house.source import PACKAGE, modules


def test_all_is_sorted_and_without_doubles() -> None:
    names = public_names()
    assert names == sorted(set(names))


def test_every_name_in_all_can_be_imported() -> None:
    missing = [name for name in public_names() if not hasattr(mien, name)]
    assert missing == []


def test_every_public_name_is_in_all() -> None:
    shown = {name for name in vars(mien) if not name.startswith("_")}
    shown = {name for name in shown if not inspect.ismodule(getattr(mien, name))} - {
        "annotations",
        "TYPE_CHECKING",
    }
    assert (shown | set(lazy_names())) - set(public_names()) == set(), "add it to mien.__all__"


def public_names() -> list[str]:
    return list(getattr(mien, "__all__", []))


def lazy_names() -> Iterator[str]:
    """Names that `mien/__init__.py` imports for the type checker and hands out when asked."""
    tree = next(m.tree for m in modules() if m.path == PACKAGE / "__init__.py")
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for inner in ast.walk(node):
                if isinstance(inner, ast.ImportFrom) and (inner.module or "").startswith("mien"):
                    yield from (alias.asname or alias.name for alias in inner.names)
