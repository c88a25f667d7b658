from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import SettingsError
from mien.sources.labels import LabelledPair, read_boxes, read_labels
from mien.types import Box


def fill(folder: Path, *names: str) -> Path:
    """Makes empty files: labels are read from names alone."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_folder_for_each_person(tmp_path: Path) -> None:
    fill(tmp_path / "family", "Ann/1.jpg", "Ann/old/2.PNG", "Ben/1.jpg", "Ben/note.txt", "x.jpg")
    labelled = read_labels(tmp_path / "family")
    assert labelled.title == "family"
    assert labelled.pairs is None
    assert [(photo.name, photo.person) for photo in labelled.photos] == [
        ("Ann/1.jpg", "Ann"),
        ("Ann/old/2.PNG", "Ann"),
        ("Ben/1.jpg", "Ben"),
    ]
    assert all(photo.path.is_file() for photo in labelled.photos)


@pytest.mark.parametrize("inside", ["", "images"])
def test_photos_that_are_named_after_people(tmp_path: Path, inside: str) -> None:
    fill(tmp_path / inside, "Ann_Ek_0001.jpg", "Ann_Ek_0002.jpg", "Ben_0001.jpg")
    labelled = read_labels(tmp_path)
    assert [photo.person for photo in labelled.photos] == ["Ann_Ek", "Ann_Ek", "Ben"]


def test_one_folder_of_other_names_is_one_person(tmp_path: Path) -> None:
    fill(tmp_path, "Ann/holiday.jpg", "Ann/Ann_0001.jpg")
    assert [photo.person for photo in read_labels(tmp_path).photos] == ["Ann", "Ann"]


def test_a_folder_with_a_list_is_read_by_it(tmp_path: Path) -> None:
    fill(tmp_path, "1.jpg", "2.jpg", "unlisted.jpg")
    write(tmp_path / "people.csv", "file,person,age", "1.jpg,Ann,30", "2.jpg,Ben,")
    labelled = read_labels(tmp_path)
    assert labelled.title == tmp_path.name
    assert [(photo.name, dict(photo.groups)) for photo in labelled.photos] == [
        ("1.jpg", {"age": "30"}),
        ("2.jpg", {"age": ""}),
    ]


@pytest.mark.parametrize("word", ["", "NA", "n/a", "unknown", "?", "-", "None"])
def test_a_group_that_nobody_knows_is_none(tmp_path: Path, word: str) -> None:
    path = write(tmp_path / "list.csv", "photo,person,age", f"a.jpg,Ann,{word}", "b.jpg,Ben,40")
    assert [photo.groups["age"] for photo in read_labels(path).photos] == ["", "40"]


def test_a_list_says_where_the_face_is(tmp_path: Path) -> None:
    path = write(
        tmp_path / "list.csv",
        "photo, person ,x1,y1,x2,y2,team",
        "a.jpg,Ann,1,2,30.5,40,red",
        "b.jpg,Ann,,,,,red",
    )
    first, second = read_labels(path).photos
    assert first.box == Box(1, 2, 30.5, 40)
    assert second.box is None
    assert first.groups == {"team": "red"}


def test_photos_of_a_list_lie_beside_it_or_where_it_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "list.csv", "photo,person", "a.jpg,Ann", "b.jpg,Ann")
    fill(tmp_path, "a.jpg", "images/b.jpg")
    fill(tmp_path / "elsewhere", "a.jpg")
    assert [photo.path for photo in read_labels(path).photos] == [
        tmp_path / "a.jpg",
        tmp_path / "images" / "b.jpg",
    ]
    moved = read_labels(path, photos=tmp_path / "elsewhere").photos
    assert moved[0].path == tmp_path / "elsewhere" / "a.jpg"


def test_pairs_join_photos_into_people(tmp_path: Path) -> None:
    path = write(
        tmp_path / "pairs.csv", "a,b,same", "1.jpg,2.jpg,1", "2.jpg,3.jpg,yes", "4.jpg,1.jpg,0"
    )
    labelled = read_labels(path)
    assert labelled.pairs == (
        LabelledPair("1.jpg", "2.jpg", is_mated=True),
        LabelledPair("2.jpg", "3.jpg", is_mated=True),
        LabelledPair("4.jpg", "1.jpg", is_mated=False),
    )
    person = {photo.name: photo.person for photo in labelled.photos}
    assert person["1.jpg"] == person["2.jpg"] == person["3.jpg"] != person["4.jpg"]


def test_a_list_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    path = write(
        tmp_path / "pairs.csv", "a,b,same", "1.jpg,2.jpg,1", "2.jpg,3.jpg,1", "3.jpg,1.jpg,0"
    )
    with pytest.raises(SettingsError, match=r"says that 3\.jpg and 1\.jpg show different people"):
        read_labels(path)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("name,who", "a,b"), "has the columns name, who. A list of photos has"),
        (("photo,person", "a.jpg,"), "line 2: a photo and a person must be named"),
        (("a,b,same", "1.jpg,2.jpg,1", "1.jpg,3.jpg,maybe"), "line 3: a pair is two photos"),
        (("photo,person,x1,y1,x2,y2", "a.jpg,Ann,1,2,x,4"), "line 2: x1, y1, x2, y2 must be"),
        (("photo,person,x1,y1,x2,y2", "a.jpg,Ann,9,2,3,4"), "a box needs its left edge before"),
        (("photo,person", "a.jpg,Ann,too,many"), "a row has more cells"),
        (("photo,person,age,age", "a.jpg,Ann,3,4"), "the column 'age' is there twice"),
        (("photo,person", "a.jpg,Ann", "a.jpg,Ben"), r"line 3: a\.jpg is listed twice"),
        (("a,b,same", "1.jpg,1.jpg,1"), "line 2: a photo is no pair with itself"),
        (("",), r"has the columns \(none\)"),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_labels(write(tmp_path / "list.csv", *lines))


def test_a_list_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(SettingsError, match=r"list\.csv cannot be read"):
        read_labels(tmp_path / "list.csv")


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere cannot be read"):
        read_labels(tmp_path / "nowhere")


def test_a_folder_without_labels_says_how_to_make_some(tmp_path: Path) -> None:
    fill(tmp_path, "holiday.jpg")
    with pytest.raises(SettingsError, match="holds no labelled photos"):
        read_labels(tmp_path)


def test_boxes_are_read_by_photo(tmp_path: Path) -> None:
    path = write(
        tmp_path / "boxes.csv", "photo,x1,y1,x2,y2", "a.jpg,0,0,5,5", "a.jpg,9,9,12,14", "b.jpg,,,,"
    )
    assert read_boxes(path) == {"a.jpg": [Box(0, 0, 5, 5), Box(9, 9, 12, 14)], "b.jpg": []}


@pytest.mark.parametrize("line", [",1,2,3,4", "a.jpg,1,2,3,"])
def test_a_box_without_its_photo_or_edges_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingsError, match=r"boxes\.csv, line 2"):
        read_boxes(write(tmp_path / "boxes.csv", "photo,x1,y1,x2,y2", line))


def test_boxes_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"boxes\.csv cannot be read"):
        read_boxes(tmp_path / "boxes.csv")


def test_columns_without_a_name_are_passed_over(tmp_path: Path) -> None:
    """As spreadsheets write them."""
    fill(tmp_path, "a.jpg", "b.jpg")
    path = write(tmp_path / "list.csv", "photo,person,,", "a.jpg,Ann,,", "b.jpg,Ben")
    assert [photo.person for photo in read_labels(path).photos] == ["Ann", "Ben"]


def test_what_else_stands_in_a_list_is_in_no_error(tmp_path: Path) -> None:
    path = write(tmp_path / "list.csv", "photo,person", "a.jpg,Ann,secret-diagnosis")
    with pytest.raises(SettingsError) as raised:
        read_labels(path)
    assert "secret" not in str(raised.value)


def test_two_faces_of_one_photo_may_be_of_two_people(tmp_path: Path) -> None:
    fill(tmp_path, "both.jpg")
    path = write(
        tmp_path / "list.csv",
        "photo,person,x1,y1,x2,y2",
        "both.jpg,Ann,0,0,9,9",
        "both.jpg,Ben,20,0,29,9",
    )
    assert [photo.person for photo in read_labels(path).photos] == ["Ann", "Ben"]
