"""Attempts to bring somebody into another model who may not be in it; every one must fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from unittest.mock import patch

import numpy as np
import pytest

from mien.catalog.photos import photo_uuid_of
from mien.errors import ConflictError, SuppressionError
from mien.library import Library
from mien.permission.basis import Basis
from mien.service import migrate as migrate_module
from mien.service import migration_run
from mien.service.migration import MigrationReport, MigrationState
from mien.service.migration_end import conclude
from mien.testing import FakeModels, draw_photo
from mien.vault.vault import SealedPhoto
from service.enrolled_stage import COLLECTION, add, enrol
from service.other_models import OtherModels
from service.packs import OTHER, faces_of, migrate, two_packs
from service.stage import PURPOSE, Stage, query

ANN, BEN = 1, 2


@pytest.fixture
def album(stage: Stage) -> Stage:
    two_packs(stage)
    stage.draw("ann.png", ANN, seed=1)
    stage.draw("ben.png", BEN, seed=2)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
    return stage


def edit(album: Stage, statement: str, *values: object) -> None:
    query(album.home / "catalog.db", statement, *values)


def new_templates(album: Stage, library: Library) -> Iterator[np.ndarray]:
    """Every template of the other model that any key of the home opens."""
    rows = query(
        album.home / "catalog.db",
        "SELECT blob_id, sha256 FROM indexed_photos i JOIN photos p ON p.id = i.photo_id",
    )
    for blob_id, sha256 in rows:
        place = SealedPhoto(blob_id, photo_uuid_of(sha256), 1)
        yield from library._deployment.vault.read_templates(place).values()


def test_another_photo_in_the_place_of_one_that_was_allowed_is_not_looked_at(album: Stage) -> None:
    (album.photos / "ann.png").write_bytes(draw_photo(9, seed=1))
    with album.open() as library:
        report = migrate(library)
        assert (report.made, report.lost) == (1, {"changed": 1})
        assert len(list(new_templates(album, library))) == 1


def test_a_location_written_in_by_hand_leads_nowhere(album: Stage) -> None:
    """The file is there and the very same; but no grant covers the place."""
    elsewhere = album.folder / "elsewhere.png"
    (album.photos / "ann.png").rename(elsewhere)
    edit(
        album,
        "UPDATE locations SET uri = ? WHERE uri LIKE '%ann.png'",
        elsewhere.resolve().as_uri(),
    )
    with album.open() as library:
        report = migrate(library)
    assert report.lost == {"out-of-scope": 1}


def test_an_edited_collection_is_not_given_up_either(album: Stage) -> None:
    (album.photos / "ann.png").unlink()
    with album.open() as library:
        migrate(library)
    edit(album, "UPDATE collections SET slot = 1")
    with album.open() as library, pytest.raises(ConflictError, match="last recorded here"):
        library.models().abandon("default")
    edit(album, "UPDATE collections SET slot = 0")
    with album.open() as library:
        assert len(library.search(draw_photo(ANN), purpose=PURPOSE).candidates) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE grants SET valid_until = valid_until + 1",
        "UPDATE grants SET scope = '[\"file:///\"]'",
        "UPDATE grants SET grantor = 'Somebody'",
    ],
)
def test_an_edited_grant_allows_nothing(album: Stage, statement: str) -> None:
    edit(album, statement)
    with album.open() as library:
        with patch.object(OtherModels, "open", side_effect=AssertionError):
            report = migrate(library)
        assert (report.made, report.lost) == (0, {"grant-changed": 2})
        assert list(new_templates(album, library)) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE collections SET basis = 'household', purposes = '[]', retention_days = 9999",
        "UPDATE collections SET model_digest = ?",
        "UPDATE collections SET next_digest = ?",
        "UPDATE collections SET slot = 1, next_digest = ?",
        "UPDATE collections SET dimension = 48, model_id = ?",
    ],
)
def test_a_collection_that_was_edited_is_neither_searched_nor_migrated(
    album: Stage, statement: str
) -> None:
    values = (OtherModels().model.digest,) if "?" in statement else ()
    edit(album, statement, *values)
    with album.open() as library:
        report = migrate(library)
        assert [str(reason) for reason in report.verdict.reasons] == ["collection-changed"]
        assert list(new_templates(album, library)) == []
        assert not library.search(draw_photo(ANN), purpose=PURPOSE).verdict.is_allowed


def test_a_switch_that_somebody_claims_has_not_happened(album: Stage) -> None:
    """The row says that the old templates may go: they stay, since nobody vouches for it."""
    before = FakeModels().model.digest
    edit(album, "UPDATE collections SET next_digest = ?, slot = 1", before)
    with album.open():
        pass
    edit(album, "UPDATE collections SET next_digest = '', slot = 0")
    with album.open() as library:
        result = library.search(draw_photo(ANN), purpose=PURPOSE)
        assert result.verdict.is_allowed
        assert len(result.candidates) == 2


def test_who_revokes_or_opts_out_while_a_photo_is_looked_at_is_heard(album: Stage) -> None:
    """Between the look and the seal."""
    commit = migration_run.MigrationRun._commit
    with album.open() as library:

        def revoke_first(run: migration_run.MigrationRun, batch: object) -> None:
            if batch:
                library.revoke(library.grants()[0].grant_id)
            commit(run, batch)  # type: ignore[arg-type]

        with patch.object(migration_run.MigrationRun, "_commit", revoke_first):
            report = migrate(library)
        assert (report.made, report.lost) == (0, {"grant-revoked": 2})
        assert list(new_templates(album, library)) == []


def test_a_face_opted_out_between_look_and_seal_gets_no_template(album: Stage) -> None:
    commit = migration_run.MigrationRun._commit
    portrait = album.draw("../portrait.png", ANN)
    with album.open() as library:
        done: list[object] = []

        def opt_out_first(run: migration_run.MigrationRun, batch: object) -> None:
            if batch and not done:
                done.append(library.optouts().face(portrait, consent="letter"))
            commit(run, batch)  # type: ignore[arg-type]

        with (
            patch.object(migration_run.MigrationRun, "_commit", opt_out_first),
            pytest.raises(SuppressionError, match="Run the same command again"),
        ):
            migrate(library)
        assert list(new_templates(album, library)) == []
        assert migrate(library).state is MigrationState.SWITCHED
        held = list(new_templates(album, library))
        assert len(held) == 1
        vision = OtherModels().open(threads=1)
        (ann,) = vision.analyse((album.photos / "ann.png").read_bytes()).faces
        turned = library._deployment.vault.rotation_of(48).turn(ann.embedding[np.newaxis])[0]
        assert all(float(one.astype(np.float32) @ turned) < 0.75 for one in held)


def test_a_loss_cannot_be_accepted_in_advance(album: Stage) -> None:
    with album.open() as library:
        for number in (1, 2, 99):
            with pytest.raises(ConflictError, match="0 templates would be lost"):
                migrate(library, accept_loss=number)
        assert len(faces_of(album)) == 2


def test_what_is_lost_after_it_was_counted_is_not_lost_in_silence(album: Stage) -> None:
    """A template disappears from the vault between the run and the switch."""

    def lose_one(view: object, collection: object, **options: object) -> None:
        blobs = query(album.home / "catalog.db", "SELECT blob_id FROM indexed_photos")
        view.vault.drop_templates(blobs[:1], slot=1)  # type: ignore[attr-defined]
        conclude(view, collection, **options)  # type: ignore[arg-type]

    with album.open() as library:
        with (
            patch.object(migrate_module, "conclude", lose_one),
            pytest.raises(ConflictError, match="1 faces of default have no template of other"),
        ):
            migrate(library)
        assert len(library.search(draw_photo(ANN), purpose=PURPOSE).candidates) == 2
        assert migrate(library).state is MigrationState.SWITCHED


def test_two_who_end_it_at_once_end_it_once(album: Stage) -> None:
    """Another process gives it up between the run and the switch, or switches first."""

    def give_up_first(view: object, collection: object, **options: object) -> None:
        with album.open() as other:
            other.models().abandon("default")
        conclude(view, collection, **options)  # type: ignore[arg-type]

    def switch_first(view: object, collection: object, **options: object) -> None:
        with album.open() as other:
            assert migrate(other).state is MigrationState.SWITCHED
        conclude(view, collection, **options)  # type: ignore[arg-type]

    with album.open() as library:
        for first in (give_up_first, switch_first):
            # The other one must not meet itself again.
            with (
                patch.object(migrate_module, "conclude", once(first, then=conclude)),
                pytest.raises(ConflictError, match="ended by somebody else"),
            ):
                migrate(library)
        assert len(library.search(draw_photo(ANN), purpose=PURPOSE).candidates) == 2
        assert library.collections()[0].model_id == "other"
        switches = [one for one in library.audit().entries() if one["action"] == "model-switched"]
        assert len(switches) == 1


def once(first: Callable[..., None], *, then: Callable[..., None]) -> Callable[..., None]:
    calls: list[None] = []

    def call(*arguments: object, **options: object) -> None:
        calls.append(None)
        (first if len(calls) == 1 else then)(*arguments, **options)

    return call


def test_strangers_do_not_come_in_by_another_model(stage: Stage) -> None:
    """Where enrolled people only are kept, the other detector sees the stranger beside them."""
    two_packs(stage)
    stage.draw("both.png", ANN, BEN, seed=2)
    with stage.open() as library:
        enrol(stage, library, ANN)
        add(stage, library)
        assert len(faces_of(stage)) == 1

        def tell(report: MigrationReport) -> None:
            assert report.faces <= 1

        library.models().migrate(COLLECTION, to=OTHER, progress=tell)
        assert len(faces_of(stage)) == 1
        assert {one.basis for one in library.collections()} == {Basis.ENROLLED_ONLY}
        assert list(new_templates(stage, library)) == []


def test_a_person_id_written_in_by_hand_carries_nobody_over(stage: Stage) -> None:
    """Ben's face is said to be kept for Ann; the other model knows Ann, and sees that it is not."""
    packs = two_packs(stage)
    stage.draw("ann.png", ANN, seed=1)
    stage.draw("ben.png", BEN, seed=2)
    with stage.open() as library:
        enrol(stage, library, ANN)
        enrol(stage, library, BEN)
        add(stage, library)
    packs.chosen = OTHER
    with stage.open() as library:
        enrol(stage, library, ANN)  # a namesake whom the other model knows
    packs.chosen = "open"
    (known,) = query(
        stage.home / "catalog.db",
        "SELECT person_id FROM enrolments WHERE model_digest = ?",
        OtherModels().model.digest,
    )
    edit(stage, "UPDATE faces SET person_id = ?", known)
    with stage.open() as library:
        report = migrate(library, COLLECTION)
        assert (report.made, report.lost) == (1, {"not-enrolled": 1})
