"""A document in plain words, as Markdown and as an HTML page that stands by itself.

Texts are plain: whatever stands in them, a name with stars or a tag, is shown as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#&~$])")
_LIST_START = re.compile(r"^(\d*)([-+=.)])")


@dataclass(frozen=True, slots=True)
class Items:
    """A list; the order says nothing."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below columns; without a row, `empty` says so."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A plot of our own as an SVG element, which a page shows; Markdown has its caption alone."""

    svg: str
    caption: str


Block = str | Items | Table | Drawing
"""A paragraph, a list, a table or a drawing."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def anchor(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


@dataclass(frozen=True, slots=True)
class Document:
    """A title, a sentence or two, and sections."""

    title: str
    lead: str
    sections: tuple[Section, ...]


def render_markdown(document: Document, *, colophon: str) -> str:
    """The document as Markdown; the colophon says where it comes from."""
    parts = [f"# {_escape(document.title)}", _escape(document.lead)]
    for section in document.sections:
        parts.append(f"## {_escape(section.title)}")
        parts += [_format_block(block) for block in section.blocks]
    return "\n\n".join([*parts, "---", _escape(colophon)]) + "\n"


def render_html(document: Document, *, colophon: str) -> str:
    """The document as a page, for wide screens and narrow ones, by day and by night."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("mien", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["items"] = lambda block: isinstance(block, Items)
    environment.tests["table"] = lambda block: isinstance(block, Table)
    environment.tests["drawing"] = lambda block: isinstance(block, Drawing)
    template = environment.get_template("document.html")
    return template.render(document=document, colophon=colophon) + "\n"


def _format_block(block: Block) -> str:
    if isinstance(block, Items):
        return "\n".join(f"- {_escape(text)}" for text in block.texts)
    if isinstance(block, Table):
        return _format_table(block)
    if isinstance(block, Drawing):
        return _escape(block.caption)
    return _escape(block)


def _format_table(table: Table) -> str:
    if not table.rows:
        return _escape(table.empty)
    lines = [table.columns, ("---",) * len(table.columns)]
    rows = [tuple(map(_escape_anywhere, row)) for row in table.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in [*lines, *rows])


def _escape(text: str) -> str:
    """The text as a line of its own, which begins nothing but itself."""
    return _LIST_START.sub(r"\1\\\2", _escape_anywhere(text))


def _escape_anywhere(text: str) -> str:
    """The text on one line, without anything that Markdown would act on."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
