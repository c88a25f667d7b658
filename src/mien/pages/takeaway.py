"""A contact sheet of candidates that somebody takes along: one page that stands by itself."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

_LINKS = ("file:///", "https://", "http://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A candidate; `match` and `strangers` say what its score is worth, `said` what people did."""

    crop_jpeg: bytes
    title: str
    rank: int
    score: float
    match: str
    strangers: str
    said: str
    uris: Sequence[str]
    credit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeaway:
    """All that stands on the page; `left_out` candidates may not be shown to anybody."""

    purpose: str
    collection: str
    made_at: str
    meaning: Sequence[str]
    controller: str
    contact: str
    cards: Sequence[Card]
    left_out: int


def render_takeaway(page: Takeaway) -> str:
    """The page as HTML; everything that comes from files is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("mien", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["picture"] = _as_data_uri
    environment.tests["link"] = _is_link
    return environment.get_template("takeaway.html").render(page=page) + "\n"


def _is_link(uri: str) -> bool:
    """Whether a click may lead there; no other address may do anything but be read."""
    return uri.lower().startswith(_LINKS)


def _as_data_uri(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")
