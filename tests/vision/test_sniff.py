import pytest

from mien.vision.sniff import HEAD_BYTES, sniff_media_type


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x1cftypheic\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1avif", "image/avif"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0avifmif1", "image/avif"),
    ],
)
def test_magic_bytes_name_the_kind_of_photo(head: bytes, media_type: str) -> None:
    assert sniff_media_type(head) == media_type


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff",
        b"%PDF-1.7",
        b"RIFF\x10\0\0\0WAVEfmt ",
        b"\0\0\0\x1cftypisom\0\0\0\0isommp42",
        b"\0\0\0\x18ftyp",
        b"<svg xmlns=",
        b"BM\x36\0",
    ],
)
def test_what_cannot_be_decoded_is_no_photo(head: bytes) -> None:
    assert sniff_media_type(head) is None


def test_brands_beyond_the_declared_box_do_not_count() -> None:
    head = b"\0\0\0\x14ftypisom\0\0\0\0isom" + b"heic" * 10
    assert sniff_media_type(head[:HEAD_BYTES]) is None
