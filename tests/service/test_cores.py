from __future__ import annotations

import pytest

from mien.service.cores import Cores
from mien.testing import FakeModels, FakeVision, draw_photo
from service.stage import PURPOSE, Stage


class CountingModels(FakeModels):
    """Fake models that note for how many threads they were opened."""

    def __init__(self) -> None:
        self.threads: list[int] = []

    def open(self, *, threads: int) -> FakeVision:
        self.threads.append(threads)
        return FakeVision()


def test_who_is_alone_has_all_cores_and_others_one_each() -> None:
    cores = Cores()
    with cores.take(most=8) as first, cores.take(most=8) as second, cores.take(most=2) as third:
        assert (first, second, third) == (8, 1, 1)
    with cores.take(most=4) as again:
        assert again == 4


def test_an_error_gives_the_cores_back() -> None:
    cores = Cores()
    with pytest.raises(ZeroDivisionError), cores.take(most=4):
        raise ZeroDivisionError
    with cores.take(most=4) as threads:
        assert threads == 4


def test_a_search_beside_another_uses_one_thread(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    stage.models = CountingModels()
    with stage.open() as library:
        stage.draw("1.png", 7)
        library.add(stage.photos, grant=stage.grant(library))
        stage.models.threads.clear()
        with library.parts.deployment.cores.take(most=6):
            assert library.acting("user:1").search(draw_photo(7), purpose=PURPOSE).candidates
        assert set(stage.models.threads) <= {1}
        assert library.search(draw_photo(7), purpose=PURPOSE).candidates
    assert stage.models.threads[-1] == 6
