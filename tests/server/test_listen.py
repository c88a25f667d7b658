"""Where the server may listen, and what has to be said first."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from mien.errors import SettingsError
from mien.server.listen import Address, check_address, open_socket
from mien.settings import Settings

TOLD = {"controller": "Verein Ahorn", "contact": "ahorn@example.org"}


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    path = tmp_path / "certificate.pem"
    path.write_text("a certificate")
    return path


def check(address: Address, **settings: Any) -> None:
    check_address(address, Settings(**settings))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_on_this_machine_nothing_is_asked(host: str) -> None:
    check(Address(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "photos.example.org", "localhost."])  # noqa: S104
def test_elsewhere_the_wire_must_be_encrypted(host: str) -> None:
    with pytest.raises(SettingsError, match="--certificate"):
        check(Address(host=host), **TOLD)


@pytest.mark.parametrize("told", [{}, {**TOLD, "contact": " "}, {**TOLD, "controller": ""}])
def test_whom_others_can_reach_must_say_who_is_responsible(pem: Path, told: dict[str, str]) -> None:
    address = Address(host="0.0.0.0", certificate=pem, certificate_key=pem)  # noqa: S104
    with pytest.raises(SettingsError, match="MIEN_CONTROLLER"):
        check(address, **told)


def test_with_a_certificate_and_a_controller_others_may_come(pem: Path) -> None:
    check(Address(host="0.0.0.0", certificate=pem, certificate_key=pem), **TOLD)  # noqa: S104


def test_a_declared_proxy_asks_for_a_controller_even_on_this_machine() -> None:
    behind = Address(proxy_origin="https://photos.example.org")
    check(behind, **TOLD)
    with pytest.raises(SettingsError, match="MIEN_CONTACT"):
        check(behind)


@pytest.mark.parametrize(
    "origin", ["http://photos.example.org", "photos.example.org", "https://", "https://a.b/mien"]
)
def test_a_proxy_is_declared_by_how_it_is_reached(origin: str) -> None:
    with pytest.raises(SettingsError, match="https://"):
        check(Address(proxy_origin=origin), **TOLD)


def test_a_certificate_needs_its_key_and_both_must_be_there(pem: Path) -> None:
    with pytest.raises(SettingsError, match="--key"):
        check(Address(certificate=pem), **TOLD)
    with pytest.raises(SettingsError, match="no file"):
        check(Address(certificate=pem, certificate_key=pem.with_name("none")), **TOLD)


def test_a_port_that_is_taken_is_told_plainly() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"port {port}"):
            open_socket(Address(port=port))


def test_port_0_is_any_that_is_free() -> None:
    with open_socket(Address(port=0)) as opened:
        assert opened.getsockname()[0] == "127.0.0.1"
        assert opened.getsockname()[1] > 0


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        (Address(), "http://127.0.0.1:81"),
        (Address(host="::1"), "http://[::1]:81"),
        (Address(proxy_origin="https://a.example/"), "https://a.example"),
        (Address(certificate=Path("c")), "https://127.0.0.1:81"),
    ],
)
def test_how_it_is_reached(address: Address, origin: str) -> None:
    assert address.origin_at(81) == origin
