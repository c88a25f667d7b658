"""What shows a consent: a file by its hash, or words; anything less is refused."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from mien.errors import SettingsError
from mien.service.evidence import HandedFile, Words, describe_evidence, describe_file

MOST = 1000


def describe(evidence: str | Path) -> dict[str, object]:
    return dict(describe_evidence(evidence, max_bytes=MOST))


@pytest.fixture
def form(tmp_path: Path) -> Path:
    path = tmp_path / "ann.pdf"
    path.write_bytes(b"%PDF signed")
    return path


def test_of_a_file_its_hash_kind_and_size_are_kept(form: Path) -> None:
    expected = {
        "kind": "file",
        "name": "ann.pdf",
        "sha256": hashlib.sha256(b"%PDF signed").hexdigest(),
        "media_type": "application/pdf",
        "size_bytes": 11,
    }
    assert describe(form) == expected
    assert describe(str(form)) == expected


def test_a_file_without_a_known_ending_is_bytes(tmp_path: Path) -> None:
    path = tmp_path / "form"
    path.write_bytes(b"x")
    assert describe(path)["media_type"] == "application/octet-stream"


def test_a_file_that_is_there_is_one_whatever_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Form 12").write_bytes(b"x")
    assert describe("Form 12")["kind"] == "file"
    assert describe("Form 13") == {"kind": "reference", "text": "Form 13"}


@pytest.mark.parametrize(
    "words",
    [
        "Form 12, red folder",
        "on paper",
        "https://forms.example/123",
        "http://a.example/form.pdf",
        "Signed on 1.5.2030 in the office",
        "Блокнот, стр. 3",
    ],
)
def test_words_are_kept_as_they_are(words: str) -> None:
    assert describe(words) == {"kind": "reference", "text": words}
    assert describe(f"  {words} ") == {"kind": "reference", "text": words}


@pytest.mark.parametrize("nothing", ["", "   ", "\n\t"])
def test_no_words_are_no_evidence(nothing: str) -> None:
    with pytest.raises(SettingsError, match="needs evidence"):
        describe(nothing)


@pytest.mark.parametrize(
    "name", ["ann.pdf", "forms/ann", "./form", "scan.jpeg", "C:\\forms\\ann.docx", "a/b.p7m"]
)
def test_what_looks_like_a_file_must_be_there(name: str) -> None:
    """A slip in a path must not become the text of the evidence."""
    with pytest.raises(SettingsError, match="cannot be read") as refusal:
        describe(name)
    assert str(Path(name)) in str(refusal.value)


def test_a_path_must_be_there_whatever_it_looks_like() -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        describe(Path("Form 12"))


def test_an_empty_file_shows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "empty.pdf"
    path.touch()
    with pytest.raises(SettingsError, match="is empty"):
        describe(path)


def test_a_folder_is_no_evidence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        describe(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_refused(form: Path) -> None:
    form.chmod(0)
    with pytest.raises(SettingsError, match="Permission denied"):
        describe(form)


def test_a_file_too_large_is_refused_and_one_just_large_enough_is_not(tmp_path: Path) -> None:
    path = tmp_path / "form.pdf"
    path.write_bytes(b"x" * MOST)
    assert describe_file(path, max_bytes=MOST)["size_bytes"] == MOST
    path.write_bytes(b"x" * (MOST + 1))
    with pytest.raises(SettingsError, match="larger than 1,000 bytes"):
        describe_file(path, max_bytes=MOST)


@pytest.mark.parametrize("words", ["word " * 400, "form\0"])
def test_words_that_no_file_can_be_called_are_words(words: str) -> None:
    assert describe(words)["kind"] == "reference"


def test_words_are_never_taken_for_a_file(tmp_path: Path) -> None:
    (tmp_path / "letter.pdf").write_bytes(b"%PDF")
    for text in (str(tmp_path / "letter.pdf"), "none.pdf", "in the blue folder"):
        assert describe_evidence(Words(text), max_bytes=9) == {"kind": "reference", "text": text}
    with pytest.raises(SettingsError, match="needs evidence"):
        describe_evidence(Words("  "), max_bytes=9)


def test_a_file_that_was_handed_in_is_known_by_its_hash() -> None:
    told = describe_evidence(HandedFile("letter.pdf", b"%PDF"), max_bytes=9)
    assert (told["kind"], told["name"], told["size_bytes"]) == ("file", "letter.pdf", 4)
    assert told["media_type"] == "application/pdf"
    assert told["sha256"] == hashlib.sha256(b"%PDF").hexdigest()


@pytest.mark.parametrize("content", [b"", b"more than nine"])
def test_a_file_that_is_empty_or_too_large_shows_nothing(content: bytes) -> None:
    with pytest.raises(SettingsError, match=r"letter\.pdf"):
        describe_evidence(HandedFile("letter.pdf", content), max_bytes=9)
