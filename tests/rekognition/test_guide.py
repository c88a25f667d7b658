"""The guide begins with commands and a program that work as they stand."""

from __future__ import annotations

import re
import shlex
from ast import literal_eval
from pathlib import Path

import pytest

from cli import fake_mien
from house.source import ROOT
from rekognition.conformance.endpoint import Endpoint
from rekognition.conformance.photos import ANN, BEN, DAD

GUIDE = (ROOT / "docs" / "guide" / "rekognition.md").read_text(encoding="utf-8")
ENDPOINT = "http://127.0.0.1:8000"
SHORTENED = "5f0c…"


def example(name: str) -> str:
    found = re.search(rf"<!-- example: {name} -->\n```\w+\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    return found.group(1)


def run(program: str, address: str) -> None:
    """The guide's program as it stands, but for where the server is."""
    assert ENDPOINT in program
    program = program.replace(ENDPOINT, address)
    exec(compile(program, "rekognition.md", "exec"), {})  # noqa: S102  (our own guide)


def test_the_commands_print_what_an_sdk_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIEN_HOME", str(tmp_path / "home"))
    commands = [line[2:] for line in example("key").splitlines() if line.startswith("$ ")]
    grant_id, shown = "", ""
    for command in commands:
        words = shlex.split(command.replace(SHORTENED, grant_id))
        assert fake_mien.main(words[1:]) == 0, capsys.readouterr().err
        shown = capsys.readouterr().out
        grant_id = grant_id or shown.split()[-1]
    exported = dict(re.findall(r"^export (\w+)=(.+)$", shown, re.MULTILINE))
    assert exported["AWS_ENDPOINT_URL_REKOGNITION"] == ENDPOINT
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"} <= set(exported)


def test_the_programs_find_their_photos_and_where_those_lie(
    wire: Endpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wire.differs("the example is for a server of one's own")
    assert wire.served is not None
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", wire.served.key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", wire.served.secret)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    (tmp_path / "Pictures").mkdir()
    for name, who in {"dad-1.png": DAD, "ann.png": ANN, "ben.png": BEN}.items():
        (tmp_path / "Pictures" / name).write_bytes(wire.photos.of(who))
    (tmp_path / "me.jpg").write_bytes(wire.photos.of(DAD, take=1))
    run(example("program"), wire.served.address)
    (line,) = capsys.readouterr().out.splitlines()
    name, similarity = line.split()
    assert name == "dad-1.png"
    assert float(similarity) >= 80
    run(example("links"), wire.served.address)
    places = [literal_eval(line) for line in capsys.readouterr().out.splitlines()]
    assert len(places) == 3
    assert all(uri.startswith("upload:///conformance/") for (uri,) in places)
    wire.drop("people")


def test_the_program_is_no_more_than_ten_lines() -> None:
    assert len([line for line in example("program").splitlines() if line]) <= 10
