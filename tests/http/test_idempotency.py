"""A write that comes twice is done once, and its answer is the same both times."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any

import pytest
from fastapi import UploadFile
from starlette.testclient import TestClient

from mien.errors import ConflictError
from mien.http.asking import Asking, needs
from mien.http.idempotency import Once
from mien.permission.caller import Operation
from mien.server.app import make_app
from mien.service.requests import Outcome, name_process
from server.door import make_site
from service.stage import Stage, query


@dataclass
class Shop:
    """Two routes that sell one thing at a time, and how often they did."""

    sold: list[str] = field(default_factory=list)
    began: threading.Event = field(default_factory=threading.Event)
    may_end: threading.Event = field(default_factory=threading.Event)
    fails: bool = False

    def sell(self, what: str) -> Outcome:
        if self.fails:
            raise ConflictError("Sold out.")
        self.sold.append(what)
        self.began.set()
        assert self.may_end.wait(5)
        return Outcome(201, f"/sales/{len(self.sold)}", {"number": len(self.sold)})


@contextmanager
def selling(stage: Stage, shop: Shop) -> Iterator[TestClient]:
    shop.may_end.set()
    with stage.open() as library:
        app = make_app(make_site(library))

        @app.post("/sales")
        def sell(
            asking: Annotated[Asking, needs(Operation.VIEW)], once: Once, body: dict[str, str]
        ) -> dict[str, Any]:
            return dict(once.do(asking, lambda: shop.sell(body["what"])).facts)

        @app.post("/letters")
        def post(
            asking: Annotated[Asking, needs(Operation.VIEW)], once: Once, letter: UploadFile
        ) -> dict[str, Any]:
            content = letter.file.read().decode()
            return dict(once.do(asking, lambda: shop.sell(content)).facts)

        @app.post("/streams")
        def stream(
            asking: Annotated[Asking, needs(Operation.VIEW)], once: Once, digest: str
        ) -> dict[str, Any]:
            outcome = once.about(digest).do(asking, lambda: shop.sell(digest))
            return dict(outcome.facts)

        with TestClient(app) as client:
            yield client


def send(client: TestClient, key: str = "", *, who: str = "viewer", what: str = "apple") -> Any:
    headers = {"Authorization": f"Bearer {who}"} | ({"Idempotency-Key": key} if key else {})
    return client.post("/sales", json={"what": what}, headers=headers)


def test_the_same_request_is_done_once_and_answered_alike(stage: Stage) -> None:
    shop = Shop()
    with selling(stage, shop) as client:
        first, again = send(client, "k1"), send(client, "k1")
    assert shop.sold == ["apple"]
    assert (first.status_code, first.headers["Location"], first.json()) == (
        201,
        "/sales/1",
        {"number": 1},
    )
    assert (again.status_code, again.headers["Location"], again.json()) == (
        201,
        "/sales/1",
        {"number": 1},
    )
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"


def test_without_a_key_everything_is_done_each_time(stage: Stage) -> None:
    shop = Shop()
    with selling(stage, shop) as client:
        assert [send(client).json()["number"] for _ in range(2)] == [1, 2]
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM requests") == [0]


def test_a_key_counts_for_the_caller_who_made_it_up(stage: Stage) -> None:
    shop = Shop()
    with selling(stage, shop) as client:
        numbers = [send(client, "k", who=who).json()["number"] for who in ("viewer", "admin")]
    assert numbers == [1, 2]


def test_something_else_under_the_same_key_is_refused(stage: Stage) -> None:
    shop = Shop()
    with selling(stage, shop) as client:
        send(client, "k")
        other = send(client, "k", what="pear")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert shop.sold == ["apple"]


def test_what_comes_while_it_is_being_done_is_asked_to_wait(stage: Stage) -> None:
    shop = Shop()
    with selling(stage, shop) as client:
        shop.may_end.clear()
        answers: list[Any] = []
        seller = threading.Thread(target=lambda: answers.append(send(client, "k")))
        seller.start()
        assert shop.began.wait(5)
        meanwhile = send(client, "k")
        shop.may_end.set()
        seller.join(5)
        afterwards = send(client, "k")
    assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "idempotency-in-progress")
    assert int(meanwhile.headers["Retry-After"]) > 0
    assert [answers[0].status_code, afterwards.status_code] == [201, 201]
    assert shop.sold == ["apple"]


def test_what_failed_may_be_asked_for_again(stage: Stage) -> None:
    shop = Shop(fails=True)
    with selling(stage, shop) as client:
        assert send(client, "k").status_code == 409
        shop.fails = False
        assert send(client, "k").status_code == 201
    assert shop.sold == ["apple"]


def test_it_is_remembered_over_a_restart(stage: Stage) -> None:
    shop = Shop()
    with selling(stage, shop) as client:
        send(client, "k")
    name_process.cache_clear()
    with selling(stage, shop) as client:
        again = send(client, "k")
    assert (again.status_code, again.headers["Location"]) == (201, "/sales/1")
    assert shop.sold == ["apple"]


def test_what_was_cut_short_is_not_done_again(stage: Stage) -> None:
    shop = Shop()
    with selling(stage, shop) as client:
        send(client, "k")
        query(stage.home / "catalog.db", "UPDATE requests SET status = NULL")
        name_process.cache_clear()
        again = send(client, "k")
    assert (again.status_code, again.json()["code"]) == (409, "idempotency-cut-short")
    assert "new key" in again.json()["detail"]
    assert shop.sold == ["apple"]


def test_a_key_is_forgotten_after_a_day(stage: Stage) -> None:
    shop = Shop()
    with selling(stage, shop) as client:
        send(client, "k")
        stage.now += timedelta(hours=24, seconds=1)
        send(client, "another")
        rows = query(stage.home / "catalog.db", "SELECT count(*) FROM requests")
    assert rows == [1]


def test_nothing_that_was_sent_is_kept(stage: Stage) -> None:
    with selling(stage, Shop()) as client:
        send(client, "secret-key", what="a name of somebody")
    kept = query(stage.home / "catalog.db", "SELECT * FROM requests")
    assert "secret-key" not in str(kept)
    assert "somebody" not in str(kept)
    assert "user:viewer" not in str(kept)


def test_files_are_told_apart_by_what_they_hold_and_not_by_their_boundary(stage: Stage) -> None:
    shop = Shop()
    headers = {"Authorization": "Bearer viewer", "Idempotency-Key": "k"}
    with selling(stage, shop) as client:
        codes = [
            client.post("/letters", files={"letter": ("a.txt", text)}, headers=headers).status_code
            for text in (b"Dear you", b"Dear you", b"Dear me")
        ]
    assert codes == [201, 201, 422]
    assert shop.sold == ["Dear you"]


def test_a_route_that_reads_the_body_itself_says_what_it_read(stage: Stage) -> None:
    shop = Shop()
    headers = {"Authorization": "Bearer viewer", "Idempotency-Key": "k"}
    with selling(stage, shop) as client:
        codes = [
            client.post(f"/streams?digest={digest}", json="x", headers=headers).status_code
            for digest in ("aa", "aa", "bb")
        ]
    assert codes == [201, 201, 422]


@pytest.mark.parametrize("key", ["a b", "é", "x" * 201, "\t"])
def test_a_key_is_short_plain_text(stage: Stage, key: str) -> None:
    shop = Shop()
    with selling(stage, shop) as client:
        headers = [(b"Authorization", b"Bearer viewer"), (b"Idempotency-Key", key.encode())]
        answer = client.post("/sales", json={"what": "apple"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed-request")
    assert shop.sold == []
