"""What of a grant anybody may read: sites and partners by name, private people not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.permission.grant import GrantKind
from mien.permission.publication import FOLDER, STORE, publish_grantor, publish_places
from permission.samples import make_grant


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (GrantKind.SITE_GRANT, "Ann Ek"),
        (GrantKind.OPEN_LICENCE, "Ann Ek"),
        (GrantKind.CONTRACT, "Ann Ek"),
        (GrantKind.OWNER_ASSERTION, ""),
        (GrantKind.ACCOUNT_EXPORT, ""),
    ],
)
def test_a_grantor_is_named_where_the_kind_of_grant_says_so(kind: GrantKind, name: str) -> None:
    assert publish_grantor(make_grant(kind=kind, grantor="Ann Ek")) == name


def test_every_kind_is_decided_above() -> None:
    (mark,) = (
        mark
        for mark in test_a_grantor_is_named_where_the_kind_of_grant_says_so.pytestmark  # type: ignore[attr-defined]
        if mark.name == "parametrize"
    )
    assert {kind for kind, _ in mark.args[1]} == set(GrantKind)


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("file:///photos/Ann%20Ek%27s%20wedding/", FOLDER),
        ("file:///", FOLDER),
        ("file://server/share/ann/", FOLDER),
        ("https://museum.example/people/ann/", "museum.example"),
        ("https://MUSEUM.example/", "museum.example"),
        ("https://museum.example:8443/x", "museum.example"),
        ("https://ann:secret@museum.example/x", "museum.example"),
        ("http://[2001:db8::1]/x", "2001:db8::1"),
        ("http://[broken/x", STORE),
        ("https:///x", STORE),
        ("s3://anns-bucket/2030/", STORE),
        ("ann", STORE),
        ("", STORE),
    ],
)
def test_of_a_place_the_host_is_told_and_no_path(uri: str, place: str) -> None:
    assert publish_places(make_grant(scope=(uri,))) == (place,)


def test_a_place_is_told_once() -> None:
    scope = ("file:///a/", "https://museum.example/a/", "file:///b/", "https://museum.example/b/")
    assert publish_places(make_grant(scope=scope)) == (FOLDER, "museum.example")


@given(st.lists(st.from_regex(r"\A[a-z]{1,12}\Z"), min_size=1, max_size=4))
def test_no_folder_is_told_of_however_deep(names: list[str]) -> None:
    for root in ("file:///", "https://host.example/", "s3://bucket/"):
        (place,) = publish_places(make_grant(scope=(f"{root}{'/'.join(names)}/",)))
        assert place in (FOLDER, STORE, "host.example")
