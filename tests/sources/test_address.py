"""Paths as addresses and as text: reversible, and readable where they can be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.sources.address import file_uri, folder_scope, path_of, show_path

paths = st.binary(max_size=40).filter(lambda path: b"\0" not in path).map(lambda path: b"/" + path)


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (b"/photos/ada.jpg", "file:///photos/ada.jpg"),
        (b"/", "file:///"),
        (b"/a b/c+d~e.jpg", "file:///a%20b/c%2Bd~e.jpg"),
        (b"/100%/a?b#c.jpg", "file:///100%25/a%3Fb%23c.jpg"),
        ("/naïve/日本.jpg".encode(), "file:///na%C3%AFve/%E6%97%A5%E6%9C%AC.jpg"),
        (b"/\xff\xfe.jpg", "file:///%FF%FE.jpg"),
        (b"/a\nb\x1b[31m.jpg", "file:///a%0Ab%1B%5B31m.jpg"),
        (b"/a\\b;c&d.jpg", "file:///a%5Cb%3Bc%26d.jpg"),
    ],
)
def test_the_address_of_a_path_is_the_rfc_8089_one(path: bytes, uri: str) -> None:
    assert file_uri(path) == uri
    assert path_of(uri) == Path(os.fsdecode(path))


@given(paths)
def test_no_two_paths_have_one_address(path: bytes) -> None:
    uri = file_uri(path)
    assert uri.isascii()
    assert uri.isprintable()
    found = path_of(uri)
    assert found is not None
    # `Path` folds doubled slashes and dots, as every file system does.
    assert found == Path(os.fsdecode(path))


@pytest.mark.parametrize(
    "uri",
    [
        "https://photos.example/a.jpg",
        "http:///a.jpg",
        "file://server/share/a.jpg",
        "file://localhost/a.jpg",
        "file:a.jpg",
        "file://",
        "FILE:///a.jpg",
        " file:///a.jpg",
        "/a.jpg",
        "",
    ],
)
def test_any_other_address_has_no_path_here(uri: str) -> None:
    assert path_of(uri) is None


def test_the_scope_of_a_folder_is_where_it_really_lies(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    link = tmp_path / "link"
    link.symlink_to(real)
    expected = file_uri(os.fsencode(real.resolve())) + "/"
    assert folder_scope(link) == folder_scope(real) == folder_scope(real / "..") + "real/"
    assert folder_scope(real) == expected


def test_the_scope_of_the_root_is_one_slash() -> None:
    assert folder_scope(Path("/")) == "file:///"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (b"/photos/ada.jpg", "/photos/ada.jpg"),
        ("/naïve/日本 100%.jpg".encode(), "/naïve/日本 100%.jpg"),
        (b"/\xff 100%.jpg", "/%FF 100%25.jpg"),
        ("/ï\n.jpg".encode(), "/%C3%AF%0A.jpg"),
        (b"/a\x1b]0;title\x07.jpg", "/a%1B]0;title%07.jpg"),
        ("/\u202egpj.exe".encode(), "/%E2%80%AEgpj.exe"),
        ("/a\u2028b".encode(), "/a%E2%80%A8b"),
        (b"/\xed\xa0\x80.jpg", "/%ED%A0%80.jpg"),
    ],
)
def test_paths_are_shown_as_text_or_as_percent_encoded_bytes(path: bytes, shown: str) -> None:
    assert show_path(path) == shown


@given(paths)
def test_whatever_is_shown_is_one_printable_line(path: bytes) -> None:
    assert show_path(path).isprintable()
