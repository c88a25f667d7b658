"""A saved listing: what is read of it, and what is refused by name."""

from __future__ import annotations

import copy
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from mien.errors import SettingsError
from mien.sources.amazon_listing import (
    ListedCollection,
    ListedFace,
    ListedUser,
    load_listing,
    make_document,
    parse_listing,
    save_listing,
)
from mien.types import Box

FACE_ID, IMAGE_ID = "0b683aed-a0f1-48b2-9b5e-139e9cc2a757", "9b5e139e-48b2-a0f1-0b68-3aed9cc2a757"
FACE: dict[str, Any] = {
    "FaceId": FACE_ID,
    "ImageId": IMAGE_ID,
    "ExternalImageId": "ann.jpg",
    "BoundingBox": {"Left": 0.25, "Top": 0.5, "Width": 0.25, "Height": 0.125},
}
COLLECTION: dict[str, Any] = {
    "CollectionId": "staff",
    "Tags": {"owner": "press"},
    "Faces": [FACE],
    "Users": [{"UserId": "ann:1", "FaceIds": [FACE_ID]}],
}


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "listing.json"
    save_listing(path, make_document([COLLECTION]))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_listing(path) == (
        ListedCollection(
            collection_id="staff",
            faces=(
                ListedFace(
                    face_id=FACE_ID,
                    image_id=IMAGE_ID,
                    external_image_id="ann.jpg",
                    box=Box(0.25, 0.5, 0.5, 0.625),
                ),
            ),
            users=(ListedUser("ann:1", (FACE_ID,)),),
            tags={"owner": "press"},
        ),
    )


def test_what_a_collection_lacks_is_not_there() -> None:
    unnamed = {name: value for name, value in FACE.items() if name != "ExternalImageId"}
    document = make_document([{"CollectionId": "bare", "Faces": [unnamed], "Tags": None}])
    (bare,) = parse_listing(document)
    assert bare.users == ()
    assert bare.faces[0].external_image_id == ""
    assert bare.tags is None
    assert parse_listing(make_document([])) == ()


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (["CollectionId"], "a/b", "in collection 1, CollectionId is missing"),
        (["CollectionId"], None, "in collection 1, CollectionId is missing"),
        (["Faces"], "none", "in collection 1, Faces is missing"),
        (["Faces", 0], "x", "in collection 1, Faces is missing"),
        (["Faces", 0, "FaceId"], "../../etc", "in collection 1, face 1, FaceId"),
        (["Faces", 0, "ImageId"], 7, "in collection 1, face 1, ImageId"),
        (["Faces", 0, "ExternalImageId"], "=cmd()", "in collection 1, face 1, ExternalImageId"),
        (["Faces", 0, "BoundingBox"], [], "in collection 1, face 1, BoundingBox"),
        (["Faces", 0, "BoundingBox", "Left"], "0.1", "in collection 1, face 1, BoundingBox"),
        (["Faces", 0, "BoundingBox", "Top"], float("nan"), "in collection 1, face 1, BoundingBox"),
        (["Faces", 0, "BoundingBox", "Width"], True, "in collection 1, face 1, BoundingBox"),
        (["Tags"], ["owner"], "in collection 1, Tags"),
        (["Tags"], {"owner": 1}, "in collection 1, Tags"),
        (["Tags"], {"owner": "x" * 257}, "in collection 1, Tags"),
        (["Users", 0, "UserId"], "a b", "in collection 1, user 1, UserId"),
        (["Users", 0, "FaceIds"], ["x"], "in collection 1, user 1, FaceIds"),
        (["Users", 0, "FaceIds"], FACE_ID, "in collection 1, user 1, FaceIds"),
    ],
    ids=lambda value: None,
)
def test_what_is_malformed_is_told_by_its_place(
    path: list[str | int], value: object, told: str
) -> None:
    collection = copy.deepcopy(COLLECTION)
    *way, last = path
    place: Any = collection
    for step in way:
        place = place[step]
    place[last] = value
    with pytest.raises(SettingsError, match=told):
        parse_listing(make_document([collection]))


@pytest.mark.parametrize("document", [[], {}, {"format": "rekognition-listing", "version": 2}])
def test_another_document_is_no_listing(document: object, tmp_path: Path) -> None:
    path = tmp_path / "listing.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"no listing of collections\. Save one with"):
        load_listing(path)


def test_files_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_listing(tmp_path / "none such")
    (tmp_path / "text").write_bytes(b"\xff{")
    with pytest.raises(SettingsError, match="is no JSON document"):
        load_listing(tmp_path / "text")
    with pytest.raises(SettingsError, match="cannot be written"):
        save_listing(tmp_path / "none such" / "a", make_document([]))
