"""Options that many commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from mien.library import Library
from mien.service.installed import InstalledModels
from mien.settings import Settings, load_settings

Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="DIR",
        readable=False,
        help="The data folder; default: MIEN_HOME, or the platform's.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
CollectionName = Annotated[
    str, typer.Option("--collection", metavar="NAME", help="The gallery to use.")
]


def read_settings(home: Path | None) -> Settings:
    """The settings of the environment, with the home that the user chose."""
    return load_settings(os.environ, home=home)


def find_models(home: Path | None) -> InstalledModels:
    """The models of the home that the user chose, without opening it."""
    settings = read_settings(home)
    return InstalledModels(settings.cache / "models", settings.home / "models", pack=settings.pack)


def open_library(home: Path | None) -> Library:
    """The library of the home that the user chose, or of the environment's."""
    return Library(settings=read_settings(home))
