"""`mien import rekognition`: what it asks for, writes down and ends with."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Mien
from mien.sources.amazon_listing import make_document, save_listing
from service.stage import Stage, query
from service.test_import_rekognition import face, read, user
from sources.test_amazon_account import ANSWERS, serving


def listing(stage: Stage, *faces: dict[str, Any], users: tuple[dict[str, Any], ...] = ()) -> Path:
    path = stage.folder / "listing.json"
    staff = {"CollectionId": "staff", "Faces": list(faces), "Users": list(users)}
    save_listing(path, make_document([staff, {"CollectionId": "bare"}]))
    return path


@pytest.fixture
def grant(stage: Stage) -> str:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        return stage.grant(library)


def test_a_listing_comes_over_and_is_told_without_a_name(
    stage: Stage, mien: Mien, grant: str
) -> None:
    ann, gone = face("ann.png"), face("gone.png")
    saved = listing(stage, ann, gone, users=(user("dr-ann-ek", ann["FaceId"]),))
    report = stage.folder / "moved"
    words = ("import", "rekognition", "--listing", saved, "--images", stage.photos)
    answer = mien(*words, "--grant", grant, "--report", report)
    assert answer.code == 0
    assert "1 faces and 1 users came along, in 1 collections: 1 new photos, 0 known." in answer.out
    assert "Not here: 1. No file among the images has that name" in answer.err
    assert "[collection-empty]" in answer.err
    assert str(report / "faces.csv") in answer.out
    assert "ek" not in answer.out.replace(str(report), "") + answer.err
    (moved,) = read(report / "faces.csv")
    assert query(stage.home / "catalog.db", "SELECT uuid FROM faces") == [moved["new_face_id"]]
    document = mien(*words, "--grant", grant, "--collection", "staff", "--json").document
    assert document["photos_known"] == 1
    assert [one["new_face_id"] for one in document["faces"]] == [moved["new_face_id"]]
    assert document["users"] == [
        {"collection": "staff", "user_id": "dr-ann-ek", "faces_there": 1, "faces_here": 1}
    ]
    assert [(one["id"], one["reason"]) for one in document["missing"]] == [
        (gone["FaceId"], "no-image")
    ]


def test_without_a_grant_that_covers_them_it_is_refused(stage: Stage, mien: Mien) -> None:
    stage.draw("ann.png", 1)
    words = ("import", "rekognition", "--listing", listing(stage, face("ann.png")))
    answer = mien(*words, "--images", stage.photos)
    assert answer.code == 3
    assert "[no-grant]" in answer.err
    assert "0 faces and 0 users came along" in answer.out


def test_without_any_of_the_images_it_ends_as_unreadable(
    stage: Stage, mien: Mien, grant: str
) -> None:
    saved = listing(stage, face("none.png"))
    words = ("import", "rekognition", "--listing", saved, "--images", stage.photos)
    assert mien(*words, "--grant", grant).code == 5
    names = stage.folder / "names.csv"
    names.write_text("external_image_id,file\nnone.png,ann.png\n", encoding="utf-8")
    answer = mien(*words, "--grant", grant, "--names", names)
    assert answer.code == 0
    assert "--report FOLDER" in answer.err


def test_a_listing_is_saved_for_its_owner_and_used_without_the_account(
    stage: Stage, mien: Mien, grant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AK")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret word")
    saved = stage.folder / "saved.json"
    words = ("import", "rekognition")
    with serving(ANSWERS) as endpoint:
        asked = ("--endpoint", endpoint, "--region", "eu-central-1")
        answer = mien(*words, *asked, "--save-listing", saved)
        one = mien(*words, *asked, "--save-listing", saved, "--collection", "staff", "--json")
    assert (answer.code, answer.out) == (0, "Listed: 2 collections, 3 faces, 2 users.\n")
    assert one.document == {"collections": 1, "faces": 3, "users": 2}
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert "secret" not in saved.read_text(encoding="utf-8")
    used = mien(*words, "--listing", saved, "--images", stage.photos, "--grant", grant, "--json")
    assert {one["reason"] for one in used.document["missing"]} >= {"no-name"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Name the folder of your images with --images"),
        (("--images", "none-such", "--listing", "{listing}"), "There is no folder none-such"),
        (("--images", ".", "--listing", "none-such"), "none-such cannot be read"),
        (
            ("--images", ".", "--listing", "{listing}", "--collection", "other"),
            "The listing has no collection other",
        ),
        (
            ("--images", ".", "--listing", "{listing}", "--save-listing", "x.json"),
            "leave out --listing",
        ),
        (("--images", ".", "--profile", "none-such"), "cannot be asked (ProfileNotFound)"),
    ],
    ids=["nothing", "folder", "file", "collection", "both", "profile"],
)
def test_what_cannot_be_done_is_told_before_anything_is(
    stage: Stage, mien: Mien, words: tuple[str, ...], told: str
) -> None:
    named = {"{listing}": str(listing(stage))}
    answer = mien("import", "rekognition", *(named.get(word, word) for word in words))
    assert answer.code == 2
    assert told in answer.err
    assert not stage.home.exists()


def test_the_group_names_the_services(mien: Mien) -> None:
    assert "rekognition" in mien("import", "--help").out
