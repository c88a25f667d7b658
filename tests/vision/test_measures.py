from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mien.errors import ModelError
from mien.vision.cards import get_card
from mien.vision.measures import Measures, read_measures, write_measures
from mien.vision.pipeline import describe_model
from mien.vision.shelf import Shelf
from vision.networks import build_recogniser
from vision.test_shelf import CARD

DIGEST = "ab" * 32
MEASURES = Measures(DIGEST, "9 people", {1e-2: 0.25, 1e-4: 0.5}, {1e-2: 0.01, 1e-4: 0.2})


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models", cache=tmp_path / "cache")


def digest_of(shelf: Shelf, pack: str) -> str:
    return describe_model(shelf.get_pack(pack)).digest


def measures_of(digest: str) -> Measures:
    return Measures(digest, "9 people", MEASURES.score_by_fmr, MEASURES.missed_by_fmr)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "measured" / "a.json"
    assert read_measures(path) is None
    write_measures(path, MEASURES)
    assert read_measures(path) == MEASURES
    assert [file.name for file in path.parent.iterdir()] == ["a.json"]


def without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda table: table.pop(name)


def with_rates(**rates: object) -> Callable[[dict[str, Any]], object]:
    return lambda table: table.update(score_by_fmr=rates)


@pytest.mark.parametrize(
    "spoil",
    [
        without("model_digest"),
        without("measured_on"),
        without("score_by_fmr"),
        without("missed_by_fmr"),
        with_rates(often=0.3),
        with_rates(**{"1e-2": "high"}),
        with_rates(**{"1e-2": 7}),
        with_rates(**{"2": 0.3}),
        with_rates(**{"1e-2": float("nan")}),
        lambda table: table.update(score_by_fmr=[0.3]),
    ],
)
def test_a_damaged_file_gives_no_threshold(
    tmp_path: Path, spoil: Callable[[dict[str, Any]], object]
) -> None:
    path = tmp_path / "a.json"
    write_measures(path, MEASURES)
    table = json.loads(path.read_text())
    spoil(table)
    path.write_text(json.dumps(table))
    with pytest.raises(ModelError, match="measure again"):
        read_measures(path)


def test_a_measured_model_has_thresholds_and_the_same_digest(shelf: Shelf) -> None:
    before = digest_of(shelf, "sface")
    shelf.measure(shelf.get_card("sface"), measures_of(before))
    model = describe_model(shelf.get_pack("sface"))
    assert (model.digest, model.measured_on) == (before, "9 people")
    assert (model.score_at(1e-2), model.score_at(1e-4)) == (0.25, 0.5)
    with pytest.raises(ModelError, match=r"at a false match rate of 0\.001; choose one of"):
        model.score_at(1e-3)
    assert describe_model(shelf.get_pack("auraface")).score_by_fmr == {}


def test_thresholds_of_another_model_do_not_count(shelf: Shelf) -> None:
    shelf.measure(shelf.get_card("sface"), MEASURES)
    model = describe_model(shelf.get_pack("sface"))
    assert (model.score_by_fmr, model.measured_on) == ({}, "")


def test_it_may_be_measured_again(shelf: Shelf) -> None:
    digest = digest_of(shelf, "sface")
    shelf.measure(shelf.get_card("sface"), measures_of(digest))
    again = Measures(digest, "99 people", {1e-2: 0.3}, {1e-2: 0.0})
    shelf.measure(shelf.get_card("sface"), again)
    assert describe_model(shelf.get_pack("sface")).score_by_fmr == {1e-2: 0.3}


def test_what_a_card_says_itself_is_not_replaced(shelf: Shelf) -> None:
    with pytest.raises(ModelError, match=r"was measured already: on 1,\d{3},\d{3} pairs"):
        shelf.measure(get_card("dlib-resnet-v1"), MEASURES)
    with pytest.raises(ModelError, match="no recogniser"):
        shelf.measure(get_card("yunet"), MEASURES)


def test_a_model_of_ones_own_is_measured_too_and_takes_it_along(
    shelf: Shelf, tmp_path: Path
) -> None:
    file = tmp_path / "a.onnx"
    file.write_bytes(build_recogniser())
    card = shelf.add(file, CARD)
    shelf.measure(card, measures_of(digest_of(shelf, "mine")))
    assert describe_model(shelf.get_pack("mine")).score_at(1e-2) == 0.25
    shelf.remove(shelf.get_card("mine"))
    assert list((shelf.folder / "measured").iterdir()) == []
    shelf.add(file, CARD)
    assert describe_model(shelf.get_pack("mine")).score_by_fmr == {}
