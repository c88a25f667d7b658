"""Find my photos, where something happens between two steps of a guest."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from mien.catalog import guests as rows
from mien.errors import ConflictError, VaultError
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.link import WAITED_FOR, GuestState
from mien.service.erase import PersonTarget
from mien.service.guest_enrolment import enrol_guest
from mien.service.guests import Guests
from mien.service.link import Link
from mien.service.long_runs import Runs
from service.party import ANN, BEN, MEGABYTE, Party
from service.stage import Stage, query

MEMBERS = "members"
ENROL = "mien.service.guests.enrol_guest"


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        yield library


@pytest.fixture
def party(stage: Stage, library: Library) -> Party:
    return Party(stage, library).fill()


@pytest.fixture
def club(stage: Stage, library: Library) -> Party:
    return Party(stage, library, collection=MEMBERS).fill(bases=[Basis.ENROLLED_ONLY])


def join(club: Party, link: Link, person: int = ANN, name: str = "Ann Ek") -> str:
    return club.ask(link, person, enrols=True, name=name)


def people(library: Library) -> list[str]:
    return [one.stored.name for one in library.people()]


def change(stage: Stage, statement: str, *values: object) -> None:
    query(stage.home / "catalog.db", statement, *values)


def test_a_link_that_was_ended_after_the_yes_shows_nothing(party: Party) -> None:
    link = party.open()
    token = party.ask(link, ANN)
    party.decide(link)
    party.links.revoke(link.link_id)
    assert party.guests.show(link, token).state is GuestState.OVER
    assert party.names(link, token) == []


def test_a_link_that_ran_out_after_the_yes_looks_for_nobody(party: Party, stage: Stage) -> None:
    link = party.open(days=1)
    stage.now += timedelta(hours=23)
    token = party.ask(link, ANN)
    party.decide(link)
    stage.now += timedelta(hours=2)
    assert party.guests.show(link, token).state is GuestState.APPROVED
    assert party.names(link, token) == []


def test_a_grant_that_was_revoked_after_the_yes_looks_for_nobody(
    party: Party, library: Library, stage: Stage
) -> None:
    link = party.open()
    token = party.ask(link, ANN)
    party.decide(link)
    library.revoke(party.grant)
    assert party.guests.show(link, token).state is GuestState.APPROVED
    assert party.names(link, token) == []
    stage.now += WAITED_FOR
    assert party.guests.get(link, token).state is GuestState.OVER


@pytest.mark.parametrize(
    "edit", ["purpose = 'other'", "expires_at = expires_at + 1", "searches_each = 9"]
)
def test_a_link_that_was_edited_shows_no_answer_any_more(
    party: Party, stage: Stage, edit: str
) -> None:
    link = party.open(approves=False)
    token = party.ask(link, ANN)
    assert party.names(link, token) == ["ann.png", "both.png"]
    change(stage, f"UPDATE links SET {edit}")  # noqa: S608  (edits above)
    found = party.guests.find(party.links.token(link))
    if found is not None:
        edited, verdict = found
        assert not verdict.is_allowed
        assert party.guests.answer(edited).photos(token) == []


def test_whoever_asks_twice_at_once_counts_twice(party: Party, stage: Stage) -> None:
    link = party.open(searches_total=1)
    first = party.ask(link, ANN)
    assert party.refusal(link, BEN) == ["link-spent"]
    assert party.guests.get(link, first).state is GuestState.WAITING
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM guest_requests") == [1]


def test_a_refused_guest_leaves_no_key_behind(
    party: Party, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two came at once: the second is counted when the first is recorded."""
    link = party.open(searches_total=1)
    refuse = Guests._refuse
    asked: list[str] = []

    def come_late(guests: Guests, *said: object) -> object:
        verdict = refuse(guests, *said)  # type: ignore[arg-type]
        if not asked:
            asked.append("")
            asked.append(party.ask(link, ANN))
        return verdict

    monkeypatch.setattr(Guests, "_refuse", come_late)
    assert party.refusal(link, BEN) == ["link-spent"]
    keys = "SELECT count(*) FROM subject_keys WHERE subject LIKE 'selfie:%'"
    assert query(stage.home / "keys" / "keys.db", keys) == [1]


def test_a_full_disk_leaves_no_selfie(
    party: Party, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise VaultError("The disk is full.")

    monkeypatch.setattr(rows, "add_guest_request", fail)
    with pytest.raises(VaultError, match="full"):
        party.ask(party.open(), ANN)
    keys = "SELECT count(*) FROM subject_keys WHERE subject LIKE 'selfie:%'"
    assert query(stage.home / "keys" / "keys.db", keys) == [0]
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM guest_requests") == [0]


def test_two_presses_enrol_one_person(club: Party, library: Library) -> None:
    link = club.open()
    token = join(club, link)
    club.decide(link)
    presses = [threading.Thread(target=club.guests.show, args=(link, token)) for _ in range(4)]
    for press in presses:
        press.start()
    for press in presses:
        press.join()
    assert people(library) == ["Ann Ek"]
    assert club.guests.withdraw(link, token).state is GuestState.WITHDRAWN
    (person,) = library.people()
    assert not person.verdict.is_allowed


def test_who_could_not_be_enrolled_may_try_again(
    club: Party, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = club.open()
    token = join(club, link)
    club.decide(link)

    def fail(*_: object, **__: object) -> None:
        raise ConflictError("Your consent could not be recorded.")

    with monkeypatch.context() as patched:
        patched.setattr(ENROL, fail)
        with pytest.raises(ConflictError, match="consent"):
            club.guests.show(link, token)
    stood = club.guests.get(link, token)
    assert (stood.state, stood.is_enrolled) == (GuestState.APPROVED, False)
    assert people(library) == []
    assert club.guests.show(link, token).state is GuestState.LOOKING
    assert people(library) == ["Ann Ek"]


class KilledError(BaseException):
    """As if the process had ended here."""


def test_who_is_enrolled_when_the_server_dies_can_still_withdraw(
    club: Party, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = club.open()
    token = join(club, link)
    club.decide(link)
    enrol = enrol_guest

    def die(*said: object, **more: object) -> None:
        enrol(*said, **more)  # type: ignore[arg-type]
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(ENROL, die)
        with pytest.raises(KilledError):
            club.guests.show(link, token)
    assert people(library) == ["Ann Ek"]
    assert club.guests.get(link, token).is_enrolled
    club.guests.withdraw(link, token)
    (person,) = library.people()
    assert not person.verdict.is_allowed


def test_nobody_looks_for_a_guest_before_they_are_enrolled(
    club: Party, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = club.open()
    token = join(club, link)
    club.decide(link)
    runs = Runs(library.parts)
    guests = Guests(library.parts, max_bytes=MEGABYTE, runs=runs)
    enrol = enrol_guest
    asked: list[object] = []

    def enrol_slowly(*said: object, **more: object) -> None:
        asked.append(guests.get(link, token).state)  # the page is loaded anew meanwhile
        asked.append(len(runs.list()))
        enrol(*said, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ENROL, enrol_slowly)
    guests.show(link, token)
    assert asked == [GuestState.LOOKING, 0]
    assert len(runs.list()) == 1


def test_a_guest_who_was_erased_meanwhile_sees_nothing(club: Party, library: Library) -> None:
    link = club.open(approves=False)
    ann, ben = join(club, link), join(club, link, BEN, "Ben Ek")
    for token in (ann, ben):
        club.guests.look_again(link, token)
    library.erase(PersonTarget("Ann Ek"))
    assert club.guests.show(link, ann).state is GuestState.ANSWERED
    assert club.names(link, ann) == []
    club.guests.show(link, ben)
    assert club.names(link, ben) == ["ben.png", "both.png"]


def test_a_guest_whose_person_was_edited_sees_nobody_elses_photos(
    club: Party, stage: Stage
) -> None:
    link = club.open(approves=False)
    ann, ben = join(club, link), join(club, link, BEN, "Ben Ek")
    for token in (ann, ben):
        club.guests.look_again(link, token)
    change(
        stage,
        "UPDATE guest_requests SET person = (SELECT person FROM guest_requests ORDER BY id DESC)",
    )
    club.guests.show(link, ann)
    assert club.names(link, ann) == []


def test_a_consent_that_was_withdrawn_takes_an_open_answer_away(
    club: Party, library: Library
) -> None:
    link = club.open(approves=False)
    token = join(club, link)
    club.guests.look_again(link, token)
    club.guests.show(link, token)
    assert club.names(link, token) == ["ann.png", "both.png"]
    library.people().withdraw("Ann Ek")
    assert club.names(link, token) == []


def test_the_log_stays_sound_and_names_no_guest(
    club: Party, library: Library, stage: Stage
) -> None:
    link = club.open(approves=False)
    token = join(club, link)
    club.guests.look_again(link, token)
    club.guests.show(link, token)
    club.guests.withdraw(link, token)
    assert library.audit().verify().is_sound
    entries = "".join(str(entry) for entry in library.audit().entries())
    assert "Ann" not in entries
    assert token not in entries
    assert link.link_id not in entries
