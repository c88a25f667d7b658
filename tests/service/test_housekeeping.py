"""What goes by itself on a server that nobody asks anything: what must not be kept any longer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from mien.library import Library
from mien.permission.caller import Role
from mien.permission.link import SHOWN_FOR, WAITED_FOR
from mien.service import long_runs, one_time, requests, sessions
from mien.service.housekeeping import forget_overdue
from mien.service.long_runs import Runs
from mien.service.requests import Outcome, claim_request, conclude_request, refer_request
from mien.service.tries import REMEMBERED
from service.desk import PASSWORD, Desk
from service.party import ANN, BEN, Party
from service.stage import Stage, query


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        yield library


def count(stage: Stage, table: str) -> int:
    found = query(stage.home / "catalog.db", f"SELECT count(*) FROM {table}")  # noqa: S608
    return int(found[0])


def kept_of_guests(stage: Stage) -> int:
    statement = "SELECT count(selfie) + count(crop) + count(found) FROM guest_requests"
    return int(query(stage.home / "catalog.db", statement)[0])


def subjects(stage: Stage, kind: str) -> int:
    statement = "SELECT count(*) FROM subject_keys WHERE subject LIKE ?"
    return int(query(stage.home / "keys" / "keys.db", statement, f"{kind}:%")[0])


def vouchers(stage: Stage, kind: str) -> int:
    statement = "SELECT count(*) FROM vouchers WHERE name LIKE ?"
    return int(query(stage.home / "keys" / "keys.db", statement, f"{kind}:%")[0])


def test_a_selfie_that_nobody_looked_at_goes_after_a_day(stage: Stage, library: Library) -> None:
    party = Party(stage, library).fill()
    party.ask(party.open(), ANN)
    deployment = library.parts.deployment
    stage.now += WAITED_FOR - timedelta(seconds=1)
    forget_overdue(deployment)
    assert (kept_of_guests(stage), subjects(stage, "selfie")) == (2, 1)
    stage.now += timedelta(seconds=1)
    forget_overdue(deployment)
    assert (kept_of_guests(stage), subjects(stage, "selfie")) == (0, 0)


def test_an_answer_goes_when_its_quarter_of_an_hour_is_over(stage: Stage, library: Library) -> None:
    party = Party(stage, library).fill()
    link = party.open(approves=False)
    token = party.ask(link, BEN)
    assert (kept_of_guests(stage), subjects(stage, "found")) == (1, 1)
    stage.now += SHOWN_FOR
    forget_overdue(library.parts.deployment)
    assert (kept_of_guests(stage), subjects(stage, "found")) == (0, 0)
    assert party.names(link, token) == []
    assert party.guests.get(link, token).shown == 2


def test_sessions_links_and_tries_go_when_they_are_over(stage: Stage, library: Library) -> None:
    desk = Desk(stage, library)
    ann = desk.make("ann", Role.ADMIN)
    desk.sign_in("ann")
    desk.link(ann)
    desk.enter("ann", "wrong")
    deployment = library.parts.deployment
    forget_overdue(deployment)
    tables = ("sessions", "one_time_links", "failed_tries")
    assert [count(stage, table) for table in tables] == [1, 1, 2]
    assert (vouchers(stage, "session"), vouchers(stage, "one-time link")) == (1, 1)
    stage.now += sessions.LASTS
    forget_overdue(deployment)
    assert [count(stage, table) for table in tables] == [0, 1, 2]
    stage.now += REMEMBERED + timedelta(seconds=1) - sessions.LASTS
    forget_overdue(deployment)
    assert [count(stage, table) for table in tables] == [0, 0, 0]
    assert (vouchers(stage, "session"), vouchers(stage, "one-time link")) == (0, 0)
    assert desk.enter("ann", PASSWORD).token


def test_one_that_is_in_force_stays(stage: Stage, library: Library) -> None:
    desk = Desk(stage, library)
    desk.make("ann", Role.ADMIN)
    first = desk.sign_in("ann")
    stage.now += sessions.IDLE - timedelta(minutes=1)
    second = desk.sign_in("ann")
    assert sessions.find_user(library.parts.deployment, first) is not None
    stage.now += sessions.LASTS - sessions.IDLE + timedelta(minutes=1)
    forget_overdue(library.parts.deployment)
    assert sessions.find_session_id(library.parts.deployment, first) is None
    assert count(stage, "sessions") == 1
    assert sessions.find_user(library.parts.deployment, second) is None  # idle for too long


@pytest.mark.parametrize("purpose", list(one_time.LinkPurpose))
def test_a_link_of_every_kind_goes_in_its_own_time(
    stage: Stage, library: Library, purpose: one_time.LinkPurpose
) -> None:
    ann = Desk(stage, library).make("ann")
    deployment = library.parts.deployment
    with deployment.database.writing() as connection:
        one_time.make_link(deployment, connection, user_id=ann.user_id, purpose=purpose)
    stage.now += one_time.LASTS[purpose] - timedelta(seconds=1)
    forget_overdue(deployment)
    assert count(stage, "one_time_links") == 1
    stage.now += timedelta(seconds=1)
    forget_overdue(deployment)
    assert count(stage, "one_time_links") == 0


def test_the_keys_of_writes_go_after_a_day(stage: Stage, library: Library) -> None:
    deployment = library.parts.deployment
    asked = refer_request(deployment, "abc", content="POST /v1/grants")
    claim_request(deployment, asked)
    conclude_request(deployment, asked, outcome=Outcome(201, "/v1/grants/1"))
    stage.now += requests.KEPT
    forget_overdue(deployment)
    assert count(stage, "requests") == 1
    stage.now += timedelta(seconds=1)
    forget_overdue(deployment)
    assert count(stage, "requests") == 0


def test_a_server_that_nobody_asks_anything_does_it_by_itself(
    stage: Stage, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_runs, "_HOUSE_S", 0.0)
    party = Party(stage, library).fill(retention_days=30)
    party.ask(party.open(), ANN)
    runs = Runs(library.parts)
    runs.start()
    try:
        stage.now += timedelta(days=31)
        end = time.monotonic() + 20
        while kept_of_guests(stage) or count(stage, "faces"):
            assert time.monotonic() < end
            time.sleep(0.02)
    finally:
        runs.stop()
    assert count(stage, "photos") == 0
    assert library.audit().verify().is_sound


def test_it_is_not_done_more_often_than_it_is_needed(library: Library) -> None:
    runs = Runs(library.parts)
    assert not runs.keep_house()
    runs._kept_house_at -= long_runs._HOUSE_S
    assert runs.keep_house()
    assert not runs.keep_house()


def test_nothing_of_it_stands_in_the_log(stage: Stage, library: Library) -> None:
    desk = Desk(stage, library)
    desk.make("ann")
    desk.sign_in("ann")
    before = desk.actions()
    stage.now += timedelta(days=2)
    forget_overdue(library.parts.deployment)
    assert desk.actions() == before
