"""The guide for a club's secretary: its commands, run in its order, with stand-ins for the models.

What a command is shown to say is compared with what it says; an id that the guide shortens
(`5f0c…`) is the one that was given out where the guide shows it first.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from cli import fake_mien
from house.source import ROOT
from mien.cli.app import app
from mien.testing import draw_photo

GUIDE = (ROOT / "docs" / "guide" / "permission.md").read_text(encoding="utf-8")
SHORTENED = re.compile(r"\b[0-9a-f]{4}…")

ANN, BEN, CID = 11, 22, 33


def examples() -> dict[str, list[str]]:
    """The lines of every example, in the order of the page."""
    found = re.findall(r"<!-- example: (\w+) -->\n```console\n(.*?)```", GUIDE, re.DOTALL)
    return {name: text.splitlines() for name, text in found}


class Secretary:
    """Types what the guide says; what was answered, and the ids that were given out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch = monkeypatch
        self.capsys = capsys
        self.ids: dict[str, str] = {}
        self.said: dict[str, str] = {}

    def follow(self, lines: list[str]) -> None:
        command, shown = "", list[str]()
        for line in [*lines, "$ "]:
            if not line.startswith("$ "):
                shown.append(line)
                continue
            if command:
                self._type(command, shown)
            command, shown = line[2:], []

    def _type(self, command: str, shown: list[str]) -> None:
        words = shlex.split(SHORTENED.sub(lambda match: self.ids[match[0]], command))
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            self.monkeypatch.setenv(name, value)
            return
        assert words[0] == "mien"
        code = fake_mien.main(words[1:])
        answer = self.capsys.readouterr()
        assert code == 0, f"{command}: {answer.err}"
        self.said[command] = answer.out
        for line in shown:
            self._learn(line, answer.out)

    def _learn(self, line: str, said: str) -> None:
        pattern = SHORTENED.sub(r"([0-9a-f-]{36})", re.escape(line).replace("\\ ", " "))
        found = re.search(f"^{pattern}$", said, re.MULTILINE)
        assert found, f"{line!r} is not what was said: {said}"
        for short, given in zip(SHORTENED.findall(line), found.groups(), strict=True):
            self.ids[short] = given


def is_there(words: list[str]) -> bool:
    """Whether the command and every option of it exist."""
    command: object = get_command(app)
    while commands := getattr(command, "commands", None):
        name, words = words[0] if words else "", words[1:]
        if name not in commands:
            return False
        command = commands[name]
    known = {name for parameter in getattr(command, "params", ()) for name in parameter.opts}
    return {word for word in words if word.startswith("--")} <= known


@pytest.fixture
def secretary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Secretary:
    """In a folder that has what the guide speaks of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MIEN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "Pictures" / "private").mkdir(parents=True)
    for name, people in {
        "Pictures/summer.jpg": (ANN, BEN, CID),
        "Pictures/winter.jpg": (ANN, CID),
        "Pictures/private/beach.jpg": (BEN,),
        "ann-1.jpg": (ANN,),
        "ann-2.jpg": (ANN,),
        "ben.jpg": (BEN,),
        "party.jpg": (CID,),
    }.items():
        (tmp_path / name).write_bytes(draw_photo(*people, seed=len(name)))
    for name in ("letter.pdf", "form-ann.pdf"):
        (tmp_path / name).write_bytes(b"%PDF-1.7 signed")
    return Secretary(monkeypatch, capsys)


def test_the_guide_has_an_example_for_everything_that_may_be_asked() -> None:
    assert list(examples()) == [
        *("who", "collection", "grant", "enrol", "withdraw", "revoke", "optout", "case"),
        *("see", "policy", "evidence"),
    ]


def test_the_guide_works_from_top_to_bottom(secretary: Secretary, tmp_path: Path) -> None:
    for lines in examples().values():
        secretary.follow(lines)
    said = "\n".join(secretary.said.values())
    assert "Ann Ek" in said
    policy = (tmp_path / "policy.html").read_text("utf-8")
    for word in ("SV Nord e.V.", "photos@sv-nord.example", "club-chronicle"):
        assert word in policy
    for name in ("Ann Ek", "Pictures", "His mail of 3 May"):
        assert name not in policy
    assert (tmp_path / "evidence" / "manifest.json").is_file()
    assert (tmp_path / "answer").is_dir()


def test_a_member_is_found_until_the_withdrawal(secretary: Secretary) -> None:
    wanted = examples()
    for name in ("who", "collection", "grant", "enrol"):
        secretary.follow(wanted[name])
    search = next(line[2:] for line in wanted["enrol"] if line.startswith("$ mien search"))
    assert secretary.said[search].count("file://") == 2
    secretary.follow(wanted["withdraw"])
    secretary.follow([f"$ {search}"])
    assert "file://" not in secretary.said[search]


def test_every_basis_has_three_sentences() -> None:
    part = GUIDE.split("## Choose the basis\n")[1].split("\n## ")[0]
    told = re.findall(r"^- \*\*`(\w+)`\*\*: (.+)$", part, re.MULTILINE)
    assert [name for name, _ in told] == ["enrolled_only", "documented_basis", "household"]
    assert [len(re.findall(r"[.](?: |$)", text)) for _, text in told] == [3, 3, 3]


def test_it_is_read_in_five_minutes() -> None:
    """At 220 words a minute, commands left out."""
    prose = re.sub(r"```.*?```", "", GUIDE, flags=re.DOTALL)
    assert len(prose.split()) < 5 * 220


def test_commands_in_the_text_are_commands() -> None:
    named = re.findall(r"`mien ([a-z]+(?: [a-z]+)?)", GUIDE)
    assert len(named) >= 3
    assert [words for words in named if not is_there(words.split())] == []
