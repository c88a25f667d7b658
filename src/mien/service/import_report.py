"""What came over from Amazon, what could not and why: for a person, and as tables for programs."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from mien.errors import SettingsError
from mien.permission.verdict import ALLOWED, Reason, Verdict
from mien.service.export_table import make_safe


class Loss(StrEnum):
    """Why something could not come along; the value is a stable code."""

    NO_NAME = "no-name"
    NO_IMAGE = "no-image"
    IMAGE_UNREADABLE = "image-unreadable"
    IMAGE_REFUSED = "image-refused"
    IMAGE_CHANGED = "image-changed"
    NO_FACE_THERE = "no-face-there"
    FACE_LEFT_OUT = "face-left-out"
    FACE_OF_ANOTHER = "face-of-another"
    USER_WITHOUT_FACES = "user-without-faces"
    USER_REFUSED = "user-refused"
    USER_FULL = "user-full"
    COLLECTION_EMPTY = "collection-empty"
    TAGS_UNKNOWN = "tags-unknown"
    TAGS_FULL = "tags-full"

    @property
    def explanation(self) -> str:
        return _EXPLANATIONS[self]


_EXPLANATIONS: Mapping[Loss, str] = {
    Loss.NO_NAME: (
        "Amazon's image has no ExternalImageId, and no list of names (--names) has its ImageId."
    ),
    Loss.NO_IMAGE: "No file among the images has that name, or each is another image already.",
    Loss.IMAGE_UNREADABLE: "The file gives no photo; the codes say why.",
    Loss.IMAGE_REFUSED: "The photo may not be taken in; the codes say why.",
    Loss.IMAGE_CHANGED: (
        "Of all of Amazon's faces of the image none is in the photo: the file is not the image "
        "that it indexed, or was cut or turned since, or its people opted out or are not enrolled."
    ),
    Loss.NO_FACE_THERE: "The detector here sees no face where Amazon saw this one.",
    Loss.FACE_LEFT_OUT: (
        "No face is kept at that place, and faces of this photo were left out: their people opted "
        "out or are not enrolled, or Amazon lists no face where they are."
    ),
    Loss.FACE_OF_ANOTHER: "The face belongs to another user here already.",
    Loss.USER_WITHOUT_FACES: "None of the user's faces came along, so the user did not either.",
    Loss.USER_REFUSED: "Faces may not be put under a name here; the codes say why.",
    Loss.USER_FULL: "A user has 100 faces at most; none of these was added to those that are here.",
    Loss.COLLECTION_EMPTY: (
        "Nothing of the collection came along. A collection is made here with its first photo."
    ),
    Loss.TAGS_UNKNOWN: "Amazon did not tell the tags; it takes the right rekognition:ListTags*.",
    Loss.TAGS_FULL: "A collection has 200 tags at most; none of these was added to those here.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedFace:
    """A face of Amazon's, and the one here that it became; the overlap of their boxes, 0 to 1."""

    collection: str
    old_face_id: str
    new_face_id: str
    external_image_id: str
    old_image_id: str
    new_image_id: str
    overlap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedUser:
    """A user, with how many faces at Amazon and here."""

    collection: str
    user_id: str
    faces_there: int
    faces_here: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Something that could not come along. `codes` are reasons of permission or of photos."""

    collection: str
    what: str
    id: str = ""
    external_image_id: str = ""
    reason: Loss
    codes: tuple[str, ...] = ()


@dataclass(slots=True)
class ImportReport:
    """All of it. `verdict` is about the grant as a whole; no photo is counted twice."""

    verdict: Verdict = ALLOWED
    collections: int = 0
    photos_new: int = 0
    photos_known: int = 0
    refused: set[Reason] = field(default_factory=set)
    faces: list[MovedFace] = field(default_factory=list)
    users: list[MovedUser] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)

    def count_missing(self) -> Mapping[Loss, int]:
        """How often each reason is given, in the order of `Loss`."""
        given = [one.reason for one in self.missing]
        return {loss: given.count(loss) for loss in Loss if loss in given}


_FACES = (
    *("collection", "old_face_id", "new_face_id", "external_image_id"),
    *("old_image_id", "new_image_id", "overlap"),
)
_USERS = ("collection", "user_id", "faces_there", "faces_here")
_MISSING = ("collection", "what", "id", "external_image_id", "reason", "codes", "explanation")


def write_report(folder: Path, report: ImportReport) -> None:
    """Writes faces.csv, users.csv and missing.csv, for their owner alone, in place of older ones.

    Raises `SettingsError` where that is not possible.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, content in _iter_tables(report):
            descriptor, draft = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            Path(draft).replace(folder / name)
    except OSError as error:
        raise SettingsError(
            f"The report cannot be written to {folder} ({error.strerror}). What was imported is "
            "kept: name another folder and run the same command again."
        ) from error


def _iter_tables(report: ImportReport) -> Iterator[tuple[str, bytes]]:
    yield "faces.csv", _make_table(_FACES, ([getattr(r, c) for c in _FACES] for r in report.faces))
    yield "users.csv", _make_table(_USERS, ([getattr(r, c) for c in _USERS] for r in report.users))
    yield "missing.csv", _make_table(_MISSING, map(_list_missing, report.missing))


def _list_missing(one: Missing) -> list[str]:
    told = (one.reason.value, " ".join(one.codes), one.reason.explanation)
    return [one.collection, one.what, one.id, one.external_image_id, *told]


def _make_table(columns: Sequence[str], rows: Iterable[Sequence[str | float]]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([make_safe(cell) for cell in row] for row in rows)
    return file.getvalue().encode()
