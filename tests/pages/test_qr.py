"""QR codes lie in the page itself, and hold nothing that a page must not."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from urllib.parse import unquote

from mien.pages.qr import embed_qr

TEXT = "otpauth://totp/Mien:Ann?secret=GEZDGNBVGY3TQOJQ"


def read_svg(address: str) -> str:
    kind, _, content = address.partition(",")
    assert kind.startswith("data:image/svg+xml")
    return unquote(content)


def test_it_is_a_square_drawing_of_dark_on_white() -> None:
    root = ET.fromstring(read_svg(embed_qr(TEXT)))  # noqa: S314  (our own)
    assert root.tag.endswith("svg")
    assert root.get("width") == root.get("height")
    assert int(root.get("width") or 0) % 5 == 0
    assert len(root.findall(".//{*}path")) == 2


def test_it_needs_no_style_and_no_script() -> None:
    svg = read_svg(embed_qr(TEXT))
    assert not re.search(r"style|script|href|class", svg)


def test_other_texts_make_other_codes() -> None:
    assert embed_qr(TEXT) == embed_qr(TEXT)
    assert embed_qr(TEXT) != embed_qr(TEXT + "A")
