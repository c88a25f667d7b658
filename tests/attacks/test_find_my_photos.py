"""Attempts to misuse a link for guests; every one must fail."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from attacks.test_templates import iter_bytes, needles_of, templates_of
from mien.permission.link import GuestState
from mien.permission.use import Use
from mien.service.link import Link
from mien.testing import draw_photo
from mien.vision.shrink import shrink_photo
from server.door import visiting
from service.party import ANN, BEN, FIND, Party, selfie_of
from service.stage import Stage, query
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


def execute(stage: Stage, statement: str, *values: object) -> None:
    """What somebody does who can write to the catalog, and lacks the keys."""
    with closing(sqlite3.connect(stage.home / "catalog.db")) as connection, connection:
        connection.execute(statement, values)


@pytest.mark.parametrize(
    "change",
    [
        "expires_at = expires_at + 86400000000",
        "approves = 0",
        "searches_total = 20000",
        "searches_each = 20",
        "purpose = 'family-album'",
        "collection_id = 2",
        "sealed = x'00'",
    ],
)
def test_a_link_whose_row_was_edited_opens_nothing(
    party: Party, link: Link, stage: Stage, change: str
) -> None:
    party.library.create_collection("archive", basis="household")
    execute(stage, f"UPDATE links SET {change}")  # noqa: S608  (changes above)
    with coming(party, link) as guest:
        assert guest.client.get(guest.home).status_code == 403
        assert guest.hand_in(ANN).status_code == 403


def test_a_link_that_was_ended_stays_so_in_an_older_row(
    party: Party, link: Link, stage: Stage
) -> None:
    party.links.revoke(link.link_id)
    execute(stage, "UPDATE links SET revoked_at = NULL")
    assert party.refusal(link, ANN) == ["link-changed"]


def test_a_link_that_somebody_wrote_into_the_catalog_is_none(
    party: Party, link: Link, stage: Stage
) -> None:
    from mien.service.link_record import hash_token

    execute(
        stage,
        "INSERT INTO links SELECT 99, '00000000-0000-4000-8000-000000000099', ?, collection_id,"
        " purpose, made_at, expires_at, NULL, 0, 20, 1000, 20000, sealed FROM links",
        hash_token("forged"),
    )
    with visiting(party.library) as client:
        assert client.get("/find/forged").json()["code"] == "link-changed"


def test_tokens_cannot_be_guessed_for_long(party: Party) -> None:
    with visiting(party.library) as client:
        codes = [client.get(f"/find/{number:032x}").status_code for number in range(25)]
    assert codes[:20] == [404] * 20
    assert codes[-1] == 429


def test_a_token_of_a_link_is_no_key_to_anything_else(
    party: Party, link: Link, guest: Guest
) -> None:
    guest.client.headers["Authorization"] = f"Bearer {guest.token}"
    guest.client.cookies.set("mien-session", guest.token)
    for path in ("collections", "links", f"links/{link.link_id}", f"links/{link.link_id}/requests"):
        assert guest.client.get(f"/v1/{path}").status_code == 401, path
    assert guest.client.post("/v1/links", json={}).status_code in {401, 403}
    assert guest.client.get("/links", follow_redirects=False).status_code in {303, 401}


def test_a_guest_cannot_approve_themselves(party: Party, link: Link, guest: Guest) -> None:
    answer = guest.ask(ANN)
    (waiting,) = party.links.requests(link.link_id)
    for act in ("approve", "deny"):
        for path in (f"/v1/links/{link.link_id}", f"/links/{link.link_id}"):
            asked = guest.client.post(
                f"{path}/requests/{waiting.request_id}/{act}", follow_redirects=False
            )
            assert asked.status_code in {303, 401}
        assert guest.client.post(f"{answer}/{act}").status_code in {404, 405}
    assert party.guests.get(link, answer.rsplit("/", 1)[-1]).state is GuestState.WAITING


@pytest.mark.parametrize("state", ["approved", "ready", "answered"])
def test_writing_the_hosts_yes_into_the_catalog_shows_nothing(
    party: Party, link: Link, stage: Stage, *, state: str
) -> None:
    token = party.ask(link, ANN)
    execute(stage, "UPDATE guest_requests SET state = ?", state)
    party.guests.show(link, token)
    assert party.names(link, token) == []
    assert query(stage.home / "catalog.db", "SELECT shown FROM guest_requests") == [0]


def test_a_yes_cannot_be_replayed_for_another_guest(party: Party, link: Link, stage: Stage) -> None:
    ann = party.ask(link, ANN)
    party.decide(link)
    ben = party.ask(link, BEN)
    execute(
        stage,
        "UPDATE guest_requests SET state = 'approved', selfie = (SELECT selfie FROM guest_requests"
        " WHERE id = 1) WHERE id = 2",
    )
    party.guests.show(link, ben)
    assert party.names(link, ben) == []
    party.guests.show(link, ann)
    assert party.names(link, ann) == ["ann.png", "both.png"]


def test_an_answer_put_back_from_a_backup_searches_for_nobody(
    party: Party, link: Link, stage: Stage
) -> None:
    token = party.ask(link, ANN)
    party.decide(link)
    (row,) = query(stage.home / "catalog.db", "SELECT state, selfie, ends_at FROM guest_requests")
    party.guests.show(link, token)
    stage.now += timedelta(minutes=20)
    party.guests.get(link, token)
    execute(stage, "UPDATE guest_requests SET state = ?, selfie = ?, ends_at = ?", *row)
    party.guests.show(link, token)
    assert party.names(link, token) == []


def test_a_download_of_another_answer_is_out_of_reach(party: Party) -> None:
    link, other = party.open(approves=False), party.open(name="Other", approves=False)
    with coming(party, link) as ann, coming(party, other) as ben:
        pictures = ann.pictures(ann.ask(ANN))
        own = ben.ask(BEN)
        for picture in pictures:
            ticket = picture.rsplit("/", 1)[-1]
            assert ben.client.get(f"{ben.home}/photo/{ticket}").status_code == 404
        (first, *_) = ben.pictures(own)
        for said in change_ticket(first):
            assert ben.client.get(said).status_code in {404, 429}


def change_ticket(address: str) -> Iterator[str]:
    """The address with one part of its ticket changed at a time."""
    base, _, ticket = address.rpartition("/")
    request, number, size, until, mark = ticket.split("_")
    for parts in (
        (request, "7", size, until, mark),
        (request, "-1", size, until, mark),
        (request, number, "whole" if size == "small" else "small", until, mark),
        (request, number, size, str(int(until) + 3600), mark),
        (request[::-1], number, size, until, mark),
        (request, number, size, until, mark[::-1]),
        (request, number, size, until),
        (request, "x", "y", "z", mark),
    ):
        yield f"{base}/{'_'.join(parts)}"


def test_a_download_does_not_tell_the_address_of_the_answer(party: Party) -> None:
    with coming(party, party.open(approves=False)) as guest:
        answer = guest.ask(ANN)
        assert all(answer.rsplit("/", 1)[-1] not in one for one in guest.pictures(answer))


def test_nothing_beyond_the_collection_is_found(party: Party, stage: Stage) -> None:
    stage.draw("archive/other.png", ANN, seed=9)
    archive = stage.grant(party.library, FIND, scope=stage.photos / "archive")
    party.library.add(stage.photos / "archive", grant=archive, collection="archive")
    link = party.open(approves=False)
    assert party.names(link, party.ask(link, ANN)) == ["ann.png", "both.png"]


def test_a_photo_under_a_grant_for_something_else_is_not_found(party: Party, stage: Stage) -> None:
    stage.draw("more/third.png", ANN, seed=9)
    other = stage.grant(party.library, "family-album", scope=stage.photos / "more")
    party.library.add(stage.photos / "more", grant=other)
    link = party.open(approves=False)
    assert party.names(link, party.ask(link, ANN)) == ["ann.png", "both.png"]


def test_a_grant_narrowed_since_takes_its_photos_out_of_an_answer(party: Party) -> None:
    from mien.service.grants import Narrowing

    link = party.open(approves=False)
    token = party.ask(link, ANN)
    assert len(party.names(link, token)) == 2
    uses = [Use.STORE, Use.TEMPLATE, Use.SEARCH]
    party.library.narrow(party.grant, Narrowing(uses=uses))
    assert party.names(link, token) == []


def test_somebody_elses_photo_gets_no_further_than_the_host(
    party: Party, link: Link, guest: Guest
) -> None:
    """No machine can tell that it is no selfie: whoever looks at it can."""
    answer = guest.hand_in(content=(party.stage.photos / "ann.png").read_bytes())
    assert answer.status_code == 303
    party.decide(link, is_approved=False)
    page = guest.press(answer.headers["Location"], "show").text
    assert "/photo/" not in page


def test_photos_with_two_faces_are_not_searched_for_either(party: Party, guest: Guest) -> None:
    assert guest.hand_in(ANN, BEN).status_code == 422
    log = query(party.stage.home / "catalog.db", "SELECT content FROM audit_entries")
    assert "search" not in {json.loads(content)["action"] for content in log}


def test_two_who_press_at_once_are_searched_for_once(party: Party, link: Link) -> None:
    token = party.ask(link, ANN)
    party.decide(link)
    for _ in range(3):
        party.guests.show(link, token)
    log = query(party.stage.home / "catalog.db", "SELECT content FROM audit_entries")
    assert [json.loads(content)["action"] for content in log].count("search") == 1


@pytest.mark.parametrize("ending", ["answered", "denied", "expired", "ended"])
def test_nothing_of_the_selfie_is_left_in_the_home(
    party: Party, link: Link, stage: Stage, *, ending: str
) -> None:
    selfie = selfie_of(ANN)
    token = party.guests.ask(link, selfie)
    assert isinstance(token, str)
    sealed = [
        bytes(part)
        for row in query(stage.home / "catalog.db", "SELECT selfie, crop FROM guest_requests")
        for part in row
    ]
    assert len(sealed) == 2
    end(party, link, token=token, ending=ending)
    assert query(stage.home / "catalog.db", "SELECT selfie, crop FROM guest_requests") == [
        (None, None)
    ]
    subjects = party.library.parts.deployment.vault.subjects.list_all()
    assert not [one for one in subjects if one.startswith("selfie:")]
    for trace in traces_of(party, selfie.content):
        assert not [path for path in files_of(stage.home) if trace in path.read_bytes()]


def end(party: Party, link: Link, *, token: str, ending: str) -> None:
    if ending in {"answered", "denied"}:
        party.decide(link, is_approved=ending == "answered")
        party.guests.show(link, token)
    elif ending == "expired":
        party.stage.now += timedelta(hours=24)
        party.links.requests(link.link_id)
    else:
        party.links.revoke(link.link_id)


def traces_of(party: Party, content: bytes) -> list[bytes]:
    """The selfie in every form in which it passed through: itself, small, its cut, templates."""
    import base64

    import numpy as np

    deployment = party.library.parts.deployment
    small = shrink_photo(content)
    traces = [content, small]
    for photo in (content, small):
        (face,) = deployment.vision(threads=1).analyse(photo).faces
        turned = deployment.vault.rotation_of(face.embedding.size).turn(face.embedding[np.newaxis])
        traces.append(face.crop_jpeg)
        for vector in (face.embedding, turned[0]):
            traces += [vector.astype(kind).tobytes() for kind in ("<f2", "<f4", "<f8")]
    return [*traces, *(base64.b64encode(one)[:-4] for one in traces)]


def files_of(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


def test_what_is_sealed_of_a_guest_cannot_be_read_from_the_files(
    party: Party, link: Link, stage: Stage
) -> None:
    content = draw_photo(ANN, seed=77)
    party.ask(link, ANN)
    for trace in traces_of(party, content):
        assert not [path for path in files_of(stage.home) if trace in path.read_bytes()]


def test_nothing_that_is_handed_out_holds_a_template(party: Party, link: Link) -> None:
    token = party.ask(link, ANN)
    (waiting,) = party.links.requests(link.link_id)
    told: list[object] = [link, waiting, party.links.look(link.link_id, waiting.request_id)]
    party.decide(link)
    told.append(party.guests.show(link, token))
    answer = party.guests.answer(link)
    for found in answer.photos(token):
        told += [found, answer.small(waiting.request_id, found.number)]
        told.append(answer.whole(waiting.request_id, found.number))
    needles = needles_of(templates_of(party.stage, party.library))
    for content in iter_bytes(told):
        assert not [needle for needle in needles if needle in content]
