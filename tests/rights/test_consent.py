"""A template exists only under consent, and not for ever (R3, R12); children's only with a
guardian's (R24).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from house.source import modules
from mien.errors import SettingsError
from mien.library import Library
from mien.permission.consent import ConsentState
from mien.permission.verdict import Reason
from mien.service.consent_draft import RenewalDraft
from mien.service.erase import PersonTarget
from mien.service.people import RECORD_KEPT
from mien.testing import draw_photo
from service.enrolled_stage import COLLECTION, add
from service.enrolling import EVIDENCE, consent, enrol, portraits
from service.stage import PURPOSE, Stage, names_of, query
from service.test_enrolled import load
from service.traces import Traces, find_traces

ANN, STRANGER = 1, 9


def fill(stage: Stage, library: Library) -> None:
    enrol(stage, library, ANN, "Ann", days=100)
    assert add(stage, library, stage.draw("ann.png", ANN, STRANGER)).faces == 1


def find(library: Library) -> list[str]:
    probe = draw_photo(ANN, seed=900)
    return names_of(library.search(probe, purpose=PURPOSE, collection=COLLECTION))


def traces_of_ann(stage: Stage, library: Library) -> Traces:
    """Every template of hers, as it was handed in and as it was kept."""
    vision = library._deployment.vision(threads=1)
    rotation = library._deployment.vault.rotation_of(library._deployment.model.dimension)
    traces: Traces = {}
    for path in (*portraits(stage, ANN), stage.photos / "ann.png"):
        face = vision.analyse(path.read_bytes()).faces[0]
        turned = rotation.turn(face.embedding[None])
        traces |= {
            f"{path.name} float32": face.embedding.astype("<f4").tobytes(),
            f"{path.name} float16": turned.astype("<f2").tobytes(),
            f"{path.name} crop": face.crop_jpeg,
        }
    sealed = query(stage.home / "catalog.db", "SELECT sealed FROM enrolments")
    return traces | {f"sealed {n}": one for n, one in enumerate(sealed)}


End = Callable[[Stage, Library], object]
ENDS: dict[str, End] = {
    "withdrawn": lambda _, library: library.people().withdraw("Ann"),
    "erased": lambda _, library: library.erase(PersonTarget("Ann")),
    "expired": lambda stage, _: setattr(stage, "now", stage.now + timedelta(days=101)),
}


@pytest.mark.parametrize("end", ENDS)
def test_r3_when_consent_ends_the_next_search_finds_nothing(stage: Stage, end: str) -> None:
    with stage.open() as library:
        fill(stage, library)
        assert find(library) == ["ann.png"]
        ENDS[end](stage, library)
        assert find(library) == []


@pytest.mark.parametrize("end", ENDS)
def test_r3_when_consent_ends_nothing_more_is_taken_in(stage: Stage, end: str) -> None:
    with stage.open() as library:
        fill(stage, library)
        ENDS[end](stage, library)
        assert load(stage, library) == ([], 0)
        report = add(stage, library, stage.draw("later.png", ANN))
        assert (report.faces, report.dropped) == (0, {Reason.NOT_ENROLLED: 1})


def test_r3_a_withdrawal_leaves_no_template(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        traces = traces_of_ann(stage, library)
        library.people().withdraw("Ann")
    assert find_traces(stage.home, traces) == []


def test_r3_without_evidence_there_is_no_template(stage: Stage) -> None:
    with stage.open() as library:
        for evidence in ("", "no-such-form.pdf"):
            with pytest.raises(SettingsError, match="evidence"):
                library.enrol(
                    "Ann", *portraits(stage, ANN), consent=consent(stage, evidence=evidence)
                )
    assert query(stage.home / "catalog.db", "SELECT count(*) FROM enrolments") == [0]


def test_r3_no_state_but_the_one_that_was_recorded_allows_anything(stage: Stage) -> None:
    """Whichever state somebody writes into the record."""
    allowed = set()
    for state in ConsentState:
        with stage.open() as library:
            ann = enrol(stage, library, ANN, f"Ann {state}")
            catalog = stage.home / "catalog.db"
            query(
                catalog, "UPDATE consent_events SET state = ? WHERE consent_id = ?", state, ann.id
            )
            if library.people().get(ann.uuid).verdict.is_allowed:
                allowed.add(state)
    assert allowed == {ConsentState.GIVEN}


def test_r12_templates_go_by_time_when_consent_ended(stage: Stage) -> None:
    with stage.open() as library:
        fill(stage, library)
        traces = traces_of_ann(stage, library)
    stage.now += timedelta(days=101 + 30)
    with stage.open() as library:
        library.examine()
    assert find_traces(stage.home, traces) == []


def test_r12_three_years_after_the_last_interaction_nobody_is_known(stage: Stage) -> None:
    with stage.open() as library:
        enrol(stage, library, ANN, "Ann-Margret Ek", days=36_000)
        traces = {"name": b"Ann-Margret Ek", "evidence": EVIDENCE.encode()}
        assert find_traces(stage.home, {"name": b"Ann-Margret Ek"})
    stage.now += RECORD_KEPT
    with stage.open() as library:
        library.examine()
        assert list(library.people()) == []
    assert find_traces(stage.home, traces) == []
    assert timedelta(days=3 * 365) == RECORD_KEPT


def test_r24_a_child_is_not_enrolled_without_a_guardian(stage: Stage) -> None:
    of_age_on = (stage.now + timedelta(days=3000)).date()
    with stage.open() as library:
        draft = consent(stage, of_age_on=of_age_on)
        refused = library.enrol("Kim", *portraits(stage, ANN), consent=draft)
        assert refused.verdict.reasons == (Reason.MINOR_WITHOUT_GUARDIAN,)
        assert list(library.people()) == []
        assert load(stage, library) == ([], 0)
        draft = consent(stage, of_age_on=of_age_on, guardian="Mia Ek")
        assert library.enrol("Kim", *portraits(stage, ANN), consent=draft).verdict.is_allowed
        assert len(load(stage, library)[0]) == 1


def test_r24_a_guardians_consent_ends_when_the_child_comes_of_age(stage: Stage) -> None:
    of_age_on = (stage.now + timedelta(days=50)).date()
    with stage.open() as library:
        enrol(stage, library, ANN, "Kim", days=999, of_age_on=of_age_on, guardian="Mia Ek")
        add(stage, library, stage.draw("kim.png", ANN))
        assert find(library) == ["kim.png"]
        stage.now += timedelta(days=51)
        assert find(library) == []
        renewal = RenewalDraft(
            evidence=EVIDENCE, until=(stage.now + timedelta(days=99)).date(), guardian="Mia Ek"
        )
        assert not library.people().renew("Kim", renewal=renewal).verdict.is_allowed


AGE = re.compile(r"(estimat|predict|guess|infer)\w*_?age\b|\bage_?(estimat|predict|guess|group)")


def test_r24_no_age_is_ever_estimated() -> None:
    """Nothing in the code has a name for it."""
    names = {
        name
        for module in modules()
        for node in ast.walk(module.tree)
        for name in (
            getattr(node, "name", None),
            getattr(node, "id", None),
            getattr(node, "arg", None),
        )
        if isinstance(name, str)
    }
    assert len(names) > 1000
    assert [name for name in names if AGE.search(name.lower())] == []
