"""Attempts to get more by asking twice at the same moment, or in the name of somebody else."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.seen import FAMILY, fill
from mien.http.problem import ProblemError
from mien.http.throttle import Throttle
from mien.http.turnstile import BusyError, Turnstile
from mien.library import Library
from mien.permission.caller import Role
from mien.testing import draw_photo
from server.door import Door, caller_of, visiting
from service.stage import PURPOSE, Stage

AT_ONCE = 6
KEY = "4f9d1b0e"


@dataclass
class Square:
    """A home that several people ask at the same moment."""

    library: Library
    client: TestClient
    made: int = field(default=0)

    def name(self) -> str:
        """Of something that is not there yet."""
        self.made += 1
        return f"place {self.made}"

    def ask_at_once(self, ask: Callable[[int], Any]) -> list[Any]:
        """The answers to that many requests, which begin together."""
        begin = threading.Barrier(AT_ONCE)

        def one(number: int) -> Any:
            begin.wait(10)
            return ask(number)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(one, range(AT_ONCE)))


@pytest.fixture(scope="module")
def square(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Square]:
    stage = Stage(tmp_path_factory.mktemp("square"))
    callers = {
        name: caller_of(Role.ADMIN, actor=f"user:{name}", calls_a_minute=10**6)
        for name in ("ann", "ben")
    }
    callers["near"] = caller_of(Role.CURATOR, actor="user:ann", collections=frozenset({FAMILY}))
    with stage.open() as library:
        fill(stage, library)
        with visiting(library, "ann", door=Door(callers)) as client:
            yield Square(library, client)


def made_of(square: Square, name: str) -> int:
    return [one.name for one in square.library.collections()].count(name)


def test_the_same_request_at_the_same_moment_is_done_once(square: Square) -> None:
    name, key = square.name(), {"Idempotency-Key": square.name().replace(" ", "-")}
    wanted = {"name": name, "basis": "household"}
    answers = square.ask_at_once(
        lambda _: square.client.post("/v1/collections", json=wanted, headers=key)
    )
    told = Counter(answer.status_code for answer in answers)
    assert set(told) <= {201, 409}
    assert told[201] >= 1
    assert {one.json()["code"] for one in answers if one.status_code == 409} <= {
        "idempotency-in-progress"
    }
    assert [one.headers.get("Idempotency-Replayed") for one in answers].count(None) >= 1
    assert made_of(square, name) == 1
    again = square.client.post("/v1/collections", json=wanted, headers=key)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")


def test_without_a_key_one_of_them_comes_first(square: Square) -> None:
    name = square.name()
    wanted = {"name": name, "basis": "household"}
    answers = square.ask_at_once(lambda _: square.client.post("/v1/collections", json=wanted))
    told = Counter(answer.status_code for answer in answers)
    assert (told[201], told[409]) == (1, AT_ONCE - 1)
    assert made_of(square, name) == 1


def test_different_requests_under_one_key_at_once_make_one_thing(square: Square) -> None:
    names, key = [square.name() for _ in range(AT_ONCE)], {"Idempotency-Key": "contested"}
    answers = square.ask_at_once(
        lambda number: square.client.post(
            "/v1/collections", json={"name": names[number], "basis": "household"}, headers=key
        )
    )
    told = Counter(answer.status_code for answer in answers)
    assert (told[201], told[422]) == (1, AT_ONCE - 1)
    assert sum(made_of(square, name) for name in names) == 1


def test_an_answer_is_told_again_to_whoever_it_was_given_to(square: Square) -> None:
    name, key = square.name(), {"Idempotency-Key": KEY}
    wanted = {"name": name, "basis": "household"}
    assert square.client.post("/v1/collections", json=wanted, headers=key).status_code == 201
    bens = {**key, "Authorization": "Bearer ben"}
    answer = square.client.post("/v1/collections", json=wanted, headers=bens)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "Idempotency-Replayed" not in answer.headers
    assert "Location" not in answer.headers


def test_an_answer_is_not_told_again_outside_of_bounds_that_came_since(square: Square) -> None:
    name, key = square.name(), {"Idempotency-Key": "since"}
    wanted = {"name": name, "basis": "household"}
    square.client.post("/v1/collections", json=wanted, headers=key)
    near = {**key, "Authorization": "Bearer near"}
    answer = square.client.post("/v1/collections", json=wanted, headers=near)
    assert (answer.status_code, answer.json()["code"]) == (403, "collection-not-yours")
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    "change",
    [{"params": {"x": "1"}}, {"json": {"name": "other", "basis": "household"}}],
    ids=["another query", "another body"],
)
def test_a_key_is_for_one_request_in_all_its_parts(square: Square, change: dict[str, Any]) -> None:
    key = {"Idempotency-Key": f"parts-{sorted(change)}".replace(" ", "")}
    wanted: dict[str, Any] = {"json": {"name": square.name(), "basis": "household"}}
    square.client.post("/v1/collections", headers=key, **wanted)
    answer = square.client.post("/v1/collections", headers=key, **(wanted | change))
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    elsewhere = square.client.post("/v1/audit/checkpoints", headers=key, json=wanted["json"])
    assert elsewhere.status_code == 422


def test_a_request_that_was_refused_may_be_sent_again_under_its_key(square: Square) -> None:
    name, key = square.name(), {"Idempotency-Key": "second-try"}
    wanted = {"name": name, "basis": "documented_basis"}
    for _ in range(2):  # a documented basis names what it rests on
        answer = square.client.post("/v1/collections", json=wanted, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (422, "settings")
    assert made_of(square, name) == 0


def test_judging_twice_at_once_counts_once(square: Square) -> None:
    terms = {"collection": FAMILY, "purpose": PURPOSE}
    photo = {"photos": ("a.png", draw_photo(1, seed=9), "image/png")}
    found = square.client.post("/v1/searches", data=terms, files=photo).json()
    face = found["answers"][0]["candidates"][0]["face_id"]
    said = {"search_id": found["search_id"], "face_id": face, "kind": "confirmed"}
    answers = square.ask_at_once(lambda _: square.client.post("/v1/judgements", json=said))
    assert {answer.status_code for answer in answers} == {201}
    last = square.client.post("/v1/judgements", json=said).json()
    assert last["opinion"]["confirmed_by"] == 1


def test_no_more_come_through_than_may_however_they_come() -> None:
    """The clock stands still, so that nothing is given back in between."""
    throttle = Throttle(clock=lambda: 0.0)
    begin = threading.Barrier(AT_ONCE)

    def ask(_: int) -> int:
        begin.wait(10)
        allowed = 0
        for _ in range(50):
            try:
                throttle.check("ann", a_minute=100)
            except ProblemError:
                continue
            allowed += 1
        return allowed

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert sum(pool.map(ask, range(AT_ONCE))) == 100


def test_where_all_places_are_taken_the_rest_is_told_when_to_come_back() -> None:
    turnstile = Turnstile(at_once=1, waiting=1, patience_s=0.05)
    told: Counter[str] = Counter()
    begin, lock = threading.Barrier(AT_ONCE), threading.Lock()

    def enter(_: int) -> None:
        begin.wait(10)
        try:
            with turnstile.enter():
                threading.Event().wait(0.3)
            word = "done"
        except BusyError as error:
            word = "sent away" if error.retry_after_s > 0 else "left alone"
        with lock:
            told[word] += 1

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(enter, range(AT_ONCE)))
    assert told == {"done": 1, "sent away": AT_ONCE - 1}
    assert (turnstile.at_work, turnstile.waiting) == (0, 0)
    with turnstile.enter():
        assert turnstile.at_work == 1


def test_what_fails_inside_gives_its_place_back() -> None:
    turnstile = Turnstile(at_once=1, waiting=0, patience_s=0.05)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turnstile.enter():
            raise ZeroDivisionError
    assert turnstile.at_work == 0
