"""Face groups: names that are personal, gone with their faces, and erased with them in one go."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pytest

from mien.errors import NotFoundError
from mien.library import Library
from mien.service.audit import Action
from mien.service.erase import FacesTarget, GrantTarget
from mien.service.face_groups import FaceGroups, find_target
from mien.service.group_faces import Fault, Grouped, GroupFaces, Grouping
from mien.service.group_vectors import make_vectors
from mien.testing import draw_photo
from mien.types import FaceId
from service.grouping import groups_of, make_group
from service.stage import DOCUMENTED, PURPOSE, Stage, check_sound, query
from service.traces import Traces, find_traces, traces_of_face

COLLECTION, NAME = "people", "ann.of.the.hill"
ANN, BEN = 1, 60
DAYS_OF_RETENTION, DAYS_OF_GRANT = timedelta(days=91), timedelta(days=365)
SUBJECTS = "SELECT count(*) FROM subject_keys WHERE subject LIKE 'face-group:%'"


@dataclass
class Album:
    """Two photos of Ann, one of them with Ben, and one of Ben, which came in under one grant."""

    stage: Stage
    library: Library
    grant: str

    def open(self, collection: str = COLLECTION) -> FaceGroups:
        return groups_of(self.library, self.grant, collection=collection)

    def faces(self, person: int, *, collection: str = COLLECTION) -> list[str]:
        """As a search finds them."""
        result = self.library.search(
            draw_photo(person, seed=900), purpose=PURPOSE, collection=collection, min_score=0.7
        )
        return sorted(one.face.stored.uuid for one in result.candidates)

    def make(self, name: str, *face_ids: str, collection: str = COLLECTION) -> Grouped | None:
        return make_group(self.library, self.open(collection), name, face_ids=face_ids)

    def names(self, collection: str = COLLECTION) -> list[str]:
        return [one.name for one in self.open(collection).list_page(limit=9)[0]]

    def traces(self) -> Traces:
        """Ann's faces and name in every form."""
        traces: Traces = {"name": NAME.encode()}
        vision = self.library.parts.deployment.vision(threads=1)
        for name in ("ann.png", "both.png"):
            seen = vision.analyse((self.stage.photos / name).read_bytes()).faces[0]
            uuid = self.uuid_in(name)
            found = traces_of_face(self.library, uuid, seen=seen)
            traces |= {f"{name} {form}": trace for form, trace in found.items()}
        keys, catalog = self.stage.home / "keys" / "keys.db", self.stage.home / "catalog.db"
        (sealed,) = query(catalog, "SELECT name FROM face_groups")
        (wrapped,) = query(keys, SUBJECTS.replace("count(*)", "wrapped"))
        (uuid,) = query(catalog, "SELECT uuid FROM face_groups")
        return traces | {"sealed name": sealed, "its key": wrapped, "group id": uuid.encode()}

    def uuid_in(self, name: str) -> str:
        """The first face of a photo."""
        found = (
            "SELECT f.uuid FROM faces f JOIN indexed_photos i ON i.id = f.indexed_photo_id"
            " JOIN locations l ON l.photo_id = i.photo_id WHERE l.uri LIKE ? ORDER BY f.id LIMIT 1"
        )
        return str(query(self.stage.home / "catalog.db", found, f"%/{name}")[0])


def fill(stage: Stage, library: Library, **terms: object) -> Album:
    for name, people in (("ann.png", (ANN,)), ("both.png", (ANN, BEN)), ("ben.png", (BEN,))):
        stage.draw(name, *people)
    grant = stage.grant(library, **terms)  # type: ignore[arg-type]
    if not terms:
        library.add(stage.photos, grant=grant, collection=COLLECTION)
    return Album(stage, library, grant)


@pytest.fixture
def album(stage: Stage) -> Iterator[Album]:
    with stage.open() as library:
        yield fill(stage, library)


def test_a_name_stands_nowhere_in_the_clear(album: Album) -> None:
    album.make(NAME, *album.faces(ANN))
    assert album.names() == [NAME]
    assert find_traces(album.stage.home, {"name": NAME.encode()}) == []


def test_one_call_erases_a_person_with_all_of_their_faces_and_the_name(album: Album) -> None:
    own = album.faces(ANN)
    grouped = album.make(NAME, *own)
    assert grouped is not None
    assert sorted(grouped.done) == own
    assert len(own) == 2
    traces = album.traces()
    target = find_target(album.library.parts.deployment, NAME, collection=COLLECTION)
    assert album.library.preview_erasure(target)["faces"] == 2
    report = album.library.erase(target)
    assert (report.kind, report.erased["faces"], report.erased["face_groups"]) == (
        *("face-group", 2),
        1,
    )
    assert set(report.left.values()) == {0}
    signed = json.loads(report.certificate)["certificate"]
    assert (signed["erased"]["face_groups"], signed["left"]["face_groups"]) == (1, 0)
    assert [name for name, t in traces.items() if t in report.certificate.encode()] == []
    assert find_traces(album.stage.home, traces) == []
    assert (album.faces(ANN), len(album.faces(BEN)), album.names()) == ([], 2, [])
    check_sound(album.stage.home)


def test_the_erased_do_not_come_back_with_their_photos(album: Album) -> None:
    album.make(NAME, *album.faces(ANN))
    album.library.erase(find_target(album.library.parts.deployment, NAME, collection=COLLECTION))
    album.library.add(album.stage.photos, grant=album.grant, collection=COLLECTION)
    assert album.faces(ANN) == []
    with pytest.raises(NotFoundError, match="no face group"):
        find_target(album.library.parts.deployment, NAME, collection=COLLECTION)


def test_the_same_faces_go_from_other_collections_with_the_names_there(album: Album) -> None:
    """Where the name there has no other face; everything under another grant's name goes too."""
    album.library.add(album.stage.photos, grant=album.grant, collection="others")
    album.make(NAME, *album.faces(ANN))
    album.make("a.e.", *album.faces(ANN, collection="others"), collection="others")
    album.make("b.b.", *album.faces(BEN, collection="others"), collection="others")
    report = album.library.erase(
        find_target(album.library.parts.deployment, NAME, collection=COLLECTION)
    )
    assert (report.erased["faces"], report.erased["face_groups"]) == (4, 2)
    assert album.names("others") == ["b.b."]


def test_a_name_that_was_given_under_two_grants_is_erased_under_both(album: Album) -> None:
    album.make(NAME, *album.faces(ANN))
    other = album.stage.grant(album.library)
    album.library.add(album.stage.photos, grant=other, collection=COLLECTION)
    theirs = Album(album.stage, album.library, other)
    assert theirs.names() == []
    theirs.make(NAME)
    target = find_target(album.library.parts.deployment, NAME, collection=COLLECTION)
    assert album.library.erase(target).erased["face_groups"] == 2
    assert theirs.names() == []


@pytest.mark.parametrize("kind", ["faces", "grant"])
def test_a_name_goes_with_the_last_of_its_faces_whatever_is_erased(album: Album, kind: str) -> None:
    album.make(NAME, *album.faces(ANN))
    traces = album.traces()
    target = FacesTarget(tuple(album.faces(ANN))) if kind == "faces" else GrantTarget(album.grant)
    assert album.library.erase(target).erased["face_groups"] == 1
    assert find_traces(album.stage.home, traces) == []
    assert query(album.stage.home / "keys" / "keys.db", SUBJECTS) == [0]


def test_what_is_kept_by_time_takes_the_names_with_it(stage: Stage) -> None:
    with stage.open() as library:
        album = fill(stage, library, **DOCUMENTED)
        library.add(stage.photos, grant=album.grant, collection=COLLECTION)
        album.make(NAME, *album.faces(ANN))
        album.make("without.faces")
        traces = {"name": NAME.encode(), "sealed": sealed_name(stage)}
        stage.now += DAYS_OF_RETENTION
        library.parts.session.enforce_retention()
        assert query(stage.home / "catalog.db", "SELECT count(*) FROM face_groups") == [1]
        assert find_traces(stage.home, traces) == []
        stage.now += DAYS_OF_GRANT
        library.parts.session.enforce_retention()
        assert query(stage.home / "catalog.db", "SELECT count(*) FROM face_groups") == [0]
        assert query(stage.home / "keys" / "keys.db", SUBJECTS) == [0]


@pytest.mark.parametrize("restored", ["catalog.db", "keys"])
def test_an_old_backup_brings_no_name_back(stage: Stage, restored: str) -> None:
    with stage.open() as library:
        album = fill(stage, library)
        album.make(NAME)
    shutil.copytree(stage.home, stage.folder / "backup")
    with stage.open() as library:
        library.erase(find_target(library.parts.deployment, NAME, collection=COLLECTION))
    put_back(stage, restored)
    with stage.open() as library:
        assert Album(stage, library, album.grant).names() == []
        assert query(stage.home / "catalog.db", "SELECT count(*) FROM face_groups") == [0]
        assert query(stage.home / "keys" / "keys.db", SUBJECTS) == [0]


def test_a_deleted_name_does_not_open_in_an_old_catalog(stage: Stage) -> None:
    """Deleting a name is no erasure: its row may come back, and tells nothing without its key."""
    with stage.open() as library:
        album = fill(stage, library)
        album.make(NAME, *album.faces(ANN))
    shutil.copytree(stage.home, stage.folder / "backup")
    with stage.open() as library:
        Album(stage, library, album.grant).open().delete(NAME)
    put_back(stage, "catalog.db")
    with stage.open() as library:
        groups = Album(stage, library, album.grant).open()
        assert groups.list_page(limit=9) == ([], None)
        with pytest.raises(NotFoundError):
            groups.delete(NAME)


def test_the_log_says_who_did_what_and_names_nobody(album: Album) -> None:
    own = album.faces(ANN)
    album.make(NAME, *own)
    groups = album.open()
    GroupFaces(groups, album.library.parts.galleries).remove(Grouping(name=NAME, face_ids=own[:1]))
    groups.delete(NAME)
    entries = [
        (entry["action"], entry["facts"]["faces"])  # type: ignore[index]
        for entry in album.library.audit().entries()
        if str(entry["action"]).startswith("face")
    ]
    assert entries == [
        (Action.FACE_GROUP_MADE, 0),
        (Action.FACES_GROUPED, 2),
        (Action.FACES_UNGROUPED, 1),
        (Action.FACE_GROUP_DELETED, 0),
    ]
    assert NAME not in json.dumps(album.library.audit().entries())
    assert album.library.audit().verify().findings == ()


def test_a_face_that_was_taken_by_another_meanwhile_is_told(album: Album) -> None:
    """Between looking and tying anybody else may have been quicker."""
    own = album.faces(ANN)
    album.make("first")
    late = album.open()
    late.make("late")
    faces = GroupFaces(late, album.library.parts.galleries)
    compare = faces._compare

    def compare_slowly(*given: object, **terms: object) -> object:
        quick = GroupFaces(album.open(), album.library.parts.galleries)
        quick.add(Grouping(name="first", face_ids=own[:1]), min_similarity=75.0)
        return compare(*given, **terms)  # type: ignore[arg-type]

    faces._compare = compare_slowly  # type: ignore[method-assign, assignment]
    grouped = faces.add(Grouping(name="late", face_ids=own), min_similarity=75.0)
    assert [(one.face_id, one.fault) for one in grouped.left] == [(own[0], Fault.IN_ANOTHER)]
    assert grouped.done == (own[1],)


def test_a_vector_is_the_direction_of_the_mean_of_its_faces(album: Album) -> None:
    deployment = album.library.parts.deployment
    leave = album.open().leave
    gallery = album.library.parts.galleries.load(
        leave.collection, gaussian=deployment.model.gaussian
    )
    ids, templates = gallery.index.find_templates(gallery.index.ids())
    members = [(7, FaceId(int(one))) for one in ids[:3]] + [(3, FaceId(int(ids[3])))]
    made = make_vectors(gallery, [*members, (9, FaceId(999_999))])
    assert made.group_ids.tolist() == [3, 7]
    mean = templates[:3].mean(axis=0)
    expected = np.stack([templates[3], mean])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(made.vectors, expected, atol=1e-6)
    assert made.find(9) is None
    assert made.without(7).group_ids.tolist() == [3]
    assert make_vectors(gallery, []).vectors.shape == (0, templates.shape[1])


def put_back(stage: Stage, name: str) -> None:
    for old in stage.home.glob(f"{name}*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    source = stage.folder / "backup" / name
    copy = shutil.copytree if source.is_dir() else shutil.copy
    copy(source, stage.home / name)


def sealed_name(stage: Stage) -> bytes:
    """Of the first group."""
    found: bytes = query(stage.home / "catalog.db", "SELECT name FROM face_groups ORDER BY id")[0]
    return found
