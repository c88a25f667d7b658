"""Out of one account and into another: both are spoken to by real clients, over the wire."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mien.service.import_rekognition import ImportRequest, import_collections
from mien.sources.amazon_account import fetch_listing
from mien.sources.amazon_listing import load_listing, parse_listing, save_listing
from mien.sources.named_images import NamedImages
from mien.testing import draw_photo
from rekognition.client import Key, calling
from service.stage import PURPOSE, Stage

COLLECTION = "people"
PHOTOS = {"ann.png": (1,), "both.png": (1, 2), "crowd.png": (3, 4, 5), "lost.png": (6,)}


def fill(client: Any) -> dict[str, list[str]]:
    """A collection as a program would have made it; the ids of the faces of each photo."""
    client.create_collection(CollectionId=COLLECTION, Tags={"owner": "press"})
    faces = {}
    for name, people in PHOTOS.items():
        image = {"Bytes": draw_photo(*people, seed=len(name))}
        indexed = client.index_faces(
            CollectionId=COLLECTION, Image=image, ExternalImageId=name, MaxFaces=10
        )
        found = [record["Face"] for record in indexed["FaceRecords"]]
        found.sort(key=lambda face: face["BoundingBox"]["Left"])
        faces[name] = [face["FaceId"] for face in found]
    for user, ids in {
        "ann": [faces["ann.png"][0], faces["both.png"][0]],
        "lost": faces["lost.png"],
        "empty": [],
    }.items():
        client.create_user(CollectionId=COLLECTION, UserId=user)
        if ids:
            client.associate_faces(CollectionId=COLLECTION, UserId=user, FaceIds=ids)
    return faces


def listed_of(client: Any) -> dict[str, dict[str, Any]]:
    pages = client.get_paginator("list_faces").paginate(CollectionId=COLLECTION)
    return {face["FaceId"]: face for page in pages for face in page["Faces"]}


def users_of(client: Any) -> dict[str, list[str]]:
    users = client.list_users(CollectionId=COLLECTION)["Users"]
    return {
        user["UserId"]: sorted(
            face["FaceId"]
            for face in client.list_faces(CollectionId=COLLECTION, UserId=user["UserId"])["Faces"]
        )
        for user in users
    }


def test_what_one_endpoint_lists_another_holds_after_the_import(tmp_path: Path) -> None:
    old, new = (Stage(tmp_path / name, now=datetime.now(UTC)) for name in ("old", "new"))
    for name, people in PHOTOS.items():
        if name != "lost.png":
            new.draw(name, *people, seed=len(name))
    with ExitStack() as stack:
        there = stack.enter_context(old.open())
        shelf = old.grant(there, scope="upload:///photos/")
        amazon = stack.enter_context(calling(there, Key(shelf, PURPOSE)))
        faces = fill(amazon)
        document = fetch_listing(amazon)
        listing = parse_listing(document)
        save_listing(tmp_path / "listing.json", document)
        assert load_listing(tmp_path / "listing.json") == listing

        here = stack.enter_context(new.open())
        grant = new.grant(here)
        request = ImportRequest(collections=listing, images=NamedImages(new.photos), grant_id=grant)
        report = import_collections(here.parts, request)
        mien = stack.enter_context(calling(here, Key(grant, PURPOSE)))

        moved = {one.old_face_id: one.new_face_id for one in report.faces}
        assert moved.keys() == {id_ for name in faces for id_ in faces[name]} - {*faces["lost.png"]}
        before, after = listed_of(amazon), listed_of(mien)
        assert sorted(after) == sorted(moved.values())
        for old_id, new_id in moved.items():
            assert after[new_id]["ExternalImageId"] == before[old_id]["ExternalImageId"]
            assert after[new_id]["BoundingBox"] == before[old_id]["BoundingBox"]
        assert users_of(mien) == {
            "ann": sorted(moved[id_] for id_ in (faces["ann.png"][0], faces["both.png"][0])),
            "empty": [],
        }
        assert [(one.what, one.id, one.reason.value) for one in report.missing] == [
            ("face", faces["lost.png"][0], "no-image"),
            ("user", "lost", "user-without-faces"),
        ]
        described = mien.describe_collection(CollectionId=COLLECTION)
        tags = mien.list_tags_for_resource(ResourceArn=described["CollectionARN"])["Tags"]
        assert tags == {"owner": "press"}
        found = mien.search_users(CollectionId=COLLECTION, FaceId=moved[faces["ann.png"][0]])
        assert [one["User"]["UserId"] for one in found["UserMatches"]] == ["ann"]
