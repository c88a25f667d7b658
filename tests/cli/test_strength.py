"""What `mien search` says of how strong its candidates are."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Mien
from mien.cli.strength import describe_strength, show_band, show_strangers
from mien.evidence.strength import Band, Strength
from mien.testing import draw_photo
from service.stage import PURPOSE, Stage


def make_strength(**changes: object) -> Strength:
    values: dict[str, object] = {
        "normalised_score": 3.0,
        "fmr": 2.5e-5,
        "fmr_low": 1e-5,
        "fmr_high": 5e-5,
        "is_extrapolated": False,
        "is_bound": False,
        "expected_strangers": 0.3,
        "band": Band.MODERATE,
        "likelihood_ratio": 900.0,
    }
    return Strength(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def album(mien: Mien, stage: Stage) -> Stage:
    for person in range(8):
        stage.draw(f"{person}-a.png", person)
        stage.draw(f"{person}-b.png", person)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library, PURPOSE))
    return stage


def probe(stage: Stage, person: int, *, seed: int) -> Path:
    path = stage.folder / f"probe-{person}-{seed}.png"
    path.write_bytes(draw_photo(person, seed=seed))
    return path


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "1 in 40,000; expect 0.3"),
        ({"is_extrapolated": True}, "~1 in 40,000; expect 0.3"),
        ({"fmr": 0.5, "expected_strangers": 123.4}, "1 in 2; expect 123"),
        ({"fmr": 1 / 2_340_000}, "1 in 2.3 million; expect 0.3"),
    ],
)
def test_strangers_are_told_with_two_digits(changes: dict[str, object], shown: str) -> None:
    assert show_strangers(make_strength(**changes)) == shown


def test_at_the_end_of_what_is_known_the_worst_that_is_likely_is_told() -> None:
    bound = make_strength(
        fmr=1e-7, fmr_high=1e-6, expected_strangers=0.01, is_extrapolated=True, is_bound=True
    )
    assert show_strangers(bound) == "<1 in 1 million; expect 0.1"


def test_what_was_never_measured_is_said_to_be() -> None:
    assert show_band(None) == "not measured"
    assert show_strangers(None) == ""
    assert describe_strength(None) is None


def test_a_search_shows_words_and_strangers(mien: Mien, album: Stage) -> None:
    answer = mien("search", probe(album, 3, seed=9), "--purpose", PURPOSE)
    assert answer.code == 0
    assert "weak" in answer.out
    assert "strong" in answer.out
    text = " ".join(answer.out.split())
    assert "among the 16 faces here" in text
    assert "none of them is an identification" in text


def test_json_has_the_rate_its_interval_and_what_is_expected(mien: Mien, album: Stage) -> None:
    answer = mien("search", probe(album, 3, seed=9), "--purpose", PURPOSE, "--json")
    first = answer.document["candidates"][0]["strength"]
    assert first["fmr_low"] <= first["fmr"] <= first["fmr_high"]
    assert first["expected_strangers"] == pytest.approx(16 * first["fmr"], rel=0.02)
    assert first["band"] in {band.value for band in Band}
    assert isinstance(first["is_bound"], bool)
    assert answer.document["faces_searched"] == 16


def test_several_photos_of_one_person_are_searched_together(mien: Mien, album: Stage) -> None:
    photos = [probe(album, 3, seed=seed) for seed in (9, 10)]
    answer = mien("search", *photos, "--purpose", PURPOSE, "--max-fmr", "1e-4")
    assert answer.code == 0
    assert "3-a.png" in answer.out.replace("\n", "")
    assert "up to half more often" in " ".join(answer.out.split())


def test_of_photos_of_two_people_nothing_is_said_of_strangers(mien: Mien, album: Stage) -> None:
    answer = mien("search", probe(album, 3, seed=9), probe(album, 4, seed=9), "--purpose", PURPOSE)
    assert answer.code == 0
    assert "may show different people" in answer.err
    assert "not measured" in answer.out
    assert "nothing is said of strangers" in " ".join(answer.out.split())


def test_a_photo_without_a_face_among_several_is_named(mien: Mien, album: Stage) -> None:
    empty = album.folder / "nobody.png"
    empty.write_bytes(draw_photo())
    answer = mien("search", probe(album, 3, seed=9), empty, "--purpose", PURPOSE)
    assert answer.code == 0
    assert "nobody.png shows no face" in answer.err


def test_a_rate_that_nothing_can_be_held_to_is_an_error(mien: Mien, album: Stage) -> None:
    answer = mien("search", probe(album, 3, seed=9), "--purpose", PURPOSE, "--max-fmr", "1e-300")
    assert answer.code == 2
    assert "known down to" in answer.err


def test_the_page_names_the_photo_whose_face_it_shows(mien: Mien, album: Stage) -> None:
    empty, page = album.folder / "nobody.png", album.folder / "page.html"
    empty.write_bytes(draw_photo())
    photo = probe(album, 3, seed=9)
    mien("search", empty, photo, "--purpose", PURPOSE, "--page", page)
    text = page.read_text(encoding="utf-8")
    assert photo.name in text
    assert "nobody.png" not in text
