"""Photos that lie sealed here and in no folder: every use case that reads a photo reads them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from mien.catalog.photos import photo_uuid_of
from mien.errors import MienError, VaultError
from mien.permission.publication import FOLDER, SHELF, publish_places
from mien.permission.quality import QualityFilter
from mien.permission.verdict import Reason
from mien.service.erase import GrantTarget, PhotoTarget, SourceTarget
from mien.service.ingest import AddReport, StoppedError
from mien.service.migration import MigrationState
from mien.service.originals import Whereabouts, find_file, find_original
from mien.service.policy import Form
from mien.testing import draw_photo
from service.packs import OTHER, two_packs
from service.scenes import draw_scene, save_again
from service.shelves import (
    hand_in,
    originals_of,
    read_back,
    sha256_of,
    shelf_grant,
    uri_of,
)
from service.stage import PURPOSE, Stage, blobs_of, check_sound, names_of, query

ANN, BEN = draw_photo(1, seed=1), draw_photo(1, 2, seed=2)
PHOTOS = {"ann.png": ANN, "ben.png": BEN}


def catalog(stage: Stage) -> Path:
    return stage.home / "catalog.db"


def test_what_is_handed_in_is_kept_as_it_is(stage: Stage) -> None:
    with stage.open() as library:
        report = hand_in(library, shelf_grant(stage, library), PHOTOS)
        assert (report.photos_new, report.faces) == (2, 3)
        assert read_back(library, ANN) == ANN
        assert read_back(library, draw_photo(9)) is None
    assert len(originals_of(stage.home)) == 2
    check_sound(stage.home)


def test_a_photo_of_a_folder_leaves_no_original(stage: Stage) -> None:
    path = stage.draw("ann.png", 1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        place = Whereabouts(sha256_of(path.read_bytes()), 10_000, (path.as_uri(),))
        assert find_original(library.parts.deployment, place) == path.read_bytes()
        path.write_bytes(b"something else")
        assert find_original(library.parts.deployment, place) is None
        path.unlink()
        assert find_original(library.parts.deployment, place) is None
    assert originals_of(stage.home) == []


def test_where_no_photo_can_lie_there_is_no_file(stage: Stage) -> None:
    with stage.open() as library:
        deployment = library.parts.deployment
        for uri in ("https://example.org/a.jpg", "upload://host/a.jpg", "file://host/a.jpg", ""):
            assert find_file(deployment, uri, sha256="ab" * 32) is None
            place = Whereabouts("ab" * 32, 10, (uri,))
            assert find_original(deployment, place) is None


def test_another_model_sees_them_where_they_lie(stage: Stage) -> None:
    two_packs(stage)
    with stage.open() as library:
        hand_in(library, shelf_grant(stage, library), PHOTOS)
        models = library.models()
        dry = models.migrate("default", to=OTHER, is_dry=True)
        assert (dry.faces, dry.lost, dry.waiting) == (3, {}, {})
        report = models.migrate("default", to=OTHER)
        assert (report.state, report.made) == (MigrationState.SWITCHED, 3)
        found = library.search(draw_photo(1, seed=9), purpose=PURPOSE, limit=2)
    assert sorted(names_of(found)) == ["ann.png", "ben.png"]


def test_one_that_is_gone_cannot_be_seen_by_another_model(stage: Stage) -> None:
    two_packs(stage)
    with stage.open() as library:
        hand_in(library, shelf_grant(stage, library), PHOTOS)
        (lost, _) = originals_of(stage.home)
        (stage.home / "blobs" / lost[:2] / lost).unlink()
        report = library.models().migrate("default", to=OTHER, is_dry=True)
    assert dict(report.lost + report.waiting) == {"unreadable": 1}


def test_a_weaker_filter_opens_them_again(stage: Stage) -> None:
    """What was left out as blurred is found in the sealed photo, not in a folder."""
    photos = {"blurred.png": draw_photo(1, 2, seed=4, blurred=[2])}
    with stage.open() as library:
        grant = shelf_grant(stage, library)
        first = hand_in(library, grant, photos, quality=QualityFilter.HIGH)
        assert dict(first.dropped) == {Reason.POOR_QUALITY: 1}
        again = hand_in(library, grant, photos)
        assert (again.photos_known, again.reopened) == (1, 1)
        report = library.rescan()
        assert (report.photos, report.faces, report.failed) == (1, 1, [])
    check_sound(stage.home)


def test_one_that_looks_the_same_goes_with_a_photo_that_is_opted_out(stage: Stage) -> None:
    """Its thumbnail was never kept, so the photo itself is looked at where it lies."""
    scene = draw_scene(1, scene=3)
    with stage.open() as library:
        library.create_collection("guests", basis="enrolled_only")
        grant = shelf_grant(stage, library, bases=["enrolled_only"])
        hand_in(library, grant, {"scene.png": scene}, collection="guests")
        assert query(catalog(stage), "SELECT dropped FROM indexed_photos") == [1]
        report = library.optouts().item(save_again(scene, quality=60))
        assert report.erasure
        assert report.erasure.erased["originals"] == 1
        assert read_back(library, scene) is None
        refused = hand_in(library, grant, {"scene.png": scene}, collection="guests")
        assert dict(refused.refused) == {Reason.ITEM_SUPPRESSED: 1}


def test_why_it_is_here_is_told_as_of_any_photo(stage: Stage) -> None:
    with stage.open() as library:
        grant = shelf_grant(stage, library)
        hand_in(library, grant, PHOTOS)
        told = library.explain(sha256_of(ANN))
    (place,) = told.places
    assert place.place.uri == uri_of("ann.png", ANN)
    assert place.grant.grant_id == grant
    assert all(verdict.is_allowed for use, verdict in place.verdicts.items() if use == "search")


@pytest.mark.parametrize("ended", ["revoked", "narrowed", "expired"])
def test_it_is_found_no_longer_than_its_grant_allows(stage: Stage, ended: str) -> None:
    with stage.open() as library:
        grant = shelf_grant(stage, library, days=5)
        hand_in(library, grant, PHOTOS)
        assert library.search(draw_photo(1, seed=9), purpose=PURPOSE).candidates
        if ended == "revoked":
            library.revoke(grant)
        elif ended == "narrowed":
            from mien.service.grants import Narrowing

            library.narrow(grant, Narrowing(scope=["upload:///wedding/none/"]))
        else:
            stage.now += timedelta(days=6)
        result = library.search(draw_photo(1, seed=9), purpose=PURPOSE)
        assert result.candidates == ()
        refused = hand_in(library, grant, {"new.png": draw_photo(3)})
        assert refused.photos_new == 0


def test_it_is_erased_with_everything_when_its_time_is_over(stage: Stage) -> None:
    with stage.open(grace_days=2) as library:
        hand_in(library, shelf_grant(stage, library, days=5), PHOTOS)
        stage.now += timedelta(days=8)
        report = library.enforce_retention()
        assert report
        assert report.erased["originals"] == 2
        assert read_back(library, ANN) is None
    assert blobs_of(stage.home) == []
    assert originals_of(stage.home) == []


def test_a_photo_that_stays_elsewhere_loses_only_what_was_handed_in(stage: Stage) -> None:
    path = stage.draw("ann.png", 1, seed=1)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        grant = shelf_grant(stage, library)
        hand_in(library, grant, {"ann.png": path.read_bytes()})
        report = library.erase(GrantTarget(grant))
        assert (report.erased["originals"], report.erased["photos"]) == (1, 0)
        assert read_back(library, path.read_bytes()) is None
        found = library.search(draw_photo(1, seed=9), purpose=PURPOSE, limit=1)
        assert names_of(found) == ["ann.png"]
    check_sound(stage.home)


def test_one_of_two_shelves_is_enough_to_keep_it(stage: Stage) -> None:
    with stage.open() as library:
        first = shelf_grant(stage, library)
        second = shelf_grant(stage, library)
        hand_in(library, first, PHOTOS)
        hand_in(library, second, PHOTOS)
        assert len(originals_of(stage.home)) == 2
        assert library.erase(GrantTarget(first)).erased["originals"] == 0
        assert read_back(library, ANN) == ANN
        assert library.erase(GrantTarget(second)).erased["originals"] == 2
        assert read_back(library, ANN) is None


def test_what_lies_below_an_address_is_erased(stage: Stage) -> None:
    with stage.open() as library:
        hand_in(library, shelf_grant(stage, library), PHOTOS)
        report = library.erase(SourceTarget(uri_of("ann.png", ANN)))
        assert (report.erased["originals"], report.outside) == (1, ())
        assert read_back(library, BEN) == BEN


def test_an_erased_photo_may_come_again_and_is_sealed_anew(stage: Stage) -> None:
    with stage.open() as library:
        grant = shelf_grant(stage, library)
        hand_in(library, grant, PHOTOS)
        before = originals_of(stage.home)
        library.erase(PhotoTarget(sha256_of(ANN)))
        assert hand_in(library, grant, PHOTOS).photos_new == 1
        assert read_back(library, ANN) == ANN
        assert len(set(originals_of(stage.home)) - set(before)) == 1
    check_sound(stage.home)


def test_a_stopped_run_keeps_what_it_had_and_goes_on(stage: Stage) -> None:
    photos = {f"{i:03}.png": draw_photo(i % 50, seed=i) for i in range(70)}

    def stop(report: AddReport) -> None:
        if report.photos_new:
            raise StoppedError

    with stage.open() as library:
        grant = shelf_grant(stage, library)
        with pytest.raises(StoppedError):
            hand_in(library, grant, photos, progress=stop)
        (held,) = query(catalog(stage), "SELECT count(*) FROM photos")
        assert 32 <= held < 70
        assert len(originals_of(stage.home)) == held
        report = hand_in(library, grant, photos)
    assert (report.photos_new, report.photos_known) == (70 - held, held)
    assert len(originals_of(stage.home)) == 70
    blobs = {path.name for path in blobs_of(stage.home)}
    assert blobs == {
        *originals_of(stage.home),
        *query(catalog(stage), "SELECT blob_id FROM indexed_photos"),
    }


@pytest.mark.parametrize("step", ["originals.write", "originals.keep", "record"])
def test_an_error_at_any_step_leaves_nothing_behind(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise VaultError("the disk is full")

    with stage.open() as library:
        grant = shelf_grant(stage, library)
        if step == "record":
            monkeypatch.setattr("mien.service.originals.rows.add_original", fail)
        else:
            monkeypatch.setattr(library.parts.deployment.vault.originals, step[10:], fail)
        with pytest.raises(MienError, match="the disk is full"):
            hand_in(library, grant, PHOTOS)
        assert blobs_of(stage.home) == []
        assert query(stage.home / "keys" / "keys.db", "SELECT count(*) FROM face_keys") == [0]
        monkeypatch.undo()
        assert hand_in(library, grant, PHOTOS).photos_new == 2
        assert read_back(library, ANN) == ANN
    check_sound(stage.home)


def test_what_a_killed_run_left_is_cleared_and_what_is_recorded_stays(stage: Stage) -> None:
    with stage.open() as library:
        grant = shelf_grant(stage, library)
        hand_in(library, grant, {"ann.png": ANN})
        stray = library.parts.deployment.vault.originals.write(
            BEN, photo_id=photo_uuid_of(sha256_of(BEN))
        )
        query(catalog(stage), "UPDATE runs SET state = 'started'")
        assert any(path.name == stray.blob_id for path in blobs_of(stage.home))
        hand_in(library, grant, {"third.png": draw_photo(3)})
        assert not any(path.name == stray.blob_id for path in blobs_of(stage.home))
        assert read_back(library, ANN) == ANN


def test_nobody_is_told_what_a_shelf_is_called(stage: Stage) -> None:
    with stage.open() as library:
        grant = library.get_grant(shelf_grant(stage, library))
        hand_in(library, grant.grant_id, PHOTOS)
        policy = library.policy()
    assert publish_places(grant) == (SHELF,)
    assert SHELF != FOLDER
    assert "wedding" not in policy.render(Form.HTML)
    assert SHELF in policy.render(Form.HTML)


def test_a_host_that_is_taken_down_has_no_shelf(stage: Stage) -> None:
    """A shelf that is called like a host is none."""
    from mien.catalog.selection import select_host

    with stage.open() as library:
        hand_in(library, shelf_grant(stage, library), PHOTOS)
        with library.parts.deployment.database.reading() as connection:
            assert select_host(connection, "wedding").is_empty
