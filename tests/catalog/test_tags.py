"""Tags as rows: each once a collection, replaced and taken away by its reference."""

from __future__ import annotations

from sqlalchemy import Connection

from catalog.samples import add_collection
from mien.catalog.tags import StoredTag, delete_tags, find_tags, put_tags


def test_a_tag_takes_the_place_of_one_of_the_same_reference(trial: Connection) -> None:
    here, there = add_collection(trial).id, add_collection(trial, "there").id
    put_tags(trial, here, new=[StoredTag("a", b"1"), StoredTag("b", b"2")])
    put_tags(trial, there, new=[StoredTag("a", b"other")])
    put_tags(trial, here, new=[StoredTag("a", b"3")])
    assert find_tags(trial, here) == [StoredTag("b", b"2"), StoredTag("a", b"3")]
    assert find_tags(trial, there) == [StoredTag("a", b"other")]


def test_tags_are_taken_away_and_those_that_are_not_there_count_as_gone(trial: Connection) -> None:
    here = add_collection(trial).id
    put_tags(trial, here, new=[])
    put_tags(trial, here, new=[StoredTag("a", b"1"), StoredTag("b", b"2")])
    delete_tags(trial, here, references=["a", "c"])
    assert find_tags(trial, here) == [StoredTag("b", b"2")]
