from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mien.errors import ModelError
from mien.service.model_choices import Acceptance, ChoiceFile, Choices

NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Model:
    id: str
    licence: str


ONE, OTHER = Model("one", "Research only"), Model("other", 'Said "no", in Zoë\'s \\ words\n')


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "models" / "choices.toml"


def test_without_a_file_nothing_is_chosen_or_accepted(path: Path) -> None:
    assert ChoiceFile(path).read() == Choices()
    assert not ChoiceFile(path).has_accepted(ONE)
    assert not path.parent.exists()


def test_who_accepted_what_and_when_is_kept(path: Path) -> None:
    choices = ChoiceFile(path)
    choices.accept(ONE, by="ann", at=NOON)
    choices.accept(OTHER, by="Zoë", at=NOON)
    choices.choose("sface")
    again = ChoiceFile(path).read()
    assert again.pack == "sface"
    assert again.accepted == (
        Acceptance("one", "Research only", "ann", "2030-05-01T12:00:00+00:00"),
        Acceptance("other", OTHER.licence, "Zoë", "2030-05-01T12:00:00+00:00"),
    )
    assert set(tomllib.loads(path.read_text())) == {"pack", "accepted"}
    assert [file.name for file in path.parent.iterdir()] == ["choices.toml"]


def test_an_acceptance_is_of_one_licence_of_one_model(path: Path) -> None:
    choices = ChoiceFile(path)
    choices.accept(ONE, by="ann", at=NOON)
    assert choices.has_accepted(ONE)
    assert not choices.has_accepted(Model("one", "Research only, and no Tuesdays"))
    assert not choices.has_accepted(Model("two", "Research only"))


def test_the_first_acceptance_stays(path: Path) -> None:
    choices = ChoiceFile(path)
    choices.accept(ONE, by="ann", at=NOON)
    choices.accept(ONE, by="ben", at=NOON.replace(year=2031))
    assert [one.by for one in choices.read().accepted] == ["ann"]


def test_what_is_forgotten_is_asked_anew(path: Path) -> None:
    choices = ChoiceFile(path)
    choices.choose("open")
    choices.accept(ONE, by="ann", at=NOON)
    choices.accept(OTHER, by="ann", at=NOON)
    choices.forget(ONE)
    assert not choices.has_accepted(ONE)
    assert choices.has_accepted(OTHER)
    assert choices.read().pack == "open"


@pytest.mark.parametrize(
    "content", [b"\xff", b"pack = ", b"accepted = 3", b"[[accepted]]\nmodel = 'one'", b"[accepted]"]
)
def test_a_damaged_file_accepts_nothing(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    if content == b"[accepted]":
        assert ChoiceFile(path).read().accepted == ()
        return
    with pytest.raises(ModelError, match=r"choices\.toml cannot be read"):
        ChoiceFile(path).has_accepted(ONE)


def test_a_file_that_is_a_folder_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(ModelError, match="cannot be read"):
        ChoiceFile(path).read()
