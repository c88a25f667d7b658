"""What Amazon lists comes over with the holder's own images, and what cannot is told."""

from __future__ import annotations

import csv
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from mien.errors import SettingsError
from mien.library import Library
from mien.permission.access_key import AccessTerms
from mien.permission.verdict import Reason
from mien.service.erase import FacesTarget
from mien.service.face_groups import FaceGroups, open_groups
from mien.service.group_faces import MOST_FACES
from mien.service.import_rekognition import ImportRequest, import_collections
from mien.service.import_report import ImportReport, Loss, write_report
from mien.service.standing import get_collection
from mien.service.tags import Tags
from mien.sources.amazon_listing import ListedCollection, make_document, parse_listing
from mien.sources.named_images import NamedImages
from service.stage import PURPOSE, Stage, check_sound, query

_SPACE = UUID("00000000-0000-4000-8000-000000000000")


def uuid_of(name: str) -> str:
    return str(uuid5(_SPACE, name))


def face(name: str, place: int = 0, *, of: int = 1, **changes: Any) -> dict[str, Any]:
    """A face in a drawn photo of so many people: where Amazon would have seen it, a bit larger."""
    return {
        "FaceId": uuid_of(f"{name} {place}"),
        "ImageId": uuid_of(name),
        "ExternalImageId": name,
        "BoundingBox": {
            "Left": (place + 0.17) / of,
            "Top": 0.15,
            "Width": 0.66 / of,
            "Height": 0.7,
        },
    } | changes


def user(name: str, *face_ids: str) -> dict[str, Any]:
    return {"UserId": name, "FaceIds": list(face_ids)}


def listed(
    *faces: dict[str, Any], users: Sequence[dict[str, Any]] = (), name: str = "staff", **more: Any
) -> tuple[ListedCollection, ...]:
    entry = {"CollectionId": name, "Faces": list(faces), "Users": list(users), **more}
    return parse_listing(make_document([entry]))


def bring(
    stage: Stage,
    library: Library,
    collections: Sequence[ListedCollection],
    *,
    grant: str | None,
    names: Path | None = None,
) -> ImportReport:
    request = ImportRequest(
        collections=collections,
        images=NamedImages(stage.photos, names=names),
        grant_id=grant,
    )
    return import_collections(library.parts, request)


def lost(report: ImportReport) -> list[tuple[str, str, Loss]]:
    return [(one.what, one.id, one.reason) for one in report.missing]


def groups_of(library: Library, grant: str) -> FaceGroups:
    terms = AccessTerms(grant_id=grant, collections=frozenset({"staff"}), purpose=PURPOSE)
    groups = open_groups(library.parts, terms, collection="staff")
    assert isinstance(groups, FaceGroups)
    return groups


def faces_of(stage: Stage) -> dict[str, str]:
    """The name of the file of each face."""
    statement = (
        "SELECT faces.uuid, locations.uri FROM faces "
        "JOIN indexed_photos ON indexed_photos.id = faces.indexed_photo_id "
        "JOIN locations ON locations.photo_id = indexed_photos.photo_id"
    )
    rows = query(stage.home / "catalog.db", statement)
    return {uuid: uri.rsplit("/", 1)[-1] for uuid, uri in rows}


def test_faces_users_and_names_come_over_each_in_its_place(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    stage.draw("both.png", 1, 2)
    stage.draw("nobody asked.png", 3)
    faces = [face("ann.png"), face("both", 0, of=2), face("both", 1, of=2)]
    ann, left, right = (one["FaceId"] for one in faces)
    listing = listed(*faces, users=[user("ann:1", ann, left), user("new")])
    with stage.open() as library:
        grant = stage.grant(library)
        report = bring(stage, library, listing, grant=grant)
        assert lost(report) == []
        assert report.verdict.is_allowed
        assert (report.collections, report.photos_new) == (1, 2)
        moved = {one.old_face_id: one for one in report.faces}
        assert moved.keys() == {ann, left, right}
        files = faces_of(stage)
        assert files.keys() == {one.new_face_id for one in report.faces}
        assert files[moved[ann].new_face_id] == "ann.png"
        assert files[moved[left].new_face_id] == "both.png"
        assert moved[left].new_image_id == moved[right].new_image_id != moved[ann].new_image_id
        assert all(one.overlap > 0.7 for one in report.faces)
        edges = dict(query(stage.home / "catalog.db", "SELECT uuid, x1 FROM faces"))
        assert edges[moved[left].new_face_id] < 80 < edges[moved[right].new_face_id]
        found, _ = groups_of(library, grant).list_page(limit=10)
        assert [(one.name, one.faces) for one in found] == [("ann:1", 2), ("new", 0)]
        assert [(one.user_id, one.faces_there, one.faces_here) for one in report.users] == [
            ("ann:1", 2, 2),
            ("new", 0, 0),
        ]
    names = query(stage.home / "catalog.db", "SELECT name FROM image_names ORDER BY id")
    assert names == ["ann.png", "both"]
    check_sound(stage.home)


def test_whoever_amazon_did_not_list_is_not_taken_in(stage: Stage) -> None:
    """Programs index the largest face alone, and others stand beside."""
    stage.draw("group.png", 1, 2, 3)
    middle = face("group.png", 1, of=3)
    with stage.open() as library:
        grant = stage.grant(library)
        for _ in range(2):
            report = bring(stage, library, listed(middle), grant=grant)
            assert lost(report) == []
            assert list(faces_of(stage)) == [report.faces[0].new_face_id]
        library.rescan()
    assert query(stage.home / "catalog.db", "SELECT x1 FROM faces") == [96.0]
    check_sound(stage.home)


def test_a_second_run_doubles_nothing_and_takes_in_what_is_new(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    faces = [face("ann.png"), face("ben.png")]
    ann, ben = (one["FaceId"] for one in faces)
    listing = listed(*faces, users=[user("both of them", ann, ben) | {"UserId": "two"}])
    with stage.open() as library:
        grant = stage.grant(library)
        first = bring(stage, library, listing, grant=grant)
        assert lost(first) == [("face", ben, Loss.NO_IMAGE)]
        again = bring(stage, library, listing, grant=grant)
        assert (again.faces, again.users, lost(again)) == (first.faces, first.users, lost(first))
        assert (again.photos_new, again.photos_known) == (0, 1)
        stage.draw("ben.png", 2)
        last = bring(stage, library, listing, grant=grant)
        assert (last.photos_new, last.photos_known, lost(last)) == (1, 1, [])
        assert [(one.faces_there, one.faces_here) for one in last.users] == [(2, 2)]
        ((group,), _) = groups_of(library, grant).list_page(limit=10)
        assert (group.name, group.faces) == ("two", 2)
    counts = "SELECT count(*) FROM faces UNION ALL SELECT count(*) FROM image_names"
    assert query(stage.home / "catalog.db", counts) == [2, 2]
    check_sound(stage.home)


def test_of_files_of_one_name_the_faces_tell_which_is_which_image(stage: Stage) -> None:
    """Programs that call all photos of a person by the person's id do this."""
    stage.draw("a/ann.png", 1)
    stage.draw("b/ann.png", 3, 1, seed=7)
    single = face("ann", image=1) | {"ImageId": uuid_of("single"), "FaceId": uuid_of("1")}
    pair = face("ann", 1, of=2) | {"ImageId": uuid_of("pair"), "FaceId": uuid_of("2")}
    third = face("ann") | {"ImageId": uuid_of("third"), "FaceId": uuid_of("3")}
    with stage.open() as library:
        grant = stage.grant(library)
        report = bring(stage, library, listed(pair, single, third), grant=grant)
        edges = dict(query(stage.home / "catalog.db", "SELECT uuid, x1 FROM faces"))
        new = {one.old_face_id: edges[one.new_face_id] for one in report.faces}
    assert new.pop(uuid_of("2")) == 96.0
    assert list(new.values()) == [16.0]
    assert [reason for _, _, reason in lost(report)] == [Loss.NO_IMAGE]


def test_images_without_a_name_are_found_by_a_list(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    nameless = face("x", ExternalImageId=None)
    names = stage.folder / "names.csv"
    names.write_text(f"image_id,file\n{nameless['ImageId']},ann.png\n", encoding="utf-8")
    with stage.open() as library:
        grant = stage.grant(library)
        without = bring(stage, library, listed(nameless), grant=grant)
        assert lost(without) == [
            ("face", nameless["FaceId"], Loss.NO_NAME),
            ("collection", "", Loss.COLLECTION_EMPTY),
        ]
        report = bring(stage, library, listed(nameless), grant=grant, names=names)
    assert [one.old_face_id for one in report.faces] == [nameless["FaceId"]]
    assert lost(report) == []


def test_what_could_not_come_along_is_told_by_face(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    stage.draw("moved.png", 2)
    (stage.photos / "text.png").write_text("no photo", encoding="utf-8")
    strange = face("ann.png", 1) | {
        "BoundingBox": {"Left": 0.0, "Top": 0.0, "Width": 0.2, "Height": 0.2}
    }
    gone = face("moved.png") | {"BoundingBox": strange["BoundingBox"]}
    text, absent = face("text.png"), face("absent.png")
    users = [user("none", gone["FaceId"], uuid_of("unheard of"))]
    listing = listed(face("ann.png"), strange, gone, text, absent, users=users, Tags=None)
    with stage.open() as library:
        report = bring(stage, library, listing, grant=stage.grant(library))
        assert groups_of(library, library.grants()[0].grant_id).count() == 0
    assert lost(report) == [
        ("face", strange["FaceId"], Loss.NO_FACE_THERE),
        ("face", gone["FaceId"], Loss.IMAGE_CHANGED),
        ("face", text["FaceId"], Loss.IMAGE_UNREADABLE),
        ("face", absent["FaceId"], Loss.NO_IMAGE),
        ("tags", "", Loss.TAGS_UNKNOWN),
        ("user", "none", Loss.USER_WITHOUT_FACES),
    ]
    assert [one.codes for one in report.missing if one.codes] == [("not-a-photo",)]
    assert len(report.faces) == 1


def tags_of(library: Library) -> Tags:
    deployment = library.parts.deployment
    with deployment.database.reading() as connection:
        return Tags(deployment, get_collection(deployment, connection, name="staff"))


def test_tags_come_over_once_and_what_was_written_here_stays(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    tags = {"owner": "press", "aws:stack": "7", "kept": "until 2031"}
    listing = listed(face("ann.png"), Tags=tags)
    with stage.open() as library:
        grant = stage.grant(library)
        assert lost(bring(stage, library, listing, grant=grant)) == []
        assert tags_of(library).read() == {"owner": "press", "kept": "until 2031"}
        tags_of(library).put({"owner": "archive"})
        bring(stage, library, listing, grant=grant)
        assert tags_of(library).read()["owner"] == "archive"
        many = listed(face("ann.png"), Tags={str(number): "" for number in range(199)})
        report = bring(stage, library, many, grant=grant)
    assert lost(report) == [("tags", "", Loss.TAGS_FULL)]


def test_a_face_of_somebody_who_opted_out_stays_out(stage: Stage) -> None:
    probe = stage.draw("../probe.png", 2)
    stage.draw("both.png", 1, 2)
    faces = [face("both.png", 0, of=2), face("both.png", 1, of=2)]
    with stage.open() as library:
        grant = stage.grant(library)
        library.optouts().face(probe, consent="asked in person")
        report = bring(stage, library, listed(*faces), grant=grant)
    assert [one.old_face_id for one in report.faces] == [faces[0]["FaceId"]]
    assert lost(report) == [("face", faces[1]["FaceId"], Loss.FACE_LEFT_OUT)]


def test_a_face_that_was_erased_here_does_not_come_back(stage: Stage) -> None:
    stage.draw("both.png", 1, 2)
    faces = [face("both.png", 0, of=2), face("both.png", 1, of=2)]
    with stage.open() as library:
        grant = stage.grant(library)
        first = bring(stage, library, listed(*faces), grant=grant)
        erased = first.faces[0]
        library.erase(FacesTarget((erased.new_face_id,)))
        again = bring(stage, library, listed(*faces), grant=grant)
    assert len(again.faces) == 1
    assert [one_id for _, one_id, _ in lost(again)] == [erased.old_face_id]


def test_a_face_of_another_user_here_is_left_to_them(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    ann = face("ann.png")
    with stage.open() as library:
        grant = stage.grant(library)
        bring(stage, library, listed(ann, users=[user("one", ann["FaceId"])]), grant=grant)
        renamed = listed(ann, users=[user("other", ann["FaceId"])])
        report = bring(stage, library, renamed, grant=grant)
        assert [(one.reason, one.what) for one in report.missing] == [
            (Loss.FACE_OF_ANOTHER, "face")
        ]
        assert [(one.user_id, one.faces_here) for one in report.users] == [("other", 0)]


def test_a_user_of_too_many_faces_is_told(stage: Stage) -> None:
    number = MOST_FACES + 1
    stage.draw("crowd.png", *range(number))
    faces = [face("crowd.png", place, of=number) for place in range(number)]
    crowd = user("crowd", *(one["FaceId"] for one in faces))
    with stage.open() as library:
        report = bring(stage, library, listed(*faces, users=[crowd]), grant=stage.grant(library))
    assert len(report.faces) == number
    assert lost(report) == [("user", "crowd", Loss.USER_FULL)]


def test_users_do_not_come_where_the_collection_is_for_nothing_of_the_grants(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    ann = face("ann.png")
    listing = listed(ann, users=[user("ann", ann["FaceId"])])
    with stage.open() as library:
        grant = stage.grant(library)
        library.create_collection("staff", basis="household", purposes=["missing-people"])
        report = bring(stage, library, listing, grant=grant)
    assert len(report.faces) == 1
    assert lost(report) == [("user", "ann", Loss.USER_REFUSED)]
    assert report.missing[0].codes == (str(Reason.PURPOSE_NOT_OF_COLLECTION),)


def test_a_grant_that_brings_nothing_leaves_a_collection_as_it_is(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    stage.folder.joinpath("elsewhere").mkdir()
    ann = face("ann.png")
    renamed = listed(ann, users=[user("ann", ann["FaceId"])], Tags={"owner": "somebody else"})
    with stage.open() as library:
        bring(stage, library, listed(ann), grant=stage.grant(library))
        other = stage.grant(library, scope=stage.folder / "elsewhere")
        revoked = stage.grant(library)
        library.revoke(revoked)
        for grant in (None, other, revoked):
            report = bring(stage, library, renamed, grant=grant)
            assert (report.collections, report.faces, report.users) == (0, [], [])
        assert tags_of(library).read() == {}
    groups = "SELECT count(*) FROM face_groups"
    assert query(stage.home / "catalog.db", groups) == [0]


@pytest.mark.parametrize("kind", ["no grant", "another folder", "revoked"])
def test_nothing_comes_over_that_the_grant_does_not_cover(stage: Stage, kind: str) -> None:
    stage.draw("ann.png", 1)
    stage.folder.joinpath("elsewhere").mkdir()
    ann = face("ann.png")
    listing = listed(ann, users=[user("ann", ann["FaceId"])])
    with stage.open() as library:
        grant: str | None = stage.grant(library, scope=stage.folder / "elsewhere")
        reason = Reason.OUT_OF_SCOPE
        if kind == "no grant":
            grant, reason = None, Reason.NO_GRANT
        elif kind == "revoked":
            grant, reason = stage.grant(library), Reason.GRANT_REVOKED
            library.revoke(grant)
        report = bring(stage, library, listing, grant=grant)
    assert report.missing[0].codes == (str(reason),)
    assert lost(report) == [
        ("face", ann["FaceId"], Loss.IMAGE_REFUSED),
        ("collection", "", Loss.COLLECTION_EMPTY),
        ("user", "ann", Loss.USER_WITHOUT_FACES),
    ]
    assert report.refused == {reason}
    assert not report.faces
    counts = "SELECT count(*) FROM photos UNION ALL SELECT count(*) FROM collections"
    assert query(stage.home / "catalog.db", counts) == [0, 0]


def test_the_same_photo_may_come_over_into_several_collections(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    ann = face("ann.png")
    listing = (*listed(ann), *listed(ann, name="guests"), *listed(name="bare"))
    seen: list[tuple[int, int]] = []
    with stage.open() as library:
        request = ImportRequest(
            collections=listing, images=NamedImages(stage.photos), grant_id=stage.grant(library)
        )
        report = import_collections(
            library.parts, request, progress=lambda done, of: seen.append((done, of))
        )
    assert [one.collection for one in report.faces] == ["staff", "guests"]
    assert len({one.new_face_id for one in report.faces}) == 2
    assert lost(report) == [("collection", "", Loss.COLLECTION_EMPTY)]
    assert max(seen) == (2, 2)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_report_accounts_for_every_face_and_is_for_its_owner_alone(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    faces = [face("ann.png"), face("gone.png")]
    listing = listed(*faces, users=[user("ann", faces[0]["FaceId"])])
    folder = stage.folder / "deep" / "report"
    with stage.open() as library:
        report = bring(stage, library, listing, grant=stage.grant(library))
    write_report(folder, report)
    write_report(folder, report)
    assert sorted(path.name for path in folder.iterdir()) == [
        "faces.csv",
        "missing.csv",
        "users.csv",
    ]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    (moved,), (missing,) = read(folder / "faces.csv"), read(folder / "missing.csv")
    assert {moved["old_face_id"], missing["id"]} == {one["FaceId"] for one in faces}
    assert moved["new_face_id"] in faces_of(stage)
    assert missing["reason"] == "no-image"
    assert missing["explanation"] == Loss.NO_IMAGE.explanation
    assert read(folder / "users.csv") == [
        {"collection": "staff", "user_id": "ann", "faces_there": "1", "faces_here": "1"}
    ]


def test_a_report_that_cannot_be_written_is_told(stage: Stage) -> None:
    stage.folder.joinpath("file").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match="What was imported is kept"):
        write_report(stage.folder / "file", ImportReport())


@pytest.mark.parametrize("loss", Loss)
def test_every_loss_is_explained_in_a_sentence(loss: Loss) -> None:
    assert loss.explanation.endswith(".")
