"""A folder of images that are known elsewhere by names: which file may be which image."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mien.errors import SettingsError
from mien.sources.base import FoundFile
from mien.sources.folder import FolderSource

_BY_NAME, _BY_IMAGE, _FILE = "external_image_id", "image_id", "file"


class NamedImages:
    """The files below a folder, by their names, and by those that a list gives them."""

    def __init__(self, folder: Path, *, names: Path | None = None) -> None:
        """Looks at names alone. Raises `SettingsError` for what is no folder, or no list."""
        if not folder.is_dir():
            raise SettingsError(f"There is no folder {folder}. Name the one of your images.")
        self._by_file: dict[str, list[FoundFile]] = defaultdict(list)
        self._by_stem: dict[str, list[FoundFile]] = defaultdict(list)
        root = os.path.realpath(folder)
        for item in FolderSource([folder]).iter_items():
            if isinstance(item, FoundFile):
                file = replace(item, is_named=True)
                path = os.fsdecode(item.path)
                name = os.path.basename(path)  # noqa: PTH119  (a string of any bytes)
                self._by_file[name].append(file)
                self._by_stem[os.path.splitext(name)[0]].append(file)  # noqa: PTH122
                self._by_file[os.path.relpath(path, root)].append(file)
        self._listed = {} if names is None else self._read_names(names)

    def find(self, *, external_image_id: str, image_id: str) -> Sequence[FoundFile]:
        """Every file that may be the image; a list of names counts before the files' own."""
        by_name, by_image = (_BY_NAME, external_image_id), (_BY_IMAGE, image_id)
        listed = [*self._listed.get(by_name, ()), *self._listed.get(by_image, ())]
        if not external_image_id:
            return _once(listed)
        own = self._by_file.get(external_image_id) or self._by_stem.get(external_image_id, [])
        return _once(listed or own)

    def _read_names(self, path: Path) -> Mapping[tuple[str, str], Sequence[FoundFile]]:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file, strict=True))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise SettingsError(f"{path} is no list of names that can be read: {error}.") from error
        found: dict[tuple[str, str], list[FoundFile]] = defaultdict(list)
        for line, row in enumerate(rows, 2):
            name, given = row.get(_FILE), [n for n in (_BY_NAME, _BY_IMAGE) if row.get(n)]
            if not name or not given:
                raise SettingsError(
                    f"{path.name}, line {line}: each line names a file, and what it is at Amazon. "
                    f"The columns are {_BY_NAME},{_FILE} or {_BY_IMAGE},{_FILE}."
                )
            at = self._by_file.get(os.path.normpath(name))
            if not at:
                raise SettingsError(f"{path.name}, line {line}: there is no file {name}.")
            for column in given:
                key = row[column].lower() if column == _BY_IMAGE else row[column]
                found[column, key] += at
        return found


def _once(files: Sequence[FoundFile]) -> Sequence[FoundFile]:
    """Each file once, in the order of their places."""
    by_uri = {file.uri: file for file in files}
    return [by_uri[uri] for uri in sorted(by_uri)]
