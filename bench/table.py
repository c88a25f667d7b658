"""docs/benchmarks.md from the saved results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["PAGE", "RESULTS", "render_page"]

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"

_HEAD = """# Benchmarks

Written by `python -m bench table` from `bench/results`; change nothing here by hand. Each section
names the command that gives its numbers. Wherever another program is named it was measured in
the same run on the same machine.
"""


def render_page(documents: Iterable[Mapping[str, Any]]) -> str:
    return "\n".join([_HEAD, *(_render_document(document) for document in documents)])


def _render_document(document: Mapping[str, Any]) -> str:
    machine = document["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in document["versions"].items())
    parts = [
        f"## {document['title']}\n",
        f"    {document['command']}\n",
        (
            f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB; {versions}; "
            f"revision {document['revision']}, {document['date']}.\n"
        ),
        _render_rows(document["rows"]),
    ]
    for name, table in document.get("tables", {}).items():
        parts += [f"{name}\n", _render_table(table)]
    return "\n".join(parts)


def _render_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    return _render_table(
        [
            {
                "what": row["what"],
                "measured": f"{_render(row['value'])} {row['unit']}".strip(),
                "target": row["target"] or "",
                "met": {True: "yes", False: "**no**", None: ""}[row["met"]],
            }
            for row in rows
        ]
    )


def _render_table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| " + " | ".join(rows[0]) + " |", "| " + " | ".join("---" for _ in rows[0]) + " |"]
    lines += ["| " + " | ".join(_render(cell) for cell in row.values()) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _render(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.4g}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
