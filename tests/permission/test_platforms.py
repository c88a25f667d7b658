"""Platforms that forbid scraping: found under every name and spelling, and never allowed."""

from __future__ import annotations

import re
from datetime import date

import pytest

from mien.permission.host import fold_host
from mien.permission.platforms import PLATFORMS, Platform, check_address, find_platform
from mien.permission.verdict import Reason

NAMED = {
    *("facebook.com", "instagram.com", "fbcdn.net", "cdninstagram.com", "linkedin.com"),
    *("licdn.com", "x.com", "twitter.com", "twimg.com", "tiktok.com", "youtube.com", "ytimg.com"),
    *("snapchat.com", "pinterest.com", "pinimg.com", "vk.com", "reddit.com", "redd.it"),
    *("threads.net", "whatsapp.com", "fbsbx.com", "t.co", "youtu.be", "ggpht.com", "lnkd.in"),
}


def test_the_platforms_that_everybody_thinks_of_are_listed() -> None:
    listed = {domain for platform in PLATFORMS for domain in platform.domains}
    assert listed >= NAMED


def test_no_domain_is_listed_twice_or_in_a_spelling_that_cannot_match() -> None:
    domains = [domain for platform in PLATFORMS for domain in platform.domains]
    assert len(domains) == len(set(domains))
    assert [fold_host(domain) for domain in domains] == domains


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.name)
def test_every_platform_says_what_it_forbids_since_when_and_what_there_is_instead(
    platform: Platform,
) -> None:
    assert re.fullmatch(r"No .+[^.]\.", platform.reason)
    assert re.search(r"export|Takeout", platform.instead)
    assert platform.checked >= date(2026, 1, 1)


@pytest.mark.parametrize("domain", [d for p in PLATFORMS for d in p.domains])
def test_a_domain_and_everything_below_it_is_refused(domain: str) -> None:
    for host in (domain, f"www.{domain}", f"a.b.{domain.upper()}"):
        assert check_address(f"https://{host}/a.jpg").reasons == (Reason.PLATFORM_FORBIDS,)


@pytest.mark.parametrize(
    "uri",
    [
        "https://m.facebook.com/photo/a.jpg",
        "http://facebook.com/",
        "ftp://facebook.com/a.jpg",
        "file://facebook.com/a.jpg",
        "https://FaceBook.COM/a.jpg",
        "https://www.facebook.com./a.jpg",
        "https://www.facebook.com:443/a.jpg",
        "https://me@www.facebook.com/a.jpg",
        "https://archive.example@facebook.com/a.jpg",
        "https://facebook.com@archive.example/a.jpg",
        "https://archive.example%40facebook.com/",
        "https://www.%66acebook.com/a.jpg",
        "https://www.%2566acebook.com/a.jpg",
        "https://facebook%2Ecom/a.jpg",
        "https://face%E2%80%8Bbook.com/a.jpg",
        "https://\uff46acebook.com/a.jpg",
        "https://f\u00e1\u0301cebook.com@facebook.com/",
        "https://facebook\u3002com/a.jpg",
        "https://face\u00adbook.com/a.jpg",
        "https:///facebook.com/a.jpg",
        "https:facebook.com/a.jpg",
        "https:\\\\facebook.com\\a.jpg",
        "https://facebook.com\\@archive.example/a.jpg",
        "https://\u2093.com/a.jpg",
        "https://scontent-ams.xx.fbcdn.net/v/a.jpg",
        "https://pbs.twimg.com/media/a.jpg",
        "https://media.licdn.com/a.jpg",
        "https://yt3.ggpht.com/a.jpg",
    ],
)
def test_no_spelling_hides_a_platform(uri: str) -> None:
    assert find_platform(uri) is not None
    assert not check_address(uri).is_allowed


@pytest.mark.parametrize(
    "uri",
    [
        "https://192.0.2.7/a.jpg",
        "https://[2001:db8::7]/a.jpg",
        "https://3221225991/a.jpg",
        "https://0xC0.0.2.7/a.jpg",
        "https://me:pass@archive.example/a.jpg",
        "https://192.0.2.7.nip.io/a.jpg",
        "https://a.192-0-2-7.sslip.io/a.jpg",
    ],
)
def test_a_number_in_the_place_of_a_name_is_refused(uri: str) -> None:
    assert find_platform(uri) is None
    assert check_address(uri).reasons == (Reason.PLATFORM_FORBIDS,)


@pytest.mark.parametrize(
    "uri",
    [
        "https://archive.example/press/a.jpg",
        "https://max.com/a.jpg",
        "https://notfacebook.com/a.jpg",
        "https://facebook.com.example/a.jpg",
        "https://archive.example/facebook.com/a.jpg",
        "https://archive.example/?u=https://facebook.com/",
        "https://mittwitter.example/a.jpg",
        "file:///photos/facebook.com/a.jpg",
        "file:///facebook.com/a.jpg",
        "s3://bucket/twitter.com/a.jpg",
        "https://xn--mller-kva.example/a.jpg",
        "not an address",
        "",
    ],
)
def test_what_only_looks_like_a_platform_is_not_refused_as_one(uri: str) -> None:
    assert check_address(uri).is_allowed
