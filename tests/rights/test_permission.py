"""What regulators demanded of Clearview, of permission: grants, purposes, provenance, limits."""

from __future__ import annotations

import ast
import dataclasses
import json
import random
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import typer.main

from cli import fake_mien
from house.source import modules
from mien.catalog.schema import metadata
from mien.cli.app import app
from mien.errors import SettingsError
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.grant import GrantKind
from mien.permission.platforms import PLATFORMS
from mien.permission.prohibited import PROHIBITIONS
from mien.permission.use import Use
from mien.permission.verdict import Reason
from mien.service.deployment import Deployment
from mien.service.gallery import Galleries
from mien.settings import Settings
from mien.sources.base import FoundFile
from mien.testing import draw_photo
from service.stage import DOCUMENTED, EMPTY, NOON, PURPOSE, Stage, counts_of, query

MISSING = "/nowhere/at/all.png"


def audited(library: Library) -> tuple[object, object]:
    """Action and reasons of the newest entry of the audit log."""
    (entry,) = library.audit().entries(last=1)
    return entry["action"], entry["reasons"]


@pytest.mark.parametrize(
    "ending", ["none", "unknown", "expired", "revoked", "changed", "not yet valid"]
)
def test_r1_nothing_is_collected_without_a_grant_in_force(stage: Stage, ending: str) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        grant: str | None = stage.grant(library, days=5)
        if ending in {"none", "unknown"}:
            grant = None if ending == "none" else "8f14e45f-ceea-467f-ab2f-0000000000ff"
        elif ending == "revoked":
            library.revoke(str(grant))
        elif ending == "changed":
            query(stage.home / "catalog.db", "UPDATE grants SET scope = ?", '["file:///"]')
        else:
            stage.now += timedelta(days=9 if ending == "expired" else -1)
        report = library.add(stage.photos, grant=grant)
        action, reasons = audited(library)
    assert (report.photos_new, report.verdict.is_allowed) == (0, False)
    assert (action, reasons) == ("add", [str(reason) for reason in report.verdict.reasons])
    assert counts_of(stage.home) == EMPTY


@pytest.mark.parametrize("kind", GrantKind)
def test_r1_no_kind_of_grant_covers_more_than_its_scope(stage: Stage, kind: GrantKind) -> None:
    stage.draw("in/ann.png", 1)
    stage.draw("out/ben.png", 2)
    with stage.open() as library:
        grant = stage.grant(library, kind=kind, scope=stage.photos / "in")
        report = library.add(stage.photos, grant=grant)
    assert (report.photos_new, dict(report.refused)) == (1, {Reason.OUT_OF_SCOPE: 1})


def test_r2_platforms_that_forbid_it_are_refused_below_configuration(stage: Stage) -> None:
    path = stage.draw("ann.png", 1)
    with stage.open() as library:
        for platform in PLATFORMS:
            for domain in platform.domains:
                with pytest.raises(SettingsError, match="forbids scraping"):
                    stage.grant(library, scope=f"https://cdn.{domain}/ann/")
        grant = stage.grant(library)
        item = FoundFile(
            bytes(path), "https://cdninstagram.com/ann.png", "ann.png", "1", is_named=True
        )
        with patch("mien.service.ingest.FolderSource.iter_items", lambda _: iter([item])):
            report = library.add(path, grant=grant)
    assert dict(report.refused) == {Reason.PLATFORM_FORBIDS: 1}
    assert counts_of(stage.home) == EMPTY


@pytest.mark.parametrize(
    "basis",
    [
        *("legitimate_interest", "legitimate-interests", "made_public", "manifestly_public"),
        *("public", "public_interest", "contract", "vital_interest", "consent_assumed", "none"),
    ],
)
def test_r4_other_bases_do_not_exist(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], basis: str
) -> None:
    stage.draw("ann.png", 1)
    monkeypatch.setenv("MIEN_HOME", str(stage.home))
    words = ["grant", "add", "--kind", "contract", "--grantor", "A", "--scope", str(stage.photos)]
    words += ["--purpose", "try", "--until", "2090-01-01", "--basis", basis]
    assert fake_mien.main(words) == 2
    assert fake_mien.main(["collection", "create", "x", "--basis", basis]) == 2
    assert basis in capsys.readouterr().err
    with stage.open() as library:
        with pytest.raises(SettingsError, match=basis):
            library.create_collection("x", basis=basis)
        grant = stage.grant(library)
        query(stage.home / "catalog.db", "UPDATE grants SET bases = ?", json.dumps([basis]))
        assert library.add(stage.photos, grant=grant).verdict.reasons == (Reason.GRANT_CHANGED,)
    assert {str(one) for one in Basis} == {"enrolled_only", "documented_basis", "household"}


def test_r7_every_photo_of_a_random_set_explains_itself(stage: Stage) -> None:
    """Many places of the same photos, under several grants, one of them ended."""
    chance = random.Random(7)  # noqa: S311  (a choice of photos, no secret)
    with stage.open() as library:
        grants = []
        for number in range(4):
            folder = stage.photos / str(number)
            for _ in range(30):
                person = chance.randrange(40)
                stage.draw(f"{number}/{chance.randrange(10**9)}.png", person, seed=person)
            grants.append(stage.grant(library, scope=folder, grantor=f"Holder {number}"))
            library.add(folder, grant=grants[-1])
        library.search(draw_photo(1), purpose=PURPOSE)
        library.revoke(grants[0])
        photos = query(stage.home / "catalog.db", "SELECT sha256 FROM photos")
        assert len(photos) > 20
        for sha256 in photos:
            check_explained(library, str(sha256))


def check_explained(library: Library, sha256: str) -> None:
    found = library.explain(sha256)
    assert found.places
    assert found.indexings
    for one in found.places:
        assert one.place.uri.startswith("file:///")
        assert one.place.added_at == one.place.seen_at == NOON
        assert re.fullmatch(r"Holder \d", one.grant.grantor)
        assert one.grant.is_vouched
        assert one.entered_with is not None
        assert one.verdicts.keys() == set(Use)
        assert one.verdicts[Use.SEARCH].is_allowed is (one.grant.revoked_at is None)
    assert {"grant-recorded"} <= {entry["action"] for entry in found.entries}


def test_r7_provenance_is_never_null() -> None:
    optional = {"quarantined_at"}
    locations = metadata.tables["locations"]
    assert {column.name for column in locations.c if column.nullable} == optional
    for name in ("photo_id", "grant_id"):
        assert locations.c[name].foreign_keys


CONTENTS = {"nobody": (), "the person": (1,), "others": (2, 3), "all of them": (1, 2, 3)}
"""Whom a home holds where somebody searches for person 1."""


def refused_body(folder: Path, people: tuple[int, ...], capsys: Any) -> tuple[object, ...]:
    stage = Stage(folder)
    for person in people:
        stage.draw(f"{person}.png", person)
    with stage.open() as library:
        library.create_collection("club", basis="household")
        grant = stage.grant(library, "yearbook")
        if people:
            library.add(stage.photos, grant=grant, collection="club")
        result = library.search(MISSING, purpose="press", collection="club")
        check_refused_without_looking(library)
    words = ["search", MISSING, "--purpose", "press", "--collection", "club"]
    told = []
    for form in ([], ["--json"]):
        code = fake_mien.main([*words, *form, "--home", str(stage.home)])
        said = capsys.readouterr()
        told += [code, said.out, said.err]
    return dataclasses.astuple(result), *told


def check_refused_without_looking(library: Library) -> None:
    """By structure, not by a clock: what could differ in time is not even called."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a refused search must not look")

    with (
        patch.object(Deployment, "vision", never),
        patch.object(Galleries, "load", never),
        patch("mien.service.probe.read_photo", never),
        patch("mien.service.seeking.find_visible_faces", never),
        patch("mien.service.ranking.find_reached", never),
        patch("mien.service.ranking.iter_visible_ids", never),
        patch("mien.vault.vault.Vault.read_templates", never),
    ):
        result = library.search(MISSING, purpose="press", collection="club")
    assert (result.probe, result.candidates, result.unreadable_faces) == (None, (), 0)


def test_r13_a_refused_search_is_the_same_whatever_the_collection_holds(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    bodies = {
        name: refused_body(stage.folder / name, people, capsys) for name, people in CONTENTS.items()
    }
    assert len({repr(body) for body in bodies.values()}) == 1
    (body, *_) = bodies.values()
    assert "purpose-not-granted" in str(body)


def test_r13_a_purpose_is_required_and_checked_against_grant_and_collection(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        library.create_collection("club", basis="household", purposes=["yearbook", "press"])
        library.add(stage.photos, grant=stage.grant(library, "yearbook"), collection="club")

        def ask(purpose: str) -> tuple[Reason, ...]:
            return library.search(draw_photo(1), purpose=purpose, collection="club").verdict.reasons

        assert ask("") == (Reason.NO_PURPOSE,)
        assert ask("family-album") == (Reason.PURPOSE_NOT_OF_COLLECTION,)
        assert ask("press") == (Reason.PURPOSE_NOT_GRANTED,)
        assert ask("yearbook") == ()
        with pytest.raises(TypeError):
            library.search(draw_photo(1), collection="club")  # type: ignore[call-arg]


def test_r15_two_people_confirm_a_match_unless_the_collection_says_one(stage: Stage) -> None:
    with stage.open() as library:
        made = {
            (basis, alone): library.create_collection(
                f"{basis} {alone}", basis=basis, one_person_confirms=alone
            )
            for basis in ("household", "enrolled_only")
            for alone in (False, True)
        }
        shown = {summary.name: summary.charter.confirmations for summary in library.collections()}
        entries = library.audit().entries()
    confirmations = {key: summary.charter.confirmations for key, summary in made.items()}
    assert confirmations == {
        ("household", False): 1,
        ("household", True): 1,
        ("enrolled_only", False): 2,
        ("enrolled_only", True): 1,
    }
    assert list(shown.values()) == list(confirmations.values())
    logged = [e["facts"]["confirmations"] for e in entries if e["action"] == "collection-made"]  # type: ignore[index]
    assert logged == list(confirmations.values())


def test_r15_no_answer_says_that_somebody_is_somebody(stage: Stage) -> None:
    """Candidates, ranked, with a score; never a yes."""
    stage.draw("ann.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        (candidate,) = library.search(draw_photo(1), purpose=PURPOSE).candidates
    values = {field.name: getattr(candidate, field.name) for field in dataclasses.fields(candidate)}
    assert {name for name, value in values.items() if isinstance(value, bool)} == set()
    assert set(values) >= {"rank", "score", "face"}
    names = "match|identity|identified|is_same|is_person|confirmed|verified"
    assert [name for name in values if re.search(names, name)] == []


@pytest.mark.parametrize("lacking", ["assessment", "retention_days"])
def test_r16_a_documented_basis_needs_an_impact_assessment(stage: Stage, lacking: str) -> None:
    papers = {name: value for name, value in DOCUMENTED.items() if name != lacking}
    with stage.open() as library:
        with pytest.raises(SettingsError, match="impact assessment"):
            stage.grant(library, **papers)
        with pytest.raises(SettingsError, match="impact assessment"):
            library.create_collection(
                "x",
                basis="documented_basis",
                purposes=["press"],
                **{name: value for name, value in papers.items() if name != "bases"},
            )
        grant = stage.grant(library, **DOCUMENTED)
        assert library.get_grant(grant).assessment == "DPIA 7"


NETWORK = {"socket", "http", "urllib.request", "ssl", "ftplib", "smtplib", "xmlrpc", "asyncio"}


def test_r20_no_collection_is_reached_from_elsewhere_or_reaches_out() -> None:
    """No federation: what speaks to a network fetches weights by their hash, and nothing else.

    A server listens, and answers whoever asks; photos are read from the stores that its operator
    named, and from no others.
    """
    answering = {"api", "http", "rekognition", "server", "web"}
    own = {"http": answering, "asyncio": answering, "socket": {"server"}}
    speakers = {
        module.relative
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
        )
        if (name in NETWORK or name.split(".")[0] in NETWORK)
        and module.layer not in own.get(name.split(".")[0], set())
    }
    assert speakers <= {
        "src/mien/sources/object_stores.py",
        "src/mien/vision/url.py",
        "src/mien/vision/fetch.py",
    }
    asking = re.compile(r"\.(connect|create_connection|open_connection|urlopen)\(|import httpx")
    served = [module for module in modules() if module.layer in answering]
    assert [module.relative for module in served if asking.search(module.source)] == []
    names = "federat|peer|tenant|remote|share|publish|sync_"
    assert [t for t in metadata.tables if re.search(names, t)] == []
    settings = {f.name for f in dataclasses.fields(Settings)} - {"review_share"}  # a part of all
    assert [name for name in settings if re.search(names, name)] == []


def test_r22_a_grant_says_whose_law_it_is_under(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    with stage.open() as library:
        grant = stage.grant(library, jurisdiction="us-il")
        assert library.get_grant(grant).jurisdiction == "US-IL"
        (entry,) = library.audit().entries()
    assert entry["facts"]["jurisdiction"] == "US-IL"  # type: ignore[index]
    capsys.readouterr()
    assert fake_mien.main(["grant", "show", grant, "--json", "--home", str(stage.home)]) == 0
    assert json.loads(capsys.readouterr().out)["jurisdiction"] == "US-IL"
    query(stage.home / "catalog.db", "UPDATE grants SET jurisdiction = 'FR'")
    with stage.open() as library:
        assert library.add(MISSING, grant=grant).verdict.reasons == (Reason.GRANT_CHANGED,)


def iter_words(command: Any) -> Iterator[str]:
    for parameter in command.params:
        yield from (str(parameter.name), *parameter.opts)
    for name, inner in getattr(command, "commands", {}).items():
        yield name
        yield from iter_words(inner)


def test_r25_nothing_exports_templates_and_nothing_counts_matches_for_money() -> None:
    surface = [
        *iter_words(typer.main.get_command(app)),
        *(name for name in vars(Library) if not name.startswith("_")),
        *(field.name for field in dataclasses.fields(Settings)),
        *metadata.tables,
        *(f"{table}.{column.name}" for table, t in metadata.tables.items() for column in t.c),
    ]
    assert "search" in surface
    sold = r"template|embedding|vector|price|billing|invoice|meter|quota|credits|licen[cs]e.?key"
    assert [name for name in surface if re.search(sold, name)] == []


def test_r27_purposes_that_harm_are_refused_wherever_they_are_named(stage: Stage) -> None:
    harmful = [
        *("identify-strangers", "stalking", "immigration-enforcement", "union-surveillance"),
        *("political-surveillance", "emotion-recognition", "age-estimation", "live-watch"),
        *("social-scoring", "spouse-tracking", "border-control", "protester-identification"),
    ]
    assert len(harmful) >= len(PROHIBITIONS)
    stage.draw("ann.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        for purpose in harmful:
            with pytest.raises(SettingsError, match="no purpose that anything is done for"):
                stage.grant(library, purpose)
            with pytest.raises(SettingsError, match="no purpose that anything is done for"):
                library.create_collection("x", basis="household", purposes=[purpose])
            verdict = library.search(MISSING, purpose=purpose).verdict
            assert verdict.reasons == (Reason.PROHIBITED_PURPOSE,)
        assert len(library.grants()) == len(library.collections()) == 1
        for purpose in ("union-archive", "press-archive", "political-archive", "migrant-museum"):
            stage.grant(library, purpose)
