"""Consent as others read it: every mandatory field, the W3C's terms, and a signature."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from house.source import ROOT
from mien.errors import AuditError, NotFoundError, SettingsError
from mien.library import Library
from mien.service.consent_fields import MANDATORY, RECEIPT, RECORD, find_missing
from mien.service.consent_record import NOT_STATED
from service.enrolling import EVIDENCE, consent, enrol, portraits
from service.logs import tamper
from service.stage import Stage, query
from service.test_renew import renew

GUIDE = ROOT / "docs" / "guide" / "people.md"


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open(controller="Club Uni", contact="secretary@club.example") as opened:
        yield opened


def record_of(library: Library, name: str = "Ann") -> dict[str, Any]:
    return dict(library.people().record(name))


def test_a_record_is_whole_and_says_whose_profile_it_follows(
    stage: Stage, library: Library
) -> None:
    ann = enrol(stage, library, 1, "Ann", purposes=("press", "yearbook"), jurisdiction="SE")
    record = record_of(library)
    assert find_missing(record) == []
    assert record["dct:conformsTo"] == RECORD
    assert RECORD == "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr"
    assert record["@context"]["dpv"] == "https://w3id.org/dpv#"
    assert record["dpv:hasDataSubject"]["dct:identifier"] == ann.uuid
    assert record["dpv:hasDataSubject"]["dpv:hasName"] == "Ann"
    assert record["dpv:hasDataController"]["dpv:hasName"] == "Club Uni"
    assert record["dpv:hasDataController"]["dpv:hasContact"] == "secretary@club.example"
    assert record["dpv:hasJurisdiction"] == "loc:SE"
    assert record["dpv:hasLegalBasis"] == ["eu-gdpr:A9-2-a", "eu-gdpr:A6-1-a"]
    assert record["dct:language"] == "en"


def test_there_is_a_process_for_each_purpose(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann", purposes=("yearbook", "press"))
    processes = record_of(library)["dpv:hasProcess"]
    assert isinstance(processes, list)
    purposes = [process["dpv:hasPurpose"] for process in processes]
    assert [purpose["dct:identifier"] for purpose in purposes] == ["press", "yearbook"]
    assert {purpose["@type"] for purpose in purposes} == {"dpv:SearchFunctionalities"}
    for process in processes:
        face, picture = process["dpv:hasPersonalData"]
        assert face["@type"] == ["pd:FacialPrint", "dpv:SpecialCategoryPersonalData"]
        assert picture["@type"] == "pd:Picture"
        duration = process["dpv:hasStorageCondition"][1]
        assert duration["dct:valid"] == "2031-05-02T00:00:00.000000Z"


def test_events_tell_when_by_whom_and_what_shows_it(stage: Stage, library: Library) -> None:
    form = stage.folder / "form.pdf"
    form.write_bytes(b"%PDF")
    of_age_on = (stage.now + timedelta(days=999)).date()
    enrol(stage, library, 1, "Ann", evidence=form, guardian="Mia Ek", of_age_on=of_age_on, days=10)
    stage.now += timedelta(days=1)
    library.people().withdraw("Ann")
    given, withdrawn = record_of(library)["dpv:hasConsentStatus"]
    assert given == {
        "@type": "dpv:ConsentGiven",
        "dpv:hasLegalBasis": "dpv:ExplicitlyExpressedConsent",
        "dpv:isIndicatedAtTime": "2030-05-01T12:00:00.000000Z",
        "dpv:isIndicatedBy": {"@type": "dpv:GuardianOfDataSubject", "dpv:hasName": "Mia Ek"},
        "dct:valid": "2030-05-01T12:00:00.000000Z/2030-05-12T00:00:00.000000Z",
        "dct:source": {
            "dct:format": "application/pdf",
            "dct:extent": 4,
            "dct:identifier": f"sha256:{hashlib.sha256(b'%PDF').hexdigest()}",
        },
    }
    assert withdrawn["@type"] == "dpv:ConsentWithdrawn"
    assert withdrawn["dpv:isIndicatedBy"] == {"@type": "dpv:DataSubject"}
    assert withdrawn["dct:valid"] == "/".join(["2030-05-02T12:00:00.000000Z"] * 2)
    assert withdrawn["dct:source"] == NOT_STATED


def test_words_of_evidence_and_a_notice_stand_in_the_record(stage: Stage, library: Library) -> None:
    notice = stage.folder / "notice.txt"
    notice.write_text("What we do with it", encoding="utf-8")
    library.enrol("Ann", *portraits(stage, 1), consent=consent(stage, notice=notice))
    record = record_of(library)
    assert record["dpv:hasConsentStatus"][0]["dct:source"] == EVIDENCE
    assert record["dpv:hasNotice"]["dct:format"] == "text/plain"
    assert record["dpv:hasNotice"]["dct:extent"] == 18


def test_time_that_passed_stands_in_the_record(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann", days=10)
    stage.now += timedelta(days=20)
    given, expired = record_of(library)["dpv:hasConsentStatus"]
    assert given["@type"] == "dpv:ConsentGiven"
    assert expired["@type"] == "dpv:ConsentExpired"
    assert expired["dpv:isIndicatedAtTime"] == "2030-05-12T00:00:00.000000Z"
    assert find_missing(record_of(library)) == []


def test_a_renewal_stands_in_the_record(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann", days=10)
    renew(stage, library, "Ann", evidence="Form 13")
    _, renewed = record_of(library)["dpv:hasConsentStatus"]
    assert (renewed["@type"], renewed["dct:source"]) == ("dpv:RenewedConsentGiven", "Form 13")


def test_what_nobody_stated_is_said_not_to_be(stage: Stage) -> None:
    with stage.open() as library:
        enrol(stage, library, 1, "Ann")
        record = record_of(library)
    assert record["dpv:hasDataController"]["dpv:hasName"] == NOT_STATED
    assert record["dpv:hasDataController"]["dpv:hasContact"] == NOT_STATED
    assert record["dpv:hasJurisdiction"] == NOT_STATED
    assert find_missing(record) == []


# Whatever mandatory field is taken out, it is missed.


def cut(document: Any, path: tuple[str, ...], *, leave: Any = None) -> None:
    """Takes a field out of a document, or leaves it empty; in lists, of the last item."""
    first, *rest = path
    if first == "*":
        cut(document[-1], tuple(rest), leave=leave)
    elif rest:
        cut(document[first], tuple(rest), leave=leave)
    elif leave is None:
        del document[first]
    else:
        document[first] = leave


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Not to be changed."""
    stage = Stage(tmp_path_factory.mktemp("whole"))
    with stage.open() as library:
        enrol(stage, library, 1, "Ann", purposes=("press", "yearbook"), days=10)
        stage.now += timedelta(days=20)
        return record_of(library)


@pytest.mark.parametrize("path", MANDATORY, ids="/".join)
@pytest.mark.parametrize("leave", [None, "", [], {}])
def test_a_field_that_lacks_is_missed(
    whole: dict[str, Any], path: tuple[str, ...], leave: object
) -> None:
    document = copy.deepcopy(whole)
    cut(document, path, leave=leave)
    assert "/".join(path) in find_missing(document)


@pytest.mark.parametrize("name", ["dpv:hasProcess", "dpv:hasConsentStatus"])
@pytest.mark.parametrize("instead", [[], {}, None, "text", [{}]])
def test_a_list_that_is_none_lacks_everything_in_it(
    whole: dict[str, Any], name: str, instead: object
) -> None:
    document = whole | {name: instead}
    inside = {"/".join(path) for path in MANDATORY if path[0] == name}
    assert inside <= set(find_missing(document))


def test_biometrics_must_be_called_what_they_are(whole: dict[str, Any]) -> None:
    text = json.dumps(whole).replace("dpv:SpecialCategoryPersonalData", "dpv:PersonalData")
    assert find_missing(json.loads(text)) == [
        "dpv:hasProcess/*/dpv:hasPersonalData: dpv:SpecialCategoryPersonalData"
    ]


def test_a_record_of_another_profile_is_none(whole: dict[str, Any]) -> None:
    other = whole | {"dct:conformsTo": RECEIPT}
    assert find_missing(other) == ["dct:conformsTo"]
    assert "dpv:hasProcess" in " ".join(find_missing("no record"))


def test_all_that_the_standard_makes_mandatory_is_asked_for() -> None:
    """Header, processing, party and event of ISO/IEC TS 27560, and what the GDPR adds."""
    asked = {name for path in MANDATORY for name in path}
    assert asked >= {
        *("dct:conformsTo", "dct:identifier", "dpv:hasDataSubject", "dpv:hasNotice"),
        *("dct:language", "dpv:hasPurpose", "dpv:hasPersonalData", "dpv:hasDataController"),
        *("dpv:hasStorageCondition", "dpv:hasJurisdiction", "dpv:hasRecipient"),
        *("dpv:hasConsentControl", "dpv:hasLegalBasis", "dpv:hasDataSource"),
        *("dpv:hasProcessing", "dpv:hasRight", "dpv:hasAuthority", "dpv:hasName"),
        *("dpv:hasContact", "dpv:hasAddress", "dpv:isIndicatedAtTime", "dct:valid"),
        *("dpv:isIndicatedBy", "dpv:hasConsentStatus"),
    }


# What cannot be told is not told.


def test_no_document_is_made_of_a_consent_that_was_changed(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann")
    tamper(stage, "UPDATE consent_events SET valid_until = valid_until + 1")
    with pytest.raises(AuditError, match="not what was last recorded"):
        library.people().record("Ann")
    with pytest.raises(AuditError, match="not what was last recorded"):
        library.people().receipt("Ann")


def test_a_consent_that_cannot_be_told_in_full_says_what_it_lacks(
    stage: Stage, library: Library
) -> None:
    enrol(stage, library, 1, "Ann", language="")
    with pytest.raises(SettingsError, match="lacks dct:language"):
        library.people().record("Ann")


def test_whoever_is_not_here_has_no_record(stage: Stage, library: Library) -> None:
    with pytest.raises(NotFoundError):
        library.people().record("Ann")
    enrol(stage, library, 1, "Ann")
    query(stage.home / "catalog.db", "DELETE FROM consent_events")
    query(stage.home / "catalog.db", "DELETE FROM consents")
    with pytest.raises(NotFoundError, match="no consent"):
        library.people().record("Ann")


# Receipts.


def verify(stage: Stage, receipt: str, *key: str) -> subprocess.CompletedProcess[str]:
    """Runs the guide's script where nothing of Mien can be imported."""
    script = re.search(r"<!-- verify -->\n```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert script
    (stage.folder / "verify.py").write_text(script[1], encoding="utf-8")
    (stage.folder / "receipt.json").write_text(receipt, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "verify.py", "receipt.json", *key],
        cwd=stage.folder,
        env={"PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_receipt_verifies_without_mien(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, 'Ånn \N{SNOWMAN} \t"Ek" \x7f', jurisdiction="SE")
    receipt = library.people().receipt('Ånn \N{SNOWMAN} \t"Ek" \x7f')
    done = verify(stage, receipt)
    assert done.returncode == 0, done.stderr
    assert "dpv:ConsentGiven" in done.stdout
    document = json.loads(receipt)
    assert document["receipt"]["dct:conformsTo"] == RECEIPT
    assert document["receipt"]["@type"] == "dpv:ConsentReceipt"
    assert find_missing(document["receipt"]["dpv:hasRecordOfActivity"]) == []
    assert verify(stage, receipt, document["public_key"]).returncode == 0
    assert verify(stage, receipt, "ab" * 32).returncode != 0


@pytest.mark.parametrize(
    ("old", "new"), [("press", "sales"), ("2031-05-02", "2041-05-02"), ("Ann", "Eve")]
)
def test_a_receipt_that_was_changed_does_not(
    stage: Stage, library: Library, old: str, new: str
) -> None:
    enrol(stage, library, 1, "Ann", purposes=("press",))
    receipt = library.people().receipt("Ann")
    assert old in receipt
    assert "InvalidSignature" in verify(stage, receipt.replace(old, new)).stderr


def test_receipts_bear_the_key_of_certificates(stage: Stage, library: Library) -> None:
    enrol(stage, library, 1, "Ann")
    receipt = json.loads(library.people().receipt("Ann"))
    certificate = json.loads(library.people().withdraw("Ann").certificate)
    assert receipt["public_key"] == certificate["public_key"]
    again = json.loads(library.people().receipt("Ann"))["receipt"]
    assert again["dct:identifier"] != receipt["receipt"]["dct:identifier"]
    last = again["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"][-1]
    assert last["@type"] == "dpv:ConsentWithdrawn"


def test_a_receipt_is_canonical(stage: Stage, library: Library, tmp_path: Path) -> None:
    del tmp_path
    enrol(stage, library, 1, "Ann")
    receipt = library.people().receipt("Ann")
    document = json.loads(receipt)
    ordered = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert receipt == ordered
