"""Photos handed in through the server: sealed as they come, and added by a run under a grant."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from mien.permission.caller import Role
from mien.permission.use import Use
from mien.service.erase import FacesTarget, GrantTarget, PhotoTarget
from mien.testing import draw_photo
from server.door import Door, caller_of
from server.uploading import SHELF, hand_in, post_photos, shelf_grant, wait_for, working
from service.stage import PURPOSE, Stage, blobs_of, check_sound, names_of, query

ANN, BEN = draw_photo(1, seed=1), draw_photo(1, 2, seed=2)
PHOTOS = {"ann.png": ANN, "ann and ben.png": BEN}


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def spool_of(stage: Stage) -> list[Path]:
    return [path for path in (stage.home / "spool").rglob("*") if path.is_file()]


def files_of(home: Path) -> Iterator[bytes]:
    for path in home.rglob("*"):
        if path.is_file():
            yield path.read_bytes()


def uris_of(stage: Stage) -> list[str]:
    return query(stage.home / "catalog.db", "SELECT uri FROM locations ORDER BY uri")


def test_photos_that_are_handed_in_are_found_by_their_faces(stage: Stage) -> None:
    with stage.open() as library, working(library) as (client, _):
        run = hand_in(client, shelf_grant(stage, library), PHOTOS)
        done = wait_for(client, run["run_id"])
        found = library.search(draw_photo(1, seed=9), purpose=PURPOSE, limit=2)
    assert (done["state"], done["kind"], done["asked_by"]) == (
        "done",
        "add-uploads",
        "user:curator",
    )
    told = {name: done["progress"][name] for name in ("total", "met", "new", "faces", "failed")}
    assert told == {"total": 2, "met": 2, "new": 2, "faces": 3, "failed": 0}
    assert sorted(names_of(found)) == ["ann%20and%20ben.png", "ann.png"]
    assert uris_of(stage) == sorted(
        f"upload:///wedding/{sha256_of(content)[:16]}/{name.replace(' ', '%20')}"
        for name, content in PHOTOS.items()
    )
    check_sound(stage.home)


def test_nothing_of_them_lies_open_at_any_time(stage: Stage) -> None:
    with stage.open() as library, working(library) as (client, site):
        site.runs.stop()  # so that they wait
        run = hand_in(client, shelf_grant(stage, library), PHOTOS)
        assert len(spool_of(stage)) == 3
        waiting = list(files_of(stage.home))
        site.runs._stopping.clear()
        site.runs.start()
        wait_for(client, run["run_id"])
    for content in (*waiting, *files_of(stage.home)):
        assert ANN[100:200] not in content
        assert b"ann and ben" not in content or b"SQLite" in content[:16]
    assert spool_of(stage) == []


def test_an_upload_that_nobody_may_make_is_refused_before_it_is_taken(stage: Stage) -> None:
    with stage.open() as library, working(library) as (client, _):
        grant = shelf_grant(stage, library)
        library.revoke(grant)
        answers = {
            "grant-revoked": post_photos(client, grant, PHOTOS),
            "no-grant": post_photos(client, "", PHOTOS),
            "unknown-grant": post_photos(client, "of nobody", PHOTOS),
            "out-of-scope": post_photos(client, stage.grant(library), PHOTOS),
        }
        refused = [entry for entry in library.audit().entries() if entry["action"] == "add"]
    for reason, answer in answers.items():
        assert (answer.status_code, answer.json()["code"]) == (403, reason)
    assert [entry["reasons"] for entry in refused] == [[reason] for reason in answers]
    assert not (stage.home / "spool").exists()
    assert blobs_of(stage.home) == []


def test_another_shelf_than_the_grant_covers_is_refused(stage: Stage) -> None:
    with stage.open() as library, working(library) as (client, _):
        grant = shelf_grant(stage, library)
        answer = post_photos(client, grant, PHOTOS, shelf="holiday")
        odd = post_photos(client, grant, PHOTOS, shelf="../wedding")
        named = hand_in(client, grant, PHOTOS, shelf=SHELF)
        assert wait_for(client, named["run_id"])["progress"]["new"] == 2
    assert (answer.status_code, answer.json()["code"]) == (403, "out-of-scope")
    assert odd.status_code == 422
    assert "no name of a shelf" in odd.json()["detail"]


@pytest.mark.parametrize("who", [Role.VIEWER, Role.SEARCHER, Role.AUDITOR])
def test_who_does_not_add_hands_nothing_in(stage: Stage, who: Role) -> None:
    with stage.open() as library, working(library, who) as (client, _):
        answer = post_photos(client, shelf_grant(stage, library), PHOTOS)
        assert answer.status_code == 403
        assert client.get("/v1/runs").status_code == 403


def test_who_is_bound_to_a_collection_hands_in_to_no_other(stage: Stage) -> None:
    bound = Door({"ann": caller_of(Role.CURATOR, collections=frozenset({"family"}))})
    with stage.open() as library, working(library, "ann", door=bound) as (client, _):
        grant = shelf_grant(stage, library)
        assert post_photos(client, grant, PHOTOS).json()["code"] == "collection-not-yours"
        library.create_collection("family", basis="household")
        run = hand_in(client, grant, PHOTOS, collection="family")
        assert wait_for(client, run["run_id"])["collection"] == "family"


def test_the_same_photo_twice_and_from_a_folder_is_one_photo(stage: Stage) -> None:
    path = stage.draw("from a folder.png", 1, seed=1)
    with stage.open() as library, working(library) as (client, _):
        library.add(stage.photos, grant=stage.grant(library))
        grant = shelf_grant(stage, library)
        for name in ("ann.png", "ann.png", "ann again.png"):
            run = hand_in(client, grant, {name: path.read_bytes()})
            done = wait_for(client, run["run_id"])
            assert (done["progress"]["new"], done["progress"]["known"]) == (0, 1)
        assert query(stage.home / "catalog.db", "SELECT count(*) FROM photos") == [1]
        assert query(stage.home / "catalog.db", "SELECT count(*) FROM originals") == [1]
        assert len(uris_of(stage)) == 3
        # The folder goes, and what was handed in still is there to be looked at again.
        path.unlink()
        library.erase(GrantTarget(library.grants()[0].grant_id))
        assert read_original(library, sha256_of(path_bytes := ANN)) == path_bytes
    check_sound(stage.home)


def read_original(library: object, sha256: str) -> bytes | None:
    from mien.library import Library
    from mien.service.originals import Whereabouts, find_original

    assert isinstance(library, Library)
    place = Whereabouts(sha256, 10_000_000, ("upload:///wedding/0/any.png",))
    return find_original(library.parts.deployment, place)


@pytest.mark.parametrize("what", ["photo", "grant"])
def test_an_erasure_takes_the_original_and_says_so(stage: Stage, what: str) -> None:
    with stage.open() as library, working(library) as (client, _):
        grant = shelf_grant(stage, library)
        wait_for(client, hand_in(client, grant, PHOTOS)["run_id"])
        backup = {path.name: path.read_bytes() for path in blobs_of(stage.home)}
        keys = query(stage.home / "keys" / "keys.db", "SELECT face_id FROM face_keys")
        ids = query(stage.home / "catalog.db", "SELECT blob_id FROM originals")
        assert set(ids) < set(backup)
        assert set(ids) < set(keys)
        if what == "photo":
            report = library.erase(PhotoTarget(sha256_of(ANN)))
            left = 1
        else:
            report = library.erase(GrantTarget(grant))
            left = 0
        assert report.erased["originals"] == 2 - left
        assert report.outside == ()
        assert read_original(library, sha256_of(ANN)) is None
        now = query(stage.home / "keys" / "keys.db", "SELECT face_id FROM face_keys")
        assert len(set(ids) & set(now)) == left
        # Whoever kept the sealed file cannot open it any more.
        for path, content in backup.items():
            place = stage.home / "blobs" / path[:2] / path
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(content)
        assert read_original(library, sha256_of(ANN)) is None
    assert '"originals"' in report.certificate


def test_an_erased_face_leaves_the_original_for_the_others(stage: Stage) -> None:
    with stage.open() as library, working(library) as (client, _):
        wait_for(client, hand_in(client, shelf_grant(stage, library), PHOTOS)["run_id"])
        (uuid, *_) = query(stage.home / "catalog.db", "SELECT uuid FROM faces")
        report = library.erase(FacesTarget((uuid,)))
        assert (report.erased["faces"], report.erased["originals"]) == (1, 0)
        assert read_original(library, sha256_of(ANN)) == ANN
        assert read_original(library, sha256_of(BEN)) == BEN


def test_an_old_catalog_does_not_bring_an_erased_original_back(stage: Stage) -> None:
    catalog = stage.home / "catalog.db"
    with stage.open() as library, working(library) as (client, _):
        wait_for(client, hand_in(client, shelf_grant(stage, library), PHOTOS)["run_id"])
        with (
            closing(sqlite3.connect(catalog)) as old,
            closing(sqlite3.connect(stage.folder / "old.db")) as copy,
        ):
            old.backup(copy)
        blobs = {path: path.read_bytes() for path in blobs_of(stage.home)}
        library.erase(PhotoTarget(sha256_of(ANN)))
    for path in (catalog, *catalog.parent.glob("catalog.db-*")):
        path.unlink()
    (stage.folder / "old.db").rename(catalog)
    for path, content in blobs.items():
        path.write_bytes(content)
    with stage.open() as library:
        assert read_original(library, sha256_of(ANN)) is None
        assert read_original(library, sha256_of(BEN)) == BEN
    assert query(catalog, "SELECT count(*) FROM originals") == [1]


def test_opting_the_shelf_out_keeps_everything_out(stage: Stage) -> None:
    with stage.open() as library, working(library) as (client, _):
        grant = shelf_grant(stage, library)
        wait_for(client, hand_in(client, grant, PHOTOS)["run_id"])
        library.optouts().source("upload:///wedding/")
        assert uris_of(stage) == []
        assert query(stage.home / "catalog.db", "SELECT count(*) FROM originals") == [0]
        answer = post_photos(client, grant, PHOTOS)
    assert (answer.status_code, answer.json()["code"]) == (403, "source-suppressed")


def test_bytes_that_were_opted_out_do_not_come_in(stage: Stage) -> None:
    with stage.open() as library, working(library) as (client, _):
        library.optouts().item(ANN)
        run = wait_for(client, hand_in(client, shelf_grant(stage, library), PHOTOS)["run_id"])
    assert run["progress"]["refused"] == {"item-suppressed": 1}
    assert run["report"]["reasons"][0]["code"] == "item-suppressed"
    assert run["progress"]["new"] == 1
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM originals") == [1]
    assert len(blobs_of(stage.home)) == 2


def test_what_is_no_photo_is_told_by_name_and_never_unpacked(stage: Stage) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ann.png", bytes(20_000_000))
    photos = {
        "bomb.zip": bomb.getvalue(),
        "really.png": bomb.getvalue(),
        "empty.jpg": b"",
        ".DS_Store": b"x",
        "cut.png": ANN[:120],
        "ann.png": ANN,
    }
    with stage.open() as library, working(library) as (client, _):
        run = wait_for(client, hand_in(client, shelf_grant(stage, library), photos)["run_id"])
    assert {one["name"]: one["reason"] for one in run["report"]["failed"]} == {
        "bomb.zip": "not-a-photo",
        "really.png": "not-a-photo",
        "empty.jpg": "empty-file",
        "cut.png": "truncated",
    }
    assert (run["progress"]["new"], run["progress"]["ignored"]) == (1, 1)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
def test_every_kind_of_photo_is_taken(stage: Stage, form: str) -> None:
    if form == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    content = io.BytesIO()
    Image.new("RGB", (160, 80), (128, 128, 128)).save(content, form)
    with stage.open() as library, working(library) as (client, _):
        photos = {f"grey.{form.lower()}": content.getvalue()}
        run = wait_for(client, hand_in(client, shelf_grant(stage, library), photos)["run_id"])
    assert (run["progress"]["new"], run["report"]["failed"]) == (1, [])


def test_a_photo_of_too_many_pixels_is_not_decoded(stage: Stage) -> None:
    content = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(content, "PNG")
    with stage.open() as library, working(library) as (client, _):
        photos = {"bomb.png": content.getvalue()}
        run = wait_for(client, hand_in(client, shelf_grant(stage, library), photos)["run_id"])
    assert run["report"]["failed"] == [{"name": "bomb.png", "reason": "too-many-pixels"}]


def test_who_withdrew_is_out_and_who_comes_later_is_found_in_sealed_uploads(stage: Stage) -> None:
    """An enrolled-only collection keeps no stranger, and looks again at what was handed in."""
    from service.enrolling import consent

    with stage.open() as library, working(library) as (client, _):
        library.create_collection("guests", basis="enrolled_only")
        grant = shelf_grant(stage, library, bases=["enrolled_only"], uses=list(Use))
        run = hand_in(client, grant, PHOTOS, collection="guests")
        done = wait_for(client, run["run_id"])
        assert done["progress"]["dropped"] == {"not-enrolled": 3}
        path = stage.draw("selfie.png", 2, seed=77)
        library.enrol("Ben", path, consent=consent(stage))
        kept = query(stage.home / "catalog.db", "SELECT count(*) FROM faces")
    assert kept == [1]


def test_repeating_an_upload_with_its_key_makes_one_run(stage: Stage) -> None:
    with stage.open() as library, working(library) as (client, _):
        grant = shelf_grant(stage, library)
        client.headers["Idempotency-Key"] = "7c3e"
        first, again = (hand_in(client, grant, PHOTOS) for _ in range(2))
        other = post_photos(client, grant, {"ann.png": ANN})
        wait_for(client, first["run_id"])
    assert first["run_id"] == again["run_id"]
    assert other.json()["code"] == "idempotency-key-reused"
    assert spool_of(stage) == []
