"""Attempts to add or search without permission; every one must fail for ever."""

from __future__ import annotations

import ast
import dataclasses
import json
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import typer.main

from house.source import modules
from mien.cli.app import app
from mien.errors import SettingsError
from mien.library import Library
from mien.permission.verdict import Reason
from mien.settings import Settings
from mien.testing import draw_photo
from service.stage import EMPTY, PURPOSE, Stage, counts_of, names_of, query

SUSPICIOUS = re.compile(
    r"force|skip|bypass|override|unsafe|insecure|ignore|disable|trust|sudo|admin|no.?(grant|check|"
    r"permission)|without|permissive|debug|allow.?all|any.?purpose|public",
    re.IGNORECASE,
)


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        yield library


def fill(stage: Stage, library: Library) -> str:
    stage.draw("ann.png", 1)
    grant = stage.grant(library)
    assert library.add(stage.photos, grant=grant).photos_new == 1
    return grant


def check_nothing_is_found(library: Library) -> None:
    result = library.search("/nowhere", purpose=PURPOSE)
    assert not result.verdict.is_allowed
    assert result.candidates == ()


def iter_options(command: Any, words: str = "mien") -> Iterator[tuple[str, str]]:
    for parameter in command.params:
        for name in (parameter.name, *parameter.opts, *parameter.secondary_opts):
            yield words, name
    for name, inner in getattr(command, "commands", {}).items():
        yield words, name
        yield from iter_options(inner, f"{words} {name}")


def test_no_command_option_or_setting_is_named_like_a_way_round_permission() -> None:
    names = list(iter_options(typer.main.get_command(app)))
    assert ("mien add", "--grant") in names
    assert ("mien grant", "revoke") in names
    settings = [(f.name, f.metadata["variable"]) for f in dataclasses.fields(Settings)]
    found = [pair for pair in (*names, *settings) if any(map(SUSPICIOUS.search, pair))]
    harmless = {
        ("public", "MIEN_PUBLIC"),  # which pages strangers are shown; none of them asks less
    }
    taking = "mien users disable"  # which takes rights from somebody
    left = [pair for pair in found if " ".join(pair)[: len(taking)] != taking]
    assert set(left) <= harmless


def test_no_hidden_command_or_option_exists() -> None:
    def hidden(command: Any) -> Iterator[str]:
        yield from (p.name for p in command.params if getattr(p, "hidden", False))
        yield from (p.name for p in command.params if getattr(p, "envvar", None))
        for inner in getattr(command, "commands", {}).values():
            yield from [inner.name] if inner.hidden else []
            yield from hidden(inner)

    assert list(hidden(typer.main.get_command(app))) == []


def test_the_environment_is_read_in_the_settings_alone() -> None:
    """Besides them only the edges that hand it over: the library and the command line."""
    readers = {
        module.relative
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
    }
    assert readers <= {
        "src/mien/library.py",
        "src/mien/cli/options.py",
        "src/mien/server/opening.py",  # hands the operator's stores their keys
        "src/mien/vision/package.py",  # hands pip its own settings
    }


def test_permission_has_no_setting() -> None:
    variables = {field.metadata["variable"] for field in dataclasses.fields(Settings)}
    source = "\n".join(module.source for module in modules())
    named = set(re.findall(r"MIEN_[A-Z_]+", source)) - {"MIEN_"}
    named -= {"MIEN_KEY"}  # in the examples of the reference, where a key goes
    assert named <= variables


def test_no_decision_is_made_but_from_verdicts() -> None:
    """`ALLOWED` is handed out by the pure decisions, and by nobody else but as a start value."""
    makers = {
        module.relative: len(re.findall(r"return ALLOWED|Verdict\(\)", module.source))
        for module in modules()
        if not module.relative.startswith("src/mien/permission/")
    }
    assert {path: count for path, count in makers.items() if count} == {}


@pytest.mark.parametrize(
    "name",
    [
        *("MIEN_GRANT", "MIEN_PURPOSE", "MIEN_FORCE", "MIEN_SKIP_PERMISSION", "MIEN_DEBUG"),
        *("MIEN_TEST", "MIEN_TESTING", "MIEN_NO_GRANT", "MIEN_BASIS", "MIEN_ADMIN"),
        *("ADD_GRANT", "SEARCH_PURPOSE", "MIEN_ADD_GRANT", "MIEN_SEARCH_PURPOSE"),
    ],
)
@pytest.mark.parametrize("value", ["1", "true", PURPOSE])
def test_no_environment_variable_stands_in_for_permission(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("MIEN_HOME", str(stage.home))
    stage.draw("ann.png", 1)
    with Library(models=stage.models) as library:
        assert library.add(stage.photos, grant=None).verdict.reasons == (Reason.NO_GRANT,)
        stage.now = library._deployment.clock()
        library.add(stage.photos, grant=stage.grant(library, "another-purpose"))
        check_nothing_is_found(library)
        assert library.search("/nowhere", purpose="").verdict.reasons == (Reason.NO_PURPOSE,)
    assert counts_of(stage.home)["photos"] == 1


def test_a_link_into_another_folder_brings_nothing_in(stage: Stage, library: Library) -> None:
    secret = stage.folder / "secret"
    secret.mkdir()
    stage.draw("ann.png", 1).rename(secret / "ann.png")
    grant = stage.grant(library)
    (stage.photos / "folder").symlink_to(secret)
    (stage.photos / "file.png").symlink_to(secret / "ann.png")
    report = library.add(stage.photos, grant=grant)
    assert dict(report.refused) == {Reason.OUT_OF_SCOPE: 1}
    through = library.add(stage.photos / "folder" / "ann.png", grant=grant)
    assert dict(through.refused) == {Reason.OUT_OF_SCOPE: 1}
    dotted = library.add(stage.photos / ".." / "secret", grant=grant)
    assert dict(dotted.refused) == {Reason.OUT_OF_SCOPE: 1}
    assert counts_of(stage.home) == EMPTY


def test_a_scope_that_is_swapped_for_a_link_later_covers_what_it_did(
    stage: Stage, library: Library
) -> None:
    secret = stage.folder / "secret"
    secret.mkdir()
    (secret / "ann.png").write_bytes(draw_photo(1))
    grant = stage.grant(library)
    stage.photos.rmdir()
    stage.photos.symlink_to(secret)
    report = library.add(stage.photos, grant=grant)
    assert dict(report.refused) == {Reason.OUT_OF_SCOPE: 1}


@pytest.mark.parametrize(
    "ending",
    [
        "photos/%2e%2e/secret/",
        "photos/..%2fsecret/",
        "photos/%2E./secret/",
        "photos/../secret/",
        "photos//../secret/",
        "photos/%00/",
        "photos/?x=/secret/",
        "photos/#/secret/",
    ],
)
def test_no_spelling_of_a_scope_leads_elsewhere(
    stage: Stage, library: Library, ending: str
) -> None:
    secret = stage.folder / "secret"
    secret.mkdir()
    (secret / "ann.png").write_bytes(draw_photo(1))
    with pytest.raises(SettingsError, match="no address that a grant can cover"):
        stage.grant(library, scope=f"{stage.folder.as_uri()}/{ending}")
    grant = stage.grant(library)
    stored = json.dumps([f"{stage.folder.as_uri()}/{ending}"])
    query(stage.home / "catalog.db", "UPDATE grants SET scope = ?", stored)
    assert dict(library.add(secret, grant=grant).refused) == {Reason.GRANT_CHANGED: 1}
    assert counts_of(stage.home) == EMPTY


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "hearsay"),
        ("bases", '["because"]'),
        ("bases", ""),
        ("grantor", b"\xff"),
        ("evidence", '[{"name": "letter"}]'),
        ("evidence", "[7]"),
        ("evidence", "[" * 100_000),
        ("scope", '["file:///\\ud800"]'),
        ("scope", "null"),
        ("scope", "7"),
        ("scope", '"file:///"'),
        ("scope", "{broken"),
        ("scope", '["file:///", 7]'),
        ("uses", '["everything"]'),
        ("uses", "null"),
        ("uses", '"search"'),
        ("purposes", "null"),
        ("purposes", "7"),
        ("purposes", '"family-album"'),
        ("valid_until", "never"),
        ("valid_until", 2**62),
        ("valid_from", "x"),
        ("revoked_at", "no"),
        ("retention_days", "long"),
        ("retention_days", 10**12),
        ("retention_days", -5),
    ],
)
def test_a_grant_made_malformed_in_the_database_opens_nothing_and_stops_no_other(
    stage: Stage, column: str, value: object
) -> None:
    with stage.open() as library:
        grant = fill(stage, library)
        other = stage.grant(library, "yearbook")
    change = f"UPDATE grants SET {column} = ? WHERE uuid = ?"  # noqa: S608  (columns above)
    query(stage.home / "catalog.db", change, value, grant)
    ben = stage.draw("ben.png", 2)
    with stage.open() as library:
        check_nothing_is_found(library)
        assert dict(library.add(ben, grant=grant).refused) == {Reason.GRANT_CHANGED: 1}
        assert library.examine().changed_grants == (grant,)
        assert library.add(ben, grant=other).photos_new == 1
        assert names_of(library.search(draw_photo(2), purpose="yearbook")) == ["ben.png"]
        assert library.revoke(grant).revoked_at == stage.now
        assert library.examine().changed_grants == ()
        assert library.add(ben, grant=grant).verdict.reasons == (Reason.GRANT_REVOKED,)


@pytest.mark.parametrize("purpose", ["family-album", "FAMILY-ALBUM", "family%", "%", "_", "*", "'"])
def test_no_wildcard_matches_a_purpose(stage: Stage, library: Library, purpose: str) -> None:
    stage.draw("ann.png", 1)
    library.add(stage.photos, grant=stage.grant(library, "family-album-of-ann"))
    assert not library.search("/nowhere", purpose=purpose).verdict.is_allowed


def test_a_clock_set_back_brings_no_revoked_grant_to_life(stage: Stage, library: Library) -> None:
    grant = fill(stage, library)
    stage.now += timedelta(days=5)
    library.revoke(grant)
    for days in (-10, -5, -1, 0, 100):
        stage.now += timedelta(days=days)
        check_nothing_is_found(library)
        assert not library.add(stage.photos, grant=grant).verdict.is_allowed


def test_a_location_moved_to_another_grant_in_the_database_loses_its_pictures_at_most(
    stage: Stage, library: Library
) -> None:
    """Whoever edits the catalog can lie in it: but a grant that is revoked stays so."""
    grant = fill(stage, library)
    library.revoke(grant)
    query(stage.home / "catalog.db", "UPDATE grants SET revoked_at = ?", 0)
    check_nothing_is_found(library)


def test_a_file_swapped_between_the_look_and_the_reading_is_what_is_recorded(
    stage: Stage, library: Library
) -> None:
    """The hash is of the bytes whose faces were found, whatever lies there a moment later."""
    stage.draw("ann.png", 1)
    grant = stage.grant(library)
    library.add(stage.photos, grant=grant, progress=lambda _: swap(stage))
    library.add(stage.photos, grant=grant)
    hashes = set(query(stage.home / "catalog.db", "SELECT sha256 FROM photos"))
    assert len(hashes) == 2
    (found, *_) = library.search(draw_photo(1), purpose=PURPOSE).candidates
    assert found.score < 0.9


def swap(stage: Stage) -> None:
    path = stage.photos / "ann.png"
    before = path.stat()
    path.write_bytes(draw_photo(77))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_the_home_can_be_read_by_its_owner_alone(stage: Stage, library: Library) -> None:
    fill(stage, library)
    for folder in (stage.home, stage.home / "keys"):
        assert folder.stat().st_mode & 0o077 == 0
    for file in ("catalog.db", "keys/root.key", "keys/keys.db"):
        assert (stage.home / file).stat().st_mode & 0o177 == 0
