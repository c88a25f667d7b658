"""Searches during which something changes: leave is asked once more after the photo was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from mien.library import Library
from mien.permission.use import Use
from mien.permission.verdict import Verdict
from mien.service.compare import Side
from mien.service.erase import FacesTarget
from mien.service.grants import Narrowing
from mien.service.ports import Vision
from mien.service.search_desk import SearchDesk
from mien.service.searched import Asked
from mien.testing import FakeModels, draw_photo
from mien.types import Look, PhotoAnalysis
from service.finding import ask, fill, search
from service.inbox import entries_of
from service.stage import PURPOSE, Stage


class SlowModels(FakeModels):
    """Models during whose work something happens, once."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], object] | None = None

    def open(self, *, threads: int) -> Vision:
        return _SlowVision(self, super().open(threads=threads))


class _SlowVision:
    def __init__(self, models: SlowModels, vision: Vision) -> None:
        self._models = models
        self._vision = vision

    def analyse(self, content: bytes, *, look: Look = Look.PHOTO) -> PhotoAnalysis:
        analysis = self._vision.analyse(content, look=look)
        happens, self._models.meanwhile = self._models.meanwhile, None
        if happens is not None:
            happens()
        return analysis


@pytest.fixture
def slow(stage: Stage) -> SlowModels:
    stage.models = models = SlowModels()
    return models


@pytest.fixture
def library(stage: Stage, slow: SlowModels) -> Iterator[Library]:
    with stage.open() as library:
        yield library


@pytest.fixture
def grant(stage: Stage, library: Library) -> str:
    return fill(stage, library)


PROBE = draw_photo(1, seed=800)


def by_photo(library: Library) -> tuple[Verdict, Sequence[Any]]:
    result = search(library, PROBE, min_score=0.7)
    return result.verdict, result.candidates


def by_every_face(library: Library) -> tuple[Verdict, Sequence[Any]]:
    result = SearchDesk(library.parts).search_faces(PROBE, ask(min_score=0.7))
    return result.verdict, [one for answer in result.answers for one in answer.candidates]


WAYS = [by_photo, by_every_face]
Way = Callable[[Library], tuple[Verdict, Sequence[Any]]]


@pytest.mark.parametrize("way", WAYS)
def test_it_finds_what_it_may(library: Library, grant: str, way: Way) -> None:
    verdict, candidates = way(library)
    assert (verdict.is_allowed, len(candidates)) == (True, 3)


@pytest.mark.parametrize("way", WAYS)
def test_a_grant_revoked_while_the_photo_is_looked_at_shows_nothing(
    stage: Stage, library: Library, grant: str, slow: SlowModels, way: Way
) -> None:
    slow.meanwhile = lambda: library.revoke(grant)
    verdict, candidates = way(library)
    assert [str(reason) for reason in verdict.reasons] == ["purpose-not-granted"]
    assert list(candidates) == []
    last = entries_of(stage)[-1]
    assert (last["action"], last["outcome"]) == ("search", "refused")


@pytest.mark.parametrize("way", WAYS)
def test_a_grant_that_is_narrowed_meanwhile_shows_no_more_than_it_allows(
    library: Library, grant: str, slow: SlowModels, way: Way
) -> None:
    slow.meanwhile = lambda: library.narrow(grant, Narrowing(uses=[Use.STORE, Use.TEMPLATE]))
    verdict, candidates = way(library)
    assert not verdict.is_allowed
    assert list(candidates) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_time_that_ends_meanwhile_is_over(
    stage: Stage, library: Library, grant: str, slow: SlowModels, way: Way
) -> None:
    def wait() -> None:
        stage.now = stage.now.replace(year=stage.now.year + 2)

    slow.meanwhile = wait
    verdict, candidates = way(library)
    assert not verdict.is_allowed
    assert list(candidates) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_face_erased_meanwhile_is_not_shown(
    library: Library, grant: str, slow: SlowModels, way: Way
) -> None:
    _, candidates = way(library)
    gone = candidates[0].face.stored.uuid
    slow.meanwhile = lambda: library.erase(FacesTarget((gone,)))
    _, candidates = way(library)
    assert len(candidates) == 2
    assert gone not in {one.face.stored.uuid for one in candidates}


@pytest.mark.parametrize("way", WAYS)
def test_somebody_who_opts_out_meanwhile_is_not_searched_for(
    library: Library, grant: str, slow: SlowModels, way: Way
) -> None:
    slow.meanwhile = lambda: library.optouts().face(draw_photo(1, seed=801), consent="letter")
    verdict, candidates = way(library)
    assert [str(reason) for reason in verdict.reasons] == ["face-suppressed"]
    assert list(candidates) == []


def test_somebody_who_opts_out_meanwhile_is_not_compared(
    library: Library, grant: str, slow: SlowModels
) -> None:
    slow.meanwhile = lambda: library.optouts().face(draw_photo(1, seed=801), consent="letter")
    asked = Asked(purpose=PURPOSE, collection="default")
    compared = SearchDesk(library.parts).compare(
        Side(PROBE), Side(draw_photo(2, seed=2)), asked=asked
    )
    assert compared.score is None
    assert not compared.verdict.is_allowed


@pytest.mark.parametrize("way", WAYS)
def test_each_search_is_in_the_log_once_whatever_happens(
    stage: Stage, library: Library, grant: str, slow: SlowModels, way: Way
) -> None:
    way(library)
    slow.meanwhile = lambda: library.revoke(grant)
    way(library)
    searches = [entry for entry in entries_of(stage) if entry["action"] == "search"]
    assert [entry["outcome"] for entry in searches] == ["done", "refused"]
    assert len({entry["facts"]["search"] for entry in searches}) == 2
    assert library.audit().verify().is_sound
