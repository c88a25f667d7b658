"""What was opted out, opened: once for as long as nothing changes, and never half."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import patch

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.catalog import suppressions as rows
from mien.catalog.suppressions import SuppressionRow
from mien.errors import SuppressionError, TamperedError
from mien.index.exact import ExactIndex
from mien.index.scan import ScanIndex
from mien.library import Library
from mien.permission.suppression import Level
from mien.permission.verdict import Reason, refuse
from mien.service.alike import find_alike
from mien.service.gallery import Gallery
from mien.service.left_out import find_left_out
from mien.service.likeness import Likeness, know_nobody
from mien.service.suppressed import Suppressions
from mien.service.suppression_records import (
    Facts,
    Suppression,
    encode_sketches,
    encode_template,
    find_copy,
    keep_copy,
    open_portrait,
    open_row,
    seal_row,
    subject_of,
    uuid_of,
)
from mien.testing import DIMENSION, FakeModels, draw_photo
from mien.types import Gaussian
from mien.vault.rotation import make_rotation
from mien.vision.decode import decode_photo
from mien.vision.render import render_thumbnail
from mien.vision.sketch import sketch_file
from service.other_models import OtherModels
from service.scenes import draw_scene, save_again
from service.stage import Stage

MODEL, OTHER = FakeModels().model, OtherModels().model
AT = datetime(2030, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
ID = "00000000-0000-0000-0000-00000000000a"


def template_of(person: int, *, seed: int = 0) -> NDArray[np.float32]:
    (seen,) = FakeModels().open(threads=1).analyse(draw_photo(person, seed=seed)).faces
    return seen.embedding


def face(person: int, *, fmr: float = 1e-3, uuid: str = ID) -> Suppression:
    templates = {MODEL.digest: encode_template(template_of(person))}
    return Suppression(uuid, Level.FACE, AT, Facts(fmr=fmr, templates=templates))


def item(content: bytes, *, sha256: str = "ab" * 32) -> Suppression:
    facts = Facts(sha256=sha256, sketches=encode_sketches(sketch_file(content)))
    return Suppression(ID, Level.ITEM, AT, facts)


def source(address: str) -> Suppression:
    return Suppression(ID, Level.SOURCE, AT, Facts(address=address))


def thumbnail(content: bytes) -> bytes:
    return render_thumbnail(decode_photo(content).picture)


def test_a_record_is_read_as_it_was_sealed(stage: Stage) -> None:
    facts = Facts(
        fmr=1e-2,
        evidence={"kind": "reference", "text": "Brief vom 3. Mai, é"},
        middle=(0.25, 0.75),
        templates={MODEL.digest: encode_template(template_of(1))},
    )
    with stage.open() as library:
        vault = library._deployment.vault
        row = seal_row(vault, Suppression(ID, Level.FACE, AT, facts), portrait=b"jpeg")
        opened = open_row(vault, row)
        assert (opened.uuid, opened.level, opened.made_at) == (ID, Level.FACE, AT)
        assert opened.facts == facts
        assert opened.template_of(MODEL).tolist() == template_of(1).tolist()
        assert open_portrait(vault, row) == b"jpeg"


def test_a_copy_beside_the_keys_gives_the_record_back(stage: Stage) -> None:
    with stage.open() as library:
        vault = library._deployment.vault
        for one, portrait in ((face(1), b"jpeg"), (source("https://example.org/"), None)):
            row = seal_row(vault, one, portrait=portrait)
            keep_copy(vault, row)
            copy = find_copy(vault, ID)
            assert copy is not None
            assert (copy.level, copy.made_at) == (row.level, AT)
            assert (copy.sealed, copy.portrait) == (row.sealed, row.portrait)
            assert vault.suppressions.is_wrapped(subject_of(ID), copy.recovery)
        assert find_copy(vault, "of nobody") is None


def test_a_face_without_its_portrait_is_told(stage: Stage) -> None:
    with stage.open() as library:
        vault = library._deployment.vault
        row = seal_row(vault, face(1))
        with pytest.raises(TamperedError, match="lacks its portrait"):
            open_portrait(vault, row)


def test_the_vault_and_the_catalog_call_it_by_one_id() -> None:
    assert uuid_of(subject_of(ID)) == ID


def test_an_empty_list_keeps_nothing_out() -> None:
    nothing = Suppressions([], MODEL)
    assert nothing.may_take("file:///a.jpg").is_allowed
    assert nothing.may_read("ab" * 32).is_allowed
    with patch("mien.service.suppressed.sketch_photo", side_effect=AssertionError("too dear")):
        assert nothing.may_keep(b"no thumbnail").is_allowed
    assert nothing.faces.find_owner(template_of(1)) is None


def test_each_level_keeps_out_what_it_says() -> None:
    content = draw_scene(1, scene=1)
    kept_out = Suppressions([item(content), source("file:///north"), face(1)], MODEL)
    assert kept_out.may_read("ab" * 32) == refuse(Reason.ITEM_SUPPRESSED)
    assert kept_out.may_keep(thumbnail(save_again(content))) == refuse(Reason.ITEM_SUPPRESSED)
    assert kept_out.may_take("file:///north/1.jpg") == refuse(Reason.SOURCE_SUPPRESSED)
    assert kept_out.faces.find_owner(template_of(1, seed=9)) is not None
    assert kept_out.may_read("cd" * 32).is_allowed
    assert kept_out.may_keep(thumbnail(draw_scene(1, scene=2))).is_allowed
    assert kept_out.may_take("file:///south/1.jpg").is_allowed
    assert kept_out.faces.find_owner(template_of(60)) is None


@pytest.mark.parametrize(("fmr", "least"), [(1e-3, 0.75), (1e-2, 0.6)])
def test_how_alike_a_face_must_be_follows_from_its_rate(fmr: float, least: float) -> None:
    faces = Suppressions([face(1, fmr=fmr)], MODEL).faces
    assert faces.least_scores.tolist() == pytest.approx([least])


def test_a_face_that_a_model_never_saw_is_not_passed_over() -> None:
    for model, unknown in ((MODEL, 0), (OTHER, 1)):
        kept_out = Suppressions([face(1), source("file:///north")], model)
        assert len(kept_out.unknown) == unknown
    with pytest.raises(SuppressionError, match=f"{ID} is not known to the model other"):
        _ = kept_out.faces


def test_what_a_model_makes_of_a_face_stands_beside_what_others_made() -> None:
    both = face(1).with_template(OTHER, np.ones(48, np.float32))
    assert both.knows(MODEL)
    assert both.knows(OTHER)
    assert both.template_of(MODEL).tolist() == template_of(1).tolist()
    assert both.template_of(OTHER).tolist() == [1.0] * 48


def record(library: Library, one: Suppression) -> SuppressionRow:
    deployment = library._deployment
    row = seal_row(deployment.vault, one)
    with deployment.database.writing() as connection:
        rows.record_suppression(connection, row)
    return row


def test_the_list_is_opened_once_for_as_long_as_it_is_the_same(stage: Stage) -> None:
    with stage.open() as library:
        suppressed = library._deployment.suppressed
        record(library, face(1))
        first = suppressed.load(MODEL)
        assert [one.uuid for one in first.all] == [ID]
        with patch("mien.service.suppressed.open_row", side_effect=AssertionError("again")):
            assert suppressed.load(MODEL) is first
        other = face(60, uuid=ID.replace("a", "b"))
        record(library, other)
        assert suppressed.load(MODEL).uuids == {ID, other.uuid}


def test_the_list_is_opened_again_for_another_model(stage: Stage) -> None:
    with stage.open() as library:
        suppressed = library._deployment.suppressed
        record(library, face(1))
        assert suppressed.load(MODEL).unknown == ()
        assert len(suppressed.load(OTHER).unknown) == 1
        record(library, face(1).with_template(OTHER, np.ones(48, np.float32)))
        assert suppressed.load(OTHER).unknown == (), "the record changed, and not its id"


def test_a_copy_counts_where_the_row_is_gone(stage: Stage) -> None:
    with stage.open() as library:
        deployment = library._deployment
        keep_copy(deployment.vault, seal_row(deployment.vault, source("https://example.org/")))
        kept_out = deployment.suppressed.load(MODEL)
        assert not kept_out.may_take("https://example.org/1.jpg").is_allowed


def find(
    index: ExactIndex | ScanIndex, *, least: float, templates: NDArray[np.float32]
) -> list[int]:
    rotation = make_rotation(DIMENSION)
    scores = np.full(len(templates), least, np.float32)
    likeness = Likeness(templates, range(len(templates)), scores)
    with patch.object(type(rotation), "turn", lambda _, vectors: vectors):
        return [int(one) for one in find_alike(index, likeness, rotation=rotation)]


def draw(
    count: int, *, around: NDArray[np.float32], spread: float, seed: int
) -> NDArray[np.float32]:
    noise = np.random.default_rng(seed).standard_normal((count, DIMENSION))
    vectors = around + spread * noise
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize("kind", ["exact", "scan"])
@pytest.mark.parametrize("crowd", [0, 1, 63, 64, 65, 700])
def test_every_face_that_is_alike_is_found_and_no_other(kind: str, crowd: int) -> None:
    """However many there are: more than are looked for at first."""
    ann, ben = template_of(1), template_of(60)
    faces = np.concatenate(
        [
            draw(crowd, around=ann, spread=0.05, seed=1),
            draw(300, around=-ann, spread=0.5, seed=2),
            draw(5, around=ben, spread=0.05, seed=3),
        ]
    )
    gaussian = Gaussian(np.zeros(DIMENSION, np.float32), np.eye(DIMENSION, dtype=np.float32))
    index = ExactIndex(DIMENSION) if kind == "exact" else ScanIndex(DIMENSION, gaussian)
    ids = np.arange(1000, 1000 + len(faces))
    index.add(ids, faces)
    expected = {int(one) for one in ids[(faces @ ann >= 0.75) | (faces @ ben >= 0.75)]}
    found = find(index, least=0.75, templates=np.stack([ann, ben]))
    assert set(found) == expected
    assert len(expected) == crowd + 5


def test_a_face_at_the_very_score_is_found_though_templates_are_rounded() -> None:
    ann = template_of(1)
    faces = draw(50, around=ann, spread=0.1, seed=4)
    index = ExactIndex(DIMENSION)
    index.add(np.arange(50), faces)
    least = float((faces @ ann).min())
    assert len(find(index, least=least, templates=ann[None])) == 50


def test_where_nobody_is_held_or_nobody_opted_out_nobody_is_alike() -> None:
    index = ExactIndex(DIMENSION)
    assert find(index, least=0.5, templates=template_of(1)[None]) == []
    index.add(np.arange(1), template_of(1)[None])
    nobody = know_nobody(DIMENSION)
    assert len(find_alike(index, nobody, rotation=make_rotation(DIMENSION))) == 0


def test_what_is_left_out_is_looked_for_once_a_revision_and_for_each_opt_out() -> None:
    index = ExactIndex(DIMENSION)
    rotation = make_rotation(DIMENSION)
    index.add(np.array([7, 8]), rotation.turn(np.stack([template_of(1), template_of(60)])))
    gallery = Gallery(index, revision=1)
    ann = Suppressions([face(1)], MODEL)
    with patch("mien.service.left_out.find_alike", wraps=find_alike) as looking:
        for _ in range(3):
            assert find_left_out(gallery, ann, rotation=rotation).tolist() == [7]
        assert looking.call_count == 1
        gallery.revision = 2
        assert find_left_out(gallery, ann, rotation=rotation).tolist() == [7]
        assert looking.call_count == 2
        both = Suppressions([face(1), face(60, uuid=ID.replace("a", "b"))], MODEL)
        assert find_left_out(gallery, both, rotation=rotation).tolist() == [7, 8]
        assert looking.call_count == 3
