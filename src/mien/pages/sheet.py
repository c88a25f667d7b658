"""The contact sheet: a probe and its candidates side by side, on one page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

_LINKS = ("file:///", "https://", "http://")


@dataclass(frozen=True, slots=True)
class Picture:
    """A face and the photo it is in, as JPEG; empty where nothing may be shown."""

    crop_jpeg: bytes
    thumbnail_jpeg: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate as the sheet shows it; `match` and `strangers` say what its score is worth."""

    rank: int
    score: float
    match: str
    strangers: str
    picture: Picture
    title: str
    uris: Sequence[str]
    caption: str
    credit: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that stands on the page; the caveat is about the probe, if there is one."""

    heading: str
    purpose: str
    probe_title: str
    probe: Picture
    rows: Sequence[Row]
    caveat: str = ""


def render_sheet(sheet: Sheet) -> str:
    """The page as HTML; everything that comes from files is escaped."""
    environment = Environment(
        loader=PackageLoader("mien", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["picture"] = _as_data_uri
    environment.tests["link"] = _is_link
    return environment.get_template("sheet.html").render(sheet=sheet)


def _is_link(uri: str) -> bool:
    """Whether a click may lead there; no other address may do anything but be read."""
    return uri.lower().startswith(_LINKS)


def _as_data_uri(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")
