"""What a scope covers, and every spelling that tries to lead out of it."""

from __future__ import annotations

import pytest

from mien.permission.scope import covers, is_scope

FOLDER = ("file:///photos/",)
SITE = ("https://Archive.example/press/",)


@pytest.mark.parametrize(
    "uri",
    [
        "file:///photos/a.jpg",
        "file:///photos/2026/06/a.jpg",
        "file:/photos/a.jpg",
        "FILE:///photos/a.jpg",
        "file:///%70hotos/a.jpg",
        "file:///photos/..a.jpg",
        "file:///photos/a..jpg",
        "file:///photos/...",
        "file:///photos/%3Fa%23.jpg",
        "file:///photos/%5C..%5Ca.jpg",
        "file:///photos/%252e%252e/a.jpg",
        "file:///photos/na%C3%AFve.jpg",
        "file:///photos/naïve.jpg",
        "file:///photos/%FF%FE.jpg",
        "file:///photos/a%0Ab.jpg",
    ],
)
def test_everything_below_a_folder_is_covered(uri: str) -> None:
    assert covers(FOLDER, uri)


@pytest.mark.parametrize(
    "uri",
    [
        "file:///photos",
        "file:///photos/",
        "file:///photo/a.jpg",
        "file:///photos-evil/a.jpg",
        "file:///photosa.jpg",
        "file:///Photos/a.jpg",
        "file:///other/photos/a.jpg",
        "file:///",
        "file://",
    ],
)
def test_neighbours_of_a_folder_are_not_covered(uri: str) -> None:
    assert not covers(FOLDER, uri)


@pytest.mark.parametrize(
    "tail",
    [
        "../etc/a.jpg",
        "x/../../etc/a.jpg",
        "..",
        "./a.jpg",
        "%2e%2e/etc/a.jpg",
        "%2E%2E/etc/a.jpg",
        ".%2e/etc/a.jpg",
        "%2e/a.jpg",
        "..%2fetc/a.jpg",
        "..%2Fetc%2Fa.jpg",
        "a%2Fb.jpg",
        "a%00.jpg",
        "%00",
        "/a.jpg",
        "x//a.jpg",
        "x/",
        "..\\etc\\a.jpg",
        "a.jpg?size=large",
        "a.jpg?",
        "a.jpg#top",
        "a.jpg#",
        "a b.jpg",
        "a\n.jpg",
        ".\n./etc/a.jpg",
        "a\t.jpg",
        "a\x00.jpg",
        "a\x7f.jpg",
    ],
)
def test_spellings_that_may_mean_another_place_are_not_covered(tail: str) -> None:
    assert not covers(FOLDER, f"file:///photos/{tail}")
    assert not covers(SITE, f"https://archive.example/press/{tail}")


@pytest.mark.parametrize(
    "uri",
    [
        "file://localhost/photos/a.jpg",
        "file://evil.example/photos/a.jpg",
        "file:photos/a.jpg",
        "file:x/photos/a.jpg",
        "http:///photos/a.jpg",
        "/photos/a.jpg",
        "//photos/a.jpg",
        "photos/a.jpg",
        " file:///photos/a.jpg",
        "\x00file:///photos/a.jpg",
        "http://[/photos/a.jpg",
        "",
    ],
)
def test_other_hosts_other_schemes_and_no_addresses_are_not_covered(uri: str) -> None:
    assert not covers(FOLDER, uri)


@pytest.mark.parametrize(
    ("uri", "covered"),
    [
        ("https://archive.example/press/a.jpg", True),
        ("HTTPS://ARCHIVE.EXAMPLE/press/a.jpg", True),
        ("https://archive.example/Press/a.jpg", False),
        ("http://archive.example/press/a.jpg", False),
        ("https://archive.example:8443/press/a.jpg", False),
        ("https://archive.example./press/a.jpg", False),
        ("https://www.archive.example/press/a.jpg", False),
        ("https://archive.example@evil.example/press/a.jpg", False),
        ("https://archive.example.evil.example/press/a.jpg", False),
        ("https://user@archive.example/press/a.jpg", False),
    ],
)
def test_hosts_must_be_equal_but_for_case(uri: str, *, covered: bool) -> None:
    assert covers(SITE, uri) is covered


def test_a_scope_without_slash_covers_one_file_alone() -> None:
    scope = ("file:///photos/ada.jpg",)
    assert covers(scope, "file:///photos/ada.jpg")
    assert covers(scope, "file:///photos/%61da.jpg")
    for uri in ("ada.jpg/b", "ada.jpg/", "ada.jpg2", "ada.JPG", "", "ada"):
        assert not covers(scope, f"file:///photos/{uri}")


@pytest.mark.parametrize("part", ["urn:isbn:123", "mailto:ada", "data:a", "file:photos/"])
def test_addresses_without_a_root_are_no_scopes_and_cover_nothing(part: str) -> None:
    assert not is_scope(part)
    for uri in (part, f"{part}4", f"{part}/a.jpg", "urn:isbn:999", "mailto:eve", "file:///a.jpg"):
        assert not covers((part,), uri)


def test_the_root_covers_every_file_and_no_other_scheme() -> None:
    assert covers(("file:///",), "file:///a.jpg")
    assert covers(("file:///",), "file:///photos/2026/a.jpg")
    assert not covers(("file:///",), "https://archive.example/a.jpg")


def test_any_part_of_a_scope_may_cover() -> None:
    scope = ("file:///a/", "not an address", "file:///b/")
    assert covers(scope, "file:///a/x.jpg")
    assert covers(scope, "file:///b/x.jpg")
    assert not covers(scope, "file:///c/x.jpg")


def test_an_empty_scope_and_an_empty_part_cover_nothing() -> None:
    for scope in ((), ("",), ("/",), ("//",)):
        assert not covers(scope, "file:///a.jpg")


@pytest.mark.parametrize(
    "part",
    ["file:///photos/../", "file:///photos//", "file:///%2e%2e/", "file:///a%2Fb/", "file:///a?/"],
)
def test_a_scope_of_odd_spelling_covers_nothing_and_is_not_taken(part: str) -> None:
    assert not is_scope(part)
    assert not covers((part,), "file:///photos/a.jpg")
    assert not covers((part,), f"{part}a.jpg")


@pytest.mark.parametrize(
    "part", ["file:///", "file:///photos/", "file:///a.jpg", "https://archive.example/"]
)
def test_folders_files_and_sites_are_scopes(part: str) -> None:
    assert is_scope(part)
