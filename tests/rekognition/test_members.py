"""What Mien lets in, held against botocore's model of the service, member by member."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import MISSING
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mien.rekognition.errors import Code, ServiceError
from mien.rekognition.members import (
    Blob,
    Choice,
    Group,
    Kind,
    Many,
    Number,
    Table,
    Text,
    Whole,
    members_of,
    read,
)
from mien.rekognition.operations import OPERATIONS
from rekognition.conformance.answers import compile_pattern
from rekognition.conformance.photos import draw_nobody
from rekognition.conformance.refused import SUPPORTED
from rekognition.conformance.table import load_model
from rekognition.conformance.test_errors import least

DIFFERENT: Mapping[tuple[str, str], str] = {}
"""Members that hold something else than the model says, and why."""

REFUSED = {Code.INVALID, Code.MALFORMED, Code.IMAGE_TOO_LARGE}
TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (Text, Choice),
    "integer": (Whole,),
    "float": (Number,),
    "blob": (Blob,),
    "list": (Many,),
    "map": (Table,),
    "structure": (Group,),
}

each_operation = pytest.mark.parametrize("operation", sorted(OPERATIONS))


def shape_of(operation: str) -> Any:
    return load_model().operation_model(operation).input_shape


def test_every_operation_that_is_offered_is_there() -> None:
    assert set(OPERATIONS) == SUPPORTED


@each_operation
def test_members_are_those_of_the_service(operation: str) -> None:
    request = OPERATIONS[operation].request
    assert list(iter_differences(request, shape_of(operation))) == []


def iter_differences(request: type, shape: Any) -> Iterator[str]:
    """Where a request, or members within a member, is not as the model has it."""
    fields = {one.metadata["name"]: one for one in members_of(request)}
    if set(fields) != set(shape.members):
        yield f"{shape.name} has {sorted(shape.members)}, and here are {sorted(fields)}"
    for name, member in shape.members.items():
        if name not in fields or (shape.name, name) in DIFFERENT:
            continue
        if (name in shape.required_members) != (fields[name].default is MISSING):
            yield f"{shape.name}.{name} is required in one of both alone"
        yield from iter_kind_differences(
            fields[name].metadata["kind"], member, at=f"{shape.name}.{name}"
        )


def iter_kind_differences(kind: Kind, shape: Any, *, at: str) -> Iterator[str]:
    if not isinstance(kind, TYPES[shape.type_name]):
        yield f"{at} is a {shape.type_name}, and here it is {kind}"
        return
    if isinstance(kind, Group):
        yield from iter_differences(kind.type, shape)
        return
    meta = shape.metadata
    if isinstance(kind, Choice):
        if list(kind.values) != list(meta.get("enum", ())):
            yield f"{at} is one of {meta.get('enum')}, and here of {kind.values}"
        return
    known = (kind.least, kind.most)  # type: ignore[attr-defined]
    if (known[0] or 0, known[1]) != (meta.get("min", 0), meta.get("max")):
        yield f"{at} is bounded by {meta}, and here by {known}"
    if isinstance(kind, Text):
        wanted = compile_pattern(meta["pattern"]).pattern if "pattern" in meta else ""
        if not is_alike(kind.pattern, wanted):
            yield f"{at} is of {wanted!r}, and here of {kind.pattern!r}"
    if isinstance(kind, Many):
        yield from iter_kind_differences(kind.kind, shape.member, at=f"{at}[]")
    if isinstance(kind, Table):
        yield from iter_kind_differences(kind.key, shape.key, at=f"{at}.key")
        yield from iter_kind_differences(kind.value, shape.value, at=f"{at}.value")


PROBES = [
    *("", "x", "A", "0", "a b", "a.b", "a_b", "a-b", "a:b", "a/b", "a\nb", "a\n", "é", "ß9"),
    *("aws:x", "Aws:x", "x+y=z@w", "a,b", "a\u00a0b", "a\u3000b", "a\tb", "\u0660", "日本", "a;b"),
    *("0e9f2d3c-1b2a-4c5d-8e6f-001122334455", "0E9F2D3C-1b2a-4c5d-8e6f-001122334455"),
    *("0e9f2d3c1b2a4c5d8e6f001122334455", "$", "^", "\\", "e\u0301", "\u2028", "½"),
]
"""Texts that tell patterns apart; the words of two patterns may differ where they mean the same."""


def is_alike(pattern: str, wanted: str) -> bool:
    return all(_matches(pattern, text) == _matches(wanted, text) for text in PROBES)


def _matches(pattern: str, text: str) -> bool:
    return not pattern or compile_pattern(pattern).fullmatch(text) is not None


def test_patterns_that_mean_something_else_are_told_apart() -> None:
    assert not is_alike(r"[a-z]+", r"[a-z0-9]+")
    assert not is_alike("", r"[a-zA-Z0-9_.\-]+")
    assert is_alike(r"[a-zA-Z0-9-_]+", r"[\w-]+") is False


@st.composite
def beyond(draw: st.DrawFn, shape: Any) -> Any:
    """Something that the model does not let be there."""
    return draw(st.one_of(*_ways_beyond(shape)))


def _ways_beyond(shape: Any) -> Iterator[SearchStrategy[Any]]:
    kind, meta = shape.type_name, shape.metadata
    least_, most = meta.get("min", 0), meta.get("max")
    wrong = {"string": st.integers(), "integer": st.text(), "float": st.booleans()}
    yield wrong.get(kind, st.integers() | st.booleans() | st.floats())
    if kind == "string":
        yield from _texts_beyond(meta)
    elif kind in ("integer", "float"):
        yield st.integers(max_value=int(least_) - 1)
        yield st.just(float("nan")) | st.floats(max_value=least_, exclude_max=True)
        if most is not None:
            yield st.integers(min_value=int(most) + 1)
    elif kind == "list":
        if most is not None:
            yield st.just(["x"] * (most + 1))
        if least_:
            yield st.just([])
        yield st.lists(beyond(shape.member), min_size=1, max_size=3)
    elif kind == "map":
        yield st.just({f"k{number}": "v" for number in range(most + 1)})
        yield st.dictionaries(st.just("!"), st.text(), min_size=1)
    elif kind == "blob":
        yield st.just("no Base64!") | st.just("") | st.just("A")


def _texts_beyond(meta: Mapping[str, Any]) -> Iterator[SearchStrategy[Any]]:
    if meta.get("enum"):
        yield st.text().filter(lambda text: text not in meta["enum"])
    if meta.get("pattern"):
        pattern = compile_pattern(meta["pattern"])
        yield st.text().filter(lambda text: not pattern.fullmatch(text))
    if meta.get("max") is not None:
        yield st.integers(meta["max"] + 1, meta["max"] + 300).map(lambda length: "x" * length)


def document_of(operation: str) -> dict[str, Any]:
    """The least that the operation asks for, as it goes over the wire."""
    asked = least(operation, collection="people", photo=draw_nobody())
    return {name: as_sent(one) for name, one in asked.items()}


def as_sent(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: as_sent(one) for name, one in value.items()}
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


@each_operation
def test_the_least_that_is_asked_for_is_taken(operation: str) -> None:
    read(OPERATIONS[operation].request, document_of(operation))


@each_operation
@settings(max_examples=40)
@given(data=st.data())
def test_what_is_beyond_the_model_is_refused(operation: str, data: st.DataObject) -> None:
    document = document_of(operation)
    shape = shape_of(operation)
    name = data.draw(st.sampled_from(sorted(shape.members)))
    member = shape.members[name]
    if member.type_name == "structure":
        inner = data.draw(st.sampled_from(sorted(member.members)))
        within = member.members[inner]
        if within.type_name == "structure":
            part = data.draw(st.sampled_from(sorted(within.members)))
            document[name] = {inner: {part: data.draw(beyond(within.members[part]))}}
        else:
            document[name] = {inner: data.draw(beyond(within))}
    else:
        document[name] = data.draw(beyond(member))
    with pytest.raises(ServiceError) as refused:
        read(OPERATIONS[operation].request, document)
    assert refused.value.code in REFUSED


@each_operation
def test_each_required_member_must_be_there(operation: str) -> None:
    for name in shape_of(operation).required_members:
        document = {key: one for key, one in document_of(operation).items() if key != name}
        with pytest.raises(ServiceError, match=name) as refused:
            read(OPERATIONS[operation].request, document)
        assert refused.value.code is Code.INVALID


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@each_operation
@settings(max_examples=25)
@given(data=st.data())
def test_whatever_is_sent_is_taken_or_refused_and_nothing_else(
    operation: str, data: st.DataObject
) -> None:
    names = st.sampled_from(sorted(shape_of(operation).members) or ["x"])
    sent = data.draw(st.dictionaries(names, anything, max_size=4))
    assert read_or_refuse(operation, document_of(operation) | sent) in {None, *REFUSED}


def read_or_refuse(operation: str, document: dict[str, Any]) -> Code | None:
    """The code of the refusal, if there is one; whatever else is raised would be a crash."""
    try:
        read(OPERATIONS[operation].request, document)
    except ServiceError as refused:
        return refused.code
    return None


@pytest.mark.parametrize("number", [10**400, -(10**400)], ids=["huge", "minus huge"])
@pytest.mark.parametrize("kind", [Whole(1, 9), Number(0.0, 100.0)], ids=["whole", "number"])
def test_numbers_that_no_float_holds_are_refused(kind: Kind, number: int) -> None:
    with pytest.raises(ServiceError) as refused:
        kind.read(number, at="MaxFaces")
    assert refused.value.code in REFUSED
