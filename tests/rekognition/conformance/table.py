"""The guide's tables of every operation and member, made of what the tests say that they prove."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING
from functools import cache
from typing import Any

from botocore.session import get_session

from mien.rekognition.members import members_of
from mien.rekognition.operations import OPERATIONS
from rekognition.conformance import (
    test_collections,
    test_images,
    test_index,
    test_search,
    test_tags,
    test_users,
)
from rekognition.conformance.answers import Field
from rekognition.conformance.proofs import Proof, Status, iter_proofs
from rekognition.conformance.refused import REASONS, SUPPORTED

PROVING = (test_collections, test_images, test_index, test_search, test_tags, test_users)
_FEW_WORDS = 8
_HEAD = "| {} | holds | here |\n| --- | --- | --- |"


@cache
def load_model() -> Any:
    return get_session().get_service_model("rekognition")


def operation_tables() -> str:
    """Every member of every operation. Raises `LookupError` where no test names one."""
    proofs = gather(iter_proofs(*PROVING))
    if unnamed := sorted(iter_unnamed(proofs)):
        named = ", ".join(f"{shape}.{name}" for shape, name in unnamed)
        raise LookupError(f"name these members in tests/rekognition/conformance: {named}")
    names = [name for name in load_model().operation_names if name in SUPPORTED]
    parts = [_show_operation(name, proofs) for name in names]
    return "\n\n".join([*parts, *_show_structures(proofs), _show_refused()])


def gather(proofs: Iterator[Proof]) -> Mapping[Field, Proof]:
    """The proofs by member; one that says more than that it is supported goes before others.

    Raises `ValueError` where two tests contradict one another.
    """
    found: dict[Field, Proof] = {}
    for proof in proofs:
        for name in proof.members:
            known = found.setdefault((proof.shape, name), proof)
            if known.status is Status.SUPPORTED:
                found[proof.shape, name] = proof
            elif proof.status not in (Status.SUPPORTED, known.status):
                raise ValueError(f"{proof.shape}.{name} is {known.status} and {proof.status}")
    return found


def iter_unnamed(proofs: Mapping[Field, Proof]) -> Iterator[Field]:
    """Members that no test names, and those of tests that the model does not know."""
    known = {(shape.name, name) for shape in iter_shapes(proofs) for name in shape.members}
    yield from known - set(proofs)
    yield from set(proofs) - known


def iter_shapes(proofs: Mapping[Field, Proof]) -> Iterator[Any]:
    """Every structure that an operation takes or answers, once; none within a refused member."""
    waiting = [shape for name in sorted(SUPPORTED) for shape in _shapes_of(name)]
    seen: set[str] = set()
    while waiting:
        shape = waiting.pop(0)
        if shape.name in seen:
            continue
        seen.add(shape.name)
        yield shape
        for name, member in shape.members.items():
            proof = proofs.get((shape.name, name))
            inner = member.member if member.type_name == "list" else member
            if inner.type_name == "structure" and not (proof and proof.status is Status.REFUSED):
                waiting.append(inner)


def _shapes_of(operation: str) -> list[Any]:
    model = load_model().operation_model(operation)
    return [shape for shape in (model.input_shape, model.output_shape) if shape is not None]


def _show_operation(operation: str, proofs: Mapping[Field, Proof]) -> str:
    tables = [
        "\n".join([_HEAD.format(what), *_iter_rows(shape, proofs, defaults=defaults)])
        for what, shape, defaults in zip(
            ("request", "answer"),
            _shapes_of(operation),
            (_defaults_of(operation), {}),
            strict=False,
        )
        if shape.members
    ]
    if not load_model().operation_model(operation).output_shape.members:
        tables.append("The answer is empty.")
    return "\n\n".join([f"### {operation}", *tables])


def _defaults_of(operation: str) -> dict[str, object]:
    if operation not in OPERATIONS:
        return {}
    fields = members_of(OPERATIONS[operation].request)
    return {one.metadata["name"]: one.default for one in fields if one.default is not MISSING}


def _iter_rows(
    shape: Any, proofs: Mapping[Field, Proof], *, defaults: Mapping[str, object]
) -> Iterator[str]:
    for name, member in shape.members.items():
        proof = proofs[shape.name, name]
        holds = [describe(member)]
        if name in shape.required_members:
            holds.append("**required**")
        elif isinstance(defaults.get(name), (int, float)) or defaults.get(name, "") in WORDS:
            holds.append(f"default {_show(defaults[name])}")
        said = f"{proof.status}: {proof.why}" if proof.why else str(proof.status)
        yield f"| `{name}` | {', '.join(one for one in holds if one)} | {said} |"


WORDS = frozenset({"AUTO", "NONE"})


def _show(default: object) -> str:
    return f"{default:g}" if isinstance(default, (int, float)) else f"`{default}`"


def describe(shape: Any) -> str:
    """What a member holds, in the words of the model's limits."""
    kind = shape.type_name
    if kind == "structure":
        return f"`{shape.name}`"
    if kind == "list":
        return f"{_bound(shape, 'list')} of {describe(shape.member)}"
    if kind == "map":
        return f"{_bound(shape, 'map')} from {describe(shape.key)} to {describe(shape.value)}"
    if words := shape.metadata.get("enum"):
        return f"one of {len(words)} words" if len(words) > _FEW_WORDS else _name(words)
    if kind == "string":
        return _describe_text(shape)
    plain = {"blob": "bytes", "boolean": "yes or no", "timestamp": "time in seconds"}
    return _bound(shape, plain.get(kind, "number"))


def _describe_text(shape: Any) -> str:
    pattern = shape.metadata.get("pattern", "").removeprefix("^").removesuffix("$")
    if pattern.startswith("[0-9a-f]{8}"):
        return "UUID"
    if r"\p{L}" in pattern:
        return _bound(shape, "text") + " of letters, digits, blanks and `_.:/=+-@`"
    return _bound(shape, "text") + (f" as `{pattern}`" if pattern else "")


def _bound(shape: Any, what: str) -> str:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if most is None:
        return f"{what} from {least:,}" if least else what
    return f"{what} ({least:,} to {most:,})" if least is not None else f"{what} (up to {most:,})"


def _name(words: Sequence[str]) -> str:
    return " ".join(f"`{word}`" for word in words)


def _show_structures(proofs: Mapping[Field, Proof]) -> Iterator[str]:
    """The structures within requests and answers, each once."""
    outer = {shape.name for name in SUPPORTED for shape in _shapes_of(name)}
    inner = [shape for shape in iter_shapes(proofs) if shape.name not in outer]
    yield "### Structures"
    for shape in sorted(inner, key=lambda one: str(one.name)):
        rows = _iter_rows(shape, proofs, defaults={})
        yield "\n".join([_HEAD.format(f"`{shape.name}`"), *rows])


def _show_refused() -> str:
    rows = [f"| {_name(sorted(names))} | {reason} |" for reason, names in REASONS.items()]
    head = "| refused, as operations that are not there | why |\n| --- | --- |"
    return "\n".join(["### Every other operation", "", head, *rows])
