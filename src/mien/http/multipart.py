"""Forms with files, read as they come: nothing is held but what was not handed on yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

_LONGEST_FIELD_BYTES = 10_000
_LONGEST_BOUNDARY = 70


class MalformedFormError(Exception):
    """The body is not what a form with files looks like."""


class FormSink(Protocol):
    """What takes in the parts of a form, in the order they come."""

    def take_field(self, name: str, value: str) -> None: ...

    def begin_file(self, name: str) -> None:
        """The name is what the sender calls the file."""

    def write(self, content: bytes) -> None:
        """More of the file that was begun last."""

    def end_file(self) -> None: ...


def find_boundary(content_type: str) -> bytes | None:
    """What stands between the parts, where the type says it."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    is_usable = kind == b"multipart/form-data" and 0 < len(boundary) <= _LONGEST_BOUNDARY
    return boundary if is_usable else None


class FormReader:
    """Hands the parts of one form to a sink."""

    def __init__(self, boundary: bytes, sink: FormSink) -> None:
        self._sink = sink
        self._header = (b"", b"")
        self._disposition = b""
        self._name = ""
        self._is_file = False
        self._value = b""
        self._has_ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": _cutting(self._add_header_name),
                "on_header_value": _cutting(self._add_header_value),
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": _cutting(self._take_data),
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
        )

    def feed(self, content: bytes) -> None:
        """Raises `MalformedFormError`, and whatever the sink does."""
        try:
            self._parser.write(content)
        except FormParserError as error:
            raise MalformedFormError("its parts are not set apart as it says") from error

    def finish(self) -> None:
        """Raises `MalformedFormError` where the end of the form is lacking."""
        if not self._has_ended:
            raise MalformedFormError("it ends before its last part does")

    def _begin_part(self) -> None:
        self._disposition, self._value = b"", b""

    def _add_header_name(self, piece: bytes) -> None:
        name, value = self._header
        self._header = (name + piece, value)

    def _add_header_value(self, piece: bytes) -> None:
        name, value = self._header
        self._header = (name, value + piece)

    def _end_header(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._disposition = value
        self._header = (b"", b"")

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition.decode("latin-1"))
        if b"name" not in options:
            raise MalformedFormError("a part has no name")
        self._name = options[b"name"].decode(errors="replace")
        self._is_file = b"filename" in options
        if self._is_file:
            self._sink.begin_file(options[b"filename"].decode(errors="replace"))

    def _take_data(self, piece: bytes) -> None:
        if self._is_file:
            self._sink.write(piece)
            return
        self._value += piece
        if len(self._value) > _LONGEST_FIELD_BYTES:
            raise MalformedFormError(f"a field is longer than {_LONGEST_FIELD_BYTES:,} bytes")

    def _end_part(self) -> None:
        if self._is_file:
            self._sink.end_file()
        else:
            self._sink.take_field(self._name, self._value.decode(errors="replace"))

    def _end(self) -> None:
        self._has_ended = True


def _cutting(take: Callable[[bytes], None]) -> Callable[[bytes, int, int], None]:
    """As the parser tells of a piece: by where it begins and ends."""
    return lambda content, start, end: take(content[start:end])
