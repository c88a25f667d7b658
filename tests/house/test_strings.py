"""Every word of the pages can be translated, and the list of them is fresh."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from house.source import PACKAGE, listing
from house.strings import CATALOG, TEMPLATES, iter_strings, string_template

STATIC = PACKAGE / "static"
TAGS = re.compile(r"{%-? *trans.*?endtrans *-?%}|{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
ATTRIBUTE = re.compile(r'[a-z-]+="[^"]*"')
WORD = re.compile(r"[A-Za-z]{3,}")
NAMES = {"Mien", "SHA-256", "CSV", "UTC"}
"""What is called the same in every language."""

each_page = pytest.mark.parametrize(
    "page", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name
)
each_script = pytest.mark.parametrize(
    "script", sorted(STATIC.glob("*.js")), ids=lambda path: path.name
)


class Visible(HTMLParser):
    """The texts of a page, and the attributes that are read out."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

        self._is_code = False

    def handle_data(self, data: str) -> None:
        self.texts += [] if self._is_code else [data]

    def handle_endtag(self, tag: str) -> None:
        self._is_code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_code = tag == "code"  # a command is the same in every language
        read_out = {"alt", "aria-label", "title", "placeholder"}
        self.texts += [value for name, value in attrs if name in read_out and value]


def test_the_list_of_strings_is_fresh() -> None:
    assert CATALOG.read_text(encoding="utf-8") == string_template(), "run scripts/docs"


def test_a_string_is_listed_with_its_plural() -> None:
    strings = dict.fromkeys(message for _, message in iter_strings())
    assert ("%(count)s face", "%(count)s faces") in strings


@each_page
def test_no_word_of_a_page_is_out_of_a_translators_reach(page: Path) -> None:
    visible = Visible()
    visible.feed(TAGS.sub("", page.read_text(encoding="utf-8")))
    told = [ATTRIBUTE.sub("", text).strip() for text in visible.texts]
    words = [text for text in told if WORD.search(text)]
    strays = [text for text in words if not set(WORD.findall(text)) <= _letters_of(NAMES)]
    assert not strays, listing(f"{page.name}: put it between trans and endtrans", strays)


@each_page
def test_no_page_holds_script_or_style(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"<style|<script(?![^>]* src=)|\sstyle=|\son[a-z]+=|javascript:", text)
    assert not found, f"{page.name}: the content security policy forbids {found}"


@each_script
def test_every_string_of_a_script_stands_in_a_page(script: Path) -> None:
    named = set(re.findall(r'\btext\("([a-z][a-z -]*)"', script.read_text(encoding="utf-8")))
    pages = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.html"))
    missing = {name for name in named if f'data-text="{name}"' not in pages}
    assert not missing, f"{script.name}: add {sorted(missing)} to a page's texts"


def _letters_of(names: set[str]) -> set[str]:
    return {word for name in names for word in WORD.findall(name)}
