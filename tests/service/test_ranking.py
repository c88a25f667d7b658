"""A search that leaves out weak candidates begins small, and still finds what all of it would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import pytest

from mien.errors import ModelError, SettingsError
from mien.evidence.cohort import find_levels, normalise
from mien.evidence.similarity import find_threshold, tell_similarity
from mien.index.base import Hits
from mien.index.exact import ExactIndex
from mien.library import Library
from mien.service.gallery import Gallery
from mien.service.leave import Filters
from mien.service.ranking import Bounds, Ranking
from mien.service.seeking import SearchResult
from mien.testing import FakeModels, draw_photo
from mien.types import EmbeddingModel, FaceId, Ids, Vectors
from mien.vision.cards import get_pack
from mien.vision.pipeline import describe_model
from service.finding import search
from service.stage import Stage
from service.test_strength import UncalibratedModels

MOST = 4096
FACES_A_PHOTO = 18


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """How many hits were asked for each time, and whether of some faces alone."""
    found: list[tuple[int, bool]] = []
    whole = ExactIndex.search

    def spy(index: ExactIndex, probes: Vectors, *, limit: int, among: Ids | None = None) -> Hits:
        found.append((limit, among is not None))
        return whole(index, probes, limit=limit, among=among)

    monkeypatch.setattr(ExactIndex, "search", spy)
    return found


def fill(stage: Stage, library: Library, folder: str, *, photos: int) -> str:
    """Crowds: everybody of the 216 people in every twelfth photo."""
    for number in range(photos):
        first = number % 12 * FACES_A_PHOTO
        stage.draw(f"{folder}/{number}.png", *range(first, first + FACES_A_PHOTO), seed=number)
    grant = stage.grant(library, scope=stage.photos / folder)
    library.add(stage.photos / folder, grant=grant)
    return grant


def tell(result: SearchResult) -> list[tuple[str, float]]:
    """Every candidate and its similarity, in order."""
    calibration = FakeModels().model.calibration
    assert calibration is not None
    return [
        (one.face.stored.uuid, tell_similarity(one.strength.normalised_score, calibration))
        for one in result.candidates
        if one.strength is not None
    ]


def test_it_finds_what_a_look_at_every_face_finds(
    stage: Stage, asked: list[tuple[int, bool]]
) -> None:
    with stage.open() as library:
        fill(stage, library, "all", photos=72)
        for person in (0, 77, 150, 215):
            probe = draw_photo(person, seed=1000 + person)
            everybody = tell(search(library, probe, limit=MOST))
            assert len(everybody) == 72 * FACES_A_PHOTO
            for least in (15.0, 40.0, 60.0, 80.0, 95.0, 99.0):
                asked.clear()
                found = tell(search(library, probe, limit=MOST, min_similarity=least))
                assert found == [one for one in everybody if one[1] >= least]
                assert asked[0] == (128, False), "it begins small"
            assert asked == [(128, False)], "where few are strong it ends there"
            assert len(found) == 6, "the person's own photos"


def test_of_the_strong_ones_the_strongest_are_told(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library, "all", photos=36)
        probe = draw_photo(5, seed=999)
        whole = tell(search(library, probe, limit=MOST, min_similarity=15))
        some = tell(search(library, probe, limit=100, min_similarity=15))
        ten = search(library, probe, limit=10, min_similarity=15)
    assert len(whole) > 100
    assert some == whole[:100]
    assert tell(ten) == whole[:10]
    assert [one.rank for one in ten.candidates] == list(range(1, 11))


def test_it_loses_nobody_where_it_may_see_little(stage: Stage) -> None:
    """Most of the strong ones lie under another grant."""
    with stage.open() as library:
        fill(stage, library, "theirs", photos=60)
        for person in (7, 8):
            stage.draw(f"mine/{person}.png", person, seed=500 + person)
        grant = stage.grant(library, scope=stage.photos / "mine")
        library.add(stage.photos / "mine", grant=grant)
        mine = Filters(grant_id=grant, is_bound=True)
        probe = draw_photo(7, seed=998)
        everybody = tell(search(library, probe, limit=MOST, filters=mine))
        found = tell(search(library, probe, limit=MOST, min_similarity=80, filters=mine))
    assert len(everybody) == 2
    assert found == everybody[:1]


def test_a_least_similarity_and_a_highest_rate_that_mean_the_same_find_the_same(
    stage: Stage,
) -> None:
    with stage.open() as library:
        fill(stage, library, "all", photos=24)
        probe = draw_photo(5, seed=999)
        by_rate = search(library, probe, limit=50, max_fmr=1e-3)
        alike = search(library, probe, limit=50, min_similarity=80)
        both = search(library, probe, limit=50, min_similarity=80, max_fmr=1e-5)
        everybody = search(library, probe, limit=1000, max_fmr=1.0)
        some = search(library, probe, limit=1000, max_fmr=0.5)
    assert tell(by_rate) == tell(alike) != []
    assert all(one.strength and one.strength.fmr <= 1e-5 for one in both.candidates)
    assert len(everybody.candidates) == 24 * FACES_A_PHOTO > len(some.candidates)
    assert all(one.strength and one.strength.fmr <= 0.5 for one in some.candidates)


@pytest.mark.parametrize("least", [-1.0, 100.1, float("nan")])
def test_a_similarity_out_of_range_is_an_error(stage: Stage, least: float) -> None:
    with stage.open() as library:
        fill(stage, library, "all", photos=1)
        with pytest.raises(SettingsError, match="from 0 to 100"):
            search(library, draw_photo(1), min_similarity=least)


def test_a_model_that_was_never_measured_is_asked_for_no_similarity(stage: Stage) -> None:
    stage.models = UncalibratedModels()
    with stage.open() as library:
        fill(stage, library, "all", photos=1)
        for least in (0.0, 80.0):
            with pytest.raises(ModelError, match="never measured"):
                search(library, draw_photo(1), min_similarity=least)


SHIPPED = describe_model(get_pack("open"))


def draw_nobody(model: EmbeddingModel, number: int, *, seed: int) -> Vectors:
    """Faces of nobody, spread as the model's are."""
    gaussian = model.gaussian
    random = np.random.default_rng(seed)
    drawn = random.standard_normal((number, model.dimension))
    root = np.linalg.cholesky(
        gaussian.covariance.astype(np.float64) + 1e-9 * np.eye(model.dimension)
    )
    vectors = drawn @ root.T + gaussian.mean
    unit: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


class Everything:
    """A deployment of which nothing is asked but the catalog, which shows every face."""

    @contextmanager
    def reading(self) -> Iterator[None]:
        yield

    @property
    def database(self) -> Everything:
        return self


def show_all(*_: object, face_ids: Sequence[FaceId], **__: object) -> dict[FaceId, FaceId]:
    return {face_id: face_id for face_id in face_ids}


@pytest.mark.parametrize("least", [80.0, 90.0, 99.0])
def test_among_thousands_of_nobodys_faces_it_finds_what_a_look_at_every_face_finds(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[int, bool]], least: float
) -> None:
    monkeypatch.setattr("mien.service.ranking.find_reached", show_all)
    assert SHIPPED.cohort is not None
    assert SHIPPED.calibration is not None
    faces = draw_nobody(SHIPPED, 8000, seed=1)
    index = ExactIndex(SHIPPED.dimension)
    index.add(np.arange(len(faces)), faces)
    stored = index.find_templates(np.arange(len(faces)))[1]
    probes = draw_nobody(SHIPPED, 12, seed=2)
    levels, threshold = (
        find_levels(SHIPPED.cohort, stored),
        find_threshold(least, SHIPPED.calibration),
    )
    found, expected = set(), set()
    for number, probe in enumerate(probes):
        row = probe[np.newaxis]
        ranking = Ranking(
            cast(Any, Everything()),
            Gallery(index, SHIPPED.digest, SHIPPED.cohort),
            probe=row,
            leave=cast(Any, None),
            bounds=Bounds(MOST, min_similarity=least),
            calibration=SHIPPED.calibration,
        )
        found |= {(number, cast(int, one.face)) for one in ranking.find_candidates()}
        cosines = (row @ stored.T).astype(np.float64)
        own = find_levels(SHIPPED.cohort, row)
        scores = normalise(cosines, probes=own, candidates=levels)[0]
        expected |= {(number, int(face)) for face in np.flatnonzero(scores >= threshold)}
    assert found == expected
    assert max(limit for limit, _ in asked) < MOST
