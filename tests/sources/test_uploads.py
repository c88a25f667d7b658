"""Addresses of what is handed in: names made safe, shelves that a grant covers."""

from __future__ import annotations

import io
from pathlib import PurePosixPath
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.permission.platforms import check_address
from mien.permission.scope import covers, is_scope
from mien.permission.suppression import may_take
from mien.sources.address import (
    find_shelf,
    is_shelf,
    is_upload,
    path_of,
    safe_name,
    shelf_scope,
    upload_uri,
)
from mien.sources.base import FoundFile
from mien.sources.uploads import UploadedFile, UploadSource

SHA256 = "ab" * 32


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("IMG_0001.JPG", "IMG_0001.JPG"),
        ("C:\\fakepath\\ann.jpg", "ann.jpg"),
        ("Wedding/2024/ann.jpg", "ann.jpg"),
        ("../../etc/passwd", "passwd"),
        ("été à Nîmes.jpg", "été à Nîmes.jpg"),
        ("gpj\u202e.exe", "gpj.exe"),
        ("a\x00b\nc.jpg", "abc.jpg"),
        ("  spaced .jpg ", "spaced .jpg"),
        (".hidden.jpg", ".hidden.jpg"),
        *((odd, "photo") for odd in ("", "..", "/", "...", "\x00", "\u200b")),
        ("x" * 300 + ".jpeg", "x" * 115 + ".jpeg"),
        ("." + "y" * 300, "." + "y" * 119),
    ],
)
def test_a_name_keeps_what_a_name_may_hold(sent: str, kept: str) -> None:
    assert safe_name(sent) == kept


@given(st.text(max_size=300))
def test_whatever_was_sent_lies_on_the_shelf_and_nowhere_else(name: str) -> None:
    uri = upload_uri("wedding", SHA256, name=name)
    assert is_upload(uri)
    assert is_scope(uri)
    assert covers([shelf_scope("wedding")], uri)
    assert not covers([shelf_scope("other"), "file:///", "https://wedding/"], uri)
    assert check_address(uri).is_allowed
    assert path_of(uri) is None
    assert len(PurePosixPath(unquote(uri)).name.encode()) <= 4 * 120


@pytest.mark.parametrize("shelf", ["wedding", "2024", "facebook-com", "A_b-9", "x" * 64])
def test_a_shelf_is_covered_whatever_it_is_called(shelf: str) -> None:
    """A name is no host here: neither a platform nor an address of the internet."""
    assert is_shelf(shelf)
    assert find_shelf(shelf_scope(shelf)) == shelf
    uri = upload_uri(shelf, SHA256, name="ann.jpg")
    assert check_address(uri).is_allowed
    assert may_take(uri, blocked=["//facebook.com", "//2024"]).is_allowed
    assert not may_take(uri, blocked=[shelf_scope(shelf)]).is_allowed
    assert not may_take(uri, blocked=[f"upload:///{shelf}"]).is_allowed


@pytest.mark.parametrize(
    "name", ["", "-a", "_", "a b", "a/b", "..", "été", "x" * 65, "a\n", "wedding/", "%77"]
)
def test_other_names_are_no_shelf(name: str) -> None:
    assert not is_shelf(name)
    assert find_shelf(f"upload:///{name}/") is None


@pytest.mark.parametrize(
    "uri", ["upload://instagram.com/a.jpg", "upload://10.0.0.1/a.jpg", "upload://2130706433/a"]
)
def test_an_upload_with_a_host_is_none(uri: str) -> None:
    assert not is_upload(uri)
    assert not check_address(uri).is_allowed


@pytest.mark.parametrize("scope", ["upload:///", "upload:///wedding", "file:///wedding/", ""])
def test_other_parts_of_a_scope_are_no_shelf(scope: str) -> None:
    assert find_shelf(scope) is None


def test_files_are_met_in_order_by_what_they_are() -> None:
    files = [
        UploadedFile("a/ann.png", SHA256, lambda: io.BytesIO(b"ann")),
        UploadedFile("Thumbs.db", "cd" * 32, lambda: io.BytesIO(b"")),
    ]
    ann, left = UploadSource("wedding", files).iter_items()
    assert isinstance(ann, FoundFile)
    assert isinstance(left, FoundFile)
    assert (ann.uri, ann.shown) == (f"upload:///wedding/{SHA256[:16]}/ann.png", "ann.png")
    assert ann.fingerprint == f"upload.{SHA256}"
    assert ann.open_sealed
    assert ann.open_sealed().read() == b"ann"
    assert (ann.is_named, left.is_named) == (True, False)
