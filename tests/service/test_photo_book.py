"""Which photos may be looked at, in which order, and what the log keeps of it."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mien.catalog.faces import Wanted
from mien.errors import NotFoundError, SettingsError
from mien.library import Library
from mien.permission.basis import Basis
from mien.permission.use import Use
from mien.permission.verdict import Reason
from mien.service.erase import FacesTarget
from mien.service.leave import Filters
from mien.service.photo_book import BookPhoto, Order, PhotoBook, PhotoQuery
from mien.testing import draw_photo
from service.enrolled_stage import COLLECTION as MEMBERS
from service.enrolled_stage import add as add_members
from service.enrolling import enrol
from service.stage import DOCUMENTED, PURPOSE, Stage

HIDDEN = [Use.STORE, Use.TEMPLATE, Use.SEARCH]
"""What a grant allows that is not for showing."""


def add(stage: Stage, library: Library, *names: str, grant: str = "", **terms: Any) -> str:
    """Adds photos under one grant, each of person 1 and of another, a minute after the last."""
    chosen = grant or stage.grant(library, **terms)
    for number, name in enumerate(names):
        stage.now += timedelta(minutes=1)
        library.add(stage.draw(name, 1, 2 + number), grant=chosen)
    return chosen


def open_book(library: Library, *, bounds: frozenset[str] | None = None) -> PhotoBook:
    return PhotoBook(library.parts, bounds=bounds)


def name_of(photo: BookPhoto) -> str:
    return photo.photo.places[0].uri.rsplit("/", 1)[-1]


def list_names(library: Library, **query: Any) -> list[str]:
    """All names, over all pages."""
    names, after = [], ""
    while True:
        page = open_book(library).list_photos(PhotoQuery(**{**query, "after": after}))
        assert page.verdict.is_allowed
        names += [name_of(photo) for photo in page.photos]
        after = page.next
        if not after:
            return names


def actions(library: Library) -> list[str]:
    return [str(entry["action"]) for entry in library.audit().entries()]


def test_the_newest_photo_comes_first(stage: Stage) -> None:
    with stage.open() as library:
        add(stage, library, "b.png", "a.png", "c.png")
        assert list_names(library) == ["c.png", "a.png", "b.png"]


def test_photos_are_listed_by_the_first_of_their_places_once(stage: Stage) -> None:
    with stage.open() as library:
        grant = add(stage, library, "b.png", "a.png", "c.png")
        copy = stage.photos / "0 copy of c.png"
        copy.write_bytes((stage.photos / "c.png").read_bytes())
        library.add(copy, grant=grant)
        page = open_book(library).list_photos(PhotoQuery(order=Order.PLACE))
        places = [[place.uri.rsplit("/", 1)[-1] for place in p.photo.places] for p in page.photos]
    assert places == [["c.png", "0%20copy%20of%20c.png"], ["a.png"], ["b.png"]]


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
def test_pages_hold_every_photo_once(stage: Stage, order: Order, limit: int) -> None:
    names = [f"{letter}.png" for letter in "fbdace"]
    with stage.open() as library:
        grant = stage.grant(library)
        for name in names:
            stage.draw(name, 1)
        library.add(stage.photos, grant=grant)  # all at the same moment
        assert sorted(list_names(library, order=order, limit=limit)) == sorted(names)


def test_what_comes_and_goes_between_two_pages_moves_nothing(stage: Stage) -> None:
    with stage.open() as library:
        grant = add(stage, library, *(f"{n}.png" for n in range(6)))
        first = open_book(library).list_photos(PhotoQuery(limit=2))
        add(stage, library, "late.png", grant=grant)
        (stage.photos / "3.png").unlink()
        library.add(stage.photos, grant=grant)
        second = open_book(library).list_photos(PhotoQuery(limit=2, after=first.next))
    assert [name_of(photo) for photo in first.photos] == ["5.png", "4.png"]
    assert [name_of(photo) for photo in second.photos] == ["2.png", "1.png"]


def test_a_page_is_of_one_list_and_says_nothing_of_it(stage: Stage) -> None:
    with stage.open() as library:
        add(stage, library, "holiday.png", "b.png", "c.png")
        book = open_book(library)
        after = book.list_photos(PhotoQuery(order=Order.PLACE, limit=1)).next
        assert "holiday" not in after
        assert "b.png" not in after
        for foreign in (after[:-2], "nonsense", "ünsinn", "A" * 200):
            with pytest.raises(SettingsError, match="no page of this list"):
                book.list_photos(PhotoQuery(order=Order.PLACE, after=foreign))
        with pytest.raises(SettingsError, match="no page of this list"):
            book.list_photos(PhotoQuery(after=after))


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_page_has_a_size(stage: Stage, limit: int) -> None:
    with stage.open() as library, pytest.raises(SettingsError, match="1 to 200"):
        open_book(library).list_photos(PhotoQuery(limit=limit))


def test_photos_are_filtered_by_place_by_grant_and_by_when_they_came(stage: Stage) -> None:
    with stage.open() as library:
        first = add(stage, library, "trip/a.png", "trip/b.png")
        noon = stage.now + timedelta(seconds=30)
        add(stage, library, "trips/c.png", "Trip/d.png")
        folder = (stage.photos / "trip").resolve().as_uri()
        for below in (folder, f"{folder}/"):
            found = list_names(library, filters=Filters(wanted=Wanted(below=below)))
            assert found == ["b.png", "a.png"]
        one = Filters(wanted=Wanted(below=f"{folder}/a.png"))
        assert list_names(library, filters=one) == ["a.png"]
        assert list_names(library, filters=Filters(grant_id=first)) == ["b.png", "a.png"]
        assert list_names(library, filters=Filters(grant_id="no such")) == []
        later = Filters(wanted=Wanted(added_from=noon))
        assert list_names(library, filters=later) == ["d.png", "c.png"]
        earlier = Filters(wanted=Wanted(added_before=noon))
        assert list_names(library, filters=earlier) == ["b.png", "a.png"]


def test_a_photo_is_found_by_its_id_and_by_its_hash(stage: Stage) -> None:
    with stage.open() as library:
        add(stage, library, "a.png")
        book = open_book(library)
        (listed,) = book.list_photos(PhotoQuery()).photos
        for name in (listed.photo.uuid, listed.photo.uuid.upper(), listed.photo.sha256):
            found = book.get_photo(name)
            assert found.photo.sha256 == listed.photo.sha256
        assert [face.face.box.x1 for face in found.faces] == [16, 96]
        assert (found.photo.width_px, found.photo.height_px) == (160, 80)
        face = book.get_face(found.faces[1].face_id)
        assert (face.collection, face.face.sha256) == ("default", listed.photo.sha256)


@pytest.mark.parametrize("name", ["", "1", "zz", "0" * 64, "%", "12345678" * 4])
def test_what_is_no_photo_is_not_found(stage: Stage, name: str) -> None:
    with stage.open() as library:
        add(stage, library, "a.png")
        with pytest.raises(NotFoundError):
            open_book(library).get_photo(name)
        with pytest.raises(NotFoundError):
            open_book(library).get_face(name)


def test_only_what_may_be_shown_is_listed(stage: Stage) -> None:
    with stage.open() as library:
        add(stage, library, "hidden.png", uses=HIDDEN)
        refused = open_book(library).list_photos(PhotoQuery())
        assert refused.verdict.reasons == (Reason.DISPLAY_NOT_GRANTED,)
        shown = add(stage, library, "shown.png")
        assert list_names(library) == ["shown.png"]
        (photo,) = open_book(library).list_photos(PhotoQuery()).photos
        library.revoke(shown)
        refused = open_book(library).list_photos(PhotoQuery())
        assert refused.verdict.reasons == (Reason.DISPLAY_NOT_GRANTED,)
        for find in (open_book(library).get_photo, open_book(library).get_face):
            with pytest.raises(NotFoundError):
                find(photo.photo.uuid)
        with pytest.raises(NotFoundError):
            open_book(library).get_face(photo.faces[0].face_id)


def test_a_photo_is_shown_with_the_places_that_may_be_told(stage: Stage) -> None:
    with stage.open() as library:
        add(stage, library, "shown/a.png")
        (stage.photos / "hidden").mkdir()
        copy = stage.photos / "hidden" / "b.png"
        copy.write_bytes((stage.photos / "shown" / "a.png").read_bytes())
        library.add(copy, grant=stage.grant(library, uses=HIDDEN))
        (photo,) = open_book(library).list_photos(PhotoQuery()).photos
    assert [place.uri.rsplit("/", 1)[-1] for place in photo.photo.places] == ["a.png"]


def test_nothing_is_shown_once_the_retention_is_over(stage: Stage) -> None:
    with stage.open() as library:
        add(stage, library, "a.png", **DOCUMENTED)
        assert list_names(library) == ["a.png"]
        (photo,) = open_book(library).list_photos(PhotoQuery()).photos
        stage.now += timedelta(days=91)
        with pytest.raises(NotFoundError):
            open_book(library).get_photo(photo.photo.uuid)


def test_a_collection_that_is_not_ones_own_is_not_there(stage: Stage) -> None:
    with stage.open() as library:
        add(stage, library, "a.png")
        (photo,) = open_book(library).list_photos(PhotoQuery()).photos
        other = open_book(library, bounds=frozenset({"other"}))
        for ask in (
            lambda: other.list_photos(PhotoQuery()),
            lambda: other.get_photo(photo.photo.uuid),
            lambda: other.get_photo(photo.photo.uuid, collection="default"),
            lambda: other.get_face(photo.faces[0].face_id),
        ):
            with pytest.raises(NotFoundError):
                ask()
        own = open_book(library, bounds=frozenset({"default"}))
        assert own.get_photo(photo.photo.uuid).collection == "default"


def test_a_face_like_that_of_somebody_who_opted_out_is_not_shown(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage.open() as library:
        add(stage, library, "with.png", "without.png")
        book = open_book(library)
        hidden = book.list_photos(PhotoQuery()).photos[1]
        library.optouts().face(draw_photo(2, seed=99), consent="letter")
        library.add(stage.draw("again.png", 2, 5), grant=stage.grant(library))
        assert list_names(library) == ["again.png", "without.png", "with.png"]
        with pytest.raises(NotFoundError):
            book.get_face(hidden.faces[1].face_id)
        photo = book.get_photo(hidden.photo.uuid)
        assert len(photo.faces) == 1
        for picture in (book.read_thumbnail, lambda p: book.open_photo(p, longest_px=100)):
            with pytest.raises(NotFoundError, match="no picture"):
                picture(photo)


def test_of_enrolled_people_those_are_shown_who_consent_now(stage: Stage) -> None:
    stage.draw("both.png", 1, 2)
    stage.draw("one.png", 1)
    with stage.open() as library:
        ada = enrol(stage, library, 1, "Ada")
        bob = enrol(stage, library, 2, "Bob", days=30)
        add_members(stage, library)
        book = open_book(library)
        query = PhotoQuery(collection=MEMBERS, order=Order.PLACE)
        both, one = book.list_photos(query).photos
        assert [face.person and face.person.name for face in both.faces] == ["Ada", "Bob"]
        assert book.read_thumbnail(both)[:2] == b"\xff\xd8"
        assert list_names(library, collection=MEMBERS, person_id=bob.uuid) == ["both.png"]
        assert book.get_person(bob.uuid).collections == (MEMBERS,)
        stage.now += timedelta(days=31)
        both, one = book.list_photos(query).photos
        assert [face.person and face.person.name for face in both.faces] == ["Ada"]
        assert (both.shows_others, one.shows_others) == (True, False)
        with pytest.raises(NotFoundError, match="no picture"):
            book.read_thumbnail(both)
        for call in (
            lambda: book.get_person(bob.uuid),
            lambda: book.list_photos(PhotoQuery(collection=MEMBERS, person_id=bob.uuid)),
            lambda: PhotoBook(library.parts, bounds=frozenset({"x"})).get_person(ada.uuid),
        ):
            with pytest.raises(NotFoundError):
                call()


def test_a_photo_is_opened_where_it_lies_and_entered_into_the_log(stage: Stage) -> None:
    with stage.open() as library:
        add(stage, library, "a.png")
        book = open_book(library.acting("user:1"))
        (photo,) = book.list_photos(PhotoQuery()).photos
        assert "viewed" not in actions(library)
        jpeg = book.open_photo(photo, longest_px=100)
        with Image.open(io.BytesIO(jpeg)) as picture:
            assert (picture.format, picture.size) == ("JPEG", (100, 50))
        entries = library.audit().searches_of(photo.faces[0].face_id)
    assert [(entry.entry["action"], dict(entry.details or {})) for entry in entries] == [
        ("viewed", {"actor": "user:1", "collection": "default"})
    ]
    assert [dict(match) for match in entries[0].matches] == [{"face": photo.faces[0].face_id}]


def test_a_picture_is_never_enlarged(stage: Stage) -> None:
    with stage.open() as library:
        add(stage, library, "a.png")
        book = open_book(library)
        (photo,) = book.list_photos(PhotoQuery()).photos
        with Image.open(io.BytesIO(book.open_photo(photo, longest_px=4096))) as picture:
            assert picture.size == (160, 80)
        for longest_px in (0, 4097):
            with pytest.raises(SettingsError):
                book.open_photo(photo, longest_px=longest_px)


def replace_by_another(path: Path) -> None:
    path.write_bytes(draw_photo(7, 8))


def replace_by_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("change", [replace_by_another, replace_by_a_pipe, Path.unlink])
def test_a_photo_that_is_another_now_is_not_opened(
    stage: Stage, change: Callable[[Path], object]
) -> None:
    with stage.open() as library:
        add(stage, library, "a.png")
        book = open_book(library)
        (photo,) = book.list_photos(PhotoQuery()).photos
        change(stage.photos / "a.png")
        with pytest.raises(NotFoundError, match="not where it was found, or is another one"):
            book.open_photo(photo, longest_px=100)
        assert book.read_thumbnail(photo)[:2] == b"\xff\xd8"
        assert "viewed" not in actions(library)


def test_pictures_of_what_was_erased_meanwhile_are_gone(stage: Stage) -> None:
    with stage.open() as library:
        add(stage, library, "a.png")
        book = open_book(library)
        (photo,) = book.list_photos(PhotoQuery()).photos
        assert book.read_crop(photo.faces[0])[:2] == b"\xff\xd8"
        library.erase(FacesTarget((photo.faces[0].face_id,)))
        for call in (
            lambda: book.read_crop(photo.faces[0]),
            lambda: book.read_thumbnail(photo),
            lambda: book.open_photo(photo, longest_px=100),
            lambda: book.get_face(photo.faces[0].face_id),
        ):
            with pytest.raises(NotFoundError):
                call()
        assert len(book.get_photo(photo.photo.uuid).faces) == 1


def test_a_collection_nobody_made_is_not_found(stage: Stage) -> None:
    with stage.open() as library:
        library.create_collection("empty", basis=Basis.HOUSEHOLD, purposes=[PURPOSE])
        verdict = open_book(library).list_photos(PhotoQuery(collection="empty")).verdict
        assert verdict.reasons == (Reason.DISPLAY_NOT_GRANTED,)
        with pytest.raises(NotFoundError, match="no collection nowhere"):
            open_book(library).list_photos(PhotoQuery(collection="nowhere"))
