"""The code base as data: what the tests about the code itself look at."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "mien"

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    """One `def`, nested ones included, and the class it is a method of."""

    node: FunctionNode
    place: str
    owner: ast.ClassDef | None

    @property
    def line_count(self) -> int:
        return (self.node.end_lineno or self.node.lineno) - self.node.lineno + 1

    @property
    def decorators(self) -> list[str]:
        """Names of the decorators, without their arguments: `app.command`."""
        nodes = [d.func if isinstance(d, ast.Call) else d for d in self.node.decorator_list]
        return [ast.unparse(node) for node in nodes]

    @property
    def positional(self) -> list[ast.arg]:
        """Arguments that can be given by position, the object or class itself apart."""
        arguments = self.node.args
        bound = self.owner is not None and "staticmethod" not in self.decorators
        return [*arguments.posonlyargs, *arguments.args][1 if bound else 0 :]

    @property
    def arguments(self) -> list[ast.arg]:
        """Every argument but the object itself and what the call is about: `*paths`."""
        arguments = self.node.args
        rest = [arguments.kwarg] if arguments.kwarg else []
        return [*self.positional, *arguments.kwonlyargs, *rest]


@dataclass(frozen=True)
class Module:
    """One Python file of the package."""

    path: Path
    source: str
    tree: ast.Module

    @property
    def relative(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def layer(self) -> str:
        """The first name below `mien`: the package or module it belongs to."""
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")

    @property
    def line_count(self) -> int:
        return len(self.source.splitlines())

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.tree) or ""

    def functions(self) -> Iterator[Function]:
        yield from self._functions(self.tree, owner=None)

    def _functions(self, parent: ast.AST, *, owner: ast.ClassDef | None) -> Iterator[Function]:
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, FunctionNode):
                yield Function(node, f"{self.relative}:{node.lineno} {node.name}", owner)
                yield from self._functions(node, owner=None)
            else:
                inner = node if isinstance(node, ast.ClassDef) else owner
                yield from self._functions(node, owner=inner)


@cache
def modules() -> tuple[Module, ...]:
    """The package's modules, sorted by path; those of packages not begun are empty and left out."""
    return tuple(
        _read_module(path) for path in sorted(PACKAGE.rglob("*.py")) if path.stat().st_size
    )


def _read_module(path: Path) -> Module:
    source = path.read_text(encoding="utf-8")
    return Module(path, source, ast.parse(source))


@cache
def tracked_files() -> tuple[Path, ...]:
    """What a commit of the working tree would hold: files that git tracks or would add."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = (ROOT / name for name in sorted(set(names.split("\0"))) if name)
    return tuple(path for path in paths if path.is_file())


def read_text(path: Path) -> str | None:
    """The text of a file; nothing where it is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def markdown_files() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".md"]


def listing(advice: str, places: Iterable[object]) -> str:
    """The message of a failed test: what to do, and at which places."""
    return "\n  ".join([f"{advice}:", *map(str, places)])
