"""What a search says of how strong its candidates are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.errors import ModelError, SettingsError
from mien.evidence.cohort import find_levels, normalise
from mien.evidence.strength import Band, Strength
from mien.index.base import Hits
from mien.index.exact import ExactIndex
from mien.library import Library
from mien.permission.verdict import Reason
from mien.service.search import Candidate
from mien.testing import FakeModels, FakeVision, draw_photo
from mien.types import EmbeddingModel, Ids, Vectors
from service.stage import PURPOSE, Stage, names_of

MODEL = FakeModels().model


class UncalibratedModels(FakeModels):
    """A model of which nobody measured anything."""

    @property
    def model(self) -> EmbeddingModel:
        return replace(MODEL, cohort=None, calibration=None)


def fill(stage: Stage, library: Library, *, people: int = 12) -> None:
    for person in range(people):
        stage.draw(f"{person:02}-a.png", person)
        stage.draw(f"{person:02}-b.png", person)
    library.add(stage.photos, grant=stage.grant(library, PURPOSE))


def strengths_of(candidates: tuple[Candidate, ...]) -> list[Strength]:
    return [one.strength for one in candidates if one.strength is not None]


def test_every_candidate_says_what_its_score_is_worth(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        result = library.search(draw_photo(3, seed=9), purpose=PURPOSE)
    strengths = strengths_of(result.candidates)
    assert len(strengths) == len(result.candidates) == 20
    assert result.faces_searched == 24
    for strength in strengths:
        assert strength.fmr_low <= strength.fmr <= strength.fmr_high
        assert strength.expected_strangers == pytest.approx(24 * strength.fmr)
    assert {strength.band for strength in strengths[:2]} <= {Band.VERY_STRONG, Band.STRONG}
    assert strengths[-1].band is Band.WEAK


def test_candidates_stand_strongest_first_and_their_false_match_rates_rise(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        result = library.search(draw_photo(3, seed=9), purpose=PURPOSE)
    normalised = [strength.normalised_score for strength in strengths_of(result.candidates)]
    rates = [strength.fmr for strength in strengths_of(result.candidates)]
    assert normalised == sorted(normalised, reverse=True)
    assert rates == sorted(rates)


def test_the_normalised_score_is_that_of_the_two_embeddings_themselves(stage: Stage) -> None:
    # Templates lie turned and in half precision; the cohort is turned with them.
    with stage.open() as library:
        fill(stage, library, people=3)
        result = library.search(draw_photo(1, seed=9), purpose=PURPOSE)
    probe = FakeVision().analyse(draw_photo(1, seed=9)).faces[0].embedding
    assert MODEL.cohort is not None
    for name, candidate in zip(names_of(result), result.candidates, strict=True):
        other = FakeVision().analyse((stage.photos / name).read_bytes()).faces[0].embedding
        levels = find_levels(MODEL.cohort, np.stack([probe, other]))
        cosine = np.array([[float(probe @ other)]])
        expected = normalise(cosine, probes=levels[:1], candidates=levels[1:])[0, 0]
        assert candidate.strength is not None
        assert candidate.strength.normalised_score == pytest.approx(expected, abs=0.02)


def test_a_highest_false_match_rate_leaves_out_what_strangers_reach(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        result = library.search(draw_photo(3, seed=9), purpose=PURPOSE, max_fmr=1e-4)
        assert set(names_of(result)) == {"03-a.png", "03-b.png"}
        assert [candidate.rank for candidate in result.candidates] == [1, 2]
        with pytest.raises(ModelError, match="known down to 1e-08"):
            library.search(draw_photo(3), purpose=PURPOSE, max_fmr=1e-9)


def test_a_search_with_a_highest_rate_stops_where_the_faces_are_too_weak(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    search = ExactIndex.search

    def spy(index: ExactIndex, probes: Vectors, *, limit: int, among: Ids | None = None) -> Hits:
        asked.append(limit)
        return search(index, probes, limit=limit, among=among)

    with stage.open() as library:
        fill(stage, library, people=100)
        monkeypatch.setattr(ExactIndex, "search", spy)
        result = library.search(draw_photo(3, seed=9), purpose=PURPOSE, max_fmr=1e-4, limit=5)
    assert set(names_of(result)) == {"03-a.png", "03-b.png"}
    assert asked == [45]


@pytest.mark.parametrize("rate", [0.0, -0.1, 1.5, float("nan")])
def test_a_false_match_rate_out_of_range_is_an_error(stage: Stage, rate: float) -> None:
    with stage.open() as library, pytest.raises(SettingsError, match="false match rate"):
        library.search(draw_photo(3), purpose=PURPOSE, max_fmr=rate)


def test_a_model_that_was_never_measured_gives_cosines_and_claims_nothing(stage: Stage) -> None:
    stage.models = UncalibratedModels()
    with stage.open() as library:
        fill(stage, library)
        result = library.search(draw_photo(3, seed=9), purpose=PURPOSE)
        assert set(names_of(result)[:2]) == {"03-a.png", "03-b.png"}
        assert [candidate.strength for candidate in result.candidates] == [None] * 20
        scores = [candidate.score for candidate in result.candidates]
        assert scores == sorted(scores, reverse=True)
        with pytest.raises(ModelError, match="never measured"):
            library.search(draw_photo(3), purpose=PURPOSE, max_fmr=1e-3)


def test_several_photos_of_a_person_are_searched_as_one(stage: Stage) -> None:
    photos = [draw_photo(5, seed=seed) for seed in (101, 102, 103)]
    with stage.open() as library:
        fill(stage, library)
        result = library.search(*photos, purpose=PURPOSE)
        single = library.search(photos[0], purpose=PURPOSE)
    assert set(names_of(result)[:2]) == {"05-a.png", "05-b.png"}
    assert len(result.probes) == 3
    assert not result.may_be_several
    together = strengths_of(result.candidates)[1].normalised_score
    assert together > strengths_of(single.candidates)[1].normalised_score


def test_photos_of_two_people_are_searched_and_doubted(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        result = library.search(draw_photo(1), draw_photo(2), purpose=PURPOSE)
    assert result.may_be_several
    assert result.candidates


def test_a_suppressed_face_among_several_probes_refuses_the_search(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        library.optouts().face(draw_photo(7, seed=44), consent="letter 12")
        result = library.search(draw_photo(1), draw_photo(7), purpose=PURPOSE)
    assert result.verdict.reasons == (Reason.FACE_SUPPRESSED,)
    assert not result.candidates
    assert result.probe is None


def test_a_search_with_no_photo_or_a_face_of_several_is_an_error(stage: Stage) -> None:
    with stage.open() as library:
        with pytest.raises(SettingsError, match="no photo to search with"):
            library.search(purpose=PURPOSE)
        with pytest.raises(SettingsError, match="one photo only"):
            library.search(draw_photo(1), draw_photo(2), purpose=PURPOSE, face=0)
