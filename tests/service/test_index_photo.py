"""One photo indexed at once: killed anywhere it leaves nothing half, and leave comes first."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from cli.children import clean_environment
from mien.errors import NotFoundError, PhotoError
from mien.library import Library
from mien.permission.access_key import AccessTerms
from mien.permission.quality import QualityFilter
from mien.permission.verdict import Reason, Verdict
from mien.service.index_photo import MOST_FACES, IndexedPhoto, IndexRequest, index_photo
from mien.testing import draw_photo
from service.stage import PURPOSE, Stage, blobs_of, check_sound, counts_of, query

SHELF = "upload:///phone/"
_KILLED = 9
_KILL = """
import os, sys
from pathlib import Path
from unittest.mock import patch
from service.test_index_photo import request_of
from mien.service.index_photo import index_photo
from mien.testing import draw_photo
from service.stage import Stage

stage = Stage(Path(sys.argv[1]))
with patch(sys.argv[2], lambda *_, **__: os._exit(9)), stage.open() as library:
    index_photo(library.parts, request_of(library), read=lambda: draw_photo(1, 2))
"""


def request_of(library: Library, **changes: object) -> IndexRequest:
    (grant,) = library.grants()
    terms = AccessTerms(grant_id=grant.grant_id, collections=frozenset({"people"}), purpose=PURPOSE)
    known = {"terms": terms, "collection": "people", "file_name": "a/b.png", "name": "ann"}
    return IndexRequest(**(known | changes))  # type: ignore[arg-type]


def unread() -> bytes:
    raise AssertionError("it was read")


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as opened:
        stage.grant(opened, scope=SHELF)
        opened.create_collection("people", basis="household")
        yield opened


def do(library: Library, read: Callable[[], bytes], **changes: object) -> IndexedPhoto:
    done = index_photo(library.parts, request_of(library, **changes), read=read)
    assert isinstance(done, IndexedPhoto)
    return done


@pytest.mark.parametrize(
    "where",
    ["mien.service.index_photo.commit_batch", "mien.service.index_photo.add_name"],
    ids=["before-sealing", "between-seal-and-commit"],
)
def test_whoever_is_killed_leaves_nothing_half_and_comes_again(stage: Stage, where: str) -> None:
    with stage.open() as library:
        stage.grant(library, scope=SHELF)
        library.create_collection("people", basis="household")
    killed = subprocess.run(
        [sys.executable, "-c", _KILL, str(stage.folder), where],
        env=clean_environment(),
        timeout=60,
        check=False,
    )
    assert killed.returncode == _KILLED
    assert query(stage.home / "catalog.db", "SELECT state FROM runs") == ["started"]
    assert counts_of(stage.home)["photos"] == 0
    with stage.open() as library:
        assert len(do(library, lambda: draw_photo(1, 2)).faces) == 2
    check_sound(stage.home)
    assert len(blobs_of(stage.home)) == 2  # the original, and what is kept of its faces
    assert counts_of(stage.home)["face keys"] == 3
    assert query(stage.home / "catalog.db", "SELECT state FROM runs") == ["cut-short", "done"]


def test_leave_is_asked_before_a_photo_is_read(library: Library) -> None:
    request = request_of(library)
    library.revoke(request.terms.grant_id)
    refused = index_photo(library.parts, request, read=unread)
    assert isinstance(refused, Verdict)
    assert not refused.is_allowed


def test_an_unknown_collection_reads_nothing(library: Library) -> None:
    with pytest.raises(NotFoundError):
        index_photo(library.parts, request_of(library, collection="nobodys"), read=unread)


def test_a_photo_that_was_opted_out_does_not_come_in(stage: Stage, library: Library) -> None:
    content = draw_photo(1)
    library.optouts().item(content)
    refused = index_photo(library.parts, request_of(library), read=lambda: content)
    assert isinstance(refused, Verdict)
    assert refused.reasons == (Reason.ITEM_SUPPRESSED,)
    assert counts_of(stage.home)["photos"] == 0


def test_what_is_no_photo_is_told_by_its_code(library: Library) -> None:
    with pytest.raises(PhotoError) as failed:
        do(library, lambda: b"no photo")
    assert failed.value.code == "not-a-photo"


def test_the_place_on_the_shelf_has_the_name_of_the_file(stage: Stage, library: Library) -> None:
    do(library, lambda: draw_photo(1))
    (uri,) = query(stage.home / "catalog.db", "SELECT uri FROM locations")
    assert uri.startswith(SHELF)
    assert uri.rsplit("/", 1)[-1] == "b.png"


def test_the_largest_faces_are_looked_at_and_no_others(library: Library) -> None:
    crowd = draw_photo(*range(MOST_FACES + 3))
    done = do(library, lambda: crowd)
    assert len(done.faces) == MOST_FACES
    assert not done.unfit
    assert not done.beyond


def test_a_looser_filter_brings_in_the_others_under_the_same_ids(library: Library) -> None:
    content = draw_photo(1, 2, blurred=[2])
    strict = do(library, lambda: content, quality=QualityFilter.HIGH)
    assert [one.quality.value for one in strict.unfit] == [2.0]
    loose = do(library, lambda: content, quality=QualityFilter.NONE)
    ids = [one.visible.stored.uuid for one in loose.faces]
    assert strict.faces[0].visible.stored.uuid in ids
    assert len(ids) == 2


def test_a_search_knows_the_face_at_once(stage: Stage, library: Library) -> None:
    for number in range(3):
        content = draw_photo(number, seed=number)
        (kept,) = do(library, partial(bytes, content)).faces
        found = library.search(
            draw_photo(number, seed=50), purpose=PURPOSE, collection="people", min_score=0.8
        )
        assert [one.face.stored.uuid for one in found.candidates] == [kept.visible.stored.uuid]
    check_sound(stage.home)


def test_the_log_has_the_photo_and_not_its_name(stage: Stage, library: Library) -> None:
    do(library, lambda: draw_photo(1), name="ann_example")
    entry = library.audit().entries()[-1]
    assert entry["action"] == "photos-added"
    assert entry["facts"]["photos_new"] == 1  # type: ignore[index]
    assert all(
        b"ann_example" not in content
        for content in query(stage.home / "catalog.db", "SELECT content FROM audit_entries")
    )


def test_nothing_is_left_of_a_photo_but_its_seal(stage: Stage, library: Library) -> None:
    content = draw_photo(1)
    do(library, lambda: content)
    files = [path for path in Path(stage.home).rglob("*") if path.is_file()]
    assert not any(content[33:] in path.read_bytes() for path in files)
