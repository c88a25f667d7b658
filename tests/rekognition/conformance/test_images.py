"""Photos: which are taken, which are refused and in which words; and what is seen in them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from mien.testing import draw_photo
from rekognition.conformance.endpoint import Endpoint
from rekognition.conformance.photos import DAD, MOM, draw_nobody
from rekognition.conformance.proofs import Status, proves
from rekognition.conformance.refused import TRAITS
from rekognition.conformance.store import BUCKET, NAME, OLD

LARGEST_BYTES = 5_242_880
LANDMARKS = {"eyeLeft", "eyeRight", "mouthLeft", "mouthRight", "nose"}


def grey(width_px: int, height_px: int, *, form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width_px, height_px), (128, 128, 128)).save(file, form)
    return file.getvalue()


def padded(size_bytes: int) -> bytes:
    """A photo of nobody that is so large: what follows a PNG's end is read by nobody."""
    photo = draw_nobody()
    return photo + b"\0" * (size_bytes - len(photo))


@proves("DetectFacesRequest", "Image")
@proves("DetectFacesResponse", "FaceDetails")
@proves("DetectFacesResponse", "OrientationCorrection", status=Status.EMPTY)
@proves(
    "Landmark",
    "Type",
    status=Status.DIFFERS,
    why="five of the thirty places: the eyes, the nose and the corners of the mouth",
)
def test_faces_are_detected_largest_first(endpoint: Endpoint) -> None:
    image = {"Bytes": endpoint.photos.together(DAD, MOM)}
    found = endpoint.client.detect_faces(Image=image)["FaceDetails"]
    boxes = [one["BoundingBox"] for one in found]
    areas = [box["Width"] * box["Height"] for box in boxes]
    assert len(areas) == 2
    assert areas == sorted(areas, reverse=True)
    assert boxes[0]["Left"] < 0.5
    for detail in found:
        assert {one["Type"] for one in detail["Landmarks"]} >= LANDMARKS
        assert {"BoundingBox", "Confidence", "Pose", "Quality"} <= set(detail)
        for name, value in detail["Pose"].items():
            assert abs(value) < 60, name
        for name, value in detail["Quality"].items():
            assert 0 <= value <= 100, name


def test_eyes_lie_where_the_box_is(endpoint: Endpoint) -> None:
    image = {"Bytes": endpoint.photos.of(DAD)}
    (face,) = endpoint.client.detect_faces(Image=image)["FaceDetails"]
    box, place = face["BoundingBox"], {one["Type"]: one for one in face["Landmarks"]}
    for name in LANDMARKS:
        assert box["Left"] < place[name]["X"] < box["Left"] + box["Width"]
        assert box["Top"] < place[name]["Y"] < box["Top"] + box["Height"]
    assert place["eyeLeft"]["X"] < place["eyeRight"]["X"]
    assert place["eyeLeft"]["Y"] < place["mouthLeft"]["Y"]


def test_no_more_than_a_hundred_faces_of_a_photo_are_told(wire: Endpoint) -> None:
    wire.differs("so many faces are drawn quicker than found")
    crowd = {"Bytes": draw_photo(*range(101))}
    assert len(wire.client.detect_faces(Image=crowd)["FaceDetails"]) == 100
    found = wire.client.compare_faces(
        SourceImage={"Bytes": wire.photos.of(0)}, TargetImage=crowd, SimilarityThreshold=0
    )
    assert len(found["FaceMatches"]) == 100


def test_a_photo_of_nobody_shows_an_empty_list(wire: Endpoint) -> None:
    assert wire.client.detect_faces(Image={"Bytes": draw_nobody()})["FaceDetails"] == []


@proves(
    "DetectFacesRequest",
    "Attributes",
    status=Status.DIFFERS,
    why="ALL is answered like DEFAULT, a trait by its name is refused: none is inferred",
)
def test_all_attributes_are_those_that_infer_no_trait(wire: Endpoint) -> None:
    wire.differs("nothing of a person's traits is inferred")
    image = {"Bytes": wire.photos.of(DAD)}
    by_default = wire.client.detect_faces(Image=image, Attributes=["DEFAULT"])
    assert by_default["FaceDetails"] == wire.client.detect_faces(Image=image)["FaceDetails"]
    everything = wire.client.detect_faces(Image=image, Attributes=["ALL"])
    assert everything["FaceDetails"] == by_default["FaceDetails"]


@pytest.mark.parametrize("trait", TRAITS)
def test_a_trait_that_is_asked_for_by_name_is_refused(wire: Endpoint, trait: str) -> None:
    wire.differs("nothing of a person's traits is inferred")
    with wire.refusing("AccessDeniedException") as refusal:
        wire.client.detect_faces(
            Image={"Bytes": wire.photos.of(DAD)}, Attributes=["DEFAULT", trait]
        )
    assert trait in refusal.message


def test_a_turned_jpeg_is_seen_as_it_is_shown(endpoint: Endpoint) -> None:
    with Image.open(io.BytesIO(endpoint.photos.of(DAD))) as photo:
        upright = photo.convert("RGB")
    upright.thumbnail((400, 400))
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    file = io.BytesIO()
    lying.save(file, "JPEG", exif=exif, quality=95)
    (face,) = endpoint.client.detect_faces(Image={"Bytes": file.getvalue()})["FaceDetails"]
    place = {one["Type"]: one for one in face["Landmarks"]}
    assert place["eyeLeft"]["Y"] < place["mouthLeft"]["Y"]


@pytest.mark.parametrize("image", [{}, {"Bytes": b"", "S3Object": None}], ids=["none", "empty"])
def test_an_image_is_bytes_or_an_object(wire: Endpoint, image: dict[str, Any]) -> None:
    with wire.refusing("InvalidParameterException") as refusal:
        wire.unchecked.detect_faces(Image={key: value for key, value in image.items() if value})
    assert refusal.message == "Requested image should either contain bytes or s3 object."


def test_no_image_is_both(wire: Endpoint) -> None:
    both = {"Bytes": draw_nobody(), "S3Object": {"Bucket": "mien", "Name": "a.jpg"}}
    with wire.refusing("InvalidParameterException") as refusal:
        wire.client.detect_faces(Image=both)
    assert refusal.message == "Requested image should either contain bytes or s3 object."


def test_the_largest_photo_is_taken_and_one_byte_more_is_not(wire: Endpoint) -> None:
    assert wire.client.detect_faces(Image={"Bytes": padded(LARGEST_BYTES)})["FaceDetails"] == []
    with wire.refusing("ImageTooLargeException") as refusal:
        wire.client.detect_faces(Image={"Bytes": padded(LARGEST_BYTES + 1)})
    assert refusal.message == "Image size is too large."


@pytest.mark.parametrize(
    "content",
    [b"no photo at all", grey(200, 200, form="GIF"), grey(200, 200, form="BMP")],
    ids=["text", "gif", "bmp"],
)
def test_what_is_neither_jpeg_nor_png_is_refused(wire: Endpoint, content: bytes) -> None:
    with wire.refusing("InvalidImageFormatException") as refusal:
        wire.client.detect_faces(Image={"Bytes": content})
    assert refusal.message == "Request has invalid image format."


def test_the_smallest_photo_is_taken_and_a_smaller_one_is_not(wire: Endpoint) -> None:
    assert wire.client.detect_faces(Image={"Bytes": grey(80, 80)})["FaceDetails"] == []
    for width_px, height_px in ((79, 80), (80, 79)):
        with wire.refusing("InvalidParameterException"):
            wire.client.detect_faces(Image={"Bytes": grey(width_px, height_px)})


@proves("Image", "S3Object", status=Status.DIFFERS, why="read from stores that you configured")
@proves("S3Object", "Bucket", "Name", "Version")
def test_a_photo_is_read_from_a_store(wire: Endpoint) -> None:
    wire.differs("stores are those that the operator configured")
    image = {"S3Object": {"Bucket": BUCKET, "Name": NAME}}
    newest = wire.client.detect_faces(Image=image)["FaceDetails"]
    image["S3Object"]["Version"] = OLD
    older = wire.client.detect_faces(Image=image)["FaceDetails"]
    assert (len(newest), len(older)) == (2, 1)


def test_an_object_that_cannot_be_had_is_refused(wire: Endpoint) -> None:
    wanted = {"Bucket": "mien-conformance-none", "Name": "a.jpg", "Version": "1"}
    with wire.refusing("InvalidS3ObjectException") as refusal:
        wire.client.detect_faces(Image={"S3Object": wanted})
    assert refusal.message == (
        "Unable to get object metadata from S3. Check object key, region and/or access permissions."
    )
