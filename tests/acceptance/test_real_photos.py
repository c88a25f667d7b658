"""The main job on real photos: what the README promises, through the public library."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from mien import Library
from mien.service.search import Candidate
from mien.settings import Settings

pytestmark = [pytest.mark.real, pytest.mark.slow]

PURPOSE = "check-mien"
DAD = {"Family1-Dad1.jpg", "Family1-Dad2.jpg", "Family1-Dad3.jpg", "identification1.jpg"}


@pytest.fixture(scope="module")
def library(
    data_folder: Path, cache_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Library]:
    home = tmp_path_factory.mktemp("home")
    settings = Settings(home=home, cache=cache_folder)
    with Library(settings=settings) as opened:
        grant = opened.grant(
            data_folder,
            grantor="the photos' publishers",
            purposes=[PURPOSE],
            basis="household",
            until=date(2099, 12, 31),
        )
        for name in ("families", "london"):
            report = opened.add(data_folder / name, grant=grant.grant_id, collection=name)
            assert not report.failed
            assert not report.refused
        yield opened


def names_of(candidates: tuple[Candidate, ...]) -> list[str]:
    return [candidate.face.locations[0].uri.rsplit("/", 1)[-1] for candidate in candidates]


def test_all_photos_of_a_man_rank_above_everybody_else(library: Library, data_folder: Path) -> None:
    probe = data_folder / "families" / "Family1-Dad1.jpg"
    result = library.search(probe, purpose=PURPOSE, collection="families", limit=33)
    assert set(names_of(result.candidates)[: len(DAD)]) == DAD


def test_a_member_of_the_group_photo_is_found_by_choosing_the_face(
    library: Library, data_folder: Path
) -> None:
    group = data_folder / "families" / "identification1.jpg"
    first = library.search(group, purpose=PURPOSE, collection="families", limit=1)
    assert first.probe is not None
    found = {
        names_of(
            library.search(
                group, purpose=PURPOSE, collection="families", face=number, limit=2
            ).candidates
        )[1][: len("Family1-D")]
        for number in range(len(first.probe.analysis.faces))
    }
    assert {"Family1-D", "Family1-M", "Family1-S"} <= found


def test_every_smiling_photo_finds_the_neutral_one_of_the_same_person_first(
    library: Library, data_folder: Path
) -> None:
    probes = sorted((data_folder / "london").glob("*_smiling.jpg"))
    missed = []
    for probe in probes:
        result = library.search(probe, purpose=PURPOSE, collection="london", limit=103)
        neutral = [name for name in names_of(result.candidates) if name.endswith("_neutral.jpg")]
        if neutral[0] != probe.name.replace("smiling", "neutral"):
            missed.append(probe.name)
    assert len(probes) == 102
    assert missed == []


def test_every_portrait_shows_one_face(library: Library) -> None:
    (london,) = [found for found in library.collections() if found.name == "london"]
    assert (london.photos, london.faces) == (204, 204)


def test_scores_are_cosines_and_a_photo_is_most_like_itself(
    library: Library, data_folder: Path
) -> None:
    probe = data_folder / "london" / "001_neutral.jpg"
    result = library.search(probe, purpose=PURPOSE, collection="london", limit=204)
    scores = [candidate.score for candidate in result.candidates]
    assert names_of(result.candidates)[0] == probe.name
    assert scores[0] == max(scores) == pytest.approx(1.0, abs=1e-3)
    strengths = [one.strength.normalised_score for one in result.candidates if one.strength]
    assert len(strengths) == 204
    assert strengths == sorted(strengths, reverse=True)
    assert min(scores) > -1


def test_nothing_of_the_photos_lies_in_the_home_in_the_clear(
    library: Library, data_folder: Path
) -> None:
    jpeg_start = b"\xff\xd8\xff"
    content = b"".join(
        path.read_bytes() for path in library.settings.home.rglob("*") if path.is_file()
    )
    assert (data_folder / "london" / "001_neutral.jpg").read_bytes()[:4096] not in content
    for path in (library.settings.home / "blobs").rglob("*"):
        assert path.is_dir() or not path.read_bytes()[8:].startswith(jpeg_start)
