"""How things stand with people, and until when anything of them is kept: by time alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mien.errors import NotFoundError
from mien.library import Library
from mien.permission.consent import ConsentState
from mien.permission.verdict import Reason
from mien.service.people import RECORD_KEPT
from mien.testing import draw_photo
from service.enrolled_stage import COLLECTION, add
from service.enrolling import EVIDENCE, enrol, portraits
from service.logs import tamper
from service.stage import PURPOSE, Stage, names_of, query
from service.test_renew import renew
from service.traces import find_traces

DAY, GRACE = timedelta(days=1), timedelta(days=30)
TICK = timedelta(seconds=1)


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as opened:
        yield opened


def midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0)


def held(stage: Stage) -> dict[str, int]:
    tables = ("people", "consents", "consent_events", "enrolments", "faces")
    catalog = stage.home / "catalog.db"
    return {name: query(catalog, f"SELECT count(*) FROM {name}")[0] for name in tables}  # noqa: S608


def test_a_person_shows_how_things_stand(stage: Stage, library: Library) -> None:
    ann = enrol(stage, library, 1, "Ann", days=10)
    (person,) = library.people()
    assert person.stored == ann
    assert person.consent
    assert person.consent.purposes == {PURPOSE}
    assert (person.state, person.templates) == (ConsentState.GIVEN, 2)
    assert person.verdict.is_allowed
    assert person.templates_until == midnight(stage.now) + 11 * DAY + GRACE
    assert person.record_until == stage.now + RECORD_KEPT


def test_people_stand_in_the_order_they_came(stage: Stage, library: Library) -> None:
    for number, name in enumerate(("Zoe", "Ann", "Mia")):
        enrol(stage, library, number, name, photos=1)
    assert [person.stored.name for person in library.people()] == ["Zoe", "Ann", "Mia"]
    with pytest.raises(NotFoundError):
        library.people().get("Eve")


def test_somebody_without_a_consent_is_shown_as_such(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann")
    tamper(stage, "DELETE FROM consent_events", "DELETE FROM consents")
    (person,) = library.people()
    assert person.consent is None
    assert (person.state, person.verdict.reasons) == (ConsentState.UNKNOWN, (Reason.NO_CONSENT,))
    assert library.people().events("Ann") == []


def test_events_tell_what_was_said(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann", days=10)
    stage.now += DAY
    renew(stage, library, "Ann", evidence="Form 13", days=20)
    given, renewed = library.people().events("Ann")
    assert (given.event.state, renewed.event.state) == ("ConsentGiven", "RenewedConsentGiven")
    assert given.event.valid_until == midnight(stage.now) + 10 * DAY
    assert renewed.event.valid_until == midnight(stage.now) + 21 * DAY
    assert given.evidence == {"kind": "reference", "text": EVIDENCE}
    assert renewed.evidence == {"kind": "reference", "text": "Form 13"}
    assert given.consent_id == renewed.consent_id
    assert given.guardian == ""


def test_nothing_is_kept_longer_than_three_years_however_long_the_consent(
    stage: Stage, library: Library
) -> None:
    enrol(stage, library, 1, "Ann", days=36_000)
    (person,) = library.people()
    assert person.templates_until == person.record_until == stage.now + RECORD_KEPT


# What time does.

Command = Callable[[Stage, Library], object]


COMMANDS: dict[str, Command] = {
    "search": lambda _, library: library.search(
        draw_photo(7), purpose=PURPOSE, collection=COLLECTION
    ),
    "add": lambda stage, library: library.add(stage.photos, grant=None),
    "doctor": lambda _, library: library.examine(),
    "retention run": lambda _, library: library.enforce_retention(),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_templates_and_faces_go_a_grace_period_after_the_consent(
    stage: Stage, library: Library, command: str
) -> None:
    enrol(stage, library, 1, "Ann", days=10)
    enrol(stage, library, 2, "Ben", days=999)
    add(stage, library, stage.draw("both.png", 1, 2))
    stage.now = midnight(stage.now) + 11 * DAY + GRACE - TICK
    COMMANDS[command](stage, library)
    assert held(stage)["enrolments"] == 4
    assert held(stage)["faces"] == 2
    stage.now += TICK
    COMMANDS[command](stage, library)
    assert held(stage) == {
        "people": 2,
        "consents": 2,
        "consent_events": 2,
        "enrolments": 2,
        "faces": 1,
    }
    assert library.people().get("Ann").templates == 0
    assert library.people().get("Ben").verdict.is_allowed


def test_from_the_last_day_on_nothing_answers_though_it_waits(
    stage: Stage, library: Library
) -> None:
    enrol(stage, library, 1, "Ann", days=10)
    add(stage, library, stage.draw("ann.png", 1))
    probe = portraits(stage, 1)[0]

    def names() -> list[str]:
        return names_of(library.search(probe, purpose=PURPOSE, collection=COLLECTION))

    stage.now = midnight(stage.now) + 11 * DAY - TICK
    assert names() == ["ann.png"]
    stage.now += TICK
    assert names() == []
    assert held(stage)["faces"] == 1
    assert library.people().get("Ann").state is ConsentState.EXPIRED


@pytest.mark.parametrize("command", COMMANDS)
def test_three_years_after_the_last_touch_everything_goes(
    stage: Stage, library: Library, command: str
) -> None:
    library.create_collection(COLLECTION, basis="enrolled_only")
    traces = {"name": b"Ann-Margret", "evidence": EVIDENCE.encode()}
    uuid = enrol(stage, library, 1, "Ann-Margret", days=10).uuid
    traces["id"] = uuid.encode()
    library.people().withdraw("Ann-Margret")
    stage.now += RECORD_KEPT - TICK
    COMMANDS[command](stage, library)
    assert held(stage)["people"] == 1
    stage.now += TICK
    COMMANDS[command](stage, library)
    assert set(held(stage).values()) == {0}
    library.enforce_retention()  # what a search leaves for after its answer
    assert find_traces(stage.home, traces) == []
    assert query(stage.home / "keys" / "keys.db", "SELECT subject FROM subject_keys") == []
    vouchers = query(stage.home / "keys" / "keys.db", "SELECT name FROM vouchers")
    assert [name for name in vouchers if "consent" in name] == []


def test_a_renewal_is_a_touch(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann", days=36_000)
    stage.now += RECORD_KEPT - DAY
    renew(stage, library, "Ann", days=36_000)
    stage.now += RECORD_KEPT - DAY
    library.enforce_retention()
    assert library.people().get("Ann").templates == 2
    stage.now += DAY
    library.enforce_retention()
    assert list(library.people()) == []


def test_a_minors_templates_go_after_they_come_of_age(stage: Stage, library: Library) -> None:
    of_age_on = (stage.now + 20 * DAY).date()
    enrol(stage, library, 1, "Kim", days=999, of_age_on=of_age_on, guardian="Mia")
    of_age_at = midnight(stage.now + 20 * DAY)
    assert library.people().get("Kim").templates_until == of_age_at + GRACE
    stage.now = of_age_at
    assert library.people().get("Kim").verdict.reasons == (Reason.CONSENT_EXPIRED,)
    stage.now += GRACE
    library.enforce_retention()
    assert held(stage)["enrolments"] == 0


def test_what_a_killed_withdrawal_left_goes_without_a_grace(stage: Stage, library: Library) -> None:
    """As if the event had been written and the rest had not."""
    enrol(stage, library, 1, "Ann")
    tamper(
        stage,
        "INSERT INTO consent_events (consent_id, number, state, at, party, sealed)"
        " SELECT consent_id, 1, 'ConsentWithdrawn', at, party, sealed FROM consent_events",
    )
    assert library.enforce_retention()
    assert held(stage)["enrolments"] == 0


def test_templates_without_a_consent_go_after_the_grace(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann")
    tamper(stage, "DELETE FROM consent_events", "DELETE FROM consents")
    stage.now += GRACE - TICK
    assert library.enforce_retention() is None
    stage.now += TICK
    assert library.enforce_retention()
    assert held(stage)["enrolments"] == 0


def test_without_grace_nothing_waits(stage: Stage) -> None:
    with stage.open(grace_days=0) as library:
        enrol(stage, library, 1, "Ann", days=10)
        stage.now = midnight(stage.now) + 11 * DAY
        assert library.enforce_retention()
        assert held(stage)["enrolments"] == 0


def test_where_nothing_is_overdue_nothing_is_written(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann")
    before = query(stage.home / "catalog.db", "SELECT count(*) FROM audit_entries")
    assert library.enforce_retention() is None
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM audit_entries") == before


def test_photos_under_grants_and_people_go_in_one_sweep(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann", days=10)
    path: Path = stage.draw("old.png", 5)
    library.add(path, grant=stage.grant(library, days=10))
    stage.now += 60 * DAY
    report = library.enforce_retention()
    assert report
    assert (report.erased["photos"], report.erased["templates"]) == (1, 2)
    assert library.enforce_retention() is None


def test_those_erased_by_time_may_enrol_again(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann", days=10)
    add(stage, library, stage.draw("ann.png", 1))
    stage.now += RECORD_KEPT
    library.enforce_retention()
    enrol(stage, library, 1, "Ann")
    assert library.people().get("Ann").verdict.is_allowed
