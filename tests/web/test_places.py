"""Addresses are told as people read them."""

from __future__ import annotations

import pytest

from mien.web.places import Place, describe_place


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("file:///photos/a%20b/c%23.jpg", Place("c#.jpg", "/photos/a b", "")),
        ("file:///c.jpg", Place("c.jpg", "/", "")),
        (
            "https://photos.example.org/2030/c.jpg",
            Place("c.jpg", "photos.example.org/2030", "https://photos.example.org/2030/c.jpg"),
        ),
        ("upload:///club/0123456789abcdef/c.jpg", Place("c.jpg", "club", "")),
    ],
)
def test_a_place_has_a_name_a_folder_and_a_link_where_it_can_be_followed(
    uri: str, place: Place
) -> None:
    assert describe_place(uri) == place


def test_what_would_run_in_the_page_is_no_link() -> None:
    assert not describe_place("javascript:alert(1)").link
