"""QR codes, as pictures that a page holds in itself."""

from __future__ import annotations


def draw_qr(text: str) -> str:
    """An SVG as a `data:` address, dark on white, four modules of margin around it."""
    import segno

    code = segno.make(text, error="m", micro=False)
    return str(code.svg_data_uri(scale=5, border=4, light="white", svgclass=None, lineclass=None))
