"""Find my photos: a guest consents, waits, sees their own photos, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from mien.errors import ConflictError, NotFoundError, PhotoError, SettingsError
from mien.library import Library
from mien.permission.case import CaseKind
from mien.permission.link import GuestState
from mien.permission.use import Use
from mien.service.case import About
from mien.service.cases import CaseDraft
from mien.service.guest_words import version_of
from mien.service.link import Link
from mien.testing import draw_photo
from service.inbox import entries_of, sha256_of
from service.party import ANN, BEN, EVE, FIND, Party, selfie_of
from service.stage import Stage, query


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        yield library


@pytest.fixture
def party(stage: Stage, library: Library) -> Party:
    return Party(stage, library).fill()


def states(party: Party, link: Link) -> list[str]:
    return [str(one.state) for one in party.links.requests(link.link_id)]


def test_a_guest_sees_their_own_photos_once_the_host_said_yes(party: Party) -> None:
    link = party.open()
    token = party.ask(link, ANN)
    assert party.guests.get(link, token).state is GuestState.WAITING
    assert party.guests.show(link, token).state is GuestState.WAITING
    assert party.names(link, token) == []
    party.decide(link)
    assert party.guests.show(link, token).state is GuestState.ANSWERED
    assert party.names(link, token) == ["ann.png", "both.png"]


def test_a_host_who_does_not_look_lets_everybody_in_at_once(party: Party) -> None:
    link = party.open(approves=False)
    token = party.ask(link, BEN)
    assert party.names(link, token) == ["ben.png", "both.png"]


def test_somebody_who_is_in_no_photo_sees_none(party: Party) -> None:
    link = party.open(approves=False)
    token = party.ask(link, EVE)
    assert party.names(link, token) == []
    assert party.guests.get(link, token).state is GuestState.ANSWERED


def test_whoever_is_refused_sees_nothing_and_leaves_nothing(party: Party, stage: Stage) -> None:
    link = party.open()
    token = party.ask(link, ANN)
    party.decide(link, is_approved=False)
    assert party.guests.show(link, token).state is GuestState.DENIED
    assert party.names(link, token) == []
    assert query(stage.home / "catalog.db", "SELECT selfie, crop FROM guest_requests") == [
        (None, None)
    ]


def test_the_host_sees_the_face_until_they_decided_and_not_afterwards(party: Party) -> None:
    link = party.open()
    party.ask(link, ANN)
    (waiting,) = party.links.requests(link.link_id)
    assert party.links.look(link.link_id, waiting.request_id).jpeg.startswith(b"\xff\xd8")
    party.decide(link)
    with pytest.raises(NotFoundError, match="Nobody waits"):
        party.links.look(link.link_id, waiting.request_id)


@pytest.mark.parametrize("is_approved", [True, False])
def test_nothing_is_decided_twice(party: Party, *, is_approved: bool) -> None:
    link = party.open()
    token = party.ask(link, ANN)
    party.decide(link, is_approved=is_approved)
    party.guests.show(link, token)
    with pytest.raises(ConflictError, match="already"):
        party.decide(link)


def test_a_request_is_decided_only_under_its_own_link(party: Party) -> None:
    link, other = party.open(), party.open(name="Another day")
    token = party.ask(link, ANN)
    (waiting,) = party.links.requests(link.link_id)
    with pytest.raises(NotFoundError):
        party.links.decide(other.link_id, waiting.request_id, is_approved=True)
    with pytest.raises(NotFoundError):
        party.guests.get(other, token)


@pytest.mark.parametrize(("people", "reason"), [((), "no-face"), ((ANN, BEN), "several-faces")])
def test_a_selfie_shows_exactly_one_face(
    party: Party, people: tuple[int, ...], *, reason: str
) -> None:
    with pytest.raises(PhotoError) as raised:
        party.guests.ask(party.open(), selfie_of(*people))
    assert raised.value.reason == reason


def test_a_poor_selfie_is_told_what_is_wrong_with_it(party: Party) -> None:
    poor = draw_photo(ANN, seed=4, blurred=[ANN])
    with pytest.raises(PhotoError, match="blurred: hold still") as raised:
        party.guests.ask(party.open(), selfie_of(content=poor))
    assert raised.value.reason == "poor-selfie"


def test_a_file_that_is_no_photo_or_too_large_is_refused(party: Party) -> None:
    link = party.open()
    with pytest.raises(PhotoError, match="cannot be used"):
        party.guests.ask(link, selfie_of(content=b"no photo"))
    with pytest.raises(PhotoError, match="larger than"):
        party.guests.ask(link, selfie_of(content=bytes(2 * 2**20)))


@pytest.mark.parametrize("version", ["", "find-my-photos-other", version_of(enrols=True)])
def test_nothing_is_looked_at_without_consent_to_these_words(party: Party, version: str) -> None:
    link = party.open()
    with pytest.raises(SettingsError, match="without your consent"):
        party.guests.ask(link, selfie_of(ANN, consent_version=version))
    assert party.links.requests(link.link_id) == []


def test_what_a_guest_agreed_to_is_kept_without_a_name(party: Party, stage: Stage) -> None:
    link = party.open(approves=False)
    party.ask(link, ANN, guest="browser of Ann")
    (logged,) = party.links.requests(link.link_id)
    assert logged.consent_version == version_of(enrols=False)
    assert logged.asked_at == stage.now
    asked = [e for e in entries_of(stage) if e["action"] == "guest-asked"]
    assert [e["facts"]["consent_version"] for e in asked] == [logged.consent_version]
    assert "browser of Ann" not in repr(query(stage.home / "catalog.db", GUEST_ROWS))


GUEST_ROWS = "SELECT * FROM guest_requests"


def test_an_answer_is_over_after_a_quarter_of_an_hour(party: Party, stage: Stage) -> None:
    link = party.open(approves=False)
    token = party.ask(link, ANN)
    request = party.guests.get(link, token).request_id
    stage.now += timedelta(minutes=14)
    assert len(party.names(link, token)) == 2
    assert party.guests.answer(link).whole(request, 0).media_type == "image/png"
    stage.now += timedelta(minutes=1)
    assert party.names(link, token) == []
    with pytest.raises(NotFoundError):
        party.guests.answer(link).whole(request, 0)
    assert party.guests.get(link, token).state is GuestState.OVER
    assert query(stage.home / "catalog.db", "SELECT found FROM guest_requests") == [None]


def test_nobody_waits_for_longer_than_a_day(party: Party, stage: Stage) -> None:
    link = party.open()
    token = party.ask(link, ANN)
    stage.now += timedelta(hours=24)
    assert party.guests.get(link, token).state is GuestState.OVER
    with pytest.raises(ConflictError, match="over already"):
        party.decide(link)


def test_what_waits_goes_when_the_library_is_opened_too(party: Party, stage: Stage) -> None:
    party.ask(party.open(), ANN)
    stage.now += timedelta(hours=25)
    with stage.open():
        pass
    assert query(stage.home / "catalog.db", "SELECT state, selfie FROM guest_requests") == [
        ("over", None)
    ]


def test_an_ended_link_lets_nobody_in_and_drops_who_waits(party: Party) -> None:
    link = party.open()
    token = party.ask(link, ANN)
    ended = party.links.revoke(link.link_id)
    assert party.refusal(ended, ANN) == ["link-revoked"]
    assert states(party, link) == ["over"]
    assert party.guests.show(link, token).state is GuestState.OVER


def test_a_link_ends_by_itself(party: Party, stage: Stage) -> None:
    link = party.open(days=2)
    stage.now += timedelta(days=2)
    assert party.refusal(link, ANN) == ["link-expired"]


def test_a_link_is_found_by_its_token_and_by_nothing_else(party: Party, stage: Stage) -> None:
    link = party.open()
    token = party.links.token(link)
    found = party.guests.find(token)
    assert found is not None
    assert found[0].link_id == link.link_id
    assert found[1].is_allowed
    for wrong in ("", link.link_id, token[:-1], token.upper() + "0", token[::-1]):
        assert party.guests.find(wrong) is None
    stored = query(stage.home / "catalog.db", "SELECT token_hash FROM links")
    assert token not in stored


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"searches_each": 1}, "guest-spent"),
        ({"searches_hourly": 1}, "link-busy"),
        ({"searches_total": 1}, "link-spent"),
    ],
)
def test_more_is_not_asked_than_the_host_allows(
    party: Party, terms: dict[str, int], *, reason: str
) -> None:
    link = party.open(**terms)
    party.ask(link, ANN, guest="one browser")
    assert party.refusal(link, ANN, guest="one browser") == [reason]


def test_what_is_counted_by_guest_and_by_hour_frees_itself(party: Party, stage: Stage) -> None:
    link = party.open(searches_each=1, searches_hourly=2)
    party.ask(link, ANN, guest="one browser")
    party.ask(link, ANN, guest="another browser")
    assert party.refusal(link, ANN, guest="a third browser") == ["link-busy"]
    stage.now += timedelta(hours=1)
    party.ask(link, ANN, guest="a third browser")
    assert party.refusal(link, ANN, guest="one browser") == ["guest-spent"]


def test_a_photo_that_may_not_be_shown_is_not_shown_here(stage: Stage, library: Library) -> None:
    party = Party(stage, library).fill(uses=[Use.STORE, Use.TEMPLATE, Use.SEARCH])
    link = party.open(approves=False)
    assert party.names(link, party.ask(link, ANN)) == []


def test_a_photo_is_asked_about_again_each_time(party: Party, library: Library) -> None:
    link = party.open(approves=False)
    token = party.ask(link, ANN)
    request = party.guests.get(link, token).request_id
    hidden = About(photos=(sha256_of(party.stage, "ann.png"),))
    library.cases().open(CaseDraft(kind=CaseKind.TAKEDOWN, requester="Zoe", about=hidden))
    assert party.names(link, token) == ["both.png"]
    numbers = [one.number for one in party.guests.answer(link).photos(token)]
    (gone,) = {0, 1} - {*numbers}
    with pytest.raises(NotFoundError):
        party.guests.answer(link).small(request, gone)


def test_a_grant_that_is_revoked_closes_the_link_and_its_answers(
    party: Party, library: Library
) -> None:
    link = party.open(approves=False)
    token = party.ask(link, ANN)
    library.revoke(party.grant)
    assert party.names(link, token) == []
    assert party.refusal(link, ANN) == ["purpose-not-granted"]


def test_somebody_who_opted_out_is_answered_as_somebody_who_is_in_no_photo(
    party: Party, library: Library
) -> None:
    library.optouts().face(draw_photo(ANN, seed=3), consent="her letter of 3 May")
    link = party.open(approves=False)
    token = party.ask(link, ANN)
    assert party.guests.get(link, token).state is GuestState.ANSWERED
    assert party.names(link, token) == []


def test_photos_are_handed_out_as_they_are_and_counted(party: Party) -> None:
    link = party.open(approves=False)
    token = party.ask(link, BEN)
    request = party.guests.get(link, token).request_id
    answer = party.guests.answer(link)
    found = {one.face.sha256: one.number for one in answer.photos(token)}
    number = found[sha256_of(party.stage, "ben.png")]
    whole = answer.whole(request, number)
    assert whole.content == (party.stage.photos / "ben.png").read_bytes()
    assert answer.small(request, number).startswith(b"\xff\xd8")
    assert (party.guests.get(link, token).shown, party.guests.get(link, token).downloads) == (2, 1)


def test_a_file_that_is_no_longer_the_photo_is_not_handed_out(party: Party) -> None:
    link = party.open(approves=False)
    token = party.ask(link, ANN)
    request = party.guests.get(link, token).request_id
    for path in party.stage.photos.iterdir():
        path.write_bytes(draw_photo(EVE))
    with pytest.raises(NotFoundError, match="cannot be had"):
        party.guests.answer(link).whole(request, 0)


def test_the_log_names_the_link_as_the_one_who_acted(party: Party, library: Library) -> None:
    link = party.open(approves=False)
    party.ask(link, ANN)
    actor = library.parts.deployment.vault.notary.refer("actor", link.actor)
    done = [e["action"] for e in entries_of(party.stage) if e["actor"] == actor]
    assert done == ["guest-asked", "search", "guest-answered"]
    search = next(e for e in entries_of(party.stage) if e["action"] == "search")
    assert search["purpose"] == FIND


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "x" * 121},
        {"days": 0},
        {"days": 31},
        {"searches_each": 0},
        {"searches_hourly": 1001},
        {"searches_total": 20001},
        {"purpose": "Find My Photos"},
    ],
)
def test_a_link_that_cannot_be_is_not_made(party: Party, wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        party.open(**wrong)
    assert party.links.list_all() == []


def test_no_link_is_made_for_what_no_grant_allows(party: Party) -> None:
    from mien.permission.verdict import Reason, Verdict
    from mien.service.link import LinkDraft

    draft = LinkDraft(name="A day", collection="default", purpose="family-album")
    assert party.links.make(draft) == Verdict((Reason.PURPOSE_NOT_GRANTED,))
    with pytest.raises(NotFoundError):
        party.links.make(LinkDraft(name="A day", collection="none", purpose=FIND))
