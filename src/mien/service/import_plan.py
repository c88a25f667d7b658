"""Which files may be which images of a collection of Amazon's, before any of them is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mien.sources.amazon_listing import ListedCollection, ListedFace
from mien.sources.base import FoundFile
from mien.sources.named_images import NamedImages


@dataclass(frozen=True, slots=True)
class NamedFiles:
    """Images that go by one name, with the faces of each, and the files that may be them."""

    images: Mapping[str, Sequence[ListedFace]]
    files: Sequence[FoundFile]

    def iter_faces(self) -> Iterator[ListedFace]:
        for faces in self.images.values():
            yield from faces


@dataclass(frozen=True, slots=True)
class Plan:
    """A collection as it is to come over: its names, and every file of them once.

    By the place of a file, all faces that it may show.
    """

    listed: ListedCollection
    names: Sequence[NamedFiles]
    files: Sequence[FoundFile]
    faces_by_uri: Mapping[str, Sequence[ListedFace]]

    def iter_items(self) -> Iterator[FoundFile]:
        return iter(self.files)


def plan_import(listed: ListedCollection, images: NamedImages) -> Plan:
    """Looks at names alone."""
    by_name: dict[tuple[str, str], dict[str, list[ListedFace]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for face in listed.faces:
        key = (face.external_image_id, "" if face.external_image_id else face.image_id)
        by_name[key][face.image_id].append(face)
    names = [
        NamedFiles(
            faces,
            _once(
                file
                for image_id in faces
                for file in images.find(external_image_id=name, image_id=image_id)
            ),
        )
        for (name, _), faces in by_name.items()
    ]
    faces_by_uri: dict[str, list[ListedFace]] = defaultdict(list)
    for one in names:
        for file in one.files:
            faces_by_uri[file.uri] += one.iter_faces()
    return Plan(listed, names, _once(file for one in names for file in one.files), faces_by_uri)


def _once(files: Iterable[FoundFile]) -> Sequence[FoundFile]:
    return list({file.uri: file for file in files}.values())
