"""The reference pages name every code that the code can give, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from house.generated import iter_errors
from house.source import ROOT, modules
from mien.cli.exits import Exit, exit_for
from mien.errors import (
    CatalogError,
    ConflictError,
    IndexStateError,
    KeyDestroyedError,
    MienError,
    ModelError,
    NotFoundError,
    PhotoError,
    RootKeyError,
    SettingsError,
    TamperedError,
    VaultError,
    WeightsError,
    WeightsMismatchError,
)
from mien.permission.verdict import Reason
from mien.sources.folder import _REASON_BY_ERROR

REFERENCE = ROOT / "docs" / "reference"
NO_REASON = {MienError, PhotoError}
"""The one is never raised, the other carries its own."""


def read_page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def section(page: str, title: str) -> str:
    """What stands under a heading of the second level."""
    return page.split(f"\n## {title}\n")[1].split("\n## ", maxsplit=1)[0]


def rows(text: str) -> list[str]:
    """The first cell of each row of the tables, where it is code."""
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def test_every_reason_of_permission_has_a_heading_with_its_explanation() -> None:
    text = section(read_page("reasons.md"), "Refused by permission")
    found = dict(re.findall(r"^### (\S+)\n\n(.+)$", text, re.MULTILINE))
    assert found == {str(reason): reason.explanation for reason in Reason}


def test_every_reason_of_a_file_is_in_the_table_and_sorted() -> None:
    listed = rows(section(read_page("reasons.md"), "Files that give no photo"))
    assert listed == sorted(set(photo_reasons()))


def test_every_reason_of_a_failed_command_is_in_a_table() -> None:
    listed = rows(section(read_page("reasons.md"), "Commands that fail"))
    main = next(m for m in modules() if m.relative == "src/mien/cli/main.py")
    own = set(texts(calls(main.tree, "_fail"), place=1))
    errors = {error().code for error in iter_errors(MienError) if error not in NO_REASON}
    assert sorted(listed) == sorted(own | errors)


def test_every_exit_code_has_a_section_with_its_number() -> None:
    titles = re.findall(r"^## (.+)$", read_page("exit-codes.md"), re.MULTILINE)
    assert titles == [f"{code.value} {code.name.lower().replace('_', ' ')}" for code in Exit]


@pytest.mark.parametrize("page", ["reasons.md", "settings.md", "exit-codes.md"])
def test_no_section_is_empty(page: str) -> None:
    assert re.findall(r"^(#+ .+)\n\s*(?=^#+ |\Z)", read_page(page), re.MULTILINE) == []


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (PhotoError("truncated", "it ends early"), Exit.UNREADABLE, "truncated"),
        (WeightsError(), Exit.FAILED, "weights"),
        (WeightsMismatchError(), Exit.FAILED, "weights-mismatch"),
        (ModelError(), Exit.USAGE, "model"),
        (IndexStateError(), Exit.FAILED, "index-state"),
        (VaultError(), Exit.FAILED, "vault"),
        (RootKeyError(), Exit.FAILED, "root-key"),
        (KeyDestroyedError(), Exit.FAILED, "key-destroyed"),
        (TamperedError(), Exit.FAILED, "tampered"),
        (CatalogError(), Exit.FAILED, "catalog"),
        (NotFoundError(), Exit.USAGE, "not-found"),
        (ConflictError(), Exit.USAGE, "conflict"),
        (SettingsError(), Exit.USAGE, "settings"),
    ],
)
def test_errors_end_commands_as_the_pages_say(error: MienError, code: Exit, reason: str) -> None:
    assert exit_for(error) is code
    assert error.code == reason


def photo_reasons() -> Iterator[str]:
    """Codes that the package gives for files, read from its source."""
    for module in modules():
        yield from texts(calls(module.tree, "PhotoError"), place=0)
        yield from texts(calls(module.tree, "UnreadablePath"), place=1)
    yield from _REASON_BY_ERROR.values()
    folder = next(m for m in modules() if m.relative == "src/mien/sources/folder.py")
    yield from texts(calls(folder.tree, "_REASON_BY_ERROR.get"), place=1)


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
            yield node


def texts(found: Iterator[ast.Call], *, place: int) -> Iterator[str]:
    """The argument at this place of each call, where it is written out."""
    for call in found:
        argument = call.args[place] if len(call.args) > place else None
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value
