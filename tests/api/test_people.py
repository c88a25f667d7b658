"""People over REST: enrolled from photos that are not kept, renewed, withdrawn."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from mien.permission.caller import Role
from mien.testing import draw_photo
from server.door import Door, caller_of, visiting
from service.stage import PURPOSE, Stage

ANN = draw_photo(1, seed=1)
LETTER = ("letter.pdf", b"%PDF-1.7 I agree.")
FORM: dict[str, Any] = {"name": "Ann", "purposes": [PURPOSE], "consent": "in the blue folder"}


def enrol(client: TestClient, *photos: bytes, key: str = "", **changes: Any) -> Any:
    form = {name: value for name, value in (FORM | changes).items() if value is not None}
    files: list[Any] = [("photos", (f"{n}.png", photo)) for n, photo in enumerate(photos or (ANN,))]
    files += [(name, form.pop(name)) for name in ("consent_file", "notice") if name in form]
    headers = {"Idempotency-Key": key} if key else {}
    return client.post("/v1/people", data=form, files=files, headers=headers)


def test_a_person_is_enrolled_by_photos_and_words(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        made = enrol(client, ANN, draw_photo(1, seed=2))
        found = client.get(made.headers["Location"])
        listed = client.get("/v1/people").json()["items"]
    assert made.status_code == 201
    person = made.json()["person"]
    assert made.headers["Location"] == f"/v1/people/{person['person_id']}"
    assert (person["name"], person["purposes"], person["templates"]) == ("Ann", [PURPOSE], 2)
    assert (person["state"], person["reasons"]) == ("ConsentGiven", [])
    assert found.json() == person == listed[0]


def test_no_photo_and_no_letter_is_kept(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        made = enrol(client, consent=None, consent_file=LETTER)
        path = made.headers["Location"]
        (event,) = client.get(f"{path}/events").json()["items"]
    assert event["evidence"]["sha256"] == hashlib.sha256(LETTER[1]).hexdigest()
    kept = b"".join(path.read_bytes() for path in stage.home.rglob("*") if path.is_file())
    assert ANN not in kept
    assert LETTER[1] not in kept


def test_words_never_name_a_file_of_the_server(stage: Stage, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("nobody's business")
    with stage.open() as library, visiting(library, "curator") as client:
        told = [
            client.get(f"{made.headers['Location']}/events").json()["items"][0]["evidence"]
            for made in (
                enrol(client, consent=str(secret)),
                enrol(client, draw_photo(2), name="Ben", consent=str(tmp_path / "none.txt")),
            )
        ]
    assert [one["kind"] for one in told] == ["reference", "reference"]
    assert hashlib.sha256(secret.read_bytes()).hexdigest() not in json.dumps(told)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"consent": None}, "settings"),
        ({"consent_file": LETTER}, "settings"),
        ({"consent": "  "}, "settings"),
        ({"name": ""}, "malformed-request"),
        ({"until": "2020-01-01"}, "settings"),
        ({"faces": ["7"]}, "no-face"),
        ({"role": "admin"}, "malformed-request"),
    ],
)
def test_what_is_no_enrolment_is_told(stage: Stage, changes: dict[str, Any], code: str) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        answer = enrol(client, **changes)
        assert list(library.people()) == []
    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize(
    ("photos", "code", "words"),
    [
        ((b"no photo",), "not-a-photo", "photo 1"),
        ((ANN, draw_photo(2)), "unlike-faces", "photo 2"),
        ((draw_photo(1, 2),), "several-faces", "photo 1"),
        ((draw_photo(),), "no-face", "photo 1"),
    ],
)
def test_a_photo_that_will_not_do_is_named_by_its_number(
    stage: Stage, photos: tuple[bytes, ...], code: str, words: str
) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        answer = enrol(client, *photos)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert words in answer.json()["detail"]


def test_a_minor_needs_a_guardian(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        answer = enrol(client, of_age_on="2040-01-01")
        assert enrol(client, of_age_on="2040-01-01", guardian="Eva").status_code == 201
    assert (answer.status_code, answer.json()["code"]) == (403, "minor-without-guardian")


def test_the_same_key_enrols_once(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        answers = [enrol(client, key="k") for _ in range(2)]
        other = enrol(client, draw_photo(1, seed=5), key="k")
        assert len(list(library.people())) == 1
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


def test_who_looks_alike_is_told(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        first = enrol(client).json()
        again = enrol(client, draw_photo(1, seed=4), name="Anna").json()
    assert first["alike"] == []
    assert again["alike"] == [first["person"]["person_id"]]


def test_a_consent_is_renewed_with_a_receipt(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        path = enrol(client, until="2030-12-31").headers["Location"]
        renewed = client.post(
            f"{path}/renew", data={"consent": "said so", "until": "2033-12-31"}
        ).json()
        receipt = json.loads(client.get(f"{path}/receipt").json()["receipt"])
        events = client.get(f"{path}/events").json()["items"]
    assert renewed["person"]["valid_until"] == "2034-01-01T00:00:00Z"
    assert [event["state"] for event in events] == ["ConsentGiven", "RenewedConsentGiven"]
    assert "signature" in json.dumps(receipt)


def test_who_withdraws_is_out_at_once(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "curator") as client:
        path = enrol(client).headers["Location"]
        report = client.post(f"{path}/withdraw", json={}).json()
        person = client.get(path).json()
        again = client.post(f"{path}/withdraw", json={})
    assert report["target"] == "withdrawal"
    assert json.loads(report["certificate"])["certificate"]["erasure"] == report["erasure_id"]
    assert (person["state"], person["templates"]) == ("ConsentWithdrawn", 0)
    assert again.status_code == 200


@pytest.mark.parametrize("who", ["viewer", "searcher", "auditor"])
def test_who_may_not_enrol_learns_of_nobody(stage: Stage, who: str) -> None:
    with stage.open() as library, visiting(library, who) as client:
        assert client.get("/v1/people").status_code == 403
        assert enrol(client).status_code == 403
        assert list(library.people()) == []


@pytest.mark.parametrize(
    ("bound", "reason"),
    [
        ({"collections": frozenset({"family"})}, "collection-not-yours"),
        ({"purposes": frozenset({"press"})}, "purpose-not-yours"),
    ],
)
def test_who_is_bound_enrols_nobody_beyond_that(
    stage: Stage, bound: dict[str, Any], reason: str
) -> None:
    door = Door({"ann": caller_of(Role.CURATOR, **bound)})
    with stage.open() as library, visiting(library, "ann", door=door) as client:
        answer = enrol(client)
        assert list(library.people()) == []
    assert (answer.status_code, answer.json()["code"]) == (403, reason)


def test_nobody_is_looked_up_by_name(stage: Stage) -> None:
    """A name in an address would stand in the logs of whatever lies in between."""
    with stage.open() as library, visiting(library, "curator") as client:
        enrol(client)
        assert client.get("/v1/people/Ann").status_code == 422
        assert client.get(f"/v1/people/{uuid4()}").status_code == 404
