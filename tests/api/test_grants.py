"""Grants over REST: recorded with their evidence, narrowed as they were seen, and ended."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from mien.permission.caller import Role
from server.door import Door, caller_of, visiting
from service.stage import PURPOSE, Stage

GRANT: dict[str, Any] = {
    "kind": "contract",
    "grantor": "Anna Berg",
    "scope": ["https://photos.example.org/2030/"],
    "purposes": [PURPOSE],
    "bases": ["household"],
    "until": "2031-12-31",
}


def record(client: TestClient, **changes: Any) -> Any:
    return client.post("/v1/grants", json=GRANT | changes)


def test_a_grant_is_recorded_and_told(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        made = record(client, retention_days=30, terms="Name me.")
        found = client.get(made.headers["Location"])
    assert made.status_code == 201
    assert found.json() == made.json()
    assert made.headers["Location"] == f"/v1/grants/{made.json()['grant_id']}"
    told = {name: made.json()[name] for name in ("grantor", "scope", "purposes", "bases", "terms")}
    assert told == {name: GRANT.get(name, "Name me.") for name in told}
    assert made.json()["in_force"] is True
    assert made.json()["valid_until"] == "2032-01-01T00:00:00Z"
    assert made.json()["verified_by"] == "user:curator"


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": ["/etc"]},
        {"scope": ["~/photos"]},
        {"scope": ["photos"]},
        {"scope": []},
        {"scope": ["https://www.instagram.com/somebody/"]},
        {"evidence": ["/etc/passwd"]},
        {"evidence": [{"name": "letter.pdf", "sha256": "ab"}]},
        {"purposes": ["emotion-recognition"]},
        {"jurisdiction": "the moon"},
        {"grantor": ""},
        {"until": "tomorrow"},
        {"is_vouched": True},
    ],
)
def test_what_no_grant_can_say_is_refused(stage: Stage, changes: dict[str, Any]) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        answer = record(client, **changes)
        assert library.grants() == []
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_evidence_is_hashed_and_not_kept(stage: Stage) -> None:
    letter = b"%PDF-1.7 I allow it. " + uuid4().bytes
    with stage.open() as library, visiting(library, "curator") as client:
        hashed = client.post("/v1/grants/evidence", files={"file": ("letter.pdf", letter)}).json()
        del hashed["obtained_at"]
        made = record(client, evidence=[hashed])
    (told,) = made.json()["evidence"]
    assert told["sha256"] == hashlib.sha256(letter).hexdigest()
    assert (told["name"], told["media_type"]) == ("letter.pdf", "application/pdf")
    kept = [path.read_bytes() for path in stage.home.rglob("*") if path.is_file()]
    assert not [content for content in kept if letter in content]


def test_a_file_that_shows_nothing_is_no_evidence(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        answer = client.post("/v1/grants/evidence", files={"file": ("letter.pdf", b"")})
    assert answer.status_code == 422
    assert "empty" in answer.json()["detail"]


def test_a_grant_is_narrowed_only_as_it_was_seen(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        path = record(client).headers["Location"]
        seen = client.get(path).headers["ETag"]
        first = client.patch(path, json={"retention_days": 9}, headers={"If-Match": seen})
        late = client.patch(path, json={"retention_days": 5}, headers={"If-Match": seen})
        anew = client.patch(
            path, json={"retention_days": 5}, headers={"If-Match": first.headers["ETag"]}
        )
        now = client.get(path)
    assert [first.status_code, late.status_code, anew.status_code] == [200, 412, 200]
    assert late.json()["code"] == "changed-meanwhile"
    assert late.headers["ETag"] == first.headers["ETag"]
    assert now.json()["retention_days"] == 5
    assert now.headers["ETag"] == anew.headers["ETag"]


def test_a_grant_is_never_widened(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        path = record(client).headers["Location"]
        answer = client.patch(path, json={"purposes": ["press"]})
        assert client.get(path).json()["purposes"] == [PURPOSE]
    assert answer.status_code == 422


def test_a_revoked_grant_is_over_and_may_be_revoked_again(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        path = record(client).headers["Location"]
        answers = [client.post(f"{path}/revoke").json() for _ in range(2)]
    assert [answer["in_force"] for answer in answers] == [False, False]
    assert answers[0]["reasons"] == ["grant-revoked"]
    assert answers[0]["revoked_at"] == answers[1]["revoked_at"]


def test_a_grant_that_was_changed_behind_the_back_says_so(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        path = record(client).headers["Location"]
        with library.parts.deployment.database.writing() as connection:
            connection.exec_driver_sql("UPDATE grants SET valid_until = valid_until + 1")
        told = client.get(path).json()
    assert (told["in_force"], told["reasons"]) == (False, ["grant-changed"])


def test_a_list_tells_grants_in_the_order_they_were_recorded(stage: Stage) -> None:
    names, cursor = [], ""
    with stage.open() as library, visiting(library, "curator") as client:
        for name in ("C", "A", "B"):
            record(client, grantor=name)
            stage.now = stage.now.replace(minute=stage.now.minute + 1)
        for _ in range(2):
            page = client.get("/v1/grants", params={"limit": 2, "cursor": cursor}).json()
            names += [item["grantor"] for item in page["items"]]
            cursor = page["next_cursor"] or ""
    assert names == ["C", "A", "B"]
    assert not cursor


@pytest.mark.parametrize("key", ["", "k"])
def test_a_key_makes_the_difference_between_one_grant_and_two(stage: Stage, key: str) -> None:
    headers = {"Idempotency-Key": key} if key else {}
    with stage.open() as library, visiting(library, "curator") as client:
        answers = [client.post("/v1/grants", json=GRANT, headers=headers) for _ in range(2)]
        assert len(library.grants()) == (1 if key else 2)
    assert [answer.status_code for answer in answers] == [201, 201]
    assert (answers[0].json() == answers[1].json()) is bool(key)


@pytest.mark.parametrize("who", ["viewer", "searcher", "auditor"])
def test_who_may_not_grant_sees_none(stage: Stage, who: str) -> None:
    with stage.open() as library, visiting(library, who) as client:
        grant = stage.grant(library)
        answers = [client.get("/v1/grants"), client.get(f"/v1/grants/{grant}"), record(client)]
    assert [answer.status_code for answer in answers] == [403, 403, 403]


def test_who_is_bound_reaches_the_grants_of_their_collections_only(stage: Stage) -> None:
    door = Door({"ann": caller_of(Role.CURATOR, collections=frozenset({"family"}))})
    with stage.open() as library:
        for name in ("family", "archive"):
            library.create_collection(name, basis="household")
        ours, theirs, both, unused = (stage.grant(library) for _ in range(4))
        brought = [(ours, "family"), (theirs, "archive"), (both, "family"), (both, "archive")]
        for number, (grant, name) in enumerate(brought):
            stage.draw(f"{number}.png", number)
            library.add(stage.photos, grant=grant, collection=name)
        with visiting(library, "ann", door=door) as client:
            listed = {item["grant_id"] for item in client.get("/v1/grants").json()["items"]}
            seen = {one: client.get(f"/v1/grants/{one}").status_code for one in (ours, theirs)}
            ended = {
                one: client.post(f"/v1/grants/{one}/revoke").status_code
                for one in (theirs, both, ours)
            }
    assert listed == {ours, both, unused}
    assert seen == {ours: 200, theirs: 404}
    assert ended == {theirs: 404, both: 403, ours: 200}


def test_who_is_bound_to_a_purpose_grants_no_other(stage: Stage) -> None:
    door = Door({"ann": caller_of(Role.CURATOR, purposes=frozenset({"press"}))})
    with stage.open() as library, visiting(library, "ann", door=door) as client:
        answer = record(client)
        assert library.grants() == []
    assert (answer.status_code, answer.json()["code"]) == (403, "purpose-not-yours")


@pytest.mark.parametrize(
    "path", ["/v1/grants/0b2f4c1e-6a57-4d3f-9c11-8e5a7d20b9f4", "/v1/grants/none"]
)
def test_a_grant_that_is_not_there(stage: Stage, path: str) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        assert client.get(path).status_code in {404, 422}
