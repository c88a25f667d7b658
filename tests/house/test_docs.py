"""The documentation is true: generated parts are fresh, links lead somewhere, errors explained."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

import mien
from house.generated import BLOCKS, decision_pages, iter_errors, renew
from house.source import ROOT, listing, markdown_files
from mien import errors

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
TREE_LINE = re.compile(r"^(?P<indent> *)(?P<name>\w+Error)(?P<meaning> .*)?$", re.MULTILINE)

DECISION_SECTIONS = ["Context", "Decision", "Consequences", "Evidence"]


@pytest.mark.parametrize("name", BLOCKS)
def test_generated_blocks_are_fresh(name: str) -> None:
    path, content = BLOCKS[name]
    page = path.read_text(encoding="utf-8")
    assert renew(page, name, content()) == page, "run scripts/docs"


@pytest.mark.parametrize("page", markdown_files(), ids=lambda page: page.name)
def test_relative_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [first or second for first, second in LINK.findall(text)]
    broken = [link for link in targets if "://" not in link and not leads_somewhere(page, link)]
    assert not broken, listing(f"{page.relative_to(ROOT)}: mend these links", broken)


def test_the_drawn_tree_of_errors_is_the_real_one() -> None:
    real = {
        error.__name__: error.__base__.__name__
        for error in iter_errors(errors.MienError)
        if error.__base__
    }
    assert drawn_parents(errors.__doc__ or "") == real | {"MienError": ""}


def test_every_error_in_the_tree_is_public() -> None:
    assert sorted(error.__name__ for error in iter_errors(errors.MienError)) == errors.__all__


def test_every_error_says_what_it_means() -> None:
    silent = [error.__name__ for error in iter_errors(errors.MienError) if not error.__doc__]
    assert silent == [], "write a docstring; docs/reference/errors.md shows it"
    drawn = {
        match["name"] for match in TREE_LINE.finditer(errors.__doc__ or "") if match["meaning"]
    }
    assert drawn | {"MienError"} == set(errors.__all__), "say it in the drawn tree too"


def test_the_changelog_names_the_current_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[([^\]]+)\]", changelog, re.MULTILINE)
    assert versions[0] == mien.__version__, "begin a section for this version"


@pytest.mark.parametrize("page", decision_pages(), ids=lambda page: page.name)
def test_decision_pages_have_one_form(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# "), "the title is the decision, in a sentence"
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == DECISION_SECTIONS
    empty = re.findall(r"^## (.+)\n\s*(?=^## |\Z)", text, re.MULTILINE)
    assert empty == [], "a section says something, if only that nothing was measured"


def drawn_parents(drawing: str) -> dict[str, str]:
    """Each error with the one above it, by the depth at which it is drawn."""
    parents: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for match in TREE_LINE.finditer(drawing):
        depth = len(match["indent"])
        above = [(indent, name) for indent, name in above if indent < depth]
        parents[match["name"]] = above[-1][1] if above else ""
        above.append((depth, match["name"]))
    return parents


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether a relative link names a file, and its fragment a heading of it."""
    if link.startswith("mailto:"):
        return True
    name, _, fragment = unquote(link).partition("#")
    target = page.parent / name if name else page
    if not target.exists():
        return False
    return not fragment or target.suffix != ".md" or fragment in headings(target)


def headings(page: Path) -> set[str]:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
