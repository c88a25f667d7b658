"""A collection is brought to another model: what stays, is asked anew, or stands in the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import patch

import numpy as np
import pytest

from mien.catalog.photos import photo_uuid_of
from mien.errors import ConflictError, ModelError, NotFoundError, SettingsError
from mien.library import Library
from mien.permission.case import CaseKind
from mien.service import migration_end, migration_run
from mien.service.case import About
from mien.service.cases import CaseDraft
from mien.service.deployment import adding
from mien.service.erase import FacesTarget, PhotoTarget
from mien.service.intake import take_in
from mien.service.migration import MigrationReport, MigrationState
from mien.testing import FakeModels, draw_photo
from mien.types import EmbeddedFace
from mien.vault.vault import SealedPhoto
from service.other_models import OtherModels
from service.packs import (
    OPEN,
    OTHER,
    Packs,
    SeeingModels,
    faces_of,
    migrate,
    moved,
    photos_in,
    two_packs,
)
from service.stage import PURPOSE, Stage, blobs_of, check_sound, names_of, query
from service.traces import find_traces, traces_of_face

ANN, BEN, CAT = 1, 2, 3
OTHER_DIGEST = OtherModels().model.digest


@pytest.fixture
def album(stage: Stage) -> Stage:
    """Three photos of three people, in a collection of the usual model."""
    two_packs(stage)
    stage.draw("ann.png", ANN, seed=1)
    stage.draw("both.png", ANN, BEN, seed=2)
    stage.draw("cat.png", CAT, seed=3)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
    return stage


def found(library: Library, person: int) -> list[str]:
    result = library.search(draw_photo(person, seed=500), purpose=PURPOSE, min_score=0.75)
    return sorted(names_of(result))


def model_of(stage: Stage) -> tuple[str, int, str]:
    """Which model the collection is of, in how many numbers, and which is to come."""
    columns = "model_digest, dimension, next_digest"
    (row,) = query(stage.home / "catalog.db", f"SELECT {columns} FROM collections")  # noqa: S608
    return row  # type: ignore[no-any-return]


def actions_of(library: Library) -> list[str]:
    return [str(entry["action"]) for entry in library.audit().entries()]


def test_everything_is_found_by_the_other_model_as_before(album: Stage) -> None:
    before = faces_of(album)
    with album.open() as library:
        assert found(library, ANN) == ["ann.png", "both.png"]
        report = migrate(library)
        assert (report.state, report.faces, report.made) == (MigrationState.SWITCHED, 4, 4)
        assert (report.photos, report.lost.total(), report.found) == (3, 0, 0)
        assert found(library, ANN) == ["ann.png", "both.png"]
        assert found(library, CAT) == ["cat.png"]
        (health,) = library.examine().collections
        assert health.unreadable_faces == 0
    assert model_of(album) == (OTHER_DIGEST, 48, "")
    assert faces_of(album) == before
    check_sound(album.home)


def test_scores_are_the_other_models_own(album: Stage) -> None:
    with album.open() as library:
        migrate(library)
        result = library.search(draw_photo(ANN, seed=9), purpose=PURPOSE)
    vision = OtherModels().open(threads=1)
    (probe,) = vision.analyse(draw_photo(ANN, seed=9)).faces
    expected = sorted(
        (
            float(face.embedding @ probe.embedding)
            for path in photos_in(album)
            for face in vision.analyse(path.read_bytes()).faces
        ),
        reverse=True,
    )
    np.testing.assert_allclose([one.score for one in result.candidates], expected, atol=2e-3)


def test_it_survives_being_opened_again(album: Stage) -> None:
    with album.open() as library:
        migrate(library)
    with album.open() as library:
        assert found(library, BEN) == ["both.png"]
        assert library.add(album.photos, grant=library.grants()[0].grant_id).photos_known == 3
        album.draw("more.png", BEN, seed=7)
        assert library.add(album.photos, grant=library.grants()[0].grant_id).photos_new == 1
        assert found(library, BEN) == ["both.png", "more.png"]
        assert library.audit().verify().is_sound


def test_there_and_back_again(album: Stage) -> None:
    before = faces_of(album)
    with album.open() as library:
        migrate(library)
        assert migrate(library, to=OPEN).state is MigrationState.SWITCHED
        assert found(library, ANN) == ["ann.png", "both.png"]
    assert model_of(album) == (FakeModels().model.digest, 32, "")
    assert faces_of(album) == before


def test_what_is_done_is_not_done_again(album: Stage) -> None:
    with album.open() as library:
        migrate(library)
        with patch.object(OtherModels, "open", side_effect=AssertionError):
            report = migrate(library)
    assert (report.state, report.faces) == (MigrationState.SWITCHED, 0)


def test_a_dry_run_changes_nothing_and_tells_what_could_be_done(album: Stage) -> None:
    (album.photos / "cat.png").unlink()
    (album.photos / "ann.png").write_bytes(draw_photo(ANN, seed=99))
    with album.open() as library:
        before = [path.read_bytes() for path in blobs_of(album.home)], actions_of(library)
        report = library.models().migrate("default", to=OTHER, is_dry=True)
        after = [path.read_bytes() for path in blobs_of(album.home)], actions_of(library)
    assert after == before
    assert model_of(album)[2] == ""
    assert report.state is MigrationState.EXAMINED
    assert report.lost == {"changed": 1, "unreadable": 1}
    assert (report.photos, report.faces, report.made) == (3, 4, 0)
    assert (report.sampled, report.matched) == (2, 2)
    assert report.estimated_s is not None
    assert 0 < report.estimated_s < 60


def test_an_unknown_pack_or_collection_is_an_error(album: Stage) -> None:
    with album.open() as library:
        with pytest.raises(ModelError, match="'nothing'"):
            migrate(library, to="nothing")
        with pytest.raises(NotFoundError, match="no collection family"):
            migrate(library, "family")


def test_it_goes_on_where_it_was_interrupted(album: Stage) -> None:
    album.draw_many(70)
    with album.open() as library:
        library.add(album.photos, grant=library.grants()[0].grant_id)
        seen = 0

        def stop(report: MigrationReport) -> None:
            nonlocal seen
            seen = report.made
            if seen:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            library.models().migrate("default", to=OTHER, progress=stop)
        assert seen
        assert model_of(album)[0] == FakeModels().model.digest
        assert found(library, ANN) == ["00001.png", "ann.png", "both.png"]
    with album.open() as library:
        with patch.object(migration_run, "take_in", wraps=take_in) as read:
            report = migrate(library)
        assert report.state is MigrationState.SWITCHED
        assert report.made == report.faces == 144
        assert 0 < read.call_count < 73
        assert found(library, ANN) == ["00001.png", "ann.png", "both.png"]
    check_sound(album.home)


def test_searches_keep_answering_from_the_old_model_until_the_switch(album: Stage) -> None:
    answers = []
    with album.open() as library:
        scores = [one.score for one in library.search(draw_photo(ANN), purpose=PURPOSE).candidates]

        def look(report: MigrationReport) -> None:
            again = library.search(draw_photo(ANN), purpose=PURPOSE)
            answers.append([one.score for one in again.candidates])

        library.models().migrate("default", to=OTHER, progress=look)
    assert answers
    assert all(answer == scores for answer in answers)


def test_photos_added_meanwhile_are_of_the_old_model_and_wait(album: Stage) -> None:
    (album.photos / "cat.png").rename(album.folder / "cat.png")
    with album.open() as library:
        grant = library.grants()[0].grant_id
        assert migrate(library).state is MigrationState.UNFINISHED
        album.draw("new.png", BEN, seed=8)
        assert library.add(album.photos, grant=grant).photos_new == 1
        assert found(library, BEN) == ["both.png", "new.png"]
        (album.folder / "cat.png").rename(album.photos / "cat.png")
        report = migrate(library)
        assert (report.state, report.made) == (MigrationState.SWITCHED, 5)
        assert found(library, BEN) == ["both.png", "new.png"]


def test_it_refuses_to_end_where_templates_would_be_lost(album: Stage) -> None:
    (album.photos / "cat.png").unlink()
    with album.open() as library:
        report = migrate(library)
        assert report.state is MigrationState.UNFINISHED
        assert (report.made, report.lost) == (3, {"unreadable": 1})
        for number in (0, 2):
            with pytest.raises(ConflictError, match=f"1 templates would be lost, not {number}"):
                migrate(library, accept_loss=number)
        assert found(library, CAT) == ["cat.png"]
        report = migrate(library, accept_loss=1)
        assert report.state is MigrationState.SWITCHED
        assert found(library, CAT) == []
        assert found(library, ANN) == ["ann.png", "both.png"]
        erasures = [e for e in library.audit().entries() if e["action"] == "erasure"]
        assert len(erasures) == 1
    assert len(faces_of(album)) == 3
    check_sound(album.home)


def test_nothing_is_accepted_that_is_not_lost(album: Stage) -> None:
    with album.open() as library, pytest.raises(ConflictError, match="0 templates would be lost"):
        migrate(library, accept_loss=3)


def test_faces_are_known_again_by_where_they_are(album: Stage) -> None:
    """The other detector draws boxes wider, sees others too, and tells faces in another order."""

    def see(faces: tuple[EmbeddedFace, ...]) -> tuple[EmbeddedFace, ...]:
        wider = [moved(face, by_px=3, grown=5) for face in faces]
        return (moved(faces[0], by_px=400), *reversed(wider))

    two_packs(album, SeeingModels(see=see))
    before = faces_of(album)
    with album.open() as library:
        report = migrate(library)
        assert (report.state, report.found) == (MigrationState.SWITCHED, 3)
        assert found(library, ANN) == ["ann.png", "both.png"]
        assert found(library, BEN) == ["both.png"]
        (ben,) = library.search(draw_photo(BEN), purpose=PURPOSE, min_score=0.75).candidates
    assert faces_of(album) == before
    assert ben.face.stored.uuid == before[2][1]


def test_a_face_that_the_other_detector_misses_is_lost(album: Stage) -> None:
    two_packs(album, SeeingModels(see=lambda faces: faces[:1]))
    with album.open() as library:
        report = migrate(library)
        assert (report.state, report.lost) == (MigrationState.UNFINISHED, {"face-not-found": 1})
        assert migrate(library, accept_loss=1).state is MigrationState.SWITCHED
        assert found(library, BEN) == []


def revoke(album: Stage, library: Library) -> None:
    library.revoke(library.grants()[0].grant_id)


def expire(album: Stage, library: Library) -> None:
    del library
    album.now += timedelta(days=367)


@pytest.mark.parametrize(("end", "reason"), [(revoke, "grant-revoked"), (expire, "grant-expired")])
def test_nothing_is_made_without_a_grant_in_force(album: Stage, end: object, reason: str) -> None:
    assert callable(end)
    with album.open() as library:
        end(album, library)
        with patch.object(OtherModels, "open", side_effect=AssertionError):
            report = migrate(library)
    assert (report.state, report.made) == (MigrationState.UNFINISHED, 0)
    assert report.lost == {reason: 4}


def test_an_edited_collection_is_not_touched(album: Stage) -> None:
    query(album.home / "catalog.db", "UPDATE collections SET purposes = '[\"other\"]'")
    with album.open() as library:
        report = migrate(library)
    assert [str(reason) for reason in report.verdict.reasons] == ["collection-changed"]
    assert model_of(album) == (FakeModels().model.digest, 32, "")


@pytest.mark.parametrize("column", ["slot", "next_digest"])
def test_what_the_collection_says_of_its_templates_is_vouched_for(
    album: Stage, column: str
) -> None:
    query(album.home / "catalog.db", f"UPDATE collections SET {column} = 1")  # noqa: S608
    with album.open() as library:
        assert not library.search(draw_photo(ANN), purpose=PURPOSE).verdict.is_allowed


def test_what_an_open_case_holds_is_waited_for(album: Stage) -> None:
    (sha256,) = query(
        album.home / "catalog.db",
        "SELECT sha256 FROM photos p JOIN locations l ON l.photo_id = p.id"
        " WHERE uri LIKE '%cat.png'",
    )
    with album.open() as library:
        draft = CaseDraft(kind=CaseKind.ERASURE, requester="Cat", about=About(photos=(sha256,)))
        library.cases().open(draft)
        report = migrate(library)
        assert (report.made, report.waiting) == (3, {"under-case": 1})
        assert not report.lost
        assert migrate(library, accept_loss=1).state is MigrationState.UNFINISHED
        assert migrate(library, accept_loss=0).state is MigrationState.UNFINISHED


def test_who_opts_out_meanwhile_stays_out_of_the_new_model(album: Stage) -> None:
    with album.open() as library:
        (album.photos / "cat.png").rename(album.folder / "cat.png")
        migrate(library)
        library.optouts().face(album.draw("../ann.png", ANN), consent="letter")
        (album.folder / "cat.png").rename(album.photos / "cat.png")
        report = migrate(library)
        assert (report.state, report.faces) == (MigrationState.SWITCHED, 2)
        assert found(library, BEN) == ["both.png"]
        result = library.search(draw_photo(ANN, seed=500), purpose=PURPOSE)
        assert not result.verdict.is_allowed
    check_sound(album.home)


def test_an_opted_out_face_that_the_old_model_missed_is_lost(album: Stage) -> None:
    """Only the other model sees that the cat looks like whoever opted out."""

    def see(faces: tuple[EmbeddedFace, ...]) -> tuple[EmbeddedFace, ...]:
        return faces

    two_packs(album, SeeingModels(see=see))
    with album.open() as library:
        library.optouts().face(album.draw("../dan.png", 9), consent="letter")
        with patch("mien.service.likeness.Likeness.find_owner", _is_cat):
            report = migrate(library)
    assert (report.made, report.lost) == (3, {"face-suppressed": 1})


def _is_cat(likeness: object, embedding: np.ndarray) -> int | None:
    (cat,) = OtherModels().open(threads=1).analyse(draw_photo(CAT, seed=3)).faces
    return 0 if float(cat.embedding @ embedding) > 0.99 else None


def test_an_item_that_was_opted_out_is_not_read(album: Stage) -> None:
    with album.open() as library:
        library.optouts().item(album.photos / "cat.png")
        report = migrate(library)
        assert (report.state, report.made) == (MigrationState.SWITCHED, len(faces_of(album)))
        assert found(library, CAT) == []


def test_a_model_without_a_threshold_cannot_keep_opt_outs(album: Stage) -> None:
    two_packs(album, SeeingModels(measured=False))
    with album.open() as library:
        library.optouts().face(album.draw("../dan.png", 9), consent="letter")
        with pytest.raises(ModelError, match="No score was measured"):
            migrate(library)
        assert found(library, ANN) == ["ann.png", "both.png"]


def test_a_model_without_a_threshold_will_do_where_none_is_needed(album: Stage) -> None:
    two_packs(album, SeeingModels(measured=False))
    with album.open() as library:
        assert migrate(library).state is MigrationState.SWITCHED
        assert found(library, ANN) == ["ann.png", "both.png"]


def test_an_erasure_meanwhile_takes_both_templates(album: Stage) -> None:
    (album.photos / "cat.png").rename(album.folder / "cat.png")
    with album.open() as library:
        migrate(library)
        uuid = str(faces_of(album)[0][1])
        traces = both_traces(album, library, uuid, place=0)
        library.erase(FacesTarget((uuid,)))
        assert find_traces(album.home, traces) == []
        (album.folder / "cat.png").rename(album.photos / "cat.png")
        report = migrate(library)
        assert (report.state, report.faces) == (MigrationState.SWITCHED, 3)
        assert found(library, ANN) == ["both.png"]
    check_sound(album.home)


def test_a_photo_erased_meanwhile_is_not_missed(album: Stage) -> None:
    with album.open() as library:
        (sha256, *_) = query(album.home / "catalog.db", "SELECT sha256 FROM photos ORDER BY id")

        def see(faces: tuple[EmbeddedFace, ...]) -> tuple[EmbeddedFace, ...]:
            return faces

        commit = migration_run.MigrationRun._commit

        def erase_first(run: migration_run.MigrationRun, batch: object) -> None:
            if batch:
                library.erase(PhotoTarget(sha256))
            commit(run, batch)  # type: ignore[arg-type]

        with patch.object(migration_run.MigrationRun, "_commit", erase_first):
            report = migrate(library)
        assert (report.state, report.faces, report.made) == (MigrationState.SWITCHED, 3, 3)
    check_sound(album.home)


def both_traces(album: Stage, library: Library, uuid: str, *, place: int) -> dict[str, bytes]:
    """A face as both models see it, and as it would lie in the home in either form."""
    path = photos_in(album)[place]
    traces = {}
    for name, models in (("old", FakeModels()), ("new", OtherModels())):
        seen = models.open(threads=1).analyse(path.read_bytes()).faces[0]
        rotation = library._deployment.vault.rotation_of(seen.embedding.size)
        turned = rotation.turn(seen.embedding[np.newaxis])
        traces[f"{name} float16"] = turned.astype("<f2").tobytes()
        traces[f"{name} float32"] = turned.astype("<f4").tobytes()
        traces[f"{name} plain"] = seen.embedding.astype("<f4").tobytes()
    return traces


def open_parts(album: Stage, library: Library) -> Iterator[tuple[str, bytes]]:
    """Every sealed part that any key of the home opens, with its kind."""
    vault = library._deployment.vault
    query_ = "SELECT blob_id, sha256 FROM indexed_photos i JOIN photos p ON p.id = i.photo_id"
    for blob_id, sha256 in query(album.home / "catalog.db", query_):
        for slot in (0, 1):
            place = SealedPhoto(blob_id, photo_uuid_of(sha256), slot)
            for template in vault.read_templates(place).values():
                yield f"slot {slot}", template.tobytes()


def test_nothing_of_the_old_model_is_left_after_the_switch(album: Stage) -> None:
    with album.open() as library:
        found(library, ANN)
        old = {name: len(content) for name, content in open_parts(album, library)}
        assert old == {"slot 0": 32 * 2}
        migrate(library)
        parts = list(open_parts(album, library))
        assert {name: len(content) for name, content in parts} == {"slot 1": 48 * 2}
        assert len(parts) == 4
        sealed = sum(path.stat().st_size for path in blobs_of(album.home))
        migrate(library, to=OPEN)
        smaller = sum(path.stat().st_size for path in blobs_of(album.home))
        assert smaller < sealed
        uuid = str(faces_of(album)[0][1])
        traces = both_traces(album, library, uuid, place=0)
        assert find_traces(album.home, traces) == []
    assert not list(album.home.rglob("*.new"))


def test_the_snapshot_of_the_old_model_goes(album: Stage) -> None:
    with album.open() as library, patch("mien.service.gallery._SNAPSHOT_FACES", 1):
        found(library, ANN)
        keys = "SELECT count(*) FROM secrets WHERE name LIKE 'snapshot:%'"
        assert len(list((album.home / "snapshots").iterdir())) == 1
        uuid = str(faces_of(album)[0][1])
        seen = FakeModels().open(threads=1).analyse(photos_in(album)[0].read_bytes()).faces[0]
        traces_of_face(library, uuid, seen=seen)
        migrate(library)
        assert list((album.home / "snapshots").iterdir()) == []
        assert query(album.home / "keys" / "keys.db", keys) == [0]
        assert found(library, ANN) == ["ann.png", "both.png"]


@pytest.mark.parametrize("killed_in", ["_switch", "_tidy", "_end", "forget_snapshot"])
def test_killed_at_the_end_the_same_command_or_the_next_finishes_it(
    album: Stage, killed_in: str
) -> None:
    library = album.open()
    with (
        patch.object(migration_end, killed_in, side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        migrate(library)
    library._deployment.close()
    with album.open() as again:
        assert found(again, ANN) == ["ann.png", "both.png"]
        assert migrate(again).state is MigrationState.SWITCHED
        assert found(again, ANN) == ["ann.png", "both.png"]
        assert {name for name, _ in open_parts(album, again)} == {"slot 1"}
        assert again.audit().verify().is_sound
    assert model_of(album) == (OTHER_DIGEST, 48, "")
    check_sound(album.home)


def test_killed_between_loss_and_switch_nothing_is_lost_twice(album: Stage) -> None:
    (album.photos / "cat.png").unlink()
    library = album.open()
    with (
        patch.object(migration_end, "_switch", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        migrate(library, accept_loss=1)
    library._deployment.close()
    with album.open() as again:
        assert found(again, CAT) == []
        assert migrate(again).state is MigrationState.SWITCHED
        assert len(faces_of(album)) == 3


def test_a_migration_can_be_given_up(album: Stage) -> None:
    (album.photos / "cat.png").unlink()
    with album.open() as library:
        migrate(library)
        assert {name for name, _ in open_parts(album, library)} == {"slot 0", "slot 1"}
        assert library.models().abandon("default") == 3
        assert {name for name, _ in open_parts(album, library)} == {"slot 0"}
        assert actions_of(library)[-1] == "migration-abandoned"
        assert found(library, CAT) == ["cat.png"]
        with pytest.raises(ConflictError, match="No migration of default is under way"):
            library.models().abandon("default")
    assert model_of(album) == (FakeModels().model.digest, 32, "")


def test_a_third_model_has_to_wait(album: Stage) -> None:
    (album.photos / "cat.png").unlink()
    packs = two_packs(album)
    packs.packs["third"] = SeeingModels(digest="3d" * 32)
    with album.open() as library:
        migrate(library)
        with pytest.raises(ConflictError, match="--abandon"):
            migrate(library, to="third")
        library.models().abandon("default")
        assert migrate(library, to="third", accept_loss=1).state is MigrationState.SWITCHED
        assert found(library, BEN) == ["both.png"]


def test_what_was_given_up_half_way_is_not_taken_for_the_new_models(album: Stage) -> None:
    """Killed as it was given up: the templates are there, and the collection says of nobody."""
    (album.photos / "cat.png").rename(album.folder / "cat.png")
    packs = two_packs(album)
    packs.packs["third"] = SeeingModels(digest="3d" * 32)
    library = album.open()
    migrate(library, to="third")
    with (
        patch.object(migration_end, "drop_other_templates", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        library.models().abandon("default")
    library._deployment.close()
    (album.folder / "cat.png").rename(album.photos / "cat.png")
    with album.open() as again:
        assert migrate(again).made == 4
        result = again.search(draw_photo(ANN), purpose=PURPOSE)
        assert len(result.candidates) == 4


def test_a_collection_of_a_model_that_is_not_here_says_so(album: Stage) -> None:
    packs = two_packs(album)
    with album.open() as library:
        migrate(library)
    packs.gone = {OTHER}
    with album.open() as library:
        with pytest.raises(ConflictError, match="mien models migrate default --to PACK"):
            library.search(draw_photo(ANN), purpose=PURPOSE)
        result = library.search(draw_photo(ANN), purpose="advertising")
        assert not result.verdict.is_allowed


def test_two_collections_of_two_models_live_side_by_side(album: Stage) -> None:
    with album.open() as library:
        migrate(library)
        grant = library.grants()[0].grant_id
        library.add(album.photos, grant=grant, collection="second")
        for name in ("default", "second"):
            result = library.search(
                draw_photo(ANN, seed=9), purpose=PURPOSE, collection=name, min_score=0.75
            )
            assert sorted(names_of(result)) == ["ann.png", "both.png"]
        models = {one.name: one.model_id for one in library.collections()}
        assert models == {"default": "other", "second": "fake"}
        library.optouts().face(album.draw("../ann.png", ANN), consent="letter")
        for name in ("default", "second"):
            refused = library.search(draw_photo(ANN), purpose=PURPOSE, collection=name)
            assert not refused.verdict.is_allowed
        assert len(faces_of(album)) == 4


def test_a_migration_waits_for_nobody_who_adds(album: Stage) -> None:
    with album.open() as library:
        home = library._deployment.home
        with (
            adding(home, clear_up=lambda: None),
            pytest.raises(ConflictError, match="Photos are being added here"),
        ):
            migrate(library)
        assert found(library, ANN) == ["ann.png", "both.png"]
        assert migrate(library).state is MigrationState.SWITCHED


def test_every_step_is_in_the_log(album: Stage) -> None:
    with album.open() as library:
        migrate(library)
        entries = {str(entry["action"]): entry for entry in library.audit().entries()}
    assert entries["migration-began"]["facts"]["model_digest"] == OTHER_DIGEST  # type: ignore[index]
    assert entries["faces-reembedded"]["facts"]["faces"] == 4  # type: ignore[index]
    switched = entries["model-switched"]["facts"]
    assert switched["from_digest"] == FakeModels().model.digest  # type: ignore[index]
    assert switched["lost"] == 0  # type: ignore[index]
    assert "migration-ended" in entries


def test_the_pack_in_use_may_be_another_than_the_collections(album: Stage) -> None:
    packs = two_packs(album)
    packs.chosen = OTHER
    with album.open() as library:
        assert found(library, ANN) == ["ann.png", "both.png"]
        album.draw("more.png", BEN, seed=7)
        assert library.add(album.photos, grant=library.grants()[0].grant_id).photos_new == 1
        assert found(library, BEN) == ["both.png", "more.png"]
        with pytest.raises(SettingsError):
            library.search(draw_photo(ANN), purpose=PURPOSE, limit=0)
    assert model_of(album)[0] == FakeModels().model.digest
    assert isinstance(packs, Packs)
