"""Attempts to be recognised, or to have somebody recognised, without consent; all must fail.

Whoever attacks here has the catalog and every public call, and not the keys.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.errors import MienError, NotFoundError, SettingsError
from mien.library import Library
from mien.permission.verdict import Reason
from mien.service.consent_draft import ConsentDraft, RenewalDraft
from mien.service.erase import PersonTarget
from mien.service.register import Register
from mien.testing import draw_photo
from mien.vault.seal import make_key, seal
from service.enrolled_stage import COLLECTION, add
from service.enrolling import EVIDENCE, consent, enrol, portraits
from service.logs import tamper
from service.stage import PURPOSE, Stage, names_of, query
from service.test_enrolled import consenting, load

ANN, BEN, STRANGER = 1, 2, 9


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    """Ann consents; Ben withdrew; both, and a stranger, are in the photo."""
    with stage.open() as opened:
        enrol(stage, opened, ANN, "Ann")
        enrol(stage, opened, BEN, "Ben")
        add(stage, opened, stage.draw("all.png", ANN, BEN, STRANGER))
        opened.people().withdraw("Ben")
        yield opened


def find(library: Library, person: int, purpose: str = PURPOSE) -> list[str]:
    probe = draw_photo(person, seed=800)
    found = library.search(probe, purpose=purpose, collection=COLLECTION, min_score=0.7)
    return names_of(found)


def check_only_ann_is_known(stage: Stage, library: Library) -> None:
    assert set(load(stage, library)[0]) <= {ANN}
    assert consenting(stage, library, ANN, BEN, STRANGER, 3) <= {ANN}
    for person in (BEN, STRANGER):
        assert find(library, person) == []
    report = add(stage, library, stage.draw("again.png", BEN, STRANGER))
    assert report.faces == 0


def columns_of(stage: Stage, table: str) -> list[str]:
    with closing(sqlite3.connect(stage.home / "catalog.db")) as connection:
        found = connection.execute(f"PRAGMA table_info({table})").fetchall()
    return [row[1] for row in found if row[1] != "id"]


def copy_rows(stage: Stage, table: str, where: str, **changes: object) -> None:
    """Inserts a copy of rows, with other values in some columns."""
    names = columns_of(stage, table)
    values = [f"'{changes[n]}'" if n in changes else n for n in names]
    tamper(
        stage,
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)}"  # noqa: S608
        f" FROM {table} WHERE {where}",
    )


def test_a_person_written_into_the_catalog_is_nobody(stage: Stage, library: Library) -> None:
    """A whole person after the pattern of a real one, with a template sealed by hand."""
    uuid = "8f14e45f-ceea-467f-ab2f-000000000003"
    copy_rows(stage, "people", "id = 1", uuid=uuid, name="Stranger")
    copy_rows(stage, "consents", "id = 1", uuid=uuid, person_id=3)
    copy_rows(stage, "consent_events", "consent_id = 1", consent_id=3)
    (face,) = library._deployment.vision(threads=1).analyse(draw_photo(STRANGER)).faces
    forged = seal(make_key(), face.embedding.astype("<f4").tobytes(), context="enrolment")
    copy_rows(stage, "enrolments", "id = 1", person_id=3)
    query(stage.home / "catalog.db", "UPDATE enrolments SET sealed = ? WHERE person_id = 3", forged)
    assert library.people().get("Stranger").verdict.reasons == (Reason.CONSENT_CHANGED,)
    check_only_ann_is_known(stage, library)


EDITS = {
    "the withdrawal removed": "DELETE FROM consent_events WHERE state = 'ConsentWithdrawn'",
    "the withdrawal turned": "UPDATE consent_events SET state = 'RenewedConsentGiven',"
    " valid_until = at + 99000000000000 WHERE state = 'ConsentWithdrawn'",
    "another's consent taken over": "UPDATE consents SET person_id = 2 WHERE id = 1",
    "the consents swapped": "UPDATE consents SET person_id = 3 - person_id",
    "another's events taken over": "UPDATE consent_events SET consent_id = 2 - (consent_id = 2)",
    "the people swapped": "UPDATE people SET uuid = CASE id WHEN 1 THEN 'x' ELSE uuid END",
    "another's face taken over": "UPDATE faces SET person_id = 2",
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_consent_recognises_nobody_else(
    stage: Stage, library: Library, edit: str
) -> None:
    tamper(stage, "DROP INDEX IF EXISTS uq_consent_events_consent_id_number")
    try:
        tamper(stage, EDITS[edit])
    except sqlite3.IntegrityError:
        return  # the catalog itself does not take it
    assert not library.people().get("Ben").verdict.is_allowed
    assert BEN not in consenting(stage, library, ANN, BEN)
    assert find(library, BEN) == []
    assert BEN not in load(stage, library)[0]


def test_a_renewal_written_by_hand_ends_the_consent(stage: Stage, library: Library) -> None:
    copy_rows(
        stage,
        "consent_events",
        "consent_id = 1",
        number=1,
        state="RenewedConsentGiven",
        valid_until=9_000_000_000_000_000,
    )
    assert library.people().get("Ann").verdict.reasons == (Reason.CONSENT_CHANGED,)
    assert find(library, ANN) == []
    assert load(stage, library) == ([], 0)


def test_a_purpose_added_by_hand_takes_the_others_away(stage: Stage, library: Library) -> None:
    tamper(stage, """UPDATE consents SET purposes = '["family-album", "other-purpose"]'""")
    assert consenting(stage, library, ANN, purpose="other-purpose") == set()
    assert find(library, ANN, "other-purpose") == []
    assert find(library, ANN) == []


def test_an_old_catalog_revives_no_withdrawn_consent(stage: Stage) -> None:
    with stage.open() as library:
        enrol(stage, library, ANN, "Ann")
        enrol(stage, library, BEN, "Ben")
        add(stage, library, stage.draw("all.png", ANN, BEN, STRANGER))
    old = stage.folder / "old"
    shutil.copytree(stage.home, old)
    with stage.open() as library:
        library.people().withdraw("Ben")
    for name in ("catalog.db", "blobs"):
        target = stage.home / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()
        source = old / name
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    with stage.open() as library:
        assert library.people().get("Ben").verdict.reasons == (Reason.CONSENT_CHANGED,)
        assert library.people().get("Ann").verdict.is_allowed
        check_only_ann_is_known(stage, library)
        renewal = RenewalDraft(evidence=EVIDENCE, until=(stage.now + timedelta(days=9)).date())
        refused = library.people().renew("Ben", *portraits(stage, BEN), renewal=renewal)
        assert refused.verdict.reasons == (Reason.CONSENT_CHANGED,)
        assert find(library, ANN) == ["all.png"]


def test_an_old_catalog_shortens_no_consent_into_a_longer_one(stage: Stage) -> None:
    """One that was narrowed in time since: put back, the longer one counts for nothing."""
    with stage.open() as library:
        enrol(stage, library, ANN, "Ann", days=900)
    shutil.copy(stage.home / "catalog.db", stage.folder / "old.db")
    with stage.open() as library:
        renewal = RenewalDraft(evidence=EVIDENCE, until=(stage.now + timedelta(days=9)).date())
        library.people().renew("Ann", renewal=renewal)
    shutil.copy(stage.folder / "old.db", stage.home / "catalog.db")
    with stage.open() as library:
        assert not library.people().get("Ann").verdict.is_allowed
        stage.now += timedelta(days=20)
        assert consenting(stage, library, ANN) == set()


def test_a_template_of_one_person_does_not_open_as_anothers(stage: Stage, library: Library) -> None:
    enrol(stage, library, STRANGER, "Carl")
    sealed, key = query(
        stage.home / "catalog.db", "SELECT sealed, key_uuid FROM enrolments WHERE person_id = 3"
    )[0]
    query(
        stage.home / "catalog.db",
        "UPDATE enrolments SET sealed = ?, key_uuid = ? WHERE person_id = 1",
        sealed,
        key,
    )
    with pytest.raises(MienError, match="does not open"):
        load(stage, library)
    with pytest.raises(MienError, match="does not open"):
        add(stage, library, stage.draw("later.png", STRANGER))


@pytest.mark.parametrize(
    "changes",
    [
        {"evidence": ""},
        {"evidence": "   "},
        {"evidence": "missing.pdf"},
        {"evidence": Path("/dev/null")},
        {"evidence": Path("/nowhere")},
        {"purposes": ()},
        {"purposes": ("",)},
        {"purposes": ("*",)},
        {"purposes": ("any purpose",)},
    ],
)
def test_nobody_is_enrolled_without_evidence_or_purpose(
    stage: Stage, library: Library, changes: dict[str, Any]
) -> None:
    draft = dataclasses.replace(consent(stage), **changes)
    with pytest.raises(SettingsError):
        library.enrol("Carl", *portraits(stage, STRANGER), consent=draft)
    with pytest.raises(NotFoundError):
        library.people().get("Carl")
    check_only_ann_is_known(stage, library)


def test_no_call_enrols_without_a_consent() -> None:
    """Evidence has no default that could be left in place; neither has the consent itself."""
    required = {
        field.name
        for draft in (ConsentDraft, RenewalDraft)
        for field in dataclasses.fields(draft)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    assert required == {"evidence"}
    for call, name in ((Library.enrol, "consent"), (Register.enrol, "consent")):
        assert inspect.signature(call).parameters[name].default is inspect.Parameter.empty
    renewal = inspect.signature(Register.renew).parameters["renewal"]
    assert renewal.default is inspect.Parameter.empty


Call = Callable[[Register], object]
CALLS: dict[str, Call] = {
    "list": list,
    "get": lambda register: register.get("Ann"),
    "events": lambda register: register.events("Ann"),
    "record": lambda register: register.record("Ann"),
    "receipt": lambda register: register.receipt("Ann"),
    "withdraw": lambda register: register.withdraw("Ann"),
}


@pytest.mark.parametrize("call", CALLS)
def test_no_call_hands_out_a_template(stage: Stage, library: Library, call: str) -> None:
    vision = library._deployment.vision(threads=1)
    templates = [vision.analyse(p.read_bytes()).faces[0].embedding for p in portraits(stage, ANN)]
    answer = CALLS[call](library.people())
    shown = repr(answer)
    assert not any(
        isinstance(value, np.ndarray) for value in vars_of(answer) if value is not answer
    )
    for template in templates:
        for number in template[:4].tolist():
            assert f"{number:.6f}"[:8] not in shown
            assert json.dumps(number)[:9] not in shown


def vars_of(answer: object) -> list[object]:
    if dataclasses.is_dataclass(answer):
        return [getattr(answer, field.name) for field in dataclasses.fields(answer)]
    return list(answer) if isinstance(answer, list | tuple) else [answer]


def test_every_public_call_of_the_register_is_attacked_here() -> None:
    public = {name for name in vars(Register) if not name.startswith("_")}
    assert public == (set(CALLS) - {"list"}) | {"enrol", "renew"}


def test_an_erased_person_is_not_resurrected_by_their_rows(stage: Stage, library: Library) -> None:
    saved = {
        table: query(stage.home / "catalog.db", f"SELECT * FROM {table}")  # noqa: S608
        for table in ("people", "consents", "consent_events", "enrolments")
    }
    library.erase(PersonTarget("Ann"))
    for table, rows in saved.items():
        for row in rows:
            marks = ", ".join("?" * len(row))
            statement = f"INSERT OR IGNORE INTO {table} VALUES ({marks})"  # noqa: S608
            query(stage.home / "catalog.db", statement, *row)
    assert library.people().get("Ann").verdict.reasons == (Reason.CONSENT_CHANGED,)
    assert load(stage, library) == ([], 0)
    assert find(library, ANN) == []
