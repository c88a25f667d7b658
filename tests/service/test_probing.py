"""The faces of a photo are shown to who may search with it, and nothing is kept of it."""

from __future__ import annotations

import pytest

from mien.errors import NotFoundError, PhotoError
from mien.permission.verdict import Reason, Verdict
from mien.service.probe import Probe
from mien.service.probing import find_faces
from mien.testing import draw_photo
from service.stage import PURPOSE, Stage, counts_of, query


def test_faces_are_found_as_a_search_counts_them(stage: Stage) -> None:
    stage.draw("one.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        photo = draw_photo(1, 2, seed=7, blurred=[2])
        found = find_faces(library.parts, photo, purpose=PURPOSE, collection="default")
        searched = library.search(photo, purpose=PURPOSE).probe
    assert isinstance(found, Probe)
    assert searched is not None
    assert found.searched is None
    assert [one.face.box for one in found.analysis.faces] == [
        one.face.box for one in searched.analysis.faces
    ]
    assert [bool(one.quality.flaws) for one in found.analysis.faces] == [False, True]
    assert not any(one.embedding.size for one in found.analysis.faces)


def test_where_a_search_is_refused_nothing_is_decoded(stage: Stage) -> None:
    stage.draw("one.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        found = find_faces(library.parts, b"no photo", purpose="press", collection="default")
    assert found == Verdict((Reason.PURPOSE_NOT_GRANTED,))


def test_nothing_of_the_photo_is_kept_and_the_log_hears_of_searches_alone(stage: Stage) -> None:
    stage.draw("one.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        before = counts_of(stage.home), entries_of(stage)
        find_faces(library.parts, draw_photo(1, seed=9), purpose=PURPOSE, collection="default")
        assert (counts_of(stage.home), entries_of(stage)) == before


def test_what_is_no_photo_and_no_collection_is_told(stage: Stage) -> None:
    stage.draw("one.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        with pytest.raises(PhotoError, match="Choose another photo"):
            find_faces(library.parts, b"no photo", purpose=PURPOSE, collection="default")
        with pytest.raises(NotFoundError):
            find_faces(library.parts, draw_photo(1), purpose=PURPOSE, collection="other")


def entries_of(stage: Stage) -> list[object]:
    return query(stage.home / "catalog.db", "SELECT count(*) FROM audit_entries")
