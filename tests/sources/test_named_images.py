"""Which file may be an image that is known elsewhere by a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import SettingsError
from mien.sources.named_images import NamedImages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    for name in ("ann.jpg", "bob.jpg", "2020/bob.png", "2020/carl.v2.jpg", "2021/ann.jpg", "dee"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def found(images: NamedImages, name: str = "", *, image_id: str = "i") -> list[str]:
    files = images.find(external_image_id=name, image_id=image_id)
    return ["/".join(file.uri.rsplit("/", 2)[1:]) for file in files]


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("ann.jpg", ["2021/ann.jpg", "images/ann.jpg"]),
        ("bob", ["2020/bob.png", "images/bob.jpg"]),
        ("bob.png", ["2020/bob.png"]),
        ("carl.v2", ["2020/carl.v2.jpg"]),
        ("carl", []),
        ("dee", ["images/dee"]),
        ("ANN.jpg", []),
        ("", []),
        ("none", []),
    ],
)
def test_a_name_is_that_of_a_file_with_or_without_its_ending(
    folder: Path, name: str, files: list[str]
) -> None:
    assert found(NamedImages(folder), name) == files


def test_the_whole_name_counts_before_that_without_an_ending(folder: Path) -> None:
    (folder / "dee.jpg").write_bytes(b"")
    assert found(NamedImages(folder), "dee") == ["images/dee"]


def test_what_is_found_is_asked_for_by_name(folder: Path) -> None:
    """So that one that is no photo is told."""
    assert all(f.is_named for f in NamedImages(folder).find(external_image_id="bob", image_id=""))


def write(folder: Path, *lines: str) -> Path:
    path = folder.parent / "names.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_list_gives_files_other_names(folder: Path) -> None:
    names = write(
        folder,
        "external_image_id,image_id,file",
        "person:1,,ann.jpg",
        "person:1,,2020/bob.png",
        "bob,,./2021/ann.jpg",
        ",ABC,dee",
    )
    images = NamedImages(folder, names=names)
    assert found(images, "person:1") == ["2020/bob.png", "2021/ann.jpg", "images/ann.jpg"]
    assert found(images, "bob") == ["2021/ann.jpg"]
    assert found(images, "carl.v2") == ["2020/carl.v2.jpg"]
    assert found(images, image_id="abc") == ["images/dee"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("file,name", "ann.jpg,ann"), "line 2: each line names a file, and what it is at Amazon"),
        (("external_image_id,file", "ann,"), "line 2: each line names a file"),
        (("external_image_id,file", "ann"), "line 2: each line names a file"),
        (("external_image_id,file", "ann,ann.jpg", "x,gone.jpg"), "line 3: there is no file gone"),
        (("external_image_id,file", "x,../names.csv"), "line 2: there is no file"),
        (("external_image_id,file", 'x,"ann.jpg'), "is no list of names that can be read"),
    ],
)
def test_a_list_that_cannot_be_used_is_told_by_its_line(
    folder: Path, lines: tuple[str, ...], told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        NamedImages(folder, names=write(folder, *lines))


def test_what_is_no_folder_and_no_list_is_told(folder: Path) -> None:
    with pytest.raises(SettingsError, match="There is no folder"):
        NamedImages(folder / "dee")
    with pytest.raises(SettingsError, match="is no list of names that can be read"):
        NamedImages(folder, names=folder / "none.csv")
