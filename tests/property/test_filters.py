"""Filters leave out what is not wanted and nothing else: every search against a plain count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.catalog.faces import Wanted
from mien.library import Library
from mien.service.leave import Filters
from mien.service.photo_book import Order, PhotoBook, PhotoQuery
from mien.testing import draw_photo
from service.finding import search, search_face
from service.stage import NOON, Stage

FOLDERS = ("a", "a/b", "ab", "c")
DAYS = 3
PEOPLE = 4


@dataclass(frozen=True)
class Held:
    """One photo of one person: where it lies, under which grant, since when."""

    name: str
    folder: str
    person: int
    grant: str
    at: datetime
    address: str


@dataclass
class World:
    """A home with photos in four folders, added on three days under two grants."""

    stage: Stage
    library: Library
    held: list[Held] = field(default_factory=list)
    grants: list[str] = field(default_factory=list)

    def fill(self) -> World:
        for folder in FOLDERS:
            (self.stage.photos / folder).mkdir(parents=True, exist_ok=True)
        self.grants = [
            self.stage.grant(self.library, scope=self.stage.photos / folder)
            for folder in ("a", "ab", "c")
        ]
        by_top = dict(zip(("a", "ab", "c"), self.grants, strict=True))
        for day in range(DAYS):
            for number, folder in enumerate(FOLDERS):
                for person in range(1, PEOPLE + 1):
                    name = f"{day}{number}{person}.png"
                    path = self.stage.draw(f"{folder}/{name}", person, seed=day * 100 + number * 10)
                    top = folder.split("/")[0]
                    self.held.append(
                        Held(name, folder, person, by_top[top], self.stage.now, path.as_uri())
                    )
            for top, grant in by_top.items():
                self.library.add(self.stage.photos / top, grant=grant)
            self.stage.now += timedelta(days=1)
        return self

    def address(self, folder: str) -> str:
        return (self.stage.photos / folder).as_uri()

    def expect(self, filters: Filters, *, person: int | None = None) -> set[str]:
        wanted = filters.wanted
        return {
            one.name
            for one in self.held
            if (person is None or one.person == person)
            and filters.grant_id in {"", one.grant}
            and (not wanted.below or is_below(one.address, wanted.below))
            and (wanted.added_from is None or one.at >= wanted.added_from)
            and (wanted.added_before is None or one.at < wanted.added_before)
        }


def is_below(address: str, folder: str) -> bool:
    own = folder.rstrip("/")
    return address == own or address.startswith(f"{own}/")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("filters")
    stage = Stage(folder)
    with stage.open() as library:
        yield World(stage, library).fill()


moments = st.one_of(
    st.none(),
    st.integers(-1, DAYS * 2).map(lambda halves: NOON + timedelta(hours=12 * halves)),
)


@st.composite
def narrowings(draw: st.DrawFn) -> tuple[int, str, datetime | None, datetime | None]:
    """Which grant, if any, below what, from when, until when."""
    folder = draw(st.sampled_from(["", *FOLDERS, "a/", "a/b/", "d", "a/b/001.png"]))
    return draw(st.integers(-1, 2)), folder, draw(moments), draw(moments)


def make_filters(world: World, drawn: tuple[int, str, datetime | None, datetime | None]) -> Filters:
    number, folder, added_from, added_before = drawn
    below = world.address(folder) + ("/" if folder.endswith("/") else "") if folder else ""
    wanted = Wanted(below=below, added_from=added_from, added_before=added_before)
    return Filters(grant_id="" if number < 0 else world.grants[number], wanted=wanted)


def names_of(uris: Iterator[str]) -> set[str]:
    return {uri.rsplit("/", 1)[-1] for uri in uris}


@given(drawn=narrowings(), person=st.integers(1, PEOPLE))
@settings(max_examples=40, deadline=None)
def test_a_search_finds_everything_that_is_wanted(
    world: World, drawn: tuple[int, str, datetime | None, datetime | None], person: int
) -> None:
    filters = make_filters(world, drawn)
    result = search(
        world.library,
        draw_photo(person, seed=9_000 + person),
        min_score=0.7,
        limit=100,
        filters=filters,
    )
    found = names_of(one.face.locations[0].uri for one in result.candidates)
    assert found == world.expect(filters, person=person)
    assert [one.rank for one in result.candidates] == list(range(1, len(found) + 1))


@given(drawn=narrowings(), limit=st.integers(1, 5))
@settings(max_examples=15, deadline=None)
def test_few_are_the_strongest_of_many(
    world: World, drawn: tuple[int, str, datetime | None, datetime | None], limit: int
) -> None:
    filters = make_filters(world, drawn)
    probe = draw_photo(2, seed=9_002)
    many = search(world.library, probe, limit=100, filters=filters).candidates
    few = search(world.library, probe, limit=limit, filters=filters).candidates
    assert [one.face.stored.id for one in few] == [one.face.stored.id for one in many[:limit]]


@given(drawn=narrowings(), place=st.integers(0, 47))
@settings(max_examples=15, deadline=None)
def test_a_stored_face_finds_all_others_of_its_person(
    world: World, drawn: tuple[int, str, datetime | None, datetime | None], place: int
) -> None:
    filters = make_filters(world, drawn)
    chosen = world.held[place]
    probe = draw_photo(chosen.person, seed=9_000)
    everything = search(world.library, probe, min_score=0.7, limit=100).candidates
    own = next(
        one.face.stored.uuid
        for one in everything
        if one.face.locations[0].uri.endswith(f"/{chosen.name}")
    )
    result = search_face(world.library, own, min_score=0.7, limit=100, filters=filters)
    found = names_of(one.face.locations[0].uri for one in result.candidates)
    assert found == world.expect(filters, person=chosen.person) - {chosen.name}


@given(drawn=narrowings(), limit=st.integers(1, 20), order=st.sampled_from(list(Order)))
@settings(max_examples=20, deadline=None)
def test_pages_hold_each_wanted_photo_once(
    world: World,
    drawn: tuple[int, str, datetime | None, datetime | None],
    limit: int,
    order: Order,
) -> None:
    filters = make_filters(world, drawn)
    book, seen, after = PhotoBook(world.library.parts), [], ""
    while True:
        page = book.list_photos(PhotoQuery(filters=filters, order=order, after=after, limit=limit))
        seen += [one.photo.places[0].uri.rsplit("/", 1)[-1] for one in page.photos]
        after = page.next
        if not after:
            break
        assert len(page.photos) == limit
    assert len(seen) == len(set(seen))
    assert set(seen) == world.expect(filters)
