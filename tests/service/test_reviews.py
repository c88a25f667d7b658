"""The review of searches: a share that nobody foresees, told without whom it showed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from mien.errors import NotFoundError, SettingsError
from mien.library import Library
from mien.permission.account import User, call_as_user
from mien.permission.caller import Role
from mien.permission.verdict import Reason, Verdict
from mien.service.reviews import DrawnSearch, Finding, Reviews
from mien.service.search import SearchRequest, search_photos
from service.desk import Desk
from service.stage import PURPOSE, Stage, query


@pytest.fixture
def desk(stage: Stage) -> Iterator[Desk]:
    stage.draw("ann.png", 1)
    stage.draw("ann again.png", 1, seed=2)
    with stage.open() as library:
        library.add(stage.photos, grant=stage.grant(library))
        yield Desk(stage, library)


def search(desk: Desk, user: User, *, reason: str = "", purpose: str = PURPOSE) -> None:
    parts = desk.library.acting(user.actor).parts
    request = SearchRequest(
        purpose=purpose, collection="default", max_file_bytes=10**6, reason=reason
    )
    photo = desk.stage.photos / "ann.png"
    search_photos(parts.deployment, request, galleries=parts.galleries, photos=[photo])


def reviews_of(desk: Desk, user: User, *, share: int = 100, **bounds: Any) -> Reviews:
    caller = call_as_user(user)
    assert caller is not None
    caller = replace(caller, **bounds)
    return Reviews(desk.library.acting(user.actor).parts, caller=caller, share=share)


def test_an_auditor_sees_who_searched_what_for_and_why(desk: Desk) -> None:
    sam, ada = desk.make("Sam"), desk.make("Ada", Role.AUDITOR)
    search(desk, sam, reason="The wedding album of Ann's parents")
    (drawn,) = reviews_of(desk, ada).list()
    assert drawn == DrawnSearch(
        seq=drawn.seq,
        at="2030-05-01T12:00:00.000000Z",
        actor="Sam",
        collection="default",
        purpose=PURPOSE,
        reason="The wedding album of Ann's parents",
        shown=2,
        was_refused=False,
        is_own=False,
    )


def test_a_refused_search_stands_for_review_too(desk: Desk) -> None:
    sam, ada = desk.make("Sam"), desk.make("Ada", Role.AUDITOR)
    search(desk, sam, purpose="press")
    (drawn,) = reviews_of(desk, ada).list()
    assert (drawn.was_refused, drawn.shown, drawn.purpose) == (True, 0, "press")


def test_a_reason_is_sealed(desk: Desk) -> None:
    search(desk, desk.make("Sam"), reason="The wedding of Somebody Private")
    assert "Private" not in repr(desk.library.audit().entries())
    content = (desk.stage.home / "catalog.db").read_bytes()
    assert b"Private" not in content + (desk.stage.home / "catalog.db-wal").read_bytes()


@pytest.mark.parametrize("reason", ["x" * 1001, "\udc80"])
def test_a_reason_that_cannot_be_kept_is_told(desk: Desk, reason: str) -> None:
    with pytest.raises(SettingsError):
        search(desk, desk.make("Sam"), reason=reason)


def test_a_share_is_drawn_and_stays_drawn(desk: Desk) -> None:
    sam, ada = desk.make("Sam"), desk.make("Ada", Role.AUDITOR)
    for _ in range(120):
        search(desk, sam, purpose="none")
    drawn = [one.seq for one in reviews_of(desk, ada, share=30).list(limit=200)]
    assert drawn == [one.seq for one in reviews_of(desk, ada, share=30).list(limit=200)]
    assert 12 <= len(drawn) <= 60  # 36 of 120; beyond that is one in a hundred thousand
    assert reviews_of(desk, ada, share=0).list() == []
    assert len(reviews_of(desk, ada, share=100).list(limit=200)) == 120
    assert set(drawn) <= {one.seq for one in reviews_of(desk, ada, share=60).list(limit=200)}


def test_another_home_draws_others(stage: Stage, tmp_path: Any) -> None:
    """The same searches, entered in the same order, at the same time: what is drawn is secret."""

    def draw(library: Library, where: Stage) -> list[int]:
        desk = Desk(where, library)
        library.create_collection("default", basis="household")
        sam, ada = desk.make("Sam"), desk.make("Ada", Role.AUDITOR)
        where.draw("ann.png", 1)
        for _ in range(60):
            search(desk, sam, purpose="none")
        return [one.seq for one in reviews_of(desk, ada, share=50).list(limit=200)]

    other = Stage(tmp_path / "other")
    with stage.open() as here, other.open() as there:
        assert draw(here, stage) != draw(there, other)


def test_older_searches_are_on_the_next_page(desk: Desk) -> None:
    sam, ada = desk.make("Sam"), desk.make("Ada", Role.AUDITOR)
    for _ in range(5):
        search(desk, sam)
    reviews = reviews_of(desk, ada)
    newest = reviews.list(limit=2)
    older = reviews.list(before=newest[-1].seq, limit=50)
    assert [one.seq for one in (*newest, *older)] == sorted(
        (one.seq for one in reviews.list()), reverse=True
    )
    assert len(older) == 3


def test_a_search_is_marked_and_the_mark_may_change(desk: Desk) -> None:
    sam, ada = desk.make("Sam"), desk.make("Ada", Role.AUDITOR)
    search(desk, sam)
    reviews = reviews_of(desk, ada)
    (drawn,) = reviews.list()
    done = reviews.review(drawn.seq, finding=Finding.OBJECTED, comment=" Whose wedding? ")
    assert isinstance(done, DrawnSearch)
    assert done.review is not None
    assert (done.review.finding, done.review.comment) == (Finding.OBJECTED, "Whose wedding?")
    assert done.review.reviewer == "Ada"
    again = reviews.review(drawn.seq, finding=Finding.FINE, comment="")
    assert isinstance(again, DrawnSearch)
    assert again.review is not None
    assert again.review.finding is Finding.FINE
    assert [one.review for one in reviews.list()] == [again.review]
    assert desk.actions()[-2:] == ["search-reviewed"] * 2
    assert "wedding" not in repr(desk.library.audit().entries())
    assert desk.library.audit().verify().is_sound


def test_whoever_objects_says_why(desk: Desk) -> None:
    sam, ada = desk.make("Sam"), desk.make("Ada", Role.AUDITOR)
    search(desk, sam)
    reviews = reviews_of(desk, ada)
    seq = reviews.list()[0].seq
    with pytest.raises(SettingsError, match="says why"):
        reviews.review(seq, finding=Finding.OBJECTED, comment=" ")
    with pytest.raises(SettingsError, match="more than 2000"):
        reviews.review(seq, finding=Finding.FINE, comment="x" * 2001)
    assert reviews.get(seq).review is None


def test_nobody_reviews_their_own_search(desk: Desk) -> None:
    boss = desk.make("Boss", Role.ADMIN)
    search(desk, boss)
    reviews = reviews_of(desk, boss)
    (drawn,) = reviews.list()
    assert drawn.is_own
    answer = reviews.review(drawn.seq, finding=Finding.FINE, comment="")
    assert answer == Verdict((Reason.OWN_SEARCH,))


def test_a_search_with_ones_own_key_is_ones_own(desk: Desk) -> None:
    boss = desk.make("Boss", Role.ADMIN)
    made = desk.key("Boss", name="booth")
    parts = desk.library.acting(made.key.actor).parts
    request = SearchRequest(purpose=PURPOSE, collection="default", max_file_bytes=10**6)
    photo = desk.stage.photos / "ann.png"
    search_photos(parts.deployment, request, galleries=parts.galleries, photos=[photo])
    reviews = reviews_of(desk, boss)
    (drawn,) = reviews.list()
    assert (drawn.actor, drawn.is_own) == ("booth", True)
    assert isinstance(reviews.review(drawn.seq, finding=Finding.FINE, comment=""), Verdict)


def test_a_bounded_auditor_knows_of_no_other_collection(desk: Desk) -> None:
    sam, ada = desk.make("Sam"), desk.make("Ada", Role.AUDITOR)
    search(desk, sam)
    seq = reviews_of(desk, ada).list()[0].seq
    bounded = reviews_of(desk, ada, collections=frozenset({"club"}))
    assert bounded.list() == []
    with pytest.raises(NotFoundError):
        bounded.get(seq)
    with pytest.raises(NotFoundError):
        bounded.review(seq, finding=Finding.FINE, comment="")


def test_what_was_not_drawn_is_not_shown(desk: Desk) -> None:
    sam, ada = desk.make("Sam"), desk.make("Ada", Role.AUDITOR)
    search(desk, sam)
    seq = reviews_of(desk, ada).list()[0].seq
    none = reviews_of(desk, ada, share=0)
    for number in (seq, seq - 1, 10**9, 0):
        with pytest.raises(NotFoundError, match="No search stands for review"):
            none.get(number)
    with pytest.raises(NotFoundError):
        reviews_of(desk, ada).get(seq - 1)


def test_a_row_that_names_another_entry_is_no_review(desk: Desk) -> None:
    """What a review says stands in the log; the row only says where."""
    sam, ada = desk.make("Sam"), desk.make("Ada", Role.AUDITOR)
    search(desk, sam)
    search(desk, sam)
    reviews = reviews_of(desk, ada)
    second, first = reviews.list()
    reviews.review(first.seq, finding=Finding.FINE, comment="")
    catalog = desk.stage.home / "catalog.db"
    query(catalog, "UPDATE search_reviews SET search_seq = ?", second.seq)
    assert [one.review for one in reviews.list()] == [None, None]
    query(catalog, "UPDATE search_reviews SET review_seq = ?", first.seq)
    assert [one.review for one in reviews.list()] == [None, None]
    query(catalog, "UPDATE search_reviews SET review_seq = 999")
    assert [one.review for one in reviews.list()] == [None, None]
