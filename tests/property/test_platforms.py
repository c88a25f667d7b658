"""However the name of a platform is disguised, what a reader would make of it is refused."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from mien.permission.grant import may_add
from mien.permission.host import fold_host, iter_hosts
from mien.permission.platforms import PLATFORMS, check_address
from mien.permission.scope import covers
from mien.permission.verdict import Reason
from permission.samples import NOON, make_grant

domains = st.sampled_from([domain for one in PLATFORMS for domain in one.domains])
labels = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=8)
below = st.lists(labels, max_size=3)

_LOOK_ALIKES = {
    letter: [
        chr(code)
        for code in range(0x80, 0x1D800)
        if unicodedata.normalize("NFKC", chr(code)).casefold() == letter
    ]
    for letter in "abcdefghijklmnopqrstuvwxyz"
}
_UNSEEN = ["", "", "", "\u00ad", "\u200b", "\u200d", "\u2060", "\ufe0f", "\ufeff"]


@st.composite
def disguises(draw: st.DrawFn) -> str:
    """The host of a platform, in any mixture of the ways in which it can be spelled."""
    plain = ".".join([*draw(below), draw(domains)])
    spelled = []
    for letter in plain:
        forms = [letter, letter.upper(), *_LOOK_ALIKES.get(letter, [])]
        forms += ["\u3002", "\uff0e", "%2e"] if letter == "." else [quote(letter, safe="")]
        forms += [f"%{ord(letter):02x}", f"%25{ord(letter):02X}"]
        spelled += [draw(st.sampled_from(forms)), draw(st.sampled_from(_UNSEEN))]
    return "".join(spelled) + draw(st.sampled_from(["", ".", ":443", ":", ".:8080"]))


schemes = st.sampled_from(["https://", "http://", "HTTPS://", "https:///", "ftp://", "https:\\\\"])
users = st.sampled_from(["", "me@", "me%40", "archive.example@", "archive.example%2f"])
tails = st.sampled_from(["", "/", "/a.jpg", "?x=/", "#/", "\\a.jpg", "@archive.example/a.jpg"])


@given(schemes, users, disguises(), tails)
def test_no_disguise_of_a_platform_is_let_through(
    scheme: str, user: str, host: str, tail: str
) -> None:
    uri = f"{scheme}{user}{host}{tail}"
    assert check_address(uri).reasons == (Reason.PLATFORM_FORBIDS,)
    assert not may_add(
        make_grant(scope=(uri, f"{scheme}{user}{host}/")),
        uri=f"{scheme}{user}{host}/a.jpg",
        basis=next(iter(make_grant().bases)),
        at=NOON,
    ).is_allowed


@given(disguises())
def test_folding_a_second_time_changes_nothing(host: str) -> None:
    for once in iter_hosts(f"https://{host}/"):
        assert fold_host(once) == once


@given(st.text(max_size=40))
def test_any_text_is_judged_and_none_stops_the_judge(text: str) -> None:
    for uri in (text, f"https://{text}", f"https://{text}/a.jpg", f"file://{text}"):
        assert set(check_address(uri).reasons) <= {Reason.PLATFORM_FORBIDS}


@given(st.lists(labels, min_size=1, max_size=3))
def test_hosts_of_others_are_let_through(names: list[str]) -> None:
    host = ".".join([*names, "archive", "example"])
    uri = f"https://{host}/press/a.jpg"
    assert check_address(uri).is_allowed
    assert covers([f"https://{host}/press/"], uri)
