"""Scripts, styles and drawings as texts: nothing in them that the policy of the pages forbids."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from house.source import PACKAGE, listing
from mien.server.headers import SECURITY_HEADERS

STATIC = PACKAGE / "static"
TEMPLATES = PACKAGE / "templates"
SCRIPTS = {path.name: path.read_text("utf-8") for path in sorted(STATIC.glob("*.js"))}
STYLES = {path.name: path.read_text("utf-8") for path in sorted(STATIC.glob("*.css"))}
PAGES = {path.stem: path.read_text("utf-8") for path in sorted(TEMPLATES.glob("*.html"))}
FORBIDDEN = {
    "builds code out of text": r"\beval\(|\bnew Function\b|setTimeout\([\"'`]|setInterval\([\"'`]",
    "builds a page out of text": r"innerHTML|outerHTML|insertAdjacentHTML|document\.write",
    "sets a handler in markup": r"setAttribute\([\"']on|[\"' ]on[a-z]+=\\?[\"']",
    "speaks to somewhere else": r"https?://(?!www\.w3\.org/)|[\"'`]//[a-z]|wss?://",
    "talks to a console": r"\bconsole\.|\bdebugger\b|\balert\(|\bconfirm\(|\bprompt\(",
    "keeps something in the browser": r"localStorage|sessionStorage|indexedDB|document\.cookie",
    "runs where nobody sees it": r"serviceWorker|new Worker|sendBeacon|WebSocket",
    "names a secret": r"password|api[_-]?key|Bearer",
}
ASKING = {
    "app.js": "fetch(",
    "add.js": "XMLHttpRequest",
    "records.js": "fetch(",
    "runs.js": "EventSource(",
    "search.js": "fetch(",
}
"""The scripts that ask the server themselves; all others go through `ask`."""

each_script = pytest.mark.parametrize("name", SCRIPTS)
each_style = pytest.mark.parametrize("name", STYLES)


@each_script
@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_script_does_what_none_may(name: str, what: str) -> None:
    found = [
        line
        for line in without_comments(SCRIPTS[name]).splitlines()
        if re.search(FORBIDDEN[what], line)
    ]
    assert not found, listing(f"{name} {what}", found)


def without_comments(text: str) -> str:
    return re.sub(r"/\*[\s\S]*?\*/|^\s*//.*$|\s// .*$", "", text, flags=re.MULTILINE)


@each_script
def test_the_server_is_asked_in_known_places_only(name: str) -> None:
    text = without_comments(SCRIPTS[name])
    ways = re.findall(r"\bfetch\(|XMLHttpRequest|EventSource\(", text)
    assert set(ways) == ({ASKING[name]} if name in ASKING else set())
    assert len(ways) <= 1


@pytest.mark.parametrize("name", [name for name, way in ASKING.items() if way != "EventSource("])
def test_whoever_changes_something_brings_the_token_along(name: str) -> None:
    assert SCRIPTS[name].count("X-CSRF-Token") >= 1
    if name != "app.js":
        assert re.search(r"import {[^}]*\btoken\b[^}]*} from \"/static/app.js\"", SCRIPTS[name])


@each_script
def test_addresses_of_routes_begin_at_the_root(name: str) -> None:
    text = without_comments(SCRIPTS[name])
    asked = re.findall(r"(?:\bask|\bfetch|EventSource|\bpost)\(\s*([\"'`])([^\"'`]*)", text)
    assert all(path.startswith("/") and not path.startswith("//") for _, path in asked)


@each_script
def test_a_value_in_an_address_is_encoded(name: str) -> None:
    found = re.findall(r"[?&]\w+=\$\{([^}]*)\}", SCRIPTS[name])
    bare = [value for value in found if not value.startswith("encodeURIComponent(")]
    assert not [value for value in bare if not re.search(r"(_id|Id|uuid)$", value)]


@each_script
def test_what_is_imported_is_there_and_is_handed_out(name: str) -> None:
    for words, path in re.findall(r"import {([^}]*)} from \"([^\"]+)\"", SCRIPTS[name]):
        other = SCRIPTS[path.removeprefix("/static/")]
        given = set(re.findall(r"export (?:async )?(?:function|class|const) (\w+)", other))
        wanted = {word.strip() for word in words.split(",")}
        assert wanted <= given
        own = re.sub(r"import {.*", "", SCRIPTS[name])
        assert not {word for word in wanted if not re.search(rf"\b{word}\b", own)}


@each_script
def test_whatever_a_script_hands_out_is_used(name: str) -> None:
    given = re.findall(r"export (?:async )?(?:function|class|const) (\w+)", SCRIPTS[name])
    others = "".join(text for other, text in SCRIPTS.items() if other != name)
    unused = [word for word in given if not re.search(rf"\b{word}\b", others)]
    assert not [word for word in unused if SCRIPTS[name].count(word) < 2]


def test_each_script_is_reached_from_a_page() -> None:
    reached = set(re.findall(r'src="/static/([\w.]+\.js)"', "".join(PAGES.values())))
    for _ in SCRIPTS:
        named = (re.findall(r"from \"/static/([\w.]+)\"", SCRIPTS[name]) for name in reached)
        reached |= {name for names in named for name in names}
    assert reached == set(SCRIPTS)


def test_each_style_and_drawing_is_reached_from_a_page() -> None:
    named = set(re.findall(r'"/static/([\w.]+)"', "".join(PAGES.values())))
    files = {path.name for path in STATIC.iterdir()}
    assert files - set(SCRIPTS) <= named
    assert named <= files


@each_script
def test_what_a_script_looks_for_by_id_stands_in_a_page(name: str) -> None:
    wanted = re.findall(r"getElementById\(\"([\w-]+)\"\)|\bcopy\(\"([\w-]+)\"\)", SCRIPTS[name])
    pages = "".join(PAGES.values())
    ids = {one or other for one, other in wanted}
    assert not {one for one in ids if f'id="{one}"' not in pages}


def test_every_text_that_stands_ready_for_scripts_is_used() -> None:
    """Names that are put together out of a prefix and a value count by their prefix."""
    scripts = "".join(SCRIPTS.values())
    ready = set(re.findall(r'data-text="([^"]+)"', "".join(PAGES.values())))
    prefixes = tuple(re.findall(r"[\"'`]([a-z-]+-)\$\{", scripts))
    plain = set(re.findall(r"[\"'`]([a-z][a-z -]*)[\"'`]", scripts))
    assert not {one for one in ready if one not in plain and not one.startswith(prefixes)}


@pytest.mark.parametrize("page", PAGES)
def test_no_text_stands_ready_twice_on_one_page(page: str) -> None:
    named = re.findall(r'data-text="([^"]+)"', PAGES[page])
    assert len(named) == len(set(named))


@each_script
def test_a_text_is_filled_with_what_it_asks_for(name: str) -> None:
    pages = "".join(PAGES.values())
    for word, values in re.findall(r"\btext\(\"([a-z -]+)\", {([^}]*)}", SCRIPTS[name]):
        (told,) = set(re.findall(rf'data-text="{word}">{{% trans %}}(.*?){{%', pages))
        asked = set(re.findall(r"{(\w+)}", told))
        given = {value.split(":")[0].strip() for value in values.split(",") if value.strip()}
        assert asked <= given, f"{word}: {sorted(asked - given)}"


@each_style
def test_a_style_brings_nothing_from_elsewhere(name: str) -> None:
    assert not re.findall(r"@import|url\((?!\"?data:)|expression\(|https?:", STYLES[name])
    assert STYLES[name].count("{") == STYLES[name].count("}")


def test_who_wants_little_movement_or_a_dark_page_gets_it() -> None:
    style = STYLES["style.css"]
    assert "prefers-reduced-motion" in style or "transition" not in style
    assert "prefers-color-scheme" in style or "light-dark(" in style
    assert ":focus-visible" in style


def test_the_drawing_holds_no_script_and_refers_to_nothing() -> None:
    text = (STATIC / "mark.svg").read_text("utf-8")
    root = ET.fromstring(text)  # noqa: S314  (our own)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not re.search(r"<script|<style|<foreignObject|href|\son\w+=", text)


def test_all_files_together_are_small() -> None:
    assert sum(path.stat().st_size for path in STATIC.iterdir()) < 100_000


def test_the_policy_of_the_pages_is_the_strict_one_that_these_files_fit() -> None:
    policy = dict(
        part.strip().split(" ", 1)
        for part in SECURITY_HEADERS["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    for name in ("script-src", "style-src", "connect-src", "form-action", "font-src"):
        assert policy[name] == "'self'"
    assert "unsafe" not in str(policy)
    assert "*" not in str(policy)
