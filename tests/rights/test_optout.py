"""What regulators demanded of Clearview: opting out (R21), for ever (R23), of vectors too (R6)."""

from __future__ import annotations

import inspect
import shutil
from dataclasses import fields
from datetime import date, timedelta
from pathlib import Path

import pytest

from mien.library import Library
from mien.permission.verdict import Reason
from mien.service.erase import BeforeTarget, GrantorTarget
from mien.service.optout import OptOut
from mien.service.optouts import OptOuts
from mien.testing import draw_photo
from service.scenes import draw_scene
from service.stage import PURPOSE, Stage, names_of, query
from service.traces import find_traces

ANN, BEN = 1, 60
LEVELS = ("item", "source", "face")


def fill(stage: Stage, library: Library) -> str:
    """Ann and Ben, each in a folder of their own."""
    for scene, person in enumerate((ANN, BEN)):
        folder = stage.photos / str(person)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{person}.png").write_bytes(draw_scene(person, scene=scene))
    grant = stage.grant(library)
    assert library.add(stage.photos, grant=grant).faces == 2
    return grant


def opt_out(library: Library, stage: Stage, level: str = "face") -> str:
    own = stage.photos / str(ANN)
    if level == "item":
        return library.optouts().item(own / f"{ANN}.png").optouts[0].optout_id
    if level == "source":
        return library.optouts().source(own).optouts[0].optout_id
    photo = draw_photo(ANN, seed=77)
    return library.optouts().face(photo, consent="her letter").optouts[0].optout_id


def names_shown(library: Library, person: int) -> list[str]:
    return names_of(library.search(draw_photo(person, seed=5), purpose=PURPOSE, limit=100))


def check_out(stage: Stage, level: str, *, grant: str) -> None:
    """Nothing of Ann is in an answer, and adding her folder changes nothing of that."""
    with stage.open() as library:
        library.add(stage.photos, grant=grant)
        assert names_shown(library, ANN) == ([] if level == "face" else [f"{BEN}.png"])
        assert names_shown(library, BEN) == [f"{BEN}.png"]


def test_r21_an_opted_out_face_gives_no_results_as_probe_and_is_none(stage: Stage) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        assert f"{ANN}.png" in names_shown(library, ANN)
        opt_out(library, stage)
        result = library.search(draw_photo(ANN, seed=5), purpose=PURPOSE, limit=100)
        assert result.verdict.reasons == (Reason.FACE_SUPPRESSED,)
        assert (result.candidates, result.probe) == ((), None)
        for collection in ("default", "another"):
            library.add(stage.photos, grant=grant, collection=collection)
            found = library.search(
                draw_photo(BEN, seed=5), purpose=PURPOSE, collection=collection, limit=100
            )
            assert f"{ANN}.png" not in names_of(found)


@pytest.mark.parametrize("level", LEVELS)
def test_r21_every_level_takes_effect_at_once_and_for_what_comes_later(
    stage: Stage, level: str
) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        opt_out(library, stage, level)
        assert names_shown(library, BEN) == [f"{BEN}.png"]
        assert query(stage.home / "catalog.db", "SELECT count(*) FROM faces") == [1]
    check_out(stage, level, grant=grant)


def test_r21_nobody_is_asked_who_they_are(stage: Stage) -> None:
    """No account, no document: what is asked for is what has to be known again."""
    asked = {
        name: [p for p in inspect.signature(getattr(OptOuts, name)).parameters if p != "self"]
        for name in LEVELS
    }
    assert asked == {
        "item": ["items"],
        "source": ["place"],
        "face": ["photo", "consent", "face", "fmr"],
    }
    with stage.open() as library:
        fill(stage, library)
        for level in ("item", "source"):
            opt_out(library, stage, level)


@pytest.mark.parametrize("level", LEVELS)
def test_r23_an_opt_out_has_no_end(stage: Stage, level: str) -> None:
    with stage.open() as library:
        fill(stage, library)
        opt_out(library, stage, level)
    stage.now += timedelta(days=365 * 30)
    with stage.open() as library:
        library.examine()
        grant = stage.grant(library, days=365)
        assert len(library.optouts().list()) == 1
    check_out(stage, level, grant=grant)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("parts", [("catalog.db", "blobs"), ("keys",)], ids="+".join)
def test_r23_a_restored_backup_lets_nobody_back_in(
    stage: Stage, level: str, parts: tuple[str, ...]
) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
    backup = Path(shutil.copytree(stage.home, stage.folder / "backup"))
    with stage.open() as library:
        opt_out(library, stage, level)
    for name in parts:
        for old in stage.home.glob(f"{name}*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        source = backup / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, stage.home / name)
    check_out(stage, level, grant=grant)


@pytest.mark.parametrize("level", LEVELS)
def test_r23_erasing_everything_else_leaves_the_opt_out(stage: Stage, level: str) -> None:
    with stage.open() as library:
        fill(stage, library)
        opt_out(library, stage, level)
        library.erase(BeforeTarget(date(2031, 1, 1)))
        library.erase(GrantorTarget("A. Holder"))
        grant = stage.grant(library)
        assert len(library.optouts().list()) == 1
    check_out(stage, level, grant=grant)


@pytest.mark.parametrize("level", LEVELS)
def test_r6_a_lifted_opt_out_leaves_no_byte(stage: Stage, level: str) -> None:
    with stage.open() as library:
        fill(stage, library)
        made = opt_out(library, stage, level)
        traces = {"id": made.encode(), **traces_of_optout(stage)}
        assert len(find_traces(stage.home, traces)) >= len(traces)
        report = library.optouts().lift(made, reason="she changed her mind")
        assert report.erased["suppressions"] == 1
        assert set(report.left.values()) == {0}
        assert report.certificate
    assert find_traces(stage.home, traces) == []
    assert find_traces(stage.home, {"reason": b"she changed her mind"}) == []


def traces_of_optout(stage: Stage) -> dict[str, bytes]:
    """All that is kept of the one opt-out, sealed as it is, and the keys to it."""
    names = ("sealed", "portrait", "recovery")
    statement = f"SELECT {', '.join(names)} FROM suppressions"  # noqa: S608  (names above)
    (kept,) = query(stage.home / "catalog.db", statement)
    (wrapped,) = query(stage.home / "keys" / "keys.db", "SELECT wrapped FROM subject_keys")
    found = dict(zip(names, kept, strict=True)) | {"wrapped key": wrapped}
    return {name: value for name, value in found.items() if value}


def test_r6_nothing_hands_out_what_is_kept_of_a_face(stage: Stage) -> None:
    """Neither the template nor the picture: they are there to be compared with, and for no more."""
    with stage.open() as library:
        fill(stage, library)
        opt_out(library, stage)
        (listed,) = library.optouts().list()
    assert {field.name for field in fields(OptOut)} == {
        *("optout_id", "level", "made_at", "kept_out", "fmr", "finds_copies", "is_readable")
    }
    assert listed.kept_out == ""
