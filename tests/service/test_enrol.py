"""Enrolling: one face in each photo, one person in all of them, and evidence; or nothing at all."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mien.errors import CatalogError, PhotoError, SettingsError
from mien.library import Library
from mien.permission.verdict import Reason
from mien.service.enrol import Enrolled
from mien.service.enrolled import load_enrolled
from mien.testing import draw_photo
from service.enrolling import EVIDENCE, consent, enrol, portraits
from service.stage import PURPOSE, Stage, query
from service.traces import Traces, find_traces


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as opened:
        yield opened


def try_to_enrol(
    stage: Stage, library: Library, *photos: Path, name: str = "Ann", **terms: Any
) -> Enrolled:
    faces = terms.pop("faces", ())
    return library.enrol(name, *photos, consent=consent(stage, **terms), faces=faces)


def check_nothing_is_recorded(stage: Stage) -> None:
    catalog, keys = stage.home / "catalog.db", stage.home / "keys" / "keys.db"
    for table in ("people", "enrolments", "consents", "consent_events", "audit_entries"):
        assert query(catalog, f"SELECT count(*) FROM {table}") == [0], table  # noqa: S608
    assert query(keys, "SELECT subject FROM subject_keys") == []


def test_a_person_is_enrolled_with_a_template_of_each_photo(stage: Stage, library: Library) -> None:
    enrolled = try_to_enrol(stage, library, *portraits(stage, 1, number=3), name="  Ann Ek ")
    assert enrolled.verdict.is_allowed
    assert enrolled.person
    assert enrolled.consent
    assert (enrolled.person.name, enrolled.person.enrolled_at) == ("Ann Ek", stage.now)
    assert enrolled.consent.purposes == {PURPOSE}
    assert enrolled.alike == ()
    catalog = stage.home / "catalog.db"
    assert (
        query(catalog, "SELECT person_id, model_digest FROM enrolments")
        == [(enrolled.person.id, "fa" * 32)] * 3
    )


def test_nothing_of_the_photos_is_kept_but_sealed_templates(stage: Stage, library: Library) -> None:
    paths = portraits(stage, 1)
    vision = library._deployment.vision(threads=1)
    traces: Traces = {}
    for path in paths:
        content = path.read_bytes()
        (face,) = vision.analyse(content).faces
        traces |= {
            f"{path.name}: photo": content,
            f"{path.name}: crop": face.crop_jpeg,
            f"{path.name}: thumbnail": vision.analyse(content).thumbnail_jpeg,
            f"{path.name}: template": face.embedding.astype("<f4").tobytes(),
            f"{path.name}: name": path.name.encode(),
        }
    assert try_to_enrol(stage, library, *paths).verdict.is_allowed
    assert find_traces(stage.home, traces) == []


def test_the_evidence_is_sealed_and_its_file_is_not_kept(stage: Stage, library: Library) -> None:
    form = stage.folder / "ann-form.pdf"
    form.write_bytes(b"%PDF " + b"the very words of the form " * 9)
    try_to_enrol(stage, library, *portraits(stage, 1), evidence=form, guardian="Mia Ek")
    traces = {"form": form.read_bytes(), "file name": b"ann-form.pdf", "guardian": b"Mia Ek"}
    assert find_traces(stage.home, traces) == []
    (spoken,) = library.people().events("Ann")
    assert isinstance(spoken.evidence, dict)
    assert spoken.evidence["name"] == "ann-form.pdf"
    assert spoken.evidence["size_bytes"] == form.stat().st_size
    assert spoken.guardian == "Mia Ek"


def test_a_photo_of_several_needs_a_choice(stage: Stage, library: Library) -> None:
    both = stage.draw("../portraits/both.png", 1, 2)
    with pytest.raises(
        PhotoError, match=r"both.png shows 2 faces. Choose one with --face"
    ) as error:
        try_to_enrol(stage, library, both)
    assert error.value.reason == "several-faces"
    check_nothing_is_recorded(stage)
    alone = portraits(stage, 2, number=1)
    enrolled = try_to_enrol(stage, library, both, *alone, faces=(1, 0))
    assert enrolled.person
    deployment = library._deployment
    (face,) = deployment.vision(threads=1).analyse(draw_photo(2, seed=77)).faces
    with deployment.database.reading() as connection:
        likeness, _ = load_enrolled(deployment, connection, at=stage.now)
    assert likeness.find_owner(face.embedding) == enrolled.person.id


@pytest.mark.parametrize("faces", [(0,), (0, 0, 0)])
def test_faces_are_chosen_for_each_photo_or_for_none(
    stage: Stage, library: Library, faces: tuple[int, ...]
) -> None:
    with pytest.raises(SettingsError, match="one face for each photo"):
        try_to_enrol(stage, library, *portraits(stage, 1), faces=faces)
    check_nothing_is_recorded(stage)


@pytest.mark.parametrize("face", [1, -1])
def test_a_face_that_is_not_there_cannot_be_chosen(
    stage: Stage, library: Library, face: int
) -> None:
    with pytest.raises(PhotoError, match=f"There is no face {face} in .*1-0.png"):
        try_to_enrol(stage, library, *portraits(stage, 1, number=1), faces=(face,))
    check_nothing_is_recorded(stage)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (draw_photo(), "no-face"),
        (b"", "empty-file"),
        (b"no photo", "not-a-photo"),
        (draw_photo(1)[:-40], "truncated"),
        (None, "unreadable"),
    ],
)
def test_one_bad_photo_and_nobody_is_enrolled(
    stage: Stage, library: Library, content: bytes | None, reason: str
) -> None:
    bad = stage.draw("../portraits/bad.png", 1)
    bad.unlink() if content is None else bad.write_bytes(content)
    with pytest.raises(PhotoError, match=r"bad\.png") as error:
        try_to_enrol(stage, library, *portraits(stage, 1), bad)
    assert error.value.reason in {reason, "damaged"}
    check_nothing_is_recorded(stage)


def test_a_photo_too_large_is_refused(stage: Stage) -> None:
    with stage.open(max_file_bytes=200) as library:
        with pytest.raises(PhotoError, match=r"larger than 200 bytes") as error:
            try_to_enrol(stage, library, *portraits(stage, 1))
        assert error.value.reason == "too-many-bytes"
    check_nothing_is_recorded(stage)


def test_photos_of_two_people_are_not_those_of_one(stage: Stage, library: Library) -> None:
    with pytest.raises(PhotoError, match=r"1-0\.png does not look like .*2-0\.png") as error:
        try_to_enrol(stage, library, *portraits(stage, 1), *portraits(stage, 2, number=1))
    assert error.value.reason == "unlike-faces"
    check_nothing_is_recorded(stage)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"name": "  "}, "needs a name"),
        ({"evidence": ""}, "needs evidence"),
        ({"evidence": "missing.pdf"}, "cannot be read"),
        ({"purposes": []}, "--purpose"),
        ({"purposes": ["Family Album"]}, "no purpose"),
        ({"purposes": [PURPOSE, ""]}, "no purpose"),
        ({"days": -1}, "has passed"),
        ({"notice": Path("/nowhere/notice.txt")}, "cannot be read"),
    ],
)
def test_a_consent_that_is_incomplete_enrols_nobody(
    stage: Stage, library: Library, terms: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        try_to_enrol(stage, library, *portraits(stage, 1), **terms)
    check_nothing_is_recorded(stage)


def test_nobody_is_enrolled_without_a_photo(stage: Stage, library: Library) -> None:
    with pytest.raises(SettingsError, match="at least one photo"):
        try_to_enrol(stage, library)
    check_nothing_is_recorded(stage)


def test_the_last_day_is_whole(stage: Stage, library: Library) -> None:
    enrolled = try_to_enrol(stage, library, *portraits(stage, 1), days=0)
    assert enrolled.consent
    end = enrolled.consent.events[0].valid_until
    assert end == stage.now.replace(hour=0) + timedelta(days=1)


def test_a_minor_without_a_guardian_is_refused_before_any_photo_is_read(
    stage: Stage, library: Library
) -> None:
    of_age_on = (stage.now + timedelta(days=1)).date()
    nowhere = stage.folder / "nowhere.png"
    refused = try_to_enrol(stage, library, nowhere, of_age_on=of_age_on)
    assert refused.verdict.reasons == (Reason.MINOR_WITHOUT_GUARDIAN,)
    assert refused.person is None
    check_nothing_is_recorded(stage)


def test_a_guardian_of_somebody_who_is_of_age_is_a_mistake(stage: Stage, library: Library) -> None:
    with pytest.raises(SettingsError, match="is of age"):
        try_to_enrol(
            stage, library, *portraits(stage, 1), of_age_on=stage.now.date(), guardian="Mia"
        )
    check_nothing_is_recorded(stage)


def test_who_came_of_age_consents_alone(stage: Stage, library: Library) -> None:
    enrolled = try_to_enrol(stage, library, *portraits(stage, 1), of_age_on=stage.now.date())
    assert enrolled.verdict.is_allowed


def test_somebody_who_looks_like_another_is_told_of_and_enrolled(
    stage: Stage, library: Library
) -> None:
    ann = enrol(stage, library, 1, "Ann")
    enrol(stage, library, 3, "Cleo")
    other = [stage.draw("../portraits/again.png", 1)]
    enrolled = try_to_enrol(stage, library, *other, name="Ben")
    assert enrolled.verdict.is_allowed
    assert [person.uuid for person in enrolled.alike] == [ann.uuid]


def test_two_may_have_one_name(stage: Stage, library: Library) -> None:
    first, second = enrol(stage, library, 1, "Ann"), enrol(stage, library, 2, "Ann")
    assert first.uuid != second.uuid
    assert [person.stored.uuid for person in library.people()] == [first.uuid, second.uuid]
    assert library.people().get(second.uuid).stored == second


def test_an_entry_in_the_log_tells_and_names_nobody(stage: Stage, library: Library) -> None:
    person = enrol(stage, library, 1, "Ann Ek", purposes=("press", PURPOSE), days=10)
    (entry,) = library.audit().entries(last=1)
    assert entry["action"] == "person-enrolled"
    assert entry["consent"]
    assert entry["subject_ref"]
    assert entry["facts"] == {
        "party": "person",
        "purposes": [PURPOSE, "press"],
        "templates": 2,
        "valid_until": "2030-05-12T00:00:00.000000Z",
    }
    text = json.dumps(entry)
    assert not [word for word in ("Ann", person.uuid, EVIDENCE) if word in text]
    assert "Ann Ek" in str(library.audit().entry(0).details)


def test_a_disk_that_fails_leaves_no_key_behind(
    stage: Stage, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise CatalogError("The disk is full.")

    monkeypatch.setattr("mien.service.enrol.audit.append", fail)
    with pytest.raises(CatalogError, match="full"):
        try_to_enrol(stage, library, *portraits(stage, 1))
    check_nothing_is_recorded(stage)


def test_a_busy_catalog_is_waited_for_and_not_half_written(stage: Stage, library: Library) -> None:
    with closing(sqlite3.connect(stage.home / "catalog.db")) as other:
        other.execute("SELECT * FROM people").fetchall()
        enrol(stage, library, 1, "Ann")
    assert len(list(library.people())) == 1
