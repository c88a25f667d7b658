"""Folders are walked in order, each file once, and nothing odd in them stops the walk."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mien.sources.address import file_uri
from mien.sources.base import FoundFile, UnreadablePath
from mien.sources.folder import FolderSource


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


def make(root: Path, *names: str | bytes) -> None:
    for name in names:
        path = Path(os.fsdecode(os.path.join(os.fsencode(root), os.fsencode(name))))  # noqa: PTH118
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"photo")


def walk(*paths: Path) -> list[FoundFile | UnreadablePath]:
    return list(FolderSource(paths).iter_items())


def names(root: Path, *paths: Path) -> list[str]:
    """Names below the root of the files found, or what was told of what was not."""
    return [
        item.path.removeprefix(os.fsencode(root) + b"/").decode(errors="backslashreplace")
        if isinstance(item, FoundFile)
        else f"{item.reason}: {item.shown.removeprefix(f'{root}/')}"
        for item in walk(*(paths or (root,)))
    ]


def test_folders_are_walked_in_the_order_of_their_names_bytes(root: Path) -> None:
    make(root, "b.jpg", "a/2.jpg", "a/10.jpg", "A.jpg", "a.jpg", "é.jpg", "z/y/x.jpg", b"\xff.jpg")
    assert names(root) == [
        "A.jpg",
        "a/10.jpg",
        "a/2.jpg",
        "a.jpg",
        "b.jpg",
        "z/y/x.jpg",
        "é.jpg",
        "\\xff.jpg",
    ]


def test_the_walk_is_the_same_every_time(root: Path) -> None:
    make(root, *(f"{n % 7}/{n * 37 % 100}.jpg" for n in range(100)))
    assert walk(root) == walk(root)
    assert len(walk(root)) == 100


def test_a_file_is_told_with_address_text_and_how_it_looks(root: Path) -> None:
    make(root, b"ada \xff\n.jpg")
    (found,) = walk(root)
    assert isinstance(found, FoundFile)
    path = os.fsencode(root) + b"/ada \xff\n.jpg"
    assert found.path == path
    assert found.uri == file_uri(path)
    assert found.uri.endswith("/ada%20%FF%0A.jpg")
    assert found.shown == f"{root}/ada %FF%0A.jpg"
    assert not found.is_named


def test_the_fingerprint_changes_with_the_file(root: Path) -> None:
    make(root, "a.jpg")
    seen = set()

    def look() -> str:
        (found,) = walk(root)
        assert isinstance(found, FoundFile)
        seen.add(found.fingerprint)
        return found.fingerprint

    first = look()
    assert look() == first, "nothing happened"
    os.utime(root / "a.jpg", ns=(1, 2))
    look()
    (root / "a.jpg").write_bytes(b"longer photo")
    os.utime(root / "a.jpg", ns=(1, 2))
    look()
    # Another file of the same size and time, as a copy that keeps times makes.
    shutil.copy2(root / "a.jpg", root.parent / "copy")
    (root.parent / "copy").replace(root / "a.jpg")
    look()
    assert len(seen) == 4
    assert max(map(len, seen)) <= 96, "as the catalog keeps it"


def test_what_was_asked_for_by_name_is_marked(root: Path) -> None:
    make(root, "a.jpg", "x/b.jpg")
    found = walk(root / "a.jpg", root / "x")
    assert [item.is_named for item in found if isinstance(item, FoundFile)] == [True, False]


def test_an_empty_folder_and_no_paths_give_nothing(root: Path) -> None:
    assert walk(root) == []
    assert walk() == []


def test_a_path_that_is_not_there_is_told(root: Path) -> None:
    make(root, "a.jpg")
    assert names(root, root / "gone", root / "a.jpg" / "x", root) == [
        "not-found: gone",
        "unreadable: a.jpg/x",
        "a.jpg",
    ]


def test_a_folder_named_twice_and_from_inside_is_walked_once(root: Path) -> None:
    make(root, "a.jpg", "x/b.jpg")
    assert names(root, root, root / "x" / "..", root / "x", root / "a.jpg") == ["a.jpg", "x/b.jpg"]


def test_a_file_named_before_its_folder_is_met_once(root: Path) -> None:
    make(root, "a.jpg", "b.jpg")
    assert names(root, root / "b.jpg", root / "b.jpg", root) == ["b.jpg", "a.jpg"]


def test_paths_are_taken_from_the_working_folder(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(root, "a.jpg")
    monkeypatch.chdir(root)
    assert names(root, Path("a.jpg")) == ["a.jpg"]


@pytest.mark.parametrize("link", ["a-link.jpg", "z-link.jpg"])
def test_a_file_and_a_link_to_it_are_one_file(root: Path, link: str) -> None:
    make(root, "m.jpg")
    (root / link).symlink_to("m.jpg")
    assert names(root) == ["m.jpg"]


def test_a_file_through_two_links_is_met_once_where_it_really_lies(
    root: Path, tmp_path: Path
) -> None:
    make(tmp_path / "elsewhere", "ada.jpg")
    for name in ("one.jpg", "two.jpg"):
        (root / name).symlink_to(tmp_path / "elsewhere" / "ada.jpg")
    (found,) = walk(root)
    assert isinstance(found, FoundFile)
    assert found.uri == file_uri(os.fsencode(tmp_path.resolve() / "elsewhere" / "ada.jpg"))


@pytest.mark.parametrize("order", [("a-folder", "b-file"), ("b-folder", "a-file")])
def test_links_to_a_file_and_to_its_folder_meet_it_once(
    root: Path, tmp_path: Path, order: tuple[str, str]
) -> None:
    make(tmp_path / "elsewhere", "ada.jpg", "bob.jpg")
    folder, file = order
    (root / folder).symlink_to(tmp_path / "elsewhere")
    (root / file).symlink_to(tmp_path / "elsewhere" / "bob.jpg")
    found = sorted(Path(name).name for name in names(tmp_path, root))
    assert found == ["ada.jpg", "bob.jpg"]


def test_hard_links_are_two_files(root: Path) -> None:
    make(root, "a.jpg")
    (root / "b.jpg").hardlink_to(root / "a.jpg")
    assert names(root) == ["a.jpg", "b.jpg"]


def test_loops_of_links_end(root: Path) -> None:
    make(root, "x/a.jpg")
    (root / "x" / "up").symlink_to("..")
    (root / "x" / "self").symlink_to(".")
    (root / "circle").symlink_to("round")
    (root / "round").symlink_to("circle")
    (root / "dangling").symlink_to("nowhere")
    assert names(root) == [
        "unreadable: circle",
        "not-found: dangling",
        "unreadable: round",
        "x/a.jpg",
    ]


def test_a_link_that_leads_up_meets_what_is_there_once(root: Path, tmp_path: Path) -> None:
    make(root, "a.jpg")
    make(tmp_path, "outside.jpg")
    (root / "up").symlink_to("..")
    assert sorted(names(tmp_path, root)) == ["outside.jpg", "photos/a.jpg"]


def test_pipes_sockets_and_devices_are_passed_over_and_never_opened(root: Path) -> None:
    make(root, "a.jpg")
    os.mkfifo(root / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "socket.jpg"))
        (root / "null.jpg").symlink_to("/dev/null")
        assert names(root) == ["a.jpg"]
        assert names(root, root / "pipe.jpg", root / "socket.jpg", root / "null.jpg") == [
            "not-a-file: pipe.jpg",
            "not-a-file: socket.jpg",
            "not-a-file: null.jpg",
        ]


@pytest.mark.parametrize(
    "name", ["a\nb.jpg", "\x1b[2J.jpg", " .jpg", "-rf", "'\";$(x).jpg", "%2e%2e.jpg", "日本.jpg"]
)
def test_odd_names_are_names(root: Path, name: str) -> None:
    make(root, name)
    assert names(root) == [name]


def test_folders_nested_deeper_than_python_calls_are_walked(root: Path) -> None:
    depth = 1200
    place = os.open(root, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=place)
        deeper = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = deeper
    os.close(os.open("a.jpg", os.O_CREAT | os.O_WRONLY, dir_fd=place))
    os.close(place)
    assert names(root) == ["d/" * depth + "a.jpg"]
    subprocess.run(["rm", "-rf", root], check=True)


def test_a_path_longer_than_the_system_takes_is_one_line(root: Path) -> None:
    place = os.open(root, os.O_RDONLY)
    name = "d" * 250
    for _ in range(20):
        os.mkdir(name, dir_fd=place)
        deeper = os.open(name, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = deeper
    os.close(place)
    make(root, "z.jpg")
    told = names(root)
    assert len(told) == 2
    assert told[0].startswith("unreadable: ddd")
    assert told[1] == "z.jpg"
    subprocess.run(["rm", "-rf", root], check=True)


def test_a_file_that_goes_away_during_the_walk_is_one_line(root: Path) -> None:
    make(root, "a.jpg", "b.jpg", "c.jpg")
    stream = FolderSource([root]).iter_items()
    next(stream)
    (root / "b.jpg").unlink()
    gone, last = stream
    assert gone == UnreadablePath(f"{root}/b.jpg", "not-found")
    assert isinstance(last, FoundFile)
    assert last.path.endswith(b"c.jpg")


def test_a_folder_that_goes_away_during_the_walk_is_one_line(root: Path) -> None:
    make(root, "a.jpg", "b/x.jpg", "c.jpg")
    stream = FolderSource([root]).iter_items()
    next(stream)
    shutil.rmtree(root / "b")
    gone, last = stream
    assert gone == UnreadablePath(f"{root}/b", "not-found")
    assert isinstance(last, FoundFile)


def test_a_file_that_appears_during_the_walk_does_not_disturb_it(root: Path) -> None:
    make(root, "a.jpg", "b.jpg")
    stream = FolderSource([root]).iter_items()
    next(stream)
    make(root, "aa.jpg")
    assert len(list(stream)) == 1


def test_items_come_one_at_a_time(root: Path) -> None:
    make(root, "a/1.jpg", "b/2.jpg")
    stream = FolderSource([root]).iter_items()
    assert isinstance(stream, Iterator)
    next(stream)
    make(root, "b/3.jpg")
    assert len(list(stream)) == 2, "the second folder was not listed before its turn"


WALK = """
import sys
from mien.sources.folder import FolderSource
for item in FolderSource(sys.argv[1:]).iter_items():
    print(type(item).__name__, getattr(item, "reason", ""), item.shown.rpartition("/")[2])
"""


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give its rights away")
def test_folders_that_may_not_be_read_are_one_line_each(root: Path) -> None:
    make(root, "a.jpg", "locked/b.jpg", "listed/c.jpg", "z.jpg")
    (root / "locked").chmod(0o000)
    (root / "listed").chmod(0o644)
    for folder in [root, *root.parents]:
        if folder.stat().st_mode & 0o005 != 0o005:
            folder.chmod(folder.stat().st_mode | 0o005)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    source = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [*nobody, sys.executable, "-c", WALK, root],
        env=source,
        check=True,
        capture_output=True,
        text=True,
    )
    assert run.stdout.splitlines() == [
        "FoundFile  a.jpg",
        "UnreadablePath no-access c.jpg",
        "UnreadablePath no-access locked",
        "FoundFile  z.jpg",
    ]
