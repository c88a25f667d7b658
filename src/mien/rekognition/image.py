"""The member `Image`: bytes that came along, or an object of a store that is configured here."""

from __future__ import annotations

from dataclasses import dataclass

from mien.errors import NotFoundError, PhotoError
from mien.rekognition.call import Call
from mien.rekognition.errors import Code, ServiceError, invalid
from mien.rekognition.members import Blob, Group, Text, member
from mien.vision.header import lay_as_stored, read_size

LARGEST_OBJECT_BYTES = 15 << 20
LEAST_SIDE_PX = 80

_ONE_OF_BOTH = "Requested image should either contain bytes or s3 object."
_TOO_LARGE = "Image size is too large."
_NO_IMAGE = "Request has invalid image format."
_NO_OBJECT = (
    "Unable to get object metadata from S3. Check object key, region and/or access permissions."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Object:
    bucket: str | None = member("Bucket", Text(3, 255, r"[0-9A-Za-z\.\-_]*"), default=None)
    name: str | None = member("Name", Text(1, 1024), default=None)
    version: str = member("Version", Text(1, 1024), default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    content: bytes | None = member("Bytes", Blob(1, 5_242_880), default=None)
    s3_object: S3Object | None = member("S3Object", Group(S3Object), default=None)


IMAGE = Group(Image)
"""The kind of every member that holds a photo."""


def read_image(call: Call, image: Image) -> bytes:
    """The photo: a JPEG, or a PNG that is turned by nobody. Raises `ServiceError`.

    Ask for permission first: an object is fetched by this.
    """
    content = _find_bytes(call, image)
    try:
        sides_px = read_size(content)
        content = lay_as_stored(content)
    except PhotoError as error:
        if error.reason == "too-many-pixels":
            raise ServiceError(Code.IMAGE_TOO_LARGE, _TOO_LARGE) from error
        raise ServiceError(Code.INVALID_IMAGE, _NO_IMAGE) from error
    if min(sides_px) < LEAST_SIDE_PX:
        width, height = sides_px
        raise invalid(
            f"The image is {width} x {height} pixels; both sides must have {LEAST_SIDE_PX}."
        )
    return content


def check_image(image: Image) -> None:
    """Raises `ServiceError` where there is not exactly one of bytes and object."""
    if (image.content is None) == (image.s3_object is None):
        raise ServiceError(Code.INVALID, _ONE_OF_BOTH)


def _find_bytes(call: Call, image: Image) -> bytes:
    check_image(image)
    if image.content is not None:
        return image.content
    wanted = image.s3_object
    if wanted is None or not wanted.bucket or not wanted.name:
        raise ServiceError(Code.INVALID_S3_OBJECT, "Request has invalid S3 object.")
    try:
        content = call.site.object_stores.read(
            bucket=wanted.bucket,
            key=wanted.name,
            version=wanted.version,
            max_bytes=LARGEST_OBJECT_BYTES,
        )
    except NotFoundError as error:
        raise ServiceError(Code.INVALID_S3_OBJECT, _NO_OBJECT) from error
    except PhotoError as error:
        raise ServiceError(Code.IMAGE_TOO_LARGE, _TOO_LARGE) from error
    return content
