"""Rows of the audit log, and the one form of JSON."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from mien.catalog.audit import (
    Json,
    StoredCheckpoint,
    StoredEntry,
    StoredNote,
    add_checkpoint,
    add_entry,
    add_notes,
    delete_beyond,
    delete_notes_of,
    find_entry,
    find_last_checkpoint,
    find_next_seq,
    find_notes,
    find_notes_of,
    format_json,
    iter_checkpoints,
    iter_entries,
)

OWNER, OTHER = "1" * 32, "2" * 32


def entry(seq: int) -> StoredEntry:
    return StoredEntry(seq, b'{"seq":%d}' % seq, bytes([seq]) * 32, bytes([seq + 1]) * 32)


@pytest.fixture
def filled(connection: Connection) -> Connection:
    for seq in range(3):
        assert find_next_seq(connection) == seq
        add_entry(connection, entry(seq))
    return connection


def test_json_has_the_form_of_the_example_in_rfc_8785() -> None:
    """Section 3.2.2: its input, and what must come out."""
    document: dict[str, Json] = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\u002f",
        "literals": [None, True, False],
    }
    assert format_json(document) == (
        b'{"literals":[null,true,false],'
        b'"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        b'"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_keys_are_sorted_as_utf_16_is() -> None:
    """RFC 8785, 3.2.3."""
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\x80", "\xf6"]
    formatted = format_json(dict.fromkeys(names, 0)).decode()
    assert formatted == ('{"\\r":0,"1":0,"\x80":0,"\xf6":0,"\u20ac":0,"\U0001f600":0,"\ufb33":0}')


def test_entries_come_back_in_order_as_they_were_put(filled: Connection) -> None:
    assert list(iter_entries(filled)) == [entry(0), entry(1), entry(2)]
    assert list(iter_entries(filled, first=2)) == [entry(2)]
    assert find_entry(filled, 1) == entry(1)
    assert find_entry(filled, 3) is None


def test_a_number_is_given_once(filled: Connection) -> None:
    with pytest.raises(Exception, match=r"UNIQUE constraint failed: audit_entries\.seq"):
        add_entry(filled, entry(1))


def test_what_others_wrote_into_a_column_is_read_as_bytes(filled: Connection) -> None:
    filled.execute(text("UPDATE audit_entries SET content = 'text', mark = 7 WHERE seq = 1"))
    found = find_entry(filled, 1)
    assert found
    assert (found.content, found.mark) == (b"text", b"7")


def test_notes_are_found_by_entry_and_by_owner(filled: Connection) -> None:
    notes = [
        StoredNote(1, 1, OWNER, b"b"),
        StoredNote(1, 0, OTHER, b"a"),
        StoredNote(2, 0, OWNER, b"c"),
    ]
    add_notes(filled, notes)
    assert find_notes(filled, 1) == [notes[1], notes[0]]
    assert find_notes_of(filled, OWNER) == [notes[0], notes[2]]
    assert delete_notes_of(filled, OWNER) == 2
    assert [find_notes(filled, seq) for seq in (1, 2)] == [[notes[1]], []]


def test_what_is_left_of_lost_entries_goes_and_nothing_else(filled: Connection) -> None:
    notes = [StoredNote(seq, 0, OWNER, b"x") for seq in range(3)]
    add_notes(filled, notes)
    for size in (1, 2, 3):
        add_checkpoint(filled, StoredCheckpoint(size, "note"))
    delete_beyond(filled, 2)
    assert [find_notes(filled, seq) for seq in range(3)] == [[notes[0]], [notes[1]], []]
    assert [checkpoint.size for checkpoint in iter_checkpoints(filled)] == [1, 2]
    assert len(list(iter_entries(filled))) == 3


def test_no_notes_are_no_trouble(filled: Connection) -> None:
    add_notes(filled, [])
    assert find_notes(filled, 0) == []


def test_checkpoints_come_back_by_size(connection: Connection) -> None:
    assert find_last_checkpoint(connection) is None
    for size in (3, 11, 7):
        add_checkpoint(connection, StoredCheckpoint(size, f"note {size}"))
    assert [checkpoint.size for checkpoint in iter_checkpoints(connection)] == [3, 7, 11]
    assert find_last_checkpoint(connection) == StoredCheckpoint(11, "note 11")
