"""The guide to models says what the cards say, and its examples work."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from house.source import ROOT
from mien.cli.app import app
from mien.permission.licence import needs_acceptance
from mien.permission.verdict import Reason
from mien.service.migration import Obstacle
from mien.vision.cards import get_pack, load_cards
from mien.vision.shelf import Shelf
from vision.networks import build_recogniser

GUIDE = (ROOT / "docs" / "guide" / "models.md").read_text(encoding="utf-8")
PACKS = sorted(card.pack for card in load_cards() if card.pack)


def rows_of(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    section = GUIDE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def blocks_of(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def commands() -> list[list[str]]:
    lines = [line.partition("  #")[0] for block in blocks_of("sh") for line in block.splitlines()]
    words = [shlex.split(line) for line in lines]
    return [one[one.index("mien") + 1 :] for one in words]


def test_every_pack_is_told_of() -> None:
    assert sorted(row[0].strip("`") for row in rows_of("Which one")) == PACKS


@pytest.mark.parametrize("row", rows_of("Which one"), ids=lambda row: row[0])
def test_a_pack_is_told_of_as_its_cards_say(row: list[str]) -> None:
    pack = get_pack(row[0].strip("`"))
    is_free = not needs_acceptance(pack.recogniser.licence_terms)
    assert ("every use" in row[2]) == is_free
    assert ("non-commercial" in row[2]) == (not is_free)
    if is_free:
        assert pack.recogniser.licence.removesuffix("-1.0") in row[2]
    assert "measured here" in GUIDE.split("| pack |", 1)[1].splitlines()[0]
    if pack.name == "open":
        return
    source = pack.recogniser.source
    fetched = round((source.archive_bytes or source.size_bytes) / 1e6)
    assert row[3].startswith(f"{fetched} MB")
    assert ("kept" in row[3]) == (source.archive_bytes is not None)


def test_every_obstacle_is_explained() -> None:
    rows = rows_of("Bring a collection to another model")
    explained = {code for row in rows for code in codes(row)}
    assert {str(one) for one in Obstacle} <= explained
    known = {*map(str, Obstacle), *map(str, Reason), "unreadable"}
    assert explained <= known


def codes(row: list[str]) -> list[str]:
    return re.findall(r"`([a-z-]+)`", row[0])


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_of_the_guide_is_one(words: list[str]) -> None:
    command = typer.main.get_command(app)
    place: object = command
    rest = list(words)
    while rest and rest[0] in getattr(place, "commands", {}):
        place = place.commands[rest.pop(0)]  # type: ignore[attr-defined]
    options = {name for param in place.params for name in param.opts}  # type: ignore[attr-defined]
    assert {word for word in rest if word.startswith("--")} <= options


def test_the_card_of_the_guide_is_taken(tmp_path: Path) -> None:
    (text,) = blocks_of("toml")
    file = tmp_path / "arcface.onnx"
    file.write_bytes(build_recogniser())
    card = Shelf(tmp_path / "models", cache=tmp_path / "cache").add(file, text)
    assert (card.id, card.licence_terms) == ("mine", "free")


def test_the_defaults_of_a_card_are_those_that_are_told(tmp_path: Path) -> None:
    file = tmp_path / "arcface.onnx"
    file.write_bytes(build_recogniser())
    (text,) = blocks_of("toml")
    card = Shelf(tmp_path / "models", cache=tmp_path / "cache").add(file, text)
    told = {row[0]: row[2] for row in rows_of("A model of your own")}
    assert told["`detector`"] == f"`{card.detector}`"
    form = card.input
    assert told["`input.side_px`, `colour_order`, `mean`, `divisor`"] == (
        f"{form.side_px}, `{form.colour_order}`, {form.mean[0]}, {form.divisor}"
    )
    assert card.alignment is not None
    assert (card.alignment.scales, card.alignment.mirrored) == ((1.0,), False)
