"""Find my photos where only enrolled people are kept: consent, another look, withdrawal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from mien.errors import SettingsError
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.link import GuestState
from mien.service.link import Link
from service.inbox import entries_of
from service.party import ANN, BEN, FIND, Party
from service.stage import Stage, query

COLLECTION = "members"


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        yield library


@pytest.fixture
def party(stage: Stage, library: Library) -> Party:
    return Party(stage, library, collection=COLLECTION).fill(bases=[Basis.ENROLLED_ONLY])


def ask(party: Party, link: Link, person: int = ANN, name: str = "Ann Ek") -> str:
    return party.ask(link, person, enrols=True, name=name)


def see(party: Party, link: Link, token: str) -> list[str]:
    """All that a guest has to do after the host said yes."""
    assert party.guests.show(link, token).state is GuestState.LOOKING
    party.guests.look_again(link, token)
    assert party.guests.show(link, token).state is GuestState.ANSWERED
    return party.names(link, token)


def test_nobody_is_kept_until_they_consent_and_then_they_are_found(
    party: Party, library: Library
) -> None:
    (members,) = library.collections()
    assert (members.photos, members.faces) == (3, 0)
    link = party.open()
    token = ask(party, link)
    assert list(library.people()) == []
    party.decide(link)
    assert see(party, link, token) == ["ann.png", "both.png"]
    (person,) = library.people()
    assert person.stored.name == "Ann Ek"
    assert person.verdict.is_allowed


def test_the_consent_is_for_this_purpose_and_ends_with_the_link(
    party: Party, library: Library, stage: Stage
) -> None:
    link = party.open(approves=False, days=3)
    ask(party, link)
    (person,) = library.people()
    assert person.consent is not None
    assert person.consent.purposes == {FIND}
    stage.now += timedelta(days=4)
    (person,) = library.people()
    assert not person.verdict.is_allowed


def test_its_evidence_is_the_click_and_the_version_of_the_words(
    party: Party, library: Library
) -> None:
    link = party.open(approves=False)
    token = ask(party, link)
    (spoken,) = library.people().events("Ann Ek")
    version = party.guests.get(link, token).consent_version
    assert link.link_id in str(spoken.evidence)
    assert version in str(spoken.evidence)


def test_the_host_reads_the_name_before_they_decide(party: Party) -> None:
    link = party.open()
    ask(party, link)
    (waiting,) = party.links.requests(link.link_id)
    assert party.links.look(link.link_id, waiting.request_id).name == "Ann Ek"


def test_who_gives_no_name_is_asked_for_one(party: Party) -> None:
    with pytest.raises(SettingsError, match="Give your name"):
        ask(party, party.open(), name="  ")


def test_one_press_withdraws_and_erases_everything(
    party: Party, library: Library, stage: Stage
) -> None:
    link = party.open(approves=False)
    token = ask(party, link)
    see(party, link, token)
    assert party.guests.get(link, token).is_enrolled
    assert party.guests.withdraw(link, token).state is GuestState.WITHDRAWN
    assert party.names(link, token) == []
    (members,) = library.collections()
    assert members.faces == 0
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM enrolments") == [0]
    actor = library.parts.deployment.vault.notary.refer("actor", link.actor)
    withdrawn = [e for e in entries_of(stage) if e["action"] == "consent-withdrawn"]
    assert [e["actor"] for e in withdrawn] == [actor]


def test_withdrawing_is_possible_when_answer_and_link_are_over_and_may_be_repeated(
    party: Party, stage: Stage
) -> None:
    link = party.open(approves=False)
    token = ask(party, link)
    see(party, link, token)
    party.links.revoke(link.link_id)
    stage.now += timedelta(minutes=20)
    assert party.guests.get(link, token).is_enrolled
    for _ in range(2):
        assert party.guests.withdraw(link, token).state is GuestState.WITHDRAWN
    assert not party.guests.get(link, token).is_enrolled


def test_withdrawing_leaves_alone_who_has_nothing_to_withdraw(party: Party) -> None:
    link = party.open()
    token = ask(party, link)
    assert party.guests.withdraw(link, token).state is GuestState.WAITING


def test_a_look_that_was_cut_short_is_taken_again(party: Party, stage: Stage) -> None:
    link = party.open(approves=False)
    token = ask(party, link)
    with stage.open() as later:
        other = Party(stage, later, collection=COLLECTION)
        assert other.guests.get(link, token).state is GuestState.LOOKING
        other.guests.look_again(link, token)
        other.guests.look_again(link, token)
        assert other.guests.get(link, token).state is GuestState.READY
    party.guests.show(link, token)
    assert party.names(link, token) == ["ann.png", "both.png"]


def test_each_guest_sees_what_was_kept_for_them_alone(party: Party) -> None:
    link = party.open(approves=False)
    ann, ben = ask(party, link), ask(party, link, BEN, "Ben Ek")
    assert see(party, link, ann) == ["ann.png", "both.png"]
    assert see(party, link, ben) == ["ben.png", "both.png"]


def test_a_photo_that_shows_others_is_shown_as_the_face_alone(party: Party) -> None:
    link = party.open(approves=False)
    token = ask(party, link)
    see(party, link, token)
    request = party.guests.get(link, token).request_id
    answer = party.guests.answer(link)
    pictures = [answer.small(request, one.number) for one in answer.photos(token)]
    assert all(picture.startswith(b"\xff\xd8") for picture in pictures)


def test_an_enrolment_that_ended_elsewhere_is_no_more_to_withdraw(
    party: Party, library: Library
) -> None:
    link = party.open(approves=False)
    token = ask(party, link)
    see(party, link, token)
    library.people().withdraw("Ann Ek")
    assert party.names(link, token) == []
    assert party.guests.withdraw(link, token).state is GuestState.WITHDRAWN
