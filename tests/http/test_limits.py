"""What a request may bring: how much, in how many parts, of which kind, and how slowly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.formparsers import MultiPartParser
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from mien.http.limits import BodyLimits, Limits, keep_forms_in_memory, limits_of
from mien.settings import Settings

LIMITS = Limits(
    body_bytes=1_000,
    photo_bytes=5_000,
    upload_bytes=20_000,
    parts=3,
    upload_parts=6,
    headers=20,
    slow_s=0.2,
    least_a_second=1_000,
)
FORM = "multipart/form-data; boundary=between"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that says how much it was sent, and how it ended otherwise."""
    request = Request(scope, receive)
    length = 0
    try:
        async for content in request.stream():
            length += len(content)
    except Exception:  # noqa: BLE001  (as frameworks do with a body that they cannot read)
        await JSONResponse({"code": "of the application"}, 400)(scope, receive, send)
        return
    await JSONResponse({"length": length})(scope, receive, send)


class Talk:
    """One request, as a server would hand it on: pieces of a body, each after a pause."""

    def __init__(self, *pieces: bytes, **headers: str) -> None:
        self._pieces = list(pieces) or [b""]
        self.pause_s = 0.0
        self._headers = [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ]
        self.sent: list[Message] = []
        self.taken = 0

    def ask(self, *, path: str = "/v1/runs", method: str = "POST") -> tuple[int, dict[str, Any]]:
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": self._headers,
            "query_string": b"",
        }
        asyncio.run(BodyLimits(echo, limits=LIMITS)(scope, self._receive, self._send))
        body = b"".join(message.get("body", b"") for message in self.sent)
        assert self.sent[-1].get("more_body", False) is False
        assert [message["type"] for message in self.sent].count("http.response.start") == 1
        return int(self.sent[0]["status"]), dict(json.loads(body))

    async def _receive(self) -> Message:
        await asyncio.sleep(self.pause_s)
        if self.taken == len(self._pieces):
            return {"type": "http.disconnect"}
        self.taken += 1
        more = self.taken < len(self._pieces)
        return {"type": "http.request", "body": self._pieces[self.taken - 1], "more_body": more}

    async def _send(self, message: Message) -> None:
        self.sent.append(message)


def json_of(*pieces: bytes, **headers: str) -> Talk:
    return Talk(*pieces, content_type="application/json", transfer_encoding="chunked", **headers)


def form_of(*pieces: bytes, **headers: str) -> Talk:
    return Talk(*pieces, content_type=FORM, transfer_encoding="chunked", **headers)


@pytest.mark.parametrize(
    ("talk", "path", "most"),
    [
        (json_of, "/v1/runs", 1_000),
        (json_of, "/v1/uploads", 1_000),
        (form_of, "/v1/searches", 5_000),
        (form_of, "/v1/uploads", 20_000),
        (form_of, "/v1/uploads/", 20_000),
        (form_of, "/v1/uploads/other", 5_000),
    ],
)
@pytest.mark.parametrize("is_announced", ["with its length", ""])
def test_a_body_has_as_many_bytes_as_its_kind_may_have(
    talk: Any, path: str, most: int, is_announced: str
) -> None:
    for length, status in ((most, 200), (most + 1, 413)):
        pieces = [b"x" * min(500, length - start) for start in range(0, length, 500)]
        headers = {"content_length": str(length)} if is_announced else {}
        one = talk(*pieces, **headers)
        got, told = one.ask(path=path)
        assert got == status
        if status == 200:
            assert told == {"length": most}
        else:
            assert told["code"] == "too-many-bytes"
            assert f"{most:,} bytes" in told["detail"]


def test_what_is_announced_too_large_is_not_read_before_the_answer() -> None:
    one = json_of(b"x" * 10, b"y" * 10, content_length="1001")
    assert one.ask()[0] == 413
    # It is thrown away afterwards, so that the sender gets to see the answer.
    assert one.taken == 2


def test_a_length_that_is_a_lie_changes_nothing() -> None:
    status, told = json_of(b"x" * 600, b"x" * 600, content_length="10").ask()
    assert (status, told["code"]) == (413, "too-many-bytes")


@pytest.mark.parametrize("size", [1, 3, 17, 4_000])
def test_parts_are_counted_however_they_come(size: int) -> None:
    part = b'--between\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
    for number, status in ((3, 200), (4, 413)):
        form = part * number + b"--between--\r\n"
        pieces = [form[start : start + size] for start in range(0, len(form), size)]
        got, told = form_of(*pieces).ask(path="/v1/searches")
        assert got == status
        if status == 413:
            assert told["code"] == "too-many-parts"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("application/JSON; charset=utf-8", 200),
        ("application/merge-patch+json", 200),
        ("application/x-www-form-urlencoded", 200),
        ("image/jpeg", 200),
        (FORM, 200),
        ("multipart/form-data", 400),
        ("text/plain", 415),
        ("text/xml", 415),
        ("application/zip", 415),
        ("application/octet-stream", 415),
        ("multipart/mixed; boundary=between", 415),
        ("", 415),
    ],
)
def test_only_kinds_that_are_read_are_taken(kind: str, status: int) -> None:
    assert Talk(b"x", content_type=kind, content_length="1").ask()[0] == status


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, identity"])
def test_nothing_is_unpacked(coding: str) -> None:
    status, told = json_of(b"x", content_encoding=coding).ask()
    assert (status, told["code"]) == (415, "wrong-content-type")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_who_brings_nothing_is_asked_for_no_kind(method: str) -> None:
    assert Talk().ask(method=method)[0] == 200
    assert Talk(content_length="0").ask(method="POST")[0] == 200


def test_a_request_has_so_many_headers() -> None:
    many = {f"x_{number}": "y" for number in range(21)}
    status, told = Talk(**many).ask(method="GET")
    assert (status, told["code"]) == (431, "too-many-headers")


@pytest.mark.parametrize(
    ("pieces", "pause_s", "status"),
    [
        pytest.param([b"x"] * 20, 0.05, 408, id="drop by drop"),
        pytest.param([b"x", b"y"], 0.5, 408, id="nothing for long"),
        pytest.param([b"x" * 90] * 10, 0.05, 200, id="slow and steady"),
        pytest.param([b"x" * 500, b"y"], 0.15, 200, id="a pause"),
    ],
)
def test_a_body_that_comes_too_slowly_is_cut_off(
    pieces: list[bytes], pause_s: float, status: int
) -> None:
    one = json_of(*pieces)
    one.pause_s = pause_s
    got, told = one.ask()
    assert got == status
    if status == 408:
        assert told["code"] == "too-slow"
        assert dict(one.sent[0]["headers"])[b"connection"] == b"close"


def test_what_an_application_takes_its_time_with_is_not_the_senders_fault() -> None:
    async def ponder(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(3):
            await receive()
            await asyncio.sleep(0.15)
        await JSONResponse({"length": 0})(scope, receive, send)

    one = json_of(b"x", b"y", b"z")
    scope = {"type": "http", "method": "POST", "path": "/", "headers": one._headers}
    asyncio.run(BodyLimits(ponder, limits=LIMITS)(scope, one._receive, one._send))
    assert one.sent[0]["status"] == 200


def test_an_answer_that_has_begun_is_not_another() -> None:
    """What breaks a limit after the answer began ends what reads it, and nothing more."""

    async def hasty(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}", "more_body": False})
        while (await receive())["type"] == "http.request":
            pass

    one = json_of(b"x" * 800, b"x" * 800)
    scope = {"type": "http", "method": "POST", "path": "/", "headers": one._headers}
    asyncio.run(BodyLimits(hasty, limits=LIMITS)(scope, one._receive, one._send))
    assert [message["type"] for message in one.sent] == [
        "http.response.start",
        "http.response.body",
    ]


@pytest.fixture
def _as_before() -> Iterator[None]:
    before = MultiPartParser.spool_max_size
    yield
    MultiPartParser.spool_max_size = before


@pytest.mark.usefixtures("_as_before")
def test_photos_of_a_form_are_never_written_to_a_temporary_file() -> None:
    keep_forms_in_memory(Limits())
    content = b"x" * (3 << 20)
    form = (
        b'--between\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
        + content
        + b"\r\n--between--\r\n"
    )

    async def read() -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": form, "more_body": False}

        scope = {
            "type": "http",
            "method": "POST",
            "headers": [(b"content-type", FORM.encode())],
        }
        async with Request(scope, receive).form() as read_form:
            upload = read_form["photo"]
            assert not isinstance(upload, str)
            assert not upload.file._rolled  # type: ignore[attr-defined]
            assert await upload.read() == content

    asyncio.run(read())


def test_an_operator_chooses_the_limits() -> None:
    settings = Settings(
        max_body_bytes=1, max_photos_bytes=2, max_upload_bytes=3, max_upload_files=4
    )
    chosen = limits_of(settings)
    assert (chosen.body_bytes, chosen.photo_bytes) == (1, 2)
    assert 3 < chosen.upload_bytes < 4 << 20
    assert chosen.upload_parts > 4


class Meeting:
    """An application that keeps what it was sent until it is told to answer."""

    def __init__(self) -> None:
        self.held = 0
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        content = b"".join([piece async for piece in Request(scope, receive).stream()])
        self.held += len(content)
        await self.may_answer.wait()
        await JSONResponse({"length": len(content)})(scope, receive, send)


async def post(app: BodyLimits, length: int, *, path: str, kind: str = FORM) -> tuple[int, str]:
    """How a body of so many bytes is answered."""
    pieces = [b"x" * min(500, length - start) for start in range(0, length, 500)]
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(0)
        if not pieces:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": pieces.pop(), "more_body": bool(pieces)}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", kind.encode()), (b"transfer-encoding", b"chunked")]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    await app({**scope, "query_string": b""}, receive, send)
    body = b"".join(message.get("body", b"") for message in sent)
    return int(sent[0]["status"]), str(json.loads(body).get("code", ""))


def meet(*lengths: int, path: str = "/v1/searches") -> tuple[list[tuple[int, str]], int]:
    """The answers to bodies that come at once, and how much was held of them at the most."""

    async def talk() -> tuple[list[tuple[int, str]], int]:
        meeting = Meeting()
        app = BodyLimits(meeting, limits=replace(LIMITS, held_bytes=9_000))
        asked = [asyncio.ensure_future(post(app, length, path=path)) for length in lengths]
        await asyncio.sleep(0.1)
        held = meeting.held
        meeting.may_answer.set()
        answers = list(await asyncio.gather(*asked))
        again = await post(app, 5_000, path=path)  # what was held is let go by now
        assert again == (200, "")
        return answers, held

    return asyncio.run(talk())


def test_all_that_is_held_at_once_has_so_many_bytes() -> None:
    """Bodies are read before it is known who sends them, so that strangers fill no memory."""
    answers, held = meet(*[3_000] * 8)
    assert held <= 9_000
    assert set(answers) == {(200, ""), (503, "busy")}
    assert 1 <= answers.count((200, "")) <= 3


def test_what_fits_is_taken_to_the_last_byte() -> None:
    assert meet(4_500, 4_500) == ([(200, ""), (200, "")], 9_000)


def test_one_that_is_turned_away_leaves_room_for_the_others() -> None:
    answers, held = meet(5_001, 4_000)
    assert sorted(answers) == [(200, ""), (413, "too-many-bytes")]
    assert held == 4_000


def test_what_goes_on_to_the_disk_takes_no_room() -> None:
    answers, _ = meet(*[15_000] * 4, path="/v1/uploads")
    assert answers == [(200, "")] * 4


def test_two_of_the_largest_always_fit() -> None:
    for most in (1 << 20, 1 << 30):
        limits = limits_of(Settings(max_photos_bytes=most))
        assert limits.held_bytes >= 2 * limits.photo_bytes
