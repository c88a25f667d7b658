"""Renewing: the same for longer, with templates under new ids; or a reason why not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mien.errors import CatalogError, ConflictError, NotFoundError, PhotoError, SettingsError
from mien.library import Library
from mien.permission.consent import ConsentState
from mien.permission.verdict import Reason
from mien.service.consent_draft import RenewalDraft
from mien.service.enrol import Enrolled
from service.enrolled_stage import COLLECTION, add
from service.enrolling import EVIDENCE, enrol, portraits
from service.stage import PURPOSE, Stage, names_of, query
from service.test_enrolled import load


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as opened:
        yield opened


def renew(
    stage: Stage, library: Library, name: str, *photos: Path, days: int = 365, **terms: Any
) -> Enrolled:
    draft: dict[str, Any] = {
        "evidence": EVIDENCE,
        "until": (stage.now + timedelta(days=days)).date(),
    }
    faces = terms.pop("faces", ())
    renewal = RenewalDraft(**(draft | terms))
    return library.people().renew(name, *photos, renewal=renewal, faces=faces)


def held(stage: Stage) -> list[int]:
    return query(stage.home / "catalog.db", "SELECT id FROM enrolments ORDER BY id")


def test_a_consent_holds_for_longer(stage: Stage, library: Library) -> None:
    ann = enrol(stage, library, 1, "Ann", days=10)
    stage.now += timedelta(days=5)
    renewed = renew(stage, library, "ann", days=100)
    assert renewed.verdict.is_allowed
    assert renewed.person
    assert renewed.person.uuid == ann.uuid
    stage.now += timedelta(days=50)
    person = library.people().get("Ann")
    assert person.verdict.is_allowed
    assert (person.state, person.templates) == (ConsentState.RENEWED, 2)
    assert person.stored.touched_at == stage.now - timedelta(days=50)
    assert person.stored.enrolled_at == stage.now - timedelta(days=55)


def test_templates_stay_and_get_new_ids(stage: Stage, library: Library) -> None:
    ann = enrol(stage, library, 1, "Ann")
    ben = enrol(stage, library, 2, "Ben", photos=1)
    renew(stage, library, "Ann")
    assert load(stage, library) == ([ann.id, ben.id], 5)


def test_photos_that_came_in_meanwhile_are_looked_at_again(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann", days=10)
    add(stage, library, stage.draw("before.png", 1, 7))
    stage.now += timedelta(days=12)
    assert add(stage, library, stage.draw("meanwhile.png", 1, 8)).faces == 0
    renew(stage, library, "Ann")
    probe = portraits(stage, 1)[0]
    found = library.search(probe, purpose=PURPOSE, collection=COLLECTION)
    assert sorted(names_of(found)) == ["before.png", "meanwhile.png"]


def test_after_the_end_it_may_be_renewed_while_templates_are_left(
    stage: Stage, library: Library
) -> None:
    enrol(stage, library, 1, "Ann", days=10)
    stage.now += timedelta(days=20)
    assert library.people().get("Ann").state is ConsentState.EXPIRED
    assert renew(stage, library, "Ann").verdict.is_allowed
    assert library.people().get("Ann").verdict.is_allowed


def test_without_a_template_photos_are_asked_for(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann", days=10)
    stage.now += timedelta(days=100)
    library.enforce_retention()
    assert held(stage) == []
    with pytest.raises(SettingsError, match="Hand in photos again"):
        renew(stage, library, "Ann")
    assert library.people().get("Ann").state is ConsentState.EXPIRED
    assert renew(stage, library, "Ann", *portraits(stage, 1)).verdict.is_allowed
    assert len(held(stage)) == 2
    assert library.people().get("Ann").verdict.is_allowed


def test_new_photos_add_to_the_templates(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann")
    renew(stage, library, "Ann", stage.draw("../portraits/new.png", 1))
    assert held(stage) == [3, 4, 5]


def test_photos_of_somebody_else_renew_nothing(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann")
    with pytest.raises(PhotoError, match="what was enrolled before") as error:
        renew(stage, library, "Ann", *portraits(stage, 2))
    assert error.value.reason == "unlike-faces"
    assert held(stage) == [1, 2]
    assert len(library.people().events("Ann")) == 1


def test_a_face_is_chosen_in_a_photo_of_several(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann")
    both = stage.draw("../portraits/both.png", 2, 1)
    with pytest.raises(PhotoError, match="shows 2 faces"):
        renew(stage, library, "Ann", both)
    renew(stage, library, "Ann", both, faces=[1])
    assert len(held(stage)) == 3


def test_after_a_withdrawal_nothing_is_renewed(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann")
    library.people().withdraw("Ann")
    refused = renew(stage, library, "Ann", *portraits(stage, 1))
    assert refused.verdict.reasons == (Reason.CONSENT_WITHDRAWN,)
    assert refused.person is None
    assert held(stage) == []
    assert query(stage.home / "keys" / "keys.db", "SELECT subject FROM subject_keys") == [
        f"person:{library.people().get('Ann').stored.uuid}"
    ]


def test_a_refused_renewal_does_not_even_read_its_photos(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann")
    library.people().withdraw("Ann")
    nowhere = stage.folder / "nowhere.png"
    assert not renew(stage, library, "Ann", nowhere).verdict.is_allowed


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"evidence": " "}, "needs evidence"),
        ({"evidence": "missing.pdf"}, "cannot be read"),
        ({"days": -1}, "has passed"),
    ],
)
def test_a_renewal_needs_what_a_consent_needs(
    stage: Stage, library: Library, terms: dict[str, Any], said: str
) -> None:
    enrol(stage, library, 1, "Ann")
    with pytest.raises(SettingsError, match=said):
        renew(stage, library, "Ann", **terms)
    assert len(library.people().events("Ann")) == 1


def test_nobodys_consent_is_not_renewed(stage: Stage, library: Library) -> None:
    with pytest.raises(NotFoundError, match="Nobody is known as Zoe"):
        renew(stage, library, "Zoe")
    enrol(stage, library, 1, "Ann")
    enrol(stage, library, 2, "Ann")
    with pytest.raises(ConflictError, match="2 people"):
        renew(stage, library, "Ann")


def test_a_person_without_a_consent_has_none_to_renew(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann")
    catalog = stage.home / "catalog.db"
    query(catalog, "DELETE FROM consent_events")
    query(catalog, "DELETE FROM consents")
    with pytest.raises(NotFoundError, match="Enrol them again"):
        renew(stage, library, "Ann")


def test_a_disk_that_fails_leaves_no_key_of_new_templates(
    stage: Stage, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(stage, library, 1, "Ann")
    keys = stage.home / "keys" / "keys.db"
    before = query(keys, "SELECT subject FROM subject_keys ORDER BY subject")

    def fail(*_: object, **__: object) -> None:
        raise CatalogError("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr("mien.service.renew.audit.append", fail)
        with pytest.raises(CatalogError, match="full"):
            renew(stage, library, "Ann", *portraits(stage, 1))
    assert query(keys, "SELECT subject FROM subject_keys ORDER BY subject") == before
    assert library.people().get("Ann").verdict.reasons == (Reason.CONSENT_CHANGED,)
    assert renew(stage, library, "Ann").verdict.is_allowed
    assert library.people().get("Ann").verdict.is_allowed


# Minors.


def enrol_minor(stage: Stage, library: Library) -> None:
    of_age_on = (stage.now + timedelta(days=200)).date()
    enrol(stage, library, 1, "Kim", days=150, of_age_on=of_age_on, guardian="Mia Ek")


def test_a_minors_consent_is_renewed_by_their_guardian_alone(
    stage: Stage, library: Library
) -> None:
    enrol_minor(stage, library)
    refused = renew(stage, library, "Kim")
    assert refused.verdict.reasons == (Reason.MINOR_WITHOUT_GUARDIAN,)
    assert renew(stage, library, "Kim", guardian="Mia Ek", days=400).verdict.is_allowed
    person = library.people().get("Kim")
    assert person.templates_until == person.stored.of_age_at + timedelta(days=30)  # type: ignore[operator]


def test_once_of_age_they_renew_for_themselves(stage: Stage, library: Library) -> None:
    enrol_minor(stage, library)
    renew(stage, library, "Kim", guardian="Mia Ek", days=400)
    stage.now += timedelta(days=201)
    assert library.people().get("Kim").verdict.reasons == (Reason.CONSENT_EXPIRED,)
    refused = renew(stage, library, "Kim", guardian="Mia Ek")
    assert refused.verdict.reasons == (Reason.CONSENT_CONFLICT,)
    assert renew(stage, library, "Kim", days=100).verdict.is_allowed
    assert library.people().get("Kim").verdict.is_allowed


def test_the_log_tells_of_a_renewal(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann")
    renew(stage, library, "Ann", days=20)
    (entry,) = (e for e in library.audit().entries() if e["action"] == "consent-renewed")
    assert entry["facts"] == {
        "party": "person",
        "templates": 2,
        "valid_until": "2030-05-22T00:00:00.000000Z",
    }
    assert "Ann" not in str(entry)
