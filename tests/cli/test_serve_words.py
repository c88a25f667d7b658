"""`mien serve`: each option on its own, before anything listens."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import Mien
from mien.errors import SettingsError
from mien.server.listen import Address, check_address, open_socket
from mien.settings import Settings

TOLD = Settings(controller="The club", contact="photos@club.example")


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    path = tmp_path / "one.pem"
    path.write_text("no certificate, but a file")
    return path


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize("port", ["-1", "65536", "http", "80.5", ""])
def test_what_is_no_port_is_refused(mien: Mien, port: str) -> None:
    answer = mien("serve", "--port", port)
    assert (answer.code, answer.out) == (2, "")
    assert "--port" in answer.err


def test_a_port_that_is_taken_is_told_with_what_to_do(mien: Mien, taken: int) -> None:
    answer = mien("serve", "--port", taken, "--json")
    assert answer.code == 2
    assert answer.document["error"]["reason"] == "settings"
    assert f"port {taken}" in answer.err
    assert "Choose another with --port" in answer.err


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (Address(host="0.0.0.0"), "sends faces over the network"),  # noqa: S104
        (Address(host="photos.example.org"), "sends faces over the network"),
        (Address(certificate_key=Path("none.pem")), "--certificate with --key"),
        (Address(certificate=Path("none.pem")), "--certificate with --key"),
        (
            Address(certificate=Path("none.pem"), certificate_key=Path("none.pem")),
            "There is no file none.pem",
        ),
        (Address(proxy_origin="photos.example.org"), "is not how a proxy is reached"),
        (Address(proxy_origin="https://"), "is not how a proxy is reached"),
        (Address(proxy_origin="https://x.example/below"), "is not how a proxy is reached"),
        (Address(proxy_origin="https://x.example?a=b"), "is not how a proxy is reached"),
        (Address(proxy_origin="http://x.example"), "is not how a proxy is reached"),
        (Address(proxy_origin="ftp://x.example"), "is not how a proxy is reached"),
    ],
)
def test_where_it_may_not_listen_it_says_why(address: Address, told: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(told)):
        check_address(address, TOLD)


def test_a_page_that_there_is_not_cannot_be_opened_to_all(
    mien: Mien, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_PUBLIC", "policy, photos")
    answer = mien("serve", "--port", "0")
    assert answer.code == 2
    assert "'photos' is none of them" in answer.err


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("192.168.1.2", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("", False),
    ],
)
def test_what_reaches_this_machine_alone_is_known(host: str, *, is_local: bool) -> None:
    address = Address(host=host)
    assert address.is_local is is_local
    if is_local:
        check_address(address, Settings())
    else:
        with pytest.raises(SettingsError, match="sends faces over the network"):
            check_address(address, TOLD)


@pytest.mark.parametrize(
    ("settings", "is_enough"),
    [
        (TOLD, True),
        (Settings(controller="The club"), False),
        (Settings(contact="photos@club.example"), False),
        (Settings(controller=" ", contact="\t"), False),
        (Settings(), False),
    ],
)
def test_others_are_let_in_only_where_it_is_told_who_answers(
    pem: Path, settings: Settings, *, is_enough: bool
) -> None:
    direct = Address(host="0.0.0.0", certificate=pem, certificate_key=pem)  # noqa: S104
    behind = Address(proxy_origin="https://photos.example.org")
    for address in (direct, behind):
        assert address.is_secure
        if is_enough:
            check_address(address, settings)
        else:
            with pytest.raises(SettingsError, match="MIEN_CONTROLLER and MIEN_CONTACT"):
                check_address(address, settings)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        (Address(), "http://127.0.0.1:8123"),
        (Address(host="::1"), "http://[::1]:8123"),
        (Address(host="localhost"), "http://localhost:8123"),
        (Address(certificate=Path("c")), "https://127.0.0.1:8123"),
        (Address(proxy_origin="https://a.example/"), "https://a.example"),
        (Address(proxy_origin="https://a.example:8443"), "https://a.example:8443"),
    ],
)
def test_it_says_how_it_is_reached(address: Address, origin: str) -> None:
    assert address.origin_at(8_123) == origin


def test_port_zero_takes_a_free_one(taken: int) -> None:
    with open_socket(Address(port=0)) as one, open_socket(Address(port=0)) as other:
        ports = {one.getsockname()[1], other.getsockname()[1], taken}
    assert len(ports) == 3
    assert 0 not in ports


def test_a_name_that_leads_nowhere_is_told() -> None:
    with pytest.raises(SettingsError, match=r"Nothing can listen on 203\.0\.113\.9, port 8000"):
        open_socket(Address(host="203.0.113.9"))
