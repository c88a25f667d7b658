"""DeleteFaces and DeleteCollection erase for real: rows, keys, files, indexes and memory."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mien.errors import NotFoundError
from mien.permission.caller import Operation
from mien.permission.use import Use
from mien.service import index_photo
from mien.service.face_groups import FaceGroups
from mien.testing import draw_photo
from rekognition.people import NOBODY, OTHERS, PEOPLE, Scene, refused, scene
from service.stage import PURPOSE, Stage, blobs_of, check_sound, names_of, query
from service.traces import find_traces, traces_of_face, traces_of_photo


def photo_ids(stage: Stage) -> int:
    return int(query(stage.home / "catalog.db", "SELECT count(*) FROM photos")[0])


def certificates(here: Scene) -> list[dict[str, object]]:
    """What the certificates of all erasures say, in the order they began."""
    told = query(here.stage.home / "catalog.db", "SELECT certificate FROM erasures ORDER BY id")
    return [json.loads(one)["certificate"] for one in told]


def names_like(here: Scene, person: int, collection: str = PEOPLE) -> list[str]:
    found = here.library.search(
        draw_photo(person), purpose=PURPOSE, collection=collection, min_score=0.8
    )
    return names_of(found)


def test_a_deleted_face_leaves_no_byte_and_its_neighbour_stays(stage: Stage) -> None:
    with scene(stage) as here:
        path = here.add("two.png", 1, 2)
        gone, kept = here.faces_of("two.png")
        assert names_like(here, 1) == ["two.png"]  # so that it is in memory
        seen = here.library._deployment.vision(threads=1).analyse(path.read_bytes())
        traces = traces_of_face(here.library, gone, seen=seen.faces[0])
        answer = here.client.delete_faces(CollectionId=PEOPLE, FaceIds=[gone])
        assert answer["DeletedFaces"] == [gone]
        assert answer["UnsuccessfulFaceDeletions"] == []
        assert find_traces(stage.home, traces) == []
        assert (names_like(here, 1), names_like(here, 2)) == ([], ["two.png"])
        assert here.faces_of("two.png") == [kept]
        check_sound(stage.home)


def test_with_the_last_of_its_faces_a_photo_goes_and_may_come_in_anew(stage: Stage) -> None:
    with scene(stage) as here:
        path = here.add("ann.png", 1)
        (uuid,) = here.faces_of("ann.png")
        traces = traces_of_photo(stage, here.library, path)
        here.client.delete_faces(CollectionId=PEOPLE, FaceIds=[uuid])
        assert find_traces(stage.home, traces) == []
        assert (photo_ids(stage), blobs_of(stage.home)) == (0, [])
        here.add("ann.png", 1)
        (again,) = here.faces_of("ann.png")
        assert again != uuid


def test_the_same_photo_in_another_collection_is_left_alone(stage: Stage) -> None:
    """A key that names one collection erases nothing in the next one."""
    with scene(stage) as here:
        for collection in (PEOPLE, OTHERS):
            here.add("two.png", 1, 2, collection=collection)
        both = here.faces_of("two.png", OTHERS)
        here.client.delete_faces(CollectionId=PEOPLE, FaceIds=here.faces_of("two.png"))
        assert here.faces_of("two.png") == []
        assert here.faces_of("two.png", OTHERS) == both
        assert names_like(here, 1, OTHERS) == ["two.png"]
        answer = here.client.delete_faces(CollectionId=PEOPLE, FaceIds=both)
        assert answer["DeletedFaces"] == []
        check_sound(stage.home)


def test_each_face_that_stays_is_told_with_its_reason(stage: Stage) -> None:
    with scene(stage) as here:
        here.fill(3)
        other = stage.grant(here.library, scope=stage.photos)
        here.add("foreign.png", 9, grant=other)
        (first,), (tied,), (third,) = (here.faces_of(f"{number}.png") for number in range(3))
        (foreign,) = here.faces_of("foreign.png")
        here.tie("ann", tied)
        asked = [third, NOBODY, tied, first, foreign, third]
        answer = here.client.delete_faces(CollectionId=PEOPLE, FaceIds=asked)
        assert answer["DeletedFaces"] == [third, first]
        assert answer["UnsuccessfulFaceDeletions"] == [
            {"FaceId": tied, "UserId": "ann", "Reasons": ["ASSOCIATED_TO_AN_EXISTING_USER"]},
            {"FaceId": NOBODY, "Reasons": ["FACE_NOT_FOUND"]},
            {"FaceId": foreign, "Reasons": ["FACE_NOT_FOUND"]},
        ]
        assert here.faces_of("1.png") == [tied]
        assert here.faces_of("foreign.png") == [foreign]


def test_many_faces_are_erased_at_once_with_one_certificate(stage: Stage) -> None:
    with scene(stage) as here:
        here.fill(8)
        faces = here.client.list_faces(CollectionId=PEOPLE)["Faces"]
        asked = [face["FaceId"] for face in faces]
        answer = here.client.delete_faces(CollectionId=PEOPLE, FaceIds=asked)
        assert answer["DeletedFaces"] == asked
        (told,) = certificates(here)
        entries = [e for e in here.library.audit().entries() if e["action"] == "erasure"]
    assert told["target"] == "face"
    assert (told["erased"]["faces"], set(told["left"].values())) == (8, {0})  # type: ignore[index,attr-defined]
    assert len(entries) == 1


def test_where_nothing_goes_there_is_no_certificate(stage: Stage) -> None:
    with scene(stage) as here:
        here.client.create_collection(CollectionId=PEOPLE)
        here.client.delete_faces(CollectionId=PEOPLE, FaceIds=[NOBODY])
        assert certificates(here) == []


def test_faces_are_erased_only_by_a_key_for_it_and_where_they_are(stage: Stage) -> None:
    with scene(stage, Operation.VIEW, Operation.ADD, Operation.SEARCH) as here:
        here.add("ann.png", 1)
        uuids = here.faces_of("ann.png")
        with refused("AccessDeniedException", "It takes an access key for 'case'."):
            here.client.delete_faces(CollectionId=PEOPLE, FaceIds=uuids)
        assert here.faces_of("ann.png") == uuids
    with scene(stage) as here:
        with refused("ResourceNotFoundException", "The collection id: others does not exist"):
            here.client.delete_faces(CollectionId=OTHERS, FaceIds=[NOBODY])
        with refused("InvalidParameterException", "'FaceIds'"):
            here.client.delete_faces(CollectionId=PEOPLE, FaceIds=[NOBODY] * 4097)


def test_a_deleted_collection_leaves_no_byte_of_what_was_in_it(stage: Stage) -> None:
    with scene(stage, uses=list(Use)) as here:
        paths = here.fill(4, more=1)
        assert names_like(here, 1) == ["1.png"]
        traces = {
            f"{path.name} {name}": trace
            for path in paths[:2]
            for name, trace in traces_of_photo(stage, here.library, path).items()
        }
        deployment = here.library._deployment
        gallery = here.library.parts.galleries._galleries[here.leave().collection.uuid]
        here.client.delete_collection(CollectionId=PEOPLE)
        assert find_traces(stage.home, traces) == []
        assert len(gallery.index) == 0
        assert here.library.parts.galleries._galleries == {}
        (told,) = certificates(here)
        assert deployment.vault.subjects.list_all() == []
    assert (told["target"], told["erased"]["faces"]) == ("collection", 8)  # type: ignore[index]
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM collections") == [0]
    check_sound(stage.home)


@pytest.mark.parametrize("seen", ["before it is read", "before it is kept", "after it is kept"])
def test_whoever_indexes_into_a_collection_that_goes_is_told_that_it_is_gone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, seen: str
) -> None:
    """Nothing of the photo is left, whenever that happens."""
    step = "take_in" if seen == "before it is read" else "commit_batch"
    meant = getattr(index_photo, step)

    def delete(*things: Any, **terms: Any) -> Any:
        monkeypatch.undo()
        done = [meant(*things, **terms)] if seen == "after it is kept" else []
        here.client.delete_collection(CollectionId=PEOPLE)
        return done[0] if done else meant(*things, **terms)

    with scene(stage, scope="upload:///phone/") as here:
        here.client.create_collection(CollectionId=PEOPLE)
        monkeypatch.setattr(index_photo, step, delete)
        with refused("ResourceNotFoundException", f"The collection id: {PEOPLE} does not exist"):
            here.client.index_faces(
                CollectionId=PEOPLE, Image={"Bytes": draw_photo(1)}, ExternalImageId="ann_example"
            )
    assert find_traces(stage.home, {"name": b"ann_example"}) == []
    assert (photo_ids(stage), blobs_of(stage.home)) == (0, [])
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM runs") == [0]


def test_no_user_comes_into_a_collection_that_is_gone_and_no_key_is_left(stage: Stage) -> None:
    with scene(stage) as here:
        here.client.create_collection(CollectionId=PEOPLE)
        deployment = here.library._deployment
        groups = FaceGroups(deployment, here.leave())
        here.client.delete_collection(CollectionId=PEOPLE)
        with pytest.raises(NotFoundError, match="deleted meanwhile"):
            groups.make("ann")
        assert deployment.vault.subjects.list_all() == []
