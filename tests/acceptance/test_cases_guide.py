"""The examples of the guide to cases, run as they stand, with stand-ins for the models."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from house.source import ROOT
from mien.cli.main import main
from mien.library import Library
from mien.settings import Settings
from mien.testing import FakeModels, draw_photo
from service.inbox import publish
from service.stage import Stage, query

GUIDE = (ROOT / "docs" / "guide" / "cases.md").read_text("utf-8")
CASE, PHOTO, FACES = "5f0c…", "9f86…", ("8f14…", "45c4…")
ANN = 1


def example(name: str) -> list[str]:
    """The commands of the block after a marker."""
    found = re.search(rf"<!-- example: {name} -->\n```console\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    return [line[2:] for line in found[1].splitlines() if line.startswith("$ ")]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """An archive with three photos of Ann, one of which comes from a photo house's site."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MIEN_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("mien.library.InstalledModels", lambda *_, **__: FakeModels())
    (tmp_path / "ann.jpg").write_bytes(draw_photo(ANN, seed=99))
    stage = Stage(tmp_path)
    with Library(settings=Settings(home=stage.home), models=FakeModels()) as library:
        site = stage.grant(library, scope="https://photos.example.org/", grantor="A. Holder")
        uri = "https://photos.example.org/ann.jpg"
        publish(library, stage.draw("site.png", ANN), uri=uri, grant=site)
        own = stage.grant(library, grantor="Anne Eck", days=9999)
        stage.draw("album/ann.png", ANN)
        stage.draw("album/two.png", ANN, 5)
        library.add(stage.photos / "album", grant=own)
    return stage


def run(stage: Stage, name: str, capsys: pytest.CaptureFixture[str], *, case_id: str = "") -> str:
    """Runs the commands of an example; the id of the case."""
    catalog = stage.home / "catalog.db"
    known = {
        PHOTO: query(
            catalog,
            "SELECT p.sha256 FROM photos p JOIN locations l ON l.photo_id = p.id"
            " WHERE uri LIKE '%/album/ann.png'",
        )[0],
        **dict(zip(FACES, query(catalog, "SELECT uuid FROM faces ORDER BY id DESC"), strict=False)),
    }
    for command in example(name):
        text = command.replace(CASE, case_id)
        for shortened, value in known.items():
            text = text.replace(shortened, str(value))
        words = shlex.split(text)
        assert words[0] == "mien"
        assert main(words[1:]) == 0, capsys.readouterr().err
        shown = capsys.readouterr().out
        if shown.startswith("Case opened: "):
            case_id = shown.split()[2]
    return case_id


def places(stage: Stage) -> set[str]:
    uris = query(stage.home / "catalog.db", "SELECT uri FROM locations WHERE state = 'present'")
    return {str(uri).rsplit("/", 1)[-1] for uri in uris}


def states(stage: Stage) -> list[str]:
    statement = "SELECT state FROM case_events ORDER BY case_id, number"
    return [str(state) for state in query(stage.home / "catalog.db", statement)]


def test_the_takedown_goes_as_the_guide_says(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert places(stage) == {"ann.jpg", "ann.png", "two.png"}
    run(stage, "takedown", capsys)
    assert places(stage) == {"ann.png", "two.png"}
    assert states(stage)[-1] == "closed"
    answer = stage.folder / "answer-to-photo-house"
    assert {path.name for path in answer.iterdir()} == {
        *("letter.md", "acknowledgement.json", "certificate-1.json", "proof.json")
    }
    letter = (answer / "letter.md").read_text("utf-8")
    for part in ("Photo House Ltd", "photos.example.org", "They hold the rights."):
        assert part in letter
    revoked = "SELECT grantor FROM grants WHERE revoked_at IS NOT NULL"
    assert query(stage.home / "catalog.db", revoked) == ["A. Holder"]


def test_the_access_goes_as_the_guide_says(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    run(stage, "access", capsys)
    assert states(stage)[-1] == "closed"
    answer = stage.folder / "answer-to-ann"
    assert {path.name for path in answer.iterdir()} == {
        *("letter.md", "acknowledgement.json", "proof.json"),
        *("held.json", "held.md", "crops", "thumbnails"),
    }
    assert "Anne Eck" in (answer / "held.md").read_text("utf-8")


def test_the_lookalikes_are_confirmed_as_the_guide_says(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that the guide names, the newest two faces here, must have been found."""
    words = ["case", "open", "--kind", "access", "--from", "Ann Ek", "--like", "ann.jpg"]
    assert main(words) == 0
    case_id = capsys.readouterr().out.split()[2]
    for command in example("confirm"):
        found = query(
            stage.home / "catalog.db",
            "SELECT uuid FROM faces f JOIN indexed_photos i ON i.id = f.indexed_photo_id"
            " WHERE f.x1 < 20 ORDER BY f.id",
        )
        text = command.replace(CASE, case_id)
        for shortened, uuid in zip(FACES, found, strict=False):
            text = text.replace(shortened, uuid)
        assert main(shlex.split(text)[1:]) == 0, capsys.readouterr().err
    assert states(stage) == ["received"] * 3


def test_the_corrections_are_made_as_the_guide_says(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    run(stage, "rectification", capsys)
    ids = query(stage.home / "catalog.db", "SELECT uuid FROM cases")
    for case_id in ids:
        assert main(["case", "decide", case_id, "--grant"]) == 0
    assert "Ann Ek" in query(stage.home / "catalog.db", "SELECT grantor FROM grants")
    found = query(stage.home / "catalog.db", "SELECT credit FROM photos")
    assert sorted(found) == ["", "", "Ann Ek"]


def test_the_python_of_the_guide_runs(stage: Stage) -> None:
    found = re.search(r"<!-- example: python -->\n```python\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    sha256 = query(stage.home / "catalog.db", "SELECT sha256 FROM photos")[0]
    program = found[1].replace(PHOTO, sha256)
    with Library(settings=Settings(home=stage.home), models=FakeModels()) as library:
        exec(compile(program, "cases.md", "exec"), {"library": library})  # noqa: S102  (our own guide)
        assert [case.state for case in library.cases().list()] == ["verified"]
    assert len(places(stage)) == 2


def test_every_kind_and_every_way_has_its_row() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", GUIDE, re.MULTILINE)
    ways = [row.split()[0] for row in rows if row.startswith("--")]
    assert ways == [*("--photo", "--face", "--source", "--host", "--grantor", "--person", "--like")]
    kinds = [row for row in rows if not row.startswith("--")]
    assert kinds == ["takedown", "access", "objection", "erasure", "rectification"]
