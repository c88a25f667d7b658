"""Where the server listens, and under which conditions it may listen there.

On this machine alone it needs nothing. For others to reach it, what goes over the wire is
encrypted, by a certificate given here or by a proxy that is declared, and people are told
who is responsible and where to turn to.
"""

from __future__ import annotations

import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp

from mien.errors import SettingsError
from mien.settings import Settings

_GRACE_S = 10
_KEEP_ALIVE_S = 10
_CONNECTIONS = 256
_STOPS = (signal.SIGINT, signal.SIGTERM)
_HEAD_BYTES = 32 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen. `proxy_origin` is how a declared proxy is reached from outside.

    Port 0 is any that is free.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    certificate: Path | None = None
    certificate_key: Path | None = None
    proxy_origin: str = ""

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def is_secure(self) -> bool:
        return self.certificate is not None or self.proxy_origin.startswith("https:")

    def origin_at(self, port: int) -> str:
        """How the server is reached, once it listens on this port."""
        if self.proxy_origin:
            return self.proxy_origin.rstrip("/")
        scheme = "https" if self.certificate else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{port}"


def check_address(address: Address, settings: Settings) -> None:
    """Raises `SettingsError` where the server may not be reached there."""
    if (address.certificate is None) != (address.certificate_key is None):
        raise SettingsError("A certificate and its key go together: --certificate with --key.")
    for path in (address.certificate, address.certificate_key):
        if path is not None and not path.is_file():
            raise SettingsError(f"There is no file {path}. Give the certificate as a PEM file.")
    if address.proxy_origin:
        _check_origin(address.proxy_origin)
    if address.is_local and not address.proxy_origin:
        return
    if not address.is_secure:
        raise SettingsError(
            f"Whoever serves on {address.host} sends faces over the network: give --certificate "
            "and --key, or declare the proxy that encrypts with --behind https://…"
        )
    if not (settings.controller.strip() and settings.contact.strip()):
        raise SettingsError(
            "Before others reach this server they must be told who is responsible and where to "
            "turn to: set MIEN_CONTROLLER and MIEN_CONTACT, which the policy names."
        )


def _check_origin(origin: str) -> None:
    parts = urlsplit(origin)
    if parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query:
        raise SettingsError(
            f"{origin!r} is not how a proxy is reached from outside; that is https:// and a name."
        )


def open_socket(address: Address) -> socket.socket:
    """A socket that listens there. Raises `SettingsError` where that is not possible."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    # Said to be TCP: else asyncio leaves an answer's second packet waiting for the first to arrive.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((address.host, address.port))
        opened.listen(_CONNECTIONS)
    except OSError as error:
        opened.close()
        raise SettingsError(
            f"Nothing can listen on {address.host}, port {address.port} ({error.strerror}). "
            "Choose another with --port, or end what listens there."
        ) from error
    return opened


class Server(uvicorn.Server):
    """Ends in good order with a signal to stop, and leaves the rest to whoever started it.

    Uvicorn's own sends itself the signal once more, which ends the process before the library
    is closed. `on_stop` is called at once, for answers that would go on as long as they are read.
    """

    def __init__(self, config: uvicorn.Config, *, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._on_stop()
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in _STOPS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def make_server(app: ASGIApp, address: Address, *, on_stop: Callable[[], None]) -> Server:
    """A server of the application; `run(sockets=[…])` ends with the first signal to stop."""
    config = uvicorn.Config(
        app,
        host=address.host,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.certificate_key,
        # Who asks is only believed of the proxy that was declared, on this machine.
        proxy_headers=bool(address.proxy_origin),
        forwarded_allow_ips=["127.0.0.1", "::1"],
        # What is asked for may name people; nothing of it goes into a log.
        access_log=False,
        log_level="warning",
        server_header=False,
        ws="none",
        limit_concurrency=_CONNECTIONS,
        h11_max_incomplete_event_size=_HEAD_BYTES,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
    return Server(config, on_stop=on_stop)
