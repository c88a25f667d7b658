"""A face against everybody in a photo: the same as pair by pair, asked and logged once."""

from __future__ import annotations

from typing import Any

import pytest

from mien.library import Library
from mien.permission.quality import QualityFilter
from mien.permission.verdict import Reason
from mien.service.compare import Side
from mien.service.compare_faces import CompareFacesRequest, FacesComparison
from mien.service.leave import Filters
from mien.service.search_desk import SearchDesk
from mien.service.searched import Asked
from mien.testing import draw_photo
from service.finding import BYTES, fill
from service.stage import PURPOSE, Stage

ASKED = Asked(purpose=PURPOSE, collection="default")


def compare(library: Library, source: bytes, target: bytes, **terms: Any) -> FacesComparison:
    request = CompareFacesRequest(asked=ASKED, max_file_bytes=BYTES, **terms)
    return SearchDesk(library.parts).compare_faces(source, target, request=request)


def test_each_face_is_as_alike_as_when_it_is_compared_alone(stage: Stage) -> None:
    source, target = draw_photo(1, seed=3), draw_photo(2, 1, 3, seed=4)
    with stage.open() as library:
        fill(stage, library)
        found = compare(library, source, target)
        desk = SearchDesk(library.parts)
        alone = [desk.compare(Side(source), Side(target, i), asked=ASKED) for i in range(3)]
    assert [one.face for one in found.compared] == [0, 1, 2]
    for one, pair in zip(found.compared, alone, strict=True):
        assert one.score == pytest.approx(pair.score, abs=1e-6)
        assert one.strength is not None
        assert pair.strength is not None
        assert one.strength.normalised_score == pytest.approx(
            pair.strength.normalised_score, abs=1e-5
        )


def test_no_embedding_is_handed_out(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        found = compare(library, draw_photo(1, 2, seed=3), draw_photo(1, 3, seed=4))
    assert found.source
    assert found.target
    faces = [*found.source.analysis.faces, *found.target.faces]
    assert len(faces) == 4
    assert not any(face.embedding.size for face in faces)


def test_of_a_crowd_the_hundred_largest_are_compared(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        found = compare(library, draw_photo(1), draw_photo(*range(105), seed=4))
    assert found.target
    assert len(found.target.faces) == 105
    assert [one.face for one in found.compared] == list(range(100))


def test_what_falls_short_is_neither_source_nor_target(stage: Stage) -> None:
    target = draw_photo(5, 1, seed=4, blurred=[5])
    with stage.open() as library:
        fill(stage, library)
        found = compare(library, draw_photo(1), target, quality=QualityFilter.AUTO)
        poor = compare(library, draw_photo(1, blurred=[1]), target, quality=QualityFilter.AUTO)
    assert [one.face for one in found.compared] == [1]
    assert poor.verdict.is_allowed
    assert poor.source
    assert (poor.source.searched, poor.compared) == (None, ())


def test_whoever_is_bound_to_a_grant_has_leave_by_no_other(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        named, bound = Filters(grant_id="no such"), Filters(grant_id="no such", is_bound=True)
        photos = draw_photo(1), draw_photo(1)
        assert compare(library, *photos, filters=named).verdict.is_allowed
        refused = compare(library, *photos, filters=bound)
        mine = compare(library, *photos, filters=Filters(grant_id=grant, is_bound=True))
    assert refused.verdict.reasons == (Reason.PURPOSE_NOT_GRANTED,)
    assert (refused.source, refused.target, refused.compared) == (None, None, ())
    assert mine.compared
    assert mine.search_id
