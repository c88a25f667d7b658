"""`mien access-keys`: each option, each refusal, and lines that an AWS SDK really reads."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from cli.conftest import Mien
from mien.permission.caller import Role
from service.desk import Desk
from service.stage import PURPOSE, Stage, query

KEY = {
    "access_key_id",
    "name",
    "owner_id",
    "grant_id",
    "collections",
    "purpose",
    "operations",
    "calls_a_minute",
    "made_at",
    "expires_at",
    "revoked_at",
    "last_used_on",
    "is_unchanged",
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """One home for all of these: each test makes keys of its own."""
    stage = Stage(tmp_path_factory.mktemp("gate"), now=datetime.now(UTC))
    with stage.open() as library:
        stage.grant(library)
        desk = Desk(stage, library)
        desk.invite("ann", Role.CURATOR)
        desk.invite("aud", Role.AUDITOR)
        desk.invite("sam", Role.SEARCHER)
    return stage


def words_of(stage: Stage, *more: object, owner: str = "ann") -> list[object]:
    grant = str(query(stage.home / "catalog.db", "SELECT uuid FROM grants")[0])
    own = ("--owner", owner, "--grant", grant, "--collection", "people", "--purpose", PURPOSE)
    return ["access-keys", "add", "gate", *own, *more]


def make(stage: Stage, mien: Mien, *more: object, owner: str = "ann") -> dict[str, Any]:
    answer = mien(*words_of(stage, *more, "--json", owner=owner))
    assert answer.code == 0, answer.err
    return dict(answer.document)


def keys_of(mien: Mien) -> dict[str, Any]:
    told = mien("access-keys", "list", "--json").document["access_keys"]
    return {key["access_key_id"]: key for key in told}


def test_what_is_printed_is_what_boto3_reads(
    stage: Stage, mien: Mien, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = mien(*words_of(stage, "--endpoint", "https://mien.example"))
    assert answer.code == 0, answer.err
    lines = [line.removeprefix("export ") for line in answer.out.splitlines() if "export" in line]
    for line in lines:
        name, _, value = shlex.split(line)[0].partition("=")
        monkeypatch.setenv(name, value)
    session = boto3.Session()
    client = session.client("rekognition")
    assert client.meta.endpoint_url == "https://mien.example"
    assert client.meta.region_name == "us-east-1"
    credentials = session.get_credentials()
    assert credentials is not None
    assert credentials.access_key in keys_of(mien)
    stage.now = datetime.now(UTC)
    with stage.open() as library:
        signing = Desk(stage, library).accounts.access_keys.find(credentials.access_key)
    assert signing is not None
    assert signing.secret == credentials.secret_key


def test_a_key_has_the_terms_that_it_was_given(stage: Stage, mien: Mien) -> None:
    more = ("--collection", "club", "--operation", "search", "--operation", "view")
    told = make(stage, mien, *more, "--calls", 6_000, "--days", 366)
    assert told.keys() == KEY | {"secret", "environment"}
    assert told["collections"] == ["club", "people"]
    assert (told["operations"], told["calls_a_minute"]) == (["search", "view"], 6_000)
    made, ends = (datetime.fromisoformat(told[name]) for name in ("made_at", "expires_at"))
    assert ends - made == timedelta(days=366)


def test_a_key_is_for_all_that_it_can_be_for_unless_said(stage: Stage, mien: Mien) -> None:
    assert make(stage, mien)["operations"] == ["add", "case", "grant", "search", "view"]
    assert make(stage, mien, owner="sam")["operations"] == ["search", "view"]


def test_a_secret_is_told_once_and_kept_nowhere(stage: Stage, mien: Mien) -> None:
    told = make(stage, mien)
    listed = mien("access-keys", "list").out + mien("access-keys", "list", "--json").out
    assert told["access_key_id"] in listed
    assert told["secret"] not in listed
    for path in stage.home.rglob("*"):
        assert not path.is_file() or told["secret"].encode() not in path.read_bytes()


def test_a_revoked_key_stays_listed(stage: Stage, mien: Mien) -> None:
    told = make(stage, mien)
    done = mien("access-keys", "revoke", told["access_key_id"], "--json").document
    assert done["revoked_at"] is not None
    assert keys_of(mien)[told["access_key_id"]] == done
    assert mien("access-keys", "revoke", told["access_key_id"]).out == "Revoked: gate\n"
    assert "revoked" in mien("access-keys", "list").out


def test_a_key_that_was_changed_or_is_over_is_shown_as_that(stage: Stage, mien: Mien) -> None:
    changed, over = make(stage, mien)["access_key_id"], make(stage, mien)["access_key_id"]
    catalog = stage.home / "catalog.db"
    change = "UPDATE access_keys SET purpose = 'press' WHERE key_id = ?"
    query(catalog, change, changed)
    lines = mien("access-keys", "list").out.splitlines()
    listed = {one: line for line in lines for one in (changed, over) if one in line}
    assert "changed" in listed[changed]
    assert "in force" in listed[over]
    assert keys_of(mien)[changed]["is_unchanged"] is False


@pytest.mark.parametrize(
    ("more", "code", "told"),
    [
        (["--operation", "operate"], 2, "these operations alone"),
        (["--operation", "fly"], 2, "fly"),
        (["--collection", "two words"], 2, "no name that Amazon"),
        (["--purpose", "Two_Words"], 2, "Two_Words"),
        (["--purpose", "press"], 3, "No grant in force here allows searching for this purpose."),
        (["--grant", "nothing"], 2, "no grant"),
        (["--owner", "nobody"], 2, "no such user"),
        (["--owner", "aud"], 2, "may do nothing that an access key is for"),
        (["--owner", "sam", "--operation", "add"], 3, "more rights than they have"),
        (["--days", "367"], 2, "--days"),
        (["--calls", "6001"], 2, "from 1 to 6000"),
    ],
    ids=range(11),
)
def test_what_cannot_be_done_is_told(
    stage: Stage, mien: Mien, more: list[str], *, code: int, told: str
) -> None:
    before = keys_of(mien)
    answer = mien(*words_of(stage, *more))
    assert (answer.code, answer.out) == (code, "")
    assert told in " ".join(answer.err.replace("│", "").split())
    assert keys_of(mien) == before


def test_there_is_no_key_of_that_id(mien: Mien) -> None:
    answer = mien("access-keys", "revoke", "MIEN")
    assert (answer.code, "mien access-keys list" in answer.err) == (2, True)
