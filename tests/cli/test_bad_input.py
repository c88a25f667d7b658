"""Whatever lies in a folder costs its own line and nothing else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cli.bad_photos import BROKEN, READABLE
from cli.conftest import Mien
from service.stage import PURPOSE, Stage, check_sound, counts_of, query


@pytest.fixture
def grant(stage: Stage) -> str:
    with stage.open() as library:
        return stage.grant(library)


def failures_of(document: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {failed["path"]: failed["reason"] for failed in document["failed"]}


@pytest.mark.parametrize("name", READABLE)
def test_a_photo_of_any_kind_is_taken_in(stage: Stage, mien: Mien, grant: str, name: str) -> None:
    (stage.photos / name).write_bytes(READABLE[name]())
    answer = mien("add", stage.photos, "--grant", grant, "--json")
    assert answer.document["failed"] == []
    assert (answer.code, answer.document["photos_new"]) == (0, 1)


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_photo_is_one_line(
    stage: Stage, mien: Mien, grant: str, name: str
) -> None:
    make, reason = BROKEN[name]
    (stage.photos / name).write_bytes(make())
    answer = mien("add", stage.photos, "--grant", grant, "--json")
    assert failures_of(answer.document) == {str(stage.photos / name): reason}
    assert answer.code == 5
    assert counts_of(stage.home)["blobs"] == 0


def test_one_bad_file_never_stops_the_others(stage: Stage, mien: Mien, grant: str) -> None:
    for name, (make, _) in BROKEN.items():
        (stage.photos / name).write_bytes(make())
    stage.draw_many(5)
    answer = mien("add", stage.photos, "--grant", grant, "--json")
    assert (answer.code, answer.document["photos_new"]) == (0, 5)
    expected = {str(stage.photos / name): reason for name, (_, reason) in BROKEN.items()}
    assert failures_of(answer.document) == expected
    plain = mien("add", stage.photos, "--grant", grant)
    assert (plain.code, plain.err.count("Failed:")) == (0, len(BROKEN))
    check_sound(stage.home)


def test_the_lines_of_many_failures_are_few(stage: Stage, mien: Mien, grant: str) -> None:
    for i in range(50):
        (stage.photos / f"{i}.jpg").write_bytes(b"")
    answer = mien("add", stage.photos, "--grant", grant)
    assert answer.err.count("Failed:") == 20
    assert "30 more" in answer.err


def test_loops_of_links_are_walked_once(stage: Stage, mien: Mien, grant: str) -> None:
    stage.draw("a/ann.png", 1)
    (stage.photos / "a" / "up").symlink_to(stage.photos)
    (stage.photos / "b").symlink_to(stage.photos / "a")
    (stage.photos / "self.png").symlink_to("self.png")
    (stage.photos / "gone.png").symlink_to("nowhere.png")
    answer = mien("add", stage.photos, "--grant", grant, "--json")
    assert (answer.code, answer.document["photos_new"]) == (0, 1)
    assert set(failures_of(answer.document)) == {
        str(stage.photos / "self.png"),
        str(stage.photos / "gone.png"),
    }


def test_a_link_out_of_the_scope_is_refused(stage: Stage, mien: Mien, grant: str) -> None:
    outside = stage.folder / "outside.png"
    stage.draw("ann.png", 1).rename(outside)
    (stage.photos / "ann.png").symlink_to(outside)
    answer = mien("add", stage.photos, "--grant", grant, "--json")
    assert (answer.code, answer.document["refused"]) == (3, {"out-of-scope": 1})


def test_pipes_and_sockets_are_passed_over(stage: Stage, mien: Mien, grant: str) -> None:
    stage.draw("ann.png", 1)
    os.mkfifo(stage.photos / "pipe.png")
    answer = mien("add", stage.photos, "--grant", grant, "--json")
    assert (answer.code, answer.document["photos_new"]) == (0, 1)
    named = mien("add", stage.photos / "pipe.png", "--grant", grant, "--json")
    assert named.code == 5
    assert failures_of(named.document) == {str(stage.photos / "pipe.png"): "not-a-file"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_text_are_kept_as_percent_encoded_bytes(
    stage: Stage, mien: Mien, grant: str
) -> None:
    stage.draw(b"Zo\xeb.png", 1)
    Path(os.fsdecode(bytes(stage.photos) + b"/b\xe4d.png")).write_bytes(b"")
    answer = mien("add", stage.photos, "--grant", grant, "--json")
    assert answer.code == 0
    assert failures_of(answer.document) == {f"{stage.photos}/b%E4d.png": "empty-file"}
    found = mien("search", stage.photos / "Zo\udceb.png", "--purpose", PURPOSE, "--json")
    (candidate,) = found.document["candidates"]
    assert candidate["locations"] == [{"uri": stage.photos.as_uri() + "/Zo%EB.png"}]
    missing = mien("search", stage.photos / "n\udceb.png", "--purpose", PURPOSE, "--json")
    assert missing.code == 5
    assert "n%EB.png" in missing.document["error"]["message"]
    assert mien("search", stage.photos / "n\udceb.png", "--purpose", PURPOSE).code == 5


HOSTILE = "new\nline \x1b[2J\x1b]0;owned\x07 \x9b31m [bold]x[/] [/nope] :smile: \u202e.png"
HOSTILE_NAME = HOSTILE.replace("/", "")


def test_hostile_names_do_not_reach_the_terminal(stage: Stage, mien: Mien, grant: str) -> None:
    stage.draw(HOSTILE_NAME, 1)
    (stage.photos / f"bad {HOSTILE_NAME}").write_bytes(b"")
    (stage.folder / HOSTILE_NAME).mkdir()
    said = [
        mien("add", stage.photos, "--grant", grant),
        mien("search", stage.photos / HOSTILE_NAME, "--purpose", PURPOSE),
        mien("search", stage.photos / f"no {HOSTILE_NAME}", "--purpose", PURPOSE),
        mien("search", stage.photos / HOSTILE_NAME, "--purpose", HOSTILE_NAME),
        mien("search", "x", "--collection", HOSTILE_NAME, "--purpose", PURPOSE),
        mien("grant", "show", HOSTILE_NAME),
        mien("collection", "create", HOSTILE_NAME, "--basis", "household"),
        mien("collection", "list"),
        mien("doctor", "--home", stage.folder / HOSTILE_NAME),
        mien(HOSTILE_NAME),
        mien("search", "x", "--limit", HOSTILE_NAME),
    ]
    for answer in said:
        assert "Traceback" not in answer.err
        assert "should not happen" not in answer.err
        for control in ("\x1b", "\x07", "\x9b", "\u202e"):
            assert control not in answer.out + answer.err
    assert ":smile:" in said[7].out.replace("\n", "")


def test_hostile_words_of_a_grant_and_a_credit_do_not_reach_the_terminal(
    stage: Stage, mien: Mien
) -> None:
    stage.draw("ann.png", 1)
    words = ("--kind", "contract", "--basis", "household", "--until", "2090-01-01")
    recorded = mien(
        *("grant", "add", "--grantor", HOSTILE, "--terms", HOSTILE, "--scope", stage.photos),
        *(*words, "--purpose", PURPOSE, "--json"),
    ).document
    mien("add", stage.photos, "--grant", recorded["grant_id"])
    query(
        stage.home / "catalog.db", "UPDATE photos SET credit = ?, copyright = ?", HOSTILE, HOSTILE
    )
    said = [
        mien("grant", "list"),
        mien("grant", "show", recorded["grant_id"]),
        mien("search", stage.photos / "ann.png", "--purpose", PURPOSE),
    ]
    for answer in said:
        assert answer.code == 0
        for control in ("\x1b", "\x07", "\x9b", "\u202e"):
            assert control not in answer.out + answer.err
    shown = mien("grant", "show", recorded["grant_id"], "--json")
    assert shown.document["terms"] == HOSTILE
    assert shown.out.isascii()


def test_a_file_larger_than_the_limit_is_one_line(
    stage: Stage, mien: Mien, grant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_MAX_FILE_BYTES", "1000")
    (stage.photos / "large.png").write_bytes(READABLE["one-pixel.png"]() + bytes(5000))
    stage.draw("ann.png", 1)
    answer = mien("add", stage.photos, "--grant", grant, "--json")
    assert failures_of(answer.document) == {str(stage.photos / "large.png"): "too-many-bytes"}
    assert answer.document["photos_new"] == 1
