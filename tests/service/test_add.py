"""What becomes of photos that may enter: each once, however often and wherever it is met."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from mien.catalog.photos import photo_uuid_of
from mien.errors import ConflictError, SettingsError
from mien.library import Library
from mien.permission.verdict import Reason
from mien.service import ingest, intake
from mien.service.erase import PhotoTarget
from mien.sources.base import FoundFile
from mien.testing import FakeModels, FakeVision, draw_photo
from mien.types import EmbeddingModel
from mien.vault.shreds import Shreds
from service.stage import DOCUMENTED, PURPOSE, Stage, check_complete, counts_of, names_of, query


def locations_of(stage: Stage) -> dict[str, str]:
    rows = query(stage.home / "catalog.db", "SELECT uri, state FROM locations")
    return {uri.rsplit("/", 1)[-1]: state for uri, state in rows}


def test_photos_and_faces_are_counted(stage: Stage) -> None:
    stage.draw("one.png", 1)
    stage.draw("two.png", 1, 2)
    stage.draw("nobody.png")
    with stage.open() as library:
        report = library.add(stage.photos, grant=stage.grant(library))
    assert (report.photos_new, report.photos_known, report.faces) == (3, 0, 3)
    assert (report.ignored, report.failed, report.refused.total()) == (0, [], 0)
    assert report.met == 3


def test_a_second_run_finds_everything_known(stage: Stage) -> None:
    stage.draw_many(40)
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
        before = counts_of(stage.home)
        report = library.add(stage.photos, grant=grant)
    assert (report.photos_new, report.photos_known, report.faces) == (0, 40, 0)
    assert counts_of(stage.home) == before
    check_complete(stage)


def test_a_known_file_is_not_even_opened(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    path = stage.draw("ann.png", 1)
    opened: list[str] = []

    def take_in(found: FoundFile, **how: Any) -> intake.Intake:
        opened.append(found.shown)
        return intake.take_in(found, **how)

    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
        monkeypatch.setattr(ingest, "take_in", take_in)
        library.add(stage.photos, grant=grant)
        assert opened == []
        path.touch()
        assert library.add(stage.photos, grant=grant).photos_known == 1
        assert opened == [str(path)]
        library.add(stage.photos, grant=grant)
    assert opened == [str(path)]


def test_the_same_bytes_at_two_places_are_one_photo_with_two_locations(stage: Stage) -> None:
    stage.draw("a.png", 1, seed=7)
    stage.draw("b.png", 1, seed=7)
    with stage.open() as library:
        report = library.add(stage.photos, grant=stage.grant(library))
        (found,) = library.search(draw_photo(1), purpose=PURPOSE).candidates
    assert (report.photos_new, report.photos_known, report.faces) == (1, 1, 1)
    assert [place.uri.rsplit("/", 1)[-1] for place in found.face.locations] == ["a.png", "b.png"]
    counts = counts_of(stage.home)
    assert (counts["photos"], counts["locations"], counts["blobs"]) == (1, 2, 1)


def test_many_copies_in_one_run_are_one_photo(stage: Stage) -> None:
    for i in range(70):
        stage.draw(f"{i}.png", 1, 2, seed=7)
    with stage.open() as library:
        report = library.add(stage.photos, grant=stage.grant(library))
    assert (report.photos_new, report.photos_known, report.faces) == (1, 69, 2)
    check_complete(stage)


def test_a_changed_file_is_a_new_photo_in_the_place_of_the_old(stage: Stage) -> None:
    stage.draw("ann.png", 1, seed=1)
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
        stage.draw("ann.png", 50, seed=2)
        report = library.add(stage.photos, grant=grant)
        faces = library.search(draw_photo(1), purpose=PURPOSE).candidates
    assert (report.photos_new, report.faces) == (1, 1)
    states = query(stage.home / "catalog.db", "SELECT state FROM locations ORDER BY id")
    assert states == ["replaced", "present"]
    assert len(faces) == 1
    assert faces[0].score < 0.9


def test_a_file_changed_back_is_found_again(stage: Stage) -> None:
    with stage.open() as library:
        grant = stage.grant(library)
        for person in (1, 50, 1):
            stage.draw("ann.png", person, seed=person)
            library.add(stage.photos, grant=grant)
        best = library.search(draw_photo(1), purpose=PURPOSE).candidates[0]
    assert best.score > 0.9
    assert counts_of(stage.home)["photos"] == 2


def test_a_moved_file_is_the_same_photo_elsewhere(stage: Stage) -> None:
    path = stage.draw("old.png", 1, 2)
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
        path.rename(stage.photos / "new.png")
        report = library.add(stage.photos, grant=grant)
        found = library.search(draw_photo(1), purpose=PURPOSE)
    assert (report.photos_new, report.photos_known) == (0, 1)
    assert locations_of(stage) == {"old.png": "vanished", "new.png": "present"}
    assert names_of(found)[0] == "new.png"
    check_complete(stage)


def test_a_vanished_file_is_marked_and_no_longer_found(stage: Stage) -> None:
    path = stage.draw("ann.png", 1)
    stage.draw("ben.png", 50)
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
        path.unlink()
        library.add(stage.photos, grant=grant)
        found = library.search(draw_photo(1), purpose=PURPOSE)
        assert names_of(found) == ["ben.png"]
        stage.draw("ann.png", 1)
        assert library.add(stage.photos, grant=grant).photos_new == 0
        assert names_of(library.search(draw_photo(1), purpose=PURPOSE)) == ["ann.png", "ben.png"]


def test_files_elsewhere_are_not_marked_as_vanished(stage: Stage) -> None:
    """A run over one folder says nothing about another, however alike their names are."""
    stage.draw("one/a.png", 1)
    gone = stage.draw("one-more/b.png", 2)
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
        gone.unlink()
        library.add(stage.photos / "one", grant=grant)
    assert set(locations_of(stage).values()) == {"present"}


def test_a_folder_that_went_away_as_a_whole_is_marked_from_above(stage: Stage) -> None:
    stage.draw("trip/a.png", 1)
    stage.draw("b.png", 2)
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
        shutil.rmtree(stage.photos / "trip")
        library.add(stage.photos, grant=grant)
    assert locations_of(stage) == {"a.png": "vanished", "b.png": "present"}


def test_two_collections_share_a_photo_and_not_its_faces(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant, collection="one")
        report = library.add(stage.photos, grant=grant, collection="two")
        faces = {
            library.search(draw_photo(1), purpose=PURPOSE, collection=name)
            .candidates[0]
            .face.stored.uuid
            for name in ("one", "two")
        }
    assert report.photos_new == 1
    counts = counts_of(stage.home)
    assert (counts["photos"], counts["locations"], counts["indexed_photos"]) == (1, 1, 2)
    assert (counts["blobs"], len(faces)) == (2, 2)


def test_a_second_grant_for_a_known_photo_is_recorded(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        first, second = stage.grant(library, "sports-club"), stage.grant(library, "school")
        library.add(stage.photos, grant=first)
        assert library.add(stage.photos, grant=second).photos_known == 1
        library.revoke(first)
        assert library.search(draw_photo(1), purpose="school").candidates != ()
        assert not library.search(draw_photo(1), purpose="sports-club").verdict.is_allowed


@dataclass(frozen=True)
class OtherModels(FakeModels):
    """A newer version of the fake model."""

    digest: str = "0b" * 32

    @property
    def model(self) -> EmbeddingModel:
        fake = FakeModels().model
        return replace(fake, digest=self.digest)


def test_a_collection_takes_no_templates_of_another_model(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant)
    stage.draw("ben.png", 2)
    before = counts_of(stage.home)
    stage.models = OtherModels()
    with stage.open() as library:
        with pytest.raises(
            ConflictError, match=r"default holds templates of fake \(fafafafafafa\)"
        ):
            library.add(stage.photos, grant=grant)
        with pytest.raises(ConflictError, match="Use the version of Mien that made it"):
            library.search(draw_photo(1), purpose=PURPOSE)
        (health,) = library.examine().collections
        assert health.search_ms is None
        assert library.add(stage.photos, grant=grant, collection="new").photos_new == 2
    assert counts_of(stage.home)["faces"] == before["faces"] + 2


def test_files_that_are_no_photos_are_passed_over(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    (stage.photos / "notes.txt").write_text("Ann, 1987")
    (stage.photos / "song.mp3").write_bytes(b"ID3" + bytes(100))
    with stage.open() as library:
        report = library.add(stage.photos, grant=stage.grant(library))
    assert (report.photos_new, report.ignored, report.failed) == (1, 2, [])


def test_a_file_named_by_hand_is_never_passed_over(stage: Stage) -> None:
    stage.photos.mkdir()
    notes = stage.photos / "notes.txt"
    notes.write_text("Ann, 1987")
    with stage.open() as library:
        report = library.add(notes, grant=stage.grant(library))
    assert [(failed.path, failed.reason) for failed in report.failed] == [
        (str(notes), "not-a-photo")
    ]


def test_files_and_folders_may_be_mixed_and_repeated(stage: Stage) -> None:
    path = stage.draw("deep/er/ann.png", 1)
    stage.draw("ben.png", 2)
    with stage.open() as library:
        grant = stage.grant(library)
        report = library.add(path, stage.photos, stage.photos / "deep", path, grant=grant)
    assert report.photos_new == 2
    assert counts_of(stage.home)["locations"] == 2


def test_the_report_so_far_is_handed_out_after_every_photo(stage: Stage) -> None:
    stage.draw_many(5)
    met: list[int] = []
    with stage.open() as library:
        grant = stage.grant(library)
        library.add(stage.photos, grant=grant, progress=lambda report: met.append(report.met))
    assert len(met) == 6
    assert met == sorted(met)
    assert met[-1] == 5


def test_an_interrupted_run_keeps_what_it_had_read(stage: Stage) -> None:
    stage.draw_many(20)
    calls = 0

    def interrupt(_: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 8:
            raise KeyboardInterrupt

    with stage.open() as library:
        grant = stage.grant(library)
        with pytest.raises(KeyboardInterrupt):
            library.add(stage.photos, grant=grant, progress=interrupt)
        assert counts_of(stage.home)["photos"] == 8
        report = library.add(stage.photos, grant=grant)
    assert (report.photos_known, report.photos_new) == (8, 12)
    check_complete(stage)


def test_a_failure_of_the_models_ends_a_run_without_loss(stage: Stage) -> None:
    class Failing(FakeModels):
        def open(self, *, threads: int) -> FakeVision:
            raise SettingsError(f"no models today for {threads} threads")

    stage.draw_many(3)
    good, stage.models = stage.models, Failing()
    with stage.open() as library:
        grant = stage.grant(library)
        with pytest.raises(SettingsError, match="no models today"):
            library.add(stage.photos, grant=grant)
    stage.models = good
    with stage.open() as library:
        assert library.add(stage.photos, grant=grant).photos_new == 3
    check_complete(stage)


def test_a_photo_past_its_retention_is_not_taken_in_anew_by_a_second_run(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as library:
        grant = stage.grant(library, **DOCUMENTED | {"retention_days": 30})
        library.add(stage.photos, grant=grant)
        stage.now += timedelta(days=31)
        again = library.add(stage.photos, grant=grant)
        assert again.refused == {Reason.RETENTION_ENDED: 1}
        assert library.search(draw_photo(1), purpose=PURPOSE).candidates == ()


def test_a_photo_whose_key_was_destroyed_meanwhile_gets_no_other(stage: Stage) -> None:
    """Erased by another process after it was read as known, before it was recorded."""
    path = stage.draw("ann.png", 1)
    with stage.open() as library:
        library.add(path, grant=stage.grant(library))
        (sha256,) = query(stage.home / "catalog.db", "SELECT sha256 FROM photos")
        photo_id = photo_uuid_of(sha256)
        library._deployment.vault.shred(Shreds(photo_ids=[photo_id]))
        other = stage.grant(library, "yearbook")
        for _ in range(2):
            with pytest.raises(ConflictError, match=f"was erased while .* --photo {sha256}"):
                library.add(path, grant=other)
        keys = stage.home / "keys" / "keys.db"
        assert query(keys, "SELECT count(*) FROM photo_keys") == [0]
        library.erase(PhotoTarget(sha256))
        assert library.add(path, grant=other).photos_new == 1


def test_two_libraries_of_one_home_agree(stage: Stage) -> None:
    stage.draw("ann.png", 1)
    with stage.open() as one, stage.open() as two:
        grant = stage.grant(one)
        one.add(stage.photos, grant=grant)
        assert names_of(two.search(draw_photo(1), purpose=PURPOSE)) == ["ann.png"]
        stage.draw("ann2.png", 1)
        two.add(stage.photos, grant=grant)
        found = names_of(one.search(draw_photo(1), purpose=PURPOSE))
    assert set(found) == {"ann.png", "ann2.png"}


def test_a_library_may_be_opened_by_the_home_alone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_HOME", str(stage.home))
    with Library(models=stage.models) as library:
        assert library.grants() == []
    assert (stage.home / "catalog.db").is_file()
