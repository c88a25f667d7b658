"""Cards that users write: checked entry by entry, with what ArcFace models share filled in.

A user's card says what Mien cannot know: a name, the licence and what it allows, and how many
numbers an embedding has. It may say any other thing that a card of Mien's own says, but for where
the weights come from, since they are handed in with it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from mien.errors import ModelError
from mien.vision.cards import Card, parse_card, read_table
from mien.vision.weights import PLAIN

__all__ = ["check_table", "parse_own_card"]

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_LIKE = "auraface-v1"
"""Whose form of input and alignment is meant where a user's card names none."""
_DETECTOR = "centerface"


def parse_own_card(text: str, *, source: Mapping[str, object]) -> tuple[Card, dict[str, Any]]:
    """The card, and the whole table that it is kept as. Raises `ModelError` for what is wrong."""
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"The card is no TOML: {error}.") from error
    if "source" in written:
        raise ModelError("The card has a [source], which Mien writes: the file is handed in.")
    table = _complete(written) | {"source": dict(source)}
    check_table(table, Card)
    _check_sense(table)
    return parse_card(table), table


def check_table(table: object, form: type, *, where: str = "") -> None:
    """Raises `ModelError` for the first entry that is not of a card's form."""
    if not isinstance(table, Mapping):
        raise ModelError(f"The card's [{where}] is no table.")
    known = {entry.name: entry for entry in fields(form)}
    kinds = get_type_hints(form)
    for name in table:
        if name not in known:
            raise ModelError(
                f"The card has an unknown entry {where}{name}; known are: {', '.join(known)}."
            )
    for name, entry in known.items():
        if name in table:
            _check_value(table[name], kinds[name], where=f"{where}{name}")
        elif entry.default is MISSING and entry.default_factory is MISSING:
            raise ModelError(f"The card lacks {where}{name}.")


def _complete(written: Mapping[str, Any]) -> dict[str, Any]:
    """With what is not said taken from a card of the same family."""
    like = read_table(_LIKE)
    table: dict[str, Any] = {
        "kind": "recogniser",
        "title": written.get("id", ""),
        "licence_url": "",
        "note": "",
        "converter": PLAIN,
        "measured": {},
        "detector": _DETECTOR,
        "pack": written.get("id", ""),
        **{name: like[name] for name in ("input", "alignment") if name not in written},
        **written,
    }
    if isinstance(written.get("embedding"), Mapping):
        table["embedding"] = {"distance": "cosine", **written["embedding"]}
    return table


def _check_sense(table: Mapping[str, Any]) -> None:
    if not _ID.fullmatch(table["id"]):
        raise ModelError(
            f"The card's id {table['id']!r} is no short name in lower case, such as my-arcface."
        )
    if table["kind"] != "recogniser" or table["converter"] != PLAIN:
        raise ModelError("Only recognisers that run as they are can be added.")
    if not table["licence"].strip():
        raise ModelError("The card names no licence. Write who allows what, or 'unknown'.")
    if "embedding" not in table:
        raise ModelError("The card lacks embedding: say under [embedding] its dimension.")
    if table["embedding"]["dimension"] < 1 or not table["input"]["divisor"]:
        raise ModelError("The card's embedding.dimension and input.divisor are above zero.")
    if table["embedding"].get("gaussian"):
        raise ModelError("The card names a gaussian, which only Mien's own cards have.")


def _check_value(value: object, kind: Any, *, where: str) -> None:  # noqa: ANN401  (any annotation)
    meant = [part for part in get_args(kind) if part is not NoneType]
    if get_origin(kind) is UnionType and len(meant) == 1 and value is not None:
        kind = meant[0]
    if is_dataclass(kind) and isinstance(kind, type):
        check_table(value, kind, where=f"{where}.")
    elif not _is_of(value, kind):
        raise ModelError(f"The card's {where} is {value!r}, and should be {_describe(kind)}.")


def _is_of(value: object, kind: Any) -> bool:  # noqa: ANN401  (any annotation)
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return value in parts
    if origin is UnionType:
        return any(_is_of(value, part) for part in parts)
    if origin is tuple:
        return isinstance(value, list | tuple) and _is_row(value, parts)
    if origin is not None:
        # Names in a TOML table are always text, and numbers among them are written as such.
        return isinstance(value, Mapping) and all(_is_of(one, parts[1]) for one in value.values())
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, int | float if kind is float else kind)


def _is_row(values: Sequence[object], kinds: tuple[Any, ...]) -> bool:
    if kinds[-1] is Ellipsis:
        return all(_is_of(one, kinds[0]) for one in values)
    return len(values) == len(kinds) and all(map(_is_of, values, kinds))


def _describe(kind: Any) -> str:  # noqa: ANN401  (any annotation)
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    words = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
    if get_origin(kind) is UnionType:
        return " or ".join(_describe(part) for part in get_args(kind) if part is not NoneType)
    if isinstance(kind, type) and kind in words:
        return words[kind]
    return "a list of numbers" if get_origin(kind) is tuple else "a table"
