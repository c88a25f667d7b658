"""Platforms that forbid scraping. No grant reaches them: whoever signs it, it is not theirs.

The list is part of the program. No setting, variable or argument changes it, and what is on
it is refused whatever a grant says. An address of the internet protocol in the place of a
name is refused too, since any platform could be behind it; so is a name that stands for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mien.permission.host import is_below, is_number, iter_hosts
from mien.permission.verdict import ALLOWED, Reason, Verdict, refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Who forbids what, as read on that day, and what there is instead.

    A domain stands for everything below it.
    """

    name: str
    domains: tuple[str, ...]
    reason: str
    instead: str
    checked: date


_CHECKED = date(2026, 11, 23)

PLATFORMS = (
    Platform(
        name="Facebook, Instagram, Threads, WhatsApp",
        domains=(
            *("facebook.com", "facebook.net", "fb.com", "fb.me", "fb.watch", "fb.gg"),
            *("fbcdn.net", "fbcdn.com", "fbsbx.com", "messenger.com", "m.me"),
            *("instagram.com", "instagr.am", "ig.me", "cdninstagram.com"),
            *("threads.net", "threads.com", "whatsapp.com", "whatsapp.net", "wa.me"),
        ),
        reason="No automated access or collection without Meta's prior permission.",
        instead="the account export: Download your information",
        checked=_CHECKED,
    ),
    Platform(
        name="LinkedIn",
        domains=("linkedin.com", "licdn.com", "lnkd.in", "linkedin.cn", "licdn.cn"),
        reason="No scraping or copying of profiles and other data by any means.",
        instead="the account export (Get a copy of your data), with the original photos",
        checked=_CHECKED,
    ),
    Platform(
        name="X (Twitter)",
        domains=("x.com", "twitter.com", "twimg.com", "t.co", "pscp.tv", "periscope.tv"),
        reason="No crawling or scraping in any form without prior written consent.",
        instead="the account export (Download an archive of your data), or the X API",
        checked=_CHECKED,
    ),
    Platform(
        name="TikTok",
        domains=(
            *("tiktok.com", "tiktokcdn.com", "tiktokcdn-us.com", "tiktokcdn-eu.com"),
            *("tiktokv.com", "tiktokv.us", "tiktokv.eu", "ttwstatic.com", "ibyteimg.com"),
            *("byteoversea.com", "musical.ly", "douyin.com", "douyinpic.com"),
        ),
        reason="No automated collection from its services.",
        instead="the account export (Download your data)",
        checked=_CHECKED,
    ),
    Platform(
        name="YouTube",
        domains=(
            *("youtube.com", "youtube-nocookie.com", "youtu.be", "yt.be", "youtubekids.com"),
            *("ytimg.com", "ggpht.com", "googlevideo.com", "youtube.googleapis.com"),
        ),
        reason="No automated access, and no collecting of faces without the person's permission.",
        instead="Google Takeout for your own channel, or the YouTube Data API",
        checked=_CHECKED,
    ),
    Platform(
        name="Snapchat",
        domains=("snapchat.com", "snap.com", "sc-cdn.net", "sc-static.net", "bitmoji.com"),
        reason="No robot, spider, crawler or scraper may access it.",
        instead="the account export (My Data)",
        checked=_CHECKED,
    ),
    Platform(
        name="Pinterest",
        domains=(
            *("pinterest.com", "pinimg.com", "pin.it", "pinterest.at", "pinterest.ca"),
            *("pinterest.ch", "pinterest.cl", "pinterest.co.kr", "pinterest.co.uk"),
            *("pinterest.com.au", "pinterest.com.mx", "pinterest.de", "pinterest.dk"),
            *("pinterest.es", "pinterest.fr", "pinterest.ie", "pinterest.it", "pinterest.jp"),
            *("pinterest.nz", "pinterest.ph", "pinterest.pt", "pinterest.ru", "pinterest.se"),
        ),
        reason="No scraping or downloading by undocumented or unsupported methods.",
        instead="the account export (Request your data), or the Pinterest API",
        checked=_CHECKED,
    ),
    Platform(
        name="VK, Odnoklassniki",
        domains=(
            *("vk.com", "vk.ru", "vk.me", "vk.cc", "vkontakte.ru", "userapi.com", "vkuser.net"),
            *("vkuserphoto.ru", "vkuservideo.net", "vk-cdn.net"),
            *("ok.ru", "odnoklassniki.ru", "mycdn.me", "okcdn.ru"),
        ),
        reason="No automated collection from its services without the operator's consent.",
        instead="the account export, or the VK API",
        checked=_CHECKED,
    ),
    Platform(
        name="Reddit",
        domains=("reddit.com", "redd.it", "redditmedia.com", "redditstatic.com"),
        reason="No scraping without prior consent; public content may not identify anybody.",
        instead="the account export (Request your data), or the Reddit Data API",
        checked=_CHECKED,
    ),
)

_NAMES_OF_NUMBERS = ("nip.io", "sslip.io", "xip.io", "traefik.me")
"""Names that stand for whatever address is spelled in them."""


def find_platform(uri: str) -> Platform | None:
    """The platform that an address leads to, or may lead to."""
    hosts = list(iter_hosts(uri))
    for platform in PLATFORMS:
        if any(is_below(host, domain) for host in hosts for domain in platform.domains):
            return platform
    return None


def check_address(uri: str) -> Verdict:
    """May anything be taken from this address at all, whatever a grant says?"""
    hides = any(is_number(host) or _is_number_by_name(host) for host in iter_hosts(uri))
    return refuse(Reason.PLATFORM_FORBIDS) if hides or find_platform(uri) else ALLOWED


def _is_number_by_name(host: str) -> bool:
    return any(is_below(host, domain) for domain in _NAMES_OF_NUMBERS)
