"""Writes that were asked for with a key: taken once, ended, forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from catalog.samples import NOW, make_uuid
from mien.catalog.requests import (
    RequestRow,
    begin_request,
    end_request,
    find_request,
    forget_before,
    forget_request,
)

ROW = RequestRow(
    reference="who",
    fingerprint="what",
    process=make_uuid(1),
    began_at=NOW,
    status=None,
    location="",
    facts={},
)


def test_a_request_is_found_as_it_began_and_as_it_ended(connection: Connection) -> None:
    assert find_request(connection, "who") is None
    begin_request(connection, ROW)
    assert find_request(connection, "who") == ROW
    end_request(connection, "who", status=201, location="/v1/x/1", facts={"x": 1})
    ended = replace(ROW, status=201, location="/v1/x/1", facts={"x": 1})
    assert find_request(connection, "who") == ended


def test_a_key_is_taken_once(connection: Connection) -> None:
    begin_request(connection, ROW)
    with pytest.raises(IntegrityError):
        begin_request(connection, replace(ROW, fingerprint="something else"))


def test_what_is_forgotten_may_be_asked_for_again(connection: Connection) -> None:
    begin_request(connection, ROW)
    forget_request(connection, "who")
    assert find_request(connection, "who") is None
    begin_request(connection, ROW)


def test_only_what_began_earlier_is_forgotten(connection: Connection) -> None:
    begin_request(connection, ROW)
    begin_request(connection, replace(ROW, reference="later", began_at=NOW + timedelta(hours=1)))
    assert forget_before(connection, NOW + timedelta(microseconds=1)) == 1
    assert find_request(connection, "who") is None
    assert find_request(connection, "later") is not None
