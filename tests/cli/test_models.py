"""`mien models`: licences shown and asked for, files of one's own, and the way to another model."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Iterator

import pytest

from cli.conftest import Mien
from cli.test_commands import check_error
from mien.cli import main as command
from mien.cli import options
from mien.library import Library
from service.model_shop import shop
from service.packs import OTHER, two_packs
from service.stage import PURPOSE, Stage, query
from service.test_model_book import LICENCE, write_own
from vision.networks import build_recogniser
from vision.site import Site


@pytest.fixture
def sites(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Site]]:
    monkeypatch.setenv("MIEN_CACHE", str(stage.folder / "cache"))
    with shop() as sites:
        yield sites


def ids(document: dict[str, object], flag: str) -> set[str]:
    models = document["models"]
    assert isinstance(models, list)
    return {model["id"] for model in models if model[flag]}


def test_every_model_is_listed_with_what_its_licence_allows(
    mien: Mien, sites: dict[str, Site]
) -> None:
    document = mien("models", "list", "--json").document
    assert {model["licence_terms"] for model in document["models"]} == {"free", "non-commercial"}
    assert ids(document, "is_in_use") == {"centerface", "dlib-resnet-v1"}
    assert ids(document, "is_pulled") == ids(document, "is_own") == set()
    table = mien("models", "list").out
    assert "InsightFace non-commercial research" in table
    assert "every use" in table


def test_listing_opens_no_home(mien: Mien, stage: Stage, sites: dict[str, Site]) -> None:
    assert mien("models", "list").code == mien("models", "show", "sface").code == 0
    assert mien("models", "pull", "sface").code == mien("models", "check", "sface").code == 0
    assert not stage.home.exists()


def test_a_pack_is_pulled_and_chosen(mien: Mien, sites: dict[str, Site]) -> None:
    check_error(mien("models", "use", "sface", "--json"), 1, "weights")
    pulled = mien("models", "pull", "sface", "--json")
    assert ids(pulled.document, "is_pulled") == {"yunet", "sface"}
    assert "fetching SFace" in pulled.err
    assert mien("models", "use", "sface").out == "New collections are made with sface.\n"
    assert ids(mien("models", "list", "--json").document, "is_in_use") == {"yunet", "sface"}
    assert mien("models", "pull").out == "Ready: yunet, sface\n"
    assert "is what its card says" in mien("models", "check", "sface").out


def test_a_pack_that_is_gone_can_be_left(
    mien: Mien, stage: Stage, sites: dict[str, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    (stage.home / "models").mkdir(parents=True)
    (stage.home / "models" / "choices.toml").write_text('pack = "gone"\n')
    assert ids(mien("models", "list", "--json").document, "is_in_use") == set()
    check_error(mien("models", "pull", "--json"), 2, "model")
    assert mien("models", "use", "open").code == 0
    assert ids(mien("models", "list", "--json").document, "is_in_use")
    monkeypatch.setenv("MIEN_PACK", "sfaec")
    assert mien("models", "list").code == 0


def test_a_licence_is_refused_without_a_terminal(mien: Mien, sites: dict[str, Site]) -> None:
    for words in (("pull", "buffalo_s"), ("use", "buffalo_s"), ("pull", "arcface-w600k-mbf")):
        refused = mien("models", *words)
        assert refused.code == 3
        assert "[licence-not-accepted]" in refused.err
        assert LICENCE in refused.err
    assert mien("models", "pull", "buffalo_s", "--accept-licence", "MIT").code == 3
    assert all(site.asked == [] for site in sites.values())


def test_a_licence_is_accepted_by_its_name_and_recorded(mien: Mien, sites: dict[str, Site]) -> None:
    accepted = mien("models", "pull", "buffalo_s", "--accept-licence", LICENCE)
    assert accepted.code == 0
    assert mien("models", "use", "buffalo_s").code == 0
    shown = mien("models", "show", "arcface-w600k-mbf", "--json").document
    assert (shown["is_licence_accepted"], shown["is_in_use"]) == (True, True)
    assert shown["measured_on"] == "not measured"
    log = mien("audit", "show", "--json").document["entries"]
    assert [entry["action"] for entry in log] == ["licence-accepted", "model-chosen"]


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 130)])
def test_a_licence_is_asked_for_at_a_terminal(
    mien: Mien,
    sites: dict[str, Site],
    monkeypatch: pytest.MonkeyPatch,
    *,
    answer: str,
    code: int,
) -> None:
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    pulled = mien("models", "pull", "buffalo_s")
    assert pulled.code == code
    assert "Do you accept this licence" in pulled.err
    assert bool(sites["arcface-w600k-mbf"].asked) == (code == 0)


def test_a_file_of_ones_own_is_added_shown_and_removed(mien: Mien, stage: Stage) -> None:
    file, card = write_own(stage)
    added = mien("models", "add", file, "--card", card, "--json").document
    assert (added["id"], added["is_own"], added["dimension"]) == ("mine", True, 512)
    assert mien("models", "check", "mine", "--json").document["is_sound"]
    file.write_bytes(build_recogniser(seed=1))
    check_error(mien("models", "add", file, "--card", card, "--json"), 2, "model")
    assert mien("models", "remove", "mine").out == "Removed mine.\n"
    check_error(mien("models", "show", "mine", "--json"), 2, "model")


def test_a_report_that_is_none_is_told(mien: Mien, stage: Stage) -> None:
    file, card = write_own(stage)
    mien("models", "add", file, "--card", card)
    measure = ("models", "measure", "mine", "--json", "--report")
    check_error(mien(*measure, card), 2, "model")
    report = stage.folder / "report.json"
    report.write_text("{}")
    answer = mien(*measure, report)
    assert answer.code != 0
    assert "mien evaluate --json" in answer.document["error"]["message"]


def test_a_card_with_a_mistake_says_where(mien: Mien, stage: Stage) -> None:
    file, card = write_own(stage)
    card.write_text(card.read_text().replace("dimension", "dimensions"))
    message = check_error(mien("models", "add", file, "--card", card, "--json"), 2, "model")
    assert "embedding.dimensions" in message


@pytest.fixture
def album(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    packs = two_packs(stage)
    monkeypatch.setenv("MIEN_HOME", str(stage.home))
    monkeypatch.setattr(options, "Library", functools.partial(Library, models=packs))
    for person, name in enumerate(("ann", "ben", "cat")):
        stage.draw(f"{name}.png", person + 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
    return stage


def migrate(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = command.main(["models", "migrate", "default", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_collection_is_migrated_step_by_step(
    album: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    (album.photos / "cat.png").rename(album.folder / "cat.png")
    code, out, err = migrate(capsys, "--to", OTHER, "--dry-run")
    assert code == 0
    assert "2 of 3 faces can be described by other." in out
    assert "it found 2 of 2 of them again" in out
    assert "1 faces cannot be described anew: unreadable" in err
    code, out, err = migrate(capsys, "--to", OTHER)
    assert (code, out) == (3, "2 of 3 faces are done. The old model answers.\n")
    assert "--accept-loss 1" in err
    code, _, err = migrate(capsys, "--to", OTHER, "--accept-loss", "2")
    assert code == 2
    assert "1 templates would be lost, not 2" in err
    (album.folder / "cat.png").rename(album.photos / "cat.png")
    code, out, err = migrate(capsys, "--to", OTHER)
    assert (code, err) == (0, "")
    assert out == "Done: 3 faces are of other, and nothing else is left.\n"
    assert query(album.home / "catalog.db", "SELECT model_id FROM collections") == ["other"]


def test_a_migration_is_given_up(album: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    (album.photos / "cat.png").unlink()
    migrate(capsys, "--to", OTHER)
    code, out, _ = migrate(capsys, "--abandon", "--json")
    assert (code, '"removed": 2' in out) == (0, True)
    assert migrate(capsys, "--abandon")[0] == 2


def test_a_pack_is_named_or_a_migration_given_up(
    album: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in ((), ("--to", OTHER, "--abandon")):
        code, _, err = migrate(capsys, *words)
        assert code == 2
        assert "--abandon" in err


def test_a_report_for_programs_is_whole(album: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = migrate(capsys, "--to", OTHER, "--json")
    document = json.loads(out)
    assert code == 0
    assert (document["state"], document["made"], document["lost"]) == ("switched", 3, {})
    with album.open() as library:
        library.revoke(library.grants()[0].grant_id)
        assert not library.search(album.photos / "ann.png", purpose=PURPOSE).verdict.is_allowed
    query(album.home / "catalog.db", "UPDATE collections SET purposes = '[\"x\"]'")
    code, out, err = migrate(capsys, "--to", OTHER, "--json")
    assert (code, json.loads(out)["reasons"]) == (3, ["collection-changed"])
    assert "[collection-changed]" in err
