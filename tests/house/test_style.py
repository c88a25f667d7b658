"""The budget that keeps code short: few lines, few arguments, nothing untyped or swallowed."""

from __future__ import annotations

import ast
import math
from statistics import median

import pytest

from house.source import ROOT, Function, Module, listing, modules

MODULE_MEDIAN, MODULE_MAX = 150, 400
FUNCTION_MEDIAN, FUNCTION_P95, FUNCTION_MAX = 9, 40, 80
ARGUMENTS_MAX, POSITIONAL_MAX = 6, 2
DOCSTRING_MAX = 15
TEST_RATIO_MIN = 1.2

PROCESS_EDGES = {
    "src/mien/cli/main.py": "turns what nobody expected into a message and an exit code",
    "src/mien/service/long_runs.py": "a run that fails is not the end of those that wait",
}
"""Modules that may catch everything, with the reason."""

FOREIGN_SIGNATURES = {
    "redirect_request": "urllib.request calls it",
}
"""Methods whose arguments are another library's choice, with the reason."""

MODULES = modules()
FUNCTIONS = [function for module in MODULES for function in module.functions()]

each_module = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.relative)


def test_half_of_the_modules_are_short() -> None:
    lengths = [module.line_count for module in MODULES]
    assert median(lengths) <= MODULE_MEDIAN, "split the longest modules by purpose"


def test_no_module_is_long() -> None:
    long = [f"{m.relative}: {m.line_count}" for m in MODULES if m.line_count > MODULE_MAX]
    assert not long, listing(f"more than {MODULE_MAX} lines, split by purpose", long)


def test_functions_are_short() -> None:
    lengths = sorted(function.line_count for function in FUNCTIONS)
    longest = [f.place for f in FUNCTIONS if f.line_count > FUNCTION_P95]
    assert median(lengths) <= FUNCTION_MEDIAN, listing("split some of these", longest)
    assert lengths[math.ceil(0.95 * len(lengths)) - 1] <= FUNCTION_P95, listing(
        "split some of these", longest
    )


def test_no_function_is_long() -> None:
    long = [f"{f.place}: {f.line_count}" for f in FUNCTIONS if f.line_count > FUNCTION_MAX]
    assert not long, listing(f"more than {FUNCTION_MAX} lines, split into named steps", long)


def test_functions_take_few_arguments() -> None:
    wide = [f.place for f in FUNCTIONS if len(f.arguments) > ARGUMENTS_MAX and not is_command(f)]
    assert not wide, listing(f"more than {ARGUMENTS_MAX} arguments, gather them in a value", wide)


def test_arguments_after_the_second_are_given_by_name() -> None:
    loose = [f.place for f in FUNCTIONS if len(f.positional) > POSITIONAL_MAX and not is_fixed(f)]
    assert not loose, listing(f"put a * after argument {POSITIONAL_MAX}", loose)


def test_everything_is_annotated() -> None:
    bare = [
        f"{function.place}({arg.arg})"
        for function in FUNCTIONS
        for arg in function.arguments
        if arg.annotation is None
    ]
    bare += [function.place for function in FUNCTIONS if function.node.returns is None]
    assert not bare, listing("annotate every argument and the return", bare)


@each_module
def test_no_function_rebinds_a_global(module: Module) -> None:
    lines = [node.lineno for node in ast.walk(module.tree) if isinstance(node, ast.Global)]
    assert not lines, listing(f"{module.relative}: let an object own the value", lines)


@each_module
def test_only_process_edges_catch_everything(module: Module) -> None:
    handlers = (node for node in ast.walk(module.tree) if isinstance(node, ast.ExceptHandler))
    broad = [handler.lineno for handler in handlers if is_broad(handler)]
    assert broad == [] or module.relative in PROCESS_EDGES, (
        f"{module.relative}: name the exceptions, or end the handler with a bare `raise`"
    )


@each_module
def test_a_module_says_in_one_sentence_what_it_is(module: Module) -> None:
    lines = module.docstring.splitlines()
    prose = [line for line in lines if not line.startswith("    ")]
    assert lines, f"{module.relative}: write a docstring; ARCHITECTURE.md shows its first line"
    assert lines[0].endswith((".", ":")), f"{module.relative}: let the first line be a sentence"
    assert len(prose) <= DOCSTRING_MAX, f"{module.relative}: {DOCSTRING_MAX} lines, drawings apart"


def test_there_is_more_test_than_code() -> None:
    test_lines = sum(
        len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / "tests").rglob("*.py")
    )
    ratio = test_lines / sum(module.line_count for module in MODULES)
    assert ratio >= TEST_RATIO_MIN, f"{ratio:.2f} lines of test for a line of code: add tests"


def is_command(function: Function) -> bool:
    """Whether the arguments are the options of a command, each with its own help."""
    return any(name.endswith((".command", ".callback")) for name in function.decorators)


def is_fixed(function: Function) -> bool:
    """Whether the signature is somebody else's: the language's, a library's, a command's."""
    name = function.node.name
    special = name.startswith("__") and name.endswith("__") and name != "__init__"
    return special or name in FOREIGN_SIGNATURES or is_command(function) or is_route(function)


def is_route(function: Function) -> bool:
    """Whether FastAPI calls it, which gives every argument by its name."""
    return any(name.startswith("router.") for name in function.decorators)


def is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether a handler swallows anything; tidying up and raising again swallows nothing."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(ast.unparse(node) in {"Exception", "BaseException"} for node in caught)
