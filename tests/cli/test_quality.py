"""What the command line says about the quality of faces."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cli.conftest import Mien
from mien.cli.quality import describe_quality, tell_caveat
from mien.testing import GOOD, POOR, draw_photo
from mien.types import Flaw, Quality
from service.stage import PURPOSE, Stage

ALL = tuple(Flaw)


@pytest.mark.parametrize(
    ("flaws", "said"),
    [
        ((Flaw.BLURRED,), "blurred"),
        ((Flaw.TOO_SMALL, Flaw.BLURRED), "too small and blurred"),
        (
            (Flaw.EXTREME_POSE, Flaw.TOO_DARK, Flaw.CUT_OFF),
            "turned away, too dark and cut off",
        ),
    ],
)
def test_a_caveat_names_every_flaw(flaws: tuple[Flaw, ...], said: str) -> None:
    caveat = tell_caveat(replace(GOOD, flaws=flaws))
    assert caveat == f"The searched face is {said}: its scores mean less."


def test_there_are_words_for_every_flaw() -> None:
    said = [tell_caveat(replace(GOOD, flaws=(flaw,))) for flaw in Flaw]
    assert len(set(said)) == len(ALL)


@pytest.mark.parametrize("quality", [None, GOOD])
def test_nothing_is_said_where_nothing_is_wrong(quality: Quality | None) -> None:
    assert tell_caveat(quality) == ""


def test_json_has_every_component_and_stable_codes() -> None:
    described = json.loads(json.dumps(describe_quality(POOR)))
    assert described["flaws"] == ["blurred"]
    assert described["value"] == 2.0
    assert described["sharpness"] == 0.02
    assert set(described) == set(POOR.__slots__)


@pytest.fixture
def grant(stage: Stage, mien: Mien) -> str:
    stage.draw("both.png", 1, 2, blurred=[2])
    with stage.open() as library:
        return stage.grant(library)


def test_add_leaves_out_poor_faces_when_told_and_reads_again_when_not(
    stage: Stage, mien: Mien, grant: str
) -> None:
    words = ("add", stage.photos, "--grant", grant)
    strict = mien(*words, "--quality", "HIGH", "--json").document
    assert (strict["faces"], strict["dropped"]) == (1, {"poor-quality": 1})
    again = mien(*words)
    assert "1 of the known photos are read again" in again.out
    assert mien("collection", "list", "--json").document["collections"][0]["faces"] == 2
    assert mien(*words, "--quality", "great").code == 2


def test_a_search_tells_of_a_poor_probe_in_every_form(stage: Stage, mien: Mien, grant: str) -> None:
    mien("add", stage.photos, "--grant", grant)
    probe = stage.folder / "probe.png"
    probe.write_bytes(draw_photo(1, seed=900, blurred=[1]))
    words = ("search", probe, "--purpose", PURPOSE)
    answer = mien(*words, "--page", stage.folder / "page.html")
    said = "The searched face is blurred: its scores mean less."
    assert answer.code == 0
    assert said in answer.err
    assert "both.png" in answer.out
    assert said in (stage.folder / "page.html").read_text()
    document = mien(*words, "--json").document
    (face,) = document["probe"]["faces"]
    assert face["quality"]["flaws"] == ["blurred"]
    assert [one["quality"]["flaws"] for one in document["candidates"]] == [[], ["blurred"]]
