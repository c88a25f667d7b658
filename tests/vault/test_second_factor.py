"""Codes of the second factor, against the numbers that RFC 6238 prints."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from mien.vault.second_factor import find_step, make_address, make_secret

SECRET = base64.b32encode(b"12345678901234567890").decode()
"""That of RFC 6238, appendix B, whose codes have eight digits; an app shows the last six."""


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert find_step(SECRET, code[-6:], at=at) == seconds // 30
    assert find_step(SECRET, f" {code[2:5]} {code[5:]} ", at=at) == seconds // 30


@pytest.mark.parametrize(
    ("later_s", "counts"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_a_code_counts_one_step_early_or_late(later_s: int, *, counts: bool) -> None:
    at = datetime.fromtimestamp(1234567890, UTC) + timedelta(seconds=later_s)
    found = find_step(SECRET, "005924", at=at)
    assert found == (1234567890 // 30 if counts else None)


@pytest.mark.parametrize("code", ["", "5924", "0059240", "005925", "\u0660\u0660\u0665924", "abc"])
def test_whatever_else_is_no_code(code: str) -> None:
    assert find_step(SECRET, code, at=datetime.fromtimestamp(1234567890, UTC)) is None


def test_a_secret_has_160_bits_and_no_other_has_them() -> None:
    made = {make_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(base64.b32decode(secret)) for secret in made} == {20}


def test_an_app_reads_name_site_and_secret() -> None:
    parts = urlsplit(make_address(SECRET, name="Ann Ek", site="Mien"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/Mien:Ann%20Ek"
    assert parse_qs(parts.query) == {"secret": [SECRET], "issuer": ["Mien"]}
