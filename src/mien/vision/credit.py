"""What a file itself says about its origin: IPTC-IIM first, then XMP, then EXIF.

The text is a stranger's: it is bounded, cleaned of control characters and never
interpreted. A field that cannot be read is an empty one; credit never makes a photo fail.
"""

from __future__ import annotations

import re
import struct
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Mapping

from PIL import Image, ImageFile, IptcImagePlugin

from mien.types import Credit

__all__ = ["LONGEST_TEXT", "read_credit"]

LONGEST_TEXT = 2000
"""Characters of a field; the rest is cut off."""

_LARGEST_XMP_BYTES = 1024 * 1024
_IPTC = {"caption": (2, 120), "credit": (2, 110), "by_line": (2, 80), "copyright": (2, 116)}
_EXIF = {"caption": 0x010E, "by_line": 0x013B, "copyright": 0x8298}
_DC = "{http://purl.org/dc/elements/1.1/}"
_PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
_XMP = {
    "caption": f"{_DC}description",
    "credit": f"{_PHOTOSHOP}Credit",
    "by_line": f"{_DC}creator",
    "copyright": f"{_DC}rights",
}
_SPACES = re.compile(r"\s+")


def read_credit(image: Image.Image) -> Credit:
    """Caption, credit and copyright of an opened photo, whose pixels need not be loaded."""
    tables = [_read_iptc(image), _read_xmp(image), _read_exif(image)]
    fields = {
        name: next((text for table in tables if (text := table.get(name, ""))), "")
        for name in ("caption", "credit", "by_line", "copyright")
    }
    parts = dict.fromkeys(part for part in (fields["by_line"], fields["credit"]) if part)
    return Credit(fields["caption"], " / ".join(parts), fields["copyright"])


def _read_iptc(image: Image.Image) -> Mapping[str, str]:
    if not isinstance(image, ImageFile.ImageFile):
        return {}
    try:
        records = IptcImagePlugin.getiptcinfo(image) or {}
    except (OSError, SyntaxError, ValueError, LookupError, TypeError, struct.error):
        return {}
    return {name: _clean(records.get(key)) for name, key in _IPTC.items()}


def _read_exif(image: Image.Image) -> Mapping[str, str]:
    try:
        exif = image.getexif()
        return {name: _clean(exif.get(tag)) for name, tag in _EXIF.items()}
    except (OSError, SyntaxError, ValueError, LookupError, TypeError, struct.error):
        return {}


def _read_xmp(image: Image.Image) -> Mapping[str, str]:
    packet = image.info.get("xmp") or b""
    packet = packet.encode() if isinstance(packet, str) else packet
    if not packet or len(packet) > _LARGEST_XMP_BYTES or b"<!" in packet:
        # A declaration has no place in XMP, and entities are how XML attacks.
        return {}
    try:
        root = ET.fromstring(packet.strip(b"\0 \r\n"))  # noqa: S314  # refused above
    except (ET.ParseError, ValueError, LookupError):
        return {}
    return {name: _clean(_find_text(root, tag)) for name, tag in _XMP.items()}


def _find_text(root: ET.Element, tag: str) -> str:
    for element in root.iter():
        if tag in element.attrib:
            return element.attrib[tag]
        if element.tag == tag:
            return " ".join(text for part in element.itertext() if (text := part.strip()))
    return ""


def _clean(value: object) -> str:
    """One line of printable text, at most `LONGEST_TEXT` long."""
    if isinstance(value, list):
        value = b", ".join(part for part in value if isinstance(part, bytes))
    if isinstance(value, bytes):
        value = _decode(value)
    if not isinstance(value, str):
        return ""
    spaced = _SPACES.sub(" ", value[: 4 * LONGEST_TEXT])
    printable = "".join(c for c in spaced if unicodedata.category(c)[0] != "C")
    return printable.strip()[:LONGEST_TEXT]


def _decode(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("cp1252", errors="replace")
