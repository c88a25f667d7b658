"""An opt-out outlives old catalogs, old keys, deleted rows, lost snapshots and other models."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest.mock import patch

import pytest

from mien.errors import ConflictError, SuppressionError
from mien.library import Library
from mien.permission.suppression import Level
from mien.permission.verdict import Reason
from mien.service import erasing as steps
from mien.service import optout, suppressing
from mien.service.ports import Models
from mien.testing import FakeModels, draw_photo
from mien.vault.suppressions import SuppressionCopies
from mien.vault.vault import Vault
from service.crowd import CrowdModels
from service.other_models import OtherModels, ShortSightedModels
from service.scenes import draw_scene, save_again
from service.stage import PURPOSE, Stage, check_sound, names_of, query
from service.traces import find_traces

ANN, BEN, CAT = 1, 60, 120
LEVELS = ("item", "source", "face")


@pytest.fixture
def album(stage: Stage) -> Stage:
    """Three people before three backgrounds, each in a folder of their own; and a backup."""
    for scene, person in enumerate((ANN, BEN, CAT)):
        folder = stage.photos / str(person)
        folder.mkdir(parents=True)
        (folder / f"{person}.png").write_bytes(draw_scene(person, scene=scene))
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
    back_up(stage)
    return stage


def back_up(stage: Stage) -> None:
    shutil.rmtree(stage.folder / "backup", ignore_errors=True)
    shutil.copytree(stage.home, stage.folder / "backup")


def restore(stage: Stage, *names: str) -> None:
    """Puts these parts of the home back as they were."""
    for name in names:
        for old in stage.home.glob(f"{name}*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        source = stage.folder / "backup" / name
        if source.is_dir():
            shutil.copytree(source, stage.home / name)
        else:
            shutil.copy(source, stage.home / name)


def opt_out(library: Library, stage: Stage, level: str) -> str:
    own = stage.photos / str(ANN)
    if level == "item":
        report = library.optouts().item(own / f"{ANN}.png")
    elif level == "source":
        report = library.optouts().source(own)
    else:
        report = library.optouts().face(own / f"{ANN}.png", consent="letter")
    assert report.erasure is not None
    return report.optouts[0].optout_id


def check_kept_out(stage: Stage, level: str) -> None:
    """Ann's photo is in no answer, and does not come in, as a copy or from her folder either."""
    own = stage.photos / str(ANN)
    (own / "copy.jpg").write_bytes(save_again((own / f"{ANN}.png").read_bytes()))
    with stage.open() as library:
        assert names_found(library) == []
        report = library.add(stage.photos, grant=library.grants()[0].grant_id)
        if level == "face":
            assert report.dropped[Reason.FACE_SUPPRESSED] >= 1
            verdict = library.search(draw_photo(ANN, seed=7), purpose=PURPOSE).verdict
            assert verdict.reasons == (Reason.FACE_SUPPRESSED,)
        else:
            assert report.refused == {Reason(f"{level}-suppressed"): 2}
        assert names_found(library) == []
        assert len(library.optouts().list()) == 1
    check_sound(stage.home)
    (own / "copy.jpg").unlink()


def names_found(library: Library, person: int = ANN) -> list[str]:
    found = library.search(draw_photo(person, seed=7), purpose=PURPOSE, min_score=0.8)
    return names_of(found)


def count(stage: Stage, side: str) -> int:
    database = stage.home / ("catalog.db" if side == "catalog" else "keys/keys.db")
    return int(query(database, "SELECT count(*) FROM suppressions")[0])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "parts",
    [
        (),
        ("snapshots",),
        ("catalog.db",),
        ("catalog.db", "blobs"),
        ("keys",),
        ("keys", "blobs"),
        ("blobs",),
    ],
    ids=lambda parts: "+".join(parts) or "nothing",
)
def test_it_survives_a_restored_backup(album: Stage, level: str, parts: tuple[str, ...]) -> None:
    (album.home / "snapshots").mkdir(exist_ok=True)
    (album.folder / "backup" / "snapshots").mkdir(exist_ok=True)
    with album.open() as library:
        opt_out(library, album, level)
    restore(album, *parts)
    check_kept_out(album, level)
    assert (count(album, "catalog"), count(album, "keys")) == (1, 1)


@pytest.mark.parametrize("level", LEVELS)
def test_it_survives_a_second_restored_backup_of_the_other_side(album: Stage, level: str) -> None:
    """Each side is made whole before the other one is lost."""
    with album.open() as library:
        opt_out(library, album, level)
    for parts in (("catalog.db",), ("keys",), ("catalog.db", "blobs"), ("keys",)):
        restore(album, *parts)
        with album.open():
            pass
    check_kept_out(album, level)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("side", ["catalog", "keys"])
def test_a_deleted_row_is_put_back(album: Stage, level: str, side: str) -> None:
    with album.open() as library:
        made = opt_out(library, album, level)
    database = album.home / ("catalog.db" if side == "catalog" else "keys/keys.db")
    query(database, "DELETE FROM suppressions")
    check_kept_out(album, level)
    with album.open() as library:
        (listed,) = library.optouts().list()
    assert (listed.optout_id, listed.level) == (made, Level(level))
    assert listed.made_at == album.now


@pytest.mark.parametrize("level", LEVELS)
def test_a_deleted_key_is_put_back(album: Stage, level: str) -> None:
    with album.open() as library:
        made = opt_out(library, album, level)
    keys = album.home / "keys" / "keys.db"
    query(keys, "DELETE FROM subject_keys WHERE subject = ?", f"suppression:{made}")
    check_kept_out(album, level)


@pytest.mark.parametrize("level", LEVELS)
def test_a_row_deleted_under_a_running_process_still_counts(album: Stage, level: str) -> None:
    with album.open() as library:
        opt_out(library, album, level)
        query(album.home / "catalog.db", "DELETE FROM suppressions")
        report = library.add(album.photos, grant=library.grants()[0].grant_id)
    assert report.refused.total() + report.dropped.total() + report.photos_known >= 1
    assert query(album.home / "catalog.db", "SELECT count(*) FROM faces") == [2]


def test_what_a_restored_row_keeps_out_is_erased_again(album: Stage) -> None:
    """Faces that came back with an old catalog and that no ledger knows."""
    nothing_for_the_ledger = patch.object(optout, "enforce", lambda *_, **__: None)
    with album.open() as library, nothing_for_the_ledger:
        library.optouts().face(album.photos / str(ANN) / f"{ANN}.png", consent="letter")
    restore(album, "catalog.db")
    assert query(album.home / "catalog.db", "SELECT count(*) FROM faces") == [3]
    with album.open() as library:
        assert query(album.home / "catalog.db", "SELECT count(*) FROM faces") == [2]
        facts = [entry["facts"] for entry in library.audit().entries()]
    assert {"level": "face", "restored": True} in facts


def test_a_new_catalog_beside_the_old_keys_knows_it(album: Stage) -> None:
    with album.open() as library:
        opt_out(library, album, "face")
    for path in album.home.glob("catalog.db*"):
        path.unlink()
    with album.open() as library:
        grant = album.grant(library)
        assert library.add(album.photos, grant=grant).dropped == {Reason.FACE_SUPPRESSED: 1}


def test_where_both_sides_know_it_opening_changes_nothing(album: Stage) -> None:
    with album.open() as library:
        opt_out(library, album, "face")
    watched = (album.home / "catalog.db", album.home / "keys" / "keys.db")
    before = [path.read_bytes() for path in watched]
    for _ in range(2):
        with album.open():
            pass
    assert [path.read_bytes() for path in watched] == before


def test_a_snapshot_of_before_brings_nobody_back(stage: Stage) -> None:
    stage.models = CrowdModels(2_000)
    for person in (ANN, BEN, CAT):
        stage.draw(f"{person}.png", person)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        assert len(names_found(library)) == 20  # and the snapshot is written
    (snapshot,) = (stage.home / "snapshots").iterdir()
    old = snapshot.read_bytes()
    stage.models = FakeModels()
    with stage.open() as library:
        report = library.optouts().face(draw_photo(ANN, seed=9), consent="letter")
        assert report.erasure is not None
        assert report.erasure.erased["faces"] > 1_900
    snapshot.write_bytes(old)
    with stage.open() as library:
        result = library.search(draw_photo(BEN, seed=7), purpose=PURPOSE, limit=6_000)
        assert set(names_of(result)) == {f"{BEN}.png", f"{CAT}.png"}
        assert not library.search(draw_photo(ANN), purpose=PURPOSE).verdict.is_allowed


@pytest.fixture
def other(album: Stage) -> Stage:
    """Ann has opted out; now another model is used, for a collection of its own."""
    with album.open() as library:
        opt_out(library, album, "face")
    album.models = OtherModels()
    return album


def add(library: Library, stage: Stage) -> None:
    report = library.add(
        stage.photos, grant=library.grants()[0].grant_id, collection="of the other model"
    )
    assert report.dropped == {Reason.FACE_SUPPRESSED: 1}
    assert report.faces == 2


def test_another_model_keeps_the_same_person_out(other: Stage) -> None:
    with other.open() as library:
        add(library, other)
        result = library.search(
            draw_photo(ANN, seed=5), purpose=PURPOSE, collection="of the other model"
        )
        assert result.verdict.reasons == (Reason.FACE_SUPPRESSED,)


def test_what_another_model_makes_of_it_is_kept_on_both_sides(other: Stage) -> None:
    with other.open() as library:
        add(library, other)
    with other.open() as library, patch.object(OtherModels, "open", side_effect=AssertionError):
        known = library._deployment.suppressed.load(library._deployment.model)
        assert len(known.faces.owners) == 1
    query(other.home / "catalog.db", "DELETE FROM suppressions")
    with other.open() as library:
        known = library._deployment.suppressed.load(library._deployment.model)
        assert known.unknown == ()


def test_the_first_model_still_knows_it(other: Stage) -> None:
    with other.open() as library:
        add(library, other)
    other.models = FakeModels()
    check_kept_out(other, "face")


def test_a_portrait_is_carried_along_when_a_model_is_added(other: Stage) -> None:
    portrait = "SELECT portrait FROM suppressions"
    before = query(other.home / "catalog.db", portrait)
    with other.open() as library:
        add(library, other)
    assert query(other.home / "catalog.db", portrait) == before
    assert len(before[0]) > 500


def test_faces_that_the_other_model_already_holds_are_erased(album: Stage) -> None:
    """Opted out while one model was at hand, found when the other one is."""
    album.models = OtherModels()
    with album.open() as library:
        report = library.add(
            album.photos, grant=library.grants()[0].grant_id, collection="of the other model"
        )
        assert report.faces == 3
    album.models = FakeModels()
    with album.open() as library:
        opt_out(library, album, "face")
        assert query(album.home / "catalog.db", "SELECT count(*) FROM faces") == [5]
    album.models = OtherModels()
    with album.open() as library:
        result = library.search(
            draw_photo(BEN, seed=5), purpose=PURPOSE, collection="of the other model"
        )
        assert names_of(result)[0] == f"{BEN}.png"
    assert query(album.home / "catalog.db", "SELECT count(*) FROM faces") == [4]


@pytest.mark.parametrize("act", ["add", "search"])
def test_a_model_that_finds_no_face_in_the_portrait_is_not_used(other: Stage, act: str) -> None:
    other.models = ShortSightedModels()
    with other.open() as library:
        grant = library.grants()[0].grant_id
        acts: dict[str, Callable[[], object]] = {
            "add": lambda: library.add(other.photos, grant=grant, collection="new"),
            "search": lambda: library.search(draw_photo(BEN, CAT), purpose=PURPOSE),
        }
        with pytest.raises(SuppressionError, match="finds no face in what is kept"):
            acts[act]()
        (made,) = library.optouts().list()
        library.optouts().lift(made.optout_id, reason="Ann agreed")
        assert library.add(other.photos, grant=grant, collection="new").photos_new == 3


def test_a_search_in_the_old_collection_still_says_which_model_it_needs(other: Stage) -> None:
    with other.open() as library, pytest.raises(ConflictError, match="holds templates of fake"):
        library.search(draw_photo(BEN), purpose=PURPOSE)


def test_keys_older_than_a_lift_cannot_read_what_was_made_after_and_nothing_goes_on(
    album: Stage,
) -> None:
    """The way back was renewed meanwhile: then there is none, and that is told."""
    with album.open() as library:
        other = library.optouts().source("https://example.org/").optouts[0].optout_id
    back_up(album)
    with album.open() as library:
        made = opt_out(library, album, "face")
        library.optouts().lift(other, reason="a mistake")
    restore(album, "keys")
    with album.open() as library:
        (listed,) = library.optouts().list()
        assert (listed.optout_id, listed.is_readable) == (made, False)
        grant = library.grants()[0].grant_id
        for act in (
            lambda: library.add(album.photos, grant=grant),
            lambda: library.search(draw_photo(BEN), purpose=PURPOSE),
        ):
            with pytest.raises(SuppressionError, match=f"mien optout lift {made}"):
                act()
        assert library.optouts().source("https://example.com/").optouts  # others may still opt out
        library.optouts().lift(made, reason="Ann will ask again")
        assert names_found(library, BEN) == [f"{BEN}.png"]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("parts", [("catalog.db",), ("keys",), ("catalog.db", "blobs")])
def test_what_was_lifted_does_not_come_back_with_a_backup(
    album: Stage, level: str, parts: tuple[str, ...]
) -> None:
    with album.open() as library:
        made = opt_out(library, album, level)
        traces = {"id": made.encode(), **traces_of_suppression(album)}
    back_up(album)
    with album.open() as library:
        library.optouts().lift(made, reason="changed their mind")
    assert find_traces(album.home, traces) == []
    restore(album, *parts)
    with album.open() as library:
        assert library.optouts().list() == []
    assert find_traces(album.home, traces) == []
    assert (count(album, "catalog"), count(album, "keys")) == (0, 0)


def traces_of_suppression(stage: Stage) -> dict[str, bytes]:
    """Every byte that is kept of the one opt-out, sealed as it is."""
    rows = query(stage.home / "catalog.db", "SELECT sealed, portrait, recovery FROM suppressions")
    kept = dict(zip(("sealed", "portrait", "recovery"), rows[0], strict=True))
    keys = query(stage.home / "keys" / "keys.db", "SELECT wrapped FROM subject_keys")
    return {**{name: value for name, value in kept.items() if value}, "wrapped key": keys[0]}


def test_an_old_catalog_of_before_a_lift_cannot_be_read_with_the_present_keys(
    album: Stage,
) -> None:
    with album.open() as library:
        made = opt_out(library, album, "face")
        sealed, recovery = query(
            album.home / "catalog.db", "SELECT sealed, recovery FROM suppressions"
        )[0]
        library.optouts().lift(made, reason="changed their mind")
        vault = library._deployment.vault
        assert not vault.suppressions.is_wrapped(f"suppression:{made}", recovery)
        with pytest.raises(Exception, match="does not open"):
            vault.suppressions.recover_key(f"suppression:{made}", recovery)
        with pytest.raises(Exception, match="is gone"):
            vault.subjects.unseal(sealed, subject=f"suppression:{made}", context="face")


class DeathError(BaseException):
    """What no handler of the code under test survives."""


@contextmanager
def dying_at(owner: object, name: str, *, is_done: bool) -> Iterator[None]:
    real = getattr(owner, name)

    def die(*arguments: object, **options: object) -> object:
        if is_done:
            real(*arguments, **options)
        raise DeathError

    with patch.object(owner, name, die):
        yield


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (optout, "record_suppression"),
        (optout, "enforce"),
        (suppressing, "erase"),
        (optout, "_copy"),
    ],
    ids=["record", "enforcing", "erasing", "copy"],
)
@pytest.mark.parametrize("level", LEVELS)
def test_an_opt_out_that_dies_is_finished_by_whoever_comes_next(
    album: Stage, level: str, *, owner: object, name: str, is_done: bool
) -> None:
    with album.open() as library, suppress(DeathError), dying_at(owner, name, is_done=is_done):
        opt_out(library, album, level)
    with album.open() as library:
        if name == "record_suppression":  # it died before it began, so that all is as it was
            assert library.optouts().list() == []
            opt_out(library, album, level)
        assert len(library.optouts().list()) == 1
    held = query(album.home / "catalog.db", "SELECT count(*) FROM faces")
    assert held == [2]
    assert (count(album, "catalog"), count(album, "keys")) == (1, 1)
    check_kept_out(album, level)


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (Vault, "copy_erasures"),
        (Vault, "shred"),
        (SuppressionCopies, "renew"),
        (steps, "renew_recoveries"),
        (Vault, "scrub"),
    ],
    ids=["ledger", "keys", "way back", "rows of the way back", "scrubbing"],
)
def test_a_lift_that_dies_is_finished_by_whoever_comes_next(
    album: Stage, owner: object, name: str, *, is_done: bool
) -> None:
    with album.open() as library:
        made = opt_out(library, album, "face")
        kept = library.optouts().source("https://example.org/").optouts[0].optout_id
        with suppress(DeathError), dying_at(owner, name, is_done=is_done):
            library.optouts().lift(made, reason="changed their mind")
    with album.open() as library:
        assert [one.optout_id for one in library.optouts().list()] == [kept]
        assert library.search(draw_photo(ANN), purpose=PURPOSE).verdict.is_allowed
    assert (count(album, "catalog"), count(album, "keys")) == (1, 1)
    restore(album, "keys")  # the way back of the one that stays is whole
    with album.open() as library:
        listed = library.optouts().list()
    assert [one.optout_id for one in listed] == [kept]


@pytest.mark.parametrize("models", [FakeModels(), OtherModels()])
def test_the_evidence_and_the_rate_stay_with_it(album: Stage, models: Models) -> None:
    with album.open() as library:
        opt_out(library, album, "face")
    restore(album, "catalog.db")
    album.models = models
    with album.open() as library:
        grant = library.grants()[0].grant_id
        library.add(album.photos, grant=grant, collection="another")
        (known,) = library._deployment.suppressed.load(library._deployment.model).all
    assert known.facts.evidence == {"kind": "reference", "text": "letter"}
    assert known.facts.fmr == 1e-3


def test_the_whole_home_put_back_is_as_it_was_then(album: Stage) -> None:
    """Nothing inside it can know; the guide says so."""
    with album.open() as library:
        opt_out(library, album, "face")
    shutil.rmtree(album.home)
    Path(shutil.copytree(album.folder / "backup", album.home))
    with album.open() as library:
        assert library.optouts().list() == []
        assert names_found(library) == [f"{ANN}.png"]
