"""Several threads on one library: searches while photos come, go and opt out, with no error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from mien.errors import NotFoundError
from mien.library import Library
from mien.service.erase import PhotoTarget
from mien.service.judgements import JudgementKind
from mien.service.photo_book import PhotoBook, PhotoQuery
from mien.testing import draw_photo
from service.finding import search, search_face
from service.riches import ALIKE, ANN, BEN, Riches
from service.shelves import hand_in, sha256_of
from service.stage import Stage, check_sound, query

ROUNDS = 6


class Crowd:
    """Threads that all do their part, and whatever went wrong in one of them."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self._threads: list[threading.Thread] = []
        self._gate = threading.Event()

    def add(self, do: Callable[[int], object], *, rounds: int = ROUNDS) -> None:
        def work() -> None:
            self._gate.wait()
            try:
                for number in range(rounds):
                    do(number)
            except BaseException as error:  # noqa: BLE001  (told by whoever waits)
                self.errors.append(error)

        self._threads.append(threading.Thread(target=work))

    def run(self) -> None:
        for thread in self._threads:
            thread.start()
        self._gate.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()
        if self.errors:
            raise self.errors[0]


@pytest.fixture
def library(stage: Stage) -> Iterator[Library]:
    with stage.open() as library:
        yield library


@pytest.fixture
def riches(stage: Stage, library: Library) -> Riches:
    return Riches(stage, library).fill()


def found(library: Library, person: int) -> int:
    return len(search(library, draw_photo(person, seed=999), min_score=ALIKE).candidates)


def test_searches_go_on_while_photos_come_in(riches: Riches, library: Library) -> None:
    crowd, seen = Crowd(), []

    def add(number: int) -> None:
        hand_in(
            library, riches.shelf_grant, {f"{number}.png": draw_photo(ANN, seed=2_000 + number)}
        )

    crowd.add(add)
    for _ in range(2):
        crowd.add(lambda _: seen.append(found(library, ANN)))
    crowd.run()
    assert min(seen) >= 2
    assert found(library, ANN) == 2 + ROUNDS
    check_sound(riches.stage.home)


def test_what_was_erased_is_in_no_answer_that_began_later(riches: Riches, library: Library) -> None:
    photos = [draw_photo(BEN, seed=3_000 + number) for number in range(ROUNDS)]
    hand_in(library, riches.shelf_grant, {f"{i}.png": one for i, one in enumerate(photos)})
    gone: list[str] = []
    stale: list[str] = []
    crowd = Crowd()

    def erase(number: int) -> None:
        sha256 = sha256_of(photos[number])
        library.erase(PhotoTarget(sha256))
        gone.append(sha256)

    def look(_: int) -> None:
        before = set(gone)
        result = search(library, draw_photo(BEN, seed=999), min_score=ALIKE)
        stale.extend(before & {one.face.sha256 for one in result.candidates})

    crowd.add(erase)
    for _ in range(2):
        crowd.add(look)
    crowd.run()
    assert stale == []
    assert found(library, BEN) == 2
    assert library.audit().verify().is_sound


def test_nobody_who_opted_out_is_found_by_a_search_that_began_later(
    riches: Riches, library: Library
) -> None:
    out = threading.Event()
    late: list[int] = []
    crowd = Crowd()

    def opt_out(_: int) -> None:
        library.optouts().face(draw_photo(ANN, seed=801), consent="letter")
        out.set()

    def look(_: int) -> None:
        was_out = out.is_set()
        number = found(library, ANN)
        if was_out:
            late.append(number)

    crowd.add(opt_out, rounds=1)
    for _ in range(2):
        crowd.add(look)
    crowd.run()
    look(0)
    assert set(late) == {0}
    assert found(library, BEN) == 2


def test_a_grant_that_is_revoked_ends_every_search(riches: Riches, library: Library) -> None:
    over = threading.Event()
    late: list[int] = []
    crowd = Crowd()

    def revoke(_: int) -> None:
        for grant in (riches.folder_grant, riches.shelf_grant):
            library.revoke(grant)
        over.set()

    def look(_: int) -> None:
        was_over = over.is_set()
        number = found(library, ANN)
        if was_over:
            late.append(number)

    crowd.add(revoke, rounds=1)
    crowd.add(look)
    crowd.run()
    look(0)
    assert set(late) == {0}


def test_browsing_stored_faces_and_judgements_get_along(riches: Riches, library: Library) -> None:
    book, crowd = PhotoBook(library.parts), Crowd()
    result = riches.search(BEN)
    faces = [one.face.stored.uuid for one in result.candidates]
    kinds = list(JudgementKind)
    crowd.add(lambda _: book.list_photos(PhotoQuery(limit=2)))
    crowd.add(lambda _: search_face(library, faces[0], min_score=ALIKE))
    crowd.add(lambda number: riches.say(result, faces[1], kinds[number % len(kinds)]))
    crowd.add(lambda number: riches.say(result, faces[0], kinds[number % len(kinds)]))
    crowd.run()
    catalog = riches.stage.home / "catalog.db"
    assert query(catalog, "SELECT count(*) FROM judgements") == [2]
    assert library.audit().verify().is_sound


def test_a_photo_that_goes_while_it_is_opened_is_not_there(
    riches: Riches, library: Library
) -> None:
    book, crowd = PhotoBook(library.parts), Crowd()
    sha256 = sha256_of(riches.originals["ann"])
    told: list[str] = []

    def look(_: int) -> None:
        try:
            book.open_photo(book.get_photo(sha256), longest_px=64)
            told.append("seen")
        except NotFoundError:
            told.append("gone")

    crowd.add(look)
    crowd.add(lambda _: library.erase(PhotoTarget(sha256)), rounds=1)
    crowd.run()
    look(0)
    assert told[-1] == "gone"
    assert told == sorted(told, reverse=True)


def test_guests_and_host_get_along(riches: Riches, library: Library) -> None:
    link = riches.open_link(approves=False, searches_total=ROUNDS, searches_hourly=ROUNDS)
    crowd, tokens = Crowd(), []
    crowd.add(
        lambda number: tokens.append(riches.come_as_guest(link, ANN, seed=4_000 + number)), rounds=3
    )
    crowd.add(
        lambda number: tokens.append(riches.come_as_guest(link, BEN, seed=5_000 + number)), rounds=3
    )
    crowd.add(lambda _: found(library, ANN))
    crowd.run()
    answers = [len(riches.guests.answer(link).photos(token)) for token in tokens]
    assert answers == [2] * ROUNDS
    keys = "SELECT count(*) FROM subject_keys WHERE subject LIKE 'selfie:%'"
    assert query(riches.stage.home / "keys" / "keys.db", keys) == [0]
