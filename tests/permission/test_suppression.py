"""What was opted out stays out: an address with all below it, a photo, and what looks like one."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.permission.suppression import (
    STRICTEST_FMR,
    USUAL_FMR,
    Level,
    may_keep,
    may_read,
    may_take,
)
from mien.permission.verdict import ALLOWED, Reason, refuse

SOURCE = refuse(Reason.SOURCE_SUPPRESSED)


@pytest.mark.parametrize(
    ("blocked", "uri"),
    [
        ("file:///photos/ann", "file:///photos/ann"),
        ("file:///photos/ann", "file:///photos/ann/1.jpg"),
        ("file:///photos/ann/", "file:///photos/ann/1.jpg"),
        ("file:///photos/ann/", "file:///photos/ann"),
        ("file:///photos/ann", "file:///photos/%61nn/1.jpg"),
        ("file:///photos/%61nn", "file:///photos/ann/1.jpg"),
        ("FILE:///photos/ann", "file:///photos/ann/deep/below/1.jpg"),
        ("file:///", "file:///photos/ann/1.jpg"),
        ("https://example.org/", "https://example.org/a/b.jpg"),
        ("https://example.org", "https://example.org/a/b.jpg"),
        ("https://example.org/", "http://example.org/a.jpg"),
        ("http://example.org/", "https://example.org/a.jpg"),
        ("https://EXAMPLE.org/", "HTTPS://example.ORG/a.jpg"),
        ("https://example.org/album", "https://example.org/album/a.jpg"),
        ("//example.org", "https://example.org/album/a.jpg"),
        ("//example.org", "http://photos.example.org:8080/a.jpg"),
        ("//example.org", "s3://EXAMPLE.org/a.jpg"),
        ("//intranet", "http://intranet/a.jpg"),
    ],
)
def test_a_blocked_address_keeps_out_itself_and_what_is_below(blocked: str, uri: str) -> None:
    assert may_take(uri, blocked=[blocked]) == SOURCE
    assert may_take(uri, blocked=["file:///elsewhere", blocked]) == SOURCE


@pytest.mark.parametrize(
    ("blocked", "uri"),
    [
        ("file:///photos/ann", "file:///photos/anna/1.jpg"),
        ("file:///photos/ann", "file:///photos/Ann/1.jpg"),
        ("file:///photos/ann", "file:///photos"),
        ("https://example.org/album", "https://example.org/albums/a.jpg"),
        ("https://example.org/", "https://example.org.evil/a.jpg"),
        ("https://example.org/", "https://www.example.org/a.jpg"),
        ("https://example.org/", "file:///example.org/a.jpg"),
        ("//example.org", "https://example.org.evil/a.jpg"),
        ("//example.org", "https://notexample.org/a.jpg"),
        ("//example.org", "file:///example.org/a.jpg"),
        ("//org", "https://example.org/a.jpg"),
    ],
)
def test_a_blocked_address_keeps_nothing_else_out(blocked: str, uri: str) -> None:
    assert may_take(uri, blocked=[blocked]) is ALLOWED


def test_where_nothing_is_blocked_everything_may_be_taken() -> None:
    assert may_take("file:///photos/1.jpg", blocked=[]).is_allowed


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_whatever_the_names_are_a_folder_keeps_out_what_is_in_it(names: list[str]) -> None:
    pieces = [quote(name, safe="") for name in names if name not in {".", ".."}]
    address = "/".join(["file:///folder", *pieces])
    assert may_take(f"{address}/photo.jpg", blocked=[address]) == SOURCE
    assert may_take("file:///folder-of-others/photo.jpg", blocked=[address]).is_allowed


def test_blocked_bytes_may_not_be_read() -> None:
    assert may_read("ab" * 32, blocked={"ab" * 32}) == refuse(Reason.ITEM_SUPPRESSED)
    assert may_read("cd" * 32, blocked={"ab" * 32}).is_allowed


def test_what_looks_like_an_opted_out_photo_may_not_be_kept() -> None:
    assert may_keep(is_near=True) == refuse(Reason.ITEM_SUPPRESSED)
    assert may_keep(is_near=False).is_allowed


def test_no_rate_is_laxer_than_the_usual_one() -> None:
    """A higher rate takes more faces for the person's, so that fewer get through."""
    assert STRICTEST_FMR > USUAL_FMR == 1e-3


def test_the_levels_are_the_ones_that_programs_know() -> None:
    assert {str(level) for level in Level} == {"item", "source", "face"}
