"""The catalog's SQL shows exactly the faces that the pure decisions allow, whatever the rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, update

from catalog.samples import add_collection, add_faces, make_sha256, make_uuid, open_catalog
from mien.catalog.connect import Database
from mien.catalog.faces import (
    CoveringGrant,
    SearchScope,
    VisibleFace,
    find_visible_faces,
    iter_visible_ids,
)
from mien.catalog.grants import get_grant, iter_grants_of, record_grant
from mien.catalog.photos import LocationState
from mien.catalog.runs import start_run
from mien.catalog.schema import faces, locations
from mien.catalog.schema import grants as grant_table
from mien.permission.basis import Basis
from mien.permission.grant import Grant, may_keep, may_search
from mien.permission.use import Use
from mien.types import CollectionId, FaceId
from property.strategies import START, generous_grants, grants, moments, purposes

PHOTOS, FACES_A_PHOTO, GRANTS = 3, 2, 4


@dataclass(frozen=True)
class Place:
    """A location: numbers of photo and grant, and the rest of its row."""

    photo: int
    grant: int
    uri: str
    added_at: datetime
    state: LocationState


places = st.builds(
    Place,
    photo=st.integers(0, PHOTOS - 1),
    grant=st.integers(0, GRANTS - 1),
    uri=st.sampled_from(["file:///a.jpg", "file:///b.jpg", "file:///c.jpg"]),
    added_at=moments,
    state=st.sampled_from(LocationState) | st.just(LocationState.PRESENT),
)
several_places = st.lists(places, max_size=10, unique_by=lambda p: (p.photo, p.grant, p.uri))
several_grants = st.lists(grants() | generous_grants(), min_size=GRANTS, max_size=GRANTS)


class _UndoError(Exception):
    """Ends a transaction that nothing shall be left of."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with open_catalog(tmp_path_factory.mktemp("catalog")) as opened:
        yield opened


@hypothesis_settings(max_examples=100)
@given(given=several_grants, places=several_places, asked=st.tuples(purposes, moments))
def test_sql_shows_exactly_what_the_decisions_allow(
    database: Database, given: list[Grant], places: list[Place], asked: tuple[str, datetime]
) -> None:
    with suppress(_UndoError), database.writing() as connection:
        collection_id = write(connection, given, places=places)
        vouched = {make_uuid(i) for i, grant in enumerate(given) if grant.is_vouched}
        scope = read_scope(connection, collection_id, asked=asked, vouched=vouched)
        every = [FaceId(face_id) for face_id in connection.execute(select(faces.c.id)).scalars()]
        found = find_visible_faces(connection, scope, face_ids=every)
        assert list(iter_visible_ids(connection, scope)) == sorted(found)
        for number in range(PHOTOS):
            of_photo = [face for face in found.values() if face.sha256 == make_sha256(number)]
            expected = allowed(given, places, number=number, asked=asked)
            assert [shown(face) for face in of_photo] == [expected] * FACES_A_PHOTO * bool(expected)
        raise _UndoError


def write(connection: Connection, given: list[Grant], *, places: list[Place]) -> CollectionId:
    collection_id = add_collection(connection).id
    photo_ids = [
        add_faces(connection, number, collection_id=collection_id, faces=FACES_A_PHOTO)
        for number in range(PHOTOS)
    ]
    for number, grant in enumerate(given):
        record_grant(connection, replace(grant, grant_id=make_uuid(number)), at=START)
        this = grant_table.c.uuid == make_uuid(number)
        connection.execute(update(grant_table).where(this).values(revoked_at=grant.revoked_at))
        grant_id = get_grant(connection, make_uuid(number)).id
        start_run(connection, collection_id=collection_id, grant_id=grant_id, at=START)
    for place in places:
        row = {
            "photo_id": photo_ids[place.photo],
            "grant_id": get_grant(connection, make_uuid(place.grant)).id,
            "uri": place.uri,
            "state": place.state,
            "fingerprint": "",
            "added_at": place.added_at,
            "seen_at": place.added_at,
        }
        connection.execute(insert(locations).values(row))
    return collection_id


def read_scope(
    connection: Connection,
    collection_id: CollectionId,
    *,
    asked: tuple[str, datetime],
    vouched: set[str],
) -> SearchScope:
    """As a search makes it: the grants that cover it, and since when what they hold is kept."""
    purpose, at = asked
    covering = [
        CoveringGrant(
            stored.id,
            kept_after=None if stored.grant.retention is None else at - stored.grant.retention,
            is_for_display=Use.DISPLAY in stored.grant.uses,
        )
        for stored in iter_grants_of(connection, collection_id)
        if may_search(
            replace(stored.grant, is_vouched=stored.grant.grant_id in vouched),
            purpose=purpose,
            basis=Basis.HOUSEHOLD,
            at=at,
        ).is_allowed
    ]
    return SearchScope(collection_id, tuple(covering))


def allowed(
    given: list[Grant], places: list[Place], *, number: int, asked: tuple[str, datetime]
) -> dict[str, bool]:
    """The addresses of a photo that may be named, and whether it may be displayed for them."""
    purpose, at = asked
    named: dict[str, bool] = {}
    for place in places:
        grant = given[place.grant]
        if (
            place.photo == number
            and place.state is LocationState.PRESENT
            and may_search(grant, purpose=purpose, basis=Basis.HOUSEHOLD, at=at).is_allowed
            and may_keep(grant, since=place.added_at, at=at).is_allowed
        ):
            named[place.uri] = named.get(place.uri, False) or Use.DISPLAY in grant.uses
    return named


def shown(face: VisibleFace) -> dict[str, bool]:
    return {location.uri: location.is_for_display for location in face.locations}
