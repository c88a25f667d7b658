"""Forms of strangers: read within limits, kept in memory, and told plainly where they are none."""

from __future__ import annotations

import asyncio
import tempfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from mien.http.form import Form, reads_form
from mien.http.problem import ProblemError

MOST = 10_000
MULTIPART = "multipart/form-data; boundary=between"
URLENCODED = "application/x-www-form-urlencoded"


def read(*pieces: bytes, kind: str = URLENCODED, most: int = MOST) -> Form:
    """The form, as it comes over the wire in these pieces."""
    waiting = iter([*pieces, b""])

    async def receive() -> Message:
        piece = next(waiting)
        return {"type": "http.request", "body": piece, "more_body": bool(piece)}

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "headers": [(b"content-type", kind.encode("latin-1"))],
    }
    reader = reads_form(max_bytes=most).dependency
    form: Form = asyncio.run(reader(Request(scope, receive)))
    return form


def part(name: str, content: bytes, *, filename: str | None = None) -> bytes:
    said = f'form-data; name="{name}"' + ("" if filename is None else f'; filename="{filename}"')
    return f"--between\r\nContent-Disposition: {said}\r\n\r\n".encode() + content + b"\r\n"


def form_of(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--between--\r\n"


def test_what_was_written_and_what_was_ticked() -> None:
    form = read(b"name=Ann+Ek&note=&agreed=yes&umlaut=%C3%A4")
    assert (form.text("name"), form.text("note"), form.text("umlaut")) == ("Ann Ek", "", "ä")
    assert form.text("left out") == ""
    assert (form.is_ticked("agreed"), form.is_ticked("note"), form.is_ticked("other")) == (
        True,
        True,
        False,
    )
    assert form.file("selfie") == b""


def test_a_file_comes_as_its_bytes_and_texts_beside_it() -> None:
    content = bytes(range(256)) * 4
    body = form_of(part("name", b"Ann"), part("selfie", content, filename="a.jpg"))
    form = read(body, kind=MULTIPART)
    assert (form.text("name"), form.file("selfie")) == ("Ann", content)


def test_where_nothing_was_chosen_there_is_no_file() -> None:
    form = read(form_of(part("selfie", b"", filename="")), kind=MULTIPART)
    assert form.file("selfie") == b""


@given(content=st.binary(max_size=3000), size=st.integers(1, 400))
def test_it_makes_no_difference_in_which_pieces_it_comes(content: bytes, size: int) -> None:
    body = form_of(part("selfie", content.replace(b"--between", b""), filename="a"))
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    assert read(*pieces, kind=MULTIPART) == read(body, kind=MULTIPART)


@pytest.mark.parametrize("kind", [URLENCODED, "", "text/plain", MULTIPART])
def test_it_has_so_many_bytes_at_the_most(kind: str) -> None:
    pieces = [b"a" * 1000] * 11
    with pytest.raises(ProblemError) as told:
        read(*pieces, kind=kind)
    assert told.value.code in {"too-many-bytes", "malformed-form"}
    if kind != MULTIPART:
        assert (told.value.status, told.value.code) == (413, "too-many-bytes")


def test_a_file_that_is_too_large_is_told_as_one() -> None:
    body = form_of(part("selfie", b"x" * MOST, filename="a"))
    with pytest.raises(ProblemError) as told:
        read(*[body[start : start + 500] for start in range(0, len(body), 500)], kind=MULTIPART)
    assert (told.value.status, told.value.code) == (413, "too-many-bytes")
    fits = form_of(part("selfie", b"x" * (MOST - 200), filename="a"))
    assert len(read(fits, kind=MULTIPART).file("selfie")) == MOST - 200


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (URLENCODED, b"\xff=1"),
        (URLENCODED, b"&".join(b"f%d=1" % number for number in range(41))),
        (MULTIPART, b"no form at all"),
        ("multipart/form-data", form_of(part("a", b"b"))),
        (MULTIPART, form_of(*(part(f"f{number}", b"1") for number in range(41)))),
        (MULTIPART, form_of(part("a", b"1", filename="a"), part("b", b"2", filename="b"))),
        (MULTIPART, form_of(b"--between\r\nContent-Disposition: form-data\r\n\r\nx\r\n")),
    ],
)
def test_what_is_no_form_is_told(kind: str, body: bytes) -> None:
    with pytest.raises(ProblemError, match="could not be read") as told:
        read(body, kind=kind)
    assert (told.value.status, told.value.code) == (400, "malformed-form")


def test_a_text_is_no_longer_than_a_letter() -> None:
    with pytest.raises(ProblemError):
        read(form_of(part("note", b"x" * (33 * 1024))), kind=MULTIPART, most=100_000)
    kept = read(form_of(part("note", b"x" * (31 * 1024))), kind=MULTIPART, most=100_000)
    assert len(kept.text("note")) == 31 * 1024


def test_nothing_of_a_file_is_written_to_a_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A selfie must not lie in a temporary file, whatever its size."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a temporary file was made")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr(tempfile, "_TemporaryFileWrapper", refuse)
    content = b"y" * (3 << 20)
    body = form_of(part("selfie", content, filename="a"))
    pieces = [body[start : start + 65_536] for start in range(0, len(body), 65_536)]
    assert read(*pieces, kind=MULTIPART, most=4 << 20).file("selfie") == content


def test_the_last_of_two_fields_counts() -> None:
    assert read(b"a=1&a=2").text("a") == "2"
    assert read(form_of(part("a", b"1"), part("a", b"2")), kind=MULTIPART).text("a") == "2"


@pytest.mark.parametrize("end", [10, 60, 200, -20])
def test_a_field_that_breaks_off_is_not_half_kept(end: int) -> None:
    body = form_of(part("name", b"Ann"), part("note", b"x" * 500))
    form = read(body[:end], kind=MULTIPART)
    assert form.text("name") in {"", "Ann"}
    assert form.text("note") == ""
