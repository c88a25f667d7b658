"""QR codes: an address as a drawing, for a phone to read from a screen or from paper."""

from __future__ import annotations

import io
from urllib.parse import quote


def draw_qr(text: str) -> bytes:
    """An SVG file, black on white, that a phone still reads where a part of it is worn off."""
    import segno

    buffer = io.BytesIO()
    code = segno.make(text, micro=False, error="m")
    code.save(buffer, kind="svg", scale=5, border=4, light="#fff", svgclass=None, lineclass=None)
    return buffer.getvalue()


def embed_qr(text: str) -> str:
    """The same as a `data:` address, which a page holds in itself."""
    return f"data:image/svg+xml,{quote(draw_qr(text))}"
