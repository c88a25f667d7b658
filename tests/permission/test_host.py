"""Hosts of addresses: every reading that somebody may take, folded to one spelling."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.permission.host import (
    fold_host,
    is_below,
    is_number,
    is_on_host,
    iter_hosts,
    parse_host,
)


@pytest.mark.parametrize(
    ("uri", "hosts"),
    [
        ("https://archive.example/press/a.jpg", ["archive.example"]),
        ("HTTPS://ARCHIVE.EXAMPLE:8443/a.jpg", ["archive.example"]),
        ("https://archive.example", ["archive.example"]),
        ("https://archive.example?x=1", ["archive.example"]),
        ("https://archive.example#top", ["archive.example"]),
        ("https://one.example@two.example/a.jpg", ["one.example", "two.example"]),
        ("https://one.example%40two.example/a.jpg", ["one.example", "two.example"]),
        ("https://one.example%2ftwo.example/a.jpg", ["one.example", "two.example"]),
        ("https://one.example%252Ftwo.example/", ["one.example", "two.example"]),
        ("https:///archive.example/a.jpg", ["archive.example"]),
        ("https:/archive.example/a.jpg", ["archive.example"]),
        ("https:archive.example/a.jpg", ["archive.example"]),
        ("https:\\\\archive.example\\a.jpg", ["archive.example"]),
        ("https:////archive.example/a.jpg", ["archive.example"]),
        (" https://archive.example/", ["archive.example"]),
        ("file://archive.example/share/a.jpg", ["archive.example"]),
        ("s3://bucket/a.jpg", ["bucket"]),
        ("file:///photos/archive.example/a.jpg", []),
        ("file:/photos/a.jpg", []),
        ("file:////archive.example/share", []),
        ("/photos/a.jpg", []),
        ("archive.example", []),
        ("", []),
    ],
)
def test_every_host_that_a_reader_may_take_is_handed_out(uri: str, hosts: list[str]) -> None:
    assert list(iter_hosts(uri)) == hosts


@pytest.mark.parametrize(
    "spelling",
    [
        "archive.example",
        "ARCHIVE.Example",
        "archive.example.",
        "archive.example..",
        ".archive..example",
        "archive.example:443",
        "archive.example:",
        "\uff41rchive.example",  # wide
        "\U0001d41arch\u24d8ve.example",  # bold, in a circle
        "archive\u3002example",  # the full stops of East Asia
        "archive\uff0eexample",
        "archive\uff61example",
        "arch\u00adive.example",  # a soft hyphen
        "arch\u200dive.example",  # joined by nothing
        "arch\u2060ive.example",
        "arch\ufe0five.example",  # a variation selector
        "arch\u034five.example",
        "arch ive.example",
        "arch\tive\n.example",
        "archi\u2174e.example",  # the Roman numeral five
    ],
)
def test_spellings_of_one_host_are_folded_to_one(spelling: str) -> None:
    assert fold_host(spelling) == "archive.example"


@pytest.mark.parametrize("spelling", ["\u017fnap.example", "SNAP.example", "\uff33nap.example"])
def test_letters_fold_as_names_do(spelling: str) -> None:
    assert fold_host(spelling) == "snap.example"


def test_an_international_name_is_the_same_encoded_and_plain() -> None:
    assert fold_host("xn--mller-kva.example") == fold_host("MÜLLER.example") == "müller.example"
    assert fold_host("xn--mu\u0308ller.example") == "xn--müller.example"


def test_letters_of_another_script_stay_another_name() -> None:
    """A browser asks for another host there, and so would Mien."""
    assert fold_host("\u0430rchive.example") != "archive.example"


@pytest.mark.parametrize("spelling", ["", ".", "..", ":80", "\u200b"])
def test_nothing_is_no_host(spelling: str) -> None:
    assert fold_host(spelling) == ""


@pytest.mark.parametrize(
    "host",
    [
        "192.0.2.7",
        "192.0.2.7:80",
        "192.0.2.7.",
        "\u2460\u2461\u2462.0.0.1",  # digits in circles
        "3221225991",
        "0xC0.0.2.7",
        "0xc0000207",
        "0300.0.2.7",
        "127.1",
        "[2001:db8::7]",
        "[2001:db8::7]:443",
        "[::ffff:192.0.2.7]",
        "example.42",
        "example.0x1f",
    ],
)
def test_numbers_are_told_in_any_notation(host: str) -> None:
    assert is_number(fold_host(host))


@pytest.mark.parametrize("host", ["archive.example", "4chan.example", "a1.example", "0x.example"])
def test_names_with_digits_are_names(host: str) -> None:
    assert not is_number(fold_host(host))


@pytest.mark.parametrize(
    ("host", "below"),
    [
        ("x.com", True),
        ("pic.x.com", True),
        ("a.b.x.com", True),
        ("max.com", False),
        ("x.com.example", False),
        ("x.co", False),
        ("com", False),
    ],
)
def test_below_a_domain_is_the_domain_and_its_names_alone(host: str, *, below: bool) -> None:
    assert is_below(host, "x.com") is below


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
        "https://example.org@other.test/",
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
        "https://other.test/?example.org",
        "https://ex\N{CYRILLIC SMALL LETTER A}mple.org/",
        "file:///photos/example.org/a.jpg",
        "example.org/a.jpg",
        "https://[broken/",
        "",
    ],
)
def test_what_only_looks_alike_lies_elsewhere(uri: str) -> None:
    assert not is_on_host(uri, "example.org")


def test_an_accent_is_looked_up_as_browsers_do() -> None:
    uri = "https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example/a.jpg"
    assert is_on_host(uri, "xn--bcher-kva.example")


def test_a_name_of_one_part_has_no_hosts_below_it() -> None:
    assert is_on_host("http://intranet/a.jpg", "intranet")
    assert not is_on_host("https://example.org/a.jpg", "org")


@given(HOSTS, LABELS)
def test_a_host_covers_those_below_it_and_none_above(host: str, label: str) -> None:
    assert is_on_host(f"https://{label}.{host}/a", host)
    assert not is_on_host(f"https://{host}/a", f"{label}.{host}")
    assert not is_on_host(f"https://{label}{host}/a", host)
