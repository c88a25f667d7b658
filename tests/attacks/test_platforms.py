"""Attempts to reach a platform that forbids scraping; every one must fail for ever."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any
from unittest.mock import patch

import pytest
import typer.main

from house.source import modules
from mien.cli.app import app
from mien.errors import SettingsError
from mien.library import Library
from mien.permission import platforms
from mien.permission.basis import Basis
from mien.permission.grant import GrantKind, may_add
from mien.permission.use import Use
from mien.permission.verdict import Reason
from mien.settings import Settings
from mien.sources.base import FoundFile
from permission.samples import NOON, make_grant
from service.stage import EMPTY, Stage, counts_of, query

ADDRESSES = [
    "https://www.facebook.com/ann/photos/",
    "https://FACEBOOK.com./ann/",
    "https://m.facebook.com:443/ann/",
    "https://scontent-ams4-1.xx.fbcdn.net/v/",
    "https://ann@www.facebook.com/ann/",
    "https://archive.example@www.facebook.com/ann/",
    "https://www.facebook.com@archive.example/ann/",
    "https://www.%66%61cebook.com/ann/",
    "https://www.facebook%2ecom/ann/",
    "https://www.face%C2%ADbook.com/ann/",
    "https://www.\uff46\uff41\uff43\uff45\uff42\uff4f\uff4f\uff4b.com/ann/",
    "https://www.facebook\u3002com/ann/",
    "https://fb.me/ann/",
    "https://pbs.twimg.com/media/",
    "https://t.co/abc/",
    "https://media.licdn.com/dms/image/",
    "https://www.pinterest.co.uk/ann/",
    "https://157.240.1.35/ann/",
    "https://2649750819/ann/",
    "https://0x9df00123/ann/",
    "https://[2a03:2880:f10c:83:face:b00c:0:25de]/ann/",
    "https://157.240.1.35.nip.io/ann/",
    "https:///www.facebook.com/ann/",
]


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        yield library


@pytest.mark.parametrize("kind", GrantKind)
def test_no_grant_has_a_platform_in_its_scope(
    stage: Stage, library: Library, kind: GrantKind
) -> None:
    for address in ADDRESSES:
        for scope in (address, address.rstrip("/")):
            with pytest.raises(SettingsError, match=r"forbids scraping|no host but|no address"):
                stage.grant(library, kind=kind, scope=scope, uses=list(Use))
    assert library.grants() == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_verdict_lets_an_item_of_a_platform_in(address: str) -> None:
    """Whoever vouches for the grant, and whatever it says."""
    grant = make_grant(
        scope=(address, "https://", "file:///"), uses=frozenset(Use), bases=frozenset(Basis)
    )
    for uri in (f"{address}a.jpg", address, address.rstrip("/")):
        reasons = may_add(grant, uri=uri, basis=Basis.HOUSEHOLD, at=NOON).reasons
        assert Reason.PLATFORM_FORBIDS in reasons


def test_an_item_that_claims_to_be_from_a_platform_does_not_enter(
    stage: Stage, library: Library
) -> None:
    """Even if a source handed it in, and the row of the grant were made to cover it."""
    path = stage.draw("ann.png", 1)
    grant = stage.grant(library)
    item = FoundFile(bytes(path), "https://www.facebook.com/ann.png", "ann.png", "1", is_named=True)
    with patch("mien.service.ingest.FolderSource.iter_items", lambda _: iter([item])):
        report = library.add(path, grant=grant)
        assert dict(report.refused) == {Reason.PLATFORM_FORBIDS: 1}
        scope = json.dumps(["https://www.facebook.com/"])
        query(stage.home / "catalog.db", "UPDATE grants SET scope = ?", scope)
        with patch("mien.vault.notary.Notary.is_vouched", return_value=True):
            report = library.add(path, grant=grant)
        assert dict(report.refused) == {Reason.PLATFORM_FORBIDS: 1}
    assert counts_of(stage.home) == EMPTY


@pytest.mark.parametrize("value", ["", "0", "[]", "/dev/null", "facebook.com"])
def test_no_environment_variable_shortens_the_list(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    for name in (
        *("MIEN_PLATFORMS", "MIEN_ALLOW_PLATFORMS", "MIEN_PLATFORMS_FILE", "MIEN_DENYLIST"),
        *("MIEN_NO_PLATFORMS", "MIEN_SCRAPE", "MIEN_HOSTS", "PLATFORMS"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MIEN_HOME", str(stage.home))
    with Library(models=stage.models) as library, pytest.raises(SettingsError, match="forbids"):
        library.grant(
            "https://facebook.com/",
            grantor="A",
            purposes=["try"],
            basis="household",
            until=stage.now.date(),
        )


def test_no_file_in_the_home_or_beside_the_program_shortens_the_list(
    stage: Stage, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(stage.folder)
    for folder in (stage.home, stage.folder):
        for name in ("platforms.toml", "platforms.json", "mien.toml", ".mien", "settings.toml"):
            (folder / name).write_text("platforms = []\n")
    with pytest.raises(SettingsError, match="forbids"):
        stage.grant(library, scope="https://facebook.com/")


def test_no_setting_option_or_argument_speaks_of_platforms() -> None:
    def iter_names(command: Any) -> Iterator[str]:
        for parameter in command.params:
            yield from (parameter.name, *parameter.opts)
        for inner in getattr(command, "commands", {}).values():
            yield from iter_names(inner)

    names = [*iter_names(typer.main.get_command(app)), *(field.name for field in fields(Settings))]
    # A case names a host to take photos away from it, and never to let any in.
    others = [name for name in names if name not in {"host", "--host"}]
    assert [name for name in others if re.search(r"platform|host|deny|allow", str(name))] == []


def test_the_list_is_read_where_it_is_written_and_shown_and_nowhere_changed() -> None:
    readers = {
        module.relative for module in modules() if re.search(r"\bPLATFORMS\b", module.source)
    }
    assert readers == {"src/mien/permission/platforms.py", "src/mien/cli/grant.py"}
    assert isinstance(platforms.PLATFORMS, tuple)
    assert all(isinstance(one.domains, tuple) for one in platforms.PLATFORMS)
    with pytest.raises(AttributeError):
        platforms.PLATFORMS[0].domains = ()  # type: ignore[misc]


def test_every_way_in_asks_for_the_address() -> None:
    """What decides whether a photo enters is one function, and it asks."""
    (grant,) = [m for m in modules() if m.relative == "src/mien/permission/grant.py"]
    asked = {
        function.node.name
        for function in grant.functions()
        for node in ast.walk(function.node)
        if isinstance(node, ast.Name) and node.id == "check_address"
    }
    assert asked == {"may_add", "may_use"}
    recorders = {
        module.relative
        for module in modules()
        if re.search(r"\badd_location\(", module.source) and "/catalog/" not in module.relative
    }
    assert recorders == {"src/mien/service/commit.py"}
    (commit,) = [m for m in modules() if m.relative == "src/mien/service/commit.py"]
    assert "may_add(" in commit.source
