"""A server on this machine that stands for the internet, and can be told how to misbehave."""

from __future__ import annotations

import http.server
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Site:
    """What the server gives, and how; `asked` are the Range headers it heard."""

    content: bytes
    gives_parts: bool = True
    breaks_off_after: list[int] = field(default_factory=list)
    announces: int | None = None
    pause_s: float = 0.0
    chunk_bytes: int = 1 << 20
    location: str = ""
    range_said: str = ""
    asked: list[str | None] = field(default_factory=list)
    url: str = ""


class _Server(http.server.ThreadingHTTPServer):
    site: Site


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        site = self.server.site
        wanted = self.headers.get("Range")
        site.asked.append(wanted)
        if site.location:
            self._redirect(site.location)
            return
        match = re.fullmatch(r"bytes=(\d+)-", wanted or "") if site.gives_parts else None
        start = int(match[1]) if match else 0
        if match and start >= len(site.content):
            self.send_error(416)
            return
        self._send(site, start, is_part=match is not None)

    def _send(self, site: Site, start: int, *, is_part: bool) -> None:
        rest = site.content[start:]
        self.send_response(206 if is_part else 200)
        announced = len(rest) if site.announces is None else site.announces
        if announced >= 0:
            self.send_header("Content-Length", str(announced))
        if is_part:
            end = len(site.content)
            self.send_header("Content-Range", site.range_said or f"bytes {start}-{end - 1}/{end}")
        self.end_headers()
        if site.breaks_off_after:
            rest = rest[: site.breaks_off_after.pop(0)]
        for at in range(0, len(rest), site.chunk_bytes):
            time.sleep(site.pause_s)
            self.wfile.write(rest[at : at + site.chunk_bytes])

    def _redirect(self, place: str) -> None:
        self.send_response(302)
        self.send_header("Location", place)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its own name
        """Say nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            """Whoever was asking hung up."""


@contextmanager
def serving(content: bytes) -> Iterator[Site]:
    """A site on the loopback until the end."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.site = Site(content)
    server.site.url = f"http://127.0.0.1:{server.server_address[1]}/file"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
