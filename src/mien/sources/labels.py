"""Photos whose people are known beforehand: a folder for each, or a list in a CSV file.

What a folder or a list says is believed here and questioned later; nothing is looked at but
names. Photos are in the order of their names.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mien.errors import SettingsError
from mien.sources.address import show_path
from mien.types import Box

PHOTO_SUFFIXES = frozenset(
    (
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".tif", ".tiff"),
        *(".heic", ".heif", ".avif", ".bmp"),
    )
)
_NUMBERED = re.compile(r"(?P<person>.+)_\d+")
_EDGES = ("x1", "y1", "x2", "y2")
_UNKNOWN = frozenset({"na", "n/a", "nan", "none", "unknown", "?", "-"})
_YES, _NO = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A photo, whose it is, what else the list says of it, and where in it the face is."""

    path: Path
    name: str
    person: str
    groups: Mapping[str, str] = field(default_factory=dict)
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two photos by name, and whether they are of the same person."""

    one: str
    other: str
    is_mated: bool


@dataclass(frozen=True, slots=True)
class Labelled:
    """Photos to evaluate; with `pairs`, those alone are compared."""

    title: str
    photos: tuple[LabelledPhoto, ...]
    pairs: tuple[LabelledPair, ...] | None = None


def read_labels(path: Path, *, photos: Path | None = None) -> Labelled:
    """What a folder or a CSV file says; `photos` is where the names of a list are looked for.

    A folder has a `people.csv`, or one folder for each person, or photos that are named after
    people, `Ann_Ek_0001.jpg`. A list has the columns `a,b,same`, or `photo,person` and any
    others, which are groups; `x1,y1,x2,y2` say which face counts. Raises `SettingsError`.
    """
    if path.is_dir():
        return _read_folder(path)
    columns, table = _read_table(path)
    place = photos or path.parent
    if {"a", "b", "same"} <= set(columns):
        return _read_pairs(path, table, place=place)
    return _read_list(path, table, columns=columns, place=place)


def read_boxes(path: Path) -> dict[str, list[Box]]:
    """True boxes by photo, of a CSV file `photo,x1,y1,x2,y2`; empty edges: no face in it.

    Raises `SettingsError`.
    """
    _, table = _read_table(path)
    boxes: dict[str, list[Box]] = defaultdict(list)
    for line, row in enumerate(table, start=2):
        if not row.get("photo"):
            raise SettingsError(f"{path.name}, line {line}: a box needs a photo and four edges.")
        box = _parse_box(row, at=f"{path.name}, line {line}")
        boxes[row["photo"]] += [] if box is None else [box]
    return dict(boxes)


def _read_table(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The columns and rows of a CSV file, without space around a cell. Raises `SettingsError`."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            columns = _name_columns(next(rows, []))
            listed = [_fill(row, len(columns)) for row in rows if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(
            f"{show_path(str(path).encode())} cannot be read ({error}). Name a folder of labelled "
            "photos, or a CSV file that lists them."
        ) from error
    return columns, [dict(zip(columns, row, strict=True)) for row in listed]


def _name_columns(head: Sequence[str]) -> list[str]:
    """Columns without a name are numbered. Raises `csv.Error` where two have the same."""
    columns = [name.strip() or f"column {i}" for i, name in enumerate(head, start=1)]
    repeated = sorted({name for name in columns if columns.count(name) > 1})
    if repeated:
        raise csv.Error(f"the column {repeated[0]!r} is there twice")
    return columns


def _fill(row: Sequence[str], columns: int) -> list[str]:
    """One row's cells, as many as there are columns. Raises `csv.Error` where it has more."""
    if len(row) > columns:
        raise csv.Error("a row has more cells than there are columns")
    return [cell.strip() for cell in row] + [""] * (columns - len(row))


def _read_folder(folder: Path) -> Labelled:
    if (folder / "people.csv").is_file():
        listed = read_labels(folder / "people.csv", photos=folder)
        return Labelled(folder.name, listed.photos)
    inner = [child for child in sorted(folder.iterdir()) if child.is_dir()]
    by_person = {child: list(_iter_photos(child)) for child in inner}
    only = [child for child, found in by_person.items() if found]
    if len(only) <= 1:
        named = list(_name_after_people(only[0] if only else folder))
        if named:
            return Labelled(folder.resolve().name, tuple(named))
    found = [
        LabelledPhoto(path, path.relative_to(folder).as_posix(), child.name)
        for child, paths in by_person.items()
        for path in paths
    ]
    if not found:
        raise SettingsError(
            f"{show_path(str(folder).encode())} holds no labelled photos. Make one folder in it "
            "for each person, or list photos and people in a CSV file."
        )
    return Labelled(folder.resolve().name, tuple(found))


def _iter_photos(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in PHOTO_SUFFIXES and path.is_file():
            yield path


def _name_after_people(folder: Path) -> Iterator[LabelledPhoto]:
    """Photos whose names are a person's and a number; none where one has another name."""
    paths = [path for path in _iter_photos(folder) if path.parent == folder]
    matches = [_NUMBERED.fullmatch(path.stem) for path in paths]
    if all(matches):
        for path, match in zip(paths, matches, strict=True):
            if match:
                yield LabelledPhoto(path, path.name, match["person"])


def _read_list(
    path: Path, table: Sequence[Mapping[str, str]], *, columns: Sequence[str], place: Path
) -> Labelled:
    named = "photo" if "photo" in columns else "file"
    if named not in columns or "person" not in columns:
        raise SettingsError(
            f"{path.name} has the columns {', '.join(columns) or '(none)'}. A list of photos has "
            "photo,person and any groups; a list of pairs has a,b,same."
        )
    groups = [column for column in columns if column not in {named, "person", *_EDGES}]
    found: list[LabelledPhoto] = []
    listed: set[tuple[str, Box | None]] = set()
    for line, row in enumerate(table, start=2):
        if not row[named] or not row["person"]:
            raise SettingsError(f"{path.name}, line {line}: a photo and a person must be named.")
        box = _parse_box(row, at=f"{path.name}, line {line}")
        if (row[named], box) in listed:
            raise SettingsError(
                f"{path.name}, line {line}: {row[named]} is listed twice. List it once, or say "
                "with x1,y1,x2,y2 which face is whose."
            )
        listed.add((row[named], box))
        found.append(
            LabelledPhoto(
                _find_photo(place, row[named]),
                row[named],
                row["person"],
                {group: _parse_group(row[group]) for group in groups},
                box,
            )
        )
    return Labelled(path.parent.resolve().name, tuple(found))


def _read_pairs(path: Path, table: Sequence[Mapping[str, str]], *, place: Path) -> Labelled:
    """A person is a chain of pairs that are said to be mated."""
    pairs = []
    for line, row in enumerate(table, start=2):
        same = row["same"].lower()
        if same not in _YES | _NO or not row["a"] or not row["b"]:
            raise SettingsError(f"{path.name}, line {line}: a pair is two photos and 1 or 0.")
        if row["a"] == row["b"]:
            raise SettingsError(f"{path.name}, line {line}: a photo is no pair with itself.")
        pairs.append(LabelledPair(row["a"], row["b"], same in _YES))
    person = _chain(pairs)
    for pair in pairs:
        if not pair.is_mated and person[pair.one] == person[pair.other]:
            raise SettingsError(
                f"{path.name} says that {pair.one} and {pair.other} show different people, and "
                "through other pairs that they show one. Correct the list."
            )
    photos = [
        LabelledPhoto(_find_photo(place, name), name, person[name]) for name in sorted(person)
    ]
    return Labelled(path.parent.resolve().name, tuple(photos), tuple(pairs))


def _chain(pairs: Sequence[LabelledPair]) -> dict[str, str]:
    """Of each photo, the first name of all that mated pairs join it with."""
    first: dict[str, str] = {}

    def find(name: str) -> str:
        while first.setdefault(name, name) != name:
            first[name] = first[first[name]]
            name = first[name]
        return name

    for pair in pairs:
        one, other = sorted((find(pair.one), find(pair.other)))
        if pair.is_mated:
            first[other] = one
    return {name: find(name) for name in list(first)}


def _parse_group(cell: str) -> str:
    """The group, empty where the list says that none is known."""
    return "" if cell.lower() in _UNKNOWN else cell


def _find_photo(place: Path, name: str) -> Path:
    """Beside the list, or in its folder `images`."""
    path = place / name
    inner = place / "images" / name
    return inner if not path.exists() and inner.exists() else path


def _parse_box(row: Mapping[str, str], *, at: str) -> Box | None:
    cells = [row.get(edge) or "" for edge in _EDGES]
    if not any(cells):
        return None
    try:
        x1, y1, x2, y2 = (float(cell) for cell in cells)
    except ValueError as error:
        raise SettingsError(f"{at}: {', '.join(_EDGES)} must be numbers, in pixels.") from error
    if not (x1 < x2 and y1 < y2):
        raise SettingsError(f"{at}: a box needs its left edge before its right one, its top first.")
    return Box(x1, y1, x2, y2)
