"""Evaluation of drawn people: what is measured, what is refused, and that nothing is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation.drawn import draw_templates
from mien.errors import EvaluationError, NotFoundError, SettingsError
from mien.evaluation.report import Kind, Report, ScoreName, describe_report
from mien.evaluation.sample import Sample
from mien.library import Library
from mien.permission.verdict import Reason
from mien.service.audit import Action
from mien.service.evaluate import make_card
from mien.service.evaluation import Evaluation
from mien.service.judged_photos import choose_face
from mien.testing import FakeModels, FakeVision
from mien.types import Box, EmbeddingModel, Look, PhotoAnalysis
from service.enrolled_stage import COLLECTION, add, enrol
from service.stage import PURPOSE, Stage, counts_of, query

PEOPLE, PHOTOS = 12, 3


@pytest.fixture
def labelled(stage: Stage) -> Stage:
    """A folder for each of some drawn people."""
    for person in range(PEOPLE):
        for number in range(PHOTOS):
            stage.draw(f"p{person:02}/{number}.png", person, seed=PHOTOS * person + number)
    return stage


def evaluate(stage: Stage, labels: Path | None = None, **more: Any) -> Report:
    with stage.open() as library:
        return library.evaluation(replicates=50).of_photos(labels or stage.photos, **more)


def evaluate_collection(library: Library, *, purpose: str = PURPOSE) -> Any:
    return library.evaluation(replicates=50).of_collection(COLLECTION, purpose=purpose)


def test_drawn_people_are_told_apart(labelled: Stage) -> None:
    report = evaluate(labelled)
    assert report.kind is Kind.PHOTOS
    assert (report.photos, report.faces, report.people) == (36, 36, 12)
    verification = report.judgements[0].verification
    assert verification.mated_pairs == PEOPLE * 3
    assert verification.stranger_pairs == PEOPLE * (PEOPLE - 1) // 2 * PHOTOS**2
    assert verification.points[0].tmr.value == 1.0
    assert report.acquisition.share.value == 0.0
    assert report.made_at == "2030-05-01T12:00:00.000000Z"
    assert (report.model, report.model_digest) == ("fake", "fa" * 32)


def test_the_same_photos_give_the_same_report(labelled: Stage) -> None:
    one, other = evaluate(labelled), evaluate(labelled)
    documents = [describe_report(replace(each, seconds=0.0)) for each in (one, other)]
    assert documents[0] == documents[1]


def test_nothing_of_the_photos_is_kept(labelled: Stage) -> None:
    with labelled.open():
        pass
    before = everything_in(labelled.home)
    evaluate(labelled)
    assert everything_in(labelled.home) == before
    assert set(counts_of(labelled.home).values()) == {0}
    assert query(labelled.home / "catalog.db", "SELECT count(*) FROM audit_entries") == [0]


def everything_in(home: Path) -> set[str]:
    return {str(path.relative_to(home)) for path in home.rglob("*") if path.suffix != ".lock"}


def test_photos_without_a_face_are_counted_and_told_of(labelled: Stage) -> None:
    labelled.draw("p00/empty.png")
    (labelled.photos / "p01" / "broken.jpg").write_bytes(b"no photo")
    report = evaluate(labelled)
    assert (report.photos, report.faces) == (38, 36)
    assert (report.acquisition.faceless, report.acquisition.unreadable) == (2, 1)
    assert any(note.startswith("2 photos without a usable face") for note in report.notes)


def test_the_face_in_the_middle_counts(labelled: Stage) -> None:
    """Between two others stands the one whose folder it is."""
    labelled.draw("p00/three.png", 50, 0, 51)
    labelled.draw("p01/three.png", 52, 1, 53)
    report = evaluate(labelled)
    assert report.faces == 38
    assert report.suspicions is not None
    assert report.suspicions.photo_count == 0


def test_a_box_says_which_face_counts(labelled: Stage) -> None:
    labelled.draw("pair.png", 0, 1)  # 0 on the left, 1 on the right
    rows = [f"p{p:02}/{n}.png,p{p:02},,,," for p in range(PEOPLE) for n in range(PHOTOS)]
    listed = labelled.photos / "list.csv"
    listed.write_text(
        "\n".join(["photo,person,x1,y1,x2,y2", *rows, "pair.png,p01,80,0,160,80"]), "utf-8"
    )
    report = evaluate(labelled, listed)
    assert report.faces == 37
    assert report.suspicions is not None
    assert report.suspicions.photo_count == 0
    wrong = listed.read_text("utf-8").replace("p01,80,0,160,80", "p01,0,0,80,80")
    listed.write_text(wrong, "utf-8")
    suspicions = evaluate(labelled, listed).suspicions
    assert suspicions is not None
    assert [(one.photo, one.other) for one in suspicions.photos] == [("pair.png", "p00")]


def test_a_box_without_a_face_gives_none() -> None:
    face = FakeVision().analyse(photo_of(7)).faces[0]
    analysis = PhotoAnalysis(160, 80, "image/png", b"", None, (face,))  # type: ignore[arg-type]
    assert choose_face(analysis, Box(0, 0, 80, 80)) is face
    assert choose_face(analysis, Box(80, 0, 160, 80)) is None
    assert choose_face(analysis, None) is face


def photo_of(*people: int) -> bytes:
    from mien.testing import draw_photo

    return draw_photo(*people)


def test_a_list_of_pairs_is_compared_alone(labelled: Stage) -> None:
    mated = [f"p{p:02}/0.png,p{p:02}/1.png,1" for p in range(PEOPLE)]
    strangers = [f"p{p:02}/0.png,p{(p + 1) % PEOPLE:02}/0.png,0" for p in range(PEOPLE)]
    listed = labelled.photos / "pairs.csv"
    listed.write_text("\n".join(["a,b,same", *mated, *strangers, "gone.png,p00/0.png,0"]), "utf-8")
    report = evaluate(labelled, listed)
    assert report.kind is Kind.PAIRS
    verification = report.judgements[0].verification
    assert (verification.mated_pairs, verification.stranger_pairs) == (PEOPLE, PEOPLE)
    assert report.suspicions is None
    assert report.judgements[0].identification is None
    assert report.acquisition.unreadable == 1


def test_pairs_without_any_face_are_refused(labelled: Stage) -> None:
    listed = labelled.photos / "pairs.csv"
    listed.write_text("a,b,same\ngone.png,p00/0.png,0\nlost.png,p00/1.png,1\n", "utf-8")
    with pytest.raises(EvaluationError):
        evaluate(labelled, listed)


def test_boxes_tell_what_was_found(labelled: Stage) -> None:
    labelled.draw("p00/two.png", 0, 30)
    boxes = labelled.folder / "boxes.csv"
    boxes.write_text(
        "photo,x1,y1,x2,y2\np00/two.png,16,16,64,64\np00/0.png,16,16,64,64\n"
        "p01/0.png,200,16,240,64\n",
        "utf-8",
    )
    detection = evaluate(labelled, boxes=boxes).detection
    assert detection is not None
    assert (detection.found, detection.missed, detection.false) == (2, 1, 2)


def test_groups_come_from_the_list_and_nowhere_else(labelled: Stage) -> None:
    rows = [
        f"p{p:02}/{n}.png,p{p:02},{'red' if p % 2 else 'blue'},{n}"
        for p in range(PEOPLE)
        for n in range(PHOTOS)
    ]
    listed = labelled.photos / "list.csv"
    listed.write_text("\n".join(["photo,person,team,pose", *rows]), "utf-8")
    (found,) = evaluate(labelled, listed).judgements[0].differentials
    assert found.attribute == "team"
    assert [group.group for group in found.groups] == ["blue", "red"]
    assert evaluate(labelled).judgements[0].differentials == ()


class BrokenVision(FakeVision):
    """A model that gives something else for one photo in three."""

    def __init__(self, spoil: Callable[[Any], Any]) -> None:
        self._spoil = spoil

    def analyse(self, content: bytes, *, look: Look = Look.PHOTO) -> PhotoAnalysis:
        analysis = super().analyse(content, look=look)
        spoiled = tuple(replace(f, embedding=self._spoil(f.embedding)) for f in analysis.faces)
        return replace(analysis, faces=spoiled)


class BrokenModels(FakeModels):
    def __init__(self, spoil: Callable[[Any], Any]) -> None:
        self._spoil = spoil

    def open(self, *, threads: int) -> FakeVision:
        del threads
        return BrokenVision(self._spoil)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda v: v * np.nan, "p00/0.png.*is not made of finite numbers"),
        (lambda v: v * 0, "p00/0.png.*is not of unit length"),
        (lambda v: np.eye(len(v), dtype=np.float32)[0], "the same embedding for every photo"),
    ],
)
def test_a_broken_model_ends_in_an_error(
    labelled: Stage, spoil: Callable[[Any], Any], said: str
) -> None:
    labelled.models = BrokenModels(spoil)
    with pytest.raises(EvaluationError, match=said):
        evaluate(labelled)


def test_one_photo_each_is_refused(stage: Stage) -> None:
    for person in range(5):
        stage.draw(f"p{person}/a.png", person)
    with pytest.raises(EvaluationError, match="one photo with a face"):
        evaluate(stage)


def test_mixed_up_folders_are_refused(stage: Stage) -> None:
    for person in range(20):
        for number in range(3):
            stage.draw(f"p{person:02}/{number}.png", (person + 7 * number) % 20)
    with pytest.raises(EvaluationError, match="The labels are wrong, or the model is"):
        evaluate(stage)


def test_a_folder_that_is_none_is_refused(stage: Stage) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        evaluate(stage, stage.folder / "nowhere")


def test_faces_of_those_who_opted_out_are_left_out(labelled: Stage) -> None:
    with labelled.open() as library:
        probe = labelled.draw("../probe.png", 3, seed=999)
        library.optouts().face(probe, consent="letter 3")
        report = library.evaluation(replicates=50).of_photos(labelled.photos)
    assert (report.faces, report.people) == (33, 11)
    assert "3 faces are like those of people who opted out here." in report.notes


def test_both_scores_are_judged_and_the_cards_ratios(labelled: Stage) -> None:
    report = evaluate(labelled)
    cosine, normalised = report.judgements
    assert (cosine.score, normalised.score) == (ScoreName.COSINE, ScoreName.NORMALISED)
    assert cosine.card_calibration is None
    assert normalised.card_calibration is not None
    assert normalised.card_calibration.folds == 0
    assert normalised.card_calibration.mated_pairs == PEOPLE * 3
    assert normalised.histogram.edges != cosine.histogram.edges
    assert any("measured on drawn people" in note for note in report.notes)


class UnmeasuredModels(FakeModels):
    @property
    def model(self) -> EmbeddingModel:
        return replace(super().model, cohort=None, calibration=None)


def test_a_model_without_a_cohort_has_its_cosines_alone(labelled: Stage) -> None:
    labelled.models = UnmeasuredModels()
    report = evaluate(labelled)
    assert [one.score for one in report.judgements] == [ScoreName.COSINE]
    assert not any("card" in note for note in report.notes)


def test_other_levels_may_stand_in_for_the_cards(labelled: Stage) -> None:
    """Levels of nothing and one leave every score as it is."""

    def normalise(sample: Sample) -> Sample:
        return sample.with_levels(
            np.zeros(len(sample), np.float32), np.ones(len(sample), np.float32)
        )

    report = evaluate(labelled, normalise=normalise)
    cosine, normalised = report.judgements
    assert normalised.card_calibration is None
    for one, other in zip(cosine.verification.points, normalised.verification.points, strict=True):
        assert one.tmr == other.tmr
    assert any("cohorts made of other people" in note for note in report.notes)


def test_a_turned_cohort_gives_turned_templates_the_same_levels(stage: Stage) -> None:
    model = FakeModels().model
    templates = draw_templates(np.arange(20), dimension=model.dimension)
    with stage.open() as library:
        rotation = library._deployment.vault.rotation_of(model.dimension)
    assert model.cohort is not None
    plain, turned = make_card(model), make_card(model, cohort=rotation.turn_cohort(model.cohort))
    assert plain is not None
    assert turned is not None
    for one, other in zip(
        plain.level(templates), turned.level(rotation.turn(templates)), strict=True
    ):
        assert np.allclose(one, other, atol=1e-4)


@pytest.fixture
def club(stage: Stage) -> Stage:
    """A collection that keeps four enrolled people in three photos each, and drops a stranger."""
    with stage.open() as library:
        for person in range(1, 5):
            enrol(stage, library, person)
        for person in range(1, 5):
            for number in range(3):
                stage.draw(f"{person}-{number}.png", person, 90, seed=10 * person + number)
        add(stage, library)
    return stage


def test_a_collection_is_judged_by_those_who_are_enrolled(club: Stage) -> None:
    with club.open() as library:
        evaluated = evaluate_collection(library)
    assert evaluated.verdict.is_allowed
    report = evaluated.report
    assert report.kind is Kind.COLLECTION
    assert (report.faces, report.people) == (12, 4)
    assert report.judgements[0].verification.mated_pairs == 4 * 3
    assert any("told by the same model" in note for note in report.notes)
    assert [one.score for one in report.judgements] == [ScoreName.COSINE, ScoreName.NORMALISED]


def test_it_is_entered_into_the_audit_log(club: Stage) -> None:
    with club.open() as library:
        evaluate_collection(library)
        entry = library.audit().entries()[-1]
        shown = library.audit().entry(int(str(entry["seq"])))
    assert entry["action"] == Action.EVALUATION
    assert (entry["purpose"], entry["outcome"]) == (PURPOSE, "done")
    assert entry["facts"]["faces"] == 12  # type: ignore[index]
    assert COLLECTION in json.dumps(shown.details)


def test_without_a_purpose_that_a_grant_allows_nothing_is_read(club: Stage) -> None:
    with club.open() as library:
        for purpose, reason in (
            ("", Reason.NO_PURPOSE),
            ("marketing", Reason.PURPOSE_NOT_GRANTED),
        ):
            refused = evaluate_collection(library, purpose=purpose)
            assert refused.verdict.reasons == (reason,)
            assert refused.report is None
            entry = library.audit().entries()[-1]
            assert entry["action"] == Action.EVALUATION
            assert entry["outcome"] == "refused"
            assert entry["reasons"] == [reason.value]


def test_who_withdrew_is_not_in_it(club: Stage) -> None:
    with club.open() as library:
        library.people().withdraw("Person 2")
        report = evaluate_collection(library).report
    assert (report.faces, report.people) == (9, 3)


def test_who_opted_out_is_not_in_it(club: Stage) -> None:
    with club.open() as library:
        probe = club.draw("../probe.png", 1, seed=77)
        library.optouts().face(probe, consent="letter 1")
        report = evaluate_collection(library).report
    assert report.people == 3


def test_a_collection_where_nobody_is_known_has_nothing_to_measure(stage: Stage) -> None:
    stage.draw("a.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        with pytest.raises(EvaluationError, match="is of somebody enrolled"):
            library.evaluation(replicates=50).of_collection("default", purpose=PURPOSE)


def test_an_unknown_collection_is_named(stage: Stage) -> None:
    with stage.open() as library, pytest.raises(NotFoundError, match="nowhere"):
        library.evaluation().of_collection("nowhere", purpose=PURPOSE)


def test_progress_is_told_photo_by_photo(labelled: Stage) -> None:
    told: list[tuple[int, int]] = []
    with labelled.open() as library:
        evaluation: Evaluation = library.evaluation(replicates=50)
        evaluation.of_photos(labelled.photos, seen=lambda done, of: told.append((done, of)))
    assert told == [(number, 36) for number in range(1, 37)]
