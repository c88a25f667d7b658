"""A store of objects on this machine, for photos that a request names and does not bring."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from mien.testing import draw_photo
from rekognition.conformance.photos import ANN, DAD

BUCKET = "mien-conformance"
NAME, OLD = "album/Ann & Dad.png", "version-1"


def make_objects() -> dict[tuple[str, str], bytes]:
    """One photo in two versions: the older shows one person, the newer two."""
    path = f"/{BUCKET}/{NAME}"
    return {(path, OLD): draw_photo(DAD, seed=3), (path, ""): draw_photo(DAD, ANN, seed=4)}


class _Handler(BaseHTTPRequestHandler):
    """Gives what anybody may read, as a public bucket does."""

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        version = parse_qs(asked.query).get("versionId", [""])[0]
        content = make_objects().get((unquote(asked.path), version))
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_: object) -> None:
        """Nothing into the tests' own output."""


@contextmanager
def serving_objects(folder: Path) -> Iterator[Path]:
    """The file that names the store to Mien's server, as long as it answers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        path = folder / "stores.toml"
        path.write_text(
            f'[[store]]\nbuckets = ["{BUCKET}"]\nendpoint = "http://127.0.0.1:{server.server_port}"\n',
            encoding="utf-8",
        )
        path.chmod(0o600)
        try:
            yield path
        finally:
            server.shutdown()
