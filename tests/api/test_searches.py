"""Searches, comparisons, judgements and exports as a server answers them."""

from __future__ import annotations

import csv
import io
import json
from http import HTTPStatus
from typing import Any

import pytest

from api.seen import ARCHIVE, FAMILY, bound_to, fill, names_of, post_search, search, search_by
from mien.http.turnstile import Turnstile
from mien.permission.caller import Role
from mien.testing import draw_photo
from server.door import Door, caller_of, visiting
from service.stage import PURPOSE, Stage

PROBE = draw_photo(1, seed=9)
STRENGTH = {
    *("band", "normalised_score", "fmr", "fmr_low", "fmr_high", "is_extrapolated", "is_bound"),
    *("expected_strangers", "likelihood_ratio", "words"),
}


def test_a_photo_finds_its_person(stage: Stage) -> None:
    with stage.open() as library, bound_to(library, FAMILY) as client:
        fill(stage, library)
        found = search(client, PROBE)
        (answer,) = found["answers"]
    assert set(names_of(answer)[:2]) == {"a1.png", "a2.png"}
    best = answer["candidates"][0]
    assert best["rank"] == 1
    assert set(best["strength"]) == STRENGTH
    assert best["strength"]["fmr_low"] <= best["strength"]["fmr"] <= best["strength"]["fmr_high"]
    assert best["has_picture"] is True
    assert best["opinion"] == {
        "confirmed_by": 0,
        "rejected_by": 0,
        "needed": 1,
        "is_confirmed": False,
        "mine": None,
        "judgement_id": None,
    }
    assert answer["probes"][0]["searched"] == 0
    assert (found["faces_searched"], found["purpose"]) == (4, PURPOSE)


def test_a_chosen_face_is_searched_for(stage: Stage) -> None:
    both = draw_photo(3, 2, seed=4)
    with stage.open() as library, bound_to(library, FAMILY) as client:
        fill(stage, library)
        (answer,) = search(client, both, face=1, limit=1)["answers"]
        assert names_of(answer) == ["b.png"]
        beyond = post_search(client, both, face=2)
        assert (beyond.status_code, beyond.json()["code"]) == (422, "settings")


def test_everybody_in_a_photo_is_searched_for_at_once(stage: Stage) -> None:
    with stage.open() as library, bound_to(library, FAMILY) as client:
        fill(stage, library)
        before = len(library.audit().entries())
        found = search(client, draw_photo(1, 2, seed=4), faces="all", max_fmr=1e-3)
        assert len(library.audit().entries()) == before + 1
    assert [sorted(names_of(answer)) for answer in found["answers"]] == [
        ["a1.png", "a2.png"],
        ["b.png"],
    ]


def test_a_stored_face_is_searched_with(stage: Stage) -> None:
    with stage.open() as library, bound_to(library, FAMILY) as client:
        fill(stage, library)
        (answer,) = search(client, PROBE)["answers"]
        first = answer["candidates"][0]
        found = search_by(client, first["face_id"], max_fmr=1e-3)
        assert found.status_code == 200, found.text
        (answer,) = found.json()["answers"]
        assert set(names_of(answer)) == {"a1.png", "a2.png"} - {
            first["places"][0].rsplit("/", 1)[-1]
        }


def test_a_search_is_filtered(stage: Stage) -> None:
    with stage.open() as library, bound_to(library, FAMILY) as client:
        fill(stage, library)
        below = (stage.photos / "family" / "b.png").resolve().as_uri()
        (answer,) = search(client, PROBE, source=below)["answers"]
        assert names_of(answer) == ["b.png"]
        (answer,) = search(client, PROBE, added_from="2031-01-01")["answers"]
        assert names_of(answer) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"limit": "0"},
        {"limit": "201"},
        {"max_fmr": "0"},
        {"min_score": "nan"},
        {"face": "-1"},
        {"nonsense": "1"},
        {"reason": "x" * 1001},
        {"faces": "some"},
        {"face_id": "00000000-0000-0000-0000-000000000000"},
        {"added_from": "yesterday"},
    ],
)
def test_what_cannot_be_asked_is_told(stage: Stage, fields: dict[str, str]) -> None:
    with stage.open() as library, bound_to(library, FAMILY) as client:
        fill(stage, library)
        answer = post_search(client, PROBE, **fields)
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'{"face_id": 3}', "application/json"),
        (b"", "application/json"),
        (b"\xff", "application/json"),
        (b"collection=family", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_makes_no_sense_is_told(stage: Stage, content: bytes, kind: str) -> None:
    with stage.open() as library, visiting(library, "searcher") as client:
        fill(stage, library)
        answer = client.post("/v1/searches", content=content, headers={"Content-Type": kind})
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, answer.text


def test_a_photo_that_is_none_is_told_without_its_name(stage: Stage) -> None:
    with stage.open() as library, bound_to(library, FAMILY) as client:
        fill(stage, library)
        answer = post_search(client, b"no photo at all")
        assert (answer.status_code, answer.json()["code"]) == (422, "not-a-photo")
        many = post_search(client, *[PROBE] * 11)
        assert many.status_code == 422


def test_a_refused_search_tells_its_reasons(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "searcher") as client:
        fill(stage, library)
        for purpose, reason in (
            ("", "no-purpose"),
            ("press", "purpose-not-granted"),
            ("predictive-policing", "prohibited-purpose"),
        ):
            answer = post_search(client, PROBE, purpose=purpose)
            told = [one["code"] for one in answer.json().get("reasons", [])]
            assert (answer.status_code, told) == (403, [reason])
        assert post_search(client, PROBE, collection="nowhere").status_code == 404


def test_too_many_at_once_are_told_to_come_back(stage: Stage) -> None:
    with stage.open() as library, visiting(library, "searcher") as client:
        fill(stage, library)
        site = client.app.state.site  # type: ignore[attr-defined]
        busy = Turnstile(at_once=1, waiting=0, patience_s=0.1)
        object.__setattr__(site, "turnstile", busy)
        with busy.enter():
            answer = post_search(client, PROBE)
            assert (answer.status_code, answer.json()["code"]) == (503, "busy")
            assert int(answer.headers["Retry-After"]) > 0
        assert post_search(client, PROBE).status_code == 200


def compare(client: Any, first: bytes, second: bytes, **fields: Any) -> Any:
    terms = {"collection": FAMILY, "purpose": PURPOSE, **fields}
    files = {"first": ("1.png", first, "image/png"), "second": ("2.png", second, "image/png")}
    return client.post("/v1/comparisons", data=terms, files=files)


def test_two_photos_are_compared(stage: Stage) -> None:
    with stage.open() as library, bound_to(library, FAMILY) as client:
        fill(stage, library)
        same = compare(client, PROBE, draw_photo(2, 1, seed=3), second_face=1).json()
        other = compare(client, PROBE, draw_photo(2, seed=3)).json()
        nobody = compare(client, PROBE, draw_photo()).json()
    assert same["score"] > 0.9
    assert set(same["strength"]) == STRENGTH
    assert [probe["searched"] for probe in same["probes"]] == [0, 1]
    assert same["strength"]["likelihood_ratio"] > 1 > other["strength"]["likelihood_ratio"]
    assert same["strength"]["expected_strangers"] == same["strength"]["fmr"]
    assert (nobody["score"], nobody["strength"]) == (None, None)


def judge(client: Any, search_id: str, face_id: str, kind: str, **headers: str) -> Any:
    said = {"search_id": search_id, "face_id": face_id, "kind": kind}
    return client.post("/v1/judgements", json=said, headers=headers)


def test_a_candidate_is_judged_and_that_is_taken_back(stage: Stage) -> None:
    with stage.open() as library, bound_to(library, FAMILY) as client:
        fill(stage, library)
        found = search(client, PROBE)
        face = found["answers"][0]["candidates"][0]["face_id"]
        made = judge(client, found["search_id"], face, "confirmed", **{"Idempotency-Key": "k"})
        again = judge(client, found["search_id"], face, "confirmed", **{"Idempotency-Key": "k"})
        assert (made.status_code, again.status_code) == (201, 201)
        assert made.json() == again.json()
        assert made.json()["opinion"]["is_confirmed"] is True
        where = made.headers["Location"]
        assert client.get(where).json() == made.json()
        assert client.delete(where).status_code == 204
        for call in (client.get, client.delete):
            assert call(where).status_code == 404
        rejected = judge(client, found["search_id"], face, "rejected").json()
        assert rejected["opinion"]["rejected_by"] == 1
        (answer,) = search(client, PROBE)["answers"]
        assert answer["rejected"] == 1
        assert face not in {one["face_id"] for one in answer["candidates"]}
        (answer,) = search(client, PROBE, shows_rejected="true")["answers"]
        assert answer["candidates"][0]["opinion"]["mine"] == "rejected"


def test_a_key_confirms_nothing(stage: Stage) -> None:
    key = caller_of(Role.SEARCHER, actor="key:1")
    with stage.open() as library, visiting(library, "k", door=Door({"k": key})) as client:
        fill(stage, library)
        found = search(client, PROBE)
        face = found["answers"][0]["candidates"][0]["face_id"]
        refused = judge(client, found["search_id"], face, "confirmed")
        assert (refused.status_code, refused.json()["code"]) == (403, "not-a-person")


def test_kept_candidates_are_taken_along(stage: Stage) -> None:
    with stage.open(contact="privacy@example.org") as library, bound_to(library, FAMILY) as client:
        grants = fill(stage, library)
        found = search(client, PROBE)
        nothing = client.post("/v1/exports", json={"search_id": found["search_id"]})
        assert nothing.status_code == 404
        for one in found["answers"][0]["candidates"][:2]:
            judge(client, found["search_id"], one["face_id"], "kept")
        table = client.post("/v1/exports", json={"search_id": found["search_id"]})
        assert table.status_code == 200, table.text
        rows = list(csv.DictReader(io.StringIO(table.text)))
        page = client.post("/v1/exports", json={"search_id": found["search_id"], "form": "html"})
    assert [row["rank"] for row in rows] == ["1", "2"]
    assert {row["grants"] for row in rows} == {grants[FAMILY]}
    assert table.headers["X-Candidates"] == "2"
    assert "attachment" in table.headers["Content-Disposition"]
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.text.count("data:image/jpeg;base64,") == 2
    assert "privacy@example.org" in page.text


def test_no_answer_says_what_a_face_was_made_into(stage: Stage) -> None:
    with stage.open() as library, bound_to(library, FAMILY) as client:
        fill(stage, library)
        told = json.dumps(
            [
                search(client, PROBE),
                search(client, draw_photo(1, 2), faces="all"),
                compare(client, PROBE, PROBE).json(),
            ]
        )
    for word in ("embedding", "template", "landmarks", "vector"):
        assert word not in told


def test_other_collections_are_not_searched(stage: Stage) -> None:
    with stage.open() as library, bound_to(library, FAMILY) as client:
        fill(stage, library)
        refused = post_search(client, PROBE, collection=ARCHIVE)
        assert (refused.status_code, refused.json()["code"]) == (403, "collection-not-yours")
        assert compare(client, PROBE, PROBE, collection=ARCHIVE).status_code == 403
