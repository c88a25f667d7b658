"""Full disks, locked folders and read-only homes: told plainly, and mended by a rerun."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.children import Answer, Child, run_program
from service.stage import EMPTY, PURPOSE, Stage, check_complete, check_sound, counts_of

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(sys.platform != "linux", reason="mounts and drops rights as Linux does"),
    pytest.mark.skipif(os.getuid() != 0, reason="only root may mount and drop rights"),
]

NOBODY = (65534, 65534)


@pytest.fixture
def open_stage() -> Iterator[Stage]:
    """A stage that the nobody user may reach and write; pytest's own folders are root's alone."""
    with tempfile.TemporaryDirectory() as name:
        stage = Stage(Path(name), now=datetime.now(UTC))
        stage.photos.mkdir()
        for folder in (stage.folder, stage.photos):
            os.chown(folder, *NOBODY)
        yield stage


def as_nobody(*words: str | Path, home: Path) -> Answer:
    user, group = NOBODY
    drop_rights = ("setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups")
    return run_program(*words, "--home", home, before=drop_rights, HOME="/nonexistent")


def record_grant(stage: Stage) -> str:
    answer = as_nobody(
        *("grant", "add", "--kind", "owner_assertion", "--grantor", "N", "--scope", stage.photos),
        *("--purpose", PURPOSE, "--basis", "household", "--until", "2090-01-01", "--json"),
        home=stage.home,
    )
    assert answer.code == 0, answer.err
    return str(answer.document["grant_id"])


def test_locked_files_and_folders_are_one_line_each(open_stage: Stage) -> None:
    stage = open_stage
    stage.draw("ann.png", 1)
    stage.draw("locked.png", 2).chmod(0)
    stage.draw("locked/ben.png", 3)
    (stage.photos / "locked").chmod(0)
    grant = record_grant(stage)
    answer = as_nobody("add", stage.photos, "--grant", grant, "--json", home=stage.home)
    assert (answer.code, answer.document["photos_new"]) == (0, 1)
    assert {failed["path"]: failed["reason"] for failed in answer.document["failed"]} == {
        str(stage.photos / "locked.png"): "no-access",
        str(stage.photos / "locked"): "no-access",
    }
    alone = as_nobody("add", stage.photos / "locked", "--grant", grant, "--json", home=stage.home)
    assert alone.code == 5
    probe = stage.photos / "locked.png"
    search = as_nobody("search", probe, "--purpose", PURPOSE, "--json", home=stage.home)
    assert (search.code, search.document["error"]["reason"]) == (5, "unreadable"), search.err


def test_what_is_locked_later_is_not_taken_for_vanished(open_stage: Stage) -> None:
    stage = open_stage
    stage.draw("trip/ann.png", 1)
    grant = record_grant(stage)
    as_nobody("add", stage.photos, "--grant", grant, home=stage.home)
    (stage.photos / "trip").chmod(0)
    as_nobody("add", stage.photos, "--grant", grant, home=stage.home)
    (stage.photos / "trip").chmod(0o755)
    probe = stage.photos / "trip" / "ann.png"
    found = as_nobody("search", probe, "--purpose", PURPOSE, "--json", home=stage.home)
    assert len(found.document["candidates"]) == 1


def test_a_home_that_may_not_be_made_is_named(open_stage: Stage) -> None:
    locked = open_stage.folder / "locked"
    locked.mkdir(mode=0o700)
    answer = as_nobody("grant", "list", "--json", home=locked / "home")
    assert answer.code == 1
    assert str(locked / "home") in answer.document["error"]["message"]
    assert "--home" in answer.document["error"]["message"]


def test_a_home_that_may_not_be_written_is_named_and_unchanged(open_stage: Stage) -> None:
    stage = open_stage
    stage.draw("ann.png", 1)
    grant = record_grant(stage)
    before = counts_of(stage.home)
    subprocess.run(["chmod", "-R", "a-w", stage.home], check=True)
    for words in (
        ("add", stage.photos, "--grant", grant),
        ("search", stage.photos / "ann.png", "--purpose", PURPOSE),
        ("grant", "revoke", grant),
    ):
        answer = as_nobody(*words, "--json", home=stage.home)
        assert (answer.code, list(answer.document)) == (1, ["error"])
        assert answer.document["error"]["reason"] != "unexpected", answer.err
        assert str(stage.home) in answer.document["error"]["message"]
    subprocess.run(["chmod", "-R", "u+w", stage.home], check=True)
    assert counts_of(stage.home) == before == EMPTY
    assert as_nobody("add", stage.photos, "--grant", grant, home=stage.home).code == 0


def test_a_home_of_somebody_else_is_refused(stage: Stage) -> None:
    with stage.open() as library:
        stage.grant(library)
    subprocess.run(["chmod", "-R", "a+rwX", stage.home], check=True)
    answer = run_program("grant", "list", "--json", "--home", stage.home)
    assert answer.code == 1
    assert answer.document["error"]["reason"] == "root-key"
    assert "chmod 600" in answer.document["error"]["message"]


_DISK_KIB = 1536


def run(stage: Stage, *words: str | Path) -> Answer:
    return Child(words, folder=stage.folder / "said").wait()


@pytest.fixture
def small_disk(stage: Stage) -> Iterator[Stage]:
    """A stage whose home lies on a disk of one and a half megabytes; photos lie elsewhere."""
    stage.home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_KIB}k,mode=0700", "tmpfs", str(stage.home)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no tmpfs can be mounted here")
    try:
        yield stage
    finally:
        subprocess.run(["umount", "--lazy", str(stage.home)], check=True)


def test_a_full_disk_is_told_and_the_same_command_finishes_after_making_room(
    small_disk: Stage,
) -> None:
    stage = small_disk
    stage.draw_many(150)
    with stage.open() as library:
        grant = stage.grant(library)
    words = ("add", stage.photos, "--grant", grant, "--home", stage.home, "--json")
    answer = run(stage, *words)
    assert (answer.code, list(answer.document)) == (1, ["error"])
    message = answer.document["error"]["message"]
    assert answer.document["error"]["reason"] in {"vault", "catalog"}, message
    assert str(stage.home) in message
    assert "run" in message
    check_sound(stage.home)
    assert 0 < counts_of(stage.home)["photos"] < 150
    subprocess.run(["mount", "-o", "remount,size=64m", str(stage.home)], check=True)
    again = run(stage, *words)
    assert again.code == 0
    assert again.document["photos_new"] + again.document["photos_known"] == 150
    check_complete(stage)


@pytest.mark.parametrize("spare_kib", [0, 8, 40, 100, 170])
def test_a_disk_that_is_full_from_the_start_breaks_nothing(
    small_disk: Stage, spare_kib: int
) -> None:
    """Wherever the room ends: making the home, its keys, its tables, or the first photo."""
    stage = small_disk
    stage.draw_many(12)
    ballast = stage.home / "ballast"
    ballast.write_bytes(bytes((_DISK_KIB - spare_kib) * 1024 - 4096 * 2))
    grant_words = (
        *("grant", "add", "--kind", "owner_assertion", "--grantor", "N", "--scope", stage.photos),
        *("--purpose", PURPOSE, "--basis", "household", "--until", "2090-01-01"),
        *("--home", stage.home, "--json"),
    )
    answer = run(stage, *grant_words)
    if answer.code == 0:
        words = ("add", stage.photos, "--home", stage.home, "--json")
        answer = run(stage, *words, "--grant", answer.document["grant_id"])
    assert answer.code == 1
    assert answer.document["error"]["reason"] != "unexpected", answer.err
    ballast.unlink()
    grant = run(stage, *grant_words).document["grant_id"]
    words = ("add", stage.photos, "--home", stage.home, "--json")
    assert run(stage, *words, "--grant", grant).code == 0
    check_complete(stage)


def test_a_snapshot_that_finds_no_room_does_not_stop_a_search(small_disk: Stage) -> None:
    stage = small_disk
    stage.draw_many(20)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        room = shutil.disk_usage(stage.home).free
        (stage.home / "ballast").write_bytes(bytes(room - 64 * 1024))
        result = library.search(stage.photos / "00000.png", purpose=PURPOSE)
    assert result.verdict.is_allowed
