"""No spelling of an address outside a folder is covered by it, and every one inside is."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from urllib.parse import quote_from_bytes

from hypothesis import assume, example, given
from hypothesis import strategies as st

from mien.permission.scope import covers
from mien.sources.address import file_uri, folder_scope, path_of

names = st.binary(min_size=1, max_size=6).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in {b".", b".."}
)
paths = st.lists(names, min_size=1, max_size=4).map(lambda parts: b"/" + b"/".join(parts))

# What an attacker would build an address from, next to honest pieces.
pieces = st.sampled_from(
    [
        *("photos", "photos-evil", "a.jpg", "PHOTOS", "%70hotos", "phot%6Fs", "", "/", "//"),
        *("..", ".", "%2e%2e", "%2E.", ".%2e", "%2f", "%2F..", "..%2f..", "%00", "%5c", "\\"),
        *("?", "#", ";", "@", ":", "\n", "\t", " ", "é", "%C3%A9", "%ff", "%", "%2", "%zz", "~"),
        *("%252e%252e", "%252f", "etc", "file:", "evil.example"),
    ]
)
spellings = st.lists(pieces, max_size=7).map("/".join) | st.lists(pieces, max_size=9).map("".join)


@given(spellings)
@example("photos/../etc/a.jpg")
@example("photos/%2e%2e/etc/a.jpg")
@example("photos%2f..%2fetc")
@example("photos/.\n./etc")
def test_no_spelling_reaches_a_file_outside_the_folder(spelling: str) -> None:
    uri = f"file:///{spelling}"
    if covers(["file:///photos/"], uri):
        path = path_of(uri)
        assert path is not None
        # As a kernel would walk it, with every `..` applied.
        real = posixpath.normpath(os.fsencode(path))
        assert real.startswith(b"/photos/")


@given(spellings, st.integers(1, 3))
def test_reading_an_address_over_and_over_leads_nowhere_else(spelling: str, depth: int) -> None:
    """A reader that decodes twice is foreign to Mien; one that decodes once stays inside."""
    uri = f"file:///photos/{spelling}"
    assume(covers(["file:///photos/"], uri))
    path = path_of(uri)
    for _ in range(depth):
        assert path is not None
        path = path_of(file_uri(os.fsencode(path)))
    assert path == path_of(uri)


@given(paths, paths)
def test_a_folder_covers_exactly_what_lies_below_it(folder: bytes, path: bytes) -> None:
    scope = [file_uri(folder) + "/"]
    assert covers(scope, file_uri(folder + path))
    assert not covers(scope, file_uri(folder))
    assert covers(scope, file_uri(path)) is path.startswith(folder + b"/")


@given(paths, st.data())
def test_encoding_more_than_needed_changes_nothing(path: bytes, data: st.DataObject) -> None:
    spelled = "".join(
        chr(byte) if byte == ord("/") else data.draw(st.sampled_from([f"%{byte:02x}", plain]))
        for byte, plain in ((byte, quote_from_bytes(bytes([byte]), safe="/")) for byte in path)
    )
    assert covers([file_uri(path)], f"file://{spelled}")
    assert path_of(f"file://{spelled}") == path_of(file_uri(path))


@given(paths)
def test_a_path_survives_the_way_to_an_address_and_back(path: bytes) -> None:
    uri = file_uri(path)
    assert uri.isascii()
    assert uri.isprintable()
    assert path_of(uri) == Path(os.fsdecode(path))
    assert os.fsencode(str(path_of(uri))) == path


@given(paths)
def test_every_file_below_a_folder_is_in_the_scope_of_that_folder(path: bytes) -> None:
    folder = Path(os.fsdecode(os.path.dirname(path)))  # noqa: PTH120  (bytes)
    assert covers([folder_scope(folder)], file_uri(path))
