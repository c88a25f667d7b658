"""A case about somebody who is enrolled: hidden with all that is like them, told whole, erased."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from mien.errors import ConflictError
from mien.library import Library
from mien.permission.case import CaseState
from mien.service.audit_read import ShownEntry
from service.enrolled_stage import COLLECTION, add
from service.enrolling import EVIDENCE, enrol
from service.inbox import (
    ANN,
    BEN,
    answer,
    faces_of,
    fill,
    grant_case,
    locations,
    read_json,
    refuse_case,
    request,
)
from service.stage import PURPOSE, Stage, query
from service.traces import find_traces, traces_of_face

NAME = "Ann Ek-Lund"


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    """Ann is enrolled; she is kept in a collection of enrolled people, and in an album of all."""
    with stage.open(controller="The Archive", contact="rights@archive.example") as library:
        fill(stage, library)
        enrol(stage, library, ANN, NAME)
        add(stage, library)
        yield library


def found(stage: Stage, library: Library, person: int, *, collection: str) -> set[str]:
    """Names of the photos in which a search of a collection finds somebody."""
    result = library.search(
        stage.photos / ("ann.png" if person == ANN else "ben.png"),
        purpose=PURPOSE,
        collection=collection,
        min_score=0.8,
    )
    uris = [candidate.face.locations[0].uri for candidate in result.candidates]
    return {uri.rsplit("/", 1)[-1] for uri in uris}


def test_all_that_is_kept_for_them_or_like_them_is_hidden_at_once(
    stage: Stage, library: Library
) -> None:
    for collection in (COLLECTION, "default"):
        assert found(stage, library, ANN, collection=collection) == {"ann.png", "both.png"}
    opened = request(library, "objection", person=NAME.upper())
    for collection in (COLLECTION, "default"):
        assert found(stage, library, ANN, collection=collection) == set()
    assert found(stage, library, BEN, collection="default") == {"ben.png"}
    refuse_case(library, opened)
    for collection in (COLLECTION, "default"):
        assert found(stage, library, ANN, collection=collection) == {"ann.png", "both.png"}


def test_granted_nothing_is_left_of_them_and_their_neighbour_comes_back(
    stage: Stage, library: Library
) -> None:
    uuids = faces_of(stage, "ann.png")
    seen = library._deployment.vision(threads=1).analyse((stage.photos / "ann.png").read_bytes())
    traces = traces_of_face(library, uuids[0], seen=seen.faces[0]) | {"name": NAME.encode()}
    opened = request(library, "erasure", person=NAME)
    case = grant_case(library, opened)
    assert (case.state, len(case.erasure_ids)) == (CaseState.VERIFIED, 1)
    assert list(library.people()) == []
    assert found(stage, library, BEN, collection="default") == {"ben.png", "both.png"}
    assert found(stage, library, ANN, collection="default") == set()
    folder = answer(stage, library, opened).folder
    certificate = read_json(folder, "certificate-1.json")["certificate"]
    assert (certificate["target"], certificate["erased"]["people"]) == ("person", 1)
    assert "1 consent, 2 templates" in (folder / "letter.md").read_text("utf-8")
    library.close()
    assert find_traces(stage.home, traces) == []


def test_access_tells_their_record_their_consent_and_every_face_kept_for_them(
    stage: Stage, library: Library
) -> None:
    (person,) = library.people()
    opened = request(library, "access", person=NAME)
    folder = answer(stage, library, opened).folder
    document = read_json(folder, "held.json")
    record = document["person"]
    assert (record["person"], record["name"]) == (person.stored.uuid, NAME)
    assert (record["templates"], record["consent"]) == (2, "ConsentGiven")
    assert record["may_be_recognised"] is True
    assert record["record_erased_at_the_latest"] == "2033-04-30T12:00:00.000000Z"
    (event,) = record["consents"]
    assert (event["state"], event["guardian"]) == ("ConsentGiven", "")
    assert EVIDENCE in json.dumps(event["evidence"])
    assert record["newest_consent"]["@type"] == "dpv:ConsentRecord"
    receipt = read_json(folder, "receipt.json")["receipt"]
    assert receipt["dpv:hasRecordOfActivity"]["dct:identifier"] == event["consent"]
    names = {
        place["address"].rsplit("/", 1)[-1]
        for photo in document["photos"]
        for place in photo["locations"]
    }
    assert names == {"ann.png", "both.png"}
    kept = query(stage.home / "catalog.db", "SELECT uuid FROM faces WHERE person_id IS NOT NULL")
    crops = {f"crops/{uuid}.jpg" for uuid in kept}
    assert crops <= set(document["pictures"])
    meant = [
        face["face"]
        for photo in document["photos"]
        for held in photo["collections"]
        for face in held["faces"]
        if face["is_meant"]
    ]
    assert sorted(meant) == sorted(kept)
    letter = (folder / "letter.md").read_text("utf-8")
    assert r"what we hold about the person Ann Ek\-Lund" in letter
    assert "You are enrolled here, or were." in letter
    listing = (folder / "held.md").read_text("utf-8")
    for part in ("## You on record", "2 templates", "ConsentGiven", person.stored.uuid):
        assert part in listing


def test_somebody_who_withdrew_is_still_told_what_is_on_record(
    stage: Stage, library: Library
) -> None:
    library.people().withdraw(NAME)
    folder = answer(stage, library, request(library, "access", person=NAME)).folder
    record = read_json(folder, "held.json")["person"]
    assert (record["templates"], record["consent"]) == (0, "ConsentWithdrawn")
    assert record["reasons_against"] == ["consent-withdrawn"]
    assert [event["state"] for event in record["consents"]] == ["ConsentGiven", "ConsentWithdrawn"]


def test_a_consent_that_was_tampered_with_delays_no_answer(stage: Stage, library: Library) -> None:
    query(stage.home / "catalog.db", "UPDATE consents SET purposes = '[\"anything\"]'")
    answered = answer(stage, library, request(library, "access", person=NAME))
    record = read_json(answered.folder, "held.json")["person"]
    assert record["newest_consent"] is None
    assert record["reasons_against"] == ["consent-changed"]
    assert "receipt.json" not in answered.files


def test_nobody_of_that_name_is_told_honestly(stage: Stage, library: Library) -> None:
    opened = request(library, "access", person="Nobody at All")
    folder = answer(stage, library, opened).folder
    assert read_json(folder, "held.json")["person"] is None
    assert "Nothing is held about what you named." in (folder / "letter.md").read_text("utf-8")
    erasure = request(library, "erasure", person="Nobody at All")
    assert erasure.held == 0
    assert grant_case(library, erasure).erasure_ids == []
    assert len(list(library.people())) == 1


def test_a_name_of_several_opens_no_case(stage: Stage, library: Library) -> None:
    enrol(stage, library, 77, NAME)
    with pytest.raises(ConflictError, match="2 people have the name"):
        request(library, "erasure", person=NAME)
    (first, _) = library.people()
    opened = request(library, "access", person=first.stored.uuid)
    folder = answer(stage, library, opened).folder
    assert read_json(folder, "held.json")["person"]["name"] == NAME


def test_whoever_enrols_under_the_name_later_is_not_meant(stage: Stage, library: Library) -> None:
    """A case is about who was known by the name when it was opened."""
    opened = request(library, "erasure", person=NAME)
    grant_case(library, opened)
    enrol(stage, library, 77, NAME)
    assert grant_case(library, opened).state is CaseState.VERIFIED
    assert [person.stored.name for person in library.people()] == [NAME]


def test_a_case_opened_before_somebody_enrolled_is_not_about_them(
    stage: Stage, library: Library
) -> None:
    opened = request(library, "erasure", person="Ben Berg")
    enrol(stage, library, BEN, "Ben Berg")
    grant_case(library, opened)
    assert len(list(library.people())) == 2


def test_a_name_is_corrected_and_the_old_one_is_in_no_byte(stage: Stage, library: Library) -> None:
    opened = request(library, "rectification", person=NAME, corrections={"name": " Ann Lund "})
    assert grant_case(library, opened).state is CaseState.VERIFIED
    (person,) = library.people()
    assert person.stored.name == "Ann Lund"
    assert person.verdict.is_allowed
    assert found(stage, library, ANN, collection=COLLECTION) == {"ann.png", "both.png"}
    told = [entry for entry in read_log(stage, library) if "person" in str(entry.entry["action"])]
    assert [(entry.entry["action"], entry.details) for entry in told] == [
        ("person-enrolled", None),
        ("person-corrected", {"actor": library._deployment.actor, "name": "Ann Lund"}),
    ]
    assert library.audit().verify().is_sound
    library.close()
    assert find_traces(stage.home, {"old name": NAME.encode()}) == []


def read_log(stage: Stage, library: Library) -> list[ShownEntry]:
    count = query(stage.home / "catalog.db", "SELECT count(*) FROM audit_entries")[0]
    return [library.audit().entry(seq) for seq in range(count)]


def test_the_name_of_nobody_is_not_corrected(stage: Stage, library: Library) -> None:
    opened = request(library, "rectification", person="Nobody", corrections={"name": "Somebody"})
    grant_case(library, opened)
    letter = (answer(stage, library, opened).folder / "letter.md").read_text("utf-8")
    assert "There is nothing here to correct" in letter


def test_held_photos_are_not_looked_at_again_while_the_case_is_open(stage: Stage) -> None:
    for name, people in (("ann.png", (ANN,)), ("ben.png", (BEN,)), ("both.png", (ANN, BEN))):
        stage.draw(name, *people)
    with stage.open() as library:
        enrol(stage, library, ANN, NAME)
        add(stage, library)
        opened = request(library, "objection", person=NAME)
        enrol(stage, library, BEN, "Ben Berg")
        assert found(stage, library, BEN, collection=COLLECTION) == {"ben.png"}
        assert locations(stage)["both.png"] == "quarantined"
        refuse_case(library, opened)
        library.rescan()
        assert found(stage, library, BEN, collection=COLLECTION) == {"ben.png", "both.png"}
