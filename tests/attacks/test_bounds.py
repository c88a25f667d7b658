"""Attempts of a caller who is bound to some collections or purposes to reach anything beyond.

Every route is tried, with what is there and with what is not: the answers are the same.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.seen import ARCHIVE, FAMILY, fill
from attacks.rest import NOBODY, Call, list_calls
from house.source import listing
from mien.library import Library
from mien.permission.caller import Caller, Operation, Role
from mien.service.long_run import Asked, RunKind
from mien.testing import draw_photo
from server.door import Door, caller_of, make_site, visiting
from server.uploading import post_photos
from service.stage import PURPOSE, Stage

ABOUT_ALL = {
    *("list_entries", "get_entry", "list_signed_heads", "sign_head", "verify_log"),
    *("export_evidence", "read_metrics", "enforce_retention"),
    *("list_cases", "open_case", "open_case_by_photo", "get_case", "get_acknowledgement"),
    *("confirm_lookalikes", "counter_case", "decide_case", "answer_case", "close_case"),
    *("list_erasures", "preview_erasure", "erase", "get_erasure"),
    *("list_optouts", "opt_out_items", "opt_out_photos", "opt_out_source", "opt_out_face"),
    *("lift_optout", "list_people", "enrol_person", "get_person", "list_consent_events"),
    *("get_receipt", "renew_consent", "withdraw_consent"),
}
"""What is about everything that is held: nobody may who is bound to a part of it."""

OTHER = "reunion"


@dataclass(frozen=True)
class Hall:
    """A home with two collections that no test changes, and what lies in the other one."""

    library: Library
    calls: list[Call]
    grants: dict[str, str]
    door: Door
    client: TestClient

    @contextmanager
    def as_one(self, **bounds: Any) -> Iterator[TestClient]:
        """One server for all tests; at its door stands somebody within these bounds."""
        yield self.as_caller(bound(**bounds))

    def as_caller(self, one: Caller) -> TestClient:
        self.door.callers = {"one": one}
        return self.client


def bound(**bounds: Any) -> Caller:
    """Somebody who may do everything, within these bounds."""
    known = {name: frozenset(values) for name, values in bounds.items()}
    return caller_of(Role.ADMIN, calls_a_minute=10**6, **known)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    stage = Stage(tmp_path_factory.mktemp("hall"))
    with stage.open(review_share=100) as library:
        grants = fill(stage, library)
        grants["unused"] = stage.grant(library)
        grants[OTHER] = stage.grant(library, OTHER)
        grants["both"] = stage.grant(library, OTHER, PURPOSE)
        for collection in (FAMILY, ARCHIVE):
            for purpose in (PURPOSE, OTHER):
                library.search(draw_photo(1, seed=9), purpose=purpose, collection=collection)
        door = Door()
        with visiting(library, "one", door=door) as client:
            yield Hall(library, list_calls(client), grants, door, client)


@pytest.mark.parametrize(
    ("bounds", "code"),
    [
        ({"collections": [FAMILY]}, "collection-not-yours"),
        ({"collections": []}, "collection-not-yours"),
        ({"collections": [FAMILY, ARCHIVE]}, "collection-not-yours"),
        ({"purposes": [PURPOSE]}, "purpose-not-yours"),
        ({"purposes": []}, "purpose-not-yours"),
    ],
    ids=str,
)
def test_what_is_about_everything_is_for_nobody_who_is_bound(
    hall: Hall, bounds: dict[str, list[str]], code: str
) -> None:
    """Whether what is named there exists makes no difference, so that nothing is learned of it."""
    wrong = []
    with hall.as_one(**bounds) as client:
        for call in hall.calls:
            if call.name not in ABOUT_ALL:
                continue
            answer = call.send(client, path=call.fill(seq="0"))
            if (answer.status_code, answer.json().get("code")) != (403, code):
                wrong.append(f"{call.name}: {answer.status_code} {answer.text[:80]}")
    assert {call.name for call in hall.calls} >= ABOUT_ALL
    assert not wrong, listing("somebody bound reached what is about all", wrong)


def test_a_grant_is_known_by_where_it_brought_photos_in(hall: Hall) -> None:
    with hall.as_one(collections=[FAMILY]) as client:
        listed = {one["grant_id"] for one in client.get("/v1/grants").json()["items"]}
        due = client.get("/v1/retention").json()
    assert listed == {hall.grants[one] for one in (FAMILY, "unused", OTHER, "both")}
    assert {one["grant_id"] for one in due["grants"]} <= listed
    assert ARCHIVE not in str(due)


def test_a_grant_is_known_by_its_purpose(hall: Hall) -> None:
    with hall.as_one(purposes=[OTHER]) as client:
        listed = {one["grant_id"] for one in client.get("/v1/grants").json()["items"]}
        there = client.get(f"/v1/grants/{hall.grants[FAMILY]}")
        made_up = client.get(f"/v1/grants/{NOBODY}")
    assert listed == {hall.grants[OTHER], hall.grants["both"]}
    assert there.status_code == made_up.status_code == 404
    assert there.json()["detail"].partition(".")[0] == f"There is no grant {hall.grants[FAMILY]}"
    assert made_up.json()["detail"].partition(".")[0] == f"There is no grant {NOBODY}"


@pytest.mark.parametrize("act", ["revoke", "narrow"])
def test_a_grant_for_other_purposes_too_is_not_ended_or_cut_down(hall: Hall, act: str) -> None:
    """It would take photos out of searches that are none of the caller's business."""

    def change(client: TestClient, grant_id: str) -> Any:
        if act == "revoke":
            return client.post(f"/v1/grants/{grant_id}/revoke")
        return client.patch(f"/v1/grants/{grant_id}", json={"purposes": [OTHER]})

    with hall.as_one(purposes=[OTHER]) as client:
        both = change(client, hall.grants["both"])
        theirs = change(client, hall.grants[FAMILY])
    assert (both.status_code, both.json()["code"]) == (403, "purpose-not-yours")
    assert theirs.status_code == 404
    for name in ("both", FAMILY):
        grant = hall.library.get_grant(hall.grants[name])
        assert (grant.revoked_at, PURPOSE in grant.purposes) == (None, True)


def test_nobody_adds_under_a_grant_that_they_may_not_know_of(hall: Hall) -> None:
    """Else whoever knows an id would learn by it that there is such a grant, and use it."""
    with hall.as_one(collections=[FAMILY]) as client:
        answers = []
        for grant in (hall.grants[ARCHIVE], NOBODY):
            wanted = {"kind": "add-folder", "grant": grant, "collection": FAMILY}
            run = client.post("/v1/runs", json={**wanted, "folders": ["/srv/photos"]})
            photos = {"a.png": draw_photo(1)}
            answers += [run, post_photos(client, grant, photos, collection=FAMILY)]
    assert {(one.status_code, one.json()["code"]) for one in answers} == {(404, "not-found")}


def test_nobody_adds_for_a_purpose_that_is_not_theirs(hall: Hall) -> None:
    with hall.as_one(purposes=["press"]) as client:
        wanted = {"kind": "add-folder", "grant": hall.grants["both"], "folders": ["/srv/photos"]}
        assert client.post("/v1/runs", json=wanted).status_code == 404


@pytest.mark.parametrize("collection", [ARCHIVE, "nowhere", "", "FAMILY", "family ", "fam%69ly"])
def test_nothing_is_done_in_another_collection(hall: Hall, collection: str) -> None:
    """The name counts as it stands, however it is written."""
    photo = {"photo": ("a.png", draw_photo(1), "image/png")}
    pair = {name: ("a.png", draw_photo(1), "image/png") for name in ("first", "second")}
    where = {"collection": collection, "purpose": PURPOSE}
    with hall.as_one(collections=[FAMILY]) as client:
        refused = [
            client.post("/v1/searches", json={**where, "face_id": NOBODY}),
            client.post("/v1/probes", data=where, files=photo),
            client.post("/v1/links", json={**where, "name": "x"}),
            client.post("/v1/collections", json={"name": collection or "x", "basis": "household"}),
            client.post("/v1/runs", json={"kind": "add-folder", "collection": collection}),
        ]
        if collection:  # an empty field of a form is as if it were left out
            refused.append(client.post("/v1/comparisons", data=where, files=pair))
    told = [(answer.status_code, answer.json()["code"]) for answer in refused]
    assert set(told) <= {(403, "collection-not-yours"), (422, "malformed-request")}
    assert told.count((403, "collection-not-yours")) >= 4


@pytest.mark.parametrize("purpose", ["press", "", "Reunion", "reunion ", "reunion,press"])
def test_nothing_is_done_for_another_purpose(hall: Hall, purpose: str) -> None:
    where = {"collection": FAMILY, "purpose": purpose}
    photo = {"photo": ("a.png", draw_photo(1), "image/png")}
    with hall.as_one(purposes=[OTHER]) as client:
        refused = [
            client.post("/v1/searches", json={**where, "face_id": NOBODY}),
            client.post("/v1/links", json={**where, "name": "x"}),
        ]
        if purpose:
            refused.append(client.post("/v1/probes", data=where, files=photo))
    assert {(one.status_code, one.json()["code"]) for one in refused} == {
        (403, "purpose-not-yours")
    }


@pytest.mark.parametrize(("purposes", "status"), [([], 403), (["press"], 403)])
def test_who_is_bound_to_a_purpose_makes_no_collection_for_any(
    hall: Hall, purposes: list[str], status: int
) -> None:
    wanted = {"name": "new", "basis": "household", "purposes": purposes}
    with hall.as_one(purposes=[OTHER]) as client:
        answer = client.post("/v1/collections", json=wanted)
    assert (answer.status_code, answer.json()["code"]) == (status, "purpose-not-yours")
    assert "new" not in [one.name for one in hall.library.collections()]


def reviewed(client: TestClient) -> set[tuple[str, str]]:
    items = client.get("/v1/reviews").json()["items"]
    return {(one["collection"], one["purpose"]) for one in items}


def test_a_review_is_of_ones_own_collections_and_purposes(hall: Hall) -> None:
    with hall.as_one() as client:
        everything = reviewed(client)
        seqs = {
            (one["collection"], one["purpose"]): one["seq"]
            for one in client.get("/v1/reviews").json()["items"]
        }
    assert everything == {(c, p) for c in (FAMILY, ARCHIVE) for p in (PURPOSE, OTHER)}
    with hall.as_one(collections=[FAMILY]) as client:
        assert reviewed(client) == {(FAMILY, PURPOSE), (FAMILY, OTHER)}
    with hall.as_one(purposes=[OTHER]) as client:
        assert reviewed(client) == {(FAMILY, OTHER), (ARCHIVE, OTHER)}
    with hall.as_one(collections=[FAMILY], purposes=[OTHER]) as client:
        assert reviewed(client) == {(FAMILY, OTHER)}
        for key, seq in seqs.items():
            status = 200 if key == (FAMILY, OTHER) else 404
            assert client.get(f"/v1/reviews/{seq}").status_code == status
            if status == 404:
                said = client.put(f"/v1/reviews/{seq}", json={"finding": "fine"})
                assert said.status_code == 404
    with hall.as_one(collections=[]) as client:
        assert reviewed(client) == set()


def test_a_run_is_known_by_its_collection(hall: Hall) -> None:
    runs = make_site(hall.library).runs
    ids = {
        name: runs.submit(
            Asked(kind=RunKind.ADD_UPLOADS, actor="user:x", collection=name, grant_id=NOBODY)
        ).run_id
        for name in (FAMILY, ARCHIVE)
    }
    ids["log"] = runs.submit(Asked(kind=RunKind.VERIFY_LOG, actor="user:x")).run_id
    with hall.as_one(collections=[FAMILY]) as client:
        listed = client.get("/v1/runs").json()["items"]
        for name, status in ((FAMILY, 200), (ARCHIVE, 404), ("log", 404)):
            path = f"/v1/runs/{ids[name]}"
            assert client.get(path).status_code == status
            if status == 404:
                made_up = client.get(f"/v1/runs/{NOBODY}")
                for answer in (client.get(f"{path}/events"), client.delete(path)):
                    assert answer.status_code == 404
                    assert set(answer.json()) == set(made_up.json())
        assert [one["run_id"] for one in listed] == [ids[FAMILY]]
    with hall.as_one(purposes=[PURPOSE]) as client:
        assert client.get(f"/v1/runs/{ids['log']}").status_code == 404
        assert client.get(f"/v1/runs/{ids[FAMILY]}").status_code == 200
    for name in (ARCHIVE, "log"):
        assert runs.get(ids[name]).state == "queued"
    for run_id in ids.values():
        runs.cancel(run_id)


def test_pages_of_runs_leave_out_what_is_elsewhere(hall: Hall) -> None:
    """However many are elsewhere, a page is full, and the end is the end."""
    runs = make_site(hall.library).runs
    ids = [
        runs.submit(
            Asked(
                kind=RunKind.ADD_UPLOADS,
                actor="user:x",
                collection=FAMILY if number % 3 == 0 else ARCHIVE,
                grant_id=NOBODY,
            )
        ).run_id
        for number in range(7)
    ]
    with hall.as_one(collections=[FAMILY]) as client:
        seen: list[list[str]] = []
        params: dict[str, Any] = {"limit": 2}
        for _ in range(4):
            page = client.get("/v1/runs", params=params).json()
            seen.append([one["run_id"] for one in page["items"] if one["run_id"] in ids])
            if page["next_cursor"] is None:
                break
            params["cursor"] = page["next_cursor"]
    for run_id in ids:
        runs.cancel(run_id)
    assert [one for page in seen for one in page] == [ids[6], ids[3], ids[0]]


LISTS = [
    *("/v1/audit/checkpoints", "/v1/audit/entries", "/v1/collections", "/v1/grants"),
    *("/v1/erasures", "/v1/reviews", "/v1/runs", "/v1/sources", "/v1/people", "/v1/opt-outs"),
    *("/v1/cases", "/v1/links"),
]


def cursors_of(client: TestClient) -> dict[str, str]:
    """Of each list that has more than one page, where the second one begins."""
    found = {}
    for path in LISTS:
        page = client.get(path, params={"limit": 1}).json()
        if page["next_cursor"]:
            found[path] = page["next_cursor"]
    return found


def test_a_cursor_opens_the_list_that_it_is_of_and_no_other(hall: Hall) -> None:
    with hall.as_one() as client:
        cursors = cursors_of(client)
        assert len(cursors) >= 5
        for path in LISTS:
            for where, cursor in cursors.items():
                answer = client.get(path, params={"cursor": cursor})
                expected = 200 if where == path else 400
                assert answer.status_code == expected, (path, where)
                if expected == 400:
                    assert answer.json()["code"] == "malformed-cursor"


def test_a_cursor_of_somebody_who_may_more_opens_no_more(hall: Hall) -> None:
    with hall.as_one() as client:
        cursors = cursors_of(client)
        everything = {
            path: client.get(path, params={"cursor": cursor}).text
            for path, cursor in cursors.items()
        }
    with hall.as_one(collections=[FAMILY]) as client:
        for path, cursor in cursors.items():
            answer = client.get(path, params={"cursor": cursor})
            assert answer.status_code in {200, 403}
            assert ARCHIVE not in answer.text
    assert any(ARCHIVE in text for text in everything.values())


def test_a_cursor_tells_nothing_of_what_is_held(hall: Hall) -> None:
    with hall.as_one() as client:
        for path, cursor in cursors_of(client).items():
            said = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
            for word in ("Holder", "png", "file:", "photos", "user:"):
                assert word not in said, path


@pytest.mark.parametrize("limit", ["0", "-1", "201", "1e9", "", "NaN", "1" * 40])
def test_a_page_has_so_many_and_no_other_number(hall: Hall, limit: str) -> None:
    with hall.as_one() as client:
        for path in LISTS:
            assert client.get(path, params={"limit": limit}).status_code == 422


def test_the_bounds_of_a_caller_are_not_taken_from_the_request(hall: Hall) -> None:
    claims = {"collections": ARCHIVE, "X-Collections": ARCHIVE, "X-Forwarded-User": "boss"}
    with hall.as_one(collections=[FAMILY]) as client:
        plain = client.get("/v1/collections")
        claimed = client.get("/v1/collections", params=claims, headers=claims)
        assert plain.json() == claimed.json()
        assert client.get("/v1/me", headers=claims).json()["collections"] == [FAMILY]
        sent = {"name": "x", "basis": "household", "collections": None, "is_admin": True}
        assert client.post("/v1/collections", json=sent).status_code in {403, 422}


def test_what_everybody_may_do_is_still_within_bounds(hall: Hall) -> None:
    """Each operation by itself, so that none of them lends what another one has."""
    for operation in Operation:
        one = caller_of(
            Role.ADMIN, operations=frozenset({operation}), collections=frozenset({FAMILY})
        )
        client = hall.as_caller(one)
        for path in ("/v1/collections", "/v1/sources", "/v1/grants", "/v1/runs", "/v1/reviews"):
            answer = client.get(path)
            assert answer.status_code in {200, 403}
            assert ARCHIVE not in answer.text
