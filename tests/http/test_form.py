"""Forms of visitors: read within limits and in memory, and told plainly where they cannot be."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from mien.http.form import Form, _read
from mien.http.problem import ProblemError

PLAIN = "application/x-www-form-urlencoded"
FILES = "multipart/form-data; boundary=between"
MOST = 2 << 20
NAMES = st.text(st.characters(codec="utf-8", exclude_characters='"\r\n\\\0%'), min_size=1)


def read(content: bytes, kind: str = PLAIN, *, piece: int = 0, most: int = MOST) -> Form:
    """The form as a route gets it, sent at once or in pieces of so many bytes."""
    size = piece or max(1, len(content))
    pieces = [content[at : at + size] for at in range(0, len(content), size)] or [b""]
    sent = iter(enumerate(pieces, start=1))

    async def receive() -> Message:
        number, body = next(sent)
        return {"type": "http.request", "body": body, "more_body": number < len(pieces)}

    headers = [(b"content-type", kind.encode())] if kind else []
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    return asyncio.run(_read(Request(scope, receive), most))


def try_to_read(content: bytes, kind: str) -> Form | None:
    """The form; nothing where it is told that it cannot be read. Any other error is raised."""
    try:
        return read(content, kind)
    except ProblemError as problem:
        if (problem.status, problem.code) != (400, "malformed-form"):
            raise
        return None


def part(name: str, content: bytes, *, file: str = "") -> bytes:
    named = f'; filename="{file}"' if file else ""
    head = f'--between\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def whole(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--between--\r\n"


def test_a_field_that_was_left_out_is_empty_and_not_ticked() -> None:
    form = read(b"name=Ann&empty=")
    assert (form.text("name"), form.text("empty"), form.text("other")) == ("Ann", "", "")
    assert [form.is_ticked(name) for name in ("name", "empty", "other")] == [True, True, False]
    assert form.file("name") == b""


@pytest.mark.parametrize("piece", [0, 1, 7])
def test_a_form_is_read_alike_however_it_comes(piece: int) -> None:
    assert read(b"name=Ann+Ek&words=one%0Atwo", piece=piece).texts == {
        "name": "Ann Ek",
        "words": "one\ntwo",
    }
    sent = whole(part("name", "Zoë".encode()), part("selfie", b"\x89PNG\r\n", file="a.png"))
    form = read(sent, FILES, piece=piece)
    assert (form.texts, form.files) == ({"name": "Zoë"}, {"selfie": b"\x89PNG\r\n"})


def test_a_file_that_was_not_chosen_is_empty() -> None:
    sent = b'--between\r\nContent-Disposition: form-data; name="selfie"; filename=""\r\n\r\n\r\n'
    assert read(whole(sent), FILES).file("selfie") == b""


@given(st.dictionaries(NAMES, st.text(st.characters(codec="utf-8")), max_size=8))
@settings(max_examples=40)
def test_what_was_typed_comes_as_it_was_typed(texts: dict[str, str]) -> None:
    assert read(urlencode(texts).encode()).texts == texts


@given(st.dictionaries(NAMES, st.binary(max_size=200), min_size=1, max_size=1))
@settings(max_examples=40)
def test_a_file_comes_byte_for_byte(files: dict[str, bytes]) -> None:
    ((name, content),) = files.items()
    if b"--between" not in content:
        assert read(whole(part(name, content, file="f")), FILES).file(name) == content


@given(st.binary(max_size=300), st.sampled_from([PLAIN, FILES, "", "text/plain"]))
@settings(max_examples=80)
def test_whatever_comes_it_is_read_or_told_plainly(noise: bytes, kind: str) -> None:
    form = try_to_read(noise, kind)
    assert form is None or all(isinstance(text, str) for text in form.texts.values())


# What was begun of a file and never ended lies in memory alone, and goes with it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@given(st.binary(max_size=60), st.integers(0, 200))
@settings(max_examples=80)
def test_noise_in_the_middle_of_a_form_is_read_or_told_plainly(noise: bytes, at: int) -> None:
    sent = whole(part("name", b"Ann"), part("selfie", b"\x89PNG", file="a.png"))
    form = try_to_read(sent[:at] + noise + sent[at:], FILES)
    assert form is None or len(form.texts) + len(form.files) <= 2 + noise.count(b"--between")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(b"\xff=\xfe", PLAIN, id="no text"),
        pytest.param(b"&".join(b"a%d=1" % n for n in range(41)), PLAIN, id="many fields"),
        pytest.param(whole(*(part(f"a{n}", b"1") for n in range(41))), FILES, id="many parts"),
        pytest.param(whole(part("a", b"1" * 32_769)), FILES, id="a long field"),
        pytest.param(
            whole(part("a", b"1", file="a"), part("b", b"2", file="b")), FILES, id="two files"
        ),
        pytest.param(whole(part("a", b"1")), "multipart/form-data", id="no boundary"),
        pytest.param(b"--between\r\n\r\n1\r\n--between--\r\n", FILES, id="nameless"),
        pytest.param(b"between", FILES, id="no form"),
    ],
)
def test_what_cannot_be_read_says_to_open_the_page_again(content: bytes, kind: str) -> None:
    with pytest.raises(ProblemError, match="Open the page again") as raised:
        read(content, kind)
    assert (raised.value.status, raised.value.code) == (400, "malformed-form")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(b"&".join(b"a%d=1" % n for n in range(40)), PLAIN, id="fields"),
        pytest.param(whole(*(part(f"a{n}", b"1") for n in range(40))), FILES, id="parts"),
    ],
)
def test_forty_fields_are_no_problem(content: bytes, kind: str) -> None:
    assert len(read(content, kind).texts) == 40


@pytest.mark.parametrize("piece", [0, 1000])
@pytest.mark.parametrize("kind", [PLAIN, FILES])
def test_a_byte_too_many_is_told_with_what_to_do(kind: str, piece: int) -> None:
    sent = whole(part("a", b"1" * 5_000, file="f")) if kind == FILES else b"a=" + b"1" * 5_000
    read(sent, kind, piece=piece, most=len(sent))
    with pytest.raises(ProblemError, match="Choose a smaller photo") as raised:
        read(sent, kind, piece=piece, most=len(sent) - 1)
    assert (raised.value.status, raised.value.code) == (413, "too-many-bytes")


def test_of_a_field_that_comes_twice_the_last_counts() -> None:
    assert read(b"a=1&a=2").text("a") == "2"
    assert read(whole(part("a", b"1"), part("a", b"2")), FILES).text("a") == "2"


def test_what_the_sender_calls_a_file_is_not_kept() -> None:
    form = read(whole(part("selfie", b"x", file="Ann Ek at home.png")), FILES)
    assert "Ann Ek" not in repr(form)
