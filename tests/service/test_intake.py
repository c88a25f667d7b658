"""One file on its way in: what is read, what is known again, and what is only an excuse."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from mien.permission.verdict import ALLOWED, Reason, Verdict, refuse
from mien.service.intake import FailedFile, IgnoredFile, Intake, ReadPhoto, RefusedFile, take_in
from mien.service.ports import Vision
from mien.sources.base import FoundFile
from mien.testing import FakeVision, draw_photo

MAX_BYTES = 100_000


def found(path: Path, *, is_named: bool = False) -> FoundFile:
    return FoundFile(os.fsencode(path), path.as_uri(), str(path), "1.2.3", is_named)


def no_vision() -> Vision:
    raise AssertionError("nothing was to be looked at")


def take(path: Path, *, is_named: bool = False, max_bytes: int = MAX_BYTES) -> Intake:
    return take_in(
        found(path, is_named=is_named),
        vision=FakeVision,
        may_read=lambda _: ALLOWED,
        is_indexed=lambda _: False,
        max_bytes=max_bytes,
    )


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(draw_photo(1, 2, seed=3))
    return path


def test_a_photo_is_known_by_the_digest_of_all_its_bytes(photo: Path) -> None:
    intake = take(photo)
    assert isinstance(intake, ReadPhoto)
    content = photo.read_bytes()
    assert intake.sha256 == hashlib.sha256(content).hexdigest()
    assert intake.size_bytes == len(content)
    assert intake.analysis is not None
    assert len(intake.analysis.faces) == 2


def test_indexed_bytes_are_not_looked_at_again(photo: Path) -> None:
    digest = hashlib.sha256(photo.read_bytes()).hexdigest()
    intake = take_in(
        found(photo),
        vision=no_vision,
        may_read=lambda _: ALLOWED,
        is_indexed=lambda sha256: sha256 == digest,
        max_bytes=MAX_BYTES,
    )
    assert isinstance(intake, ReadPhoto)
    assert intake.analysis is None


@pytest.mark.parametrize("name", ["notes.txt", "Thumbs.db", "clip.mp4", "no-suffix"])
def test_what_does_not_claim_to_be_a_photo_is_ignored(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"no photo at all")
    assert isinstance(take(path), IgnoredFile)


@pytest.mark.parametrize("name", ["holiday.jpg", "HOLIDAY.JPEG", "a.HeIc", "b.webp", "c.tiff"])
def test_what_is_named_as_photos_are_has_to_be_one(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"no photo at all")
    assert take(path) == FailedFile(str(path), "not-a-photo")


def test_a_file_asked_for_by_name_has_to_be_a_photo(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"no photo at all")
    assert take(path, is_named=True) == FailedFile(str(path), "not-a-photo")


def test_a_photo_without_a_suffix_is_one(tmp_path: Path) -> None:
    path = tmp_path / "IMG0001"
    path.write_bytes(draw_photo(5))
    assert isinstance(take(path), ReadPhoto)


def test_an_empty_file_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "empty.jpg"
    path.touch()
    assert take(path) == FailedFile(str(path), "empty-file")


def test_a_file_that_went_away_is_a_line_and_not_an_end(tmp_path: Path) -> None:
    intake = take(tmp_path / "gone.jpg")
    assert isinstance(intake, FailedFile)
    assert intake.reason in {"not-found", "unreadable"}


def test_the_limit_on_bytes_is_exact(photo: Path) -> None:
    size_bytes = photo.stat().st_size
    assert isinstance(take(photo, max_bytes=size_bytes), ReadPhoto)
    assert take(photo, max_bytes=size_bytes - 1) == FailedFile(str(photo), "too-many-bytes")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_photo_cut_short_is_a_line_and_not_an_end(photo: Path, share: float) -> None:
    content = photo.read_bytes()
    photo.write_bytes(content[: int(len(content) * share)])
    intake = take(photo)
    assert isinstance(intake, FailedFile)
    assert intake.reason in {"truncated", "damaged"}


def test_bytes_that_were_opted_out_are_not_even_decoded(photo: Path) -> None:
    digest = hashlib.sha256(photo.read_bytes()).hexdigest()
    asked: list[str] = []

    def may_read(sha256: str) -> Verdict:
        asked.append(sha256)
        return refuse(Reason.ITEM_SUPPRESSED)

    intake = take_in(
        found(photo),
        vision=no_vision,
        may_read=may_read,
        is_indexed=lambda _: False,
        max_bytes=MAX_BYTES,
    )
    assert intake == RefusedFile(Reason.ITEM_SUPPRESSED)
    assert asked == [digest]
