"""Attempts to bring back somebody who opted out, or to read what is kept of them; all must fail."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import mien.service.optout as use_cases
from mien.errors import MienError, NotFoundError, SettingsError, SuppressionError
from mien.library import Library
from mien.permission.suppression import STRICTEST_FMR, USUAL_FMR
from mien.permission.verdict import Reason
from mien.service import erase as targets
from mien.service.suppression_records import subject_of
from mien.testing import draw_photo
from service.scenes import draw_scene, save_again
from service.stage import PURPOSE, Stage, names_of, query

ANN, BEN = 1, 60


@pytest.fixture
def home(stage: Stage) -> Stage:
    """Ann and Ben were held; Ann opted out of it by her face, and a host was blocked."""
    for scene, person in enumerate((ANN, BEN)):
        stage.photos.mkdir(exist_ok=True)
        (stage.photos / f"{person}.png").write_bytes(draw_scene(person, scene=scene))
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        library.optouts().face(stage.photos / f"{ANN}.png", consent="her letter")
        library.optouts().source("https://example.org/")
    return stage


def catalog(stage: Stage) -> Path:
    return stage.home / "catalog.db"


def keys(stage: Stage) -> Path:
    return stage.home / "keys" / "keys.db"


def check_out(stage: Stage) -> None:
    """Ann is neither found nor searched with, and a photo of hers brings nobody in."""
    with stage.open() as library:
        check_out_in(library, stage)


def check_out_in(library: Library, stage: Stage) -> None:
    new = stage.photos / "new.png"
    new.write_bytes(draw_scene(ANN, scene=50))
    report = library.add(new, grant=library.grants()[0].grant_id)
    assert report.faces == 0
    assert report.dropped == {Reason.FACE_SUPPRESSED: 1} or report.photos_known == 1
    result = library.search(draw_photo(ANN, seed=3), purpose=PURPOSE)
    assert (result.verdict.reasons, result.candidates) == ((Reason.FACE_SUPPRESSED,), ())
    found = library.search(draw_photo(BEN, seed=3), purpose=PURPOSE, limit=100)
    assert names_of(found) == [f"{BEN}.png"]


def check_out_or_refused(stage: Stage) -> None:
    """What does not open is no reason to go on without it."""
    try:
        check_out(stage)
    except MienError:
        with stage.open() as library:
            grant = library.grants()[0].grant_id
            for act in (
                lambda: library.add(stage.photos, grant=grant),
                lambda: library.search(draw_photo(ANN, seed=3), purpose=PURPOSE),
                lambda: library.search(draw_photo(BEN, seed=3), purpose=PURPOSE),
            ):
                with pytest.raises(MienError):
                    act()
    assert query(catalog(stage), "SELECT count(*) FROM faces") == [1]


def delete_catalog(stage: Stage) -> None:
    for path in stage.home.glob("catalog.db*"):
        path.unlink()


DELETIONS: dict[str, Callable[[Stage], object]] = {
    "the rows": lambda s: query(catalog(s), "DELETE FROM suppressions"),
    "the copies": lambda s: query(keys(s), "DELETE FROM suppressions"),
    "the keys": lambda s: query(keys(s), "DELETE FROM subject_keys"),
    "the way back": lambda s: query(
        keys(s), "DELETE FROM secrets WHERE name = 'recovery of suppressions'"
    ),
    "the catalog": delete_catalog,
}


@pytest.mark.parametrize("name", DELETIONS)
def test_deleting_one_thing_by_hand_brings_nobody_back(home: Stage, name: str) -> None:
    DELETIONS[name](home)
    if name == "the catalog":
        with home.open() as library:
            library.add(home.photos, grant=home.grant(library))
    check_out(home)
    check_out(home)  # and what was mended stays so


@pytest.mark.parametrize("name", ["the rows", "the copies", "the way back"])
def test_deleting_under_a_running_process_brings_nobody_back(home: Stage, name: str) -> None:
    with home.open() as library:
        DELETIONS[name](home)
        check_out_in(library, home)


def test_a_running_process_that_cannot_read_the_record_does_nothing(home: Stage) -> None:
    with home.open() as library:
        DELETIONS["the keys"](home)
        with pytest.raises(SuppressionError, match="cannot be read"):
            check_out_in(library, home)
    check_out(home)


@pytest.mark.parametrize("other", ["the copies", "the keys", "the way back"])
def test_deleting_rows_and_something_beside_the_keys_is_all_that_is_left_to_try(
    home: Stage, other: str
) -> None:
    """Both records gone: nothing can know. But any one that is left is enough, or stops it all."""
    DELETIONS["the way back"](home)
    if other != "the way back":
        DELETIONS[other](home)
    check_out_or_refused(home)


def edit(stage: Stage, statement: str, *values: object) -> None:
    query(catalog(stage), statement, *values)


EDITS: dict[str, Callable[[Stage], None]] = {
    "nonsense": lambda s: edit(s, "UPDATE suppressions SET sealed = ?", b"nonsense" * 8),
    "nothing": lambda s: edit(s, "UPDATE suppressions SET sealed = x''"),
    "an open record": lambda s: edit(
        s, "UPDATE suppressions SET sealed = ?", json.dumps({"fmr": 1e-3}).encode()
    ),
    "another level": lambda s: edit(s, "UPDATE suppressions SET level = 'source'"),
    "no level": lambda s: edit(s, "UPDATE suppressions SET level = 'none'"),
    "another id": lambda s: edit(
        s, "UPDATE suppressions SET uuid = substr(uuid, 1, 35) || 'z' WHERE level = 'face'"
    ),
    "the other's record": lambda s: edit(
        s,
        "UPDATE suppressions SET sealed = (SELECT sealed FROM suppressions WHERE level = 'source')",
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_row_keeps_them_out_or_stops_everything(home: Stage, name: str) -> None:
    EDITS[name](home)
    check_out_or_refused(home)


@pytest.mark.parametrize(
    "content",
    [b"", b"nonsense", b"{}", b'{"level": "face", "made_us": 0, "sealed": "", "portrait": null}'],
)
def test_an_edited_copy_keeps_them_out_or_stops_everything(home: Stage, content: bytes) -> None:
    query(keys(home), "UPDATE suppressions SET content = ?", content)
    query(catalog(home), "DELETE FROM suppressions")
    check_out_or_refused(home)


def test_a_record_of_another_home_does_not_open_here(home: Stage) -> None:
    other = Stage(home.folder / "other")
    with other.open() as library:
        library.optouts().face(draw_photo(BEN), consent="a letter")
    (foreign,) = query(
        other.home / "catalog.db", "SELECT sealed, portrait, recovery FROM suppressions"
    )
    statement = (
        "UPDATE suppressions SET sealed = ?, portrait = ?, recovery = ? WHERE level = 'face'"
    )
    edit(home, statement, *foreign)
    check_out_or_refused(home)


def test_a_planted_row_suppresses_nobody(home: Stage) -> None:
    """Whoever can write into the catalog alone cannot have somebody's photos erased."""
    columns = "uuid, level, made_at, sealed, portrait, recovery"
    edit(
        home,
        f"INSERT INTO suppressions ({columns}) VALUES (?, 'face', 0, ?, NULL, ?)",  # noqa: S608
        *("00000000-0000-0000-0000-00000000000b", b"planted" * 10, b"planted" * 10),
    )
    with home.open() as library:
        with pytest.raises(SuppressionError, match="0000b cannot be read"):
            library.search(draw_photo(BEN), purpose=PURPOSE)
        library.optouts().lift("00000000-0000-0000-0000-00000000000b", reason="planted")
    check_out(home)


@pytest.mark.parametrize("disguise", ["copy", "renamed", "another folder", "link", "another grant"])
def test_no_disguise_of_an_opted_out_photo_gets_in(stage: Stage, disguise: str) -> None:
    content = draw_scene(ANN, BEN, scene=1)
    stage.photos.mkdir()
    original = stage.photos / "a.png"
    original.write_bytes(content)
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
        library.optouts().item(original)
        if disguise == "copy":
            (stage.photos / "b.jpg").write_bytes(save_again(content, quality=40))
        elif disguise == "renamed":
            original.rename(stage.photos / "b.png")
        elif disguise == "another folder":
            (stage.photos / "below").mkdir()
            original.rename(stage.photos / "below" / "a.png")
        elif disguise == "link":
            (stage.photos / "b.png").symlink_to(original)
        else:
            grant = stage.grant(library, "another-purpose")
        report = library.add(stage.photos, grant=grant)
        assert set(report.refused) == {Reason.ITEM_SUPPRESSED}
        assert (report.photos_new, report.photos_known) == (0, 0)


@pytest.mark.parametrize(
    "path",
    ["north/../north/1.png", "./north/1.png", "north//1.png", "link/1.png", "north/link.png"],
)
def test_no_spelling_of_a_path_leads_into_an_opted_out_folder(stage: Stage, path: str) -> None:
    folder = stage.photos / "north"
    folder.mkdir(parents=True)
    (folder / "1.png").write_bytes(draw_photo(ANN))
    (folder / "link.png").symlink_to(folder / "1.png")
    (stage.photos / "link").symlink_to(folder)
    with stage.open() as library:
        grant = stage.grant(library)
        library.optouts().source(folder)
        report = library.add(f"{stage.photos}/{path}", grant=grant)
    assert report.refused == {Reason.SOURCE_SUPPRESSED: 1}


def test_no_public_call_lifts_an_opt_out_in_silence(home: Stage) -> None:
    """Lifting takes a reason and leaves an entry; no target of an erasure names an opt-out."""
    kinds = {
        getattr(target, "kind", "")
        for module in (targets, use_cases)
        for name, target in vars(module).items()
        if isinstance(target, type) and name.endswith("Target") and not name.startswith("_")
    }
    assert "suppression" not in kinds
    with home.open() as library:
        optout_id = library.optouts().list()[0].optout_id
        for target in (
            targets.FacesTarget((optout_id,)),
            targets.GrantorTarget(optout_id),
            targets.SourceTarget("https://example.org/"),
            targets.SourceTarget(optout_id),
        ):
            with pytest.raises(NotFoundError):
                library.erase(target)
        with pytest.raises(SettingsError):
            library.optouts().lift(optout_id, reason=" ")
        assert len(library.optouts().list()) == 2
    check_out(home)


@pytest.mark.parametrize("fmr", [1e-3 / 1.000001, 9.99e-4, 1e-9, -1.0, float("nan"), 0.5])
def test_nobody_can_make_an_opt_out_laxer(home: Stage, fmr: float) -> None:
    assert {USUAL_FMR, STRICTEST_FMR} == {1e-3, 1e-2}
    with home.open() as library, pytest.raises(SettingsError):
        library.optouts().face(draw_photo(BEN), consent="a letter", fmr=fmr)


@pytest.mark.parametrize(
    "name", ["MIEN_OPTOUT", "MIEN_SKIP_OPTOUT", "MIEN_SUPPRESSIONS", "MIEN_FMR", "MIEN_DEBUG"]
)
def test_no_environment_variable_changes_it(
    home: Stage, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for value in ("0", "off", "1"):
        monkeypatch.setenv(name, value)
        check_out(home)


def test_nothing_that_is_kept_of_them_can_be_read_without_the_vault(home: Stage) -> None:
    """No column holds anything in the open, and no library call hands it out."""
    with home.open() as library:
        known = library._deployment.suppressed.load(library._deployment.model)
        (own,) = (one for one in known.all if one.facts.templates)
        template = own.template_of(library._deployment.model)
        row = query(catalog(home), "SELECT sealed, portrait FROM suppressions WHERE level = 'face'")
        portrait = library._deployment.vault.subjects.unseal(
            row[0][1], subject=subject_of(own.uuid), context="portrait"
        )
        shown = [str(library.optouts().list()), str(library.audit().entries())]
    content = b"".join(path.read_bytes() for path in home.home.rglob("*") if path.is_file())
    needles = [
        template.astype("<f4").tobytes()[:24],
        template.astype("<f2").tobytes()[:12],
        base64.b64encode(template.astype("<f4").tobytes()[:24]),
        portrait[-200:-100],
        b"her letter",
        b"example.org",
    ]
    assert [needle for needle in needles if needle in content] == []
    assert not any("her letter" in text for text in shown)
    assert np.isfinite(template).all()
