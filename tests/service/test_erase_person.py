"""A person who is erased leaves no byte behind, in any collection; everybody else stays whole."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from mien.catalog.connect import Database
from mien.errors import CatalogError, ConflictError, NotFoundError
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.verdict import Reason
from mien.service.alike import find_alike_to
from mien.service.erase import PersonTarget
from mien.service.erasing import NOTHING_LEFT
from mien.service.gallery import Galleries
from mien.testing import draw_photo
from mien.types import PersonId
from service.crowd import CrowdModels
from service.enrolled_stage import COLLECTION, add
from service.enrolling import EVIDENCE, consent, enrol, portraits
from service.stage import PURPOSE, Stage, check_sound, names_of, query
from service.test_enrolled import load
from service.traces import Traces, find_traces, traces_of_face

ANN, BEN, STRANGER = 1, 2, 9
FAMILY = "family"
NAME = "Ann Österberg-Ek"
PICTURES = {"ann.png": (ANN,), "both.png": (BEN, ANN), "crowd.png": (STRANGER, ANN, BEN)}


@pytest.fixture
def home(stage: Stage) -> Stage:
    """Ann and Ben are enrolled; three photos stand in a collection of theirs and in a family's."""
    for name, people in PICTURES.items():
        stage.draw(name, *people)
    with stage.open() as library:
        enrol(stage, library, ANN, NAME)
        enrol(stage, library, BEN, "Ben")
        grant = stage.grant(library, bases=[Basis.ENROLLED_ONLY, Basis.HOUSEHOLD])
        assert add(stage, library, grant=grant).faces == 5
        library.create_collection(FAMILY, basis=Basis.HOUSEHOLD)
        assert library.add(stage.photos, grant=grant, collection=FAMILY).faces == 6
    return stage


def find(library: Library, person: int, collection: str = FAMILY) -> list[str]:
    found = library.search(
        draw_photo(person, seed=700), purpose=PURPOSE, collection=collection, min_score=0.75
    )
    return sorted(names_of(found))


def traces_of(stage: Stage, library: Library, person: int) -> Traces:
    """Every face of a person in every collection, their templates, their name and ids."""
    vision = library._deployment.vision(threads=1)
    traces: Traces = {}
    for name, people in PICTURES.items():
        if person not in people:
            continue
        seen = vision.analyse((stage.photos / name).read_bytes())
        face = seen.faces[people.index(person)]
        left = face.face.box.x1
        uuids = query(
            stage.home / "catalog.db",
            "SELECT f.uuid FROM faces f JOIN indexed_photos i ON i.id = f.indexed_photo_id"
            " JOIN locations l ON l.photo_id = i.photo_id WHERE l.uri LIKE ? AND f.x1 = ?"
            " GROUP BY f.uuid",
            f"%/{name}",
            left,
        )
        assert len(uuids) == 2, "one in each collection"
        for uuid in uuids:
            found = traces_of_face(library, uuid, seen=face)
            traces |= {f"{name} {uuid}: {kind}": trace for kind, trace in found.items()}
        traces[f"{name}: thumbnail"] = seen.thumbnail_jpeg
    for path in portraits(stage, person):
        content = path.read_bytes()
        (face,) = vision.analyse(content).faces
        turned = library._deployment.vault.rotation_of(face.embedding.size).turn(
            face.embedding[None]
        )
        traces |= {
            f"{path.name}: photo": content,
            f"{path.name}: crop": face.crop_jpeg,
            f"{path.name}: name": path.name.encode(),
            f"{path.name}: float32": face.embedding.astype("<f4").tobytes(),
            f"{path.name}: float16": face.embedding.astype("<f2").tobytes(),
            f"{path.name}: turned float32": turned.astype("<f4").tobytes(),
            f"{path.name}: turned float16": turned.astype("<f2").tobytes(),
        }
    return traces | traces_of_record(stage, person)


def traces_of_record(stage: Stage, person_id: int) -> Traces:
    """What is recorded of a person, as it lies in the home."""
    catalog, keys = stage.home / "catalog.db", stage.home / "keys" / "keys.db"
    name, uuid = query(catalog, "SELECT name, uuid FROM people WHERE id = ?", person_id)[0]
    (consent,) = query(catalog, "SELECT uuid FROM consents WHERE person_id = ?", person_id)
    sealed = query(catalog, "SELECT sealed FROM enrolments WHERE person_id = ?", person_id)
    (key,) = query(
        catalog, "SELECT DISTINCT key_uuid FROM enrolments WHERE person_id = ?", person_id
    )
    wrapped = query(
        keys,
        "SELECT wrapped FROM subject_keys WHERE subject IN (?, ?)",
        f"person:{uuid}",
        f"template:{key}",
    )
    events = query(
        catalog,
        "SELECT e.sealed FROM consent_events e JOIN consents c ON c.id = e.consent_id"
        " WHERE c.person_id = ?",
        person_id,
    )
    assert (len(sealed), len(wrapped), len(events)) == (2, 2, 1)
    return {
        "name": name.encode(),
        "person id": uuid.encode(),
        "consent id": consent.encode(),
        "key id": key.encode(),
        "evidence": EVIDENCE.encode(),
        **{f"sealed template {n}": one for n, one in enumerate(sealed)},
        **{f"subject key {n}": one for n, one in enumerate(wrapped)},
        **{f"sealed event {n}": one for n, one in enumerate(events)},
    }


def test_every_byte_of_a_person_is_gone(home: Stage) -> None:
    with home.open() as library:
        traces = traces_of(home, library, ANN)
        library.audit().checkpoint()
        before = find_traces(home.home, traces)
        assert {"name", "person id", "consent id", "key id"} <= {
            trace.partition(" in ")[0] for trace in before
        }
        report = library.erase(PersonTarget(NAME))
        assert report.left == NOTHING_LEFT
        assert find_traces(home.home, traces) == []
    assert find_traces(home.home, traces) == []
    check_sound(home.home)


def test_what_went_is_counted_by_class(home: Stage) -> None:
    with home.open() as library:
        wanted = library.preview_erasure(PersonTarget(NAME))
        report = library.erase(PersonTarget(NAME))
    assert report.erased == wanted
    classes = ("people", "consents", "templates", "faces", "photos")
    assert [report.erased[name] for name in classes] == [1, 1, 2, 6, 0]
    assert report.kind == "person"
    assert report.outside == ()


def test_nobody_finds_them_in_any_collection(home: Stage) -> None:
    with home.open() as library:
        assert find(library, ANN) == ["ann.png", "both.png", "crowd.png"]
        library.erase(PersonTarget(NAME))
        for collection in (FAMILY, COLLECTION):
            assert find(library, ANN, collection) == []
    with home.open() as library:
        assert find(library, ANN) == []


def test_everybody_else_stays_whole(home: Stage) -> None:
    with home.open() as library:
        traces = traces_of_record(home, BEN)
        held = {trace.partition(" in ")[0] for trace in find_traces(home.home, traces)}
        library.erase(PersonTarget(NAME))
        assert find(library, BEN) == ["both.png", "crowd.png"]
        assert find(library, BEN, COLLECTION) == ["both.png", "crowd.png"]
        assert find(library, STRANGER) == ["crowd.png"]
        assert load(home, library)[0] == [BEN]
        best = library.search(draw_photo(BEN), purpose=PURPOSE, collection=COLLECTION).candidates[0]
        assert library.read_crop(best)
        assert library.people().get("Ben").verdict.is_allowed
        (health, _) = library.examine().collections
        assert health.unreadable_faces == 0
    assert {trace.partition(" in ")[0] for trace in find_traces(home.home, traces)} == held


def test_the_photos_do_not_bring_them_back(home: Stage) -> None:
    with home.open() as library:
        library.erase(PersonTarget(NAME))
        report = library.add(home.photos, grant=home.grant(library), collection=FAMILY)
        assert (report.photos_new, report.faces) == (0, 0)
        assert find(library, ANN) == []


def test_by_id_too_and_in_any_case(home: Stage) -> None:
    with home.open() as library:
        uuid = library.people().get(NAME).stored.uuid
        assert library.erase(PersonTarget(uuid.upper())).erased["people"] == 1
        with pytest.raises(NotFoundError):
            library.erase(PersonTarget(uuid))


def test_only_one_person_goes_by_one_name(home: Stage) -> None:
    with home.open() as library:
        enrol(home, library, 3, NAME)
        with pytest.raises(ConflictError, match="Choose one by id"):
            library.erase(PersonTarget(NAME))
        with pytest.raises(ConflictError, match="Choose one by id"):
            library.preview_erasure(PersonTarget(NAME))
        assert len(list(library.people())) == 3


def test_faces_kept_for_somebody_else_are_left_to_them(home: Stage) -> None:
    """Somebody who looks just like Ann is enrolled; what was kept for them is theirs."""
    with home.open() as library:
        twin = library.enrol(
            "Twin",
            *[home.draw("../portraits/twin.png", ANN)],
            consent=consent(home),
        )
        assert twin.person
        query(
            home.home / "catalog.db",
            "UPDATE faces SET person_id = ? WHERE id = (SELECT min(id) FROM faces"
            " WHERE person_id = 1)",
            twin.person.id,
        )
        report = library.erase(PersonTarget(NAME))
        assert report.erased["faces"] == 5
        left = query(home.home / "catalog.db", "SELECT count(*) FROM faces WHERE person_id = 3")
        assert left == [1]


def test_a_withdrawn_person_leaves_the_record_to_be_erased(home: Stage) -> None:
    with home.open() as library:
        record = {
            name: trace
            for name, trace in traces_of_record(home, ANN).items()
            if name in {"name", "person id", "consent id", "sealed event 0"}
        }
        library.people().withdraw(NAME)
        assert len({t.partition(" in ")[0] for t in find_traces(home.home, record)}) == 4
        report = library.erase(PersonTarget(NAME))
        classes = ("people", "consents", "templates", "faces")
        assert [report.erased[name] for name in classes] == [1, 1, 0, 0]
    assert find_traces(home.home, record) == []


def test_what_the_log_noted_of_them_is_gone_and_the_log_verifies(home: Stage) -> None:
    with home.open() as library:
        entries = library.audit().entries()
        (seq,) = (
            number
            for number, entry in enumerate(entries)
            if entry["action"] == "person-enrolled"
            and NAME in str(library.audit().entry(number).details)
        )
        library.erase(PersonTarget(NAME))
        assert library.audit().entry(seq).details is None
        assert library.audit().verify().is_sound


def test_a_certificate_counts_people_and_names_none(home: Stage) -> None:
    with home.open() as library:
        traces = traces_of(home, library, ANN)
        certificate = library.erase(PersonTarget(NAME)).certificate
    document = json.loads(certificate)["certificate"]
    assert (document["target"], document["erased"]["people"]) == ("person", 1)
    assert [name for name, trace in traces.items() if trace in certificate.encode()] == []


# Old backups, and sudden death.


def backup(stage: Stage) -> Path:
    return Path(shutil.copytree(stage.home, stage.folder / "backup"))


def restore(stage: Stage, *names: str) -> None:
    for name in names:
        for old in stage.home.glob(f"{name}*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        source = stage.folder / "backup" / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, stage.home / name)


@pytest.mark.parametrize(
    "names", [("catalog.db", "blobs"), ("keys",), ("keys", "blobs"), ("catalog.db",)]
)
def test_an_old_backup_brings_nobody_back(home: Stage, names: tuple[str, ...]) -> None:
    with home.open() as library:
        traces = traces_of(home, library, ANN)
    backup(home)
    with home.open() as library:
        library.erase(PersonTarget(NAME))
    restore(home, *names)
    with home.open() as library:
        assert find_traces(home.home, traces) == []
        assert [person.stored.name for person in library.people()] == ["Ben"]
        assert find(library, BEN) == ["both.png", "crowd.png"]
        assert library.people().get("Ben").verdict.is_allowed
    check_sound(home.home)


def test_who_enrols_anew_after_that_is_not_erased_with_the_old_record(home: Stage) -> None:
    backup(home)
    with home.open() as library:
        library.erase(PersonTarget(NAME))
        new = enrol(home, library, ANN, NAME)
    restore(home, "blobs")
    with home.open() as library:
        assert library.people().get(NAME).stored.uuid == new.uuid
        assert library.people().get(NAME).verdict.is_allowed
        assert load(home, library)[0] == [BEN, new.id]


@pytest.mark.parametrize("step", ["copy_erasures", "shred", "scrub"])
def test_killed_in_the_middle_the_next_command_finishes_it(home: Stage, step: str) -> None:
    with home.open() as library:
        traces = traces_of(home, library, ANN)
        with (
            patch(f"mien.vault.vault.Vault.{step}", side_effect=KeyboardInterrupt),
            suppress(KeyboardInterrupt),
        ):
            library.erase(PersonTarget(NAME))
        assert [person.stored.name for person in library.people()] == ["Ben"]
    with home.open():
        pass
    assert find_traces(home.home, traces) == []


def test_whoever_reads_for_too_long_is_waited_for_and_told_of(home: Stage) -> None:
    with home.open() as library:
        traces = traces_of(home, library, ANN)
        with (
            patch.object(Database, "scrub", return_value=False),
            pytest.raises(CatalogError, match="another process reads"),
        ):
            library.erase(PersonTarget(NAME))
        assert find(library, ANN) == []
    with home.open():
        pass
    assert find_traces(home.home, traces) == []


# Who is alike.


def test_every_face_that_is_alike_is_found_however_many_there_are(stage: Stage) -> None:
    """More than one look into the index shows at a time."""
    stage.models = CrowdModels(people=700)
    for number in range(2):
        stage.draw(f"{number}.png", ANN, seed=number)
    stage.draw("other.png", BEN)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
    stage.models = Stage(stage.folder).models
    with stage.open() as library:
        ann = enrol(stage, library, ANN, NAME)
        assert len(alike_to(library, ann.id)) == 1400
        assert library.erase(PersonTarget(NAME)).erased["faces"] == 1400
        assert query(stage.home / "catalog.db", "SELECT count(*) FROM faces") == [700]


def alike_to(library: Library, *person_ids: int) -> set[int]:
    deployment = library._deployment
    return {
        int(face_id)
        for face_id in find_alike_to(
            deployment, Galleries(deployment), person_ids=[PersonId(i) for i in person_ids]
        )
    }


def test_nobody_is_alike_to_somebody_without_a_template(home: Stage) -> None:
    with home.open() as library:
        library.people().withdraw("Ben")
        assert alike_to(library, BEN) == set()
        assert alike_to(library) == set()
        assert len(alike_to(library, ANN)) == 6


def test_collections_of_another_model_cannot_be_compared(home: Stage) -> None:
    query(
        home.home / "catalog.db", "UPDATE collections SET model_digest = 'x' WHERE name = ?", FAMILY
    )
    with home.open() as library:
        assert len(alike_to(library, ANN)) == 3


def test_an_empty_collection_has_nobody(stage: Stage) -> None:
    with stage.open() as library:
        library.create_collection(FAMILY, basis=Basis.HOUSEHOLD)
        ann = enrol(stage, library, ANN, NAME)
        assert alike_to(library, ann.id) == set()
        report = library.erase(PersonTarget(NAME))
        assert (report.erased["people"], report.erased["faces"]) == (1, 0)


def test_after_it_the_same_person_may_enrol_and_be_found_again(home: Stage) -> None:
    """Only where people are enrolled: elsewhere the photo is known, and its face stays away."""
    with home.open() as library:
        library.erase(PersonTarget(NAME))
        home.now += timedelta(days=1)
        enrol(home, library, ANN, NAME)
        assert find(library, ANN, COLLECTION) == ["ann.png", "both.png", "crowd.png"]
        assert find(library, ANN) == []
        later = add(home, library, home.draw("later.png", ANN, STRANGER))
        assert later.dropped == {Reason.NOT_ENROLLED: 1}
