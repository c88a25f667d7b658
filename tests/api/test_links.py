"""`/v1/links`: hosts open collections that they may reach, see who waits, and decide."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest
from starlette.testclient import TestClient

from mien.permission.caller import Role
from server.door import Door, caller_of, visiting
from service.party import ANN, FIND, Party
from service.stage import Stage
from web.guests import party_at

WANTED = {"name": "Our day", "collection": "default", "purpose": FIND}


@pytest.fixture
def party(stage: Stage) -> Iterator[Party]:
    with party_at(stage) as party:
        yield party


@pytest.fixture
def host(party: Party) -> Iterator[TestClient]:
    with visiting(party.library, "curator") as client:
        yield client


def make(host: TestClient, **terms: object) -> dict[str, object]:
    answer = host.post("/v1/links", json={**WANTED, **terms})
    assert answer.status_code == 201, answer.text
    made: dict[str, object] = answer.json()
    return made


def test_a_link_is_careful_unless_told_otherwise(host: TestClient) -> None:
    made = make(host)
    assert made["approves"] is True
    assert (made["searches_each"], made["searches_hourly"], made["searches_total"]) == (3, 60, 500)
    assert made["expires_at"] == "2030-05-08T12:00:00Z"
    assert host.get(f"/v1/links/{made['id']}").json() == made


def test_its_address_is_the_one_that_guests_open(host: TestClient, party: Party) -> None:
    address = str(make(host)["address"])
    assert address.startswith("http://testserver/find/")
    with visiting(party.library) as guest:
        assert "Our day" in guest.get(address).text


def test_the_code_is_a_drawing_that_can_be_printed(host: TestClient) -> None:
    code = host.get(f"/v1/links/{make(host)['id']}/qr")
    assert code.headers["Content-Type"] == "image/svg+xml"
    assert ET.fromstring(code.content).tag.endswith("svg")  # noqa: S314  (our own)


def test_who_waits_is_seen_and_let_in_and_then_seen_no_more(host: TestClient, party: Party) -> None:
    made = make(host)
    link = party.links.get(str(made["id"]))
    token = party.ask(link, ANN)
    base = f"/v1/links/{link.link_id}/requests"
    (waiting,) = host.get(base).json()["items"]
    assert waiting["state"] == "waiting"
    face = host.get(f"{base}/{waiting['id']}/face")
    assert (face.headers["Content-Type"], face.content[:2]) == ("image/jpeg", b"\xff\xd8")
    assert face.headers["Cache-Control"] == "no-store"
    assert host.post(f"{base}/{waiting['id']}/approve").json()["state"] == "approved"
    assert host.get(f"{base}/{waiting['id']}/face").status_code == 404
    assert host.post(f"{base}/{waiting['id']}/deny").status_code == 409
    party.guests.show(link, token)
    (logged,) = host.get(base).json()["items"]
    assert (logged["state"], logged["shown"], logged["downloads"]) == ("answered", 2, 0)


def test_an_ended_link_stays_with_its_log(host: TestClient, party: Party) -> None:
    made = make(host)
    party.ask(party.links.get(str(made["id"])), ANN)
    ended = host.delete(f"/v1/links/{made['id']}").json()
    assert ended["revoked_at"] == "2030-05-01T12:00:00Z"
    (logged,) = host.get(f"/v1/links/{made['id']}/requests").json()["items"]
    assert logged["state"] == "over"


def test_links_are_listed_the_newest_first_a_page_at_a_time(host: TestClient) -> None:
    for number in range(3):
        make(host, name=f"Day {number}")
    first = host.get("/v1/links?limit=2").json()
    rest = host.get("/v1/links", params={"cursor": first["next_cursor"]}).json()
    names = [one["name"] for one in (*first["items"], *rest["items"])]
    assert names == ["Day 2", "Day 1", "Day 0"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SEARCHER, Role.AUDITOR])
def test_who_may_not_share_sees_no_link(party: Party, *, role: Role) -> None:
    link = party.open()
    with visiting(party.library, str(role)) as client:
        for path in ("", f"/{link.link_id}", f"/{link.link_id}/qr", f"/{link.link_id}/requests"):
            assert client.get(f"/v1/links{path}").status_code == 403
        assert client.post("/v1/links", json=WANTED).status_code == 403


@pytest.mark.parametrize(
    "bounds", [{"collections": frozenset({"archive"})}, {"purposes": frozenset({"press"})}]
)
def test_who_may_not_reach_it_is_answered_as_if_it_were_not_there(
    party: Party, bounds: dict[str, object]
) -> None:
    link = party.open()
    party.ask(link, ANN)
    (waiting,) = party.links.requests(link.link_id)
    bound = Door({"ann": caller_of(Role.CURATOR, **bounds)})
    base = f"/v1/links/{link.link_id}"
    with visiting(party.library, "ann", door=bound) as client:
        assert client.get("/v1/links").json()["items"] == []
        for path in ("", "/qr", "/requests", f"/requests/{waiting.request_id}/face"):
            assert client.get(f"{base}{path}").status_code == 404, path
        assert client.delete(base).status_code == 404
        assert client.post(f"{base}/requests/{waiting.request_id}/approve").status_code == 404
        assert client.post("/v1/links", json=WANTED).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"purpose": "family-album"}, 403),
        ({"collection": "none"}, 404),
        ({"days": 31}, 422),
        ({"name": "  "}, 422),
        ({"searches_each": 0}, 422),
    ],
)
def test_what_cannot_be_opened_is_refused(
    host: TestClient, wrong: dict[str, object], *, status: int
) -> None:
    assert host.post("/v1/links", json={**WANTED, **wrong}).status_code == status
    assert host.get("/v1/links").json()["items"] == []
