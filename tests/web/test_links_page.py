"""The pages of a host: make a link, print it, let somebody in, end it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from server.door import CSRF_TOKEN, visiting
from service.party import ANN, FIND, Party
from service.stage import Stage
from web.guests import links_in, party_at

WANTED = {
    "name": "Our day",
    "collection": "default",
    "purpose": FIND,
    "days": "3",
    "approves": "yes",
    "csrf_token": CSRF_TOKEN,
}


@pytest.fixture
def party(stage: Stage) -> Iterator[Party]:
    with party_at(stage) as party:
        yield party


@pytest.fixture
def host(party: Party) -> Iterator[TestClient]:
    with visiting(party.library, "curator", with_key=False) as client:
        del client.headers["X-CSRF-Token"]
        client.headers["Accept"] = "text/html"
        yield client


def test_a_link_is_made_by_the_form_and_leads_to_its_page(host: TestClient, party: Party) -> None:
    page = host.post("/links", data=WANTED)
    (link,) = party.links.list_all()
    assert page.url.path == f"/links/{link.link_id}"
    assert (link.name, link.collection, link.terms.approves) == ("Our day", "default", True)
    assert f"/find/{party.links.token(link)}" in page.text
    assert "Our day" in host.get("/links").text


def test_a_box_that_is_not_ticked_lets_guests_in_without_asking(
    host: TestClient, party: Party
) -> None:
    host.post("/links", data={name: value for name, value in WANTED.items() if name != "approves"})
    (link,) = party.links.list_all()
    assert not link.terms.approves


def test_the_poster_has_the_code_and_the_address(host: TestClient, party: Party) -> None:
    link = party.open()
    poster = host.get(f"/links/{link.link_id}/poster").text
    (code,) = [one for one in links_in(poster) if one.endswith("/qr")]
    assert host.get(code).headers["Content-Type"] == "image/svg+xml"
    assert party.links.token(link) in poster


def test_who_waits_is_let_in_by_a_press(host: TestClient, party: Party) -> None:
    link = party.open()
    party.ask(link, ANN)
    page = host.get(f"/links/{link.link_id}").text
    (face,) = [one for one in links_in(page) if one.endswith("/face")]
    assert host.get(face).headers["Content-Type"] == "image/jpeg"
    assert "one waits" in host.get("/links").text
    base = face.removeprefix("/v1").removesuffix("/face")
    assert "you said yes" in host.post(f"{base}/approve", data={"csrf_token": CSRF_TOKEN}).text
    assert "you said yes" in host.post(f"{base}/deny", data={"csrf_token": CSRF_TOKEN}).text


def test_a_link_is_ended_by_a_press(host: TestClient, party: Party) -> None:
    link = party.open()
    page = host.post(f"/links/{link.link_id}/end", data={"csrf_token": CSRF_TOKEN}).text
    assert "ended" in page
    assert "End this link" not in page


@pytest.mark.parametrize("path", ["", "/{link}/end", "/{link}/requests/{asked}/approve"])
def test_nothing_is_done_without_the_token_of_the_session(
    host: TestClient, party: Party, *, path: str
) -> None:
    link = party.open()
    party.ask(link, ANN)
    (waiting,) = party.links.requests(link.link_id)
    address = "/links" + path.format(link=link.link_id, asked=waiting.request_id)
    said = {name: value for name, value in WANTED.items() if name != "csrf_token"}
    assert host.post(address, data=said).status_code == 403
    assert [one.revoked_at for one in party.links.list_all()] == [None]
    assert party.links.requests(link.link_id)[0].state == "waiting"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"purpose": "family-album"}, "No grant in force here allows"),
        ({"days": "many"}, "whole numbers"),
        ({"days": "31"}, "1 to 30 days"),
        ({"name": " "}, "Name the event"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_written_stays(
    host: TestClient, party: Party, wrong: dict[str, str], *, told: str
) -> None:
    page = host.post("/links", data={**WANTED, "name": "Our <day>", **wrong})
    assert page.status_code == 422
    assert told in page.text
    assert "name" in wrong or "Our &lt;day&gt;" in page.text
    assert party.links.list_all() == []


def test_a_host_is_told_where_guests_cannot_come_yet(stage: Stage) -> None:
    with (
        party_at(stage, public="") as party,
        visiting(party.library, "curator", with_key=False) as client,
    ):
        assert "MIEN_PUBLIC" in client.get("/links").text


def test_the_form_names_the_purposes_that_there_are(host: TestClient, party: Party) -> None:
    page = host.get("/links").text
    assert f"There are: {FIND}." in page
    assert f'<option value="{FIND}">' in page
    party.library.revoke(party.grant)
    assert "There are:" not in host.get("/links").text
