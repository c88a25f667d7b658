"""Every limit of the service model, at its edge and one beyond; patterns, words and types too.

The cases are made of botocore's model, not of Mien's own fields. The SDK's own checks are off:
it would keep back what is too little, and sends what is too much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session

from rekognition.conformance.endpoint import LONGEST_NAME, Endpoint
from rekognition.conformance.photos import DAD
from rekognition.conformance.refused import SUPPORTED, TRAITS
from rekognition.conformance.test_errors import ARN, ask, least
from rekognition.conformance.test_index import UNKNOWN

MODEL = get_session().get_service_model("rekognition")
REFUSALS = frozenset(
    {
        *("InvalidParameterException", "ImageTooLargeException", "SerializationException"),
        *("AccessDeniedException", "InternalServerError", "UnknownOperationException"),
    }
)
"""What no value within the limits meets."""

BEYOND = frozenset({"InvalidParameterException", "SerializationException"})
TOO_LARGE = frozenset({"ImageTooLargeException"})
NO_EDGE = {
    *((operation, "ResourceArn") for operation in SUPPORTED),  # none of a collection is so short
    ("CreateCollection", "CollectionId"),  # names of one letter are somebody else's
}
Path = tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """One value for one member of one operation's request, made when it is needed."""

    operation: str
    path: Path
    what: str
    make: Callable[[], Any] = field(repr=False)
    is_within: bool = False

    @property
    def name(self) -> str:
        return f"{self.operation}-{'.'.join(self.path)}-{self.what.replace(' ', '-')}"


def iter_cases(operation: str) -> Iterator[Case]:
    """Of all members of the operation's request."""
    shape = MODEL.operation_model(operation).input_shape
    yield from _iter_members(operation, shape, ())


def _iter_members(operation: str, shape: Any, path: Path) -> Iterator[Case]:
    for name in shape.required_members:
        yield Case(operation, (*path, name), "missing", lambda: None)
    for name, member in shape.members.items():
        at = (*path, name)
        if member.type_name == "structure":
            yield from _iter_members(operation, member, at)
        else:
            yield from _iter_values(operation, member, at)


def _iter_values(operation: str, shape: Any, path: Path) -> Iterator[Case]:
    yield from _iter_sizes(operation, shape, path)
    kind = shape.type_name
    # Others never leave the client, and the key of a map is text whatever it was.
    if kind in ("string", "integer") and path[-1] != "key":
        yield Case(operation, path, "of another type", lambda: 5 if kind == "string" else "five")
    if shape.metadata.get("pattern"):
        yield Case(operation, path, "not of the pattern", lambda: "no! not <this>")
    if words := shape.metadata.get("enum"):
        yield Case(operation, path, "no such word", lambda: "SOMETHING")
        yield from (_of_word(operation, path, word) for word in words)
    if kind == "list":
        yield from _iter_items(operation, shape.member, path, wrap=lambda one: [one])
    if kind == "map":
        key, value = shape.key, shape.value
        yield from _iter_items(operation, key, (*path, "key"), wrap=lambda one: {one: "1"})
        yield from _iter_items(operation, value, (*path, "value"), wrap=lambda one: {"a": one})


def _iter_sizes(operation: str, shape: Any, path: Path) -> Iterator[Case]:
    least_, most = shape.metadata.get("min"), shape.metadata.get("max")
    kind = shape.type_name
    make = {"string": _text, "blob": _blob, "list": _list, "map": _map}.get(kind, _number)
    if least_ is not None and (operation, shape.name) not in NO_EDGE:
        edge = Case(operation, path, "as little as may be", lambda: make(shape, least_))
        yield replace(edge, is_within=True)
    if least_ or (least_ is not None and make is _number):
        yield Case(operation, path, "too little", lambda: make(shape, least_ - 1))
    if most is not None:
        edge = Case(operation, path, "as much as may be", lambda: make(shape, most))
        yield replace(edge, is_within=True)
        yield Case(operation, path, "too much", lambda: make(shape, most + 1))


def _iter_items(
    operation: str, shape: Any, path: Path, *, wrap: Callable[[Any], Any]
) -> Iterator[Case]:
    for case in _iter_values(operation, shape, path):
        yield replace(case, what=f"item {case.what}", make=_wrapped(case.make, wrap))


def _of_word(operation: str, path: Path, word: str) -> Case:
    return Case(operation, path, word, lambda: word, is_within=True)


def _wrapped(make: Callable[[], Any], wrap: Callable[[Any], Any]) -> Callable[[], Any]:
    return lambda: wrap(make())


def _text(shape: Any, length: int) -> str:
    if shape.name == "CollectionId" and length == len(LONGEST_NAME):
        return LONGEST_NAME
    if shape.name == "ResourceArn":
        return ARN.ljust(length, "x")[:length]
    return "x" * length


@dataclass(frozen=True)
class Padded:
    """A photo cut or filled up to so many bytes: what follows its end is read by nobody."""

    size_bytes: int

    def make(self, photo: bytes) -> bytes:
        return photo[: self.size_bytes].ljust(self.size_bytes, b"\0")


def _blob(shape: Any, length: int) -> Padded:
    return Padded(length)


def _list(shape: Any, length: int) -> list[Any]:
    pattern = shape.member.metadata.get("pattern", "")
    if pattern.startswith("[0-9a-f]{8}"):
        return [f"{number:08x}{UNKNOWN[8:]}" for number in range(length)]
    return [f"key-{number}" for number in range(length)]


def _map(shape: Any, length: int) -> dict[str, str]:
    return {f"key-{number}": "1" for number in range(length)}


def _number(shape: Any, number: float) -> float:
    return number


def put(case: Case, asked: dict[str, Any], *, photo: bytes) -> dict[str, Any]:
    """The request with the case's value; without the member where there is none."""
    value = case.make()
    if isinstance(value, Padded):
        value = value.make(photo)
    if case.path[-1] in ("key", "value"):
        return asked | {case.path[0]: value}
    if case.path[1:2] == ("S3Object",):
        value = {"S3Object": {"Bucket": "mien-none", "Name": "a.jpg"} | {case.path[2]: value}}
    elif case.path[1:]:
        value = {case.path[1]: value}
    if case.operation == "SearchUsers" and case.path == ("FaceId",):
        asked.pop("UserId")
    changed = asked | {case.path[0]: value}
    return {name: one for name, one in changed.items() if one is not None}


def try_all(wire: Endpoint, operation: str, *, is_within: bool) -> Iterator[tuple[Case, str, str]]:
    """Each case with the error it met, if any, and the error's message."""
    collection_id = wire.name("made" if operation == "CreateCollection" else "nowhere")
    photo = wire.photos.of(DAD)
    asked = least(operation, collection=collection_id, photo=photo)
    for case in iter_cases(operation):
        if case.is_within is not is_within or (_is_trait(case) and not wire.is_aws):
            continue
        request = put(case, dict(asked), photo=photo)
        try:
            ask(wire.unchecked, operation, **request)
        except ClientError as refused:
            yield case, refused.response["Error"]["Code"], refused.response["Error"]["Message"]
        else:
            yield case, "", ""
            if operation == "CreateCollection":
                wire.drop(request["CollectionId"])


@pytest.mark.parametrize("operation", sorted(SUPPORTED))
def test_what_is_beyond_a_limit_is_refused(wire: Endpoint, operation: str) -> None:
    refused = BEYOND | ({"ValidationException"} if wire.is_aws else set())
    let_in = [
        f"{case.name}: {code or 'answered'} {message}"
        for case, code, message in try_all(wire, operation, is_within=False)
        if code not in (TOO_LARGE if is_photo(case) else refused)
    ]
    assert not let_in, "\n".join(let_in)


@pytest.mark.parametrize("operation", sorted(SUPPORTED))
def test_what_is_at_the_edge_of_a_limit_is_let_in(wire: Endpoint, operation: str) -> None:
    kept_out = [
        f"{case.name}: {code} {message}"
        for case, code, message in try_all(wire, operation, is_within=True)
        if code in REFUSALS
    ]
    assert not kept_out, "\n".join(kept_out)


def _is_trait(case: Case) -> bool:
    """Mien has an answer of its own to these: see test_images.py."""
    return case.path[0].endswith("Attributes") and case.what.removeprefix("item ") in TRAITS


def is_photo(case: Case) -> bool:
    return case.path[-1] == "Bytes" and case.what == "too much"
