"""Answers held against botocore's model of the service, as they came over the wire.

boto3 drops members that it does not know and checks no answer, so that what a program is given
proves little. Here every member must be one of the model's, of its type, within its bounds, of
its pattern or one of its words; a member that must be there is there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Field = tuple[str, str]
"""A member by the name of its shape and its own."""

_BLANKS = "\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_CLASS_OF_TAGS = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]"


@dataclass
class Findings:
    """What was wrong, and which members were there."""

    problems: list[str] = field(default_factory=list)
    seen: set[Field] = field(default_factory=set)


def hold(shape: Any, value: object) -> Findings:
    """An answer, or a request, against its shape."""
    findings = Findings()
    if shape is not None:
        findings.problems += _check(shape, value, at=shape.name, seen=findings.seen)
    elif value not in (None, {}):
        findings.problems.append(f"there is something where nothing belongs: {value!r}")
    return findings


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A pattern of the model's, in Python's words: all of the text must match it."""
    letters = rf"[\w.:/=+\-@{_BLANKS}]"  # a letter, number or underscore is \w
    return re.compile(pattern.replace(_CLASS_OF_TAGS, letters).removeprefix("^").removesuffix("$"))


def _check(shape: Any, value: object, *, at: str, seen: set[Field]) -> Iterator[str]:
    kind = shape.type_name
    if kind == "structure":
        yield from _check_structure(shape, value, at=at, seen=seen)
    elif kind == "list":
        yield from _check_list(shape, value, at=at, seen=seen)
    elif kind == "map":
        yield from _check_map(shape, value, at=at, seen=seen)
    else:
        yield from _check_plain(shape, value, at=at)


def _check_structure(shape: Any, value: object, *, at: str, seen: set[Field]) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at} is no structure: {value!r}"
        return
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"{at}.{name} must be there"
    for name, one in value.items():
        if name not in shape.members:
            yield f"{at}.{name} is no member of {shape.name}"
        elif one is not None:
            seen.add((shape.name, name))
            yield from _check(shape.members[name], one, at=f"{at}.{name}", seen=seen)


def _check_list(shape: Any, value: object, *, at: str, seen: set[Field]) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{at} is no list: {value!r}"
        return
    # An empty list of at least one is what the service itself answers where there is nothing.
    if value:
        yield from _check_bounds(shape, len(value), at=f"the length of {at}")
    for number, one in enumerate(value):
        yield from _check(shape.member, one, at=f"{at}[{number}]", seen=seen)


def _check_map(shape: Any, value: object, *, at: str, seen: set[Field]) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at} is no map: {value!r}"
        return
    yield from _check_bounds(shape, len(value), at=f"the size of {at}")
    for key, one in value.items():
        yield from _check(shape.key, key, at=f"a key of {at}", seen=seen)
        yield from _check(shape.value, one, at=f"{at}.{key}", seen=seen)


def _check_plain(shape: Any, value: object, *, at: str) -> Iterator[str]:
    kind = shape.type_name
    if not _is_of(kind, value):
        yield f"{at} is no {kind}: {value!r}"
        return
    if isinstance(value, str):
        yield from _check_text(shape, value, at=at)
    elif kind in ("integer", "long", "float", "double") and isinstance(value, (int, float)):
        yield from _check_bounds(shape, value, at=at)


def _is_of(kind: str, value: object) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, int):
        return kind in ("integer", "long", "float", "double", "timestamp")
    if isinstance(value, float):
        return kind in ("float", "double", "timestamp") and math.isfinite(value)
    return isinstance(value, str) and kind in ("string", "blob")


def _check_text(shape: Any, text: str, *, at: str) -> Iterator[str]:
    if shape.type_name == "blob":  # bounded as bytes, and none is ever answered
        return
    yield from _check_bounds(shape, len(text), at=f"the length of {at}")
    pattern = shape.metadata.get("pattern")
    if pattern and not compile_pattern(pattern).fullmatch(text):
        yield f"{at} does not match {pattern}: {text!r}"
    words = shape.metadata.get("enum")
    if words and text not in words:
        yield f"{at} is none of {', '.join(words)}: {text!r}"


def _check_bounds(shape: Any, number: float, *, at: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and number < least:
        yield f"{at} is {number}, below {least}"
    if most is not None and number > most:
        yield f"{at} is {number}, above {most}"
