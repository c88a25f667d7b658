"""Pages of photos against the rule said naively: none lost, none twice, whatever comes and goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete

from catalog.samples import (
    FACE,
    NOW,
    add_collection,
    add_faces,
    add_grant,
    locate,
    make_sha256,
    make_uuid,
    new_photo,
    undone,
)
from mien.catalog.browse import (
    Position,
    VisiblePhoto,
    find_by_place,
    find_collection_of_face,
    find_collections_of_person,
    find_collections_of_photo,
    find_face_ids,
    find_face_ids_beside,
    find_newest,
    find_visible_photo,
)
from mien.catalog.connect import Database
from mien.catalog.faces import CoveringGrant, SearchScope, Wanted
from mien.catalog.indexed import KeptFace, NewIndexedPhoto, index_photo
from mien.catalog.people import NewPerson, add_person
from mien.catalog.photos import add_photo, mark_vanished, photo_uuid_of
from mien.catalog.schema import faces, indexed_photos, locations
from mien.testing import GOOD
from mien.types import CollectionId, FaceId, GrantId, PersonId, PhotoId

COLLECTION = CollectionId(1)
SECOND = timedelta(seconds=1)
Find = Callable[..., list[VisiblePhoto]]
FINDS: Sequence[Find] = (find_newest, find_by_place)


@dataclass(frozen=True)
class Drawn:
    """A photo: when it came in, and its places, each with the grant and whether it is there."""

    came_in: int
    places: tuple[tuple[str, int, bool], ...]


def drawn() -> st.SearchStrategy[Drawn]:
    place = st.tuples(st.sampled_from("abc"), st.sampled_from([1, 2]), st.booleans())
    places = st.lists(place, min_size=1, max_size=3, unique_by=lambda one: one[:2])
    return st.builds(Drawn, st.integers(0, 2), places.map(tuple))


PHOTOS = st.lists(drawn(), max_size=7)


def begin(connection: Connection) -> SearchScope:
    """A collection, and two grants of which the first covers the look."""
    add_collection(connection)
    own, _ = (add_grant(connection, number) for number in (1, 2))
    return SearchScope(COLLECTION, (CoveringGrant(own, None, is_for_display=True),))


def put(connection: Connection, number: int, photo: Drawn) -> None:
    photo_id = add_photo(connection, new_photo(number), at=NOW)
    new = NewIndexedPhoto(
        photo_id=photo_id, collection_id=COLLECTION, blob_id=make_uuid(number), faces=[]
    )
    index_photo(connection, new, at=NOW + photo.came_in * SECOND)
    for uri, grant, _ in photo.places:
        locate(connection, photo_id, uri=f"file:///{uri}/{number:02}", grant_id=GrantId(grant))
    gone = [uri for uri, grant, is_there in photo.places if not is_there and grant == 1]
    if gone:
        own = locations.c.photo_id == photo_id, locations.c.grant_id == 1
        rows = connection.execute(locations.select().where(*own))
        mark_vanished(connection, [row.id for row in rows if row.uri[8] in gone])


def take_away(connection: Connection, number: int) -> None:
    """As an erasure does: the photo's places and its row in the collection go."""
    photo_id = connection.execute(
        indexed_photos.select().where(indexed_photos.c.blob_id == make_uuid(number))
    ).one()
    connection.execute(delete(locations).where(locations.c.photo_id == photo_id.photo_id))
    connection.execute(delete(indexed_photos).where(indexed_photos.c.id == photo_id.id))


def is_seen(photo: Drawn) -> bool:
    return any(grant == 1 and is_there for _, grant, is_there in photo.places)


def first_place(photo: Drawn) -> str:
    return min(uri for uri, grant, is_there in photo.places if grant == 1 and is_there)


def expect(photos: Sequence[Drawn], find: Find) -> list[int]:
    """The numbers of the photos in the order that they are to be listed in."""
    seen = [number for number, photo in enumerate(photos) if is_seen(photo)]
    if find is find_by_place:
        return sorted(seen, key=lambda number: (first_place(photos[number]), number))
    return sorted(seen, key=lambda number: (-photos[number].came_in, -number))


def numbers_of(page: Sequence[VisiblePhoto]) -> list[int]:
    return [int(one.blob_id[-4:], 16) for one in page]


def read_all(connection: Connection, scope: SearchScope, *, find: Find, limit: int) -> list[int]:
    met: list[int] = []
    after: Position | None = None
    while page := find(connection, scope, after=after, limit=limit):
        assert len(page) <= limit
        met += numbers_of(page)
        after = page[-1].position
    return met


@settings(max_examples=8)
@given(photos=PHOTOS, limit=st.integers(1, 4))
def test_pages_are_the_whole_list_in_its_order(
    standing: Database, photos: list[Drawn], limit: int
) -> None:
    with undone(standing) as connection:
        scope = begin(connection)
        for number, photo in enumerate(photos):
            put(connection, number, photo)
        for find in FINDS:
            assert read_all(connection, scope, find=find, limit=limit) == expect(photos, find)


@settings(max_examples=8)
@given(photos=PHOTOS, new=PHOTOS, gone=st.sets(st.integers(0, 6)), limit=st.integers(1, 3))
@pytest.mark.parametrize("find", FINDS)
def test_what_comes_and_goes_between_pages_moves_nothing(
    standing: Database,
    find: Find,
    photos: list[Drawn],
    new: list[Drawn],
    gone: set[int],
    limit: int,
) -> None:
    with undone(standing) as connection:
        scope = begin(connection)
        for number, photo in enumerate(photos):
            put(connection, number, photo)
        met = numbers_of(page := find(connection, scope, limit=limit))
        for number, photo in enumerate(new, start=len(photos)):
            put(connection, number, photo)
        for number in gone & set(range(len(photos))):
            take_away(connection, number)
        while page:
            page = find(connection, scope, after=page[-1].position, limit=limit)
            met += numbers_of(page)
        assert len(met) == len(set(met))
        stayed = [number for number in expect(photos, find) if number not in gone]
        listed_before = [number for number in met if number < len(photos) and number not in gone]
        assert listed_before == stayed
        every = expect([*photos, *new], find)
        assert [number for number in every if number in met] == met


@settings(max_examples=8)
@given(photos=PHOTOS)
def test_a_photo_is_found_by_its_id_where_it_is_listed(
    standing: Database, photos: list[Drawn]
) -> None:
    with undone(standing) as connection:
        scope = begin(connection)
        for number, photo in enumerate(photos):
            put(connection, number, photo)
        listed = {one.uuid: one for one in find_newest(connection, scope, limit=99)}
        for number in range(len(photos) + 1):
            uuid = photo_uuid_of(make_sha256(number))
            found = find_visible_photo(connection, scope, photo_uuid=uuid)
            assert found == listed.get(uuid)


@settings(max_examples=8)
@given(photos=PHOTOS, low=st.integers(-1, 3), high=st.integers(-1, 3))
def test_a_time_that_is_wanted_begins_with_its_start_and_ends_before_its_end(
    standing: Database, photos: list[Drawn], low: int, high: int
) -> None:
    with undone(standing) as connection:
        scope = begin(connection)
        for number, photo in enumerate(photos):
            put(connection, number, photo)
        wanted = Wanted(added_from=NOW + low * SECOND, added_before=NOW + high * SECOND)
        narrow = replace(scope, wanted=wanted)
        for find in FINDS:
            met = read_all(connection, narrow, find=find, limit=2)
            every = expect(photos, find)
            assert met == [number for number in every if low <= photos[number].came_in < high]


@pytest.fixture
def scope(trial: Connection) -> SearchScope:
    return begin(trial)


def put_at(connection: Connection, number: int, *uris: str, later_s: int = 0) -> PhotoId:
    photo_id = add_faces(connection, number, collection_id=COLLECTION)
    for uri in uris:
        at = NOW + later_s * SECOND
        locate(connection, photo_id, uri=f"file:///{uri}", grant_id=GrantId(1), at=at)
    return photo_id


@pytest.mark.parametrize("find", FINDS)
@pytest.mark.parametrize(
    ("below", "count"),
    [
        ("file:///trip", 3),
        ("file:///trip/", 3),
        ("file:///trip/day", 1),
        ("file:///trip/day/1.jpg", 1),
        ("file:///trip/day/1.jpg/", 1),
        ("file:///tri", 0),
        ("file:///TRIP", 0),
        ("file:///trip%", 0),
        ("file:///trip_2", 0),
        ("file:///trip-2", 1),
        ("file:///", 5),
    ],
)
def test_below_an_address_is_that_folder_and_no_other(
    trial: Connection, scope: SearchScope, find: Find, below: str, count: int
) -> None:
    uris = ("trip/a.jpg", "trip/day/1.jpg", "trip/z.jpg", "trip-2/a.jpg", "trip2/a.jpg")
    for number, uri in enumerate(uris):
        put_at(trial, number, uri)
    found = find(trial, replace(scope, wanted=Wanted(below=below)), limit=9)
    assert len(found) == count
    assert all(place.uri.startswith(below.rstrip("/")) for one in found for place in one.places)


@pytest.mark.parametrize("find", FINDS)
@pytest.mark.parametrize(("kept_s", "count"), [(-1, 1), (0, 0), (1, 0)])
def test_a_place_is_shown_while_its_grant_keeps_it(
    trial: Connection, scope: SearchScope, find: Find, kept_s: int, count: int
) -> None:
    """Taken in at the very moment after which things are kept, it is not kept any more."""
    put_at(trial, 1, "a.jpg")
    kept = CoveringGrant(GrantId(1), NOW + kept_s * SECOND, is_for_display=True)
    assert len(find(trial, replace(scope, grants=(kept,)), limit=9)) == count


def test_only_places_that_may_be_told_are_told(trial: Connection, scope: SearchScope) -> None:
    photo_id = put_at(trial, 1, "old.jpg", "new.jpg")
    locate(trial, photo_id, uri="file:///secret.jpg", grant_id=GrantId(2))
    rows = trial.execute(locations.select().order_by(locations.c.id)).all()
    mark_vanished(trial, [rows[0].id])
    (photo,) = find_by_place(trial, scope, limit=9)
    assert [place.uri for place in photo.places] == ["file:///new.jpg"]
    assert photo.places[0].grant_id == make_uuid(1)
    assert photo.places[0].added_at == NOW
    assert photo.position == Position("file:///new.jpg", photo_id)


def test_a_photo_says_what_its_file_is(trial: Connection, scope: SearchScope) -> None:
    put_at(trial, 7, "a.jpg")
    (photo,) = find_newest(trial, scope, limit=1)
    said = new_photo(7)
    assert (photo.sha256, photo.size_bytes, photo.media_type) == (
        said.sha256,
        said.size_bytes,
        said.media_type,
    )
    assert (photo.width_px, photo.height_px, photo.credit) == (640, 480, said.credit)
    assert photo.uuid == photo_uuid_of(said.sha256)
    assert photo.dropped == 0


def test_the_same_photo_in_two_collections_is_listed_in_each(
    trial: Connection, scope: SearchScope
) -> None:
    other = add_collection(trial, "other")
    put_at(trial, 1, "a.jpg")
    add_faces(trial, 1, collection_id=other.id)
    for find in FINDS:
        for collection_id in (COLLECTION, other.id):
            assert len(find(trial, replace(scope, collection_id=collection_id), limit=9)) == 1
    uuid = photo_uuid_of(make_sha256(1))
    assert find_collections_of_photo(trial, uuid) == ["default", "other"]


def keep_for(connection: Connection, number: int, *people: int | None) -> None:
    """A photo whose faces are kept for these people."""
    photo_id = add_photo(connection, new_photo(number), at=NOW)
    kept = [
        KeptFace(
            make_uuid(1000 * number + place), FACE, GOOD, None if who is None else PersonId(who)
        )
        for place, who in enumerate(people)
    ]
    new = NewIndexedPhoto(
        photo_id=photo_id, collection_id=COLLECTION, blob_id=make_uuid(number), faces=kept
    )
    index_photo(connection, new, at=NOW)
    locate(connection, photo_id, uri=f"file:///{number}", grant_id=GrantId(1))


@pytest.mark.parametrize("find", FINDS)
@pytest.mark.parametrize(
    ("people", "wanted"),
    [([1], {1, 3}), ([2], {2, 3}), ([1, 2], {1, 2, 3}), ([9], set()), ([], set())],
)
def test_photos_of_people_show_a_face_that_is_kept_for_one(
    trial: Connection, scope: SearchScope, find: Find, people: list[int], wanted: set[int]
) -> None:
    for number in (1, 2):
        add_person(trial, NewPerson(uuid=make_uuid(number), name="Ann", of_age_at=None), at=NOW)
    keep_for(trial, 1, 1, 1)
    keep_for(trial, 2, None, 2)
    keep_for(trial, 3, 1, 2)
    keep_for(trial, 4, None)
    found = find(trial, scope, of_people=[PersonId(who) for who in people], limit=9)
    assert set(numbers_of(found)) == wanted
    assert len(found) == len(wanted)
    assert find_collections_of_person(trial, PersonId(1)) == ["default"]
    assert find_collections_of_person(trial, PersonId(9)) == []


def test_a_face_leads_to_its_collection_and_those_beside_it(
    trial: Connection, scope: SearchScope
) -> None:
    assert scope.collection_id == COLLECTION
    add_faces(trial, 1, collection_id=COLLECTION, faces=3)
    add_faces(trial, 2, collection_id=COLLECTION, faces=1)
    rows = trial.execute(faces.select().order_by(faces.c.id)).all()
    ids = [FaceId(row.id) for row in rows]
    assert find_collection_of_face(trial, rows[0].uuid) == ("default", ids[0])
    assert find_collection_of_face(trial, make_uuid(1)) is None
    assert find_collection_of_face(trial, "") is None
    for face_id in ids[:3]:
        assert find_face_ids_beside(trial, face_id) == ids[:3]
    assert find_face_ids_beside(trial, ids[3]) == ids[3:]
    assert find_face_ids_beside(trial, FaceId(99)) == []
    by_photo = find_face_ids(trial, [row.indexed_photo_id for row in rows])
    assert sorted(map(list, by_photo.values())) == [ids[:3], ids[3:]]
    assert find_face_ids(trial, []) == {}
    assert find_face_ids(trial, [99]) == {}


@pytest.mark.parametrize("strangers", [499, 500, 1001])
def test_faces_of_however_many_photos_are_found(
    trial: Connection, scope: SearchScope, strangers: int
) -> None:
    assert scope.collection_id == COLLECTION
    add_faces(trial, 1, collection_id=COLLECTION, faces=2)
    add_faces(trial, 2, collection_id=COLLECTION, faces=1)
    found = find_face_ids(trial, [1, *range(100, 100 + strangers), 2])
    assert {key: len(ids) for key, ids in found.items()} == {1: 2, 2: 1}


@pytest.mark.parametrize("uuid", ["zzzzzzzz", make_uuid(0), "0", photo_uuid_of(make_sha256(2))])
def test_an_id_of_no_photo_finds_none(trial: Connection, scope: SearchScope, uuid: str) -> None:
    put_at(trial, 1, "a.jpg")
    assert find_visible_photo(trial, scope, photo_uuid=uuid) is None
    assert find_collections_of_photo(trial, uuid) == []


@pytest.mark.parametrize("find", FINDS)
def test_a_position_beyond_the_end_begins_nothing(
    trial: Connection, scope: SearchScope, find: Find
) -> None:
    put_at(trial, 1, "a.jpg")
    after = Position(NOW - SECOND, 0) if find is find_newest else Position("file:///zzz", 0)
    assert find(trial, scope, after=after, limit=9) == []
    before = Position(NOW + SECOND, 0) if find is find_newest else Position("", 0)
    assert len(find(trial, scope, after=before, limit=9)) == 1


@pytest.mark.parametrize("find", FINDS)
def test_a_list_that_is_being_read_does_not_see_what_is_half_done(
    database: Database, find: Find
) -> None:
    with database.writing() as connection:
        scope = begin(connection)
        put_at(connection, 1, "a.jpg")
    with database.reading() as reader:
        before = find(reader, scope, limit=9)
        with database.writing() as writer:
            put_at(writer, 2, "b.jpg")
            take_away_all(writer)
        assert find(reader, scope, limit=9) == before
    with database.reading() as later:
        assert find(later, scope, limit=9) == []


def take_away_all(connection: Connection) -> None:
    connection.execute(delete(locations))
