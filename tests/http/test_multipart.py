"""Forms with files, read in pieces of any size, and whatever else calls itself one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.http.multipart import FormReader, MalformedFormError, find_boundary

BOUNDARY = b"between"
FORM = (
    b'--between\r\nContent-Disposition: form-data; name="grant"\r\n\r\ng-1\r\n'
    b"--between\r\nContent-Disposition: form-data; "
    b'name="photos"; filename="\xc3\xa9t\xc3\xa9.jpg"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n\xff\xd8 bytes \r\n--betwee\x00\r\n"
    b'--between\r\ncontent-disposition: form-data; name="photos"; filename=""\r\n\r\n\r\n'
    b"--between--\r\n"
)
READ = [
    ("grant", b"g-1"),
    ("file", "été.jpg", b"\xff\xd8 bytes \r\n--betwee\x00"),
    ("file", "", b""),
]


class Sink:
    """Remembers what was handed on."""

    def __init__(self) -> None:
        self.parts: list[tuple[object, ...]] = []
        self.name = ""
        self.content = b""

    def take_field(self, name: str, value: str) -> None:
        self.parts.append((name, value.encode()))

    def begin_file(self, name: str) -> None:
        self.name, self.content = name, b""

    def write(self, content: bytes) -> None:
        self.content += content

    def end_file(self) -> None:
        self.parts.append(("file", self.name, self.content))


def read(form: bytes, *, piece: int = 1_000) -> list[tuple[object, ...]]:
    sink = Sink()
    reader = FormReader(BOUNDARY, sink)
    for start in range(0, len(form), piece):
        reader.feed(form[start : start + piece])
    reader.finish()
    return sink.parts


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64, 1_000])
def test_a_form_is_read_alike_however_it_comes(piece: int) -> None:
    assert read(FORM, piece=piece) == READ


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"something else", id="no form"),
        pytest.param(FORM[:-15], id="cut in the end"),
        pytest.param(FORM[:150], id="cut in a part"),
        pytest.param(FORM.replace(b'name="grant"', b"title=grant"), id="nameless"),
        pytest.param(FORM.replace(b"Content-Disposition", b"X"), id="without disposition"),
        pytest.param(FORM.replace(b"g-1", b"g" * 10_001), id="long field"),
        pytest.param(FORM.replace(b"\r\n\r\n", b"\r\n" * 1), id="without blank line"),
        pytest.param(b"--between\r\n" + b"X: y\r\n" * 100 + b"\r\n", id="many headers"),
        pytest.param(b"--between\r\nX: " + b"y" * 100_000, id="long header"),
    ],
)
def test_what_is_no_form_is_told(form: bytes) -> None:
    with pytest.raises(MalformedFormError):
        read(form)


@given(st.binary(max_size=500), st.integers(0, len(FORM)))
def test_whatever_comes_it_is_read_or_told(noise: bytes, at: int) -> None:
    try:
        parts = read(FORM[:at] + noise + FORM[at:])
    except MalformedFormError:
        return
    assert len(parts) >= 1


@pytest.mark.parametrize(
    ("kind", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('Multipart/Form-Data; boundary="a b"', b"a b"),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary=", None),
        (f"multipart/form-data; boundary={'x' * 71}", None),
        ("application/json; boundary=abc", None),
        ("", None),
    ],
)
def test_the_boundary_is_what_the_type_says(kind: str, boundary: bytes | None) -> None:
    assert find_boundary(kind) == boundary
