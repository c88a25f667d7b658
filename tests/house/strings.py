"""The strings of all pages as a gettext template, for whoever translates them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator

from house.source import PACKAGE
from mien.pages import web

TEMPLATES = PACKAGE / "templates"
CATALOG = TEMPLATES / "strings.pot"

_HEAD = """\
# Every string of the pages, written by scripts/docs. What stands in braces is filled in.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"""

Message = tuple[str, str]
"""A string, and its plural if it has one."""


def string_template() -> str:
    """Every string once, with the templates that it stands in."""
    places: defaultdict[Message, set[str]] = defaultdict(set)
    for name, message in iter_strings():
        places[message].add(name)
    ordered = sorted(places.items(), key=lambda one: (min(one[1]), one[0]))
    return "\n".join([_HEAD, *(_describe(message, names) for message, names in ordered)])


def iter_strings() -> Iterator[tuple[str, Message]]:
    """The strings of each template, by its name."""
    extract = web._environment().extract_translations  # type: ignore[attr-defined]
    for path in sorted(TEMPLATES.glob("*.html")):
        for _, _, found in extract(path.read_text(encoding="utf-8")):
            texts = [one for one in (found if isinstance(found, tuple) else (found,)) if one]
            if texts:  # nothing, where a variable is translated
                yield path.name, (texts[0], texts[1] if len(texts) > 1 else "")


def _describe(message: Message, names: set[str]) -> str:
    single, plural = message
    lines = [f"#: {' '.join(sorted(names))}", f"msgid {_quote(single)}"]
    if plural:
        return "\n".join(
            [*lines, f"msgid_plural {_quote(plural)}", 'msgstr[0] ""', 'msgstr[1] ""\n']
        )
    return "\n".join([*lines, 'msgstr ""\n'])


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
