"""A store that checks signatures as AWS's specification says, and one behind TLS of its own."""

from __future__ import annotations

import hashlib
import hmac
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl, quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sources.moto_store import KEYS

CONTENT = b"whoever signs rightly reads this"


def sign(method: str, target: str, *, host: str, secret: str) -> str:
    """The signature of a presigned address, from the query that it is to stand in."""
    path, _, query = target.partition("?")
    given = dict(parse_qsl(query))
    named = sorted((k, v) for k, v in given.items() if k != "X-Amz-Signature")
    asked = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in named)
    canonical = "\n".join(
        [method, path, asked, f"host:{host}", "", given["X-Amz-SignedHeaders"], "UNSIGNED-PAYLOAD"]
    )
    scope = given["X-Amz-Credential"].partition("/")[2]
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", given["X-Amz-Date"], scope, digest])
    key = f"AWS4{secret}".encode()
    for part in [*scope.split("/"), text]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


class Verifying(BaseHTTPRequestHandler):
    """Answers whoever has the key."""

    def do_GET(self) -> None:
        query = dict(parse_qsl(self.path.partition("?")[2]))
        is_right = query.get("X-Amz-Signature") == sign(
            "GET", self.path, host=self.headers["Host"], secret=KEYS["secret_access_key"]
        )
        self.send_response(200 if is_right else 403)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def verifying(*, certificate: Path | None = None) -> Iterator[str]:
    """The address of the store, encrypted where there is a certificate."""
    with HTTPServer(("127.0.0.1", 0), Verifying) as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        try:
            scheme = "http" if certificate is None else "https"
            yield f"{scheme}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def make_certificate(path: Path, *, address: str) -> Path:
    """A certificate of its own authority for the address, with its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a store")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path
