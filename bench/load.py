"""Requests sent to a server: by so many clients in turn, or at a given rate whatever comes back.

A client keeps its connection. Bodies are made before anything is timed, and clients are
threads that do nothing but send and wait, so that the server has the machine nearly to itself.
"""

from __future__ import annotations

import http.client
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np

__all__ = ["Answer", "Call", "Client", "keep_asking", "keep_pace", "make_form", "quantile_ms"]

_TIMEOUT_S = 60.0
_WORKERS = 64


@dataclass(frozen=True, slots=True)
class Call:
    """One request, ready to be sent; `headers` are its own, beside those of every request."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call; no status where nothing came. `seconds` count from when it was due."""

    status: int | None
    seconds: float
    retry_after: str | None = None
    body: bytes = b""


class Client:
    """Asks one server with one key, over one connection, for one thread."""

    def __init__(self, origin: str, key: str) -> None:
        parts = urlsplit(origin)
        self._connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=_TIMEOUT_S
        )
        self._headers = {"Authorization": f"Bearer {key}"}

    def send(self, call: Call, *, due: float | None = None) -> Answer:
        """The answer, timed from `due` on where that was before it was sent."""
        began = time.perf_counter() if due is None else due
        headers = dict(self._headers)
        if call.content_type:
            headers["Content-Type"] = call.content_type
        headers |= call.headers
        try:
            self._connection.request(call.method, call.path, call.body or None, headers)
            response = self._connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return Answer(None, time.perf_counter() - began)
        seconds = time.perf_counter() - began
        return Answer(response.status, seconds, response.getheader("Retry-After"), body)

    def close(self) -> None:
        self._connection.close()


Connect = Callable[[], Client]


def keep_asking(
    connect: Connect, calls: Sequence[Call], *, clients: int, seconds: float, most: int = 0
) -> list[Answer]:
    """A closed loop: each client asks again as soon as it is answered.

    `calls` are sent in turn, until the time is up or `most` were sent, if that is said.
    """
    ends = time.perf_counter() + seconds
    numbers = iter(range(most or 10**9))
    turn = threading.Lock()

    def take() -> int | None:
        with turn:
            return next(numbers, None) if time.perf_counter() < ends else None

    def ask(answers: list[Answer]) -> None:
        client = connect()
        while (number := take()) is not None:
            answers.append(client.send(calls[number % len(calls)]))
        client.close()

    return _run_together([ask] * clients)


def keep_pace(
    connect: Connect, calls: Sequence[Call], *, a_second: float, seconds: float, seed: int
) -> list[Answer]:
    """An open loop: calls fall due at random moments, so many a second, and wait for nobody.

    What a call waits since no client is free counts as part of its time.
    """
    random = np.random.default_rng(seed)
    gaps = random.exponential(1 / a_second, max(1, round(a_second * seconds)))
    due_at = (time.perf_counter() + np.cumsum(gaps)).tolist()
    waiting: queue.SimpleQueue[tuple[Call, float] | None] = queue.SimpleQueue()

    def ask(answers: list[Answer]) -> None:
        client = connect()
        while (item := waiting.get()) is not None:
            answers.append(client.send(item[0], due=item[1]))
        client.close()

    def tell(answers: list[Answer]) -> None:
        del answers
        for number, due in enumerate(due_at):
            time.sleep(max(0.0, due - time.perf_counter()))
            waiting.put((calls[number % len(calls)], due))
        for _ in range(_WORKERS):
            waiting.put(None)

    return _run_together([tell, *[ask] * _WORKERS])


def _run_together(parts: Sequence[Callable[[list[Answer]], None]]) -> list[Answer]:
    answers: list[list[Answer]] = [[] for _ in parts]
    threads = [
        threading.Thread(target=part, args=(own,)) for part, own in zip(parts, answers, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answer for own in answers for answer in own]


def make_form(fields: Iterable[tuple[str, str]], files: Iterable[tuple[str, bytes]]) -> Call:
    """A multipart body without an address: `replace` it. Files are JPEGs."""
    boundary = "mien-bench-7d8c1f0a"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    for number, (name, content) in enumerate(files):
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; '
        head += f'filename="{number}.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
    return Call("POST", "", body, f"multipart/form-data; boundary={boundary}")


def quantile_ms(answers: Sequence[Answer], share: float) -> float:
    """The milliseconds within which that share of the calls was answered."""
    return float(np.quantile([answer.seconds for answer in answers], share)) * 1000
