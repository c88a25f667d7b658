"""The record of processing: what is on record, in terms that the vocabulary really has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mien.permission.basis import Basis
from mien.permission.case import CaseKind
from mien.permission.grant import GrantKind
from mien.service.case import About
from mien.service.cases import CaseDraft
from mien.service.policy import Form
from service.enrolling import EVIDENCE, enrol
from service.stage import Stage

# Terms of the Data Privacy Vocabulary 2.1 and its extensions, as its publishers list them.
DPV = {
    *("Process", "ROPA", "DPIA", "LegalBasis", "SearchFunctionalities", "StorageDuration"),
    *("DataController", "DataSubject"),
    *("DataControllerDataSource", "DataSubjectDataSource", "ThirdPartyDataSource"),
    *("Store", "Derive", "Analyse", "Display", "Erase"),
    *("EncryptionAtRest", "CryptographicKeyManagement", "AccessControlMethod"),
    *("ActivityMonitoring", "DigitalSignatures"),
    *("hasDataController", "hasName", "hasContact", "hasProcess", "hasPurpose", "hasDataSource"),
    *("hasDataSubject", "hasPersonalData", "hasProcessing", "hasLegalBasis", "hasLocation"),
    *(
        "hasImpactAssessment",
        "hasJurisdiction",
        "hasStorageCondition",
        "hasDuration",
        "hasRecipient",
    ),
    *("hasThirdCountry", "hasTechnicalMeasure", "hasRight"),
}
PD = {"FacialPrint", "Identifier", "Picture", "Name"}
GDPR = {"A6-1-c", "A7-3", "A9-2-a", "A13", "A14", "A15", "A16", "A17", "A18", "A21", "A77"}
DCT = {"title", "description", "identifier", "type", "valid", "source"}
ABOUT = About(photos=("cd" * 32,))
KNOWN = {"dpv": DPV, "pd": PD, "eu-gdpr": GDPR, "dct": DCT}


@pytest.fixture
def record(stage: Stage) -> dict[str, Any]:
    """Of a home with two collections, three kinds of grant, a person and an opt-out."""
    stage.draw("ann.png", 1)
    with stage.open(controller="SV Nord e.V.", contact="photos@sv-nord.example") as library:
        own = stage.grant(library, "family-album")
        library.add(stage.photos, grant=own)
        library.create_collection(
            "archive",
            basis="documented_basis",
            purposes=["press"],
            assessment="DPIA-8",
            retention_days=200,
        )
        terms: dict[str, Any] = {
            "bases": [Basis.DOCUMENTED_BASIS],
            "assessment": "DPIA-7",
            "retention_days": 90,
        }
        contract = stage.grant(
            library, "press", kind=GrantKind.CONTRACT, jurisdiction="DE", **terms
        )
        library.add(stage.photos, grant=contract, collection="archive")
        stage.grant(library, "press", kind=GrantKind.ACCOUNT_EXPORT, **terms)
        enrol(stage, library, 9, "Paula Person", purposes=("yearbook",))
        library.optouts().face(stage.draw("../optout.png", 50), consent=EVIDENCE)
        library.optouts().item("ab" * 32)
        library.optouts().source("https://site.example/")
        library.cases().open(CaseDraft(kind=CaseKind.ACCESS, requester="Ann Ek", about=ABOUT))
        document = json.loads(library.policy().render(Form.JSON))
    found: dict[str, Any] = document["record_of_processing"]
    return found


def iter_terms(node: object) -> Iterator[str]:
    """Every term: keys, types, and values that refer to the vocabulary."""
    if isinstance(node, dict):
        for key, value in node.items():
            if not key.startswith("@"):
                yield key
            if key != "@context":
                yield from iter_terms(value)
    elif isinstance(node, list):
        for value in node:
            yield from iter_terms(value)
    elif isinstance(node, str) and node.partition(":")[0] in KNOWN and " " not in node:
        yield node


def test_every_term_is_one_of_the_vocabulary(record: dict[str, Any]) -> None:
    terms = set(iter_terms(record))
    assert len(terms) > 40
    for term in terms:
        prefix, _, name = term.partition(":")
        assert name in KNOWN[prefix], term
        assert prefix in record["@context"]


def test_article_30_is_answered_item_by_item(record: dict[str, Any]) -> None:
    assert record["@type"] == "dpv:ROPA"
    assert record["dpv:hasDataController"] == {
        "@type": "dpv:DataController",
        "dpv:hasName": "SV Nord e.V.",
        "dpv:hasContact": "photos@sv-nord.example",
    }
    for asked in (
        "dpv:hasProcess",
        "dpv:hasRecipient",
        "dpv:hasThirdCountry",
        "dpv:hasTechnicalMeasure",
    ):
        assert record[asked]
    for process in record["dpv:hasProcess"]:
        for asked in ("dpv:hasDataSubject", "dpv:hasPersonalData", "dpv:hasLegalBasis"):
            assert process[asked], process


def test_a_collection_is_a_process_with_its_own_sources(record: dict[str, Any]) -> None:
    processes = {each.get("dct:title"): each for each in record["dpv:hasProcess"]}
    sources = {each["dct:identifier"]: each for each in record["dpv:hasDataSource"]}
    archive = processes["archive"]
    (source,) = archive["dpv:hasDataSource"]
    assert sources[source]["dct:type"] == "contract"
    assert archive["dpv:hasLegalBasis"] == {
        "@type": "dpv:LegalBasis",
        "dct:description": "documented_basis",
        "dpv:hasImpactAssessment": [
            {"@type": "dpv:DPIA", "dct:identifier": "DPIA-7"},
            {"@type": "dpv:DPIA", "dct:identifier": "DPIA-8"},
        ],
    }
    assert archive["dpv:hasStorageCondition"] == [
        {
            "@type": "dpv:StorageDuration",
            "dct:source": "archive",
            "dct:valid": "2030-11-17T12:00:00+00:00",
            "dpv:hasDuration": "P200D",
        },
        {
            "@type": "dpv:StorageDuration",
            "dct:source": source,
            "dct:valid": "2030-07-30T12:00:00+00:00",
            "dpv:hasDuration": "P90D",
        },
    ]
    assert sources[source]["dpv:hasJurisdiction"] == "DE"
    assert processes["default"]["dpv:hasLegalBasis"]["dct:description"] == "household"
    assert [each["dct:identifier"] for each in archive["dpv:hasPurpose"]] == ["press"]


def test_a_source_says_what_sort_it_is(record: dict[str, Any]) -> None:
    assert {(each["dct:type"], each["@type"]) for each in record["dpv:hasDataSource"]} == {
        ("owner_assertion", "dpv:DataControllerDataSource"),
        ("contract", "dpv:ThirdPartyDataSource"),
        ("account_export", "dpv:DataSubjectDataSource"),
    }


def test_people_and_opt_outs_are_processes_of_their_own(record: dict[str, Any]) -> None:
    described = {each.get("dct:description"): each for each in record["dpv:hasProcess"]}
    people = described["enrolment of people by name"]
    assert people["dpv:hasLegalBasis"]["@type"] == "eu-gdpr:A9-2-a"
    assert [each["dct:identifier"] for each in people["dpv:hasPurpose"]] == ["yearbook"]
    kept_out = {
        level: described[f"keeping out, by {level}, what was opted out"]
        for level in ("face", "item", "source")
    }
    bases = {level: process["dpv:hasLegalBasis"]["@type"] for level, process in kept_out.items()}
    assert bases == {
        "face": "eu-gdpr:A9-2-a",
        "item": "eu-gdpr:A6-1-c",
        "source": "eu-gdpr:A6-1-c",
    }
    (template,) = kept_out["face"]["dpv:hasPersonalData"]
    assert template["@type"] == "pd:FacialPrint"
    (kept,) = described["answering requests"]["dpv:hasStorageCondition"]
    assert kept["dpv:hasDuration"] == "P1095D"


def test_without_people_and_opt_outs_there_is_no_such_process(stage: Stage) -> None:
    with stage.open() as library:
        library.create_collection("only", basis="enrolled_only")
        document = json.loads(library.policy().render(Form.JSON))
    (process,) = document["record_of_processing"]["dpv:hasProcess"]
    assert process["dct:title"] == "only"
    assert process["dpv:hasLegalBasis"] == {
        "@type": "eu-gdpr:A9-2-a",
        "dct:description": "explicit consent",
    }
