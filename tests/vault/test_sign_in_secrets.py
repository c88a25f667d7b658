"""Passwords and codes at their edges: what fits, what never does, and what may be shared."""

from __future__ import annotations

import threading
import unicodedata
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mien.vault.passwords import Passwords
from mien.vault.second_factor import find_step, make_address, make_secret

CHEAP = Passwords(memory_kib=8, passes=1)
KEPT = CHEAP.make_hash("seven blue herons wait")
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # noqa: S105  (that of RFC 6238)
AT = datetime.fromtimestamp(1234567890, UTC)
CODE = "005924"


@settings(max_examples=30)
@given(st.text(max_size=30), st.text(max_size=30))
def test_a_hash_fits_its_own_password_and_no_other(password: str, other: str) -> None:
    kept = CHEAP.make_hash(password)
    assert CHEAP.fits(kept, password)
    is_same = unicodedata.normalize("NFC", password) == unicodedata.normalize("NFC", other)
    assert CHEAP.fits(kept, other) == is_same


@pytest.mark.parametrize(
    "password",
    [
        *("seven blue herons wai", "seven blue herons wait ", "Seven blue herons wait"),
        *("", "seven blue herons wait\0", "seven\u00a0blue herons wait", KEPT),
    ],
    ids=range(7),  # a hash is another one in every worker
)
def test_nearly_the_same_is_another_password(password: str) -> None:
    assert not CHEAP.fits(KEPT, password)


@pytest.mark.parametrize("password", ["", " ", "\0", "a" * 100_000, "🍎" * 1000, "a\0b"])
def test_any_text_may_be_a_password(password: str) -> None:
    kept = CHEAP.make_hash(password)
    assert CHEAP.fits(kept, password)
    assert not CHEAP.fits(kept, f"{password}x")


@pytest.mark.parametrize("place", range(0, len(KEPT), 3))
def test_a_hash_of_which_a_letter_changed_fits_nothing(place: int) -> None:
    letter = "B" if KEPT[place] == "A" else "A"
    harmed = KEPT[:place] + letter + KEPT[place + 1 :]
    assert not CHEAP.fits(harmed, "seven blue herons wait")


@pytest.mark.parametrize("left", range(0, len(KEPT), 7))
def test_a_hash_that_was_cut_short_fits_nothing(left: int) -> None:
    assert not CHEAP.fits(KEPT[:left], "seven blue herons wait")


@pytest.mark.parametrize(
    "kept",
    [
        *("$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$é$é", "$2b$12$abcdefghijklmnopqrstuv"),
        *("$argon2id$v=19$m=0,t=0,p=0$AAAAAAAAAAA$AAAAAAAA", "plain", "\0", KEPT + "\0"),
    ],
    ids=range(7),
)
def test_what_is_no_hash_of_ours_fits_nothing_and_is_no_error(kept: str) -> None:
    for password in ("", "plain", kept):
        assert not CHEAP.fits(kept, password)


def test_threads_may_share_it() -> None:
    fitting: list[bool] = []

    def check(number: int) -> None:
        password = "seven blue herons wait" if number % 2 else "another"
        fitting.append(CHEAP.fits(KEPT, password) == bool(number % 2))

    threads = [threading.Thread(target=check, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fitting == [True] * 8


@settings(max_examples=60)
@given(seconds=st.integers(1000, 2**33), later_s=st.integers(-200, 200))
def test_a_code_counts_for_its_own_half_minute_and_its_neighbours(
    seconds: int, later_s: int
) -> None:
    made, step = pyotp.TOTP(SECRET), seconds // 30
    code = made.at(seconds)
    near = [made.at(seconds + 30 * off) for off in range(-10, 11)]
    assume(near.count(code) == 1)  # two steps share a code once in a million
    found = find_step(SECRET, code, at=datetime.fromtimestamp(seconds + later_s, UTC))
    is_near = abs((seconds + later_s) // 30 - step) <= 1
    assert found == (step if is_near else None)


@pytest.mark.parametrize(
    ("code", "counts"),
    [
        *((CODE, True), ("005 924", True), (" 0 0 5 9 2 4 ", True), ("005\t924\n", True)),
        *(("00592", False), ("0005924", False), ("5924", False), ("005-924", False)),
        *(("", False), ("005925", False), ("x" * 10_000, False), ("005924\0", False)),
        *(("\uff10\uff10\uff15\uff19\uff12\uff14", False), ("\udc80", False), ("é", False)),
    ],
)
def test_only_the_six_digits_count_however_they_are_spaced(code: str, *, counts: bool) -> None:
    assert (find_step(SECRET, code, at=AT) is not None) == counts


def test_another_secret_gives_other_codes() -> None:
    others = [make_secret() for _ in range(5)]
    assert [find_step(one, CODE, at=AT) for one in others].count(None) >= 4


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_the_step_that_is_found_is_the_codes_and_not_the_clocks(off: int) -> None:
    """Whoever notes it as used must not let the same code in half a minute later."""
    found = find_step(SECRET, CODE, at=AT + timedelta(seconds=30 * off))
    assert found == 1234567890 // 30


@pytest.mark.parametrize("name", ["Ann Ek", "a/b?c=d&e", "Äpfel 🍎", ""])
def test_an_address_leaks_nothing_into_its_parts(name: str) -> None:
    address = make_address(SECRET, name=name, site="Mien & co?")
    assert address.startswith("otpauth://totp/")
    assert address.count("?") == 1
    assert address.count("secret=") == 1
    assert " " not in address
