"""Hosts: what a letter may name, and every spelling under which an address lies on one."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.permission.host import find_host, is_on_host, parse_host

LABELS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
HOSTS = st.lists(LABELS, min_size=2, max_size=4).map(".".join)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("example.org", "example.org"),
        (" Photos.EXAMPLE.org. ", "photos.example.org"),
        ("intranet", "intranet"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("192.0.2.7", "192.0.2.7"),
        ("a-b.example", "a-b.example"),
    ],
)
def test_a_plain_name_is_a_host(text: str, host: str) -> None:
    assert parse_host(text) == host


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ".", "..", "a..b", ".example.org", "example.org..", "../example.org"),
        *("https://example.org", "example.org/", "//example.org", "example.org/photos"),
        *("example.org:443", "user@example.org", "user:secret@example.org", "example.org?x"),
        *("example.org#x", "exa mple.org", "example.org\n.net", "example\\.org", "exa%6dple.org"),
        *("*.example.org", "example.*", "-a.example", "a-.example", "[2001:db8::1]"),
        "ex\N{CYRILLIC SMALL LETTER A}mple.org",
        "example\N{IDEOGRAPHIC FULL STOP}org",
        "\N{FULLWIDTH LATIN SMALL LETTER E}xample.org",
        "b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example",
        "exam\N{ZERO WIDTH SPACE}ple.org",
        "a" * 64 + ".example",
        ".".join(["a" * 60] * 5),
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert parse_host(text) is None


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.org",
        "https://example.org/",
        "http://example.org/a/b.jpg",
        "HTTPS://EXAMPLE.ORG/a.jpg",
        "https://example.org:8443/a.jpg",
        "https://ann:secret@example.org/a.jpg",
        "https://example.org./a.jpg",
        "https://exa%6Dple.org/a.jpg",
        "https://\N{FULLWIDTH LATIN SMALL LETTER E}xample.org/a.jpg",
        "https://example\N{IDEOGRAPHIC FULL STOP}org/a.jpg",
        "iiif://example.org/a",
        "//example.org/a.jpg",
        "https://a.example.org/",
        "https://a.b.example.org/",
    ],
)
def test_no_spelling_of_an_address_escapes(uri: str) -> None:
    assert is_on_host(uri, "example.org")


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.org.evil.test/",
        "https://notexample.org/",
        "https://example.net/example.org/",
        "https://example.org@other.test/",
        "https://other.test/?example.org",
        "https://other.test/#@example.org/",
        "https://ex\N{CYRILLIC SMALL LETTER A}mple.org/",
        "file:///photos/example.org/a.jpg",
        "example.org/a.jpg",
        "https://[broken/",
        "https://..example.org/",
        "",
    ],
)
def test_what_only_looks_alike_lies_elsewhere(uri: str) -> None:
    assert not is_on_host(uri, "example.org")


def test_an_accent_is_looked_up_as_browsers_do() -> None:
    uri = "https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example/a.jpg"
    assert find_host(uri) == "xn--bcher-kva.example"
    assert is_on_host(uri, "xn--bcher-kva.example")


def test_a_name_of_one_part_has_no_hosts_below_it() -> None:
    assert is_on_host("http://intranet/a.jpg", "intranet")
    assert not is_on_host("https://example.org/a.jpg", "org")


@given(HOSTS, LABELS)
def test_a_host_covers_those_below_it_and_none_above(host: str, label: str) -> None:
    assert is_on_host(f"https://{label}.{host}/a", host)
    assert not is_on_host(f"https://{host}/a", f"{label}.{host}")
    assert not is_on_host(f"https://{label}{host}/a", host)
