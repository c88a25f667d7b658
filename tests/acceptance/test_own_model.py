"""A model of one's own on real photos: added, and a collection brought to it, with real networks.

The file is the converted network of the pack that comes with Mien, under a card of its own; so
every score must be what it was before.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from mien import Library
from mien.errors import WeightsError
from mien.service.migration import MigrationState
from mien.service.search import SearchResult
from mien.settings import Settings
from mien.vision.cards import get_card
from mien.vision.weights import WeightStore

pytestmark = pytest.mark.real

PURPOSE = "check-mien"
PEOPLE = ("001", "002")
DLIB = get_card("dlib-resnet-v1")


def write_card(path: Path) -> Path:
    """Everything that the card of the pack says of the converted network."""
    assert DLIB.alignment is not None
    lines = ['id = "mine"', 'licence = "CC0-1.0"', 'licence_terms = "free"', "[input]"]
    lines += ["side_px = 150", 'colour_order = "rgb"', "mean = [0, 0, 0]", "divisor = 1"]
    lines += ["[alignment]", f"points_px = {json.dumps(DLIB.alignment.points_px)}"]
    lines += [f"scales = {json.dumps(DLIB.alignment.scales)}", "mirrored = true"]
    lines += [f"centre_px = {json.dumps(DLIB.alignment.centre_px)}", "[embedding]"]
    path.write_text("\n".join([*lines, "dimension = 128"]))
    return path


@pytest.fixture(scope="module")
def graph(cache_folder: Path) -> Path:
    """The converted network, pulled where it is not here yet."""
    store = WeightStore(cache_folder / "models")
    try:
        store.pull(get_card("centerface"))
        return store.pull(DLIB)
    except WeightsError as error:
        pytest.skip(f"no weights: {error}")


@pytest.fixture
def library(data_folder: Path, cache_folder: Path, tmp_path: Path) -> Iterator[Library]:
    """Two photos each of two people."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for path in sorted((data_folder / "london").iterdir()):
        if path.name.startswith(PEOPLE):
            shutil.copy(path, photos)
    settings = Settings(home=tmp_path / "home", cache=cache_folder)
    with Library(settings=settings) as opened:
        grant = opened.grant(
            photos,
            grantor="the photos' publishers",
            purposes=[PURPOSE],
            basis="household",
            until=date(2099, 12, 31),
        )
        assert opened.add(photos, grant=grant.grant_id).faces == 2 * len(PEOPLE)
        yield opened


def search(library: Library, photos: Path) -> SearchResult:
    return library.search(photos / "001_smiling.jpg", purpose=PURPOSE)


def scores_of(result: SearchResult) -> dict[str, float]:
    return {one.face.locations[0].uri.rsplit("/", 1)[-1]: one.score for one in result.candidates}


def test_a_collection_moves_to_a_model_of_ones_own(
    library: Library, graph: Path, tmp_path: Path
) -> None:
    models = library.models()
    added = models.add(graph, card=write_card(tmp_path / "card.toml"))
    assert added.input.side_px == 150
    models.check("mine")
    before = scores_of(search(library, tmp_path / "photos"))
    dry = models.migrate("default", to="mine", is_dry=True)
    assert (dry.faces, dry.sampled, dry.matched) == (4, 4, 4)
    report = models.migrate("default", to="mine")
    assert (report.state, report.made, report.found) == (MigrationState.SWITCHED, 4, 0)
    result = search(library, tmp_path / "photos")
    assert library.collections()[0].model_id == "mine"
    after = scores_of(result)
    assert list(after)[:2] == ["001_smiling.jpg", "001_neutral.jpg"]
    assert after == pytest.approx(before, abs=2e-3)
