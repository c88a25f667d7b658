"""What an access request gets: all that is held, every search, and pictures of nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mien.catalog.quality import format_quality
from mien.library import Library
from mien.permission.basis import Basis
from mien.service.cases import OpenedCase
from mien.service.grants import Narrowing
from mien.testing import GOOD, draw_photo
from service.inbox import (
    ANN,
    BEN,
    answer,
    entries_of,
    faces_of,
    fill,
    found,
    read_json,
    request,
    sha256_of,
)
from service.stage import PURPOSE, Stage, blobs_of, query


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        fill(stage, library)
        yield library


def hand_out(stage: Stage, library: Library, opened: OpenedCase) -> tuple[dict[str, Any], Path]:
    folder = answer(stage, library, opened).folder
    return read_json(folder, "held.json"), folder


def pictures_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg"))


def seen(stage: Stage, library: Library, name: str) -> Any:
    return library._deployment.vision(threads=1).analyse((stage.photos / name).read_bytes())


def test_a_photo_is_told_with_all_that_hangs_on_it(stage: Stage, library: Library) -> None:
    sha256 = sha256_of(stage, "ann.png")
    document, folder = hand_out(stage, library, request(library, "access", photos=(sha256,)))
    (photo,) = document["photos"]
    (grant,) = library.grants()
    (face,) = faces_of(stage, "ann.png")
    size = (stage.photos / "ann.png").stat().st_size
    assert photo == {
        "sha256": sha256,
        "size_bytes": size,
        "width_px": 80,
        "height_px": 80,
        "media_type": "image/png",
        "first_seen_at": "2030-05-01T12:00:00.000000Z",
        "is_sealed_here": False,
        "names": [],
        "caption": "",
        "credit": "",
        "copyright": "",
        "locations": [
            {
                "address": (stage.photos / "ann.png").resolve().as_uri(),
                "state": "present",
                "added_at": "2030-05-01T12:00:00.000000Z",
                "grant": grant.grant_id,
                "erased_at_the_latest": "2031-06-01T00:00:00.000000Z",
            }
        ],
        "collections": [
            {
                "collection": "default",
                "indexed_at": "2030-05-01T12:00:00.000000Z",
                "faces_not_kept": 0,
                "faces": [
                    {
                        "face": face,
                        "is_meant": True,
                        "box": [16.0, 16.0, 64.0, 64.0],
                        "quality": format_quality(GOOD),
                    }
                ],
            }
        ],
    }
    (permission,) = document["grants"]
    assert (permission["grant"], permission["grantor"]) == (grant.grant_id, "A. Holder")
    assert permission["purposes"] == [PURPOSE]
    assert (permission["valid_until"], permission["revoked_at"]) == (
        "2031-05-02T00:00:00.000000Z",
        None,
    )
    listing = (folder / "held.md").read_text("utf-8")
    for part in (sha256, face, grant.grant_id, "A. Holder", PURPOSE, "2031-06-01T00:00:00"):
        assert part in listing


def test_the_crop_is_that_of_the_face_and_the_thumbnail_that_of_the_photo(
    stage: Stage, library: Library
) -> None:
    (face,) = faces_of(stage, "ann.png")
    _, folder = hand_out(stage, library, request(library, "access", faces=(face,)))
    shown = seen(stage, library, "ann.png")
    sha256 = sha256_of(stage, "ann.png")
    assert pictures_in(folder) == [f"crops/{face}.jpg", f"thumbnails/{sha256}.jpg"]
    assert (folder / f"crops/{face}.jpg").read_bytes() == shown.faces[0].crop_jpeg
    assert (folder / f"thumbnails/{sha256}.jpg").read_bytes() == shown.thumbnail_jpeg


def test_of_a_face_among_others_there_is_its_own_crop_and_no_other(
    stage: Stage, library: Library
) -> None:
    mine, other = faces_of(stage, "both.png")
    document, folder = hand_out(stage, library, request(library, "access", faces=(mine,)))
    assert pictures_in(folder) == [f"crops/{mine}.jpg"]
    shown = seen(stage, library, "both.png").faces
    contents = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert shown[0].crop_jpeg in contents
    assert shown[1].crop_jpeg not in contents
    assert other.encode() not in contents
    faces = document["photos"][0]["collections"][0]["faces"]
    assert [(face["face"], face["is_meant"]) for face in faces] == [(mine, True), (None, False)]


def test_of_a_photo_of_several_nobody_is_shown(stage: Stage, library: Library) -> None:
    photos = (sha256_of(stage, "both.png"),)
    document, folder = hand_out(stage, library, request(library, "access", photos=photos))
    assert pictures_in(folder) == []
    assert document["searches"] == []
    faces = document["photos"][0]["collections"][0]["faces"]
    assert [(face["face"], len(face["box"])) for face in faces] == [(None, 4), (None, 4)]
    assert not set(faces_of(stage, "both.png")) & set(json.dumps(document).split('"'))


def test_where_a_face_was_not_kept_the_thumbnail_may_show_it(
    stage: Stage, library: Library
) -> None:
    query(stage.home / "catalog.db", "UPDATE indexed_photos SET dropped = 1")
    (face,) = faces_of(stage, "ann.png")
    _, folder = hand_out(stage, library, request(library, "access", faces=(face,)))
    assert pictures_in(folder) == [f"crops/{face}.jpg"]
    photos = request(library, "access", photos=(sha256_of(stage, "ann.png"),))
    answered = answer(stage, library, photos, "by photo")
    assert pictures_in(answered.folder) == []


@pytest.mark.parametrize(("left", "is_shown"), [(40.0, False), (75.9, False), (76.0, True)])
def test_a_crop_that_a_neighbour_reaches_into_is_not_handed_out(
    stage: Stage, library: Library, left: float, *, is_shown: bool
) -> None:
    """A crop reaches three quarters of the face's box from its middle, here to 76 pixels."""
    mine, other = faces_of(stage, "both.png")
    query(stage.home / "catalog.db", "UPDATE faces SET x1 = ? WHERE uuid = ?", left, other)
    _, folder = hand_out(stage, library, request(library, "access", faces=(mine,)))
    assert (pictures_in(folder) == [f"crops/{mine}.jpg"]) is is_shown


def test_every_search_that_showed_the_face_is_told_but_not_who_searched(
    stage: Stage, library: Library
) -> None:
    library._deployment.actor = "kim-the-searcher"
    for day in range(3):
        stage.now += timedelta(days=day)
        assert "ann.png" in found(library, ANN)
    found(library, BEN)
    (face,) = faces_of(stage, "ann.png")
    document, folder = hand_out(stage, library, request(library, "access", faces=(face,)))
    searches = document["searches"]
    assert [one["time"][:10] for one in searches] == ["2030-05-01", "2030-05-02", "2030-05-04"]
    assert {(one["action"], one["purpose"], one["face"]) for one in searches} == {
        ("search", PURPOSE, face)
    }
    assert all(0.9 < one["score"] <= 1 and one["rank"] in (1, 2) for one in searches)
    contents = b"".join(path.read_bytes() for path in folder.rglob("*.*"))
    assert b"kim-the-searcher" not in contents
    assert (folder / "held.md").read_text("utf-8").count(f"for {PURPOSE}: face {face}") == 3


def test_what_is_hidden_revoked_vanished_or_narrowed_is_told_too(
    stage: Stage, library: Library
) -> None:
    grant = library.grants()[0].grant_id
    request(library, "erasure", photos=(sha256_of(stage, "ann.png"),))
    (stage.photos / "both.png").unlink()
    library.add(stage.photos, grant=grant)
    inner = stage.photos / "inner"
    inner.mkdir()
    library.narrow(grant, Narrowing(scope=[inner]))
    library.revoke(grant)
    document, _ = hand_out(stage, library, request(library, "access", grantor="A. Holder"))
    states = {
        place["address"].rsplit("/", 1)[-1]: place["state"]
        for photo in document["photos"]
        for place in photo["locations"]
    }
    assert states == {"ann.png": "quarantined", "ben.png": "quarantined", "both.png": "quarantined"}
    assert document["grants"][0]["revoked_at"] is not None


def test_a_face_is_told_in_every_collection(stage: Stage, library: Library) -> None:
    second = stage.grant(
        library, bases=[Basis.DOCUMENTED_BASIS], assessment="DPIA 7", retention_days=90
    )
    library.add(stage.photos / "both.png", grant=second, collection="archive")
    mine = faces_of(stage, "both.png")[0]
    document, folder = hand_out(stage, library, request(library, "access", faces=(mine,)))
    (photo,) = document["photos"]
    assert [held["collection"] for held in photo["collections"]] == ["default", "archive"]
    meant = [f["face"] for held in photo["collections"] for f in held["faces"] if f["is_meant"]]
    assert len(meant) == len(pictures_in(folder)) == 2
    assert mine in meant
    assert len(document["grants"]) == 2
    ends = {place["erased_at_the_latest"][:10] for place in photo["locations"]}
    assert ends == {"2031-06-01", "2030-07-30"}


def test_a_damaged_picture_is_told_and_the_rest_is_handed_out(
    stage: Stage, library: Library
) -> None:
    (face,) = faces_of(stage, "ann.png")
    for blob in blobs_of(stage.home):
        content = bytearray(blob.read_bytes())
        content[-1] ^= 1
        content[len(content) // 2] ^= 1
        blob.write_bytes(bytes(content))
    document, folder = hand_out(stage, library, request(library, "access", faces=(face,)))
    assert document["photos"]
    damaged = set(document["pictures_damaged"])
    assert damaged
    assert damaged | set(document["pictures"]) == {
        f"crops/{face}.jpg",
        f"thumbnails/{sha256_of(stage, 'ann.png')}.jpg",
    }
    assert "could not be read" in (folder / "held.md").read_text("utf-8")


def test_looking_writes_nothing_but_the_case_into_the_log(stage: Stage, library: Library) -> None:
    opened = request(library, "access", faces=tuple(faces_of(stage, "ann.png")))
    before = len(entries_of(stage))
    answer(stage, library, opened)
    actions = [entry["action"] for entry in entries_of(stage)[before:]]
    assert actions == ["case-moved", "case-moved", "case-moved", "case-noted"]


def test_credits_are_told(stage: Stage, library: Library) -> None:
    query(stage.home / "catalog.db", "UPDATE photos SET caption = 'Ann *wins*', credit = 'Eve'")
    photos = (sha256_of(stage, "ann.png"),)
    document, folder = hand_out(stage, library, request(library, "access", photos=photos))
    assert document["photos"][0]["caption"] == "Ann *wins*"
    listing = (folder / "held.md").read_text("utf-8")
    assert r"caption: Ann \*wins\*" in listing
    assert "credit: Eve" in listing
    assert "copyright" not in listing


def test_a_search_with_a_photo_by_somebody_else_is_told_as_such(
    stage: Stage, library: Library
) -> None:
    request(library, "access", like=draw_photo(ANN, seed=5))
    (face,) = faces_of(stage, "ann.png")
    document, folder = hand_out(stage, library, request(library, "access", faces=(face,)))
    assert [(one["action"], one["purpose"]) for one in document["searches"]] == [
        ("case-search", None)
    ]
    assert "a request like yours" in (folder / "held.md").read_text("utf-8")
