"""What Amazon Rekognition lists of collections: faces, users and tags, and never a template.

    {"format": "rekognition-listing", "version": 1,
     "collections": [{"CollectionId": "staff", "Tags": {"owner": "press"},
                      "Faces": [{"FaceId": "…", "ImageId": "…", "ExternalImageId": "ann.jpg",
                                 "BoundingBox": {"Left": 0.1, "Top": 0.2, "Width": 0.3, …}}],
                      "Users": [{"UserId": "ann", "FaceIds": ["…"]}]}]}

Members are called as Amazon calls them. Such a document names people.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mien.errors import SettingsError
from mien.types import Box

Document = Mapping[str, Any]

_FORMAT = {"format": "rekognition-listing", "version": 1}
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_COLLECTION = re.compile(r"[a-zA-Z0-9_.\-]{1,255}")
_NAME = re.compile(r"[a-zA-Z0-9_.\-:]{1,255}")
_USER = re.compile(r"[a-zA-Z0-9_.\-:]{1,128}")
_LONGEST_TAG = 256
_EDGES = ("Left", "Top", "Width", "Height")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFace:
    """A face as Amazon lists it; the box is in shares of the image's width and height."""

    face_id: str
    image_id: str
    external_image_id: str
    box: Box


@dataclass(frozen=True, slots=True)
class ListedUser:
    """A user, and which faces are theirs."""

    user_id: str
    face_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCollection:
    """A collection with what is in it; without `tags` where they could not be asked for."""

    collection_id: str
    faces: tuple[ListedFace, ...]
    users: tuple[ListedUser, ...] = ()
    tags: Mapping[str, str] | None = field(default_factory=dict)


def make_document(collections: Sequence[Document]) -> Document:
    """A listing as it is saved."""
    return {**_FORMAT, "collections": list(collections)}


def parse_listing(document: object) -> tuple[ListedCollection, ...]:
    """The collections of a document. Raises `SettingsError`, saying which part is wrong."""
    if not isinstance(document, dict) or {k: document.get(k) for k in _FORMAT} != _FORMAT:
        raise SettingsError(
            "This is no listing of collections. Save one with: mien import rekognition "
            "--save-listing FILE"
        )
    return tuple(
        _parse_collection(one, at=f"collection {number}")
        for number, one in enumerate(_list(document, "collections", at="the listing"), 1)
    )


def save_listing(path: Path, document: Document) -> None:
    """Writes a document for its owner alone. Raises `SettingsError` where it cannot be written."""
    try:
        with open(path, "w", encoding="utf-8", opener=_open_own) as file:
            json.dump(document, file, indent=1)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror}).") from error


def load_listing(path: Path) -> tuple[ListedCollection, ...]:
    """The collections of a saved document. Raises `SettingsError`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}).") from error
    except ValueError as error:  # no JSON, or no text
        raise SettingsError(f"{path} is no JSON document.") from error
    return parse_listing(document)


def _open_own(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _parse_collection(entry: Document, *, at: str) -> ListedCollection:
    tags = entry.get("Tags", {})
    if tags is not None and not _are_tags(tags):
        raise _wrong(at, "Tags")
    return ListedCollection(
        collection_id=_text(entry, "CollectionId", pattern=_COLLECTION, at=at),
        faces=tuple(
            _parse_face(one, at=f"{at}, face {number}")
            for number, one in enumerate(_list(entry, "Faces", at=at), 1)
        ),
        users=tuple(
            _parse_user(one, at=f"{at}, user {number}")
            for number, one in enumerate(_list(entry, "Users", at=at), 1)
        ),
        tags=tags,
    )


def _parse_face(entry: Document, *, at: str) -> ListedFace:
    box = entry.get("BoundingBox")
    if not isinstance(box, dict) or not all(_is_number(box.get(edge)) for edge in _EDGES):
        raise _wrong(at, "BoundingBox")
    left, top, width, height = (float(box[edge]) for edge in _EDGES)
    return ListedFace(
        face_id=_text(entry, "FaceId", pattern=_UUID, at=at).lower(),
        image_id=_text(entry, "ImageId", pattern=_UUID, at=at).lower(),
        external_image_id=(
            _text(entry, "ExternalImageId", pattern=_NAME, at=at)
            if entry.get("ExternalImageId")
            else ""
        ),
        box=Box(left, top, left + width, top + height),
    )


def _parse_user(entry: Document, *, at: str) -> ListedUser:
    face_ids = entry.get("FaceIds", [])
    if not isinstance(face_ids, list) or not all(
        isinstance(one, str) and _UUID.fullmatch(one) for one in face_ids
    ):
        raise _wrong(at, "FaceIds")
    user_id = _text(entry, "UserId", pattern=_USER, at=at)
    return ListedUser(user_id, tuple(one.lower() for one in face_ids))


def _are_tags(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(word, str) and len(word) <= _LONGEST_TAG
        for word in (*value.keys(), *value.values())
    )


def _is_number(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)  # type: ignore[arg-type]


def _text(entry: Document, name: str, *, pattern: re.Pattern[str], at: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _wrong(at, name)
    return value


def _list(entry: Document, name: str, *, at: str) -> Sequence[Document]:
    values = entry.get(name, [])
    if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
        raise _wrong(at, name)
    return values


def _wrong(at: str, name: str) -> SettingsError:
    return SettingsError(f"The listing cannot be used: in {at}, {name} is missing or malformed.")
