"""Members of requests: what each may hold, said once, read and checked here.

An SDK checks presence, types and minimums, and sends everything else as it is. A request is
a frozen dataclass whose fields are made with `member`; `read` makes one of a document. The
tables of docs/guide/rekognition.md are made from the same fields.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, Protocol, TypeVar

from mien.rekognition.errors import Code, ServiceError, invalid

Request = TypeVar("Request")


class Kind(Protocol):
    """What a member may hold."""

    def read(self, value: object, *, at: str) -> Any:  # noqa: ANN401  (a value of the kind)
        """The value as requests hold it. Raises `ServiceError`, naming the member."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string of so many characters, all of it as the pattern says."""

    least: int = 0
    most: int | None = None
    pattern: str = ""

    def read(self, value: object, *, at: str) -> str:
        text = _expect(value, str, at=at)
        _check_length(len(text), least=self.least, most=self.most, at=at)
        if self.pattern and not re.fullmatch(self.pattern, text):
            raise invalid(f"'{at}' must match {self.pattern}.")
        return text


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds, both included."""

    least: int = 0
    most: int | None = None

    def read(self, value: object, *, at: str) -> int:
        number = _expect(value, int, at=at)
        _check_bounds(number, least=self.least, most=self.most, at=at)
        return number


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds, both included."""

    least: float = 0.0
    most: float | None = None

    def read(self, value: object, *, at: str) -> float:
        number = _expect(value, int if isinstance(value, int) else float, at=at)
        # First the bounds: there are whole numbers that no float holds.
        _check_bounds(number, least=self.least, most=self.most, at=at)
        return float(number)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    values: tuple[str, ...]

    def read(self, value: object, *, at: str) -> str:
        text = _expect(value, str, at=at)
        if text not in self.values:
            raise invalid(f"'{at}' must be one of {', '.join(self.values)}.")
        return text


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes, which travel as Base64. One that is too large is an image that is too large."""

    least: int = 0
    most: int | None = None

    def read(self, value: object, *, at: str) -> bytes:
        text = _expect(value, str, at=at)
        try:
            content = base64.b64decode(text.encode(), validate=True)
        except (binascii.Error, ValueError) as error:
            raise _malformed(at) from error
        if len(content) < self.least:
            raise invalid(f"'{at}' is empty.")
        if self.most is not None and len(content) > self.most:
            raise ServiceError(Code.IMAGE_TOO_LARGE, "Image size is too large.")
        return content


@dataclass(frozen=True, slots=True)
class Many:
    """A list of so many values of one kind."""

    kind: Kind
    least: int = 0
    most: int | None = None

    def read(self, value: object, *, at: str) -> tuple[Any, ...]:
        values = _expect(value, list, at=at)
        _check_length(len(values), least=self.least, most=self.most, at=at)
        return tuple(
            self.kind.read(one, at=f"{at}.{number}") for number, one in enumerate(values, 1)
        )


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping from text to text, of so many entries."""

    key: Text
    value: Text
    least: int = 0
    most: int | None = None

    def read(self, value: object, *, at: str) -> Mapping[str, str]:
        entries = _expect(value, dict, at=at)
        _check_length(len(entries), least=self.least, most=self.most, at=at)
        return {
            self.key.read(key, at=f"{at}.key"): self.value.read(one, at=f"{at}.value")
            for key, one in entries.items()
        }


@dataclass(frozen=True, slots=True)
class Group:
    """Members within a member: a dataclass of them."""

    type: type

    def read(self, value: object, *, at: str) -> Any:  # noqa: ANN401  (of the type)
        return read(self.type, _expect(value, dict, at=at), at=f"{at}.")


def member(name: str, kind: Kind, *, default: Any = MISSING) -> Any:  # noqa: ANN401  (any field)
    """A field of a request; one without a default must be sent."""
    return field(default=default, metadata={"name": name, "kind": kind})


def members_of(request: type) -> Sequence[Field[Any]]:
    """The fields that were made with `member`, in order."""
    return [one for one in fields(request) if "kind" in one.metadata]


def read(request: type[Request], document: Mapping[str, object], *, at: str = "") -> Request:
    """The request of a document. Raises `ServiceError` for the first member that is wrong.

    Members that are null count as not sent, and unknown ones as not there.
    """
    values: dict[str, object] = {}
    for one in members_of(request):
        name, kind = one.metadata["name"], one.metadata["kind"]
        value = document.get(name)
        if value is not None:
            values[one.name] = kind.read(value, at=f"{at}{name}")
        elif one.default is MISSING:
            raise invalid(f"'{at}{name}' must not be missing.")
    return request(**values)


Expected = TypeVar("Expected")


def _expect(value: object, kind: type[Expected], *, at: str) -> Expected:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _malformed(at)
    return value


def _malformed(at: str) -> ServiceError:
    return ServiceError(Code.MALFORMED, f"'{at}' is of the wrong type.")


def _check_length(size: int, *, least: int, most: int | None, at: str) -> None:
    if size < least or (most is not None and size > most):
        bounds = f"at least {least}" if most is None else f"from {least} to {most}"
        raise invalid(f"'{at}' must have a length of {bounds}.")


def _check_bounds(number: float, *, least: float, most: float | None, at: str) -> None:
    if not number >= least or (most is not None and not number <= most):
        bounds = f"at least {least:g}" if most is None else f"from {least:g} to {most:g}"
        raise invalid(f"'{at}' must be {bounds}.")
