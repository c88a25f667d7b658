"""A letter about a site: everything on its host goes, its grants end, and others' stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from mien.errors import SettingsError
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.case import CaseState
from mien.permission.grant import GrantKind
from mien.permission.verdict import Reason
from mien.service.cases import OpenedCase
from mien.service.grants import GrantDraft
from service.inbox import (
    ANN,
    BEN,
    answer,
    found,
    grant_case,
    publish,
    read_json,
    refuse_case,
    request,
)
from service.stage import PURPOSE, Stage, last_day, query

HOST = "photos.example.org"
OURS = "https://photos.example.org/"
BELOW = "https://a.PHOTOS.example.org:8443/"
THEIRS = "https://other.test/"


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        yield library


@pytest.fixture
def grants(stage: Stage, library: Library) -> dict[str, str]:
    """A grant for the host alone, one for another host too, and where three photos are."""
    ids = {
        name: library.record(draft_for(stage, name, scope=scope)).grant_id
        for name, scope in (
            ("ours", (OURS,)),
            ("both", (OURS, BELOW, THEIRS)),
            ("theirs", (THEIRS,)),
        )
    }
    for name, uri, grant, people in (
        ("ann.png", f"{OURS}ann.jpg", "ours", (ANN,)),
        ("ben.png", f"{BELOW}ben.jpg", "both", (BEN,)),
        ("both.png", f"{THEIRS}both.jpg", "both", (ANN, BEN)),
    ):
        added = publish(library, stage.draw(name, *people), uri=uri, grant=ids[grant])
        assert added.photos_new == 1
    return ids


def draft_for(stage: Stage, grantor: str, *, scope: Sequence[str]) -> GrantDraft:
    return GrantDraft(
        kind=GrantKind.SITE_GRANT,
        grantor=grantor,
        scope=scope,
        purposes=[PURPOSE],
        bases=[Basis.HOUSEHOLD],
        until=last_day(stage.now, days=365),
    )


def open_it(library: Library, host: str = HOST) -> OpenedCase:
    return request(library, "takedown", host=host)


@pytest.mark.parametrize("host", [HOST, "example.org", " Photos.Example.ORG. "])
def test_everything_on_the_host_and_below_it_is_hidden_at_once(
    library: Library, grants: dict[str, str], host: str
) -> None:
    del grants
    assert found(library, ANN) == {"ann.jpg", "both.jpg"}
    assert open_it(library, host).held == 2
    assert found(library, ANN) == {"both.jpg"}
    assert found(library, BEN) == {"both.jpg"}


@pytest.mark.parametrize("host", ["other.example.org", "hotos.example.org", "org", "example"])
def test_of_another_host_nothing_is(library: Library, grants: dict[str, str], host: str) -> None:
    del grants
    assert open_it(library, host).held == 0
    assert found(library, ANN) == {"ann.jpg", "both.jpg"}


def test_granted_its_grants_end_with_their_keys_and_mixed_ones_are_narrowed(
    stage: Stage, library: Library, grants: dict[str, str]
) -> None:
    opened = open_it(library)
    assert grant_case(library, opened).state is CaseState.VERIFIED
    assert found(library, ANN) == {"both.jpg"}
    states = {grant.grantor: grant for grant in library.grants()}
    assert states["ours"].revoked_at == stage.now
    assert states["both"].revoked_at is None
    assert states["both"].scope == (THEIRS,)
    assert states["theirs"].revoked_at is None
    keys = query(stage.home / "keys" / "keys.db", "SELECT grant_id FROM grant_keys")
    assert grants["ours"] not in keys
    assert {grants["both"], grants["theirs"]} <= set(keys)
    folder = answer(stage, library, opened).folder
    certificate = read_json(folder, "certificate-1.json")["certificate"]
    assert (certificate["target"], certificate["erased"]["photos"]) == ("host", 2)


def test_nothing_more_comes_from_the_host_while_the_case_is_open_and_after_it(
    stage: Stage, library: Library, grants: dict[str, str]
) -> None:
    opened = open_it(library)
    new = stage.draw("new.png", 7)
    refused = publish(library, new, uri=f"{OURS}new.jpg", grant=grants["ours"]).refused
    assert refused == {Reason.UNDER_CASE: 1}
    grant_case(library, opened)
    for grant in ("ours", "both"):
        report = publish(library, new, uri=f"{OURS}new.jpg", grant=grants[grant])
        assert report.photos_new == 0
        assert {*report.refused} <= {Reason.GRANT_REVOKED, Reason.OUT_OF_SCOPE}
    assert publish(library, new, uri=f"{THEIRS}new.jpg", grant=grants["both"]).photos_new == 1


def test_refused_everything_is_as_it_was(
    stage: Stage, library: Library, grants: dict[str, str]
) -> None:
    del grants
    before = library.grants()
    refuse_case(library, open_it(library))
    assert found(library, ANN) == {"ann.jpg", "both.jpg"}
    assert library.grants() == before


def test_a_grant_for_a_host_ends_though_nothing_was_found_there_yet(
    stage: Stage, library: Library
) -> None:
    grant = stage.grant(library, scope="https://new.example.org/")
    opened = open_it(library, "new.example.org")
    case = grant_case(library, opened)
    assert (case.state, case.erasure_ids) == (CaseState.VERIFIED, [])
    assert library.get_grant(grant).revoked_at == stage.now


def test_a_photo_that_is_elsewhere_too_loses_only_the_place(
    stage: Stage, library: Library, grants: dict[str, str]
) -> None:
    library.add(stage.photos / "ann.png", grant=stage.grant(library))
    opened = open_it(library)
    assert found(library, ANN) == {"ann.png", "both.jpg"}
    grant_case(library, opened)
    assert found(library, ANN) == {"ann.png", "both.jpg"}
    uris = query(stage.home / "catalog.db", "SELECT uri FROM locations")
    assert not any(HOST in uri for uri in uris)
    assert grants["ours"] not in query(
        stage.home / "keys" / "keys.db", "SELECT grant_id FROM photo_keys"
    )


@pytest.mark.parametrize(
    "host",
    [
        *("..", "a..b", "../etc", "https://photos.example.org", "photos.example.org/ann.jpg"),
        *("photos.example.org:443", "user@photos.example.org", "*.example.org", "", " "),
        "photos.ex\N{CYRILLIC SMALL LETTER A}mple.org",
        "photos.example\N{IDEOGRAPHIC FULL STOP}org",
        "photos.example.org\0",
    ],
)
def test_what_is_no_host_opens_no_case(
    stage: Stage, library: Library, grants: dict[str, str], host: str
) -> None:
    del grants
    with pytest.raises(SettingsError, match=r"is no host|exactly one way"):
        open_it(library, host)
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM cases") == [0]
    assert found(library, ANN) == {"ann.jpg", "both.jpg"}


def test_a_grant_changed_behind_our_back_ends_as_a_whole(
    stage: Stage, library: Library, grants: dict[str, str]
) -> None:
    query(
        stage.home / "catalog.db",
        "UPDATE grants SET terms = 'whatever' WHERE uuid = ?",
        grants["both"],
    )
    assert grant_case(library, open_it(library)).state is CaseState.VERIFIED
    assert library.get_grant(grants["both"]).revoked_at == stage.now
    places = query(stage.home / "catalog.db", "SELECT uri FROM locations")
    assert places == [f"{THEIRS}both.jpg"]


def test_refused_what_lies_under_a_grant_changed_behind_our_back_is_not_lost(
    stage: Stage, library: Library, grants: dict[str, str]
) -> None:
    opened = open_it(library)
    query(
        stage.home / "catalog.db",
        "UPDATE grants SET scope = '[]', terms = 'whatever' WHERE uuid = ?",
        grants["ours"],
    )
    refuse_case(library, opened)
    states = query(stage.home / "catalog.db", "SELECT DISTINCT state FROM locations")
    assert states == ["present"]
    assert found(library, ANN) == {"both.jpg"}, "it is there, and nothing shows it"


def test_a_grant_made_unreadable_in_the_database_hides_no_photo_from_its_host(
    stage: Stage, library: Library, grants: dict[str, str]
) -> None:
    del grants
    query(stage.home / "catalog.db", "UPDATE grants SET scope = '{broken'")
    assert open_it(library).held == 2
