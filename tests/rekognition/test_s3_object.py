"""Photos named as objects: from the file of the operator's to the answer of a real client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from mien.errors import SettingsError
from mien.server.opening import open_site
from mien.testing import draw_photo
from rekognition.client import KEY_ID, Key, using
from server.door import Door
from service.stage import PURPOSE, Stage
from sources.moto_store import KEYS, open_store, serving_store

_NOT_TO_BE_HAD = (
    "Unable to get object metadata from S3. Check object key, region and/or access permissions."
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving_store() as address:
        yield address


def write_file(folder: Path, address: str) -> str:
    keys = "".join(f'{name} = "{value}"\n' for name, value in KEYS.items())
    path = folder / "stores.toml"
    path.write_text(f'[[store]]\nbuckets = ["photos"]\nendpoint = "{address}"\n{keys}', "utf-8")
    path.chmod(0o600)
    return str(path)


@contextmanager
def calling_with(stage: Stage, stores: str) -> Iterator[Any]:
    """A client of a site whose operator names this file."""
    with stage.open(object_stores=stores) as library:
        key = Key(stage.grant(library), PURPOSE, collections=frozenset({"people"}))
        with open_site(library, origin="http://testserver", is_secure=False) as site:
            door = Door(access_keys={KEY_ID: key.as_access()})
            with using(replace(site, doorkeeper=door)) as client:
                yield client


def s3_object(name: str, **more: str) -> dict[str, Any]:
    return {"S3Object": {"Bucket": "photos", "Name": name, **more}}


def test_an_object_is_looked_at_as_bytes_are(stage: Stage, address: str) -> None:
    s3 = open_store(address, "photos")
    s3.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="photos", Key="2026/a b.png", Body=draw_photo(1, 2))
    s3.put_object(Bucket="photos", Key="2026/a b.png", Body=draw_photo(3))
    with calling_with(stage, write_file(stage.folder, address)) as client:
        sent = client.detect_faces(Image={"Bytes": draw_photo(3)})
        named = client.detect_faces(Image=s3_object("2026/a b.png"))
        older = client.detect_faces(Image=s3_object("2026/a b.png", Version=first["VersionId"]))
    assert named["FaceDetails"] == sent["FaceDetails"]
    assert (len(named["FaceDetails"]), len(older["FaceDetails"])) == (1, 2)


def test_what_is_not_to_be_had_or_too_large_is_told_in_the_services_words(
    stage: Stage, address: str
) -> None:
    s3 = open_store(address, "photos")
    s3.put_object(Bucket="photos", Key="large", Body=bytes((15 << 20) + 1))
    open_store(address, "others").put_object(Bucket="others", Key="a.png", Body=draw_photo(1))
    told = {}
    with calling_with(stage, write_file(stage.folder, address)) as client:
        for image in (
            s3_object("none"),
            s3_object("../others/a.png"),
            {"S3Object": {"Bucket": "others", "Name": "a.png"}},
            s3_object("large"),
        ):
            with pytest.raises(ClientError) as refused:
                client.detect_faces(Image=image)
            told[image["S3Object"]["Name"]] = refused.value.response["Error"]
    large = told.pop("large")
    assert large["Code"] == "ImageTooLargeException"
    assert {(one["Code"], one["Message"]) for one in told.values()} == {
        ("InvalidS3ObjectException", _NOT_TO_BE_HAD)
    }


def test_a_file_that_cannot_be_used_ends_the_start(stage: Stage) -> None:
    gone = str(stage.folder / "none such")
    with (
        stage.open(object_stores=gone) as library,
        pytest.raises(SettingsError, match="which MIEN_OBJECT_STORES names, cannot be read"),
        open_site(library, origin="http://testserver", is_secure=False),
    ):
        pytest.fail("it was opened")
