"""Hosts, as letters name them and as addresses hold them.

A letter names a host in plain ASCII, `photos.example.org`, and means those below it too. An
address may spell its host in many ways; all of them are recognised, so that none escapes.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST = 253


def parse_host(text: str) -> str | None:
    """The host in lower case; nothing for what is no plain name or IPv4 address of a host."""
    host = text.strip().lower().removesuffix(".")
    labels = host.split(".")
    if len(host) > _LONGEST or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    return host


def find_host(uri: str) -> str | None:
    """The host of an address as `parse_host` gives it; nothing where it has none."""
    try:
        name = urlsplit(uri).hostname
        return parse_host(_to_ascii(unquote(name))) if name else None
    except ValueError:
        return None


def is_on_host(uri: str, host: str) -> bool:
    """Whether an address lies on a host, or on one below it.

    A name of one part, such as `intranet`, has none below it: `org` means nobody's sites.
    """
    found = find_host(uri)
    return found is not None and (found == host or ("." in host and found.endswith(f".{host}")))


def _to_ascii(name: str) -> str:
    """As browsers look a name up, wide letters and those with accents too."""
    return name if name.isascii() else name.encode("idna").decode("ascii")
