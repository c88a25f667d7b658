from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from mien.types import Credit
from mien.vision.credit import LONGEST_TEXT
from mien.vision.decode import decode_photo

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/">
<rdf:Description photoshop:Credit="The Agency">
<dc:creator><rdf:Seq><rdf:li>Ada</rdf:li><rdf:li>Bo</rdf:li></rdf:Seq></dc:creator>
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">Free</rdf:li></rdf:Alt></dc:rights>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">A lake</rdf:li></rdf:Alt></dc:description>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


def jpeg(*, exif: Image.Exif | None = None, xmp: bytes = b"", iptc: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    options = {"exif": exif} if exif is not None else {}
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", **options)
    content = buffer.getvalue()
    if xmp:
        content = with_segment(content, 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)
    if iptc:
        resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(iptc)) + iptc
        content = with_segment(
            content, 0xED, b"Photoshop 3.0\0" + resource + b"\0" * (len(iptc) % 2)
        )
    return content


def with_segment(content: bytes, marker: int, body: bytes) -> bytes:
    return content[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + content[2:]


def iptc_record(number: int, text: bytes) -> bytes:
    return struct.pack(">BBBH", 0x1C, 2, number, len(text)) + text


def exif_of(**fields: str) -> Image.Exif:
    tags = {"caption": 0x010E, "artist": 0x013B, "copyright": 0x8298}
    exif = Image.Exif()
    for name, text in fields.items():
        exif[tags[name]] = text
    return exif


def credit_of(content: bytes) -> Credit:
    return decode_photo(content).credit


def test_a_file_that_says_nothing_has_an_empty_credit() -> None:
    assert credit_of(jpeg()) == Credit("", "", "")


def test_exif_names_caption_artist_and_copyright() -> None:
    content = jpeg(exif=exif_of(caption="A hill", artist="Cy", copyright="(c) Cy"))
    assert credit_of(content) == Credit("A hill", "Cy", "(c) Cy")


def test_xmp_is_read_from_elements_and_attributes() -> None:
    assert credit_of(jpeg(xmp=XMP.encode())) == Credit("A lake", "Ada Bo / The Agency", "Free")


def test_iptc_comes_before_xmp_and_xmp_before_exif() -> None:
    iptc = iptc_record(120, b"A tower") + iptc_record(80, b"Di")
    content = jpeg(exif=exif_of(copyright="(c) Cy"), xmp=XMP.encode(), iptc=iptc)
    assert credit_of(content) == Credit("A tower", "Di / The Agency", "Free")


def test_iptc_that_is_not_utf8_is_read_as_western() -> None:
    assert credit_of(jpeg(iptc=iptc_record(80, b"Andr\xe9"))).credit == "André"


def test_a_name_given_twice_is_said_once() -> None:
    iptc = iptc_record(80, b"Pete") + iptc_record(110, b"Pete")
    assert credit_of(jpeg(iptc=iptc)).credit == "Pete"


def test_control_characters_and_line_breaks_are_removed() -> None:
    content = jpeg(iptc=iptc_record(120, "A\x1b[31m red\r\n\tline\u202e\x07".encode()))
    assert credit_of(content).caption == "A[31m red line"


def test_long_text_is_cut_off() -> None:
    assert len(credit_of(jpeg(exif=exif_of(caption="x" * 9000))).caption) == LONGEST_TEXT


@pytest.mark.parametrize(
    "xmp",
    [
        b"<not xml",
        b"<!DOCTYPE a [<!ENTITY e 'boom'>]><a>&e;</a>",
        b"\xff\xfe broken",
        b"<a xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:rights/></a>",
    ],
)
def test_xmp_that_cannot_be_trusted_says_nothing(xmp: bytes) -> None:
    assert credit_of(jpeg(xmp=xmp)) == Credit("", "", "")


def test_broken_iptc_says_nothing() -> None:
    assert credit_of(jpeg(iptc=b"\x1c\x02\x78\xff\xffshort")) == Credit("", "", "")
