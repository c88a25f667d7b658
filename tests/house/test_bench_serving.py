"""The bench of the server asks as it says: in turn, at a pace, and with bodies that are whole."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from email.parser import BytesParser
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from bench.load import Answer, Call, Client, keep_asking, keep_pace, make_form, quantile_ms
from bench.serving import _make_faces, _make_wrong

KEY = "a key"


class Desk(ThreadingHTTPServer):
    """Answers one request at a time, each after `pause_s`; `/full` says when to come back."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.daemon_threads = True
        self.pause_s = 0.0
        self.asked: list[tuple[str, str, bytes]] = []
        self.turn = threading.Lock()


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Desk

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.server.turn:
            self.server.asked.append((self.path, self.headers["Authorization"], body))
            time.sleep(self.server.pause_s)
        self.send_response(503 if self.path == "/full" else 200)
        if self.path == "/full":
            self.send_header("Retry-After", "2")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk() as server:
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def connect_to(desk: Desk) -> Client:
    return Client(f"http://127.0.0.1:{desk.server_address[1]}", KEY)


def test_a_closed_loop_sends_the_calls_in_turn_and_no_more_than_asked(desk: Desk) -> None:
    calls = [Call("GET", "/a"), Call("POST", "/full", b"body", "text/plain")]
    answers = keep_asking(partial(connect_to, desk), calls, clients=3, seconds=20, most=10)
    assert sorted(path for path, _, _ in desk.asked) == ["/a"] * 5 + ["/full"] * 5
    assert {said for _, said, _ in desk.asked} == {f"Bearer {KEY}"}
    told = {(answer.status, answer.retry_after, answer.body) for answer in answers}
    assert told == {(200, None, b"ok"), (503, "2", b"ok")}


def test_a_closed_loop_ends_with_its_time(desk: Desk) -> None:
    desk.pause_s = 0.02
    answers = keep_asking(partial(connect_to, desk), [Call("GET", "/")], clients=2, seconds=0.3)
    assert 5 <= len(answers) <= 17


def test_an_open_loop_counts_from_when_a_call_was_due(desk: Desk) -> None:
    """Calls come twice as fast as they are answered: those at the end have waited long."""
    desk.pause_s = 0.02
    answers = keep_pace(
        partial(connect_to, desk), [Call("GET", "/")], a_second=100, seconds=0.4, seed=3
    )
    assert len(answers) == 40
    assert quantile_ms(answers, 1.0) >= 150
    assert quantile_ms(answers, 0.0) >= 19


def test_a_server_that_does_not_answer_is_no_answer() -> None:
    answer = Client("http://127.0.0.1:1", KEY).send(Call("GET", "/"))
    assert answer.status is None


def test_a_form_has_its_fields_and_files() -> None:
    form = make_form([("purpose", "bench")], [("photo", b"\xff\xd8\r\n--x"), ("photo", b"2")])
    head = b"Content-Type: " + form.content_type.encode() + b"\r\n\r\n"
    parts = list(BytesParser().parsebytes(head + form.body).walk())[1:]
    assert [part.get_param("name", header="Content-Disposition") for part in parts] == [
        *("purpose", "photo", "photo")
    ]
    assert [part.get_payload(decode=True) for part in parts] == [
        *(b"bench", b"\xff\xd8\r\n--x", b"2")
    ]


def test_quantiles_are_of_all_answers() -> None:
    answers = [Answer(200, seconds / 1000) for seconds in range(101)]
    assert quantile_ms(answers, 0.99) == pytest.approx(99)


def test_faces_that_are_asked_for_come_from_all_over_the_collection(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as catalog, catalog:
        catalog.execute("CREATE TABLE faces (id INTEGER PRIMARY KEY, uuid TEXT)")
        rows = [(number, f"face-{number:04}") for number in range(1, 1001)]
        catalog.executemany("INSERT INTO faces VALUES (?, ?)", rows)
    calls = _make_faces(tmp_path)
    assert len(calls) == 200
    assert b"face-0001" in calls[0].body
    assert b"face-0996" in calls[-1].body
    assert len({call.body for call in _make_wrong()}) >= 4
