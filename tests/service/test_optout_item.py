"""Photos and places that were opted out: erased at once, and refused for ever after."""

from __future__ import annotations

import threading
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from unittest.mock import patch

import pytest

from mien.catalog.collections import Collection
from mien.errors import PhotoError, SettingsError
from mien.library import Library
from mien.permission.suppression import Level
from mien.permission.verdict import Reason
from mien.service.deployment import Deployment, recording
from mien.service.gate import Gate, open_gate
from mien.service.ingest import AddReport
from mien.service.optout import block_source, describe_item
from mien.sources.address import folder_scope
from mien.testing import draw_photo
from service.scenes import CHANGES, change, draw_scene, save_again
from service.stage import PURPOSE, Stage, check_sound, names_of, query
from service.traces import find_traces, traces_of_photo


class ChangedMindError(Exception):
    pass


def draw(stage: Stage, name: str, content: bytes) -> Path:
    path = stage.photos / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def names_held(stage: Stage) -> list[str]:
    uris = query(stage.home / "catalog.db", "SELECT uri FROM locations WHERE state = 'present'")
    return sorted(uri.rsplit("/", 1)[-1] for uri in uris)


def add_all(library: Library) -> AddReport:
    """Everything that the one grant covers."""
    (grant,) = library.grants()
    return library.add(Path(grant.scope[0].removeprefix("file://")), grant=grant.grant_id)


@pytest.fixture
def album(stage: Stage) -> Stage:
    """Five photos before five backgrounds, in two folders."""
    for scene in range(5):
        folder = "north" if scene < 3 else "south"
        draw(stage, f"{folder}/{scene}.png", draw_scene(scene, 100 + scene, scene=scene))
    with stage.open() as library:
        assert library.add(stage.photos, grant=stage.grant(library)).photos_new == 5
    return stage


def test_an_opted_out_photo_is_erased_at_once_and_the_file_stays(album: Stage) -> None:
    path = album.photos / "north" / "1.png"
    with album.open() as library:
        traces = traces_of_photo(album, library, path)
        report = library.optouts().item(path)
        assert report.erasure is not None
        assert (report.erasure.erased["photos"], report.erasure.erased["faces"]) == (1, 2)
        assert report.erasure.outside == (path.resolve().as_uri(),)
        assert names_of(library.search(draw_photo(1), purpose=PURPOSE, min_score=0.8)) == []
    assert path.exists()
    assert find_traces(album.home, traces) == []
    assert names_held(album) == ["0.png", "2.png", "3.png", "4.png"]
    check_sound(album.home)


def test_it_never_enters_again_whatever_it_is_called(album: Stage) -> None:
    content = (album.photos / "north" / "1.png").read_bytes()
    with album.open() as library:
        library.optouts().item(content)
        draw(album, "south/another name.png", content)
        report = add_all(library)
        assert report.refused == {Reason.ITEM_SUPPRESSED: 2}
        assert report.photos_known == 4
    assert names_held(album) == ["0.png", "2.png", "3.png", "4.png"]


def test_the_bytes_of_an_opted_out_photo_are_not_even_decoded(album: Stage) -> None:
    """A file of the same bytes that is no photo any more shows that nobody tried."""
    path = album.photos / "north" / "1.png"
    with album.open() as library:
        library.optouts().item(path)
        broken = path.read_bytes()[:-40]
        library.optouts().item(sha256(broken).hexdigest())
        path.write_bytes(broken)
        report = add_all(library)
    assert (report.refused, report.failed) == ({Reason.ITEM_SUPPRESSED: 1}, [])


@pytest.mark.parametrize("how", CHANGES)
def test_copies_that_look_the_same_do_not_enter(album: Stage, how: str) -> None:
    content = (album.photos / "north" / "1.png").read_bytes()
    with album.open() as library:
        library.optouts().item(content)
        draw(album, "south/copy.jpg", change(content, how))
        report = add_all(library)
        assert report.refused == {Reason.ITEM_SUPPRESSED: 2}


def test_copies_that_are_held_are_erased_with_it(album: Stage) -> None:
    content = (album.photos / "north" / "1.png").read_bytes()
    draw(album, "south/copy.jpg", save_again(content))
    with album.open() as library:
        assert add_all(library).photos_new == 1
        report = library.optouts().item(content)
        assert report.erasure is not None
        assert report.erasure.erased["photos"] == 2
    assert names_held(album) == ["0.png", "2.png", "3.png", "4.png"]


def test_of_a_photo_known_by_its_number_alone_the_held_one_is_looked_at(album: Stage) -> None:
    path = album.photos / "north" / "1.png"
    content, number = path.read_bytes(), digest(path)
    path.unlink()  # the thumbnail is enough
    with album.open() as library:
        (made,) = library.optouts().item(number.upper()).optouts
        assert (made.kept_out, made.finds_copies) == (number, True)
        draw(album, "south/copy.jpg", save_again(content))
        assert add_all(library).refused == {Reason.ITEM_SUPPRESSED: 1}


def test_without_a_thumbnail_the_file_is_looked_at_in_place(album: Stage) -> None:
    path = album.photos / "north" / "1.png"
    with album.open() as library:
        library.optouts().face(draw_photo(101, seed=3), consent="letter")  # takes the thumbnail
        (made,) = library.optouts().item(digest(path)).optouts
        assert made.finds_copies
        draw(album, "south/copy.jpg", save_again(path.read_bytes()))
        assert add_all(library).refused == {Reason.ITEM_SUPPRESSED: 2}


@pytest.mark.parametrize("fate", ["gone", "changed"])
def test_where_the_file_is_no_more_only_its_own_bytes_are_known(album: Stage, fate: str) -> None:
    path = album.photos / "north" / "1.png"
    number = digest(path)
    with album.open() as library:
        library.optouts().face(draw_photo(101, seed=3), consent="letter")
        if fate == "gone":
            path.unlink()
        else:
            path.write_bytes(draw_scene(7, scene=77))
        (made,) = library.optouts().item(number).optouts
    assert (made.kept_out, made.finds_copies) == (number, False)


def test_a_photo_that_was_never_held_can_be_opted_out(album: Stage) -> None:
    content = draw_scene(9, scene=99)
    with album.open() as library:
        report = library.optouts().item(content, sha256(b"another").hexdigest())
        assert report.erasure is None
        assert [one.finds_copies for one in report.optouts] == [True, False]
        draw(album, "late.png", content)
        assert add_all(library).refused == {Reason.ITEM_SUPPRESSED: 1}


def test_a_photo_handed_in_later_is_known_better_than_its_number(album: Stage) -> None:
    content = draw_scene(9, scene=99)
    number = sha256(content).hexdigest()
    with album.open() as library:
        first = library.optouts().item(number).optouts[0]
        second = library.optouts().item(content).optouts[0]
        assert (first.finds_copies, second.finds_copies) == (False, True)
        third = library.optouts().item(number).optouts[0]
        assert third.optout_id in {first.optout_id, second.optout_id}
        assert len(library.optouts().list()) == 2


def test_asking_twice_makes_one_opt_out(album: Stage) -> None:
    path = album.photos / "north" / "1.png"
    with album.open() as library:
        for _ in range(2):
            library.optouts().item(path)
            library.optouts().source(album.photos / "south")
        levels = [one.level for one in library.optouts().list()]
    assert levels == [Level.ITEM, Level.SOURCE]


def test_a_plain_picture_keeps_no_other_plain_picture_out(stage: Stage) -> None:
    """Little to see is nothing to know a photo by."""
    plain = draw_photo(100)  # a square that is hardly darker than its ground
    stage.photos.mkdir()
    (stage.photos / "plain.png").write_bytes(plain)
    (stage.photos / "too.png").write_bytes(draw_photo(100, seed=9))
    with stage.open() as library:
        grant = stage.grant(library)
        (made,) = library.optouts().item(plain).optouts
        assert not made.finds_copies
        report = library.add(stage.photos, grant=grant)
    assert (report.refused, report.photos_new) == ({Reason.ITEM_SUPPRESSED: 1}, 1)


@pytest.mark.parametrize("number", ["ab" * 31, "xy" * 32])
def test_what_is_neither_a_photo_nor_a_number_is_named(album: Stage, number: str) -> None:
    with album.open() as library:
        with pytest.raises(PhotoError, match=f"{number} cannot be used"):
            library.optouts().item(number)
        assert library.optouts().list() == []


def test_a_wrong_number_from_elsewhere_is_refused(album: Stage) -> None:
    with album.open() as library, pytest.raises(SettingsError, match="64 hexadecimal digits"):
        describe_item(library._deployment, "ab" * 31)


def test_nothing_is_recorded_where_one_of_several_is_no_photo(album: Stage) -> None:
    with album.open() as library:
        with pytest.raises(PhotoError, match="The photo cannot be used"):
            library.optouts().item(draw_scene(1, scene=1), b"no photo")
        assert library.optouts().list() == []


def test_everything_found_at_a_source_is_erased_at_once(album: Stage) -> None:
    with album.open() as library:
        report = library.optouts().source(album.photos / "north")
        assert report.erasure is not None
        assert report.erasure.erased["photos"] == 3
    assert names_held(album) == ["3.png", "4.png"]


def test_nothing_enters_from_there_again_and_nothing_is_read(album: Stage) -> None:
    with album.open() as library:
        library.optouts().source(album.photos / "north")
        draw(album, "north/deep/below/new.png", draw_scene(8, scene=88))
        draw(album, "north/bad.jpg", b"no photo")
        report = add_all(library)
        assert report.refused == {Reason.SOURCE_SUPPRESSED: 5}
        assert (report.failed, report.photos_known) == ([], 2)


def test_the_same_photo_may_come_from_elsewhere(album: Stage) -> None:
    content = (album.photos / "north" / "1.png").read_bytes()
    draw(album, "south/1-too.png", content)
    with album.open() as library:
        assert add_all(library).photos_known == 6
        library.optouts().source(album.photos / "north")
        found = library.search(draw_photo(1), purpose=PURPOSE, min_score=0.8)
        assert names_of(found) == ["1-too.png"]


def test_a_link_leads_nowhere_that_was_opted_out(album: Stage) -> None:
    (album.photos / "link").symlink_to(album.photos / "north")
    with album.open() as library:
        library.optouts().source(album.photos / "north")
        report = library.add(album.photos / "link", grant=library.grants()[0].grant_id)
    assert report.refused == {Reason.SOURCE_SUPPRESSED: 3}


def test_a_linked_folder_is_opted_out_where_it_really_lies(album: Stage) -> None:
    (album.photos / "link").symlink_to(album.photos / "north")
    with album.open() as library:
        library.optouts().source(album.photos / "link")
        assert library.optouts().list()[0].kept_out == (album.photos / "north").as_uri()
    assert names_held(album) == ["3.png", "4.png"]


@pytest.mark.parametrize(
    "spell",
    [
        lambda folder: folder.as_uri(),
        lambda folder: folder.as_uri() + "/",
        lambda folder: folder.as_uri().replace("north", "n%6Frth"),
        folder_scope,
        lambda folder: f"{folder}/../north",
        lambda folder: str(folder) + "/",
    ],
)
def test_a_source_is_the_same_however_it_is_spelled(album: Stage, spell: object) -> None:
    assert callable(spell)
    with album.open() as library:
        library.optouts().source(spell(album.photos / "north"))
        assert names_held(album) == ["3.png", "4.png"]
        assert add_all(library).refused == {Reason.SOURCE_SUPPRESSED: 3}


def test_one_file_may_be_a_source(album: Stage) -> None:
    with album.open() as library:
        library.optouts().source(album.photos / "north" / "1.png")
        assert add_all(library).refused == {Reason.SOURCE_SUPPRESSED: 1}
    assert names_held(album) == ["0.png", "2.png", "3.png", "4.png"]


def test_a_folder_that_is_no_more_and_a_host_can_be_opted_out(album: Stage) -> None:
    with album.open() as library:
        library.optouts().source(album.folder / "not yet")
        library.optouts().source("HTTPS://Example.ORG/Album/")
        kept_out = [one.kept_out for one in library.optouts().list()]
        suppressed = library._deployment.suppressed.load(library._deployment.model)
        assert not suppressed.may_take("http://example.org/Album/1.jpg").is_allowed
        assert suppressed.may_take("http://example.org/album/1.jpg").is_allowed
    assert kept_out == [
        (album.folder / "not yet").resolve().as_uri(),
        "https://example.org/Album/",
    ]


@pytest.mark.parametrize("address", ["https://example.org/a b", "https://x/..", "://"])
def test_an_address_that_cannot_be_read_is_refused(album: Stage, address: str) -> None:
    with album.open() as library:
        with pytest.raises(SettingsError, match="no address that can be kept out"):
            library.optouts().source(address)
        assert library.optouts().list() == []


def test_a_source_is_blocked_in_the_transaction_of_somebody_else(album: Stage) -> None:
    with album.open() as library:
        deployment = library._deployment
        with deployment.database.writing() as connection:
            made = block_source(deployment, connection, place="https://example.org/")
            assert block_source(deployment, connection, place="https://example.org/") == made
        (listed,) = library.optouts().list()
        assert (listed.optout_id, listed.kept_out) == (made, "https://example.org/")
        entry = library.audit().entries(last=1)[0]
        assert (entry["action"], entry["facts"]) == (
            "opted-out",
            {"level": "source", "restored": False},
        )


def test_a_block_that_is_rolled_back_leaves_nothing_in_force(album: Stage) -> None:
    with album.open() as library:
        deployment = library._deployment
        with suppress(ChangedMindError), deployment.database.writing() as connection:
            block_source(deployment, connection, place=album.photos)
            raise ChangedMindError
        assert library.optouts().list() == []
    with album.open() as library:
        assert library.optouts().list() == []
        assert add_all(library).photos_known == 5


def test_a_blocked_source_refuses_what_was_read_before_it_was_blocked(album: Stage) -> None:
    """Checked again in the transaction that would record it."""
    with album.open() as library:
        draw(album, "north/late.png", draw_scene(8, scene=88))

        def block(deployment: Deployment, collection: Collection) -> Gate:
            with deployment.database.writing() as connection:
                block_source(deployment, connection, place=album.photos / "north")
            return open_gate(deployment, collection)

        with patch("mien.service.commit.open_gate", block):
            report = add_all(library)
    assert report.refused == {Reason.SOURCE_SUPPRESSED: 1}
    assert "late.png" not in names_held(album)
    check_sound(album.home)


def test_an_opt_out_waits_for_a_batch_that_is_being_recorded(album: Stage) -> None:
    """So that the batch is over when what is held is looked through."""
    with album.open() as library:
        done = threading.Event()

        def opt_out() -> None:
            with album.open() as other:
                other.optouts().source(album.photos / "north")
            done.set()

        with recording(library._deployment.home):
            thread = threading.Thread(target=opt_out)
            thread.start()
            assert not done.wait(0.3)
            assert library.optouts().list() == []
        thread.join(timeout=30)
        assert done.is_set()
        assert len(library.optouts().list()) == 1


def test_what_was_opted_out_does_not_show_in_the_home(album: Stage) -> None:
    path = album.photos / "north" / "1.png"
    with album.open() as library:
        number = digest(path)
        (made,) = library.optouts().item(path).optouts
        library.optouts().source("https://example.org/Album/")
        known = library._deployment.suppressed.load(library._deployment.model).all
        sketches = known[0].facts.as_sketches() if known[0].level is Level.ITEM else None
        sketches = known[1].facts.as_sketches() if sketches is None else sketches
    content = {
        "sha256": number.encode(),
        "sha256 in bytes": bytes.fromhex(number),
        "address": b"example.org",
        "sketch": sketches[0].tobytes(),
        "mirrored": sketches[4].tobytes(),
    }
    assert made.finds_copies
    assert find_traces(album.home, content) == []


def test_a_lifted_item_and_a_lifted_source_may_enter_again(album: Stage) -> None:
    with album.open() as library:
        library.optouts().item(album.photos / "north" / "1.png")
        library.optouts().source(album.photos / "south")
        for one in library.optouts().list():
            library.optouts().lift(one.optout_id, reason="a mistake")
        assert add_all(library).photos_new == 3
    assert names_held(album) == ["0.png", "1.png", "2.png", "3.png", "4.png"]
