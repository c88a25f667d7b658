"""Two photos face to face: the permission of a search, a score with its worth, nothing kept."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import PhotoError, SettingsError
from mien.library import Library
from mien.permission.verdict import Reason
from mien.service.compare import Comparison, Side
from mien.service.search_desk import SearchDesk
from mien.service.searched import Asked
from mien.testing import FakeVision, draw_photo
from service.finding import fill
from service.stage import PURPOSE, Stage, counts_of


def compare(library: Library, first: Side, second: Side, *, purpose: str = PURPOSE) -> Comparison:
    asked = Asked(purpose=purpose, collection="default", reason="Is it she?")
    return SearchDesk(library.parts).compare(first, second, asked=asked)


def embed(photo: bytes, face: int = 0) -> np.ndarray:
    return FakeVision().analyse(photo).faces[face].embedding


def test_the_score_is_the_cosine_of_the_chosen_faces(stage: Stage) -> None:
    one, other = draw_photo(1, 2, seed=3), draw_photo(3, 1, seed=4)
    with stage.open() as library:
        fill(stage, library)
        same = compare(library, Side(one), Side(other, 1))
        different = compare(library, Side(one, 1), Side(other))
    assert same.score == pytest.approx(float(embed(one) @ embed(other, 1)), abs=1e-5)
    assert different.score == pytest.approx(float(embed(one, 1) @ embed(other)), abs=1e-5)
    assert [probe.searched for probe in same.probes] == [0, 1]
    assert all(not face.embedding.size for p in same.probes for face in p.analysis.faces)


def test_the_strength_is_that_of_one_pair(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        same = compare(library, Side(draw_photo(1, seed=3)), Side(draw_photo(1, seed=4))).strength
        other = compare(library, Side(draw_photo(1, seed=3)), Side(draw_photo(2))).strength
    assert same
    assert other
    assert same.expected_strangers == same.fmr
    assert same.fmr < 1e-3 < other.fmr
    assert same.likelihood_ratio > 1 > other.likelihood_ratio


def test_a_photo_of_nobody_has_no_score(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        found = compare(library, Side(draw_photo(1)), Side(draw_photo()))
    assert found.verdict.is_allowed
    assert (found.score, found.strength) == (None, None)
    assert [probe.searched for probe in found.probes] == [0, None]


def test_it_asks_for_the_permission_of_a_search(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        sides = (Side("/nowhere/1.png"), Side("/nowhere/2.png"))
        refused = compare(library, *sides, purpose="press")
        assert refused.verdict.reasons == (Reason.PURPOSE_NOT_GRANTED,)
        library.revoke(grant)
        assert not compare(library, *sides).verdict.is_allowed
        assert refused.probes == ()


def test_somebody_who_opted_out_is_compared_with_nobody(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        library.optouts().face(draw_photo(9, seed=1), consent="letter")
        for sides in ((1, 9), (9, 1)):
            photos = [Side(draw_photo(one, seed=5)) for one in sides]
            found = compare(library, *photos)
            assert found.verdict.reasons == (Reason.FACE_SUPPRESSED,)
            assert (found.score, found.probes) == (None, ())


def test_it_is_entered_into_the_log_and_nothing_is_kept(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        before = counts_of(stage.home)
        compare(library, Side(draw_photo(1)), Side(draw_photo(2)))
        entry = library.audit().entry(len(library.audit().entries()) - 1)
        assert counts_of(stage.home) == before
    assert (entry.entry["action"], entry.entry["purpose"]) == ("comparison", PURPOSE)
    assert entry.details
    assert entry.details["reason"] == "Is it she?"
    assert "matches" not in str(entry.entry["facts"]) or entry.matches == ()


def test_what_cannot_be_compared_is_told(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        with pytest.raises(PhotoError, match="cannot be used"):
            compare(library, Side(draw_photo(1)), Side(b"no photo"))
        with pytest.raises(SettingsError, match="no face 4"):
            compare(library, Side(draw_photo(1), 4), Side(draw_photo(1)))
