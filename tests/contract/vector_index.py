"""What every `VectorIndex` promises. A backend inherits the class and says how to open one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from threading import Event, Thread

import numpy as np
import pytest
from numpy.typing import NDArray

from index.galleries import DIMENSION, draw_templates
from mien.errors import IndexStateError
from mien.index import NO_FACE, VectorIndex
from mien.types import Vectors

COUNT = 300


class VectorIndexContract(ABC):
    @abstractmethod
    def open_index(self) -> VectorIndex:
        """An empty index of `DIMENSION`."""

    @pytest.fixture
    def templates(self) -> Vectors:
        return draw_templates(COUNT, seed=1)

    @pytest.fixture
    def ids(self) -> NDArray[np.int64]:
        return np.random.default_rng(2).permutation(10 * COUNT)[:COUNT].astype(np.int64)

    @pytest.fixture
    def index(self, ids: NDArray[np.int64], templates: Vectors) -> VectorIndex:
        index = self.open_index()
        index.add(ids, templates)
        return index

    def test_search_finds_each_template_first(
        self, index: VectorIndex, ids: NDArray[np.int64], templates: Vectors
    ) -> None:
        hits = index.search(templates, limit=1)
        assert hits.ids[:, 0].tolist() == ids.tolist()
        assert np.allclose(hits.scores, 1, atol=2e-3)

    def test_search_scores_are_cosines_of_the_stored_half_precision(
        self, index: VectorIndex, ids: NDArray[np.int64], templates: Vectors
    ) -> None:
        probes = draw_templates(3, seed=3)
        hits = index.search(probes, limit=COUNT)
        stored = templates.astype(np.float16).astype(np.float64)
        expected = probes.astype(np.float64) @ stored.T
        assert hits.ids.tolist() == ids[np.argsort(-expected, axis=1)].tolist()
        assert np.allclose(hits.scores, -np.sort(-expected, axis=1), atol=1e-6)

    def test_templates_come_back_as_stored_for_those_who_answer(
        self, index: VectorIndex, ids: NDArray[np.int64], templates: Vectors
    ) -> None:
        index.hide(ids[3:4])
        index.erase(ids[4:5])
        asked = np.concatenate([ids[:6], [10 * COUNT + 1]])
        found, stored = index.find_templates(asked)
        order = np.argsort(found)
        known = np.sort(np.delete(ids[:6], [3, 4]))
        assert found[order].tolist() == known.tolist()
        rows = [ids.tolist().index(face_id) for face_id in known.tolist()]
        expected = templates[rows].astype(np.float16).astype(np.float32)
        np.testing.assert_array_equal(stored[order], expected)

    def test_an_empty_index_has_no_templates(self) -> None:
        found, stored = self.open_index().find_templates(np.array([1, 2]))
        assert (found.shape, stored.shape) == ((0,), (0, DIMENSION))

    def test_rows_beyond_the_last_hit_hold_no_face(self, index: VectorIndex) -> None:
        hits = index.search(draw_templates(2, seed=3), limit=COUNT + 2)
        assert hits.ids.shape == (2, COUNT + 2)
        assert (hits.ids[:, COUNT:] == NO_FACE).all()
        assert (hits.scores[:, COUNT:] == -np.inf).all()

    def test_equal_templates_stand_by_rising_id(self) -> None:
        index = self.open_index()
        twin = draw_templates(1, seed=4)
        index.add(np.array([9, 4, 7]), np.repeat(twin, 3, axis=0))
        index.add(np.array([5, 2]), np.repeat(twin, 2, axis=0))
        assert index.search(twin, limit=5).ids.tolist() == [[2, 4, 5, 7, 9]]

    def test_an_empty_index_finds_nobody(self) -> None:
        hits = self.open_index().search(draw_templates(2, seed=3), limit=3)
        assert (hits.ids == NO_FACE).all()

    def test_no_probes_give_no_rows(self, index: VectorIndex) -> None:
        assert index.search(np.empty((0, DIMENSION), np.float32), limit=3).ids.shape == (0, 3)

    def test_search_keeps_to_the_ids_it_is_given(
        self, index: VectorIndex, ids: NDArray[np.int64]
    ) -> None:
        probes = draw_templates(5, seed=3)
        for among in (ids[:1], ids[:40], ids[::2], ids):
            hits = index.search(probes, limit=COUNT, among=np.concatenate((among, [1_000_000])))
            found = [sorted(row[row != NO_FACE].tolist()) for row in hits.ids]
            assert found == [sorted(among.tolist())] * 5

    def test_an_empty_among_allows_nobody(self, index: VectorIndex) -> None:
        among = np.empty(0, np.int64)
        hits = index.search(draw_templates(2, seed=3), limit=3, among=among)
        assert (hits.ids == NO_FACE).all()

    def test_hidden_faces_leave_every_answer(
        self, index: VectorIndex, ids: NDArray[np.int64], templates: Vectors
    ) -> None:
        assert index.hide(ids[:50]) == 50
        assert index.hide(ids[:60]) == 10
        assert len(index) == COUNT - 60
        assert index.ids().tolist() == sorted(ids[60:].tolist())
        hits = index.search(templates, limit=COUNT, among=ids)
        assert not np.isin(hits.ids, ids[:60]).any()

    def test_erased_faces_leave_every_answer(
        self, index: VectorIndex, ids: NDArray[np.int64], templates: Vectors
    ) -> None:
        index.hide(ids[:5])
        assert index.erase(ids[:50]) == 50
        assert index.erase(ids[:50]) == 0
        assert index.ids().tolist() == sorted(ids[50:].tolist())
        hits = index.search(templates[50:], limit=COUNT)
        assert hits.ids[:, 0].tolist() == ids[50:].tolist()
        assert not np.isin(hits.ids, ids[:50]).any()

    def test_everyone_can_be_erased_and_others_added(
        self, index: VectorIndex, ids: NDArray[np.int64], templates: Vectors
    ) -> None:
        assert index.erase(ids) == COUNT
        assert len(index) == 0
        index.add(ids + 10 * COUNT, templates)
        assert index.search(templates[:1], limit=1).ids.tolist() == [[ids[0] + 10 * COUNT]]

    def test_an_id_is_never_used_twice(
        self, index: VectorIndex, ids: NDArray[np.int64], templates: Vectors
    ) -> None:
        index.hide(ids[1:2])
        index.erase(ids[2:3])
        restored = self.open_index()
        restored.restore(list(index.snapshot()))
        for known in (ids[0:1], ids[1:2], ids[2:3]):
            for one in (index, restored):
                with pytest.raises(IndexStateError, match=f"Face {known[0]} "):
                    one.add(known, templates[:1])
        with pytest.raises(IndexStateError, match="twice"):
            index.add(np.array([99_999, 99_999]), templates[:2])
        assert len(index) == COUNT - 2

    @pytest.mark.parametrize(
        "templates",
        [
            np.zeros((1, DIMENSION), np.float32),
            np.full((1, DIMENSION), np.nan, np.float32),
            np.full((1, DIMENSION), np.inf, np.float32),
            np.eye(1, DIMENSION + 1, dtype=np.float32),
            np.eye(1, DIMENSION, dtype=np.float32)[0],
            np.eye(2, DIMENSION, dtype=np.float32),
        ],
        ids=["zero", "nan", "infinite", "too wide", "no row", "too many"],
    )
    def test_templates_that_do_not_fit_are_refused(self, templates: Vectors) -> None:
        index = self.open_index()
        with pytest.raises(IndexStateError):
            index.add(np.array([1]), templates)
        assert len(index) == 0

    def test_ids_that_are_none_are_refused(self, index: VectorIndex) -> None:
        template = draw_templates(1, seed=3)
        for ids in (np.array([-1]), np.array([0.5]), np.array([[1]])):
            with pytest.raises(IndexStateError, match="Face ids"):
                index.add(ids, template)

    def test_probes_and_limits_that_do_not_fit_are_refused(self, index: VectorIndex) -> None:
        with pytest.raises(IndexStateError, match="unit length"):
            index.search(2 * draw_templates(1, seed=3), limit=1)
        with pytest.raises(IndexStateError, match="at least 1"):
            index.search(draw_templates(1, seed=3), limit=0)

    def test_a_snapshot_restores_everything(
        self, index: VectorIndex, ids: NDArray[np.int64]
    ) -> None:
        index.hide(ids[:20])
        index.erase(ids[20:40])
        restored = self.open_index()
        restored.add(np.array([123_456]), draw_templates(1, seed=5))
        restored.restore(index.snapshot())
        probes = draw_templates(20, seed=3)
        before, after = index.search(probes, limit=50), restored.search(probes, limit=50)
        assert restored.ids().tolist() == index.ids().tolist()
        assert after.ids.tolist() == before.ids.tolist()
        assert after.scores.tolist() == before.scores.tolist()
        assert restored.erase(ids[:20]) == 20

    def test_an_empty_index_has_a_snapshot(self, index: VectorIndex) -> None:
        index.restore(self.open_index().snapshot())
        assert len(index) == 0

    def test_damage_to_a_snapshot_is_noticed_and_changes_nothing(self, index: VectorIndex) -> None:
        parts = list(index.snapshot())
        before = index.ids().tolist()
        for damaged in _damage(parts):
            with pytest.raises(IndexStateError):
                index.restore(damaged)
        assert index.ids().tolist() == before

    def test_parts_of_two_snapshots_do_not_mix(
        self, index: VectorIndex, ids: NDArray[np.int64]
    ) -> None:
        earlier = list(index.snapshot())
        index.erase(ids[:1])
        later = list(index.snapshot())
        with pytest.raises(IndexStateError):
            index.restore([later[0], *earlier[1:]])

    def test_erased_bytes_are_in_no_later_snapshot(
        self, index: VectorIndex, ids: NDArray[np.int64], templates: Vectors
    ) -> None:
        traces = [templates[7].astype(kind).tobytes() for kind in (np.float16, np.float32)]
        assert any(traces[0] in part for part in index.snapshot())
        index.erase(ids[7:8])
        assert not any(trace in part for part in index.snapshot() for trace in traces)

    def test_an_erasure_ends_a_snapshot_that_is_being_taken(
        self, index: VectorIndex, ids: NDArray[np.int64]
    ) -> None:
        parts = index.snapshot()
        next(parts)
        index.erase(ids[:1])
        with pytest.raises(IndexStateError, match="meanwhile"):
            list(parts)

    def test_searches_stay_right_while_faces_come_and_go(
        self, index: VectorIndex, ids: NDArray[np.int64], templates: Vectors
    ) -> None:
        is_over = Event()
        wrong: list[list[int]] = []

        def search() -> None:
            while not is_over.is_set():
                found = index.search(templates[:20], limit=1).ids[:, 0].tolist()
                if found != ids[:20].tolist():
                    wrong.append(found)

        readers = [Thread(target=search) for _ in range(3)]
        for reader in readers:
            reader.start()
        for turn in range(20):
            fresh = np.arange(20) + 20 * turn + 10 * COUNT
            index.add(fresh, draw_templates(20, seed=100 + turn))
            index.hide(fresh[:5])
            index.erase(np.concatenate((fresh[3:], ids[20 + turn : 21 + turn])))
        is_over.set()
        for reader in readers:
            reader.join()
        assert wrong == []
        assert len(index) == COUNT - 20


def _damage(parts: list[bytes]) -> list[list[bytes]]:
    """The snapshot cut, flipped, shortened, mixed up and foreign."""
    header, first, *rest = parts
    flipped = bytearray(first)
    flipped[len(first) // 2] ^= 1
    return [
        [],
        [b""],
        [b"foreign" * 20],
        [header],
        [first, *rest],
        [header, bytes(flipped), *rest],
        [header, first[:-1], *rest],
        [header[:-1], first, *rest],
        [header, first, *rest, first],
    ]
