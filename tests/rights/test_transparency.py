"""People can read what is held (R8), and what is written down is what is done (R16)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mien.library import Library
from mien.permission.grant import GrantKind
from mien.service.erase import GrantTarget
from mien.service.grants import Narrowing
from mien.service.policy import Form
from service.enrolling import enrol
from service.stage import DOCUMENTED, Stage, query

WHO = {"controller": "SV Nord e.V.", "contact": "photos@sv-nord.example"}


@pytest.fixture
def library(stage: Stage) -> Any:
    """Two collections, four grants of four sorts, a person."""
    stage.draw("2029/ann.png", 1)
    stage.draw("2030/ben.png", 2, 3)
    with stage.open(**WHO) as opened:
        own = stage.grant(opened, "family-album", "club-chronicle", scope=stage.photos / "2029")
        opened.add(stage.photos / "2029", grant=own)
        opened.create_collection(
            "archive",
            basis="documented_basis",
            purposes=["press", "exhibition"],
            assessment="DPIA-7",
            retention_days=300,
        )
        terms = DOCUMENTED | {"assessment": "DPIA-7", "retention_days": 90}
        contract = stage.grant(
            opened,
            "press",
            kind=GrantKind.CONTRACT,
            grantor="Nordbild Archive",
            **terms,
        )
        opened.add(stage.photos / "2030", grant=contract, collection="archive")
        stage.grant(opened, "research", kind=GrantKind.OPEN_LICENCE, grantor="Museum", **terms)
        stage.grant(opened, "press", kind=GrantKind.ACCOUNT_EXPORT, **terms)
        enrol(stage, opened, 9, "Paula Person", purposes=("yearbook",))
        yield opened


def read(library: Library) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(library.policy().render(Form.JSON))
    return document


def recorded(home: Path, statement: str) -> set[Any]:
    return set(query(home / "catalog.db", statement))


def purposes_on_record(home: Path) -> set[str]:
    """As the database has them, of grants, collections and consents."""
    union = (
        "SELECT purposes FROM grants UNION SELECT purposes FROM consents "
        "UNION SELECT purposes FROM collections"
    )
    return {purpose for row in recorded(home, union) for purpose in json.loads(row)}


def check_against_the_database(stage: Stage, library: Library) -> None:
    """Every collection, grant and purpose is in it, and nothing that is not on record."""
    document = read(library)
    text = library.policy().render(Form.MARKDOWN)
    names = recorded(stage.home, "SELECT name FROM collections")
    grants = recorded(stage.home, "SELECT uuid FROM grants")
    assert {each["name"] for each in document["collections"]} == names
    assert {each["grant_id"] for each in document["sources"]} == grants
    assert set(document["purposes"]) == purposes_on_record(stage.home)
    for word in (*names, *purposes_on_record(stage.home), *(grant[:8] for grant in grants)):
        assert word in text
    held = dict(
        query(
            stage.home / "catalog.db",
            "SELECT name, (SELECT count(*) FROM indexed_photos WHERE collection_id = c.id) "
            "FROM collections c",
        )
    )
    assert {each["name"]: each["photos"] for each in document["collections"]} == held


def test_r8_the_page_lists_every_source_purpose_retention_and_contact(
    stage: Stage, library: Library
) -> None:
    check_against_the_database(stage, library)
    document = read(library)
    assert (document["controller"], document["contact"]) == tuple(WHO.values())
    retention = dict(query(stage.home / "catalog.db", "SELECT uuid, retention_days FROM grants"))
    assert {s["grant_id"]: s["retention_days"] for s in document["sources"]} == retention
    text = library.policy().render(Form.MARKDOWN)
    for said in (*WHO.values(), "90 days at most", "Nordbild Archive", "Museum", "DPIA-7"):
        assert said in text


def test_r8_the_page_changes_with_what_is_on_record(stage: Stage, library: Library) -> None:
    own, contract, licence, _ = (grant.grant_id for grant in library.grants())
    versions = [library.policy().version]
    steps: list[Callable[[], object]] = [
        lambda: library.narrow(own, Narrowing(purposes=["family-album"])),
        lambda: library.revoke(licence),
        lambda: library.create_collection("members", basis="enrolled_only"),
        lambda: stage.grant(library, "calendar"),
        lambda: library.erase(GrantTarget(contract)),
    ]
    for step in steps:
        step()
        check_against_the_database(stage, library)
        versions.append(library.policy().version)
    assert len(set(versions)) == len(versions)
    text = library.policy().render(Form.MARKDOWN)
    assert "club-chronicle" not in text
    assert "calendar" in text


def test_r8_the_page_tells_how_to_get_out_and_to_whom_to_complain(library: Library) -> None:
    text = library.policy().render(Form.MARKDOWN)
    part = text.split("## What you can do\n")[1].split("\n## ")[0]
    for said in (
        "See what is held about you",
        "Withdraw your consent",
        "Object",
        "erased",
        "Opt out of a photo",
        "Opt out of a source",
        "Opt out of being recognised",
        "Demand removal",
        "Complain to the data protection authority",
        "It costs nothing, any number of times.",
        WHO["contact"],
    ):
        assert said in part


def test_r8_the_page_says_what_a_template_is_and_does_not_play_it_down(library: Library) -> None:
    text = library.policy().render(Form.MARKDOWN)
    assert "A template is as sensitive as the photo" in text
    assert "only numbers" not in text.lower()


def test_r8_nothing_in_the_page_can_go_stale(stage: Stage, library: Library) -> None:
    """Two years on, what was due is gone from the page because it is gone."""
    stage.now += timedelta(days=89)
    assert [each["photos"] for each in read(library)["collections"]] == [1, 1]
    stage.now += timedelta(days=1)
    assert [each["photos"] for each in read(library)["collections"]] == [1, 0]
    stage.now += timedelta(days=2 * 365)
    assert [each["photos"] for each in read(library)["collections"]] == [0, 0]
    check_against_the_database(stage, library)


def test_r16_the_record_of_processing_matches_the_database(stage: Stage, library: Library) -> None:
    record = read(library)["record_of_processing"]
    titles = {process.get("dct:title") for process in record["dpv:hasProcess"]}
    assert titles - {None} == recorded(stage.home, "SELECT name FROM collections")
    assert {source["dct:identifier"] for source in record["dpv:hasDataSource"]} == recorded(
        stage.home, "SELECT uuid FROM grants"
    )
    purposes = {
        purpose["dct:identifier"]
        for node in (*record["dpv:hasProcess"], *record["dpv:hasDataSource"])
        for purpose in node.get("dpv:hasPurpose", ())
    }
    assert purposes == purposes_on_record(stage.home)
    joined = recorded(
        stage.home,
        "SELECT DISTINCT c.name, g.uuid FROM collections c "
        "JOIN indexed_photos i ON i.collection_id = c.id "
        "JOIN locations l ON l.photo_id = i.photo_id JOIN grants g ON g.id = l.grant_id",
    )
    told = {
        (process["dct:title"], source)
        for process in record["dpv:hasProcess"]
        for source in process.get("dpv:hasDataSource", ())
    }
    assert told == joined


def test_r16_an_assessment_of_the_risks_is_referred_to(library: Library) -> None:
    processes = read(library)["record_of_processing"]["dpv:hasProcess"]
    (archive,) = (each for each in processes if each.get("dct:title") == "archive")
    assert archive["dpv:hasLegalBasis"]["dpv:hasImpactAssessment"] == [
        {"@type": "dpv:DPIA", "dct:identifier": "DPIA-7"}
    ]


def test_r16_the_version_of_what_was_published_is_pinned_in_the_log(
    stage: Stage, library: Library
) -> None:
    first = library.policy(to=stage.folder / "policy.html")
    stage.grant(library, "exhibition")
    second = library.policy(to=stage.folder / "policy.html")
    published = [e for e in library.audit().entries() if e["action"] == "policy-published"]
    versions = [entry["facts"]["version"] for entry in published]  # type: ignore[index]
    assert versions == [first.version, second.version]
    assert first.version != second.version
    assert library.audit().verify().is_sound
