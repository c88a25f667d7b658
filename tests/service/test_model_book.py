"""Models from Python: fetched from a site on this machine, licences asked for, own files added."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from mien.errors import (
    ConflictError,
    LicenceNotAcceptedError,
    ModelError,
    WeightsError,
    WeightsMismatchError,
)
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.verdict import Reason
from mien.settings import Settings
from service.model_shop import shop
from service.stage import PURPOSE, Stage
from vision.networks import build_recogniser
from vision.site import Site
from vision.test_shelf import CARD

LICENCE = "InsightFace non-commercial research"


@pytest.fixture
def sites() -> Iterator[dict[str, Site]]:
    with shop() as sites:
        yield sites


def open_library(stage: Stage, **changes: object) -> Library:
    """With the models as they are installed, and no stand-ins."""
    settings = Settings(home=stage.home, cache=stage.folder / "cache", **changes)  # type: ignore[arg-type]
    return Library(settings=settings, clock=lambda: stage.now)


def write_own(stage: Stage, *, dimension: int = 512) -> tuple[Path, Path]:
    file, card = stage.folder / "mine.onnx", stage.folder / "card.toml"
    file.write_bytes(build_recogniser(dimension))
    card.write_text(CARD)
    return file, card


def actions_of(library: Library) -> list[dict[str, object]]:
    return [dict(entry) for entry in library.audit().entries()]


def test_a_free_pack_is_fetched_chosen_and_used(stage: Stage, sites: dict[str, Site]) -> None:
    with open_library(stage) as library:
        models = library.models()
        with pytest.raises(WeightsError, match="mien models pull sface"):
            models.use("sface")
        steps: list[str] = []
        assert models.pull("sface", progress=steps.append).is_allowed
        assert [step.split()[1] for step in steps] == ["YuNet", "SFace"]
        assert models.use("sface").is_allowed
        assert {one.card.id for one in models.list() if one.is_used} == {"yunet", "sface"}
    assert [len(site.asked) for site in sites.values()].count(1) == 2
    with open_library(stage) as again:
        made = again.create_collection("club", basis=Basis.HOUSEHOLD)
        assert made.model_id == "sface"


def test_the_environment_wins_over_what_was_chosen(stage: Stage, sites: dict[str, Site]) -> None:
    with open_library(stage) as library:
        library.models().pull("sface")
        library.models().use("sface")
    with open_library(stage, pack="open") as library:
        assert library.create_collection("club", basis=Basis.HOUSEHOLD).model_id == "dlib-resnet-v1"
    with open_library(stage, pack="nothing") as library, pytest.raises(ModelError, match="nothing"):
        library.create_collection("other", basis=Basis.HOUSEHOLD)


def test_a_licence_that_is_not_free_is_asked_for(stage: Stage, sites: dict[str, Site]) -> None:
    with open_library(stage) as library:
        models = library.models()
        for words in ("", "yes", "Apache-2.0"):
            verdict = models.pull("buffalo_l", accept_licence=words)
            assert verdict.reasons == (Reason.LICENCE_NOT_ACCEPTED,)
            assert models.use("buffalo_l", accept_licence=words).reasons == verdict.reasons
        assert all(site.asked == [] for site in sites.values())
        assert models.pull("buffalo_l", accept_licence=LICENCE).is_allowed
        assert models.use("buffalo_l").is_allowed
        (entry,) = [one for one in actions_of(library) if one["action"] == "licence-accepted"]
        assert entry["facts"]["model"] == "arcface-w600k-r50"  # type: ignore[index]
        assert entry["facts"]["licence"] == LICENCE  # type: ignore[index]
        assert models.get("arcface-w600k-r50").is_accepted
        assert not models.get("arcface-w600k-mbf").is_accepted


def test_nothing_runs_before_its_licence_was_accepted(stage: Stage, sites: dict[str, Site]) -> None:
    """Its weights are here, put there by hand, and the environment names it."""
    with open_library(stage) as library:
        library.models().pull("buffalo_l", accept_licence=LICENCE)
    (stage.home / "models" / "choices.toml").unlink()
    stage.photos.mkdir()
    (stage.photos / "a.png").write_bytes(build_png())
    with open_library(stage, pack="buffalo_l") as library:
        grant = stage.grant(library)
        with pytest.raises(LicenceNotAcceptedError, match="mien models pull arcface-w600k-r50"):
            library.add(stage.photos, grant=grant)


def build_png() -> bytes:
    """A photo of one face, as the small detector sees it."""
    picture = Image.new("RGB", (640, 480), (128, 128, 128))
    picture.paste((0, 0, 255), (64, 96, 96, 128))
    stream = io.BytesIO()
    picture.save(stream, "png")
    return stream.getvalue()


def test_photos_are_found_with_an_unmeasured_pack(stage: Stage, sites: dict[str, Site]) -> None:
    """Through everything, with small files in the form of the published ones."""
    stage.photos.mkdir()
    (stage.photos / "a.png").write_bytes(build_png())
    with open_library(stage, pack="auraface") as library:
        library.models().pull("auraface")
        report = library.add(stage.photos, grant=stage.grant(library))
        assert (report.photos_new, report.faces) == (1, 1)
        result = library.search(stage.photos / "a.png", purpose=PURPOSE)
        (candidate,) = result.candidates
        assert candidate.score == pytest.approx(1, abs=1e-3)
        assert library.examine().collections[0].unreadable_faces == 0


def test_a_file_of_ones_own_is_added_checked_and_removed(stage: Stage) -> None:
    file, card = write_own(stage)
    with open_library(stage) as library:
        models = library.models()
        added = models.add(file, card=card)
        state = models.get("mine")
        assert (state.card, state.is_own, state.is_pulled) == (added, True, True)
        models.check("mine")
        assert models.use("mine").reasons == (Reason.LICENCE_NOT_ACCEPTED,)
        with pytest.raises(WeightsError, match="mien models pull mine"):  # its detector
            models.use("mine", accept_licence="only for me")
        with pytest.raises(WeightsError, match="centerface"):
            models.check("centerface")
        models.remove("mine")
        with pytest.raises(ModelError, match="no model 'mine'"):
            models.get("mine")
        told = [one["action"] for one in actions_of(library)]
        assert told.count("model-added") == told.count("model-removed") == 1


def test_a_model_in_use_is_not_removed(stage: Stage, sites: dict[str, Site]) -> None:
    with open_library(stage) as library:
        models = library.models()
        models.pull("sface")
        models.use("sface")
        with pytest.raises(ConflictError, match="is in use"):
            models.remove("sface")
    with open_library(stage) as library:
        library.create_collection("club", basis=Basis.HOUSEHOLD)
        library.models().use("open")
        for part in ("sface", "yunet"):
            with pytest.raises(ConflictError, match=f"A collection is of {part}"):
                library.models().remove(part)
        assert library.models().get("sface").is_pulled


def test_removing_weights_that_were_fetched_keeps_the_card(
    stage: Stage, sites: dict[str, Site]
) -> None:
    with open_library(stage) as library:
        models = library.models()
        models.pull("buffalo_s", accept_licence=LICENCE)
        models.remove("arcface-w600k-mbf")
        state = models.get("arcface-w600k-mbf")
        assert (state.is_pulled, state.is_accepted) == (False, False)


def test_a_site_that_gives_other_bytes_is_not_believed(
    stage: Stage, sites: dict[str, Site]
) -> None:
    content = sites["sface"].content
    sites["sface"].content = content[:-1] + bytes([content[-1] ^ 1])
    with open_library(stage) as library:
        with pytest.raises(WeightsMismatchError, match="it was not kept"):
            library.models().pull("sface")
        assert not library.models().get("sface").is_pulled


def test_a_card_or_file_that_cannot_be_read_is_told(stage: Stage) -> None:
    file, card = write_own(stage)
    with open_library(stage) as library:
        with pytest.raises(ModelError, match=r"nothing\.toml cannot be read"):
            library.models().add(file, card=stage.folder / "nothing.toml")
        with pytest.raises(ModelError, match=r"nothing\.onnx cannot be read"):
            library.models().add(stage.folder / "nothing.onnx", card=card)
