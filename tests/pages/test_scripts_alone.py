"""Templates, styles and scripts fit together: what one of them names, another has."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from mien.pages.web import read_static, render_page

PACKAGE = Path(str(files("mien")))
SCRIPTS = {path.name: path.read_text() for path in sorted((PACKAGE / "static").glob("*.js"))}
TEMPLATES = {path.name: path.read_text() for path in sorted((PACKAGE / "templates").glob("*.html"))}
STYLES = "\n".join(path.read_text() for path in sorted((PACKAGE / "static").glob("*.css")))
ALL = "\n".join(TEMPLATES.values())


def code_of(name: str) -> str:
    """A script without its comments and without what it says."""
    return re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", SCRIPTS[name], flags=re.DOTALL)


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_text_that_a_script_shows_is_one_of_a_page(name: str) -> None:
    wanted = set(re.findall(r'\btext\("([a-z-]+)"', code_of(name)))
    known = set(re.findall(r'data-text="([^"{]+)"', ALL))
    assert wanted <= known


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_element_that_a_script_looks_for_is_in_a_page(name: str) -> None:
    code = code_of(name)
    wanted = set(re.findall(r'(?:getElementById|field|copy)\("([a-z-]+)"\)', code))
    known = set(re.findall(r'\bid="([a-z-]+)"', ALL)) | set(
        re.findall(r'forms\.\w+\(form, "([a-z_]+)"', ALL)
    )
    assert wanted <= known


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_makes_markup_of_a_text(name: str) -> None:
    code = code_of(name)
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "srcdoc",
    ):
        assert way not in code
    assert "new Function" not in code
    assert not re.search(r'set(?:Timeout|Interval)\(\s*["`]', code)


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_keeps_anything_in_the_browser(name: str) -> None:
    code = code_of(name)
    for way in ("localStorage", "sessionStorage", "indexedDB", "document.cookie", "caches."):
        assert way not in code


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_asks_another_machine(name: str) -> None:
    code = code_of(name)
    asked = re.findall(r'(?:fetch|ask|post|open|EventSource)\(\s*(?:"\w+", )?["`]([^"`]*)', code)
    assert [one for one in asked if not one.startswith("/")] == []
    imported = re.findall(r'from "([^"]+)"', code)
    assert all(one.startswith("/static/") for one in imported)
    assert {one.removeprefix("/static/") for one in imported} <= set(SCRIPTS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_a_script_sends_carries_the_token(name: str) -> None:
    code = code_of(name)
    sends = len(re.findall(r'method: "POST"|open\("POST"', code))
    by_ask = len(re.findall(r"\bask\([^;]*?method:", code))
    assert sends - by_ask <= code.count("X-CSRF-Token")


def test_a_link_of_a_candidate_is_one_that_a_browser_may_follow() -> None:
    assert "const AT_PLACE = /^https?:/;" in SCRIPTS["candidates.js"]
    assert SCRIPTS["candidates.js"].count("href: uri") == 1


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_has_a_script_a_style_or_a_handler_of_its_own(name: str) -> None:
    template = TEMPLATES[name]
    assert not re.search(r"<script(?![^>]*\bsrc=)", template)
    assert "<style" not in template
    assert not re.search(r"\s(?:style|on[a-z]+)=", re.sub(r"\{[%{].*?[%}]\}", "", template))


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_trusts_a_value(name: str) -> None:
    template = TEMPLATES[name]
    assert "| safe" not in template
    assert "|safe" not in template
    assert "autoescape" not in template
    for quoted in re.findall(r"=(.?)\{\{[^}]*tojson", template):
        assert quoted == "'"


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_attribute_that_is_filled_in_is_quoted(name: str) -> None:
    assert not re.search(r"\s[a-z-]+=\{\{", TEMPLATES[name])


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_file_that_a_template_names_is_there(name: str) -> None:
    for address in re.findall(r'(?:src|href)="/static/([^"]+)"', TEMPLATES[name]):
        assert read_static(address), address


def test_what_moves_stands_still_for_whoever_wants_that() -> None:
    assert "@media (prefers-reduced-motion: reduce)" in STYLES
    assert "scroll-behavior: smooth" not in STYLES
    assert 'behavior: "smooth"' not in "".join(SCRIPTS.values())


def test_whoever_uses_the_keyboard_sees_where_they_are() -> None:
    assert ":focus-visible { outline: 3px solid" in STYLES
    removed = re.findall(r"([^{}]*)\{[^}]*outline: none", STYLES)
    assert {one.strip() for one in removed} == {"main:focus", ".picture a:focus-visible"}
    assert ".picture a:is(:hover, :focus-visible) rect" in STYLES


def test_nothing_is_fetched_by_a_style() -> None:
    assert "@import" not in STYLES
    assert "url(" not in STYLES


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../errors.py", "..\\errors.py", "/etc/passwd", ".hidden", "style.css/"),
        *("STYLE.CSS", "style.css\0", "a" * 300, "a" * 300 + ".css", "style", "é.css", "a b.css"),
        *("nothing.css", "add.js?x", "templates/base.html"),
    ],
)
def test_what_is_no_file_of_ours_is_nothing(name: str) -> None:
    assert read_static(name) is None


def test_a_value_that_is_missing_is_an_error_and_no_gap() -> None:
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        render_page("people", {"me": None, "csrf_token": "", "page": "people"})
