"""The hosts of an address, folded, so that no odd spelling hides one.

Readers differ in what they take for the host. So everything that one of them might take is
handed out: what stands before an `@` as well as after it, and the first piece of a path
where no host stands. Letters are folded as the mapping of international names folds them:
wide, mathematical and other look-alikes that it maps to plain letters are those letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

_ADDRESS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*):(?P<slashes>[/\\]*)(?P<host>[^/\\?#]*)", re.IGNORECASE
)
_OWN = ("file", "upload")
_BETWEEN_HOSTS = re.compile(r"[@/\\?#]")
_PORT = re.compile(r":[0-9]*\Z")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})
_IGNORED_MARKS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f]")
_TIMES_ENCODED = 3
_PUNYCODE = "xn--"
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST = 253
_UNSEEN = {"Cc", "Cf", "Zs"}


def iter_hosts(uri: str) -> Iterator[str]:
    """Everything in the address that a reader may take for its host, folded."""
    match = _ADDRESS.match(uri.strip())
    if match is None:
        return
    if match["scheme"].lower() in _OWN and len(match["slashes"]) != len("//"):
        return  # a path on this machine, or a shelf of this home
    for part in _BETWEEN_HOSTS.split(_decode(match["host"])):
        host = fold_host(part)
        if host:
            yield host


def fold_host(text: str) -> str:
    """A host without its port, in the one form that all spellings of it have."""
    host = _fold(_PORT.sub("", text))
    labels = (_fold_label(label) for label in host.split("."))
    return ".".join(label for label in labels if label)


def parse_host(text: str) -> str | None:
    """A host as a letter names it, in plain ASCII; nothing for anything else."""
    host = text.strip().lower().removesuffix(".")
    labels = host.split(".")
    if len(host) > _LONGEST or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    return host


def is_on_host(uri: str, host: str) -> bool:
    """Whether any reader may take an address to lie on a host, or on one below it.

    A name of one part, such as `intranet`, has none below it: `org` means nobody's sites.
    """
    named = fold_host(host)
    return any(
        found == named or ("." in named and is_below(found, named)) for found in iter_hosts(uri)
    )


def is_number(host: str) -> bool:
    """Whether a folded host is an address of the internet protocol, in any notation."""
    return ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]) is not None


def is_below(host: str, domain: str) -> bool:
    """Whether a folded host is the domain or lies below it."""
    return host == domain or host.endswith(f".{domain}")


def _decode(text: str) -> str:
    for _ in range(_TIMES_ENCODED):
        text = unquote(text, errors="replace")
    return text


def _fold(text: str) -> str:
    for _ in range(2):  # what is taken out may have kept letters from being composed
        composed = unicodedata.normalize("NFKC", text)
        seen = (c for c in composed if unicodedata.category(c) not in _UNSEEN)
        text = _IGNORED_MARKS.sub("", "".join(seen)).casefold().translate(_DOTS)
    return text


def _fold_label(label: str) -> str:
    """An international label as it reads; one that cannot be read stays as it is spelled."""
    if not label.startswith(_PUNYCODE):
        return label
    try:
        return _fold(label.removeprefix(_PUNYCODE).encode("ascii").decode("punycode"))
    except UnicodeError:
        return label
