"""The pages of find my photos, as a phone without scripts sees them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from mien.permission.basis import Basis
from mien.service.link import Link
from mien.testing import draw_photo
from service.party import ANN, BEN, EVE, Party
from service.stage import Stage
from web.guests import Guest, coming, party_at


@pytest.fixture
def party(stage: Stage) -> Iterator[Party]:
    with party_at(stage) as party:
        yield party


@pytest.fixture
def link(party: Party) -> Link:
    return party.open()


@pytest.fixture
def guest(party: Party, link: Link) -> Iterator[Guest]:
    with coming(party, link) as guest:
        yield guest


def test_a_guest_reads_what_will_happen_before_anything_does(guest: Guest) -> None:
    page = guest.client.get(guest.home)
    assert page.status_code == 200
    assert "Ann and Ben&#39;s day" in page.text
    assert "deleted after 24 hours" in page.text
    assert "ask the host for your photos instead" in page.text
    assert 'capture="user"' in page.text
    assert "I am the person in this selfie, I am of age" in page.text


def test_from_the_selfie_to_the_photos(guest: Guest, party: Party, link: Link) -> None:
    answer = guest.ask(ANN)
    waiting = guest.client.get(answer)
    assert "The host was asked." in waiting.text
    assert waiting.headers["Refresh"] == "5"
    party.decide(link)
    assert "Show my photos" in guest.client.get(answer).text
    shown = guest.press(answer, "show")
    assert "2 photos show you." in shown.text
    assert "Your selfie is deleted." in shown.text
    assert "Refresh" not in shown.headers
    pictures = guest.pictures(answer)
    kinds = {guest.client.get(one).headers["Content-Type"] for one in pictures}
    assert kinds == {"image/jpeg", "image/png"}


def test_whole_photos_are_downloads_under_names_that_tell_nothing(party: Party) -> None:
    with coming(party, party.open(approves=False)) as guest:
        answer = guest.ask(BEN)
        taken = [
            got
            for one in guest.pictures(answer)
            if "attachment" in (got := guest.client.get(one)).headers.get("Content-Disposition", "")
        ]
    names = {got.headers["Content-Disposition"] for got in taken}
    assert names == {f'attachment; filename="photo-{number}.png"' for number in (1, 2)}
    files = {(party.stage.photos / name).read_bytes() for name in ("ben.png", "both.png")}
    assert {got.content for got in taken} == files


def test_who_is_in_no_photo_is_told_so_and_that_it_proves_nothing(party: Party) -> None:
    with coming(party, party.open(approves=False)) as guest:
        page = guest.client.get(guest.ask(EVE)).text
    assert "No photo was found that surely shows you." in page
    assert "That proves nothing" in page


def test_who_is_refused_is_told_so(guest: Guest, party: Party, link: Link) -> None:
    answer = guest.ask(ANN)
    party.decide(link, is_approved=False)
    assert "The host said no." in guest.client.get(answer).text
    assert "The host said no." in guest.press(answer, "show").text


@pytest.mark.parametrize(
    ("people", "told"),
    [((), "No face was found in it."), ((ANN, BEN), "It shows 2 faces"), ((ANN, BEN, EVE), "3")],
)
def test_a_selfie_that_will_not_do_is_told_why_in_place(
    guest: Guest, people: tuple[int, ...], *, told: str
) -> None:
    sent = guest.hand_in(*people)
    assert sent.status_code == 422
    assert told in sent.text
    assert 'role="alert"' in sent.text
    assert "<form" in sent.text


def test_a_poor_selfie_comes_back_with_advice(guest: Guest) -> None:
    sent = guest.hand_in(content=draw_photo(ANN, blurred=[ANN]))
    assert "hold still, and wipe the lens" in sent.text


def test_without_a_selfie_or_the_tick_nothing_is_taken(
    guest: Guest, party: Party, link: Link
) -> None:
    assert "Take a selfie" in guest.send({"agreed": "yes"}, b"").text
    assert "without your consent" in guest.send({}, draw_photo(ANN)).text
    assert party.links.requests(link.link_id) == []


def test_an_answer_is_over_by_itself(party: Party, stage: Stage) -> None:
    with coming(party, party.open(approves=False)) as guest:
        answer = guest.ask(ANN)
        pictures = guest.pictures(answer)
        stage.now += timedelta(minutes=15)
        assert "This answer is over." in guest.client.get(answer).text
        assert {guest.client.get(one).status_code for one in pictures} == {404}


def test_a_browser_is_counted_by_a_cookie_for_this_page_alone(party: Party) -> None:
    link = party.open(searches_each=1, approves=False)
    with coming(party, link) as guest:
        cookie = guest.client.get(guest.home).headers["Set-Cookie"]
        assert f"Path={guest.home}" in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        guest.ask(ANN)
        refused = guest.hand_in(ANN)
    assert refused.status_code == 403
    assert "One guest asked as often as the host allowed." in refused.text


def test_an_ended_link_says_so_and_an_unknown_one_says_nothing(
    guest: Guest, party: Party, link: Link
) -> None:
    party.links.revoke(link.link_id)
    ended = guest.client.get(guest.home)
    assert (ended.status_code, "The host ended the link." in ended.text) == (403, True)
    unknown = guest.client.get("/find/" + "0" * 32)
    assert (unknown.status_code, "ended" in unknown.text) == (404, False)


@pytest.mark.parametrize("public", ["", "policy,requests"])
def test_where_the_operator_did_not_open_it_there_is_nothing(stage: Stage, public: str) -> None:
    with party_at(stage, public=public) as party, coming(party, party.open()) as guest:
        assert guest.client.get(guest.home).status_code == 404
        assert guest.hand_in(ANN).status_code == 404


def test_too_large_a_selfie_is_refused_before_it_is_read(guest: Guest) -> None:
    sent = guest.hand_in(content=bytes(13 * 2**20))
    assert sent.status_code == 413
    assert "Choose a smaller photo" in sent.text


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("multipart/form-data; boundary=x", b"--x\r\nnothing of a form"),
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=x", b""),
        ("application/x-www-form-urlencoded", b"\xff\xfe=1"),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(50))),
    ],
)
def test_a_malformed_form_is_a_plain_refusal(guest: Guest, kind: str, content: bytes) -> None:
    sent = guest.client.post(guest.home, content=content, headers={"Content-Type": kind})
    assert sent.status_code in {400, 422}


def test_where_only_enrolled_people_are_kept_the_answer_comes_when_the_look_ends(
    stage: Stage,
) -> None:
    with party_at(stage, bases=[Basis.ENROLLED_ONLY]) as party:
        with coming(party, party.open(approves=False)) as guest:
            assert "Your name" in guest.client.get(guest.home).text
            answer = guest.ask(ANN, enrols=True)
            assert "being looked through for you" in guest.client.get(answer).text
            runs = guest.client.app.state.site.runs  # type: ignore[attr-defined]
            runs.start()
            try:
                wait_for(guest, answer)
            finally:
                runs.stop()
            shown = guest.press(answer, "show")
            assert "2 photos show you." in shown.text
            assert "You withdrew." in guest.press(answer, "withdraw").text
        (collection,) = party.library.collections()
        assert collection.faces == 0


def wait_for(guest: Guest, answer: str) -> None:
    """Looks again as the page does, until it offers the photos; within seconds."""
    until = time.monotonic() + 20
    while "Show my photos" not in guest.client.get(answer).text:
        assert time.monotonic() < until
        time.sleep(0.05)
