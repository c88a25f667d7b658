"""Withdrawing: out of every answer at once, templates and faces gone, the proof kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta

import pytest

from mien.errors import ConflictError, NotFoundError
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.consent import ConsentState, Party
from mien.permission.verdict import Reason
from mien.service.erasing import NOTHING_LEFT
from service.enrolled_stage import COLLECTION, add
from service.enrolling import EVIDENCE, enrol, portraits
from service.logs import tamper
from service.stage import PURPOSE, Stage, names_of, query
from service.test_enrolled import consenting, load
from service.traces import Traces, find_traces, traces_of_face


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as opened:
        yield opened


@pytest.fixture
def filled(stage: Stage, library: Library) -> Library:
    """Ann and Ben, enrolled, in three photos, of which two show them both."""
    enrol(stage, library, 1, "Ann")
    enrol(stage, library, 2, "Ben")
    stage.draw("ann.png", 1)
    stage.draw("both.png", 1, 2)
    stage.draw("others.png", 2, 1, 9)
    assert add(stage, library).faces == 5
    return library


def find(stage: Stage, library: Library, person: int) -> list[str]:
    probe = portraits(stage, person)[0]
    found = library.search(probe, purpose=PURPOSE, collection=COLLECTION, min_score=0.7)
    return sorted(names_of(found))


def traces_of(stage: Stage, library: Library, person: int) -> Traces:
    """Every face kept for somebody, in all forms, with templates as they were enrolled."""
    vision = library._deployment.vision(threads=1)
    traces: Traces = {}
    for name, place in (("ann.png", 0), ("both.png", 0), ("others.png", 1)):
        seen = vision.analyse((stage.photos / name).read_bytes()).faces[place]
        (uuid,) = query(
            stage.home / "catalog.db",
            "SELECT f.uuid FROM faces f JOIN indexed_photos i ON i.id = f.indexed_photo_id"
            " JOIN locations l ON l.photo_id = i.photo_id"
            " WHERE f.person_id = ? AND l.uri LIKE ?",
            person,
            f"%/{name}",
        )
        found = traces_of_face(library, uuid, seen=seen)
        traces |= {f"{name}: {kind}": trace for kind, trace in found.items()}
    for path in portraits(stage, person):
        (seen,) = vision.analyse(path.read_bytes()).faces
        traces[f"{path.name}: template"] = seen.embedding.astype("<f4").tobytes()
    sealed = query(stage.home / "catalog.db", "SELECT sealed FROM enrolments WHERE person_id = 1")
    return traces | {f"sealed template {n}": one for n, one in enumerate(sealed)}


def test_from_the_next_search_on_nobody_finds_them(stage: Stage, filled: Library) -> None:
    assert find(stage, filled, 1) == ["ann.png", "both.png", "others.png"]
    filled.people().withdraw("Ann")
    assert find(stage, filled, 1) == []
    assert find(stage, filled, 2) == ["both.png", "others.png"]
    assert consenting(stage, filled, 1, 2) == {2}


def test_another_process_stops_finding_them_too(stage: Stage, filled: Library) -> None:
    with stage.open() as other:
        assert find(stage, other, 1) != []
        filled.people().withdraw("Ann")
        assert find(stage, other, 1) == []
        assert find(stage, other, 2) == ["both.png", "others.png"]


def test_nothing_is_kept_for_them_from_then_on(stage: Stage, filled: Library) -> None:
    filled.people().withdraw("Ann")
    assert load(stage, filled) == ([2], 4)
    report = add(stage, filled, stage.draw("later.png", 1, 2))
    assert (report.faces, report.dropped) == (1, {Reason.NOT_ENROLLED: 1})


def test_no_trace_is_left_of_templates_and_faces(stage: Stage, filled: Library) -> None:
    traces = traces_of(stage, filled, 1)
    assert len(find_traces(stage.home, traces)) >= 10
    report = filled.people().withdraw("Ann")
    assert report.left == NOTHING_LEFT
    assert (report.erased["faces"], report.erased["templates"]) == (3, 2)
    assert (report.erased["people"], report.erased["consents"]) == (0, 0)
    filled.close()
    assert find_traces(stage.home, traces) == []


def test_the_certificate_tells_and_names_nobody(stage: Stage, filled: Library) -> None:
    uuid = filled.people().get("Ann").stored.uuid
    document = json.loads(filled.people().withdraw("Ann").certificate)["certificate"]
    assert document["target"] == "withdrawal"
    assert (document["erased"]["templates"], document["left"]["templates"]) == (2, 0)
    assert "Ann" not in str(document)
    assert uuid not in str(document)
    del stage


def test_the_proof_stays(stage: Stage, filled: Library) -> None:
    stage.now += timedelta(days=3)
    filled.people().withdraw("Ann")
    person = filled.people().get("Ann")
    assert (person.state, person.templates) == (ConsentState.WITHDRAWN, 0)
    given, withdrawn = filled.people().events("Ann")
    assert given.evidence == {"kind": "reference", "text": EVIDENCE}
    assert withdrawn.event.at == stage.now
    assert withdrawn.event.party is Party.PERSON
    assert person.stored.touched_at == stage.now


def test_a_guardian_may_withdraw(stage: Stage, library: Library) -> None:
    of_age_on = (stage.now + timedelta(days=999)).date()
    enrol(stage, library, 1, "Kim", of_age_on=of_age_on, guardian="Mia Ek")
    library.people().withdraw("Kim", guardian=" Mia Ek ")
    withdrawn = library.people().events("Kim")[-1]
    assert (withdrawn.event.party, withdrawn.guardian) == (Party.GUARDIAN, "Mia Ek")


def test_it_may_be_repeated(stage: Stage, filled: Library) -> None:
    filled.people().withdraw("Ann")
    again = filled.people().withdraw("Ann")
    assert set(again.erased.values()) == {0}
    assert again.certificate
    assert [one.event.state for one in filled.people().events("Ann")] == [
        ConsentState.GIVEN,
        ConsentState.WITHDRAWN,
    ]
    del stage


def test_an_expired_consent_may_be_withdrawn(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann", days=1)
    stage.now += timedelta(days=5)
    report = library.people().withdraw("Ann")
    assert report.erased["templates"] == 2
    assert library.people().get("Ann").state is ConsentState.WITHDRAWN


def test_a_clock_that_was_set_back_keeps_nobody(stage: Stage, filled: Library) -> None:
    stage.now -= timedelta(days=400)
    filled.people().withdraw("Ann")
    stage.now += timedelta(days=400)
    assert filled.people().get("Ann").state is ConsentState.WITHDRAWN
    assert find(stage, filled, 1) == []


def test_a_consent_whose_rows_were_changed_may_be_withdrawn(stage: Stage, filled: Library) -> None:
    tamper(stage, "UPDATE consent_events SET valid_until = valid_until + 1")
    filled.people().withdraw("Ann")
    assert filled.people().get("Ann").verdict.reasons == (Reason.CONSENT_WITHDRAWN,)


def test_a_consent_that_was_hidden_from_withdrawal_does_not_come_back(
    stage: Stage, filled: Library
) -> None:
    """Rows are bent so that nothing can follow, and put back after the withdrawal."""
    tamper(stage, "UPDATE consent_events SET state = 'ConsentRefused' WHERE consent_id = 1")
    filled.people().withdraw("Ann")
    tamper(stage, "UPDATE consent_events SET state = 'ConsentGiven' WHERE consent_id = 1")
    assert filled.people().get("Ann").verdict.reasons == (Reason.CONSENT_CHANGED,)
    assert consenting(stage, filled, 1) == set()


def test_templates_in_an_old_backup_do_not_open(stage: Stage, filled: Library) -> None:
    """The catalog from before, with the keys as they are now."""
    filled.close()
    backup = stage.folder / "old.db"
    shutil.copy(stage.home / "catalog.db", backup)
    with stage.open() as library:
        library.people().withdraw("Ann")
    (sealed, key) = query(
        backup, "SELECT sealed, key_uuid FROM enrolments WHERE person_id = 1 LIMIT 1"
    )[0]
    assert sealed
    keys = query(stage.home / "keys" / "keys.db", "SELECT subject FROM subject_keys")
    assert f"template:{key}" not in keys
    shutil.copy(backup, stage.home / "catalog.db")
    with stage.open() as library:
        assert find(stage, library, 1) == []
        assert load(stage, library) == ([2], 4)
        assert query(stage.home / "catalog.db", "SELECT person_id FROM enrolments") == [2, 2]
        assert library.people().get("Ann").verdict.reasons == (Reason.CONSENT_CHANGED,)
        library.people().withdraw("Ann")
        assert library.people().get("Ann").verdict.reasons == (Reason.CONSENT_WITHDRAWN,)


def test_faces_elsewhere_are_left_to_their_own_grants(stage: Stage, filled: Library) -> None:
    """A household collection rests on its holder's grant, and not on this consent."""
    filled.create_collection("family", basis=Basis.HOUSEHOLD)
    grant = stage.grant(filled)
    filled.add(stage.draw("home.png", 1), grant=grant, collection="family")
    filled.people().withdraw("Ann")
    probe = portraits(stage, 1)[0]
    found = filled.search(probe, purpose=PURPOSE, collection="family")
    assert names_of(found) == ["home.png"]


def test_nobodys_consent_is_not_withdrawn(stage: Stage, library: Library) -> None:
    with pytest.raises(NotFoundError, match="Nobody is known as Zoe"):
        library.people().withdraw("Zoe")
    for person in (1, 2):
        enrol(stage, library, person, "Ann")
    with pytest.raises(ConflictError, match="Choose one by id"):
        library.people().withdraw("Ann")
    assert all(person.verdict.is_allowed for person in library.people())


def test_the_log_tells_of_it_and_of_what_was_erased(stage: Stage, filled: Library) -> None:
    filled.people().withdraw("Ann")
    withdrawn, erasure = filled.audit().entries(last=2)
    assert (withdrawn["action"], erasure["action"]) == ("consent-withdrawn", "erasure")
    assert withdrawn["subject_ref"]
    assert "Ann" not in str(withdrawn)
    assert erasure["facts"]["target"] == "withdrawal"  # type: ignore[index]
    assert filled.audit().verify().is_sound
    del stage
