"""The member Image: one of bytes and object, JPEG or PNG, large enough, and turned as it should."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from mien.errors import NotFoundError, PhotoError
from mien.http.site import Access
from mien.library import Library
from mien.rekognition import image
from mien.rekognition.call import Call
from mien.rekognition.errors import Code, ServiceError
from mien.rekognition.members import read
from mien.testing import draw_photo
from mien.vision.decode import decode_photo
from mien.vision.header import lay_as_stored, read_size
from rekognition.client import Key
from server.door import make_site
from service.stage import Stage

_TURNED = 6


class _Store:
    """One object, and what was asked for it."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked: list[tuple[str, str, str]] = []

    def read(self, *, bucket: str, key: str, version: str, max_bytes: int) -> bytes:
        self.asked.append((bucket, key, version))
        if key != "here.png":
            raise NotFoundError("There is no such object.")
        if len(self.content) > max_bytes:
            raise PhotoError("too-many-bytes", "it is too large")
        return self.content


def _call(library: Library, store: _Store | None = None) -> Call:
    access: Access = Key("g", "research").as_access()
    site = make_site(library)
    if store is not None:
        site = replace(site, object_stores=store)
    return Call(site=site, caller=access.caller, terms=access.terms)


def _save(form: str, *, size: tuple[int, int] = (120, 90), orientation: int = 1) -> bytes:
    """A picture whose upper left quarter is red."""
    picture = Image.new("RGB", size, "white")
    picture.paste((255, 0, 0), (0, 0, size[0] // 2, size[1] // 2))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x8298] = "A. Holder"
    file = io.BytesIO()
    picture.save(file, form, exif=exif)
    return file.getvalue()


def _refuse(
    library: Library, document: dict[str, Any], store: _Store | None = None
) -> ServiceError:
    with pytest.raises(ServiceError) as refused:
        image.read_image(_call(library, store), image.IMAGE.read(document, at="Image"))
    return refused.value


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.mark.parametrize("has_both", [False, True], ids=["neither", "both"])
def test_exactly_one_of_bytes_and_object_is_asked_for_in_the_very_words(
    stage: Stage, *, has_both: bool
) -> None:
    document: dict[str, Any] = {}
    if has_both:
        document = {"Bytes": _encode(draw_photo(1)), "S3Object": {"Bucket": "abc", "Name": "a"}}
    with stage.open() as library:
        refused = _refuse(library, document)
    assert refused.code is Code.INVALID
    assert refused.message == "Requested image should either contain bytes or s3 object."


@pytest.mark.parametrize("form", ["WEBP", "GIF", "TIFF"])
def test_only_jpeg_and_png_are_read(stage: Stage, form: str) -> None:
    with stage.open() as library:
        refused = _refuse(library, {"Bytes": _encode(_save(form))})
    assert refused.code is Code.INVALID_IMAGE
    assert refused.message == "Request has invalid image format."


def test_what_only_begins_like_a_photo_is_none(stage: Stage) -> None:
    with stage.open() as library:
        for content in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff and no more", b"no photo"):
            assert _refuse(library, {"Bytes": _encode(content)}).code is Code.INVALID_IMAGE


@pytest.mark.parametrize("size", [(79, 200), (200, 79)])
def test_a_side_under_80_pixels_is_too_small(stage: Stage, size: tuple[int, int]) -> None:
    with stage.open() as library:
        refused = _refuse(library, {"Bytes": _encode(_save("PNG", size=size))})
        assert image.read_image(
            _call(library), image.Image(content=_save("PNG", size=(80, 80)))
        ) == _save("PNG", size=(80, 80))
    assert refused.code is Code.INVALID
    assert "80" in refused.message


def test_more_than_5_mib_of_bytes_are_too_many() -> None:
    largest = read(image.Image, {"Bytes": _encode(bytes(5_242_880))})
    assert largest.content == bytes(5_242_880)
    with pytest.raises(ServiceError) as refused:
        read(image.Image, {"Bytes": _encode(bytes(5_242_881))})
    assert refused.value.code is Code.IMAGE_TOO_LARGE
    assert refused.value.message == "Image size is too large."


def test_without_a_store_no_object_is_there(stage: Stage) -> None:
    with stage.open() as library:
        refused = _refuse(library, {"S3Object": {"Bucket": "photos", "Name": "here.png"}})
    assert refused.code is Code.INVALID_S3_OBJECT
    assert refused.message == (
        "Unable to get object metadata from S3. Check object key, region and/or access permissions."
    )


def test_an_object_is_read_from_the_store_of_the_site(stage: Stage) -> None:
    store = _Store(draw_photo(1))
    wanted = {"S3Object": {"Bucket": "photos", "Name": "here.png", "Version": "3"}}
    with stage.open() as library:
        found = image.read_image(_call(library, store), image.IMAGE.read(wanted, at="Image"))
    assert found == draw_photo(1)
    assert store.asked == [("photos", "here.png", "3")]


def test_an_object_that_is_lacking_or_too_large_is_told_as_the_service_does(stage: Stage) -> None:
    store = _Store(bytes(image.LARGEST_OBJECT_BYTES + 1))
    with stage.open() as library:
        absent = _refuse(library, {"S3Object": {"Bucket": "photos", "Name": "gone"}}, store)
        large = _refuse(library, {"S3Object": {"Bucket": "photos", "Name": "here.png"}}, store)
        unnamed = _refuse(library, {"S3Object": {"Bucket": "photos"}}, store)
    assert absent.code is Code.INVALID_S3_OBJECT
    assert (large.code, large.message) == (Code.IMAGE_TOO_LARGE, "Image size is too large.")
    assert unnamed.code is Code.INVALID_S3_OBJECT


def test_a_jpeg_is_turned_and_a_png_never(stage: Stage) -> None:
    jpeg, png = _save("JPEG", orientation=_TURNED), _save("PNG", orientation=_TURNED)
    with stage.open() as library:
        call = _call(library)
        kept = {
            "jpeg": image.read_image(call, image.Image(content=jpeg)),
            "png": image.read_image(call, image.Image(content=png)),
        }
    assert kept["jpeg"] == jpeg
    turned, stored = decode_photo(kept["jpeg"]), decode_photo(kept["png"])
    assert (turned.width_px, turned.height_px) == (90, 120)
    assert (stored.width_px, stored.height_px) == (120, 90)
    assert stored.picture.getpixel((5, 5)) == (255, 0, 0)


def test_what_a_png_says_of_itself_stays_and_others_still_turn_it() -> None:
    png = _save("PNG", orientation=_TURNED)
    assert decode_photo(png).width_px == 90
    laid = lay_as_stored(png)
    assert decode_photo(laid).credit.copyright == "A. Holder"
    assert Image.open(io.BytesIO(laid)).tobytes() == Image.open(io.BytesIO(png)).tobytes()
    assert lay_as_stored(laid) == laid
    upright = _save("PNG")
    assert lay_as_stored(upright) == upright


def test_a_header_is_read_without_its_pixels() -> None:
    cut = _save("PNG", size=(300, 200))[:-60]
    assert read_size(cut) == (300, 200)
    with pytest.raises(PhotoError) as refused:
        read_size(_save("GIF"))
    assert refused.value.code == "not-a-photo"


def test_how_a_png_is_turned_is_read_without_its_pixels() -> None:
    """Or a small file would take all the memory there is before anybody asked who may."""
    cut = _save("PNG", size=(300, 200))[:-60]
    assert lay_as_stored(cut) == cut
    head, said, pixels = _save_said_last()
    laid = lay_as_stored(head + pixels + said)
    assert laid != head + pixels + said
    assert decode_photo(laid).width_px == 120


def _save_said_last() -> tuple[bytes, bytes, bytes]:
    """A PNG in three: its head, what it says of itself with its end, and its pixels."""
    png = _save("PNG", orientation=_TURNED)
    said, pixels = png.index(b"eXIf") - 4, png.index(b"IDAT") - 4
    end = png.index(b"IEND") - 4
    if said < pixels:
        return png[:said], png[said:pixels] + png[end:], png[pixels:end]
    return png[:pixels], png[said:], png[pixels:said]


def test_more_pixels_than_any_photo_has_are_too_many(stage: Stage) -> None:
    png = bytearray(_save("PNG"))
    png[16:24] = struct.pack(">II", 30_000, 30_000)
    png[29:33] = struct.pack(">I", zlib.crc32(png[12:29]))
    with stage.open() as library, pytest.raises(ServiceError) as refused:
        image.read_image(_call(library), image.Image(content=bytes(png)))
    assert refused.value.code is Code.IMAGE_TOO_LARGE


def test_the_limits_are_those_of_the_service_model() -> None:
    refused: list[str] = []
    for wanted in ({"Bucket": "ab"}, {"Bucket": "a b c"}, {"Name": ""}, {"Version": "v" * 1025}):
        with pytest.raises(ServiceError) as error:
            read(image.S3Object, wanted)
        refused.append(error.value.code)
    assert refused == [Code.INVALID] * 4
